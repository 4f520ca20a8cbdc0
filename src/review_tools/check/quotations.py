"""Numbers of the outcomes against the words of their source: the words show each, or a reason names it.

In “reported”, what stands in square brackets with letters in it is our insertion, and is not searched.
"""

import re
from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any, NamedTuple

from review_tools.check.comparability import WITHOUT, names_control, names_msc
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
ZERO = ("none", "nobody", "zero")
BELOW = rf"(?:(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(ONES[:9])}))?|{'|'.join((*reversed(ONES), *ZERO))})\b"
SPELT = re.compile(rf"\b(?:(?:a|{'|'.join(ONES[:9])})[- ]hundred\b(?:(?: and)? {BELOW})?|{BELOW})", re.IGNORECASE)
NOBODY = re.compile(r"\b(?:no|not|without)\b", re.IGNORECASE)
EVERYBODY = re.compile(r"\b(?:all|every|both)\b", re.IGNORECASE)
NO_RESULT = re.compile(  # our insertions, P values, names of groups, times
    r"\[[^\]]*[a-z]{2}[^\]]*\]|\bp(?:-value)?\s*(?:[=<>≤≥]|below|\s)\s*\.?\d[\d.]*|\d[\d.]*% ?CI\b|\bgroup \d\b(?!\.\d)"
    r"|\b(?:day|week|month|year)s? \d+|\b\d+(?:[- ](?:day|week|month|year)s?|y|w|d)\b",
    re.IGNORECASE,
)
EACH = re.compile(r"\b(\d+)\s*(?:/|per |in each |in either )(?:arm|group)\b")
NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)((?<![\w.)%/])[-−])?(\d+(?:\.\d+)?|\.\d+)(\s*(?:%|per ?cent\b))?")
CLAUSE = re.compile(r"[;,:.](?=\s|\Z)|\b(?:and|vs?\.?|versus|against|compared|but|while|whereas|than)\b", re.IGNORECASE)
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
KINDS = {  # the first of these that is missing decides the sort of a reason
    ("effect", "ci_low", "ci_high", "mean", "sd"): "with a mean, effect or interval that is worked out",
    ("events", "count"): "with a count that is worked out or stands in another place",
    ("printed",): "with a percentage of another place or order",
    ("n",): "whose arm sizes alone stand in another place",
}
UNQUOTED = "reported in our words without a number"
Row = dict[Any, Any]


class Figure(NamedTuple):
    """A number of the words, and the arm that it is about; 0 where its clause does not say."""

    value: float
    arm: int = 0
    percent: bool = False


USED = Figure(float("nan"))


class Words:
    """Words of a source: their numbers in order, each used up once it has shown a figure.

    Where ``apart``, a number whose clause names one of the two arms, with cells or without, shows no figure of the
    other.
    """

    def __init__(self, text: str, *, apart: bool = False) -> None:
        self.text = EACH.sub(r"\1 ; \1", SPELT.sub(_digits, NO_RESULT.sub(" ; ", text)))
        self.figures: list[Figure] = []
        self.parts: list[tuple[float, float, int]] = []  # events, people, arm
        self.nobody: set[int] = set()  # the arms of which “none” is said
        clauses = CLAUSE.split(self.text)
        arms = [_arm(clause) if apart else 0 for clause in clauses]
        told = [bool(NUMBER.search(clause) or NOBODY.search(WITHOUT.sub("", clause))) for clause in clauses]
        if any(arm and not number for arm, number in zip(arms, told, strict=True)):
            arms = [0] * len(arms)  # “MSC v placebo: 3 v 4” names the arms apart from their numbers
        for clause, arm in zip(clauses, arms, strict=True):
            self.parts += [(float(events), float(people), arm) for events, people in FRACTION.findall(clause)]
            for sign, figure, percent in NUMBER.findall(FRACTION.sub(" ; ", clause)):
                self.figures.append(Figure(float(f"{'-' if sign else ''}{figure}"), arm, bool(percent)))
            if NOBODY.search(clause):
                self.nobody.add(arm)

    def take(self, row: Row, series: tuple[str, ...]) -> Iterator[str]:
        """Yield the columns of a series that the numbers do not show in this order."""
        start, kind = 0, series[0].partition("_")[0]
        for column in filter(row.get, series):
            value, of = float(row[column]), _of(column)
            numbers = [(at, one) for at, one in enumerate(self.figures) if one.value == value and one.arm in of]
            places = [at for at, one in numbers if at >= start and not (kind in PEOPLE and one.percent)]
            if kind == "printed":  # 0 (0%): the second
                places.sort(key=lambda at: not self.figures[at].percent)
            if places:
                start, self.figures[places[0]] = places[0] + 1, USED
            elif kind not in PEOPLE or not self._otherwise(row, column, value):
                yield column

    def _otherwise(self, row: Row, column: str, value: float) -> bool:
        """Say whether a word, a printed percentage or a sum shows a number of people or events."""
        kind, _, arm = column.partition("_")
        if kind != "n" and value == 0 and self.nobody & _of(column):
            return True
        if kind == "events" and row[f"n_{arm}"] == row[column] and EVERYBODY.search(self.text):
            return True
        percent = row[f"printed_percent_{arm}"]
        if kind == "events" and percent and row[f"n_{arm}"] and row["value_basis"] != "printed":
            fit = fitting_counts(float(percent), int(row[f"n_{arm}"]))
            return value == fit[(len(fit) - 1) // 2]
        return row["value_basis"] in ADDED and value in _sums([one.value for one in self.figures if not one.percent])

    def take_parts(self, row: Row) -> tuple[list[str], list[str]]:
        """Return the columns of events and people that fractions show, as they stand or added, arm after arm.

        And those that they show otherwise: there is a fraction for each arm, and none fits.
        """
        arms = [(f"events_{arm}", f"n_{arm}") for arm in ("arm1", "arm2") if row[f"events_{arm}"] and row[f"n_{arm}"]]
        shown: list[str] = []
        wrong: list[str] = []
        start, exact = 0, [part[:2] for part in self.parts]
        for columns in arms:
            pair, of = (float(row[columns[0]]), float(row[columns[1]])), _of(columns[0])
            places = [at for at, part in enumerate(self.parts) if at >= start and part[:2] == pair and part[2] in of]
            if places:
                start = places[0] + 1
                shown += columns
            elif pair not in exact and row["value_basis"] in ADDED and pair in _added(exact):
                shown += columns
            elif len(self.parts) >= len(arms):
                wrong += columns
        return shown, wrong


def not_shown(row: Row) -> list[str]:
    """Return the columns of an outcome's numbers that the words of its source do not show for their arm."""
    row = row | {column: row[column] if _is_number(row[column], column) else "" for column in COLUMNS}
    words = words_of(row)
    shown, wrong = words.take_parts(row)
    if words.parts and not (row["n_arm1"] and row["events_arm1"]):  # events, tracts or relapses of so many
        events = [events for events, _, _ in words.parts]
        words.figures[:0] = map(Figure, [*events, *(_sums(events) if row["value_basis"] in ADDED else ())])
    row |= dict.fromkeys([*shown, *wrong], "")
    return wrong + [column for series in SERIES for column in words.take(row, series)]


def words_of(row: Row) -> Words:
    """Return the words of an outcome's source; one arm of two with cells is told apart."""
    apart = bool(row["arm2"]) and names_msc(row["arm1"]) and not names_msc(row["arm2"])
    return Words(row["reported"], apart=apart)


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
    for line, columns in missing.items():
        row = rows[line]
        elsewhere = {f"n_{arm}" for arm in ("arm1", "arm2") if (row["study_id"], row[arm], row[f"n_{arm}"]) in sizes}
        missing[line] = [column for column in columns if column not in elsewhere]
    return missing


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
        if not columns:
            continue
        row, wrong = outcomes.rows[line], []
        reason, told = Words(row["not_quoted"]), {(one.value, one.arm) for one in words_of(row).figures}
        named = {*(one.value for one in reason.figures), *chain(*(part[:2] for part in reason.parts))}
        sizes = [float(row[column]) for column in columns if column.startswith("n_")]
        order = map(float, re.findall(r"\d+(?:\.\d+)?", reason.text))
        turned = len(sizes) > 1 and not all(size in order for size in sizes)  # “(27 and 26)” are arm 1 and arm 2
        for column in columns:
            value, of = float(row[column]), _of(column) - {0}
            elsewhere = any((value, arm) in told for arm in {1, 2} - of) and not any((value, arm) in told for arm in of)
            if value not in named or elsewhere or (turned and column == "n_arm2"):
                wrong.append(column)
        if wrong:
            more = "".join(f", nor {column} {row[column]}" for column in wrong[1:])
            why = f"the words in “reported” do not show this{more}, or show the arms the other way round"
            yield from outcomes.report([line], wrong[0], why, remedy)


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


def _arm(clause: str) -> int:
    """Return the arm that a clause names, 1 with cells and 2 without; 0 where it names none, or both."""
    cells, control = names_msc(clause), names_control(clause)
    return cells + 2 * control if cells != control else 0


def _of(column: str) -> set[int]:
    """Return the arms whose numbers may show a column; those of an effect are about both."""
    return {0, int(column[-1])} if column[-4:-1] == "arm" else {0, 1, 2}


def _is_number(cell: str, column: str) -> bool:
    """Say whether a cell holds a number that can be looked for; what it should not be is reported by other rules."""
    return bool(FIGURE.fullmatch(cell)) and not (column.startswith("n_") and float(cell) == 0)


def _digits(spelt: re.Match[str]) -> str:
    hundreds, hundred, below = spelt[0].lower().rpartition("hundred")
    words = [sum(WORDS.get(word, 0) for word in re.findall("[a-z]+", part)) for part in (hundreds, below)]
    return f" {100 * (words[0] or 1) + words[1] if hundred else words[1]} "


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
