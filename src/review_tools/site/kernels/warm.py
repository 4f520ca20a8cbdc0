"""What the process that all chapters are forked from has imported and read. Imported there, and nowhere else."""

import importlib
import pkgutil

import altair
import ipykernel.jsonutil  # noqa: F401
import pandas  # noqa: F401
import scipy.optimize
import scipy.stats  # noqa: F401

from review_tools import display
from review_tools.site.kernels import child
from review_tools.site.kernels.modules import kept
from review_tools.site.memory import settle

names = (found.name for found in pkgutil.walk_packages(display.__path__, f"{display.__name__}."))
with (  # how charts look is for the chapter to say that imports it (display/theme.py)
    altair.renderers.enable("default"),
    altair.theme.enable("default"),
    altair.data_transformers.enable("default"),
    altair.utils.schemapi.debug_mode(True),
):
    kept.import_noting([child.__name__, *names])
reads = importlib.import_module("review_tools.data.reads")
if reads.noted():  # chapters would not be seen to read it
    raise ImportError("a module of the package reads a file when it is imported")
reads.forget()
settle()
