"""The engine gives what metafor, RevMan and statsmodels give, and the same on any processor."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import agreement
import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtri
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects

from review_tools.data.project import Project
from review_tools.synthesis import comparisons
from review_tools.synthesis import heterogeneity as het
from review_tools.synthesis.effects import TWO_ARMS, Effects
from review_tools.synthesis.pooling import pool
from review_tools.synthesis.rows import effect_sizes
from review_tools.synthesis.sensitivity import other_choices

ROOT = Path(__file__).resolve().parents[2]
# What an old processor offers to OpenBLAS and numpy; numpy warns of features that it does not know.
OLD = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "AVX2,FMA3,X86_V3,X86_V4,AVX512F,AVX512_SKX"}


def reference(name: str, measure: str) -> Effects:
    return effect_sizes(pd.DataFrame(agreement.REFERENCE["sets"][name]["rows"]), measure)


def test_every_printed_figure_is_compared_and_few_differ_each_for_a_known_reason() -> None:
    figures = agreement.compare()
    assert len(figures) == sum(len(result["printed"]) for result in agreement.REFERENCE["results"]) == 496
    assert {figure.dataset for figure in figures} == set(agreement.REFERENCE["sets"])
    wrong = [figure for figure in figures if (figure.verdict == "differs") != bool(figure.why)]
    assert not wrong, [f"{f.dataset} {f.model} {f.name}: {f.ours} for {f.printed} ({f.source})" for f in wrong]
    assert sum(figure.verdict == "differs" for figure in figures) == 5


@pytest.mark.parametrize(("measure", "printed"), [("RR", 0.119695), ("OR", 0.1302)])
def test_ends_of_the_q_profile_are_roots_and_metafors_are_near_them(measure: str, printed: float) -> None:
    """Why the lower ends differ in the fifth digit: at ours, Q is the quantile; at metafor's it is not quite."""
    effects = reference("bcg", measure)
    quantiles = chdtri(12, 0.025), chdtri(12, 0.975)
    for end, quantile in zip(het.tau2_interval(effects.effect, effects.variance), quantiles, strict=True):
        assert het.weighted(effects.effect, effects.variance, end)[2] == pytest.approx(quantile, rel=1e-12)
    q = het.weighted(effects.effect, effects.variance, printed)[2]
    assert 1e-3 < abs(q - quantiles[0]) < 1e-2


def test_revmans_q_and_the_i2_of_mantel_haenszel() -> None:
    """For 6 degrees of freedom the tail of Q has a closed form; RevMan prints 0.12694225, R's meta I² = 39.7%."""
    half = 9.94605598 / 2
    closed = math.exp(-half) * (1 + half + half**2 / 2)
    pooled = pool(reference("fleiss aspirin", "OR"), "MH")
    assert pooled.q_p == pytest.approx(closed, rel=1e-5)
    assert abs(closed - 0.12694225) > 5e-8
    assert pooled.i2 == pytest.approx(39.7, abs=0.05)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_mantel_haenszel_is_the_weighted_mean_of_its_studies(measure: str) -> None:
    effects = reference("bcg", measure)
    pooled, studies = pool(effects, "MH"), [effect for effect, _, _ in effects.intervals()]
    assert np.average(studies, weights=pooled.weights) == pytest.approx(pooled.back[0], rel=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_statsmodels_agrees(seed: int) -> None:
    """DL, Paule-Mandel, common effect and unguarded HKSJ, on random effects of 2 to 40 studies."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.05, 2, rng.integers(2, 40))
    y = rng.normal(0.5, np.sqrt(v + 0.8))
    effects = effect_sizes(pd.DataFrame({"effect": y, "se": np.sqrt(v)}), "GEN")
    for model, method in (("DL", "chi2"), ("PM", "iterated")):
        theirs = combine_effects(y, v, method_re=method, atol=1e-8, use_t=True)  # with 1e-9 rounding makes its tau² 0
        z, hksj = pool(effects, model, "z"), pool(effects, model, "hksj", guard=False)
        assert z.tau2 == pytest.approx(max(theirs.tau2, 0), rel=1e-5, abs=1e-12)
        assert (z.estimate, z.se) == pytest.approx((theirs.mean_effect_re, theirs.sd_eff_w_re), rel=1e-5)
        assert hksj.se == pytest.approx(theirs.sd_eff_w_re_hksj, rel=1e-5)
        assert (hksj.ci_low, hksj.ci_high) == pytest.approx(theirs.conf_int(use_t=True)[3], rel=1e-5)
        assert (z.q, z.q_p) == pytest.approx((theirs.q, theirs.test_homogeneity().pvalue), rel=1e-5)
    common = pool(effects, "FE")
    assert (common.estimate, common.se) == pytest.approx((theirs.mean_effect_fe, theirs.sd_eff_w_fe), rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_statsmodels_agrees_on_tables(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 60, (8, 2))
    events = rng.binomial(n, rng.uniform(0.1, 0.6, (8, 2)))
    events[0, 0] = 0  # a zero cell needs no correction in these pools
    rows = np.column_stack([events[:, 0], n[:, 0], events[:, 1], n[:, 1]])
    odds, risk = (pool(effect_sizes(pd.DataFrame(rows, columns=list(TWO_ARMS)), name), "MH") for name in ("OR", "RR"))
    theirs = StratifiedTable([np.array([[a, m - a], [c, o - c]]) for a, m, c, o in rows])
    assert (odds.estimate, odds.se) == pytest.approx((theirs.logodds_pooled, theirs.logodds_pooled_se), rel=1e-10)
    assert risk.back[0] == pytest.approx(theirs.riskratio_pooled, rel=1e-10)


def test_the_likelihood_estimate_is_at_its_peak() -> None:
    """No tau² of a fine grid is likelier, also where variances are very unequal."""
    rng = np.random.default_rng(7)
    grid = [0.0, *np.geomspace(1e-6, 1e4, 100)]
    for _ in range(50):
        v = np.exp(rng.normal(0, rng.choice([0.1, 1, 2]), rng.integers(2, 30)))
        y = rng.normal(0, np.sqrt(v + rng.choice([0, 0.01, 1, 100])))
        highest = max(het.restricted_log_likelihood(place, y, v) for place in grid)
        assert het.restricted_log_likelihood(het.estimate_tau2(y, v, "REML"), y, v) >= highest - 1e-9


def test_an_old_processor_gives_the_same_figures() -> None:
    """Two builds of one commit are equal byte by byte."""
    command = [sys.executable, "-W", "ignore", __file__]
    environment = {**os.environ, **OLD, "PYTHONPATH": str(ROOT / "scripts")}
    old = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(old) > 500
    assert list(pooled_figures()) == old


def pooled_figures() -> Iterator[str]:
    """Every number of every comparison and its sensitivity analyses, and of the reference sets."""
    project = Project(ROOT)
    for name in project.table("comparisons")["comparison_id"]:
        answer = comparisons.answer(project, name)
        yield f"{name}: {answer.effects.effect.tolist()} {answer.effects.intervals()} {answer.pooled}"
        for choice, pooled in other_choices(project, name).items():
            yield f"{name}, {choice}: {pooled} {pooled.figures()}"
    for figure in agreement.compare():
        yield f"{figure.dataset} {figure.model} {figure.name} {figure.ours!r}"


if __name__ == "__main__":
    print(*pooled_figures(), sep="\n")
