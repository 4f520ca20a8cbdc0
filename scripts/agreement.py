"""Compare the pooling engine with results that other programs printed.

``python scripts/agreement.py`` prints them all; the figures and their sources are in
tests/synthesis/reference_sets.json.

metafor ends its search for tau² by restricted maximum likelihood at the first step below 1e-5;
ours goes on to the peak. Figures that this moves are computed a second time with metafor's
stopping rule, which then gives metafor's digits.
"""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pandas as pd

from review_tools.synthesis import heterogeneity
from review_tools.synthesis.effects import Array, total
from review_tools.synthesis.pooling import Pooled, egger, leave_one_out, pool
from review_tools.synthesis.rows import effect_sizes

FILE = Path(__file__).resolve().parents[1] / "tests" / "synthesis" / "reference_sets.json"
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))


class Figure(NamedTuple):
    """One printed figure beside ours; ``why`` is the known reason for a difference."""

    dataset: str
    model: str
    name: str
    printed: str
    ours: float
    verdict: str
    source: str
    why: str


def compare() -> list[Figure]:
    """Return every printed figure for which the engine has a counterpart."""
    figures = []
    for result in REFERENCE["results"]:
        ours = stopped = _ours(result)
        if result["model"] == "REML":
            with patch.object(heterogeneity, "estimate_tau2", _stopped_early):
                stopped = _ours(result)
        model = f"{result['measure']} {result['model']} {result['test']}{'' if result['guard'] else ' unguarded'}"
        if result["kind"] != "pool":
            model += f" {result['kind']} {result.get('omit', result.get('of', ''))}".rstrip()
        for name, printed in result["printed"].items():
            verdict = "agrees where metafor stops" if _rounds_to(stopped[name], printed) else "differs"
            verdict = "agrees" if _rounds_to(ours[name], printed) else verdict
            why = result.get("differs", {}).get(name, "")
            value, source = float(ours[name]), result["source"]
            figures.append(Figure(result["set"], model, name, printed, value, verdict, source, why))
    return figures


def _rounds_to(value: float, printed: str) -> bool:
    """Say whether a value rounds to what is printed; figures of full precision: to ten significant digits."""
    decimals = len(printed.partition("e")[0].partition(".")[2])
    if decimals > 8:
        return math.isclose(value, float(printed), rel_tol=1e-10)
    return abs(value - float(printed)) <= 0.5 * 10.0**-decimals * (1 + 1e-9)


def _stopped_early(y: Array, v: Array, _method: str) -> float:
    """Return tau² by Fisher scoring from Hedges' estimate until a step is at most 1e-5, metafor's default."""
    mean = total(y) / len(y)
    tau2, step = max(0.0, total((y - mean) ** 2) / (len(y) - 1) - total(v) / len(v)), 1.0
    while step > 1e-5:
        w, mean, _ = heterogeneity.weighted(y, v, tau2)
        s1, s2, s3 = total(w), total(w**2), total(w**3)
        gradient = total((w * (y - mean)) ** 2) - s1 + s2 / s1
        new = max(0.0, tau2 + gradient / (s2 + (s2 / s1) ** 2 - 2 * s3 / s1))
        step, tau2 = abs(new - tau2), new
    return tau2


def _ours(result: dict[str, Any]) -> dict[str, Any]:
    rows = pd.DataFrame(REFERENCE["sets"][result["set"]]["rows"])
    rows = rows.iloc[result["rows"]] if "rows" in result else rows
    if "vi" in rows:
        rows = rows.assign(effect=rows["yi"], se=rows["vi"] ** 0.5)
    effects = effect_sizes(rows, result["measure"])
    model, test, guard = result["model"], result["test"], result["guard"]
    match result["kind"]:
        case "effect":
            return {"effect": effects.effect[0], "variance": effects.variance[0]}
        case "egger":
            return egger(effects)._asdict()
        case "leave_one_out":
            return _of_pool(leave_one_out(effects, model, test, guard=guard)[result["omit"]])
        case "weight":
            return {"weight": pool(effects, model, test).weights[result["of"]]}
    return _of_pool(pool(effects, model, test, guard=guard))


def _of_pool(pooled: Pooled) -> dict[str, Any]:
    """Return the figures of a pool, and those that other programs derive from them."""
    figures: dict[str, Any] = {name: getattr(pooled, name) for name in Pooled.__slots__} | pooled.figures()
    figures["back_pi_low"], figures["back_pi_high"] = pooled.back_prediction or (None, None)
    figures |= {"k_with_left_out": pooled.k + len(pooled.left_out), "df_q": pooled.k - 1, "abs_stat": abs(pooled.stat)}
    if pooled.k > 1:
        figures |= {"tau": pooled.tau2**0.5, "h2": pooled.q / (pooled.k - 1)}
    if pooled.tau2_interval:
        figures["tau2_low"], figures["tau2_high"] = pooled.tau2_interval
        figures["i2_low"], figures["i2_high"] = pooled.i2_interval
        figures["h2"], figures["h2_low"], figures["h2_high"] = (
            1 / (1 - i2 / 100) for i2 in (pooled.i2, *pooled.i2_interval)
        )
    return figures


if __name__ == "__main__":
    compared = compare()
    print(pd.DataFrame(compared).drop(columns="source").to_string(index=False, float_format="%.12g"))
    counts = Counter(row.verdict for row in compared)
    print(f"{len(compared)} figures: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}.")
    for outside in REFERENCE["outside"]:
        print(f"not compared ({outside['count']}): {outside['set']}, {outside['figure']}: {outside['why']}")
