"""Citations and data roles in the chapters lead somewhere."""

import re
from collections.abc import Iterator
from functools import cache
from posixpath import dirname, join, normpath, relpath

from review_tools.check.comparability import ARMS
from review_tools.check.engine import Sheet, file_rule, table_rule, whole
from review_tools.data import inline_values
from review_tools.data.bibliography import FILE
from review_tools.data.problems import DataError, Problem, did_you_mean, line_of, merge_marks
from review_tools.data.project import Project, once

CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]*)`")
FACT = re.compile(rf"\{{({'|'.join(inline_values.KINDS)})\}}`([^`]*)`")
ROWS = {  # the table and key of what a role names
    "seed": ("citations", "seed_number"),
    "basis": ("findings", "finding_id"),
    "claim": ("claims", "claim_id"),
    **dict.fromkeys(("result", "certainty", "plainly"), ("comparisons", "comparison_id")),
}
ROW = re.compile(rf"\{{({'|'.join(ROWS)})\}}`([^`]*)`")
ROLES = (*ROWS, *inline_values.KINDS, "cite:p", "cite:t", "ref", "doc", "numref", "term", "math", "sub", "sup")
ROLE = re.compile(r"\{([a-z][\w:-]*)\}(`?)")
FOLD = re.compile(r"<(/?)details\b|^`{3,}\{dropdown\}", re.MULTILINE)
PAGE = re.compile(r"\]\(([^():#\s]+\.md)(?:#[^)]*)?\)")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
ROLE_OR_CODE = re.compile(r"(?P<role>\{[\w:]+\}`[^`]*`)|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
BOOK = "book"


@file_rule(BOOK)
def unreadable_chapter(project: Project) -> Iterator[Problem]:
    """Refuse a chapter that is not UTF-8."""
    for file in project.files(BOOK, ".md"):
        if file not in chapters(project):
            yield Problem(file, "not UTF-8 text", "save the file as UTF-8")


@file_rule(BOOK)
def merge_mark(project: Project) -> Iterator[Problem]:
    """Refuse the marks that git leaves where two changes meet."""
    for file, text in chapters(project).items():
        yield from merge_marks(file, text)


@file_rule(BOOK)
def unknown_citation(project: Project) -> Iterator[Problem]:
    """Refuse a citation that references.bib has no entry for."""
    for key, file, line in cited_keys(project):
        if key not in project.works:
            remedy = f"{did_you_mean(key, project.works)}correct the key, or add its entry to {FILE}"
            yield Problem(file, f"cites a key that {FILE} does not have", remedy, line, "", key)


@file_rule(BOOK)
def unknown_row(project: Project) -> Iterator[Problem]:
    """Refuse a role that names a row its table does not have."""
    for match, file, line in occurrences(project, ROW):
        table, column = ROWS[match[1]]
        names = whole(project, table).lines[column]
        if match[2].strip() not in names:
            remedy = f"{did_you_mean(match[2], names)}name a {column} of data/{table}.csv"
            yield Problem(file, f"no such {column}", remedy, line, "", match[0])


@file_rule(BOOK)
def unanswered_role(project: Project) -> Iterator[Problem]:
    """Refuse a number in the prose that the data do not answer."""
    for match, file, line in occurrences(project, FACT):
        try:
            inline_values.answer(project, match[1], match[2])
        except DataError:
            continue  # the table itself is reported already
        except inline_values.UnknownFactError as error:
            yield Problem(file, str(error), "correct the role, or add the row", line, "", match[0])


@file_rule(BOOK)
def unknown_role(project: Project) -> Iterator[Problem]:
    """Refuse a role that no page knows, or one apart from its words: the page would print it as it stands."""
    for match, file, line in occurrences(project, ROLE):
        if match[2] and match[1] not in ROLES:
            remedy = f"{did_you_mean(match[1], ROLES)}use one of {', '.join(ROLES)}"
            yield Problem(file, "no page knows this role", remedy, line, "", match[0])
        elif not match[2] and match[1] in ROLES:
            remedy = "write them behind it, without a blank"
            yield Problem(file, "a role without its words", remedy, line, "", match[0])


@file_rule(BOOK)
def open_fold(project: Project) -> Iterator[Problem]:
    """Refuse a fold or a block of code that does not end, and a fold of another form."""
    for file, text in chapters(project).items():
        rest, folds = FENCE.sub(_blank, text), []
        for match in FOLD.finditer(text):
            line = line_of(text, match.start())
            if match[1] is None:
                why, remedy = "a fold of another form", 'write <details class="behind"> with its <summary>'
                yield Problem(file, why, remedy, line, "", match[0])
            elif not match[1]:
                folds.append(line)
            elif folds:
                folds.pop()
        for line in folds:
            yield Problem(file, "a fold that does not end", "write </details> below it", line, "", "<details>")
        if unclosed := re.search(r"^(`{3,}|~{3,}).*", rest, re.MULTILINE):
            line, remedy = line_of(rest, unclosed.start()), f"close it with {unclosed[1]}"
            yield Problem(file, "a block that does not end", remedy, line, "", unclosed[0])


@file_rule(BOOK)
def link_to_no_page(project: Project) -> Iterator[Problem]:
    """Refuse a link to a page that is not there."""
    for match, file, line in occurrences(project, PAGE):
        page = normpath(join(dirname(file), match[1]))
        if not project.has(page):
            there = {relpath(other, dirname(file)): other for other in project.files(BOOK, ".md")}
            near = did_you_mean(relpath(page, dirname(file)), there) or did_you_mean(match[1], there)
            remedy = f"{near}write the path from this chapter, such as {relpath('book/trials.md', dirname(file))}"
            yield Problem(file, "leads to no page", remedy, line, "", match[1])


@table_rule("studies")
def trial_not_named(studies: Sheet) -> Iterator[Problem]:
    """Refuse a controlled study that no chapter names: to pass over what cannot be pooled favours one side."""
    outcomes = studies.of("outcomes")
    out = studies["study_id"].isin(outcomes["study_id"][outcomes["design"].isin(ARMS)])
    out &= ~studies["study_id"].isin({key for key, _, _ in cited_keys(studies.project)})
    remedy = "cite it with its disease, in words where its numbers cannot be pooled"
    yield from studies.report(out, "study_id", "a controlled study that no chapter names", remedy)


@once
def chapters(project: Project) -> dict[str, str]:
    """Return the chapters by file, without those that are not UTF-8."""
    texts = {}
    for file in project.files(BOOK, ".md"):
        try:
            texts[file] = project.read(file).decode("utf-8")
        except UnicodeDecodeError:
            continue
    return texts


def cited_keys(project: Project) -> Iterator[tuple[str, str, int]]:
    """Yield each key that a chapter cites, with its file and line."""
    for match, file, line in occurrences(project, CITE):
        yield from ((key.strip(), file, line) for key in match[1].split(","))


def occurrences(project: Project, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], str, int]]:
    """Yield each match of a pattern in the prose of the chapters, with its file and line."""
    for file, text in chapters(project).items():
        plain = prose(text)
        for match in pattern.finditer(plain):
            yield match, file, line_of(plain, match.start())


@cache
def prose(chapter: str) -> str:
    """Return a chapter with its code blanked, line numbers kept: an example in code is not a citation."""
    return ROLE_OR_CODE.sub(lambda part: part["role"] or _blank(part), FENCE.sub(_blank, chapter))


def _blank(code: re.Match[str]) -> str:
    return "\n" * code[0].count("\n")
