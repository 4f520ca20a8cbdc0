"""How robust an answer is: under other choices of method and rows, and in the subgroups that it declares."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from review_tools.check.quotations import fitting_counts
from review_tools.data.project import Project, labels, once
from review_tools.data.tables import SEPARATOR
from review_tools.synthesis.comparisons import PARTS, SAME_PEOPLE, Answer, answer, effects_of, usual_test
from review_tools.synthesis.effects import CannotPoolError, rounded
from review_tools.synthesis.heterogeneity import weighted
from review_tools.synthesis.pooling import Pooled, leave_one_out, pool

UNKNOWN = "not known"


def other_choices(project: Project, comparison_id: str) -> dict[str, Pooled]:
    """Return the pool as it is used and under other choices, each by its name.

    Choices are the model, the test, printed counts or randomised studies alone, and each study left out;
    only those that change something, and none when fewer than two studies are pooled.
    """
    main = answer(project, comparison_id)
    effects, rows = main.effects, main.entered
    if main.k < 2:
        return {}
    tests = {"z": "normal interval", "hksj": "Hartung-Knapp"}
    used = usual_test(main.k)
    other = "z" if used == "hksj" else "hksj"
    choices = {
        f"REML, {tests[used]} (used here)": pool(effects, "REML", used),
        f"REML, {tests[other]}": pool(effects, "REML", other),
    }
    try:
        choices["Mantel-Haenszel, common effect"] = pool(effects, "MH")
    except CannotPoolError:  # not of this measure, or no ratio, where one arm has no event in any study
        choices["common effect, inverse variance"] = pool(effects, "FE")
    for name, changed in (_other_counts(main) | _other_analysis_sets(main)).items():
        choices[name] = pool(effects_of(changed, main.measure), "REML", used)
    printed, randomised = rows["value_basis"] == "printed", rows["design"] == "randomised"
    if 0 < printed.sum() < len(rows):
        choices["printed counts only"] = pool(effects.only(printed.to_numpy(dtype=bool)))
    if main.comparison["design"] == "controlled" and 0 < randomised.sum() < len(rows):
        choices["randomised only"] = pool(effects.only(randomised.to_numpy(dtype=bool)))
    if main.k > 2:
        names = [f"without {outcome}" for outcome in effects.labels]
        choices |= zip(names, leave_one_out(effects), strict=True)
    return choices


def _other_counts(main: Answer) -> dict[str, pd.DataFrame]:
    """Return the rows with the fewest and with the most events that fit the printed percentages."""
    rows, ends = main.entered, dict[str, pd.DataFrame]()
    if "events_arm1" not in main.measure.columns:
        return ends
    for name, end in (("fewest events that fit in arm 1, most in arm 2", 0), ("most in arm 1, fewest in arm 2", -1)):
        changed = rows.copy()
        for arm, at in (("arm1", end), ("arm2", -1 - end)):
            derived = rows[rows["value_basis"] == "derived from percent"]
            for line, row in derived.dropna(subset=[f"printed_percent_{arm}", f"n_{arm}"]).iterrows():
                fitting = fitting_counts(float(row[f"printed_percent_{arm}"]), int(row[f"n_{arm}"]))
                changed.loc[line, f"events_{arm}"] = fitting[at]
        if not changed.equals(rows):
            ends[name] = changed
    return ends


def _other_analysis_sets(main: Answer) -> dict[str, pd.DataFrame]:
    """Return the rows with another analysis set of the same people for each trial that reports one."""
    rows, entered = main.rows.set_index("outcome_id", drop=False), list(main.entered["outcome_id"])
    changed = []
    for outcome in entered:
        twins = rows[(rows["reason"] == SAME_PEOPLE + outcome) & (rows["analysis_set"] != "subgroup")]
        other = twins["analysis_set"] != rows.loc[outcome, "analysis_set"]
        twins = twins[other & twins["flags"].map(PARTS.isdisjoint).astype(bool)]
        changed.append(twins["outcome_id"].iloc[0] if len(twins) else outcome)
    if changed == entered:
        return {}
    return {"other analysis sets of the same people": rows.loc[changed].reset_index(drop=True)}


@dataclass(frozen=True)
class Groups:
    """The pool of each group by its name, and the test of differences between them (Cochrane Handbook 10.11.3.1)."""

    pools: dict[str, Pooled]
    q: float
    df: int

    @property
    def p(self) -> float:
        return rounded(float(chdtrc(self.df, self.q)))

    @property
    def words(self) -> str:
        return f"Q {self.q:.2f}, {self.df} df, p {self.p:.2g}"


@once
def subgroups(project: Project, comparison_id: str) -> dict[str, Groups]:
    """Return the groups that a comparison declares, by the name of the grouping; none where fewer than two are known.

    Groups are columns of ``data/studies.csv``. Each group is pooled as the whole is; the test compares the pooled
    effects by their inverse variances, without the studies whose group is not known.
    """
    result = answer(project, comparison_id)
    declared, found = result.comparison["subgroup"], dict[str, Groups]()
    if not result.k or pd.isna(declared):
        return found
    studies = project.table("studies").set_index("study_id")
    outcomes = result.entered.set_index("outcome_id").loc[list(result.effects.labels), "study_id"]
    for column in declared.split(SEPARATOR):
        terms = labels(project, project.schema["studies"].field(column).vocabulary)
        groups = outcomes.map(studies[column]).map(terms).fillna(UNKNOWN)
        pools = {}
        for group in sorted(set(groups), key=lambda name: (name == UNKNOWN, name)):
            part = result.effects.only((groups == group).to_numpy(dtype=bool))
            pools[str(group)] = pool(part, "REML", usual_test(part.k))
        known = [pooled for group, pooled in pools.items() if group != UNKNOWN]
        if len(known) > 1:
            estimates, errors = (np.array([getattr(one, name) for one in known]) for name in ("estimate", "se"))
            _, _, q = weighted(estimates, errors**2)
            found[labels(project, "subgroup")[column]] = Groups(pools, rounded(q), len(known) - 1)
    return found
