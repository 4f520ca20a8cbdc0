"""The same work under two records: by DOI, PubMed number, registry number, or nearly the same title and year."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz

from review_tools.data.bibliography import Reference

ALIKE = 93.0  # least similarity of two titles, in percent
SHORT = 25  # a shorter title (Editorial, Correction …) identifies nothing
DIGITS = re.compile(r"\d+")
TAKEN_BACK = re.compile(r"^(?:retracted(?: article)?|withdrawn) ")  # the same work, before its plain title
ABOUT = re.compile(r"(?:\w+ )?(?:correction|corrigendum|erratum|comment(?:ary)?|reply|response|letter)\b")  # another
EDGE = 16  # letters at the end of a title that bring two titles together for comparison


@dataclass(frozen=True, slots=True)
class Entry:
    """What identifies one record; unknown is empty. ``trial_id`` only for a registration: a trial has many reports."""

    key: str
    doi: str = ""
    pmid: str = ""
    trial_id: str = ""
    title: str = ""
    year: str = ""


class Index:
    """The records that are known, to find one again."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._numbers: dict[tuple[str, str], str] = {}
        self._titles: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry, key: str = "") -> None:
        """Add a record, under the key of the one that it repeats if it does."""
        for number in _numbers(entry):
            self._numbers.setdefault(number, key or entry.key)
        title = plain_title(entry.title)
        for block in _blocks(title):
            self._titles[block].append((title, entry.year, key or entry.key))

    def find(self, entry: Entry) -> str:
        """Return the key of the known record that is the same work; empty when there is none.

        Different DOIs do not speak against it: a preprint and its article are one study.
        """
        for number in _numbers(entry):
            if number in self._numbers:
                return self._numbers[number]
        title = plain_title(entry.title)
        for block in _blocks(title):
            for known, year, key in self._titles.get(block, ()):
                near = year.isdecimal() and entry.year.isdecimal() and abs(int(year) - int(entry.year)) <= 1
                near = near and bool(ABOUT.match(title)) == bool(ABOUT.match(known))
                if near and alike(title, known):
                    return key
        return ""


def index_of(works: Iterable[Reference]) -> Index:
    """Return the works of the review, to find one again."""
    return Index(Entry(one.key, one["doi"], one["pmid"], "", one["title"], one["year"]) for one in works)


def plain_title(title: str) -> str:
    """Return letters and digits in lower case, words apart by one space, without the mark of a retraction."""
    return TAKEN_BACK.sub("", " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", title).casefold())))


def alike(one: str, other: str) -> bool:
    """Say whether two plain titles are nearly one; those that differ in a number (part 1, part 2) are not."""
    return bool(fuzz.ratio(one, other, score_cutoff=ALIKE)) and DIGITS.findall(one) == DIGITS.findall(other)


def _numbers(entry: Entry) -> Iterator[tuple[str, str]]:
    for kind, number in (("doi", entry.doi.lower()), ("pmid", entry.pmid), ("trial", entry.trial_id.upper())):
        if number:
            yield kind, number


def _blocks(title: str) -> Iterator[str]:
    """Yield what brings two titles together for comparison: the end, and each two of the four longest words.

    Not the start: half the titles of this field start with the same words.
    """
    if len(title) >= SHORT:
        yield title[-EDGE:]
        longest = sorted(set(title.split()), key=lambda word: (-len(word), word))[:4]
        for pair in combinations(sorted(longest), 2):
            yield " ".join(pair)
