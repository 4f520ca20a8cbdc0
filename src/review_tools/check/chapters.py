"""Citations and data roles in the chapters lead somewhere."""

import re
from collections.abc import Iterator

from review_tools.check.engine import Evidence, each_of
from review_tools.data import inline_values
from review_tools.data.problems import DataError, Problem
from review_tools.data.suggestions import did_you_mean

CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]*)`")
SEED = re.compile(r"\{seed\}`([^`]*)`")
FACT = re.compile(r"\{(count|value|percent)\}`([^`]*)`")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)


ROLE_OR_CODE = re.compile(r"(?P<role>\{[\w:]+\}`[^`]*`)|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)


def prose(chapter: str) -> str:
    """A chapter with its code blanked, line numbers kept: an example in code is not a citation."""
    chapter = FENCE.sub(lambda block: "\n" * block.group().count("\n"), chapter)
    return ROLE_OR_CODE.sub(lambda part: part["role"] or "\n" * part.group().count("\n"), chapter)


def found(pattern: re.Pattern[str], chapter: str) -> Iterator[tuple[re.Match[str], int]]:
    text = prose(chapter)
    for match in pattern.finditer(text):
        yield match, text.count("\n", 0, match.start()) + 1


def cited_keys(chapter: str) -> Iterator[tuple[str, int]]:
    """Each key that a chapter cites, with its line."""
    for match, line in found(CITE, chapter):
        for key in match[1].split(","):
            yield key.strip(), line


def check(evidence: Evidence) -> Iterator[Problem]:
    """Keys without an entry, numbers the seed does not have, data roles without an answer."""
    yield from each_of(evidence, _cited, _seed_numbers, _facts)


def _cited(evidence: Evidence) -> Iterator[Problem]:
    works = evidence.works()
    for file, chapter in evidence.chapters.items():
        for key, line in cited_keys(chapter):
            if key not in works:
                remedy = f"{did_you_mean(key, works)}correct the key, or add its entry to references.bib"
                yield Problem(file, "cites a key that references.bib does not have", remedy, line, "", key)


def _seed_numbers(evidence: Evidence) -> Iterator[Problem]:
    numbers = set(evidence.sheet("citations")["seed_number"])
    for file, chapter in evidence.chapters.items():
        for match, line in found(SEED, chapter):
            if match[1].strip() not in numbers:
                yield Problem(
                    file, "not a number of the seed's list", "write one number from 1 to 121", line, "", match[1]
                )


def _facts(evidence: Evidence) -> Iterator[Problem]:
    for file, chapter in evidence.chapters.items():
        for match, line in found(FACT, chapter):
            try:
                inline_values.answer(evidence.project, match[1], match[2])
            except DataError:
                continue  # the table itself is reported already
            except inline_values.UnknownFactError as error:
                yield Problem(file, str(error), "correct the role, or add the row", line, "", match[0])
