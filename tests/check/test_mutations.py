"""Spoiled rows and files of every kind that a check can know, anywhere: each is refused, with its place and remedy.

One of each kind by default; the long run draws seven more, others each day.
"""

import math
import re
from collections.abc import Callable
from datetime import date
from random import Random

import pandas as pd
import pytest

import spoil
from review_tools.check import RULES
from review_tools.check.engine import run, whole
from review_tools.check.quotations import FRACTION
from review_tools.data.project import Project
from review_tools.data.tables import Field, Table, csv_bytes

BIB = "references.bib"
# The slowest rules, about history and about numbers in the prose, have examples of their own.
QUICK = [rule for rule in RULES.values() if rule.id not in ("study_gone", "past_line_changed", "unanswered_role")]
Row = dict[str, str]
# What is wrong, and where this must be said: file, row (none where a row or the file is not there), column.
Spoiled = tuple[Project, str, int | None, str]
Kind = Callable[[Project, Random], Spoiled]


def written(project: Project, table: str, frame: pd.DataFrame, row: int | None, column: str = "") -> Spoiled:
    file = project.file_of(table)
    return project.with_files({file: csv_bytes(frame)}), file, row, column


def put(project: Project, table: str, line: int, cells: Row) -> Spoiled:
    frame = project.text(table)
    frame.loc[line, list(cells)] = list(cells.values())
    return written(project, table, frame, line, next(iter(cells)))


def anywhere(wanted: Callable[[Table, Field], object], *values: str) -> Kind:
    """One filled cell of the columns wanted gets one of the values; ``{}`` stands for what it held."""

    def spoil(project: Project, chance: Random) -> Spoiled:
        columns = [
            (table.name, field.name)
            for table in project.schema.values()
            for field in table.fields
            if not table.append_only and wanted(table, field) and any(project.text(table.name)[field.name])
        ]
        table, column = chance.choice(columns)
        cells = project.text(table)[column]
        line = chance.choice(cells.index[cells != ""].tolist())
        value = chance.choice(values).replace("{}", cells[line]).replace("{cut}", cells[line][:-1])
        return put(project, table, line, {column: value})

    return spoil


def ends(*endings: str) -> Callable[[Table, Field], object]:
    return lambda _, field: field.pattern and field.name.endswith(endings)


def prose(_: Table, field: Field) -> bool:
    return field.name in ("statement", "note", "summary", "meaning") and not (field.pattern or field.vocabulary)


def printed(row: Row) -> bool:
    fractions = row["block"].endswith("binary") and bool(FRACTION.search(row["reported"]))
    return row["value_basis"] == "printed" and (fractions or row["block"].endswith("continuous"))


def outcome(change: Callable[[Row, Random], Row], wanted: Callable[[Row], object]) -> Kind:
    """Some cells of an outcome become others; which of them is named as wrong is open."""

    def spoil(project: Project, chance: Random) -> Spoiled:
        rows = whole(project, "outcomes").rows
        line = chance.choice([line for line, row in rows.items() if wanted(row)])
        return *put(project, "outcomes", line, change(rows[line], chance))[:3], ""

    return spoil


def factor_ten(row: Row, chance: Random) -> Row:
    kinds = {"binary": ("events_arm1", "n_arm1"), "effect": ("effect", "ci_low", "ci_high")}
    columns = kinds.get(row["block"].removeprefix("single-arm "), ("mean_arm1", "sd_arm1"))
    column = chance.choice([column for column in columns if float(row[column])])
    whole_number = column.startswith(("events", "n_"))
    return {column: f"{int(row[column]) * 10}" if whole_number else f"{float(row[column]) * 10:g}"}


PAIRS = [(f"{what}_arm1", f"{what}_arm2") for what in ("events", "n", "mean", "sd", "printed_percent")]


def told_apart(row: Row) -> bool:
    """Whether the arms have events and people, and other ones, which the words of the source show."""
    basis = printed(row) or row["value_basis"] == "derived from percent"
    return basis and row["events_arm2"] != "" and row["printed_percent_arm1"] != row["printed_percent_arm2"]


def keyed(project: Project, chance: Random) -> tuple[str, pd.DataFrame]:
    tables = [table.name for table in project.schema.values() if not table.append_only]
    table = chance.choice([name for name in tables if len(project.text(name)) > 2])
    return table, project.text(table)


def row_doubled(project: Project, chance: Random) -> Spoiled:
    table, frame = keyed(project, chance)
    at = chance.randrange(len(frame))
    return written(project, table, pd.concat([frame[: at + 1], frame[at:]]), int(frame.index[at]) + 1)


def key_doubled(project: Project, chance: Random) -> Spoiled:
    table, frame = keyed(project, chance)
    first, second = sorted(chance.sample(frame.index.tolist(), 2))
    return put(project, table, second, frame.loc[first, list(project.schema[table].primary_key)].to_dict())


def needed_row_gone(project: Project, chance: Random) -> Spoiled:
    links = [(table, link) for table in project.schema.values() for link in table.foreign_keys]
    table, link = chance.choice([(one, link) for one, link in links if any(project.text(one.name)[link.column])])
    users, target = project.text(table.name)[link.column], project.text(link.target)
    line = chance.choice(users.index[users != ""].tolist())
    left = target[target[link.target_column] != users[line]]
    # A table that loses rows of its own to the same cut names another line than before.
    return (
        written(project, link.target, left, None)[0],
        f"data/{table.path}",
        None if table.name == link.target else line,
        "",
    )


def header(change: Callable[[pd.DataFrame, str, Random], pd.DataFrame]) -> Kind:
    def spoil(project: Project, chance: Random) -> Spoiled:
        table, frame = keyed(project, chance)
        return written(project, table, change(frame, chance.choice(list(frame)[:-1]), chance), 1)

    return spoil


def line(change: Callable[[str], str]) -> Kind:
    """One line of a table's file, changed as text."""

    def spoil(project: Project, chance: Random) -> Spoiled:
        table, frame = keyed(project, chance)
        at, file = chance.choice(frame.index.tolist()), project.file_of(table)
        lines = project.read(file).decode("utf-8").split("\n")
        lines[at - 1] = change(lines[at - 1])
        return project.with_files({file: "\n".join(lines).encode("utf-8")}), file, at, ""

    return spoil


def cut_short(project: Project, chance: Random) -> Spoiled:
    file = "data/studies.csv"
    content = project.read(file)
    end = chance.randint(300, len(content) - 2)
    end -= 3 * (b"\n" in content[end - 1 : end + 1])  # whole rows alone are missed by the table's history
    return project.with_files({file: content[:end]}), file, None, ""


def entry(pattern: str, *new: str, needs: str = "title", told: bool = True) -> Kind:
    """One entry of the bibliography that has a field, changed as text; its line is told where it can be."""

    def change(project: Project, chance: Random) -> Spoiled:
        text = project.read(BIB).decode("utf-8")
        entries = re.findall(r"^@.*?^\}\n", text, re.MULTILINE | re.DOTALL)
        chosen = chance.choice([one for one in entries if f"\n  {needs} = " in one])
        changed = re.sub(pattern, chance.choice(new), chosen, count=1)
        row = text[: text.index(chosen)].count("\n") + 1 if told else None
        return spoil.text(project, BIB, lambda held: held.replace(chosen, changed)), BIB, row, ""

    return change


KINDS: dict[str, Kind] = {
    "required cell emptied": anywhere(lambda _, f: f.required, ""),
    "wrong type": anywhere(lambda _, f: f.type != "string", "seventy", "1,200", "{} mg", "2021-02-30", "0x1F"),
    "decimal comma": anywhere(lambda _, f: f.type == "number", "0,5", "1.234,5"),
    "below the least": anywhere(lambda _, f: f.minimum is not None, "-1"),
    "percentage above 100": anywhere(lambda _, f: f.maximum == 100, "100.1", "750"),
    "term misspelt": anywhere(lambda _, f: f.vocabulary, "{}x", "{} {}", "{cut}"),
    "foreign key broken": anywhere(lambda t, f: f.name in [k.column for k in t.foreign_keys], "{}999"),
    "DOI malformed": anywhere(ends("doi"), "https://doi.org/{}", "doi:{}", "{} {}", "10.{}", "1{}"),
    "NCT malformed": anywhere(ends("trial_id"), "NCT0123456", "NCT 01234567", "NCTO1234567", "nct01234567"),
    "address malformed": anywhere(ends("url"), "www.example.org", "javascript:alert(1)", "{} {}", "ftp:{}"),
    "unicode dash in a DOI": anywhere(ends("doi"), "10.1000/a\u2013b"),
    "unicode dash in a date": anywhere(lambda _, f: f.type == "date", "2024\u201101\u201102"),
    "trailing blank": anywhere(lambda *_: True, "{} ", "{}\u00a0", "\t{}", "{}\n"),
    "NUL byte": anywhere(lambda _, f: f.type == "string", "{}\x00", "\x00{}"),
    "invisible character": anywhere(prose, "{}\u200b", "\u202e{}", "a\u00adb", "{}\x1b[31m", "\ufeff{}"),
    "formula": anywhere(prose, '=HYPERLINK("http://x.example")', "+1+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3"),
    "HTML": anywhere(prose, "{}<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a</td>b"),
    "over-long cell": anywhere(prose, "word " * 500 + "end", "x" * 100_000),
    "date in the future": anywhere(lambda _, f: f.type == "date", "2999-01-01"),
    "factor ten": outcome(factor_ten, lambda row: printed(row) or row["block"] == "effect"),
    "swapped arms": outcome(
        lambda row, _: {one: row[two] for a, b in PAIRS for one, two in ((a, b), (b, a))}, told_apart
    ),
    "SE given as SD": outcome(
        lambda row, _: {"sd_arm1": f"{float(row['sd_arm1']) / math.sqrt(int(row['n_arm1'])):.2f}"},
        lambda row: printed(row) and row["sd_arm1"] and row["n_arm1"],
    ),
    "row doubled": row_doubled,
    "identifier doubled": key_doubled,
    "row that others need deleted": needed_row_gone,
    "column dropped": header(lambda frame, column, _: frame.drop(columns=column)),
    "column renamed": header(lambda frame, name, chance: frame.rename(columns={name: name + chance.choice("s é")})),
    "column moved": header(lambda frame, column, _: frame[[*frame.columns.drop(column), column]]),
    "file cut short": cut_short,
    "quotation mark left open": line(lambda text: '"' + text.replace('"', "")),
    "comma lost": line(lambda text: text.replace(",", "", 1) if '"' not in text.partition(",")[0] else text + ",x"),
    "comma too many": line(lambda text: f"{text},"),
    "marks of a merge": line(lambda text: f"<<<<<<< HEAD\n{text}"),
    "brace lost": entry(r"\},?\n\}\n\Z", "\n}\n", told=False),
    "year malformed": entry(r"(year = \{)\d+", r"\1in press", r"\g<1>2999", r"\g<1>99", needs="year"),
    "key changed": entry(r"\A(@\w+\{)\w+", r"\1nobody_2020_nothing"),
}


@pytest.mark.parametrize("number", [0, *(pytest.param(more, marks=pytest.mark.long) for more in range(1, 8))])
@pytest.mark.parametrize("kind", KINDS)
def test_no_mutation_is_accepted(kind: str, number: int, project: Project) -> None:
    seed = f"{kind} {number} {date.today() if number else ''}"
    spoiled, file, row, column = KINDS[kind](project, Random(seed))  # noqa: S311
    problems = run(spoiled, QUICK)
    hits = [one for one in problems if one.file == file and row in (None, one.row) and column in ("", one.column)]
    assert hits, f"{file}, {row}, {column}: {[str(problem) for problem in problems[:5]]}"
    assert all(problem.file and problem.why and problem.remedy for problem in problems)
