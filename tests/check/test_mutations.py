"""Spoiled rows and files of every kind that a check can know, anywhere: each is refused, with its place and remedy.

One of each kind by default; the long run draws seven more, others each day.
"""

import csv
import io
import math
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from review_tools.check import RULES
from review_tools.check.engine import run
from review_tools.check.quotations import FRACTION
from review_tools.data.problems import Problem
from review_tools.data.project import Project
from review_tools.data.tables import Field, Table
from review_tools.synthesis import claims

BIB = "references.bib"
# The two slowest kinds of rules: those about numbers in the prose have examples of their own.
HISTORY = ("study_gone", "past_line_changed")
QUICK = [rule for rule in RULES.values() if rule.id not in (*HISTORY, "unanswered_role")]
SEARCH = "pubmed-1125,pubmed,main,1,2026-11-23,2026-11-18,2026-11-23,1,1,0,0,complete,\n"
FOUND = "pubmed-1,pubmed-1125,pubmed,1,report,,,,A title,2026,It names both,1,,2026-11-23\n"
Row = dict[str, str]


@dataclass(frozen=True)
class Place:
    """Where the problem must be said to be. No row: what is wrong is that a row, or the file, is not there."""

    file: str
    row: int | None = None
    column: str = ""


class Draw:
    """A sound project, and the files that one draw spoils in memory."""

    def __init__(self, sound: Project) -> None:
        self.sound, self.tables = sound, sound.schema
        self.held = {name: sound.text(name).to_dict("records") for name in self.tables}
        self.begin(0)

    def begin(self, seed: object) -> None:
        self.chance, self.contents = random.Random(str(seed)), {}  # noqa: S311

    def problems(self, *, history: bool) -> list[Problem]:
        spoiled = self.sound.with_files(self.contents)
        return [*run(spoiled, QUICK), *run(spoiled, map(RULES.__getitem__, HISTORY if history else ()))]

    def one(self, choices: Any) -> Any:
        return self.chance.choice(list(choices))

    def rows(self, table: str) -> list[Row]:
        return [dict(row) for row in self.held[table]]

    def write(self, table: str, header: list[str], rows: list[list[str]]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        self.contents[f"data/{table}.csv"] = text.getvalue().encode("utf-8")
        return f"data/{table}.csv"

    def cells(self, wanted: Callable[[Table, Field], object]) -> list[tuple[str, int, str, str]]:
        """Filled cells of the columns wanted: table, place among the rows, column, value."""
        columns = [
            (t.name, f.name)
            for t in self.tables.values()
            for f in t.fields
            if not t.append_only and wanted(t, f) and any(row[f.name] for row in self.held[t.name])
        ]
        table, column = self.one(columns)
        return [(table, at, column, row[column]) for at, row in enumerate(self.held[table]) if row[column]]

    def read(self, file: str) -> str:
        return self.sound.read(file).decode("utf-8")

    def set(self, table: str, at: int, cells: Row, shown: str = "") -> Place:
        rows = self.rows(table)
        rows[at] |= cells
        file = self.write(table, list(rows[0]), [list(row.values()) for row in rows])
        return Place(file, at + 2, shown or next(iter(cells)))

    def spoil(self, wanted: Callable[[Table, Field], object], *values: str) -> Place:
        """One cell of the columns wanted gets one of the values; ``{}`` stands for what it held."""
        table, at, column, held = self.one(self.cells(wanted))
        return self.set(table, at, {column: self.one(values).replace("{}", held).replace("{cut}", held[:-1])})

    def outcome(self, wanted: Callable[[Row], object]) -> tuple[int, Row]:
        found: tuple[int, Row] = self.one([(at, row) for at, row in enumerate(self.rows("outcomes")) if wanted(row)])
        return found

    def text(self, file: str, change: Callable[[str], str], row: int | None = None) -> Place:
        before = self.read(file)
        after = change(before)
        assert after != before
        self.contents[file] = after.encode("utf-8")
        return Place(file, row)

    def entry(self, *needs: str) -> tuple[str, int]:
        """An entry of the bibliography that has all these fields, and its line."""
        text = self.read(BIB)
        entries = re.findall(r"^@.*?^\}\n", text, re.MULTILINE | re.DOTALL)
        chosen: str = self.one(entry for entry in entries if all(f"\n  {need} = " in entry for need in needs))
        return chosen, text[: text.index(chosen)].count("\n") + 1

    def in_entry(self, pattern: str, new: str, *needs: str, count: int = 1) -> Place:
        entry, line = self.entry(*needs)
        return self.text(BIB, lambda text: text.replace(entry, re.sub(pattern, new, entry, count=count)), line)


def prose(_: Table, f: Field) -> bool:
    return (
        f.type == "string" and not (f.pattern or f.vocabulary) and f.name in ("statement", "note", "summary", "meaning")
    )


def printed(row: Row) -> bool:
    return row["value_basis"] == "printed" and (
        row["block"] in ("continuous", "single-arm continuous")
        or (row["block"].endswith("binary") and bool(FRACTION.search(row["reported"])))
    )


def factor_ten(p: Draw) -> Place:
    at, row = p.outcome(lambda row: printed(row) or row["block"] == "effect")
    kinds = {"binary": ("events_arm1", "n_arm1"), "effect": ("effect", "ci_low", "ci_high")}
    columns = kinds.get(row["block"].removeprefix("single-arm "), ("mean_arm1", "sd_arm1"))
    column = p.one(column for column in columns if float(row[column]))
    whole = column.startswith(("events", "n_"))
    value = f"{int(row[column]) * 10}" if whole else f"{float(row[column]) * 10:g}"
    return Place(p.set("outcomes", at, {column: value}).file, at + 2)


def swapped_arms(p: Draw) -> Place:
    pairs = [(f"{what}_arm1", f"{what}_arm2") for what in ("events", "n", "mean", "sd", "printed_percent")]
    at, row = p.outcome(
        lambda row: (
            (printed(row) or row["value_basis"] == "derived from percent")
            and all(any(row[one] for one in pair) for pair in pairs[:2])
            and len({(row[f"events_arm{arm}"], row[f"n_arm{arm}"], row[f"printed_percent_arm{arm}"]) for arm in (1, 2)})
            == 2
            and row["printed_percent_arm1"] != row["printed_percent_arm2"]
            and row["events_arm2"]
        )
    )
    return Place(p.set("outcomes", at, {a: row[b] for a, b in pairs} | {b: row[a] for a, b in pairs}).file, at + 2)


def se_as_sd(p: Draw) -> Place:
    at, row = p.outcome(lambda row: printed(row) and row["sd_arm1"] and row["n_arm1"])
    p.set("outcomes", at, {"sd_arm1": f"{float(row['sd_arm1']) / math.sqrt(int(row['n_arm1'])):.2f}"})
    return Place("data/outcomes.csv", at + 2)  # the words may hold that number, and lack the next one then


def estimate_outside(p: Draw) -> Place:
    table, column = p.one([("outcomes", "effect"), ("published_pools", "estimate")])
    rows = [(at, row) for at, row in enumerate(p.rows(table)) if row["ci_low"] and row["ci_low"] != row["ci_high"]]
    at, row = p.one(rows)
    return p.set(table, at, {column: f"{float(row['ci_high']) + 1:g}"})


def events_above_n(p: Draw) -> Place:
    at, row = p.outcome(lambda row: row["events_arm1"] and row["n_arm1"])
    return p.set("outcomes", at, {"events_arm1": f"{int(row['n_arm1']) + p.chance.randint(1, 9)}"})


def other_study(p: Draw) -> Place:
    at, row = p.outcome(lambda _: True)
    return p.set(
        "outcomes", at, {"study_id": p.one(sorted({s["study_id"] for s in p.rows("studies")} - {row["study_id"]}))}
    )


def ends_before_it_starts(p: Draw) -> Place:
    rows = [(at, row) for at, row in enumerate(p.rows("trials")) if row["start_date"] and row["completion_date"]]
    return p.set("trials", p.one(rows)[0], {"completion_date": "1999-01"})


def other_verdict(p: Draw) -> Place:
    at, row = p.one(enumerate(p.rows("claims")))
    others = {"holds", "does not hold", "cannot be tested yet"} - {row["expected"]}
    return Place(p.set("claims", at, {"expected": p.one(sorted(others))}).file, at + 2)


def keyed(p: Draw) -> tuple[str, list[Row]]:
    table = p.one(t.name for t in p.tables.values() if not t.append_only and len(p.rows(t.name)) > 2)
    return table, p.rows(table)


def row_doubled(p: Draw) -> Place:
    table, rows = keyed(p)
    lines = [list(row.values()) for row in rows]
    at = p.one(range(len(lines)))
    return Place(p.write(table, list(rows[0]), [*lines[: at + 1], *lines[at:]]), at + 3)


def id_doubled(p: Draw) -> Place:
    table, rows = keyed(p)
    first, second = sorted((p.one(range(len(rows) // 2)), p.one(range(len(rows) // 2, len(rows)))))
    return p.set(table, second, {column: rows[first][column] for column in p.tables[table].primary_key})


def needed_row_gone(p: Draw) -> Place:
    table, link = p.one(
        (t, k) for t in p.tables.values() for k in t.foreign_keys if any(r[k.column] for r in p.rows(t.name))
    )
    at, user = p.one((at, row) for at, row in enumerate(p.rows(table.name)) if row[link.column])
    rows = p.rows(link.target)
    left = [list(row.values()) for row in rows if row[link.target_column] != user[link.column]]
    p.write(link.target, list(rows[0]), left)
    # A table that loses rows of its own to the same cut names another line than before.
    return Place(f"data/{table.path}", at + 2 if table.name != link.target else None)


def study_gone(p: Draw) -> Place:
    rows = p.rows("studies")
    gone = p.one(range(len(rows)))
    return Place(p.write("studies", list(rows[0]), [list(r.values()) for at, r in enumerate(rows) if at != gone]))


def log_line_gone(p: Draw) -> Place:
    table = p.one(["searches", "candidates"])
    return Place(p.write(table, list(p.rows(table)[0]), []))


def header(change: Callable[[Draw, list[str], list[list[str]]], None]) -> Callable[[Draw], Place]:
    def spoil(p: Draw) -> Place:
        table, rows = keyed(p)
        names, lines = list(rows[0]), [list(row.values()) for row in rows]
        change(p, names, lines)
        return Place(p.write(table, names, lines), 1)

    return spoil


def drop(p: Draw, names: list[str], lines: list[list[str]]) -> None:
    at = p.one(range(len(names)))
    for cells in (names, *lines):
        del cells[at]


def move(p: Draw, names: list[str], lines: list[list[str]]) -> None:
    at = p.one(range(len(names) - 1))
    for cells in (names, *lines):
        cells.append(cells.pop(at))


def rename(p: Draw, names: list[str], lines: list[list[str]]) -> None:
    names[p.one(range(len(names)))] += p.one(["s", " ", "_2", "é"])


def line(change: Callable[[str], str]) -> Callable[[Draw], Place]:
    """One line of a table's file, changed as text."""

    def spoil(p: Draw) -> Place:
        table, rows = keyed(p)
        at = p.one(range(1, len(rows) + 1))
        name = f"data/{table}.csv"
        lines = p.read(name).splitlines()
        lines[at] = change(lines[at])
        return p.text(name, lambda _: "\n".join([*lines, ""]), at + 1)

    return spoil


def cut_short(p: Draw) -> Place:
    content = p.sound.read("data/studies.csv")
    p.contents["data/studies.csv"] = content[: p.chance.randint(300, len(content) - 2)]
    return Place("data/studies.csv")


def entry_gone(p: Draw) -> Place:
    entry, _ = p.entry()
    key = entry.partition("{")[2].partition(",")[0]
    p.text(BIB, lambda text: text.replace(entry, ""))
    return Place("data/studies.csv", next(at for at, r in enumerate(p.rows("studies"), 2) if r["study_id"] == key))


def brace_lost(p: Draw) -> Place:
    place = p.in_entry(r"\},?\n\}\n\Z", "\n}\n", "title")
    return Place(place.file)  # where a brace is missing cannot be told for sure


def ends(*endings: str) -> Callable[[Table, Field], object]:
    return lambda _, f: f.pattern and f.name.endswith(endings)


def dashed(_: Table, f: Field) -> object:
    return f.type == "date" or (f.pattern and f.name.endswith("doi"))


def binary(row: Row) -> bool:
    return row["block"] == "binary"


KINDS: dict[str, Callable[[Draw], Place]] = {
    "required cell emptied": lambda p: p.spoil(lambda _, f: f.required, ""),
    "wrong type": lambda p: p.spoil(lambda _, f: f.type != "string", "seventy", "1,200", "{} mg", "2021-02-30", "0x1F"),
    "decimal comma": lambda p: p.spoil(lambda _, f: f.type == "number", "0,5", "1.234,5"),
    "below the least": lambda p: p.spoil(lambda _, f: f.minimum is not None, "-1"),
    "percentage above 100": lambda p: p.spoil(lambda _, f: f.maximum == 100, "100.1", "750"),
    "term misspelt": lambda p: p.spoil(lambda _, f: f.vocabulary, "{}x", "{} {}", "{cut}"),
    "foreign key broken": lambda p: p.spoil(lambda t, f: f.name in [k.column for k in t.foreign_keys], "{}999"),
    "DOI malformed": lambda p: p.spoil(ends("doi"), "https://doi.org/{}", "doi:{}", "{} {}", "10.{}", "1{}"),
    "NCT malformed": lambda p: p.spoil(ends("trial_id"), "NCT0123456", "NCT 01234567", "NCTO1234567", "nct01234567"),
    "address malformed": lambda p: p.spoil(ends("url"), "www.example.org", "javascript:alert(1)", "{} {}", "ftp:{}"),
    "unicode dash": lambda p: p.spoil(dashed, "10.1000/a\u2013b", "2024\u201101\u201102"),
    "trailing blank": lambda p: p.spoil(lambda *_: True, "{} ", "{}\u00a0", "\t{}", "{}\n"),
    "NUL byte": lambda p: p.spoil(lambda _, f: f.type == "string", "{}\x00", "\x00{}"),
    "invisible character": lambda p: p.spoil(prose, "{}\u200b", "\u202e{}", "a\u00adb", "{}\x1b[31m", "\ufeff{}"),
    "formula": lambda p: p.spoil(prose, '=HYPERLINK("http://x.example")', "+1+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3"),
    "HTML": lambda p: p.spoil(prose, "{}<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a</td>b"),
    "over-long cell": lambda p: p.spoil(prose, "word " * 500 + "end", "x" * 100_000),
    "date in the future": lambda p: p.spoil(lambda _, f: f.type == "date", "2999-01-01"),
    "factor ten": factor_ten,
    "swapped arms": swapped_arms,
    "SE given as SD": se_as_sd,
    "estimate outside its interval": estimate_outside,
    "more events than people": events_above_n,
    "second block in a row": lambda p: p.set("outcomes", p.outcome(binary)[0], {"mean_arm1": "2"}),
    "another study's outcome": other_study,
    "trial ends before it starts": ends_before_it_starts,
    "verdict turned": other_verdict,
    "row doubled": row_doubled,
    "identifier doubled": id_doubled,
    "row that others need deleted": needed_row_gone,
    "study deleted": study_gone,
    "past line edited": lambda p: p.set(*p.one([("searches", 0, {"note": "x"}), ("candidates", 0, {"title": "y"})])),
    "past line deleted": log_line_gone,
    "column dropped": header(drop),
    "column renamed": header(rename),
    "column moved": header(move),
    "file cut short": cut_short,
    "quotation mark left open": line(lambda text: '"' + text.replace('"', "")),
    "comma lost": line(lambda text: text.replace(",", "", 1) if '"' not in text.partition(",")[0] else text + ",x"),
    "comma too many": line(lambda text: f"{text},"),
    "marks of a merge": line(lambda text: f"<<<<<<< HEAD\n{text}"),
    "entry deleted": entry_gone,
    "brace lost": brace_lost,
    "year malformed": lambda p: p.in_entry(r"(year = \{)\d+", p.one([r"\1in press", r"\g<1>2999", r"\g<1>99"]), "year"),
    "key changed": lambda p: p.in_entry(r"\A(@\w+\{)\w+", r"\1nobody_2020_nothing"),
}  # fmt: skip


@pytest.fixture(scope="module")
def draw(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """A committed copy, with a line in two logs."""
    folder = tmp_path_factory.mktemp("mutations")
    for name in ("data", "book"):
        shutil.copytree(root / name, folder / name)
    for name in (BIB, "CITATION.cff", "_config.yml"):
        shutil.copy(root / name, folder / name)
    for table, line in (("searches", SEARCH), ("candidates", FOUND)):
        with (folder / f"data/{table}.csv").open("a", encoding="utf-8") as rows:
            rows.write(line)
    identity = ("-c", "user.name=T", "-c", "user.email=t@e.org", "-c", "commit.gpgsign=false")
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    draw = Draw(Project(folder))
    assert draw.problems(history=True) == []
    return draw


@pytest.mark.parametrize("number", [0, *(pytest.param(more, marks=pytest.mark.long) for more in range(1, 8))])
@pytest.mark.parametrize("kind", KINDS)
def test_no_mutation_is_accepted(kind: str, number: int, draw: Draw) -> None:
    draw.begin((kind, number, date.today() if number else ""))
    place = KINDS[kind](draw)
    problems = draw.problems(history=kind in ("study deleted", "past line edited", "past line deleted"))
    if kind == "verdict turned":
        problems = claims.check(draw.sound.with_files(draw.contents))
    hits = [one for one in problems if one.file == place.file and place.row in (None, one.row)]
    if place.column:
        hits = [one for one in hits if one.column == place.column]
    assert hits, f"{place}: {[str(problem) for problem in problems[:5]]}"
    assert all(problem.file and problem.why and problem.remedy for problem in problems)
