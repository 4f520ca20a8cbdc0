"""Numbers of the outcomes against the words of their source: the words show each, or a reason names it.

In “reported”, what stands in square brackets with letters in it is our insertion, and is not searched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Any

from review_tools.check.engine import Sheet, table_rule, whole
from review_tools.data.problems import Problem
from review_tools.data.project import Project, once

LONGEST = {"outcomes": ("reported", 40), "corrections": ("seed_words", 10)}  # words
CHECKED, NOT_CHECKABLE, SKIPPED = "checked", "not checkable", "skipped"
ADDED = ("combined by hand", "counted from rows")
FRACTION = re.compile(r"(?<![\d/.])(\d+)\s*(?:/|of(?: the)?|out of)\s*(\d+)(?![\d/.]|\s*%)")
UNITS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
ONES = re.findall("[a-z]+", f"{UNITS} eighteen nineteen")
TENS = re.findall("[a-z]+", "twenty thirty forty fifty sixty seventy eighty ninety")
WORDS = {word: at for at, word in enumerate(ONES, 1)} | {word: 10 * at for at, word in enumerate(TENS, 2)}
SPELT = re.compile(rf"\b(?:({'|'.join(TENS)})[- ])?\b({'|'.join(WORDS)})\b", re.IGNORECASE)
NOBODY = re.compile(r"\b(?:none|no|not|nobody|zero|without)\b", re.IGNORECASE)
EVERYBODY = re.compile(r"\b(?:all|every|both)\b", re.IGNORECASE)
NO_RESULT = re.compile(  # our insertions, P values, names of groups, times
    r"\[[^\]]*[a-z]{2}[^\]]*\]|\bp(?:-value)?\s*(?:[=<>≤≥]|below|\s)\s*\.?\d[\d.]*|\d[\d.]*% ?CI\b|\bgroup \d\b(?!\.\d)"
    r"|\b(?:day|week|month|year)s? \d+|\b\d+(?:[- ](?:day|week|month|year)s?|y|w|d)\b",
    re.IGNORECASE,
)
EACH = re.compile(r"\b(\d+)\s*(?:/|per |in each |in either )(?:arm|group)\b")
NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)((?<![\w.)%/])[-−])?(\d+(?:\.\d+)?|\.\d+)(\s*(?:%|per ?cent\b))?")
FIGURE = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")
SERIES = (  # columns that words print in this order
    ("printed_percent_arm1", "printed_percent_arm2"),
    ("events_arm1", "events_arm2"),
    ("count_arm1", "count_arm2"),
    ("mean_arm1", "sd_arm1", "mean_arm2", "sd_arm2"),
    ("effect", "ci_low", "ci_high"),
    ("n_arm1", "n_arm2"),
)
PEOPLE = ("events", "count", "n")  # never printed as a percentage
COLUMNS = tuple(chain.from_iterable(SERIES))
KINDS = {  # the first of these that is missing tells the sort of a reason
    ("effect", "ci_low", "ci_high", "mean", "sd"): "with a mean, effect or interval that is worked out",
    ("events", "count"): "with a count that is worked out or stands in another place",
    ("printed",): "with a percentage of another place or order",
    ("n",): "whose arm sizes alone stand in another place",
}
UNQUOTED = "told in our words without a number"
Row = dict[Any, Any]


@dataclass
class Words:
    """Words of a source: their numbers in order, each used up once it has shown a figure."""

    text: str
    figures: list[float] = field(default_factory=list)
    percentages: list[bool] = field(default_factory=list)  # which of the figures are
    parts: list[tuple[float, float]] = field(default_factory=list)  # events and people

    def __post_init__(self) -> None:
        self.text = EACH.sub(r"\1 ; \1", SPELT.sub(_digits, NO_RESULT.sub(" ; ", self.text)))
        self.parts = [(float(events), float(people)) for events, people in FRACTION.findall(self.text)]
        for sign, figure, percent in NUMBER.findall(FRACTION.sub(" ; ", self.text)):
            self._append(float(f"{'-' if sign else ''}{figure}"), percent=bool(percent))

    def _append(self, figure: float, *, percent: bool = False) -> None:
        self.figures.append(figure)
        self.percentages.append(percent)

    @property
    def people(self) -> list[float]:
        """The figures that are no percentages."""
        return [figure for figure, percent in zip(self.figures, self.percentages, strict=True) if not percent]

    def take(self, row: Row, series: tuple[str, ...]) -> Iterator[str]:
        """Yield the columns of a series that the numbers do not show in this order."""
        start, kind = 0, series[0].partition("_")[0]
        for column in (column for column in series if row[column]):
            value = float(row[column])
            places = [at for at in range(start, len(self.figures)) if self.figures[at] == value]
            if kind in PEOPLE:
                places = [at for at in places if not self.percentages[at]]
            if kind == "printed":  # 0 (0%): the second
                places.sort(key=lambda at: not self.percentages[at])
            at = places[0] if places else -1
            if at >= 0:
                start, self.figures[at] = at + 1, float("nan")
            elif not self._otherwise(row, column, value):
                yield column

    def _otherwise(self, row: Row, column: str, value: float) -> bool:
        """Whether a word, a printed percentage or a sum shows a number of people or events."""
        kind, _, arm = column.rpartition("_")
        if kind not in PEOPLE:
            return False
        if kind != "n" and value == 0 and NOBODY.search(self.text):
            return True
        if kind == "events" and row[f"n_{arm}"] == row[column] and EVERYBODY.search(self.text):
            return True
        percent = row[f"printed_percent_{arm}"]
        if kind == "events" and percent and row[f"n_{arm}"] and row["value_basis"] != "printed":
            fit = fitting_counts(float(percent), int(row[f"n_{arm}"]))
            return value == fit[(len(fit) - 1) // 2]
        return row["value_basis"] in ADDED and value in _sums(self.people)

    def take_parts(self, row: Row) -> tuple[list[str], list[str]]:
        """Return the columns of events and people that fractions show, as they stand or added, arm after arm.

        And those that they show otherwise: there is a fraction for each arm, and none fits.
        """
        arms = [(f"events_{arm}", f"n_{arm}") for arm in ("arm1", "arm2") if row[f"events_{arm}"] and row[f"n_{arm}"]]
        shown: list[str] = []
        wrong: list[str] = []
        start = 0
        for columns in arms:
            pair = (float(row[columns[0]]), float(row[columns[1]]))
            if pair in self.parts[start:]:
                start = self.parts.index(pair, start) + 1
                shown += columns
            elif row["value_basis"] in ADDED and pair in _added(self.parts):
                shown += columns
            elif len(self.parts) >= len(arms):
                wrong += columns
        return shown, wrong


def not_shown(row: Row) -> list[str]:
    """Return the columns of an outcome's numbers that the words of its source do not show for their arm."""
    row = row | {column: row[column] if _is_number(row[column], column) else "" for column in COLUMNS}
    words = Words(row["reported"])
    shown, wrong = words.take_parts(row)
    if words.parts and not (row["n_arm1"] and row["events_arm1"]):  # events, tracts or relapses of so many
        events = [events for events, _ in words.parts]
        more = [*events, *(_sums(events) if row["value_basis"] in ADDED else ())]
        words.figures, words.percentages = [*more, *words.figures], [False for _ in more] + words.percentages
    left = {column: "" if column in (*shown, *wrong) else row[column] for column in COLUMNS}
    return wrong + [column for series in SERIES for column in words.take(row | left, series)]


def fitting_counts(percent: float, n: int) -> list[int]:
    """Return the numbers of events out of n that print as a percentage, to the decimals that it is printed with."""
    decimals = len(f"{percent:.10g}".partition(".")[2])
    fit = [events for events in range(n + 1) if abs(round(100 * events / n, decimals) - percent) < 1e-9]
    return fit or [round(percent * n / 100)]


@once
def unshown(project: Project) -> dict[Any, list[str]]:
    """Return for each line of the outcomes the columns whose numbers no words show.

    The size of an arm may stand in the words of another row about the same arm of the same study.
    """
    rows = whole(project, "outcomes").rows
    missing = {line: not_shown(row) for line, row in rows.items()}
    sizes = {
        (row["study_id"], row[arm], row[f"n_{arm}"])
        for line, row in rows.items()
        for arm in ("arm1", "arm2")
        if row[f"n_{arm}"] and f"n_{arm}" not in missing[line]
    }
    return {
        line: [
            one for one in missing[line] if not (one[:2] == "n_" and (row["study_id"], row[one[2:]], row[one]) in sizes)
        ]
        for line, row in rows.items()
    }


def state(row: Row, missing: list[str]) -> str:
    """Return whether the numbers of an outcome were checked against words, could not be, or were passed over."""
    if row["not_quoted"]:
        return NOT_CHECKABLE
    return SKIPPED if missing else CHECKED


def sort_of_reason(missing: list[str]) -> str:
    """Return what keeps a row from being checked, in words."""
    starts = {column.partition("_")[0] for column in missing} | set(missing)
    return next((words for kinds, words in KINDS.items() if starts & set(kinds)), UNQUOTED)


@table_rule("outcomes")
def not_as_reported(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a number that neither the words of its source show for this arm, nor a reason in “not_quoted” names."""
    remedy = "check the source; quote the words that hold it, or name it in not_quoted and say why they do not"
    for line, columns in unshown(outcomes.project).items():
        row = outcomes.rows[line]
        reason = Words(row["not_quoted"])
        named = {*reason.figures, *chain(*reason.parts)}
        for column in columns:
            if float(row[column]) not in named:
                why = "the words in “reported” do not show this, or show the arms the other way round"
                yield from outcomes.report([line], column, why, remedy)


@table_rule(*LONGEST)
def long_quotation(rows: Sheet) -> Iterator[Problem]:
    """Refuse a quotation of more words than its column takes."""
    column, longest = LONGEST[rows.table.name]
    words = rows[column].map(lambda quoted: len(quoted.split()))
    why, remedy = "{:g} words", f"quote {longest} words at most, those that matter"
    yield from rows.report(words > longest, column, why, remedy, words)


@table_rule("outcomes")
def needless_reason(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a reason why words are not quoted where they show all numbers of the row."""
    for line, columns in unshown(outcomes.project).items():
        row = outcomes.rows[line]
        if row["not_quoted"] and not columns and any(row[column] for column in COLUMNS):
            why = "a reason, although the words in “reported” show all numbers of the row"
            yield from outcomes.report([line], "not_quoted", why, "empty it, or put a remark into the flags")


def _is_number(cell: str, column: str) -> bool:
    """Whether a cell holds a number that can be looked for; what it should not be is reported by other rules."""
    return bool(FIGURE.fullmatch(cell)) and not (column.startswith("n_") and float(cell) == 0)


def _digits(spelt: re.Match[str]) -> str:
    return f" {WORDS.get((spelt[1] or '').lower(), 0) + WORDS[spelt[2].lower()]} "


def _sums(figures: list[float]) -> set[float]:
    """Return the sums of two or more numbers that follow each other."""
    return {sum(figures[start:end]) for start, end in combinations(range(len(figures) + 1), 2) if end - start > 1}


def _added(parts: list[tuple[float, float]]) -> set[tuple[float, float]]:
    """Return what several fractions give together: those of other people added, those of the same people as events."""
    together = set()
    for some in chain.from_iterable(combinations(parts[:8], size) for size in range(2, len(parts[:8]) + 1)):
        events, people = sum(one for one, _ in some), {n for _, n in some}
        together.add((events, sum(n for _, n in some)))
        if len(people) == 1:
            together.add((events, people.pop()))
    return together
