"""Which pages a reader will find different, and why."""

import re
from collections import defaultdict
from collections.abc import Iterator

from review_tools.changes.model import Page, Pool, Table, Verdict
from review_tools.changes.sheets import REFERENCES, Sheets
from review_tools.check.chapters import FACT, cited_keys, occurrences
from review_tools.data import inline_values
from review_tools.data.project import Project

SHOWN = re.compile(r"\btables\.(\w+)\(|\b(?:from_|load)\(\s*[\"'](\w+)[\"']")
DRAWN = re.compile(r"\bcharts\.(\w+)\(")
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


def affected(
    old: Sheets,
    new: Sheets,
    tables: tuple[Table, ...],
    pools: tuple[Pool, ...],
    verdicts: tuple[Verdict, ...],
) -> tuple[Page, ...]:
    """Pages with their reasons, in the order chapters, studies, trials."""
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    studies, trials = _subjects(tables)
    touched = {table.name for table in tables}
    for file in dict.fromkeys((*new.chapters, *old.chapters)):
        for why in _chapter(file, old, new, studies, touched):
            reasons[file.removesuffix(".md")][why] = None
    for pool in pools:
        reasons[pool.page][f"the result of {pool.comparison_id} moves"] = None
    for verdict in verdicts:
        reasons[verdict.chapter.removesuffix(".md")][f"the verdict on {verdict.claim_id} changes"] = None
    for kind, subjects in (("studies", studies), ("trials", trials)):
        for name, changed in sorted(subjects.items()):
            reasons[f"{kind}/{name}"] |= dict.fromkeys(f"rows of {table}" for table in sorted(changed))
    return tuple(Page(page, tuple(why)) for page, why in reasons.items())


def _subjects(tables: tuple[Table, ...]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The studies and trials that changed rows are about, with the tables of those rows."""
    studies: dict[str, set[str]] = defaultdict(set)
    trials: dict[str, set[str]] = defaultdict(set)
    outcome_or_study = re.compile(r"-\d+$")
    for table in tables:
        for row in table.rows:
            values = [*row.key, *((cell.column, value) for cell in row.cells for value in (cell.before, cell.after))]
            for column, value in values:
                study = column in ("study_id", "basis_study_id") or (table.name == REFERENCES and column == "key")
                if value and study:
                    studies[value].add(table.name)
                elif value and column == "outcome_id":
                    studies[outcome_or_study.sub("", value)].add(table.name)
                elif value and column == "trial_id":
                    trials[value].add(table.name)
    return studies, trials


def _chapter(file: str, old: Sheets, new: Sheets, studies: dict[str, set[str]], touched: set[str]) -> Iterator[str]:
    was, now = old.chapters.get(file), new.chapters.get(file)
    if now is None or was is None:
        yield "this chapter is new" if was is None else "this chapter is gone"
        return
    if was != now:
        yield "its text changes"
    cited = sorted({key for key, _ in cited_keys(now)} & set(studies))
    if cited:
        yield f"cites {', '.join(cited)}"
    shown = {name for match in SHOWN.finditer(now) for name in match.groups() if name}
    shown |= {match[1] for match in DRAWN.finditer(now)}
    for table in sorted({BEHIND.get(name, name) for name in shown} & touched):
        yield f"shows {table}"
    for match, _ in occurrences(FACT, now):
        if match[2].split(" ")[0] not in touched:
            continue  # a fact looks at one table
        before, after = (_fact(side.project, match[1], match[2]) if side.project else "" for side in (old, new))
        if before != after:
            yield f"{match[1]} {match[2]}: {before} → {after}"


def _fact(project: Project, kind: str, question: str) -> str:
    try:
        return inline_values.answer(project, kind, question)
    except Exception:  # data that did not pass the check may fail anywhere; the check says where
        return "no answer"
