"""`review check`: one cause, one message; and `--fix`: what has one right form is mended, all of it or nothing.

What `--fix` mends is said once, and what a wrong cell entails is not said.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from review_tools.check.engine import RULES, run
from review_tools.check.repair import RESTORED, SORTED, Ask, Fix, Repair, at_head, form, mended, tidy
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import Change, edit
from review_tools.data.problems import Problem, in_order, shorten, suggestion
from review_tools.data.project import Project
from review_tools.data.tables import Field, csv_bytes

ENTRY = re.compile(r"^@\w+\{.*?^\}\n", re.MULTILINE | re.DOTALL)
ENTRY_FIELD = re.compile(r"(?P<start>\s*(?P<name>\w+)\s*=\s*\{)(?P<value>.*)(?P<end>\},?\s*)")
FEW = 3  # problems of form that are reported one by one
MANY = 6  # kinds of mending that are named
Place = tuple[str, int, str]
Cells = dict[Place, Problem]


def check(project: Project) -> list[Problem]:
    """Return every problem in ``data/``, ``references.bib`` and the citations of ``book/``, all at once.

    The form of the tables comes first. Where it can be mended it is mended in memory, and the other rules look at the
    tables as they are meant: with the committed or the nearest word in place of a cell that is not a word at all.
    """
    shape, rest = ([rule for rule in RULES.values() if bool(rule.about) == about] for about in (False, True))
    problems = before = run(project, shape)
    repairs = mended(project, _suspects(project, {problem.file for problem in problems}))
    tables = {repair.table.name: repair.frame for repair in repairs if repair.fixes and not repair.problems}
    unread = {repair.file for repair in repairs if repair.problems}
    if tables or unread:
        project = project.with_tables(tables)
        problems = [problem for problem in run(project, shape) if problem.file not in unread]
    gone = set(before).difference(problems)
    told = [one for repair in repairs for one in _once(repair, [one for one in before if one in gone])]
    for repair in repairs:
        problems = _once_of_key(repair, problems)
    cells = {(one.file, one.row, one.column): one for one in problems if one.row and one.column}
    meaning, guessed = _as_meant(project, repairs, cells)
    odd = {one.value for at, one in cells.items() if at not in guessed and one.rule in ("unknown_term", "broken_link")}
    follow = [one for one in run(meaning, rest) if (one.file, one.row, one.column) not in cells]
    follow = [one for one in follow if not any(one.value == text or f"“{text}”" in one.why for text in odd)]
    return in_order([*told, *problems, *follow])


def fix(project: Project, ask: Ask = lambda *_: None) -> list[Fix]:
    """Mend the tables that can be read and the bibliography, all or nothing; return all that was done.

    ``ask`` is as in ``mended``.
    """
    with edit(project.root) as change:
        repairs = [one for one in mended(change.project, change.project.schema, ask) if one.fixes and not one.problems]
        for repair in repairs:
            change.write(repair.file, csv_bytes(repair.frame))
        return [*(one for repair in repairs for one in repair.fixes), *_bibliography(change)]


def _suspects(project: Project, files: set[str]) -> list[str]:
    """Return the tables among these files, and those that differ from the last commit."""
    held = {file: project.read(file) for file in map(project.file_of, project.schema) if project.has(file)}
    for (file, content), committed in zip(held.items(), at_head(project, list(held)), strict=True):
        if committed and content != committed:
            files.add(file)
    return [name for name in project.schema if project.file_of(name) in files]


def _once(repair: Repair, gone: list[Problem]) -> Iterator[Problem]:
    """Yield what is wrong with the form of a table that can be mended: one by one if it is little, else in one.

    ``gone`` are the problems that mending takes away.
    """
    if repair.problems:
        yield from (replace(problem, rule="unreadable_table") for problem in repair.problems)
        return
    gone = [one for one in gone if one.file == repair.file]
    places = {(one.row, one.column) for one in gone}
    shape = [one for one in repair.fixes if not one.column and one.what != SORTED]
    turned = [one for one in repair.fixes if (one.row, one.column) not in places and _tells_otherwise(one)]
    if not shape and not turned and len(gone) <= FEW:
        yield from gone
        return
    groups: dict[str, list[Fix]] = {}
    for one in repair.fixes:
        groups.setdefault(one.column or one.what, []).append(one)
    said = [_said(same[0], len(same)) for same in groups.values()]
    more = [f"and {len(said) - MANY} more"] if len(said) > MANY else []
    remedy = f"run `review check --fix`: {'; '.join([*said[:MANY], *more])}"
    why = "not as the table was written: a spreadsheet saved it in its own way"
    yield Problem(repair.file, why, remedy, rule="saved_by_spreadsheet")


def _once_of_key(repair: Repair, problems: list[Problem]) -> list[Problem]:
    """Return problems in which a changed key stands once, for all links that lead to it as it was."""
    key = repair.table.primary_key[0]
    for line, past in repair.past.items():
        new, old = str(repair.frame.loc[line, key]), past[key]
        led = [one for one in problems if one.rule == "broken_link" and one.value == old] if new != old else []
        led = [one for one in led if one.why.endswith(f"in {repair.file}")]
        if led:
            files = ", ".join(dict.fromkeys(one.file for one in led))
            why = f"was {old} when last committed; {len(led)} row{'s' * (len(led) > 1)} of {files} lead to that"
            remedy = f"write {old} again, or change these rows too"
            cause = Problem(repair.file, why, remedy, line, key, new, "broken_link")
            problems = [cause, *(one for one in problems if one not in led)]
    return problems


def _tells_otherwise(one: Fix) -> bool:
    """Say whether a cell that was restored said something else, not the same number with fewer noughts."""
    if one.what != RESTORED:
        return False
    try:
        return float(one.before) != float(one.after)
    except ValueError:
        return True


def _said(one: Fix, count: int) -> str:
    """Return what was mended, how often, and the first of it."""
    if not one.column:
        return one.what + (f" ({count} times)" if count > 1 else "")
    cells = f"{count} cells" if count > 1 else "a cell"
    return f"{cells} of {one.column}, {shorten(one.before, 30)!r} made {shorten(one.after, 30)!r}"


def _as_meant(project: Project, repairs: list[Repair], cells: Cells) -> tuple[Project, set[Place]]:
    """Return the project with what stood, or what is likely meant, in place of wrong cells, and which these are."""
    names = {project.file_of(name): name for name in project.schema}
    past = {repair.file: repair.past for repair in repairs}
    frames: dict[str, pd.DataFrame] = {}
    guessed = set()
    for (file, row, column), problem in cells.items():
        was = past.get(file, {}).get(row, {}).get(column, problem.value)
        near = suggestion(problem.remedy) if was == problem.value else was
        if file in names and near is not None:
            frame = frames.setdefault(names[file], project.text(names[file]))
            frame.loc[row, column] = near
            guessed.add((file, row, column))
    return (project.with_tables(frames) if frames else project), guessed


def _bibliography(change: Change) -> list[Fix]:
    """Mend ``references.bib`` where a field is one line, as all commands write it; what is laid out freely stays."""
    try:
        text = change.project.read(BIBLIOGRAPHY).decode("utf-8-sig").replace("\r\n", "\n")
    except (FileNotFoundError, UnicodeDecodeError):
        return []
    fixes, lines = form(change.project.read(BIBLIOGRAPHY), BIBLIOGRAPHY), text.split("\n")
    for at, line in enumerate(lines):
        if match := ENTRY_FIELD.fullmatch(line):
            after = tidy(match["value"], Field(match["name"], "string", ""))
            if after != match["value"]:
                fixes.append(Fix(BIBLIOGRAPHY, "field", at + 1, match["name"], match["value"], after))
                lines[at] = f"{match['start']}{after}{match['end']}"
    text, committed = "\n".join(lines), at_head(change.project, [BIBLIOGRAPHY])[0].decode("utf-8", "replace")
    if text != (ordered := _by_key(text)) and len(text) == len(ordered) and committed == _by_key(committed) != "":
        fixes.append(Fix(BIBLIOGRAPHY, SORTED))
        text = ordered
    if fixes:
        change.write(BIBLIOGRAPHY, text)
    return fixes


def _by_key(bibliography: str) -> str:
    """Return the entries alone, ordered by key; it is the same text where there is nothing but ordered entries."""
    return "\n".join(sorted(ENTRY.findall(bibliography), key=lambda entry: entry.partition("{")[2].partition(",")[0]))
