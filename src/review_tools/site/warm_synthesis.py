"""What many chapters ask for: every comparison with its certainty, and every claim, worked out before they are forked.

A table that cannot be read, or a claim that cannot be tested, is told by the chapter that needs it.
"""

import contextlib
import gc

from review_tools import project
from review_tools.synthesis import claims
from review_tools.synthesis.certainty import certainty

with contextlib.suppress(Exception):
    for name in project().table("comparisons")["comparison_id"]:
        certainty(project(), name)
    claims.verdicts(project())
gc.freeze()
