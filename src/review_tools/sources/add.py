"""Adding a study, a trial, a finding or an outcome: one change to several files, or a reason why not."""

import re
import string
import textwrap
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from review_tools.check import check, comparability
from review_tools.check.duplicates import Entry, index_of
from review_tools.check.engine import whole
from review_tools.check.repair import tidy
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import Change
from review_tools.data.problems import DataError, Problem, did_you_mean, same_word
from review_tools.data.retracted import NOTICE_IN_TITLE, STATUS, gravest
from review_tools.data.tables import SEPARATOR
from review_tools.sources import clinicaltrials, pubmed
from review_tools.sources.records import Record

CHANGELOG = "CHANGELOG.md"
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
NEW_TERMS = {"country": ("{}", "Country."), "phase": ("Phase {}", "Studies after approval.")}  # label, definition
# Rules about steps that come after a row: a work is used, a study extracted, compared and named in a chapter.
LATER = {"unused_entry", "extraction_not_whole", "study_not_compared", "trial_not_named"}
LATER |= {"status_without_notice", "title_twice"}  # the monthly search writes notices; what is one work a person knows
ENTRY_TYPES = {"article": "article", "chapter": "incollection", "book": "book"}
ENTRY_START = re.compile(r"^@\w+\{(?P<key>[^,\s]+),", re.MULTILINE)
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


class AlreadyThereError(DataError):
    """The work, trial or result is in the data, at these places."""

    def __init__(self, why: str, places: list[str]) -> None:
        super().__init__(f"Already there, {why}:", *(f"  {place}" for place in places))


def look_for_work(change: Change, record: Record, *, distinct: bool = False) -> None:
    """Raise AlreadyThereError when a work is there: by DOI, PMID, or (unless ``distinct``) title and year."""
    works = change.project.works
    known = index_of(works.values())
    key, why = known.find(Entry("", record.doi, record.pmid)), "the same DOI or PubMed number"
    if not key and not distinct:
        key = known.find(Entry("", title=record.title, year=record.year))
        why = "nearly the same title, of about the same year (if it is another work, say --distinct)"
    if key:
        places = [f"{BIBLIOGRAPHY}, row {works[key].line}: {key}", *_rows(change, "studies", "study_id", key)]
        raise AlreadyThereError(why, places)


def look_for_trial(change: Change, trial_id: str) -> None:
    """Raise AlreadyThereError when a trial of that number is there."""
    if places := _rows(change, "trials", "trial_id", trial_id):
        raise AlreadyThereError("the same registry number", places)


def add_work(change: Change, record: Record, given: dict[str, str], by: str = "") -> str:
    """Write entry, row of ``studies`` and changelog line into the change; return the new key."""
    key = write_entry(change, record)
    change.add_row("studies", study_row(change, record, key) | given)
    note(change, f"Study `{key}`", by)
    return key


def study_row(change: Change, record: Record, key: str = "") -> dict[str, str]:
    """Return what the record says about a study's row; empty what it does not say."""
    trials = set(change.table("trials")["trial_id"])
    kind = next((KINDS[name] for one in record.types if (name := one.split(",")[0]) in KINDS), "")
    # Where only the title says that something happened, somebody has to tell what.
    unclear = not record.notices and NOTICE_IN_TITLE.search(record.title)
    status = "" if unclear else gravest(STATUS[one.kind] for one in record.notices if one.kind in STATUS)
    page = f"https://doi.org/{record.doi}" if record.doi else ""
    return {
        "study_id": key,
        "kind": kind,
        "species": "human" if kind.startswith("human") else "",
        "trial_id": record.trial_id if record.trial_id in trials else "",
        "status": status,
        "source_url": page or (f"{pubmed.PAGE}{record.pmid}/" if record.pmid else record.url),
        "source_where": f"record in {record.source}, seen {record.retrieved}",
        "added_in": next_version(change),
    }


def add_trial(change: Change, record: Record, given: dict[str, str], by: str = "") -> str:
    """Write the row of ``trials`` and the changelog line into the change; return the registry number."""
    row = trial_row(change, record) | given
    terms = change.table("vocabulary")
    held = set(zip(terms["kind"], terms["term"], strict=True))
    for column, value in row.items():  # a country or phase that no trial had so far is a new term, not a mistake
        kind = change.project.schema["trials"].field(column).vocabulary
        if kind in NEW_TERMS and value and column not in given and (kind, value) not in held:
            label, definition = NEW_TERMS[kind]
            term = {"kind": kind, "term": value, "label": label.format(value), "definition": definition}
            change.add_row("vocabulary", term)
    change.add_row("trials", row)
    note(change, f"Trial `{record.trial_id}`", by)
    return record.trial_id


def trial_row(change: Change, record: Record) -> dict[str, str]:
    """Return what the registry says about a trial's row; a disease only where a condition is such a term itself."""
    terms = change.table("vocabulary")
    diseases = set(terms.loc[terms["kind"] == "disease", "term"])
    conditions = record.columns["registered_condition"].split("; ")
    named = [one for said in conditions for one in dict.fromkeys((said, said.lower())) if one in diseases]
    return {
        **record.columns,
        "trial_id": record.trial_id,
        "label": textwrap.shorten(record.title, 60, placeholder="…", break_on_hyphens=False),
        "disease": named[0] if len(named) == 1 else "",
        "legibility": "not in the seed",
        "confidence": "verified",
        "source_url": f"{clinicaltrials.PAGE}{record.trial_id}",
        "source_where": f"registry record (API version 2), seen {record.retrieved}",
        "added_in": next_version(change),
    }


def add_finding(change: Change, study: str, given: dict[str, str], more: list[tuple[str, str]], by: str = "") -> str:
    """Write a row of ``findings`` and its mediators (``more``) into the change; return its identifier."""
    row = about(change, study) | {"finding_id": _finding_id(change, study, given.get("seed_number", ""))} | given
    change.add_row("findings", row)
    for term, role in more:
        mediator = meant(change, "finding_mediators", {"term": term, "role": role})
        change.add_row("finding_mediators", {"finding_id": row["finding_id"]} | mediator)
    note(change, f"Finding `{row['finding_id']}` of `{study}`", by)
    return str(row["finding_id"])


def add_outcome(change: Change, study: str, given: dict[str, str], more: list[tuple[str, str]], by: str = "") -> str:
    """Write a row of ``outcomes`` and its reasons for care (``more``) into the change; return its identifier.

    Raises:
        AlreadyThereError: the study has this result already.
    """
    outcomes = change.table("outcomes")
    taken = outcomes.loc[outcomes["study_id"] == study, "outcome_id"]
    identifier = f"{study}-{max([0, *(int(one.rpartition('-')[2]) for one in taken)]) + 1}"
    change.add_row("outcomes", about(change, study) | {"outcome_id": identifier} | given)
    for flag, why in more:
        reason = meant(change, "outcome_flags", {"flag": flag, "note": why})
        change.add_row("outcome_flags", {"outcome_id": identifier} | reason)
    now = whole(change.after, "outcomes")
    for lines in comparability.repeated(now):
        pair = {now["outcome_id"][line] for line in lines}
        if identifier in pair:
            [other] = pair - {identifier}
            why = "the same arms, outcome, time and figures (if it is another result, say so in outcome, time or arms; "
            why += "if another record repeats the first, add --flag “same patients=…”)"
            raise AlreadyThereError(why, _rows(change, "outcomes", "outcome_id", other))
    note(change, f"Outcome `{identifier}`", by)
    return identifier


def meant(change: Change, table: str, cells: Mapping[str, str]) -> dict[str, str]:
    """Return cells of a table in their right form, with the terms of the vocabulary that their words mean.

    A word that means none stays, for the check to say so.
    """
    found = {}
    for column, said in cells.items():
        field = change.project.schema[table].field(column)
        words = words_of(change, field.vocabulary) if field.vocabulary else {}
        words |= {"true": "true", "false": "false"} if field.type == "boolean" else {}
        terms = [words.get(same_word(one, words), one) for one in tidy(said, field).split(SEPARATOR)]
        found[column] = SEPARATOR.join(terms)
    return found


def words_of(change: Change, kind: str) -> dict[str, str]:
    """Return the terms of a kind and their labels, and the term that each stands for."""
    some = change.table("vocabulary")
    some = some[some["kind"] == kind]
    return dict(zip([*some["label"], *some["term"]], [*some["term"]] * 2, strict=True))


def fitting(change: Change, outcome_id: str) -> Iterator[str]:
    """Yield each outcome set that a new outcome may answer, with its definition."""
    outcomes = change.table("outcomes")
    outcome = outcomes[outcomes["outcome_id"] == outcome_id].iloc[0].to_dict()
    for declared in change.table("outcome_sets").to_dict("records"):
        if not outcome["outcome_set"] and not comparability.misfits(outcome, declared):
            yield f"{declared['outcome_set']}    {declared['definition']}"


def remaining(change: Change, unfit: Iterable[Problem] = ()) -> list[Problem]:
    """Return what the check will say about the change that it does not say without it.

    Args:
        unfit: what is wrong besides, reported together with it.

    Raises:
        DataError: something other than what the next steps mend.
    """
    after = check(change.after)
    if any(one.rule not in LATER for one in after):  # perhaps they were there before
        before = {(one.file, one.column, one.value, one.why) for one in check(change.project)}
        after = [one for one in after if (one.file, one.column, one.value, one.why) not in before]
    if wrong := [*unfit, *(one for one in after if one.rule not in LATER)]:
        raise DataError(*wrong)
    return after


def next_version(change: Change) -> str:
    """Return the version that the next change of data makes. Raises DataError: the changelog names none so far."""
    found = re.search(r"^## \[?(\d+)\.(\d+)\.\d+\]?", change.read(CHANGELOG), re.MULTILINE)
    if found is None:
        raise DataError(f"{CHANGELOG}: names no version → write a heading such as “## [26.1.0] - 2026-11-23”.")
    return f"{found[1]}.{int(found[2]) + 1}.0"


def note(change: Change, what: str, by: str) -> None:
    """Add a line to “Added” under “Unreleased”; both headings are made where they are missing."""
    line, mark = f"- {what} added{f' by {by}' if by else ''}, {date.today()}.\n", "## [Unreleased]\n"
    text = change.read(CHANGELOG)
    if mark not in text:
        text = re.sub(r"(?m)^(?=## )", f"{mark}\n", text, count=1)
    if added := re.search(rf"{re.escape(mark)}(?:(?!## ).*\n)*?### Added\n\n", text):
        text = f"{text[: added.end()]}{line}{text[added.end() :]}"
    else:
        text = text.replace(mark, f"{mark}\n### Added\n\n{line}", 1)
    change.write(CHANGELOG, text)


def about(change: Change, study: str) -> dict[str, str]:
    """Return the cells that a new row shares with its study. Where a value stands in it, only its reader can say."""
    studies = change.table("studies")
    found = studies[studies["study_id"] == study]
    if found.empty:
        remedy = f"{guessed(change, study)}if it is new, add it first: review add doi, or review add pmid"
        raise DataError(f"data/studies.csv: no study {study!r} → {remedy}.")
    return {"study_id": study, "source_url": found["source_url"].iloc[0], "added_in": next_version(change)}


def guessed(change: Change, words: str) -> str:
    """Return “did you mean X? ” for the studies whose key, label or number has all these words, or nearly the key."""
    works = change.project.works
    asked = {_word(part) for part in re.split(r"[\s_,]+", words)} - {"", "et", "al", "and"}
    said = {key: _word(f"{key} {works[key].label} {works[key]['doi']} {works[key]['pmid']}") for key in works}
    alike = [key for key, text in said.items() if asked and all(word in text for word in asked)]
    if not 0 < len(alike) < 4:
        return did_you_mean(words, works)
    return f"did you mean {' or '.join(f'“{key}”' for key in alike)}? "


def write_entry(change: Change, record: Record) -> str:
    """Write a record into ``references.bib``, before the first entry whose key is greater; return its key."""
    text = change.read(BIBLIOGRAPHY)
    starts = {match["key"]: match.start() for match in ENTRY_START.finditer(text)}
    key = _key(record, starts)
    lines = [f"  {field} = {{{value}}},\n" for field, value in _fields(record).items() if value]
    entry = f"@{ENTRY_TYPES.get(record.kind, 'misc')}{{{key},\n{''.join(lines)}}}\n"
    at = next((start for other, start in starts.items() if other > key), None)
    text = f"{text.rstrip()}\n\n{entry}" if at is None else f"{text[:at]}{entry}\n{text[at:]}"
    change.write(BIBLIOGRAPHY, text)
    return key


def _key(record: Record, taken: Collection[str]) -> str:
    """Return ``surname_year_firstword``; a second word of the title, then a number, tell apart equal ones."""
    surname = _word(record.authors[0].split(",")[0]) if record.authors else ""
    title = NOTICE_IN_TITLE.sub("", record.title)
    words = [word for word in map(_word, title.split()) if word and word not in ("a", "an", "the")]
    first, *more = words or ["untitled"]
    stem = f"{surname or 'unnamed'}_{record.year or 'nd'}_{first}"
    candidates = [stem, *(f"{stem}_{word}" for word in more[:1]), *(f"{stem}_{n}" for n in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def _fields(record: Record) -> dict[str, str]:
    """Return the fields of a BibTeX entry in their order; braces keep the name of a group one name."""
    people = [one == "others" or ("," in one and not one.startswith("{")) for one in record.authors]
    names = [_tex(one) if person else f"{{{_tex(one)}}}" for one, person in zip(record.authors, people, strict=True)]
    words = record.trial_id or " ".join(record.title.split()[:3])
    fields = {
        "title": record.title,
        # What a work without authors is called by; a person may find better words.
        "shorttitle": "" if record.authors else ", ".join(filter(None, (words, record.journal))),
        "booktitle" if record.kind == "chapter" else "journal": record.journal,
        **{name: getattr(record, name) for name in ("year", "volume", "number", "pages", "doi", "pmid", "pmcid")},
    }
    if record.url.startswith("http") and not (record.doi or record.pmid):
        fields["url"] = record.url.replace("~", "%7E")
    shown = {name: _tex(text) for name, text in fields.items()}
    return {"author": " and ".join(names), **shown, "pages": shown["pages"].replace("-", "--")}


def _tex(text: str) -> str:
    """Return text as a BibTeX value: what TeX would act on is escaped, or left out where we read no escape for it."""
    return re.sub(r"([&%#_$])", r"\\\1", re.sub(r"[\\{}]", "", text).replace("~", "∼"))


def _word(text: str) -> str:
    """Return letters and digits without accents, in lower case; Greek letters by name would be a guess, so they go."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return re.sub(r"[^a-z0-9]", "", plain)


def _finding_id(change: Change, study: str, seed_number: str) -> str:
    """Return a number of the 2024 review or one of the study's own, and the first letter that is free."""
    findings = change.table("findings").set_index("finding_id")["study_id"]
    numbers = {int(found[1]): held for one, held in findings.items() if (found := re.match(r"fn(\d+)", str(one)))}
    own = next((number for number, held in numbers.items() if held == study), max([0, *numbers]) + 1)
    stem = f"f{int(seed_number):03d}" if seed_number.isdecimal() else f"fn{own}"
    free = next((letter for letter in string.ascii_lowercase if f"{stem}{letter}" not in findings.index), "")
    if not free:
        remedy = "name one with --set finding_id=…"
        raise DataError(f"data/findings.csv: all identifiers {stem}a to {stem}z are taken → {remedy}")
    return f"{stem}{free}"


def _rows(change: Change, table: str, column: str, value: str) -> list[str]:
    """Return where a value stands on disk, as a person looks for it."""
    frame = change.project.text(table)
    return [f"data/{table}.csv, row {line}: {value}" for line in frame.index[frame[column] == value]]
