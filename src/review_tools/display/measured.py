"""How fast the project is, as ``make bench`` measured it last: ``benchmarks/results.json``."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.display.grid import Column, Grid, grid, text

FILE = Path("benchmarks") / "results.json"


def benchmarks(project: Project, *groups: str) -> Grid:
    """The figures of some groups, or of all, with what each is measured against.

    Raises:
        DataError: the file is there and cannot be read.
    """
    path = project.root / FILE
    report: dict[str, Any] = {"figures": []}
    if path.is_file():
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
            title = f"Measured on {report['date']}: {report['machine']}; medians where a thing was repeated"
            rows = list(_chosen(report["figures"], groups))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{FILE}: cannot be read ({error!r}) → run make bench and publish it again.") from error
    else:
        title, rows = "Not measured in this copy", []
    columns: list[Column] = [
        ("What", text("name")),
        ("Result", text("result")),
        ("Ratio", text("ratio")),
        ("Against", text("against")),
    ]
    return grid(pd.DataFrame(rows, columns=["name", "result", "ratio", "against"]), columns, title)


def _chosen(figures: Iterable[dict[str, Any]], groups: tuple[str, ...]) -> Iterable[tuple[str, str, str, str]]:
    for row in figures:
        if not groups or row["group"] in groups:
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
            yield row["name"], f"{_rounded(row['value'])} {row['unit']}".strip(), ratio, row["against"] or ""


def _rounded(value: float) -> str:
    """As many digits as say something, and no power of ten."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.6f}"
