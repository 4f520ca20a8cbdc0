"""Bibliography and studies describe the same works, each once, and every one of them is used."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import wraps
from itertools import combinations

from review_tools.check.chapters import cited_keys
from review_tools.check.duplicates import SHORT, alike, plain_title
from review_tools.check.engine import Sheet, file_rule, table_rule, whole
from review_tools.check.structure import ODD_TEXT, PROXY, RAW_ADDRESS, odd_form
from review_tools.data.bibliography import FILE, START, Reference, is_group, names_of, swallowed
from review_tools.data.problems import DataError, Problem, line_of, merge_marks
from review_tools.data.project import Project
from review_tools.data.retracted import NOTICE_IN_TITLE

FIELD_FORMS = {
    "doi": (re.compile(r"10\.\d{4,9}/\S*[^\s.,;]"), "write the DOI alone, as 10.1000/xyz, without a mark at its end"),
    "pmid": (re.compile(r"[1-9]\d*"), "write its digits only"),
    "year": (re.compile(r"(19|20)\d\d"), "write four digits, or leave it out"),
    "url": (re.compile(r"https?://\S+"), "write an address that starts with http:// or https://"),
}
FIELDS = (
    *("author", "editor", "title", "journal", "booktitle", "publisher", "year", "volume", "number", "pages", "doi"),
    *("pmid", "pmcid", "isbn", "url", "shorttitle", "note"),
)
KINDS = (
    *("article", "book", "inbook", "incollection", "inproceedings", "proceedings", "manual", "misc"),
    *("mastersthesis", "phdthesis", "techreport", "unpublished"),
)
COMMAND = re.compile(r"\\(?![&%#_$])[A-Za-z]*.?|(?<!\\)\$|(?<!\\)~")  # what we would print as it stands
BARE = re.compile(r"^[ \t]*(\w+)[ \t]*=[^\S\n]*((?:[^{}\"\n]*#[ \t]*)?[A-Za-z][^,#\n]*)", re.MULTILINE)
MACRO = re.compile(r"@string\s*[{(]\s*([\w-]+)", re.IGNORECASE)
SUFFIX = re.compile(r"(?:[JS]r\.?|I{2,3}|IV)", re.IGNORECASE)
INITIALS = re.compile(r"\S.* [A-Z]{1,3}")  # Doe JR: initials behind the surname, and no comma between them
NO_NAME = re.compile(r"[;&]|\bet al\b")
Wrong = tuple[str, str, str]
USERS = ("citations", "findings", "outcomes", "corrections")


def work_rule(function: Callable[[Project, Reference], Iterator[Wrong]]) -> None:
    """Register a rule about single entries: it yields the value at fault, why it is wrong and how to mend it."""

    @wraps(function)
    def find(project: Project) -> Iterator[Problem]:
        for work in project.readable_works[0].values():
            for value, why, remedy in function(project, work):
                yield Problem(FILE, why, remedy, work.line, "" if value == work.key else work.key, value)

    file_rule(FILE)(find)


@file_rule(FILE)
def unreadable_entry(project: Project) -> Iterator[Problem]:
    """Refuse an entry that cannot be read, or a key that stands twice."""
    yield from project.readable_works[1]


@file_rule(FILE)
def bibliography_form(project: Project) -> Iterator[Problem]:
    """Refuse a byte order mark, Windows line endings, or the marks that git leaves where two changes meet."""
    yield from merge_marks(FILE, _text(project))
    yield from odd_form(project, FILE)


@table_rule("studies")
def study_without_entry(studies: Sheet) -> Iterator[Problem]:
    """Refuse a study without an entry in references.bib."""
    without = ~studies["study_id"].isin(["", *studies.project.works])
    yield from studies.report(without, "study_id", f"no entry in {FILE}", f"add its entry to {FILE}")


@work_rule
def entry_without_study(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry without a row in data/studies.csv."""
    if work.key not in whole(project, "studies").lines["study_id"]:
        yield work.key, "no row in data/studies.csv", "add its row to data/studies.csv, or remove the entry"


@work_rule
def swallowed_field(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a field that holds the one after it, because the comma between them is missing."""
    for name, value in work.raw.items():
        if after := swallowed(value):
            yield name, f"{name} holds the field {after}", f"end {name} with a comma, before {after}"


@work_rule
def retraction_in_title(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a current study whose title announces its retraction or another notice."""
    if NOTICE_IN_TITLE.search(work["title"]):
        studies = whole(project, "studies")
        if "current" in [studies.rows[line]["status"] for line in studies.lines["study_id"].get(work.key, ())]:
            remedy = "set its status in data/studies.csv, with the notice in data/notices.csv"
            yield work["title"][:60], "the title announces a notice about the work, and its status is current", remedy


@table_rule("studies")
def status_without_notice(studies: Sheet) -> Iterator[Problem]:
    """Refuse the status of a retraction or another notice that neither a notice nor the title confirms."""
    works = studies.project.readable_works[0].values()
    silent = {work.key for work in works if not NOTICE_IN_TITLE.search(work["title"])}
    wrong = studies["study_id"].isin(silent.difference(studies.of("notices").lines["study_id"]))
    why, remedy = "neither a notice nor the title confirms this", "add the notice to data/notices.csv, or write current"
    yield from studies.report(wrong & ~studies["status"].isin(["current", ""]), "status", why, remedy)


@work_rule
def tex_command(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse commands of TeX, which our pages print as they stand."""
    for field, value in work.raw.items():
        if field not in ("doi", "url") and (found := COMMAND.search(value)):
            remedy = "write the letter itself (é, β), plain text, and a backslash only before & % # _ $"
            yield found[0], f"{field} holds a command of TeX", remedy


@work_rule
def names_in_one(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse names that BibTeX reads as one, or the wrong way round."""
    for field in ("author", "editor"):
        for name in names_of(work.raw.get(field, "")):
            parts = [part.strip() for part in name.split(",")]
            several = len(parts) > 2 and not SUFFIX.fullmatch(parts[1])
            turned = INITIALS.fullmatch(parts[0])
            if not is_group(name) and (several or turned or NO_NAME.search(name)):
                remedy = "write “Last, First and Last, First”, “others” for et al., and a group in braces"
                yield name[:60], f"{field} is not read as the names it holds", remedy


@file_rule(FILE)
def undefined_macro(project: Project) -> Iterator[Problem]:
    """Refuse a value that stands in no braces and is neither a number nor the name of a macro."""
    text = _text(project)
    for found in BARE.finditer(text):
        word = found[2].rpartition("#")[2].strip()
        if word not in MACRO.findall(text):
            row, why = line_of(text, found.start(2)), f"{found[1]} stands in no braces, as a macro would"
            yield Problem(FILE, why, "put the value in braces; no macro of that name is defined", row, "", word)


@work_rule
def nameless_entry(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry without authors that has no short title to be named by."""
    if not work.authors and not work["shorttitle"]:
        remedy = "add shorttitle: the name of the trial or product, its registry number, or a few words"
        yield work.key, "neither an author nor a short title", remedy


@work_rule
def copy_as_address(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse the address of a bare machine, a proxy or a place of copies as that of a work."""
    if RAW_ADDRESS.match(work["url"]) or PROXY.match(work["url"]):
        yield work["url"], "url is that of a copy, not of the work", "give its DOI, PubMed number or own page"


@file_rule(FILE)
def unused_entry(project: Project) -> Iterator[Problem]:
    """Refuse an entry that no chapter cites and no row uses."""
    used = {key for table in USERS for key in whole(project, table).lines["study_id"]}
    used |= {key for key, _, _ in cited_keys(project)}
    for key, work in project.readable_works[0].items():
        if key not in used:
            remedy = "cite it in a chapter, use it in data/, or remove it"
            yield Problem(FILE, "never cited and used by no row of data/", remedy, work.line, "", key)


@file_rule(FILE)
def unknown_kind(project: Project) -> Iterator[Problem]:
    """Refuse a kind of work that BibTeX does not know."""
    text = _text(project)
    for entry in START.finditer(text):
        if entry[1].lower() not in KINDS:
            row, remedy = line_of(text, entry.start(1)), f"write one of {', '.join(KINDS)}"
            yield Problem(FILE, "not a kind of work that BibTeX knows", remedy, row, "", entry[1])


@work_rule
def no_title(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry without a title."""
    if not work["title"]:
        yield work.key, "no title", "add the title"


@work_rule
def malformed_field(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a DOI, PubMed number, year or address of the wrong form."""
    for field, (right, remedy) in FIELD_FORMS.items():
        if work[field] and not right.fullmatch(work[field]) and not swallowed(work[field]):
            yield work[field], f"{field} is not of the right form", remedy


@work_rule
def future_year(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a work of a year after the next: issues appear ahead of their year."""
    if re.fullmatch(r"20\d\d", work["year"]) and int(work["year"]) > date.today().year + 1:
        yield work["year"], "a year in the future", "correct the year"


@work_rule
def unknown_field(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a field that no page shows, often a misspelt one."""
    for field in work.fields.keys() - FIELDS:
        yield field, f"no field “{field}” is known here", f"use {', '.join(FIELDS)}"


@work_rule
def odd_field(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a field with what no cell of a table may hold: invisible characters, HTML, a placeholder …"""
    for field, value in work.fields.items():
        for rule, (_refuses, pattern, why, remedy) in ODD_TEXT.items():
            wrong = pattern.search(" ".join(value.split()))
            if wrong and (rule, field) != ("overlong_text", "author"):  # a trial may name 150
                yield value, f"{field} {why}", remedy


@file_rule(FILE)
def work_twice(project: Project) -> Iterator[Problem]:
    """Refuse two entries with the same DOI, PubMed number, or title and year."""
    first: dict[tuple[str, str], Reference] = {}
    for work in project.readable_works[0].values():
        named = _title(work)
        title = f"{named} {work['year']}" if named and work["year"] else ""  # the title alone says too little
        said = {"DOI": work["doi"].lower(), "title and year": title, "PMID": work["pmid"]}
        others = {what: first.setdefault((what, value), work) for what, value in said.items() if value}
        for what in [what for what, other in others.items() if other is not work][:1]:
            why = f"the same {what} as {others[what].key} (line {others[what].line})"
            yield Problem(FILE, why, "keep one entry and one study", work.line, "", work.key)


@file_rule(FILE)
def title_twice(project: Project) -> Iterator[Problem]:
    """Refuse nearly one title of the same authors twice, as of a preprint and its article."""
    trials = {key: row["trial_id"] for key, row in whole(project, "studies").by("study_id").items()}
    works = [(title, one) for one in project.readable_works[0].values() if len(title := _title(one)) >= SHORT]
    for (title, first), (other, work) in combinations(works, 2):
        if not alike(title, other):
            continue
        one, two = ({name.split(",")[0].casefold() for name in names.authors} for names in (first, work))
        told = title == other and first["year"] == work["year"]  # by the rule above
        told |= first.key in work["note"] or work.key in first["note"] or bool(first["pmid"] and work["pmid"])
        told |= bool(trials.get(work.key)) and trials[work.key] == trials.get(first.key)  # counted once
        if (one & two or not one or not two) and not told:
            why = f"nearly the title of {first.key} (line {first.line}): a preprint and its article are one study"
            remedy = "keep one entry, or give both one trial_id; if they are two works, give both their PubMed number, "
            remedy += f"or note = {{another work than {first.key}}}"
            yield Problem(FILE, why, remedy, work.line, "", work.key)


def _title(work: Reference) -> str:
    """Return a title as it compares; none of one in square brackets, which is our description."""
    return "" if work["title"].startswith("[") else plain_title(work["title"])


def _text(project: Project) -> str:
    if not project.has(FILE):
        raise DataError  # reported as a file that is missing
    return project.read(FILE).decode("utf-8", errors="replace")
