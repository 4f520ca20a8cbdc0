"""``references.bib``: read with bibtexparser, nothing dropped in silence."""

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import bibtexparser
from bibtexparser.middlewares import NormalizeFieldKeys
from bibtexparser.middlewares.names import split_multiple_persons_names
from bibtexparser.model import Block, DuplicateBlockKeyBlock, Entry, ImplicitComment, ParsingFailedBlock

from review_tools.data.problems import Problem, merge_marks

FILE = "references.bib"
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # we say ourselves what cannot be read
START = re.compile(r"^[ \t]*@[ \t]*(?!comment|preamble|string)([A-Za-z]+)[ \t]*[{(]", re.IGNORECASE | re.MULTILINE)
PARTICLES = {"al", "da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "te", "ten", "ter", "van", "von"}


@dataclass(frozen=True)
class Reference:
    """One work, with its fields as TeX writes them. Fields without evidence are empty strings."""

    key: str
    line: int
    raw: dict[str, str]
    suffix: str = ""  # a, b … where two works have one name and year

    def __getitem__(self, name: str) -> str:
        """Return a field as plain text."""
        return _plain(self.raw.get(name, ""))

    @property
    def fields(self) -> dict[str, str]:
        """All fields as plain text."""
        return {name: self[name] for name in self.raw}

    @property
    def authors(self) -> list[str]:
        """Authors as “Last, First”, or the name of a group; “others” stands for those not known."""
        return [_plain(name) for name in names_of(self.raw.get("author", ""))]

    @property
    def groups(self) -> set[str]:
        """The authors that are groups: their names stand in braces, so that no “and” or comma divides them."""
        return {_plain(name) for name in names_of(self.raw.get("author", "")) if is_group(name)}

    @cached_property
    def label(self) -> str:
        """Author and year for tables and tooltips; the short title where no author is known."""
        year = (self["year"] or "n.d.") + self.suffix
        groups = self.groups
        names = [name if name in groups else name.split(",")[0] for name in self.authors]
        if not names:
            return f"{self['shorttitle'] or short_title(self['title'])} {year}"
        if len(names) == 2 and names[1] != "others":
            return f"{names[0]} and {names[1]} {year}"
        return f"{names[0]}{' et al.' if len(names) > 1 else ''} {year}"

    @property
    def anchor(self) -> str:
        """Where its entry stands on the references page (Sphinx writes ids with hyphens)."""
        return f"ref-{self.key.replace('_', '-')}"

    @property
    def url(self) -> str:
        """Where a reader finds the work: its DOI, else its address; empty when neither is known."""
        return f"https://doi.org/{self['doi']}" if self["doi"] else self["url"]


def short_title(title: str) -> str:
    """Return the first five words of a title, with an ellipsis when some are left out."""
    words = title.strip("[]").split()
    return " ".join(words[:5]).rstrip(",:;") + ("…" if len(words) > 5 else "")


def parse_bibliography(content: bytes | None) -> tuple[dict[str, Reference], list[Problem]]:
    """Return all readable works by key, and what is wrong with the rest; ``None`` stands for a missing file."""
    if content is None:
        return {}, [Problem(FILE, "the file is missing", "restore it from git")]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return {}, [Problem(FILE, "not UTF-8 text", "save the file as UTF-8", row=line)]
    if marks := list(merge_marks(FILE, text)):
        return {}, marks
    library = bibtexparser.parse_string(text, append_middleware=[NormalizeFieldKeys()])
    references = {
        entry.key: Reference(entry.key, entry.start_line + 1, {field.key: field.value for field in entry.fields})
        for entry in library.entries
    }
    problems = []
    for block in [*library.failed_blocks, *cut_short(library.blocks)]:
        if isinstance(block, DuplicateBlockKeyBlock):
            why, remedy, value = "this key stands twice", "remove one entry or give it another key", block.key
        else:
            why = "this entry cannot be read, often because a brace or comma is missing"
            remedy, value = "close its braces, or restore it from git", block.raw.split("\n")[0][:60]
        problems.append(Problem(FILE, why, remedy, row=block.start_line + 1, value=value))
    # An entry swallowed by a broken one before it is in neither list: compare with what the file announces.
    started = len(START.findall(text))
    if not problems and started != len(references):
        why = f"the file announces {started} entries but {len(references)} can be read"
        problems.append(Problem(FILE, why, "look for an unclosed brace before the first missing entry"))
    return _with_suffixes(references), problems


def cut_short(blocks: Sequence[Block]) -> Iterator[ParsingFailedBlock]:
    """Yield the entries that end before their last field, because an opening brace is missing."""
    for entry, after in pairwise(blocks):
        if isinstance(entry, Entry) and isinstance(after, ImplicitComment) and re.match(r"\W*\w+\s*=", after.comment):
            yield ParsingFailedBlock(ValueError(), entry.start_line, f"{entry.raw}{after.raw}")


def _with_suffixes(references: dict[str, Reference]) -> dict[str, Reference]:
    """Give works of one name and year the letters a, b …, in the order of their keys."""
    alike = defaultdict(list)
    for key in sorted(references):
        alike[references[key].label].append(key)
    letters = {key: chr(ord("a") + place) for keys in alike.values() if len(keys) > 1 for place, key in enumerate(keys)}
    return {key: replace(one, suffix=letters.get(key, "")) for key, one in references.items()}


def names_of(authors: str) -> list[str]:
    """Return the names of an author field, divided at each “and” that stands outside of braces, as BibTeX does."""
    return [name for name in split_multiple_persons_names(authors) if name]


def swallowed(value: str) -> str:
    """Return the name of a field that stands inside the value before it, because a comma is missing between them."""
    found = re.search(r"(?:[}\"]|\A\d+\s*\n)\s*([A-Za-z]+)\s*=\s*[{\"\d]", value)
    outside = found and value.count("{", 0, found.start() + 1) <= value.count("}", 0, found.start() + 1)
    return found[1] if found and outside else ""


def is_group(name: str) -> bool:
    """Say whether one pair of braces holds the whole name, unless that is a surname of two words: {Te Boome}."""
    *before, _ = name.strip("{}").split() or [""]
    surname = bool(before) and {word.casefold() for word in before} <= PARTICLES
    return name.startswith("{") and name.find("}") == len(name) - 1 and not surname


def _plain(value: str) -> str:
    """Return a field without the escapes and braces that only TeX needs."""
    return re.sub(r"\\([&%#_$])", r"\1", value).replace("{", "").replace("}", "").strip()
