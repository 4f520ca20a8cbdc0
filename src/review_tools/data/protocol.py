"""The protocol of the review, ``data/review.yml``: read and checked in one place."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from review_tools.data.problems import DataError, Problem

FILE = "data/review.yml"
STATUSES = ("living", "paused", "retired")
SOURCES = {
    "clinicaltrials": ("query.intr", "query.cond"),
    "pubmed": ("term",),
    "europepmc": ("query",),
    "crossref": ("query.title",),
}
TEXTS = (
    "title",
    "version",
    "schedule",
    "retirement",
    "preceding.version",
    *(f"seed.{part}" for part in ("version", "study_id", "doi")),
    *(f"eligibility.{part}" for part in ("population", "intervention", "comparator", "outcomes", "designs")),
)
LISTS = {
    "eligibility.examples": ("study_id", "decision", "why"),
    "authors": ("name", "role"),
}
BOUNDS = ("hits_of_a_search", "candidates_of_a_run", "changes_of_a_run", "rows_of_a_change")


def validated(read: dict[str, Any]) -> dict[str, Any]:
    """Return the protocol as it was read, if it is complete and of the right form.

    Raises:
        DataError: something is missing or wrong; it holds every problem, each with its key and remedy.
    """
    if problems := list(_problems(read)):
        raise DataError(*problems)
    return read


def _problems(read: dict[str, Any]) -> Iterator[Problem]:
    for key in TEXTS:
        value = _at(read, key)
        if not isinstance(value, str) or not value.strip():
            yield _wrong(key, "missing or not text", "write it as text")
    if read.get("status") not in STATUSES:
        yield _wrong("status", f"{read.get('status')!r} is no status", f"write {', '.join(STATUSES)}")
    questions = read.get("questions")
    if not isinstance(questions, list) or not questions or not all(isinstance(one, str) for one in questions):
        yield _wrong("questions", "no list of questions", "write at least one")
    for key, parts in LISTS.items():
        listed = _at(read, key)
        if not isinstance(listed, list) or not listed:
            yield _wrong(key, "no list", f"write at least one entry with {', '.join(parts)}")
            continue
        for number, entry in enumerate(listed, 1):
            for part in parts:
                if not isinstance(entry, dict) or not isinstance(entry.get(part), str):
                    yield _wrong(f"{key}, entry {number}", f"lacks {part}", f"write {part} as text")
    examples = _at(read, "eligibility.examples")
    decisions = {entry.get("decision") for entry in examples if isinstance(entry, dict)} if examples else set()
    if decisions != {"include", "exclude"}:
        yield _wrong("eligibility.examples", "needs worked examples in and out", "decide include or exclude in each")
    for bound in BOUNDS:
        if not _whole(_at(read, f"bounds.{bound}")):
            yield _wrong(f"bounds.{bound}", "not a whole number above 0", "write how many at most")
    yield from _strategies(read.get("strategies"))


def _strategies(strategies: object) -> Iterator[Problem]:
    if not isinstance(strategies, dict) or not strategies:
        yield _wrong("strategies", "no strategy", "write at least one, with a version and its sources")
        return
    for name, strategy in strategies.items():
        key = f"strategies.{name}"
        if not _whole(_at(strategy, "version")):
            yield _wrong(f"{key}.version", "not a whole number above 0", "count up from 1 at each change of a query")
        if not isinstance(_at(strategy, "first_day"), date):
            yield _wrong(f"{key}.first_day", "not a date", "write where the first search begins, as YYYY-MM-DD")
        groups = _at(strategy, "groups")
        if not isinstance(groups, dict) or not groups or not all(_words(words) for words in groups.values()):
            yield _wrong(f"{key}.groups", "not groups of words", "write at least one group, each a list of words")
        for source, needed in SOURCES.items():
            asked = _at(strategy, f"sources.{source}")
            if not _whole(_at(asked, "every_days")):
                yield _wrong(f"{key}.sources.{source}.every_days", "not a whole number above 0", "write 7 for weekly")
            for part in needed:
                # The services' own names of parameters hold a point, so they are no path.
                if not isinstance(asked, dict) or not isinstance(asked.get(part), str) or not asked[part].strip():
                    yield _wrong(f"{key}.sources.{source}.{part}", "missing or not text", "write the query")
            required = (_at(asked, "required_groups") or []) if isinstance(asked, dict) else []
            if not isinstance(required, list) or not set(required) <= set(groups if isinstance(groups, dict) else ()):
                why = "names a group that the strategy does not have"
                yield _wrong(f"{key}.sources.{source}.required_groups", why, "name groups of this strategy")


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) and word for word in value)


def _wrong(key: str, why: str, remedy: str) -> Problem:
    return Problem(FILE, why, remedy, column=key)
