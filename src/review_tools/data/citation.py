"""How this review and its works are cited: plain text, BibTeX and RIS."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from review_tools.data.bibliography import Reference
from review_tools.data.problems import DataError, Problem

FILE = "CITATION.cff"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufffe\uffff]")
TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    c: f"\\{c}" for c in "{}&%#_$"
}


@dataclass(frozen=True)
class Work:
    """A work cited by the review's own record: the 2024 review."""

    title: str
    authors: tuple[str, ...]
    doi: str
    journal: str
    year: str


@dataclass(frozen=True)
class Citation:
    """This version of the review, as ``CITATION.cff`` describes it. Dates are YYYY-MM-DD."""

    title: str
    authors: tuple[str, ...]
    version: str
    released: str
    licence: str
    keywords: tuple[str, ...]
    url: str
    repository: str
    based_on: tuple[Work, ...]

    @property
    def year(self) -> str:
        return self.released[:4]

    def text(self) -> str:
        """Return one line for a reference list."""
        names = "; ".join(self.authors)
        return clean(f"{names} ({self.year}). {self.title}. Version {self.version}, {self.released}. {self.url}")

    def bibtex(self) -> str:
        """Return an entry that TeX prints as it is meant."""
        fields = {
            # A second pair of braces keeps a group's name whole.
            "author": " and ".join(name if "," in name else f"{{{tex(name)}}}" for name in map(clean, self.authors)),
            "title": f"{{{tex(self.title)}}}",
            "year": self.year,
            "date": self.released,
            "version": tex(self.version),
            "note": f"Version {tex(self.version)}, {tex(self.licence)}",
            "url": re.sub(r"[\s{}\\%]", "", self.url),
        }
        key = "msc_living_review_" + re.sub(r"\W", "_", self.version)
        return f"@misc{{{key},\n" + "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items()) + "}\n"

    def ris(self) -> str:
        """Return a record for a reference manager."""
        return ris_record(
            "DATA",
            [
                *(("AU", name) for name in self.authors),
                ("TI", self.title),
                ("PY", self.year),
                ("DA", self.released.replace("-", "/")),
                ("ET", self.version),
                ("UR", self.url),
                *(("KW", word) for word in self.keywords),
            ],
        )


def from_record(record: dict[str, Any], site: str) -> Citation:
    """Return the citation that ``CITATION.cff`` describes. Raises DataError if it lacks what a citation needs."""
    try:
        return Citation(
            title=str(record["title"]),
            authors=_names(record["authors"]),
            version=str(record["version"]),
            released=str(record["date-released"]),
            licence=str(record["license"]),
            keywords=tuple(map(str, record.get("keywords", ()))),
            url=site,
            repository=str(record.get("repository-code", "")),
            based_on=tuple(
                Work(
                    str(work["title"]),
                    _names(work["authors"]),
                    *(str(work.get(part, "")) for part in ("doi", "journal", "year")),
                )
                for work in record.get("references", ())
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        why = f"cannot be read as a citation ({error!r})"
        raise DataError(Problem(FILE, why, "restore it from git")) from error


def work_ris(work: Reference) -> str:
    """Return a work as RIS; what is unknown is left out."""
    first, _, last = work["pages"].replace("–", "--").partition("--")
    return ris_record(
        "JOUR" if work["journal"] else "GEN",
        [
            ("ID", work.key),
            *(("AU", name) for name in work.authors if name != "others"),
            ("TI", work["title"]),
            ("T2", work["journal"]),
            ("PY", work["year"]),
            ("VL", work["volume"]),
            ("IS", work["number"]),
            ("SP", first),
            ("EP", last),
            ("DO", work["doi"]),
            ("UR", web(work.url)),
            ("AN", f"PMID {work['pmid']}" if work["pmid"] else ""),
            ("C2", work["pmcid"]),
            ("N1", work["note"]),
        ],
    )


def ris_record(kind: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return one record. A value is one line, so it can neither end the record nor start another field."""
    lines = [f"TY  - {kind}", *(f"{tag}  - {value}" for tag, text in fields if (value := clean(text))), "ER  - ", ""]
    return "\r\n".join(lines)


def clean(text: str) -> str:
    """Return the text on one line, without control characters."""
    return " ".join(CONTROL.sub(" ", text).split())


def web(address: str) -> str:
    """Return the address if it is one of the web, else nothing: no ``javascript:`` reaches a link."""
    return address if re.match(r"https?://", address) else ""


def tex(text: str) -> str:
    """Return plain text with TeX's special characters escaped."""
    return "".join(TEX.get(character, character) for character in clean(text))


def _names(authors: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return people as “Last, First”, groups by their name."""
    return tuple(
        str(author["name"]) if "name" in author else f"{author['family-names']}, {author['given-names']}"
        for author in authors
    )
