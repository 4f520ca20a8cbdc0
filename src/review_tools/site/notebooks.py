"""Chapters as notebooks: their code cells, the key of the code, and putting outputs into them."""

import hashlib
import json
import os
import platform
from typing import Any

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

from review_tools.site.kernels.jobs import Cell, Job

MAY_FAIL, SKIPPED = "raises-exception", "skip-execution"
Notebook = Any  # nbformat.NotebookNode


def read(text: str, path: str, config: Any = None) -> Notebook | None:
    """The notebook a MyST source stands for; None when it is a plain page."""
    if not is_myst_markdown_notebook(text):
        return None
    return read_myst_markdown_notebook(text, config=config, add_source_map=True, path=path)


def code_cells(notebook: Notebook) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cells(notebook: Notebook) -> tuple[Cell, ...]:
    """The cells to run, numbered among the code cells."""
    return tuple(
        Cell(index, cell.source, MAY_FAIL in cell.metadata.get("tags", []))
        for index, cell in enumerate(code_cells(notebook))
        if cell.source.strip() and SKIPPED not in cell.metadata.get("tags", [])
    )


def code_key(notebook: Notebook) -> str:
    """A digest of what is run: text and tags of the code cells, and the kernel asked for."""
    kernel = notebook.metadata.get("kernelspec", {}).get("name", "")
    told = [[kernel], *([cell.source, sorted(cell.metadata.get("tags", []))] for cell in code_cells(notebook))]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()


def job(notebook: Notebook, name: str, path: str, timeout: float | None) -> Job:
    """The chapter as a job; its own front matter may give it another time limit."""
    own = notebook.metadata.get("mystnb", {}).get("execution_timeout", timeout)
    return Job(name, os.path.dirname(path), cells(notebook), own if own and own > 0 else None)  # noqa: PTH120


def fill(notebook: Notebook, outputs: list[dict[str, Any]]) -> Notebook:
    """The notebook with outputs, as a kernel leaves it."""
    for cell, given in zip(code_cells(notebook), outputs, strict=True):
        cell.execution_count = given["execution_count"]
        cell.outputs = [nbformat.from_dict(output) for output in given["outputs"]]
    notebook.metadata["language_info"] = language()
    return notebook


def language() -> Any:
    """What a kernel says of its language: it decides how code is coloured."""
    return nbformat.from_dict(
        {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "nbconvert_exporter": "python",
            "pygments_lexer": "ipython3",
            "version": platform.python_version(),
        }
    )


def page(text: str) -> Notebook:
    """A plain page, for a reader that must give a notebook."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)], metadata={"source_map": [0]})
