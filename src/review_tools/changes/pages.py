"""Find the pages that a reader will find different, and why."""

import re
from collections import defaultdict
from collections.abc import Iterator

from review_tools.changes.model import REFERENCES, Changes, Table
from review_tools.check.chapters import FACT, cited_keys, found
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


def affected(before: Project, after: Project, changes: Changes) -> dict[str, tuple[str, ...]]:
    """Return pages with their reasons, in the order chapters, studies, trials; none where a side has no chapters."""
    files = [side.files("book", ".md") for side in (after, before)]
    if not all(files):
        return {}
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    studies, trials = _subjects(changes.tables)
    for file in dict.fromkeys((*files[0], *files[1])):
        was, now = (side.read(file).decode("utf-8", "replace") if side.has(file) else None for side in (before, after))
        for why in _chapter(was, now, studies, changes.tables, before, after):
            reasons[file.removesuffix(".md")][why] = None
    for pool in (turn.newest for turn in changes.pools):
        reasons[pool.page][f"the result of {pool.comparison_id} moves"] = None
    for claim in (turn.newest for turn in changes.verdicts):
        reasons[claim.chapter.removesuffix(".md")][f"the verdict on {claim.claim_id} changes"] = None
    for kind, subjects in (("studies", studies), ("trials", trials)):
        for name, changed in sorted(subjects.items()):
            reasons[f"{kind}/{name}"] |= dict.fromkeys([f"rows of {table}" for table in sorted(changed)])
    return {page: tuple(why) for page, why in reasons.items()}


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


def _chapter(
    was: str | None, now: str | None, studies: Subjects, tables: tuple[Table, ...], before: Project, after: Project
) -> Iterator[str]:
    if now is None or was is None:
        yield "this chapter is new" if was is None else "this chapter is gone"
        return
    if was != now:
        yield "its text changes"
    named = studies and re.search("|".join(map(re.escape, studies)), now)  # quicker than to read all roles
    if named and (cited := sorted({key for key, _ in cited_keys(now)} & set(studies))):
        yield f"cites {', '.join(cited)}"
    touched = {table.name: table for table in tables}
    shown = {name for names in SHOWN.findall(now) for name in names if name} if tables else set()
    for name in sorted({BEHIND.get(name, name) for name in shown} & set(touched)):
        yield f"shows {name}"
    if tables and re.search(rf"`(?:{'|'.join(touched)})\b", now):
        for match, _ in found(FACT, now):
            kind, question = match[1], match[2]
            table = touched.get(question.split(" ")[0])  # a fact looks at one table
            if table is None or not _asks_what_changes(kind, question, table, before, after):
                continue
            answers = [_answer(side, kind, question) for side in (before, after)]
            if answers[0] != answers[1]:
                yield f"{kind} {question}: {answers[0]} → {answers[1]}"


def _asks_what_changes(kind: str, question: str, table: Table, before: Project, after: Project) -> bool:
    """Whether a fact can have another answer: a count always, a cell when its row changes, or the table as a whole."""
    if kind == "count" or table.columns_added or table.columns_removed:
        return True
    if any(row.key[0][1] in question for row in table.rows):
        return True
    return not all(_typed(side, table.name) for side in (before, after))


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
