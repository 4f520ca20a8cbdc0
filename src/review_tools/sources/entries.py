"""Entries of ``references.bib``, in its canonical form."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from review_tools.sources.records import Record

TYPES = {"article": "article", "chapter": "incollection", "book": "book"}
ARTICLES = {"a", "an", "the"}
NOTICE = re.compile(r"^(retracted( article)?|withdrawn|correction)\s*:\s*", re.IGNORECASE)
START = re.compile(r"^@\w+\{(?P<key>[^,\s]+),", re.MULTILINE)
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def key(record: Record, taken: Collection[str]) -> str:
    """``surname_year_firstword``; a second word of the title, then a number, tell apart what would be the same."""
    surname = _word(record.authors[0].split(",")[0]) if record.authors else ""
    words = [word for word in map(_word, NOTICE.sub("", record.title).split()) if word and word not in ARTICLES]
    stem = f"{surname or 'unnamed'}_{record.year or 'nd'}"
    first, second, *_ = [*words, *(["untitled", ""] if not words else [""])]
    candidates = [f"{stem}_{first}", *([f"{stem}_{first}_{second}"] if second else [])]
    candidates += [f"{stem}_{first}_{number}" for number in range(2, len(taken) + 3)]
    return next(candidate for candidate in candidates if candidate not in taken)


def entry(record: Record, name: str) -> str:
    """The entry as text; fields that the record does not show are left out."""
    lines = [f"@{TYPES.get(record.kind, 'misc')}{{{name},"]
    lines += [f"  {field} = {{{value}}}," for field, value in _fields(record) if value]
    return "\n".join([*lines, "}", ""])


def insert(bibliography: str, text: str, name: str) -> str:
    """The bibliography with one more entry, before the first whose key is greater."""
    after = next((match for match in START.finditer(bibliography) if match["key"] > name), None)
    if after is None:
        return f"{bibliography.rstrip()}\n\n{text}"
    return f"{bibliography[: after.start()]}{text}\n{bibliography[after.start() :]}"


def escape(text: str) -> str:
    """Text as a BibTeX value: what TeX would act on is escaped, or left out where it has no escape that we read."""
    return re.sub(r"([&%#_$])", r"\\\1", re.sub(r"[\\{}]", "", text).replace("~", " "))


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    yield "author", " and ".join(map(_author, record.authors))
    yield "title", escape(record.title)
    yield ("booktitle" if record.kind == "chapter" else "journal"), escape(record.journal)
    yield "year", record.year
    yield "volume", escape(record.volume)
    yield "number", escape(record.number)
    yield "pages", escape(record.pages).replace("-", "--")
    yield "doi", escape(record.doi)
    yield "pmid", record.pmid
    yield "pmcid", escape(record.pmcid)
    if not (record.doi or record.pmid):
        yield "url", escape(record.url) if record.url.startswith("http") else ""


def _author(name: str) -> str:
    """A group's name in braces, so that no “and” or comma in it makes it two people."""
    return escape(name) if "," in name or name == "others" else f"{{{escape(name)}}}"


def _word(text: str) -> str:
    """Letters and digits without accents, in lower case; Greek letters by name would be a guess, so they go."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return re.sub(r"[^a-z0-9]", "", plain)
