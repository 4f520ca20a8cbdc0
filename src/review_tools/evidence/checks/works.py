"""Bibliography and studies describe the same works, and every one of them is used."""

import re
from collections.abc import Iterator

from review_tools.evidence.bibliography import FILE
from review_tools.evidence.checks.chapters import cited_keys
from review_tools.evidence.checks.evidence import Evidence
from review_tools.evidence.problems import Problem

DOI = re.compile(r"10\.\d{4,9}/\S+")
YEAR = re.compile(r"(19|20)\d\d")
PLAIN_URL = re.compile(r"https?://\S+")
USERS = ("citations", "findings", "outcomes", "corrections")


def check(evidence: Evidence) -> Iterator[Problem]:
    """Keys that stand on one side only, malformed fields, works that nothing uses."""
    studies = evidence.sheet("studies")
    known = set(studies["study_id"])
    for line, key in studies["study_id"].items():
        if key and key not in evidence.references:
            yield evidence.problem("studies", line, "study_id", f"no entry in {FILE}", f"add its entry to {FILE}")
    used = {key for table in USERS for key in evidence.sheet(table)["study_id"]}
    used |= {key for chapter in evidence.chapters.values() for key, _ in cited_keys(chapter)}
    for reference in evidence.references.values():
        row, key = reference.line, reference.key
        if key not in known:
            remedy = "add its row to data/studies.csv, or remove the entry"
            yield Problem(FILE, "no row in data/studies.csv", remedy, row=row, value=key)
        if key not in used:
            remedy = "cite it in a chapter, use it in data/, or remove it"
            yield Problem(FILE, "never cited and used by no row of data/", remedy, row=row, value=key)
        if not reference["title"]:
            yield Problem(FILE, "no title", "add the title", row=row, value=key)
        for field, form, remedy in (
            ("doi", DOI, "write the DOI alone, as 10.1000/xyz"),
            ("year", YEAR, "write four digits, or leave it out"),
            ("url", PLAIN_URL, "write an address that starts with http:// or https://"),
        ):
            if reference[field] and not form.fullmatch(reference[field]):
                yield Problem(FILE, f"{field} is not of the right form", remedy, row, key, reference[field])
