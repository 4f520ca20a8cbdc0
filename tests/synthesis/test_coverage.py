"""How often the 95% interval holds the truth, in seeded simulations."""

import numpy as np
import pandas as pd
import pytest

from review_tools.synthesis.pooling import pool
from review_tools.synthesis.rows import effect_sizes

RUNS = 1000  # two Monte Carlo standard errors of 95% are 1.4 points


def coverage(k: int, tau2: float, model: str, test: str, guard: bool = True) -> float:
    """Percent of intervals that hold the true mean: k studies with variances from 0.02 to 0.6."""
    rng = np.random.default_rng([k, int(100 * tau2)])
    held = 0
    for _ in range(RUNS):
        v = rng.uniform(0.02, 0.6, k)
        y = rng.normal(0.3, np.sqrt(v + tau2))
        effects = effect_sizes(pd.DataFrame({"effect": y, "se": np.sqrt(v)}), "GEN")
        pooled = pool(effects, model, test, guard=guard)
        held += pooled.ci_low <= 0.3 <= pooled.ci_high
    return 100 * held / RUNS


@pytest.mark.parametrize(("k", "tau2"), [(5, 0.1), (10, 0.1), (5, 0.5)])
def test_the_default_holds_its_level_where_z_does_not(k: int, tau2: float) -> None:
    default, z = coverage(k, tau2, "REML", "hksj"), coverage(k, tau2, "REML", "z")
    assert default >= 93.6
    assert z < default


def test_common_effect_holds_its_level_without_heterogeneity_only() -> None:
    assert coverage(8, 0.0, "FE", "z") == pytest.approx(95, abs=1.4)
    assert coverage(8, 0.5, "FE", "z") < 75


if __name__ == "__main__":
    for studies in (3, 5, 10, 20):
        for spread in (0.0, 0.1, 0.5):
            line = [f"k {studies:2}, tau² {spread}:"]
            for choice in (("REML", "hksj"), ("REML", "hksj", False), ("REML", "z"), ("DL", "z")):
                name = " ".join(choice[:2]) + " unguarded" * (len(choice) == 3)
                line.append(f"{name} {coverage(studies, spread, *choice):.1f}%")
            print(*line)
