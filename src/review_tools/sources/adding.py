"""Adding a study, a trial, a finding or an outcome: one change to several files, or a reason why not."""

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date

from review_tools.check import check, eligibility
from review_tools.check.duplicate_results import repeated
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import Change
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project
from review_tools.data.retracted import STATUS, gravest
from review_tools.sources import entries
from review_tools.sources.clinicaltrials import PAGE
from review_tools.sources.duplicates import Entry, Index
from review_tools.sources.records import Record, TrialRecord

CHANGELOG = "CHANGELOG.md"
NAME = re.compile(r"[\w.,'’ -]{2,80}")
KINDS = {  # PubMed's publication types that settle what sort of work it is
    "Meta-Analysis": "meta-analysis",
    "Randomized Controlled Trial": "human trial",
    "Controlled Clinical Trial": "human trial",
    "Clinical Trial": "human trial",
    "Observational Study": "human observational",
    "Case Reports": "human observational",
    "Review": "review",
    "Systematic Review": "review",
}
UNUSED = "never cited and used by no row of data/"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something already stands."""

    file: str
    row: int
    key: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.key}"


class AlreadyThereError(Exception):
    """The work or trial is in the data; ``places`` say where. Nothing was changed."""

    def __init__(self, why: str, places: list[Place]) -> None:
        super().__init__(why)
        self.why, self.places = why, places


class NotFitError(Exception):
    """The rows would not pass the check; ``problems`` say what is missing or wrong. Nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def look_for_work(project: Project, change: Change, record: Record, *, distinct: bool = False) -> None:
    """Raises AlreadyThereError when a work is there: by DOI, PMID, or (unless ``distinct``) title and year."""
    works = project.works.values()
    known = Index(Entry(one.key, one["doi"], one["pmid"], "", one["title"], _year(one["year"])) for one in works)
    key, why = known.find(Entry("", record.doi, record.pmid)), "the same DOI or PubMed number"
    if not key and not distinct:
        key = known.find(Entry("", title=record.title, year=_year(record.year)))
        why = "nearly the same title, of about the same year (if it is another work, say --distinct)"
    if key:
        line = next(one.line for one in works if one.key == key)
        raise AlreadyThereError(why, [Place(BIBLIOGRAPHY, line, key), *_rows(change, "studies", "study_id", key)])


def look_for_trial(change: Change, trial_id: str) -> None:
    """Raises AlreadyThereError when a trial of that number is there."""
    if places := _rows(change, "trials", "trial_id", trial_id):
        raise AlreadyThereError("the same registry number", places)


def add_work(project: Project, change: Change, record: Record, given: dict[str, str], by: str = "") -> str:
    """Writes entry, row of ``studies`` and changelog line into the change; returns the new key."""
    key = entries.key(record, set(project.works))
    change.write(BIBLIOGRAPHY, entries.insert(change.read(BIBLIOGRAPHY), entries.entry(record, key), key))
    change.add_row("studies", study_row(change, record, key) | given)
    note(change, f"Study `{key}`", by)
    return key


def study_row(change: Change, record: Record, key: str = "") -> dict[str, str]:
    """What the record says about a study's row; empty what it does not say."""
    trials = set(change.table("trials")["trial_id"])
    kind = next((KINDS[one.split(",")[0]] for one in record.types if one.split(",")[0] in KINDS), "")
    return {
        "study_id": key,
        "kind": kind,
        "species": "human" if kind.startswith("human") else "",
        "trial_id": record.trial_id if record.trial_id in trials else "",
        "status": gravest(STATUS[one.term] for one in record.notices if one.term in STATUS),
        "source_url": _page(record),
        "source_where": f"record of {record.source}, seen {record.retrieved}",
        "added_in": next_version(change.read(CHANGELOG)),
    }


def add_trial(project: Project, change: Change, record: TrialRecord, given: dict[str, str], by: str = "") -> str:
    """Writes the row of ``trials`` and the changelog line into the change; returns the registry number."""
    row = trial_row(project, change, record) | given
    known = project.schema["trials"]
    terms = change.table("vocabulary")
    held = set(terms["kind"] + "\n" + terms["term"])
    for column, value in row.items():  # a country or phase that no trial had so far is a new term, not a mistake
        kind = known.field(column).vocabulary
        if kind in ("country", "phase") and value and column not in given and f"{kind}\n{value}" not in held:
            definition = {"country": "Country.", "phase": "Studies after approval."}[kind]
            label = value if kind == "country" else f"Phase {value}"
            change.add_row("vocabulary", {"kind": kind, "term": value, "label": label, "definition": definition})
    change.add_row("trials", row)
    note(change, f"Trial `{record.trial_id}`", by)
    return record.trial_id


def trial_row(project: Project, change: Change, record: TrialRecord) -> dict[str, str]:
    """What the registry says about a trial's row; grouping terms only where a condition is such a term itself."""
    columns = project.schema["trials"].columns
    terms = change.table("vocabulary")
    diseases = set(terms.loc[terms["kind"] == "disease", "term"])
    named = [one for one in record.registered_condition.split("; ") if one in diseases or one.lower() in diseases]
    row = {name: value for name, value in asdict(record).items() if name in columns}
    return row | {
        "label": record.title if len(record.title) <= 60 else f"{record.title[:59].rsplit(' ', 1)[0]}…",
        "disease": (named[0] if named[0] in diseases else named[0].lower()) if len(named) == 1 else "",
        "legibility": "not in the seed",
        "confidence": "verified",
        "source_url": f"{PAGE}{record.trial_id}",
        "source_where": f"registry record (API version 2), seen {record.retrieved}",
        "added_in": next_version(change.read(CHANGELOG)),
    }


def add_finding(change: Change, study: str, given: dict[str, str], mediators: list[tuple[str, str]], by: str) -> str:
    """Writes a row of ``findings`` and its mediators into the change; returns its identifier."""
    row: dict[str, str] = (
        about(change, study) | {"finding_id": _finding_id(change, study, given.get("seed_number", ""))} | given
    )
    change.add_row("findings", row)
    for term, role in mediators:
        change.add_row("finding_mediators", {"finding_id": row["finding_id"], "term": term, "role": role})
    note(change, f"Finding `{row['finding_id']}` of `{study}`", by)
    return row["finding_id"]


def add_outcome(change: Change, study: str, given: dict[str, str], flags: list[tuple[str, str]], by: str) -> str:
    """Writes a row of ``outcomes`` and its reasons for care into the change; returns its identifier.

    Raises:
        AlreadyThereError: the study has this result already.
    """
    outcomes = change.table("outcomes")
    taken = outcomes.loc[outcomes["study_id"] == study, "outcome_id"]
    identifier = f"{study}-{max([0, *(int(one.rpartition('-')[2]) for one in taken)]) + 1}"
    change.add_row("outcomes", about(change, study) | {"outcome_id": identifier} | given)
    for flag, why in flags:
        change.add_row("outcome_flags", {"outcome_id": identifier, "flag": flag, "note": why})
    now = change.table("outcomes")
    for lines in repeated(now, change.table("outcome_flags")):
        pair = [now["outcome_id"][line] for line in lines]
        if identifier in pair:
            [other] = set(pair) - {identifier}
            why = "the same arms, outcome, time and figures (if it is another result, say so in outcome, time or arms; "
            why += "if another record repeats the first, add --flag “same patients=…”)"
            held = outcomes.index[outcomes["outcome_id"] == other]
            raise AlreadyThereError(why, [Place("data/outcomes.csv", int(line), other) for line in held])
    note(change, f"Outcome `{identifier}`", by)
    return identifier


def fitting(change: Change, outcome_id: str) -> Iterator[str]:
    """The lines for ``comparison_outcomes`` of each question that a new outcome may answer, with the question."""
    outcomes, questions = change.table("outcomes"), change.table("comparisons")
    domains = eligibility.domain_of(change.table("comparison_outcomes"), questions, outcomes)
    outcome = outcomes[outcomes["outcome_id"] == outcome_id].iloc[0].to_dict()
    for question in questions.to_dict("records"):
        name = question["comparison_id"]
        if not any(eligibility.misfits(outcome, question, domains[name])):
            reason = "why it belongs here" if eligibility.needs_note(outcome, question) else ""
            yield f"{name},{outcome_id},{reason}    {question['question']} ({question['outcome']})"


def remaining(project: Project, change: Change, unfit: Iterable[Problem] = ()) -> list[Problem]:
    """What the check will say about the change that it does not say without it.

    Args:
        unfit: what is wrong besides, told together with it.

    Raises:
        NotFitError: something other than “no row uses the study yet”, which the next step mends.
    """
    after = check(change.after)
    if any(one.why != UNUSED for one in after):  # perhaps they were there before
        before = {(one.file, one.column, one.value, one.why) for one in check(project)}
        after = [one for one in after if (one.file, one.column, one.value, one.why) not in before]
    if wrong := [*unfit, *(one for one in after if one.why != UNUSED)]:
        raise NotFitError(wrong)
    return after


def next_version(changelog: str) -> str:
    """The version that the next change of data makes: one more than the newest in the changelog, fix 0.

    Raises:
        DataError: the changelog names no version.
    """
    found = re.search(r"^## \[?(\d+)\.(\d+)\.\d+\]?", changelog, re.MULTILINE)
    if found is None:
        raise DataError(f"{CHANGELOG}: names no version → write a heading such as “## [26.1.0] - 2026-11-23”.")
    return f"{found[1]}.{int(found[2]) + 1}.0"


def signed(by: str) -> str:
    """A contributor's name, fit for the changelog.

    Raises:
        DataError: not a plain name.
    """
    if by and not NAME.fullmatch(by):
        raise DataError(f"--by {by!r}: not a plain name → use letters, spaces, points, commas and hyphens.")
    return by


def note(change: Change, what: str, by: str) -> None:
    """A line at the end of “Added” under “Unreleased”; both headings are made where they are missing."""
    line = f"- {what} added{f' by {by}' if by else ''}, {date.today()}.\n"
    text = change.read(CHANGELOG)
    if "\n## [Unreleased]" not in text:
        first = re.search(r"^## ", text, re.MULTILINE)
        at = first.start() if first else len(text)
        text = f"{text[:at]}## [Unreleased]\n\n{text[at:]}"
    head, mark, rest = text.partition("## [Unreleased]\n")
    part, fence, later = re.match(r"(.*?)(\n(?=## )|\Z)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if "### Added\n" not in part:
        part = f"\n### Added\n\n{part.lstrip()}" if part.strip() else "\n### Added\n\n"
    start, added, body = part.partition("### Added\n")
    own, heading, others = re.match(r"(.*?)(\n(?=### )|\Z)(.*)", body, re.DOTALL).groups()  # type: ignore[union-attr]
    own = f"{own.rstrip()}\n{line}" if own.strip() else f"\n{line}"
    change.write(CHANGELOG, f"{head}{mark}{start}{added}{own}{heading}{others}{fence}{later}")


def about(change: Change, study: str) -> dict[str, str]:
    """The cells that a new row shares with its study. Where a value stands in it, only its reader can say."""
    studies = change.table("studies")
    found = studies[studies["study_id"] == study]
    if found.empty:
        raise DataError(f"data/studies.csv: no study {study!r} → add it first: review add doi, or review add pmid.")
    version = next_version(change.read(CHANGELOG))
    return {"study_id": study, "source_url": found["source_url"].iloc[0], "added_in": version}


def _finding_id(change: Change, study: str, seed_number: str) -> str:
    findings = change.table("findings")
    if seed_number.isdecimal():
        stem = f"f{int(seed_number):03d}"
    else:
        own = findings.loc[(findings["study_id"] == study) & findings["finding_id"].str.startswith("fn"), "finding_id"]
        numbers = findings["finding_id"].str.extract(r"^fn(\d+)")[0].dropna()
        stem = own.iloc[0].rstrip(string.ascii_lowercase) if len(own) else f"fn{max([0, *map(int, numbers)]) + 1}"
    taken = set(findings["finding_id"])
    free = next((letter for letter in string.ascii_lowercase if f"{stem}{letter}" not in taken), "")
    if not free:
        raise DataError(
            f"data/findings.csv: all identifiers {stem}a to {stem}z are taken → name one with --set finding_id=…"
        )
    return f"{stem}{free}"


def _rows(change: Change, table: str, column: str, value: str) -> list[Place]:
    frame = change.table(table)
    return [Place(f"data/{table}.csv", int(line), value) for line in frame.index[frame[column] == value]]


def _page(record: Record) -> str:
    """The address a reader can follow to the work."""
    if record.doi:
        return f"https://doi.org/{record.doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{record.pmid}/" if record.pmid else record.url


def _year(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
