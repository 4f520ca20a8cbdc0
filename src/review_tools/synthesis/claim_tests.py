"""The test functions that claims name. Each looks at the data and gives a verdict with its reason."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from review_tools.data.inline_values import UnknownFactError, select
from review_tools.data.project import Project
from review_tools.data.retracted import retracted
from review_tools.synthesis import comparisons
from review_tools.synthesis.comparisons import Answer, as_of
from review_tools.synthesis.effects import MEASURES
from review_tools.synthesis.pooling import Pooled
from review_tools.synthesis.words import interval

HOLDS, PARTLY, FAILS, OPEN = "holds", "holds in part", "does not hold", "cannot be tested yet"
RATIOS = [name for measure in MEASURES.values() if measure.is_ratio for name in (measure.name, measure.title)]


class OpenError(Exception):
    """The data cannot decide yet; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """One of the four verdicts, and the figures behind it."""

    word: str
    because: str


@dataclass(frozen=True)
class Claim:
    """What a test is asked: about what, with which number, in which data."""

    project: Project
    subject: str
    stated: float | None
    version: str | None = None

    @property
    def figure(self) -> float:
        if self.stated is None:
            raise KeyError(f"the claim about {self.subject!r} needs a number in the column figure")
        return self.stated

    def table(self, name: str) -> pd.DataFrame:
        """Return a table as it was at the version."""
        frame = self.project.table(name)
        return as_of(frame, self.version) if "added_in" in frame.columns else frame

    def rows(self, subject: str = "") -> pd.DataFrame:
        """Return the rows of a subject: a table and conditions, as in ``findings section=2.1; direction=dampens``.

        What a retracted study found supports nothing.
        """
        table, _, conditions = (subject or self.subject).partition(" ")
        try:
            frame = select(self.project, table, conditions.split("; ") if conditions else [])
        except UnknownFactError as error:
            raise KeyError(str(error)) from error
        if table in ("findings", "outcomes"):
            frame = frame[~frame["study_id"].isin(retracted(self.project))]
        return as_of(frame, self.version) if "added_in" in frame.columns else frame

    def answer(self, name: str = "") -> Answer:
        return comparisons.answer(self.project, name or self.subject, version=self.version)

    def pooled(self) -> tuple[Answer, Pooled, str]:
        """Return the answer of the comparison that the subject names, its pool, and both in words.

        Raises:
            OpenError: nothing can be pooled.
        """
        answer = self.answer()
        if answer.pooled is None:
            raise OpenError("no row of the comparison can be pooled")
        return answer, answer.pooled, f"k = {answer.k}, {interval(answer.pooled)}"

    def outcome(self, *columns: str, otherwise: str) -> pd.Series:
        """Return the outcome row that the subject names.

        Raises:
            KeyError: there is none of that name.
            OpenError: the version has none, its study is retracted, or a column is empty.
        """
        rows = self.table("outcomes")
        rows = rows[(rows["outcome_id"] == self.subject) & ~rows["study_id"].isin(retracted(self.project))]
        if rows.empty and self.subject not in set(self.project.table("outcomes")["outcome_id"]):
            raise KeyError(f"no outcome {self.subject!r}")
        if rows.empty or rows.iloc[0][list(columns)].isna().any():
            raise OpenError(otherwise)
        return rows.iloc[0]


Test = Callable[[Claim], Verdict]
TESTS: dict[str, Test] = {}


def run(test: str, claim: Claim) -> Verdict:
    """Return the verdict of a test.

    Raises:
        KeyError: no such test, or it does not know the subject.
    """
    try:
        return TESTS[test](claim)
    except OpenError as error:
        return Verdict(OPEN, str(error))


def test(function: Test) -> Test:
    """Make a function known to the ledger by its name."""
    TESTS[function.__name__] = function
    return function


def _verdict(holds: bool, because: str) -> Verdict:
    return Verdict(HOLDS if holds else FAILS, because)


def _share(number: int, of: int, because: str) -> Verdict:
    """All: holds; at least half: holds in part."""
    return Verdict(HOLDS if number == of else PARTLY if 2 * number >= of else FAILS, because)


# Pooled results and printed effects


@test
def benefit(claim: Claim) -> Verdict:
    """MSCs improve the outcome of a comparison: the interval lies wholly on their side.

    One study whose interval does holds in part; one inconclusive study on their side cannot settle
    it; a pool of two or more whose interval includes no difference speaks against it.
    """
    answer, _, figures = claim.pooled()
    if not answer.favours_msc:
        return Verdict(FAILS, figures)
    if answer.excludes_no_effect:
        return Verdict(HOLDS if answer.k > 1 else PARTLY, figures)
    return Verdict(FAILS if answer.k > 1 else OPEN, figures)


@test
def benefit_by_either_interval(claim: Claim) -> Verdict:
    """MSCs improve the outcome of a comparison; in part if only by the normal interval, or in one study alone."""
    answer, _, figures = claim.pooled()
    normal = comparisons.answer(claim.project, claim.subject, version=claim.version, test="z")
    because = f"{figures}; normal interval {interval(normal.pooled)}"
    if answer.favours_msc and normal.excludes_no_effect:
        return Verdict(HOLDS if answer.excludes_no_effect and answer.k > 1 else PARTLY, because)
    return Verdict(OPEN if answer.favours_msc and answer.k == 1 else FAILS, because)


@test
def no_clear_benefit(claim: Claim) -> Verdict:
    """The interval of a comparison includes no difference, or lies on the side of the control."""
    answer, _, figures = claim.pooled()
    return _verdict(not (answer.excludes_no_effect and answer.favours_msc), figures)


@test
def no_randomised_pool_excludes_chance(claim: Claim) -> Verdict:
    """No pool of two or more randomised studies has an interval wholly on the side of MSCs."""
    names = claim.project.table("comparisons").query("design == 'randomised'")["comparison_id"]
    answers = [claim.answer(name) for name in names]
    clear = [bool(answer.excludes_no_effect and answer.favours_msc) for answer in answers if answer.k > 1]
    return _verdict(not any(clear), f"{sum(clear)} of {len(clear)} pools") if clear else Verdict(OPEN, "no pool")


@test
def answered_by_a_comparison(claim: Claim) -> Verdict:
    """A declared comparison, named by one column as in ``comparator=another dose``, leaves out no difference."""
    column, _, value = claim.subject.partition("=")
    declared = claim.table("comparisons")
    names = declared.loc[declared[column] == value, "comparison_id"]
    clear = [claim.answer(name).excludes_no_effect for name in names]
    if all(one is None for one in clear):
        return Verdict(OPEN, "no such comparison can be pooled")
    return _verdict(any(clear), f"{clear.count(True)} of {len(clear)} comparisons leave out no difference")


def _towards_msc(claim: Claim) -> tuple[float, float, float, str]:
    """Return estimate and limits of an outcome or a comparison, positive where good for patients, and in words."""
    if claim.subject in set(claim.project.table("outcomes")["outcome_id"]):
        columns = ("effect", "ci_low", "ci_high", "higher_is_better")
        row = claim.outcome(*columns, otherwise="no interval is printed")
        values = [float(row[name]) for name in columns[:3]]
        words = f"{values[0]:g} ({values[1]:g} to {values[2]:g})"
        if row["effect_measure"] in RATIOS:
            values = [math.log(value) for value in values]
        good = bool(row["higher_is_better"])
    else:
        answer = claim.answer()
        if answer.pooled is None:
            raise OpenError("no interval is printed")
        _, pooled, words = claim.pooled()
        values = [pooled.estimate, pooled.ci_low, pooled.ci_high]
        good = bool(answer.comparison["higher_is_better"])
    return (values[0], values[1], values[2], words) if good else (-values[0], -values[2], -values[1], words)


@test
def clearly_better(claim: Claim) -> Verdict:
    """The interval of a printed effect, or of a comparison, lies wholly on the side of MSCs."""
    _, low, _, words = _towards_msc(claim)
    return _verdict(low > 0, words)


@test
def not_worse(claim: Claim) -> Verdict:
    """MSCs do no harm by an outcome or a comparison: in part where the estimate is not worse but the interval is."""
    estimate, low, high, words = _towards_msc(claim)
    return Verdict(HOLDS if low >= 0 else FAILS if high < 0 else PARTLY if estimate >= 0 else OPEN, words)


@test
def effect_includes_no_difference(claim: Claim) -> Verdict:
    """The printed effect of one outcome has an interval that includes no difference."""
    row = claim.outcome("ci_low", "ci_high", otherwise="no interval is printed")
    words = f"{row['effect']:g} ({row['ci_low']:g} to {row['ci_high']:g})"
    return _verdict(bool(_includes_no_difference(row.to_frame().T).iloc[0]), words)


def _includes_no_difference(rows: pd.DataFrame) -> pd.Series:
    neutral = rows["effect_measure"].isin(RATIOS).astype(float)
    return (rows["ci_low"] <= neutral) & (rows["ci_high"] >= neutral)


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
    return _verdict(len(set(estimates)) > 1, " against ".join(f"{value:g}" for value in estimates))


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


# Counts of people in the arms of one outcome or study


@test
def percentage_arm1(claim: Claim) -> Verdict:
    """The MSC arm's percentage, recomputed from its counts, is the one stated (to the rounding)."""
    return _percentage(claim, "arm1")


@test
def percentage_arm2(claim: Claim) -> Verdict:
    """The comparator's percentage, recomputed from its counts, is the one stated (to the rounding)."""
    return _percentage(claim, "arm2")


def _percentage(claim: Claim, arm: str) -> Verdict:
    row = claim.outcome(f"events_{arm}", f"n_{arm}", otherwise="the counts are not printed")
    events, n = row[f"events_{arm}"], row[f"n_{arm}"]
    share = 100 * events / n
    return _verdict(abs(share - claim.figure) <= 0.5, f"{events}/{n} = {share:.1f}%")


@test
def better_in_msc_arm(claim: Claim) -> Verdict:
    """The MSC arm's share of people with the event is on the better side of the comparator's."""
    row = claim.outcome("events_arm1", "events_arm2", otherwise="counts of both arms are not printed")
    one, two = row["events_arm1"] / row["n_arm1"], row["events_arm2"] / row["n_arm2"]
    better = one > two if row["higher_is_better"] else one < two
    return _verdict(bool(better), f"{row['events_arm1']}/{row['n_arm1']} against {row['events_arm2']}/{row['n_arm2']}")


@test
def nobody_in_msc_arm(claim: Claim) -> Verdict:
    """No event in the MSC arm."""
    row = claim.outcome(otherwise="not in the data of this version")
    counts = row[["events_arm1", "count_arm1"]].dropna()
    if counts.empty:
        return Verdict(OPEN, "the MSC arm's count is not printed")
    return _verdict(counts.iloc[0] == 0, f"{counts.iloc[0]} in the MSC arm")


@test
def counts_add_up(claim: Claim) -> Verdict:
    """The people or events counted in the two arms add up to the number stated."""
    unknown = "counts of both arms are not printed"
    row = claim.outcome(otherwise=unknown)
    kind = "events" if row[["events_arm1", "events_arm2"]].notna().all() else "count"
    row = claim.outcome(f"{kind}_arm1", f"{kind}_arm2", otherwise=unknown)
    one, two = row[f"{kind}_arm1"], row[f"{kind}_arm2"]
    return _verdict(bool(one + two == claim.figure), f"{one} + {two} = {one + two}")


@test
def shown_against_control(claim: Claim) -> Verdict:
    """Every count a study prints for two arms is better in the MSC arm; a study without a control cannot show it."""
    rows = claim.rows(f"outcomes study_id={claim.subject}")
    both = rows[rows["block"] == "binary"]
    if claim.subject not in set(claim.project.table("studies")["study_id"]):
        raise KeyError(f"no study {claim.subject!r}")
    if both.empty:
        return Verdict(OPEN, f"{len(rows)} outcomes, none with counts of a control group")
    more = both["events_arm1"] / both["n_arm1"] - both["events_arm2"] / both["n_arm2"]
    better = int((more.where(both["higher_is_better"], -more) > 0).sum())
    return _share(better, len(both), f"{better} of {len(both)} counts are better in the MSC arm")


@test
def registered_trials_show_safety_and_efficacy(claim: Claim) -> Verdict:
    """Every trial of Table 1 has reported an outcome here that favours MSCs, and none that does not."""
    trials = claim.table("trials").dropna(subset=["table_1_order"])
    studies, outcomes = claim.table("studies"), claim.table("outcomes")
    reported = studies[studies["trial_id"].isin(trials["trial_id"]) & studies["study_id"].isin(outcomes["study_id"])]
    with_results = reported["trial_id"].nunique()
    rows = outcomes[outcomes["study_id"].isin(reported["study_id"])]
    null = rows[rows["ci_low"].notna() & _includes_no_difference(rows)]
    because = (
        f"{with_results} of {len(trials)} trials have an outcome here; "
        f"{len(null)} printed effects include no difference"
    )
    if with_results == len(trials) and null.empty:
        return Verdict(HOLDS, because)
    return Verdict(FAILS if not null.empty else OPEN, because)


# Numbers of rows, and what the seed says of its references


@test
def every_row(claim: Claim) -> Verdict:
    """Every row that meets the first conditions of the subject meets its last one too."""
    every, meeting = _last_condition(claim)
    return _share(meeting, every, f"{meeting} of {every}")


@test
def most_rows(claim: Claim) -> Verdict:
    """More than half of the rows that meet the first conditions of the subject meet its last one too."""
    every, meeting = _last_condition(claim)
    return _verdict(2 * meeting > every, f"{meeting} of {every}")


def _last_condition(claim: Claim) -> tuple[int, int]:
    """Return how many rows there are without and with the last condition of the subject."""
    base, _, _ = claim.subject.rpartition("; " if "; " in claim.subject else " ")
    every = len(claim.rows(base))
    if not every:
        raise OpenError("there is no such row")
    return every, len(claim.rows())


@test
def no_rows(claim: Claim) -> Verdict:
    """There is no such row."""
    number = len(claim.rows())
    return _verdict(number == 0, f"{number} rows")


@test
def more_rows(claim: Claim) -> Verdict:
    """Of two sets of rows, named with “and”, the first is the larger one."""
    one, two = (len(claim.rows(subject)) for subject in claim.subject.split(" and "))
    return _verdict(one > two, f"{one} against {two}")


@test
def source_agrees(claim: Claim) -> Verdict:
    """A reference agrees with what the seed says of it in a section (``114 4.3``): in part if wording alone differs."""
    number, _, section = claim.subject.partition(" ")
    tables = (claim.project.table(name) for name in ("citations", "citation_places", "corrections"))
    cited, *rows = (table[table["seed_number"].astype(str) == number] for table in tables)
    places, differences = (table[table["section"] == section] for table in rows)
    if places.empty and differences.empty:
        raise KeyError(f"the seed does not cite {number!r} in section {section!r}")
    if (cited["match"] == "unidentified").any():
        return Verdict(OPEN, f"reference {number} of the seed is not identified")
    kinds = sorted(set(differences["kind"]))
    word = HOLDS if not kinds else PARTLY if set(kinds) <= {"omitted", "wording"} else FAILS
    return Verdict(word, f"differences on record: {', '.join(kinds) or 'none'}")
