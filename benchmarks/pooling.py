"""Times the pooling engine against statsmodels in the same run: ``python benchmarks/pooling.py``.

``measure()`` returns the figures; seconds are the best of several runs on one core.
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from figures import Figure, figure
from statsmodels.stats.meta_analysis import combine_effects

from review_tools.synthesis.effects import Effects
from review_tools.synthesis.pooling import pool
from review_tools.synthesis.rows import effect_sizes

SIZES = (100, 1_000, 10_000, 100_000)


def measure() -> list[Figure]:
    """Rows for the benchmarks: seconds, and how they stand to those of statsmodels.

    ``pool`` gives the intervals of tau² and I², the prediction interval and the weights too.
    """
    rows: list[Figure] = []
    for size in SIZES:
        effects, runs = made_up(size), 20 if size <= 1_000 else 5
        y, v = effects.effect, effects.variance
        theirs = {
            method: _seconds(partial(combine_effects, y, v, method_re=method, use_t=True), runs)
            for method in ("chi2", "iterated")
        }
        for model in ("REML", "DL", "PM"):
            ours = _seconds(partial(pool, effects, model), runs)
            # statsmodels has no REML: its closest is the other iterated estimate
            method = "chi2" if model == "DL" else "iterated"
            against = f"statsmodels, {'DL' if method == 'chi2' else 'Paule-Mandel'}"
            rows.append(figure("pooling", f"pool {size:,} studies, {model}", ours, "s", against, ours / theirs[method]))
    return rows


def made_up(size: int) -> Effects:
    """Seeded effects with tau² 0.1."""
    rng = np.random.default_rng(size)
    v = rng.uniform(0.02, 0.6, size)
    y = rng.normal(0.3, np.sqrt(v + 0.1))
    return effect_sizes(pd.DataFrame({"effect": y, "se": np.sqrt(v)}), "GEN")


def _seconds(task: Callable[[], object], runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    for row in measure():
        print(row)
