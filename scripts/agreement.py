"""Compares the pooling engine with results that other programs printed.

``python scripts/agreement.py`` prints one line for each figure: set, model, figure, printed, ours,
difference. The figures and their sources stand in tests/synthesis/reference_sets.json.

metafor ends its search for tau² by (restricted) maximum likelihood at the first step below 1e-5;
ours goes on to the peak. Figures that this moves are computed a second time with metafor's
stopping rule, which then gives metafor's digits.
"""

import json
import math
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from review_tools.synthesis import heterogeneity
from review_tools.synthesis.effects import Array
from review_tools.synthesis.pooling import Pooled, pool
from review_tools.synthesis.rows import Effects, effect_sizes
from review_tools.synthesis.sensitivity import egger, influence, leave_one_out

REFERENCE = Path(__file__).resolve().parents[1] / "tests" / "synthesis" / "reference_sets.json"


@dataclass(frozen=True)
class Figure:
    """One printed figure beside ours."""

    dataset: str
    model: str
    name: str
    printed: str
    ours: float
    stopped: float  # ours where the search for tau² stops as early as metafor's
    source: str
    why: str  # known reason for a difference

    @property
    def difference(self) -> float:
        return abs(self.ours - float(self.printed))

    @property
    def agrees(self) -> bool:
        return _rounds_to(self.ours, self.printed)

    @property
    def verdict(self) -> str:
        if self.agrees:
            return "agrees"
        return "agrees where metafor stops" if _rounds_to(self.stopped, self.printed) else "differs"


def _rounds_to(value: float, printed: str) -> bool:
    """Whether a value rounds to what is printed; figures of full precision: to ten significant digits."""
    decimals = len(printed.partition("e")[0].partition(".")[2])
    if decimals > 8:
        return math.isclose(value, float(printed), rel_tol=1e-10)
    return abs(value - float(printed)) <= 0.5 * 10.0**-decimals * (1 + 1e-9)


def compare() -> list[Figure]:
    """Every printed figure the engine has a counterpart for."""
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    figures = []
    for result in reference["results"]:
        rows = pd.DataFrame(reference["sets"][result["set"]]["rows"])
        chosen = rows.iloc[result["rows"]] if "rows" in result else rows
        ours = _ours(chosen, result)
        with patch.object(heterogeneity, "estimate_tau2", _stopped_early):
            stopped = _ours(chosen, result) if result["model"] in ("REML", "ML") else ours
        name = f"{result['measure']} {result['model']} {result['test']}{'' if result['guard'] else ' unguarded'}"
        if result["kind"] != "pool":
            name += f" {result['kind']} {result.get('omit', result.get('of', ''))}".rstrip()
        for figure, printed in result["printed"].items():
            values = float(ours[figure]), float(stopped[figure])
            why = result.get("differs", {}).get(figure, "")
            figures.append(Figure(result["set"], name, figure, printed, *values, result["source"], why))
    return figures


def _stopped_early(y: Array, v: Array, method: str, _start: float = 0.0) -> float:
    """tau² by Fisher scoring from Hedges' estimate until a step is at most 1e-5, as metafor does by default."""
    tau2, step = heterogeneity.tau2_he(y, v), 1.0
    while step > 1e-5:
        w, mean, _ = heterogeneity.weighted(y, v, tau2)
        squares, total = float(w @ w), float(w.sum())
        gradient, information = float(w**2 @ (y - mean) ** 2) - total, squares
        if method == "REML":
            gradient += squares / total
            information += (squares / total) ** 2 - 2 * float(np.sum(w**3)) / total
        new = max(0.0, tau2 + gradient / information)
        step, tau2 = abs(new - tau2), new
    return tau2


def _ours(rows: pd.DataFrame, result: dict[str, Any]) -> dict[str, Any]:
    if "vi" in rows:
        rows = rows.assign(effect=rows["yi"], se=rows["vi"] ** 0.5)
    effects = effect_sizes(rows, result["measure"])
    model, test, guard = result["model"], result["test"], result["guard"]
    match result["kind"]:
        case "effect":
            return {"effect": effects.effect[0], "variance": effects.variance[0]}
        case "egger":
            return asdict(egger(effects))
        case "leave_one_out":
            return leave_one_out(effects, model, test, guard=guard).iloc[result["omit"]].to_dict()
        case "influence":
            return influence(effects, model, test, guard=guard).iloc[result["of"]].to_dict()
        case "weight":
            return {"weight": pool(effects, model, test).weights[result["of"]]}
    return _of_pool(effects, pool(effects, model, test, guard=guard))


def _of_pool(effects: Effects, pooled: Pooled) -> dict[str, Any]:
    """The figures of a pool, and those other programs derive from them."""
    figures: dict[str, Any] = {name: getattr(pooled, name) for name in Pooled.__slots__}
    figures["k_with_left_out"] = pooled.k + len(effects.left_out)
    figures["df_q"] = pooled.k - 1
    figures["abs_stat"] = abs(pooled.stat)
    if pooled.tau2 is not None and pooled.q is not None and pooled.i2 is not None:
        figures["tau"] = pooled.tau2**0.5
        figures["h2"] = _h2(pooled.i2) if pooled.tau2_interval else pooled.q / (pooled.k - 1)
    if pooled.tau2_interval and pooled.i2_interval:
        figures["tau2_low"], figures["tau2_high"] = pooled.tau2_interval
        figures["i2_low"], figures["i2_high"] = pooled.i2_interval
        figures["h2_low"], figures["h2_high"] = map(_h2, pooled.i2_interval)
    return figures


def _h2(i2: float) -> float:
    return 1 / (1 - i2 / 100)


def main() -> int:
    figures = compare()
    print(f"{'set':24} {'model':34} {'figure':16} {'printed':>20} {'ours':>20} {'difference':>10}")
    for figure in figures:
        print(
            f"{figure.dataset:24} {figure.model:34} {figure.name:16} {figure.printed:>20} "
            f"{figure.ours:>20.12g} {figure.difference:>10.1e}  {figure.verdict} {figure.why}".rstrip()
        )
    counts = Counter(figure.verdict for figure in figures)
    print(f"{len(figures)} figures: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}.")
    for outside in json.loads(REFERENCE.read_text(encoding="utf-8"))["outside"]:
        print(f"not compared ({outside['count']}): {outside['set']}, {outside['figure']}: {outside['why']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
