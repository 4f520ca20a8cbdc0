"""One study is one row: the same work must not stand twice under different names."""

import re
import unicodedata
from collections.abc import Iterator

from review_tools.check.engine import Evidence
from review_tools.data.bibliography import FILE, Reference
from review_tools.data.problems import Problem


def check(evidence: Evidence) -> Iterator[Problem]:
    """Duplicates by DOI, by registry number, and by normalised title and year."""
    for what, identity in (("DOI", _doi), ("title and year", _title_year), ("PMID", _pmid)):
        seen: dict[str, Reference] = {}
        for reference in evidence.references.values():
            value = identity(reference)
            if not value:
                continue
            if value in seen:
                first = seen[value]
                why = f"the same {what} as {first.key} (line {first.line})"
                yield Problem(FILE, why, "keep one entry and one study", row=reference.line, value=reference.key)
            else:
                seen[value] = reference
    yield from _registered_twice(evidence)


def _registered_twice(evidence: Evidence) -> Iterator[Problem]:
    trials = evidence.sheet("trials")
    number = trials["trial_id"].str.upper().str.replace(r"[\s-]", "", regex=True)
    for line in trials.index[(number != "") & number.duplicated() & ~trials["trial_id"].duplicated()]:
        first = number.index[number == number[line]][0]
        yield evidence.problem("trials", line, "trial_id", f"the same trial as row {first}", "keep one row")


def _doi(reference: Reference) -> str:
    return reference["doi"].lower()


def _pmid(reference: Reference) -> str:
    return reference["pmid"]


def _title_year(reference: Reference) -> str:
    """Letters and digits of the title, and the year; without a year the title alone says too little.

    A title in square brackets is our description of a work whose title was not seen, so it identifies nothing.
    """
    if reference["title"].startswith("["):
        return ""
    title = unicodedata.normalize("NFKD", reference["title"]).casefold()
    title = re.sub(r"[^a-z0-9]", "", title)
    return f"{title} {reference['year']}" if title and reference["year"] else ""
