"""The tests that claims name: each looks at the data and gives a verdict with its reason.

That something is uncertain never makes a claim fail: it cannot be tested yet.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from review_tools.data.inline_values import UnknownFactError, select
from review_tools.data.project import Project
from review_tools.data.retracted import retracted
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import RATINGS, Certainty, certainty
from review_tools.synthesis.comparisons import Answer, as_of
from review_tools.synthesis.effects import MEASURES, TWO_ARMS
from review_tools.synthesis.pooling import Pooled
from review_tools.synthesis.target import BENEFIT, HARM, LITTLE

HOLDS, PARTLY, FAILS, OPEN = "holds", "holds in part", "does not hold", "cannot be tested yet"
# Tests of many comparisons, whose verdict is the strongest of those of each: `review diff` asks only what differs.
OF_ANY = ("no_randomised_benefit_is_sure", "answered_by_a_comparison")
RATIOS = [name for measure in MEASURES.values() if measure.is_ratio for name in (measure.name, measure.title)]


class OpenError(Exception):
    """The data cannot decide yet; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """One of the four verdicts, and the figures behind it."""

    word: str
    because: str


def holds_if(condition: bool, because: str) -> Verdict:
    return Verdict(HOLDS if condition else FAILS, because)


def share(number: int, of: int, because: str) -> Verdict:
    """Return a verdict by how many of all there are: all hold, at least half hold in part."""
    return Verdict(HOLDS if number == of else PARTLY if 2 * number >= of else FAILS, because)


def _is_benefit(answer: Answer) -> bool:
    return bool(answer.excludes_no_effect and answer.favours_msc)


def _is_sure(rated: Certainty | None) -> bool:
    return rated is not None and rated.rating in ("high", "moderate")


@dataclass(frozen=True)
class Claim:
    """A claim about something, with a number (NaN: none), in some data. Each public method is a test of the ledger."""

    project: Project
    subject: str
    stated: float = math.nan
    version: str | None = None

    @property
    def _figure(self) -> float:
        if math.isnan(self.stated):
            raise KeyError(f"the claim about {self.subject!r} needs a number in the column figure")
        return self.stated

    def _table(self, name: str) -> pd.DataFrame:
        """Return a table as it was at the version."""
        return as_of(self.project.table(name), self.version)

    def _rows(self, subject: str = "") -> pd.DataFrame:
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
        return as_of(frame, self.version)

    def _answer(self, name: str) -> Answer:
        return comparisons.answer(self.project, name, version=self.version)

    def _certainty(self, name: str) -> Certainty | None:
        return certainty(self.project, name, version=self.version)

    def _pooled(self, otherwise: str = "no row of the comparison can be pooled") -> tuple[Answer, Pooled, str]:
        """Return the answer of the subject's comparison, its pool, both in words. Raises OpenError without a pool."""
        answer = self._answer(self.subject)
        if answer.pooled is None:
            raise OpenError(otherwise)
        return answer, answer.pooled, f"k = {answer.k}, {words.interval(answer.pooled)}"

    def _outcome(self, *columns: str, otherwise: str) -> pd.Series:
        """Return the outcome row that the subject names.

        Raises:
            KeyError: there is none of that name.
            OpenError: the version has none, its study is retracted, or a column is empty.
        """
        rows = self._table("outcomes")
        rows = rows[(rows["outcome_id"] == self.subject) & ~rows["study_id"].isin(retracted(self.project))]
        if rows.empty and self.subject not in set(self.project.table("outcomes")["outcome_id"]):
            raise KeyError(f"no outcome {self.subject!r}")
        if rows.empty or rows.iloc[0][list(columns)].isna().any():
            raise OpenError(otherwise)
        return rows.iloc[0]

    def _towards_msc(self) -> tuple[float, float, float, str]:
        """Return estimate and limits of an outcome or a comparison, positive where good for patients, and in words."""
        otherwise = "no interval is printed"
        if self.subject in set(self.project.table("outcomes")["outcome_id"]):
            row = self._outcome("effect", "ci_low", "ci_high", "higher_is_better", otherwise=otherwise)
            estimate, low, high = float(row["effect"]), float(row["ci_low"]), float(row["ci_high"])
            told, good = f"{estimate:g} ({low:g} to {high:g})", row["higher_is_better"]
            if row["effect_measure"] in RATIOS:
                estimate, low, high = math.log(estimate), math.log(low), math.log(high)
        else:
            answer, pooled, told = self._pooled(otherwise)
            estimate, low, high = pooled.estimate, pooled.ci_low, pooled.ci_high
            good = answer.comparison["higher_is_better"]
        return (estimate, low, high, told) if good else (-estimate, -high, -low, told)

    # Pooled results and printed effects

    def benefit(self) -> Verdict:
        """MSCs improve the outcome of a comparison: the interval lies on their side, at moderate certainty or more.

        One study whose interval does, or less certainty, holds in part. Harm, or an interval within the differences
        that matter, speaks against it; what is uncertain, or far too uncertain to say, settles nothing.
        """
        answer, _, figures = self._pooled()
        rated, said = self._certainty(self.subject), words.verdict(answer)
        word = FAILS if said in (HARM, LITTLE) else OPEN
        if word == OPEN and _is_benefit(answer) and said != words.FAR_TOO_UNCERTAIN:
            word = HOLDS if answer.k > 1 and said == BENEFIT and _is_sure(rated) else PARTLY
        return Verdict(word, f"{figures}; {rated.rating} certainty" if rated else figures)

    def no_randomised_benefit_is_sure(self) -> Verdict:
        """No pool of two or more randomised studies shows a benefit at moderate or high certainty."""
        names = self.project.table("comparisons").query("design == 'randomised'")["comparison_id"]
        pools = [name for name in names if self._answer(name).k > 1]
        clear = [name for name in pools if _is_benefit(self._answer(name))]
        sure = sum(_is_sure(self._certainty(name)) for name in clear)
        if not pools:
            raise OpenError("no pool")
        counted = f"of {len(pools)} pools {len(clear)} leave out no difference"
        return holds_if(not sure, f"{counted}, {sure} of them with moderate certainty or more")

    def answered_by_a_comparison(self) -> Verdict:
        """A declared comparison, named by one column as in ``comparator=another dose``, leaves out no difference."""
        column, _, value = self.subject.partition("=")
        declared = self._table("comparisons")
        names = declared.loc[declared[column] == value, "comparison_id"]
        clear = [self._answer(name).excludes_no_effect for name in names]
        if all(one is None for one in clear):
            raise OpenError("no such comparison can be pooled")
        because = f"{clear.count(True)} of {len(clear)} comparisons leave out no difference"
        return Verdict(HOLDS if any(clear) else OPEN, because)

    def no_clear_benefit(self) -> Verdict:
        """The interval of a comparison includes no difference, or lies on the side of the control."""
        answer, _, figures = self._pooled()
        return holds_if(not _is_benefit(answer), figures)

    def clearly_better(self) -> Verdict:
        """The interval of a printed effect, or of a comparison, lies on the side of MSCs; on the other it fails."""
        _, low, high, told = self._towards_msc()
        return Verdict(HOLDS if low > 0 else FAILS if high < 0 else OPEN, told)

    def not_worse(self) -> Verdict:
        """MSCs do no harm by an outcome or a comparison: in part where the estimate does none but the interval may."""
        estimate, low, high, told = self._towards_msc()
        return Verdict(HOLDS if low >= 0 else FAILS if high < 0 else PARTLY if estimate >= 0 else OPEN, told)

    def effect_includes_no_difference(self) -> Verdict:
        """The printed effect of one outcome has an interval that includes no difference."""
        _, low, high, told = self._towards_msc()
        return holds_if(low <= 0 <= high, told)

    def certainty_is(self) -> Verdict:
        """The certainty of a comparison is one of those named, as in ``agvhd_response=low or very low``."""
        name, _, ratings = self.subject.partition("=")
        named = ratings.split(" or ")
        if unknown := set(named) - set(RATINGS):
            raise KeyError(f"no certainty {min(unknown)!r}; there are {', '.join(RATINGS)}")
        found = self._certainty(name)
        if found is None:
            raise OpenError("nothing with a comparison group can be pooled, so that nothing is graded")
        return holds_if(found.rating in named, found.words)

    def published_pools_disagree(self) -> Verdict:
        """Two published pools, named with “and”, print different estimates for the same outcome."""
        estimates = self._published()["estimate"]
        return holds_if(len(set(estimates)) > 1, " against ".join(f"{value:g}" for value in estimates))

    def published_pools_below(self) -> Verdict:
        """The intervals of published pools of ratios, named with “and”, all lie below no difference."""
        pools = self._published()
        if not pools["measure"].isin(RATIOS).all():
            raise KeyError(f"{self.subject} are not all pools of ratios")
        below, of = int((pools["ci_high"] < 1).sum()), len(pools)
        return Verdict(HOLDS if below == of else PARTLY if below else FAILS, f"{below} of {of} intervals")

    def _published(self) -> pd.DataFrame:
        """Return the published pools that a subject names with “and”."""
        names, pools = self.subject.split(" and "), self._table("published_pools").set_index("pool_id")
        if unknown := set(names) - set(self.project.table("published_pools")["pool_id"]):
            raise KeyError(f"no published pool {min(unknown)!r}")
        if not set(names) <= set(pools.index):
            raise OpenError("not in the data of this version")
        return pools.loc[names]

    # Counts of people in the arms of one outcome or study

    def percentage_arm1(self) -> Verdict:
        """The MSC arm's percentage, recomputed from its counts, is the one stated (to the rounding)."""
        return self._percentage("arm1")

    def percentage_arm2(self) -> Verdict:
        """The comparator's percentage, recomputed from its counts, is the one stated (to the rounding)."""
        return self._percentage("arm2")

    def _percentage(self, arm: str) -> Verdict:
        row = self._outcome(f"events_{arm}", f"n_{arm}", otherwise="the counts are not printed")
        events, n = row[f"events_{arm}"], row[f"n_{arm}"]
        return holds_if(abs(100 * events / n - self._figure) <= 0.5, f"{events}/{n} = {100 * events / n:.1f}%")

    def better_in_msc_arm(self) -> Verdict:
        """The MSC arm's share of people with the event is on the better side of the comparator's."""
        row = self._outcome("events_arm1", "events_arm2", otherwise="counts of both arms are not printed")
        events1, n1, events2, n2 = row[list(TWO_ARMS)]
        better = events1 / n1 > events2 / n2 if row["higher_is_better"] else events1 / n1 < events2 / n2
        return holds_if(better, f"{events1}/{n1} against {events2}/{n2}")

    def nobody_in_msc_arm(self) -> Verdict:
        """No event in the MSC arm."""
        row = self._outcome(otherwise="not in the data of this version")
        counts = row[["events_arm1", "count_arm1"]].dropna()
        if counts.empty:
            raise OpenError("the MSC arm's count is not printed")
        return holds_if(counts.iloc[0] == 0, f"{counts.iloc[0]} in the MSC arm")

    def counts_add_up(self) -> Verdict:
        """The people or events counted in the two arms add up to the number stated."""
        row = self._outcome(otherwise="counts of both arms are not printed")
        for one, two in ((row["events_arm1"], row["events_arm2"]), (row["count_arm1"], row["count_arm2"])):
            if pd.notna(one) and pd.notna(two):
                return holds_if(bool(one + two == self._figure), f"{one} + {two} = {one + two}")
        raise OpenError("counts of both arms are not printed")

    def shown_against_control(self) -> Verdict:
        """Every count a study prints for two arms is better in the MSC arm: in part where half of them are.

        Fewer settle nothing, and a study without a control cannot show it.
        """
        rows = self._rows(f"outcomes study_id={self.subject}")
        both = rows[rows["block"] == "binary"]
        if self.subject not in set(self.project.table("studies")["study_id"]):
            raise KeyError(f"no study {self.subject!r}")
        if both.empty:
            raise OpenError(f"{len(rows)} outcomes, none with counts of a control group")
        more = both["events_arm1"] / both["n_arm1"] - both["events_arm2"] / both["n_arm2"]
        better = int((more.where(both["higher_is_better"], -more) > 0).sum())
        shown = share(better, len(both), f"{better} of {len(both)} counts are better in the MSC arm")
        return Verdict(OPEN if shown.word == FAILS else shown.word, shown.because)

    def registered_trials_show_safety_and_efficacy(self) -> Verdict:
        """Every trial of Table 1 has reported an outcome here that favours MSCs, and none that does not."""
        trials = self._table("trials").dropna(subset=["table_1_order"])
        studies, outcomes = self._table("studies"), self._table("outcomes")
        studies = studies[studies["trial_id"].isin(trials["trial_id"])]
        found = studies.loc[studies["study_id"].isin(outcomes["study_id"]), "trial_id"].nunique()
        rows = outcomes[outcomes["study_id"].isin(studies["study_id"])]
        neutral = rows["effect_measure"].isin(RATIOS).astype(float)
        null = int(((rows["ci_low"] <= neutral) & (rows["ci_high"] >= neutral)).sum())
        because = f"{found} of {len(trials)} trials have an outcome here; {null} printed effects include no difference"
        return Verdict(FAILS if null else HOLDS if found == len(trials) else OPEN, because)

    # Numbers of rows, and what the 2024 review says of its references

    def every_row(self) -> Verdict:
        """Every row that meets the first conditions of the subject meets its last one too."""
        every, meeting = self._last_condition()
        return share(meeting, every, f"{meeting} of {every}")

    def most_rows(self) -> Verdict:
        """More than half of the rows that meet the first conditions of the subject meet its last one too."""
        every, meeting = self._last_condition()
        return holds_if(2 * meeting > every, f"{meeting} of {every}")

    def _last_condition(self) -> tuple[int, int]:
        """Return how many rows there are without and with the last condition of the subject."""
        base, _, _ = self.subject.rpartition("; " if "; " in self.subject else " ")
        every = len(self._rows(base))
        if not every:
            raise OpenError("there is no such row")
        return every, len(self._rows())

    def no_rows(self) -> Verdict:
        """There is no such row."""
        number = len(self._rows())
        return holds_if(number == 0, f"{number} rows")

    def more_rows(self) -> Verdict:
        """Of two sets of rows, named with “and”, the first is the larger one."""
        one, two = (len(self._rows(subject)) for subject in self.subject.split(" and "))
        return holds_if(one > two, f"{one} against {two}")

    def source_agrees(self) -> Verdict:
        """A reference agrees with what the 2024 review cites it for in a section, as in ``114 4.3``."""
        number, _, section = self.subject.partition(" ")
        tables = (self.project.table(name) for name in ("citations", "citation_places", "corrections", "findings"))
        cited, *rows = (table[table["seed_number"].astype(str) == number] for table in tables)
        places, differences, findings = (table[table["section"] == section] for table in rows)
        if places.empty and differences.empty:
            raise KeyError(f"the 2024 review does not cite {number!r} in section {section!r}")
        if (cited["match"] == "unidentified").any():
            raise OpenError(f"reference {number} of the 2024 review is not identified")
        if len(findings) and (findings["basis"] == "seed only").all():
            raise OpenError(f"what reference {number} found lies beyond the part of it that was read")
        kinds = sorted(set(differences["kind"]))
        word = HOLDS if not kinds else PARTLY if set(kinds) <= {"omitted", "wording"} else FAILS
        return Verdict(word, f"differences on record: {', '.join(kinds) or 'none'}")


TESTS: dict[str, Callable[[Claim], Verdict]] = {
    name: test for name, test in vars(Claim).items() if callable(test) and not name.startswith("_")
}


def run(name: str, claim: Claim) -> Verdict:
    """Return the verdict of a test. Raises KeyError if there is no such test, or it does not know the subject."""
    try:
        return TESTS[name](claim)
    except OpenError as error:
        return Verdict(OPEN, str(error))
