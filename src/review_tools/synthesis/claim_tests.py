"""The test functions that claims name. Each looks at the data and gives a verdict with its reason.

Here are those about pooled results and printed effects; those about counts stand in ``claim_counts``. That something
is uncertain never makes a claim fail: it cannot be tested yet.
"""

import math

from review_tools.synthesis import certainty, claim_counts, comparisons, words
from review_tools.synthesis.claim_base import (
    FAILS,
    HOLDS,
    OPEN,
    PARTLY,
    RATIOS,
    TESTS,
    Claim,
    OpenError,
    Verdict,
    decided,
    includes_no_difference,
    run,
    test,
)
from review_tools.synthesis.target import BENEFIT, HARM, LITTLE

__all__ = ["TESTS", "Claim", "Verdict", "claim_counts", "run"]

# Pooled results and printed effects


@test
def benefit(claim: Claim) -> Verdict:
    """MSCs improve the outcome of a comparison: the interval lies wholly on their side, at moderate certainty or more.

    One study whose interval does, or less certainty, holds in part. Harm, or an interval within the differences that
    matter, speaks against it; what is uncertain, or far too uncertain to say, settles nothing.
    """
    answer, _, figures = claim.pooled()
    rated = certainty.certainty(claim.project, claim.subject, version=claim.version)
    return Verdict(_benefit(answer, rated), f"{figures}; {rated.rating} certainty" if rated else figures)


def _benefit(answer: comparisons.Answer, rated: certainty.Certainty | None) -> str:
    said = words.verdict(answer)
    if said in (HARM, LITTLE):
        return FAILS
    if answer.excludes_no_effect and answer.favours_msc and said != words.FAR_TOO_UNCERTAIN:
        sure = rated is not None and rated.rating in ("high", "moderate")
        return HOLDS if answer.k > 1 and said == BENEFIT and sure else PARTLY
    return OPEN


@test
def no_clear_benefit(claim: Claim) -> Verdict:
    """The interval of a comparison includes no difference, or lies on the side of the control."""
    answer, _, figures = claim.pooled()
    return decided(not (answer.excludes_no_effect and answer.favours_msc), figures)


@test
def no_randomised_benefit_is_sure(claim: Claim) -> Verdict:
    """No pool of two or more randomised studies shows a benefit at moderate or high certainty."""
    names = claim.project.table("comparisons").query("design == 'randomised'")["comparison_id"]
    pools = [answer for name in names if (answer := claim.answer(name)).k > 1]
    clear = [answer for answer in pools if answer.excludes_no_effect and answer.favours_msc]
    rated = [certainty.certainty(claim.project, a.comparison["comparison_id"], version=claim.version) for a in clear]
    sure = sum(one is not None and one.rating in ("high", "moderate") for one in rated)
    because = (
        f"of {len(pools)} pools {len(clear)} leave out no difference, {sure} of them with moderate certainty or more"
    )
    return decided(not sure, because) if pools else Verdict(OPEN, "no pool")


@test
def answered_by_a_comparison(claim: Claim) -> Verdict:
    """A declared comparison, named by one column as in ``comparator=another dose``, leaves out no difference."""
    column, _, value = claim.subject.partition("=")
    declared = claim.table("comparisons")
    names = declared.loc[declared[column] == value, "comparison_id"]
    clear = [claim.answer(name).excludes_no_effect for name in names]
    if all(one is None for one in clear):
        return Verdict(OPEN, "no such comparison can be pooled")
    return Verdict(
        HOLDS if any(clear) else OPEN, f"{clear.count(True)} of {len(clear)} comparisons leave out no difference"
    )


def _towards_msc(claim: Claim) -> tuple[float, float, float, str]:
    """Return estimate and limits of an outcome or a comparison, positive where good for patients, and in words."""
    if claim.subject in set(claim.project.table("outcomes")["outcome_id"]):
        columns = ("effect", "ci_low", "ci_high", "higher_is_better")
        row = claim.outcome(*columns, otherwise="no interval is printed")
        values = [float(row[name]) for name in columns[:3]]
        told = f"{values[0]:g} ({values[1]:g} to {values[2]:g})"
        if row["effect_measure"] in RATIOS:
            values = [math.log(value) for value in values]
        good = bool(row["higher_is_better"])
    else:
        answer = claim.answer()
        if answer.pooled is None:
            raise OpenError("no interval is printed")
        _, pooled, told = claim.pooled()
        values = [pooled.estimate, pooled.ci_low, pooled.ci_high]
        good = bool(answer.comparison["higher_is_better"])
    return (values[0], values[1], values[2], told) if good else (-values[0], -values[2], -values[1], told)


@test
def clearly_better(claim: Claim) -> Verdict:
    """The interval of a printed effect, or of a comparison, lies wholly on the side of MSCs; on the other it fails."""
    _, low, high, told = _towards_msc(claim)
    return Verdict(HOLDS if low > 0 else FAILS if high < 0 else OPEN, told)


@test
def not_worse(claim: Claim) -> Verdict:
    """MSCs do no harm by an outcome or a comparison: in part where the estimate is not worse but the interval is."""
    estimate, low, high, told = _towards_msc(claim)
    return Verdict(HOLDS if low >= 0 else FAILS if high < 0 else PARTLY if estimate >= 0 else OPEN, told)


@test
def certainty_is(claim: Claim) -> Verdict:
    """The certainty of a comparison is one of those named, as in ``agvhd_response=low or very low``."""
    name, _, ratings = claim.subject.partition("=")
    named = ratings.split(" or ")
    if unknown := set(named) - set(certainty.RATINGS):
        raise KeyError(f"no certainty {min(unknown)!r}; there are {', '.join(certainty.RATINGS)}")
    found = certainty.certainty(claim.project, name, version=claim.version)
    if found is None:
        raise OpenError("nothing with a comparison group can be pooled, so that nothing is graded")
    return decided(found.rating in named, found.words)


@test
def effect_includes_no_difference(claim: Claim) -> Verdict:
    """The printed effect of one outcome has an interval that includes no difference."""
    row = claim.outcome("ci_low", "ci_high", otherwise="no interval is printed")
    told = f"{row['effect']:g} ({row['ci_low']:g} to {row['ci_high']:g})"
    return decided(bool(includes_no_difference(row.to_frame().T).iloc[0]), told)


@test
def published_pools_disagree(claim: Claim) -> Verdict:
    """Two published pools, named with “and”, print different estimates for the same outcome."""
    pools = claim.table("published_pools").set_index("pool_id")
    names = claim.subject.split(" and ")
    if missing := set(names) - set(claim.project.table("published_pools")["pool_id"]):
        raise KeyError(f"no published pool {min(missing)!r}")
    if set(names) - set(pools.index):
        return Verdict(OPEN, "not in the data of this version")
    estimates = pools.loc[names, "estimate"]
    return decided(len(set(estimates)) > 1, " against ".join(f"{value:g}" for value in estimates))


@test
def published_pools_below(claim: Claim) -> Verdict:
    """The intervals of published pools of ratios, named with “and”, all lie below no difference."""
    names, pools = claim.subject.split(" and "), claim.project.table("published_pools")
    if missing := set(names) - set(pools.loc[pools["measure"].isin(RATIOS), "pool_id"]):
        raise KeyError(f"no published pool of ratios {min(missing)!r}")
    highest = claim.table("published_pools").set_index("pool_id")["ci_high"].filter(names).dropna()
    if highest.empty:
        return Verdict(OPEN, "no interval is in the data of this version")
    below = int((highest < 1).sum())
    return Verdict(HOLDS if below == len(names) else PARTLY if below else FAILS, f"{below} of {len(names)} intervals")
