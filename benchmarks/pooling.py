"""Times the pooling engine against statsmodels in the same run: ``python benchmarks/pooling.py``.

``measure()`` returns the figures; seconds are the best of several runs on one core.
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from statsmodels.stats.meta_analysis import combine_effects

from review_tools.synthesis.pooling import fit, pool
from review_tools.synthesis.rows import Effects, effect_sizes
from review_tools.synthesis.sensitivity import leave_one_out

SIZES = (100, 1_000, 10_000, 100_000)


def measure() -> dict[str, float]:
    """Seconds of each task, and the ratios: how many times statsmodels takes.

    ``fit`` gives what statsmodels gives (estimate, standard error, tau², Q); ``pool`` adds the
    intervals of tau² and I², the prediction interval and the weights.
    """
    figures: dict[str, float] = {}
    for size in SIZES:
        effects, runs = made_up(size), 20 if size <= 1_000 else 5
        y, v = effects.effect, effects.variance
        for model in ("REML", "DL", "PM"):
            figures[f"pool {model} {size}"] = _seconds(partial(pool, effects, model), runs)
            figures[f"fit {model} {size}"] = _seconds(partial(fit, y, v, None, "GEN", model, "hksj", True), runs)
        for model, method in (("DL", "chi2"), ("PM", "iterated")):
            theirs = _seconds(partial(combine_effects, y, v, method_re=method, use_t=True), runs)
            figures[f"statsmodels {model} {size}"] = theirs
            figures[f"ratio {model} {size}"] = theirs / figures[f"fit {model} {size}"]
        # statsmodels has no REML: its closest is the other iterated estimate
        figures[f"ratio REML {size}"] = figures[f"statsmodels PM {size}"] / figures[f"fit REML {size}"]
    thousand = made_up(1_000)
    for model in ("REML", "DL"):
        figures[f"leave one out {model} 1000"] = _seconds(partial(leave_one_out, thousand, model), 1)
    return figures


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


def main() -> None:
    figures = measure()
    names = ("pool REML", "fit REML", "fit DL", "statsmodels DL", "fit PM", "statsmodels PM")
    print("milliseconds; ratio: statsmodels / fit")
    print(f"{'studies':>8} " + " ".join(f"{name:>14}" for name in (*names, "ratio REML", "ratio DL", "ratio PM")))
    for size in SIZES:
        times = " ".join(f"{1000 * figures[f'{name} {size}']:14.2f}" for name in names)
        ratios = " ".join(f"{figures[f'ratio {model} {size}']:14.1f}" for model in ("REML", "DL", "PM"))
        print(f"{size:>8} {times} {ratios}")
    for model in ("REML", "DL"):
        print(f"leave one out of 1,000, {model}: {figures[f'leave one out {model} 1000']:.2f} s")


if __name__ == "__main__":
    main()
