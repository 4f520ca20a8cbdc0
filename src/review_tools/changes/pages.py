"""Find the pages that a reader will find different, and why."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from review_tools.changes.model import REFERENCES, Changes, Table
from review_tools.check.chapters import CITE, FACT
from review_tools.data import inline_values
from review_tools.data.project import Project

SHOWN = re.compile(r"\btables\.(\w+)\(|\b(?:from_|load)\(\s*[\"'](\w+)[\"']|\bcharts\.(\w+)\(")
# Tables behind what a chapter shows under another name. A table's own name needs no line here.
BEHIND = {
    "basis": "findings",
    "corrections_by_kind": "corrections",
    "directions": "findings",
    "disease_by_model": "findings",
    "effect_by_cell": "findings",
    "explorer": "findings",
    "gap_map": "outcomes",
    "gap_rows": "outcomes",
    "glossary": "vocabulary",
    "mechanism_map": "findings",
    "mediator_by_cell": "findings",
    "products": "findings",
    "response_rates": "outcomes",
    "trial_differences": "trials",
    "trial_timeline": "trials",
    "trials_by": "trials",
}
Subjects = dict[str, set[str]]  # study or trial → tables with changed rows about it


def affected(
    before: Project, after: Project, changes: Changes, differing: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return pages with their reasons, in the order chapters, studies, trials; none where a side has no chapters.

    Args:
        differing: the files that are not the same on both sides.
    """
    files = [side.files("book", ".md") for side in (after, before)]
    if not all(files):
        return {}
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    studies, trials = _subjects(changes.tables)
    asked = {table.name: _asks(table, before, after) for table in changes.tables}
    for file in dict.fromkeys((*files[0], *files[1])):
        page = reasons[file.removesuffix(".md")]
        if file not in files[0] or file not in files[1]:
            page["this chapter is new" if file in files[0] else "this chapter is gone"] = None
            continue
        if file in differing:
            page["its text changes"] = None
        if changes.tables:
            text = after.read(file).decode("utf-8", "replace")
            page |= dict.fromkeys(_shows(text, studies, asked, before, after))
    for pool in [turn.newest for turn in changes.pools]:
        reasons[pool.page][f"the result of {pool.comparison_id} moves"] = None
    for claim in [turn.newest for turn in changes.verdicts]:
        reasons[claim.chapter.removesuffix(".md")][f"the verdict on {claim.claim_id} changes"] = None
    for kind, subjects in (("studies", studies), ("trials", trials)):
        for name, tables in sorted(subjects.items()):
            reasons[f"{kind}/{name}"] |= dict.fromkeys([f"rows of {table}" for table in sorted(tables)])
    return {page: tuple(why) for page, why in reasons.items() if why}


def _subjects(tables: tuple[Table, ...]) -> tuple[Subjects, Subjects]:
    """Return the studies and trials that changed rows are about."""
    studies: Subjects = defaultdict(set)
    trials: Subjects = defaultdict(set)
    for table in tables:
        for row in table.rows:
            for column, value in (*row.key, *[(c.column, v) for c in row.cells for v in (c.before, c.after)]):
                study = column in ("study_id", "basis_study_id") or (table.name == REFERENCES and column == "key")
                if value and study:
                    studies[value].add(table.name)
                elif value and column == "outcome_id":
                    studies[re.sub(r"-\d+$", "", value)].add(table.name)
                elif value and column == "trial_id":
                    trials[value].add(table.name)
    return studies, trials


def _shows(
    text: str, studies: Subjects, touched: dict[str, re.Pattern[str]], before: Project, after: Project
) -> Iterator[str]:
    """What a chapter shows of rows that change: citations, tables and charts, facts in its sentences.

    ``touched`` says by table what asks for one of its rows that change.
    """
    if cited := sorted({key.strip() for keys in CITE.findall(text) for key in keys.split(",")} & studies.keys()):
        yield f"cites {', '.join(cited)}"
    shown = {name for names in SHOWN.findall(text) for name in names if name}
    for name in sorted({BEHIND.get(name, name) for name in shown} & touched.keys()):
        yield f"shows {name}"
    for kind, question in FACT.findall(text):
        name, _, rest = question.partition(" ")  # a fact looks at one table
        if name in touched and (kind == "count" or touched[name].search(rest)):
            answers = [_answer(side, kind, question) for side in (before, after)]
            if answers[0] != answers[1]:
                yield f"{kind} {question}: {answers[0]} → {answers[1]}"


def _asks(table: Table, before: Project, after: Project) -> re.Pattern[str]:
    """What asks for a cell that can differ: the row of one that changes; every cell, when the table does as a whole."""
    whole = (
        table.columns_added or table.columns_removed or not all(_typed(side, table.name) for side in (before, after))
    )
    return re.compile("" if whole else "|".join([re.escape(row.key[0][1]) for row in table.rows]))


def _typed(project: Project, table: str) -> bool:
    try:
        project.table(table)
    except Exception:  # data that did not pass the check may fail anywhere; the check says where
        return False
    return True


def _answer(project: Project, kind: str, question: str) -> str:
    try:
        return inline_values.answer(project, kind, question)
    except Exception:  # as above
        return "no answer"
