"""What the process that all chapters are forked from has imported. Imported there, and nowhere else."""

import altair  # noqa: F401
import ipykernel.jsonutil  # noqa: F401
import pandas  # noqa: F401
import scipy.optimize
import scipy.stats  # noqa: F401

from review_tools.site.kernels import child  # noqa: F401
from review_tools.site.memory import settle

settle()
