"""What the process that chapters are forked from does once: imports, what libraries put off, the tables.

Where many chapters run, also what many ask for: every comparison with its certainty, and every claim.
"""

import contextlib
import gc
import importlib
import os
import pkgutil

import altair
import pandas
from nbformat.v4 import new_code_cell

from review_tools import display, project

NAMES = ["ipykernel.debugger", "ipykernel.inprocess.ipkernel", "nbclient", "psutil", "scipy.optimize", "scipy.stats"]
NAMES += [
    "tornado.platform.asyncio",
    *(f"{display.__name__}.{one.name}" for one in pkgutil.iter_modules(display.__path__)),
]
for name in NAMES:
    with contextlib.suppress(Exception):  # the chapter that needs it says what is wrong
        importlib.import_module(name)
with contextlib.suppress(Exception):  # nor does a table that cannot be read concern the others
    for name in project().schema:
        project().table(name)
    project().works  # noqa: B018 (read once for all)
    if "REVIEW_WARM" in os.environ:
        from review_tools.synthesis import claims

        claims.work_out(project())
new_code_cell()
altair.Chart(pandas.DataFrame({"a": [1]})).mark_point().encode(x="a").to_dict()
gc.freeze()  # the collector of each forked process would look at all of it, and so copy it
