"""How works are cited in the text and listed on the references page.

Both styles are known by the name ``review`` (entry points in pyproject.toml). They are
tolerant of what is unknown: a work without authors is cited by its short title, without a year as “n.d.”.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pybtex.database import Entry
from pybtex.richtext import HRef, Tag, Text
from pybtex.style import FormattedEntry
from pybtex.style.formatting import BaseStyle
from pybtex.style.template import first_of, node, optional
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.template import names

from review_tools.evidence.bibliography import short_title


@node  # type: ignore[untyped-decorator]
def quoted_short_title(children: list[object], data: dict[str, Entry]) -> Text:
    """The first words of the title, in quotation marks."""
    return Text("“", short_title(_plain(data["entry"], "title")), "”")


class Authors(PersonStyle):  # type: ignore[misc]
    """Authors, or the short title of a work whose authors are not known."""

    def author_or_editor_or_title(self, full: bool) -> object:
        others = {} if full else {"other": self.other}
        style = {"sep": self.sep, "sep2": self.sep2, "last_sep": self.last_sep, **others}
        return first_of[optional[names("author", **style)], quoted_short_title]


def _round() -> BracketStyle:
    return BracketStyle(left="(", right=")", sep="; ")


@dataclass
class InText(AuthorYearReferenceStyle):  # type: ignore[misc]
    """(Hackel et al., 2023), and Hackel et al. (2023)."""

    bracket_textual: BracketStyle = field(default_factory=_round)
    bracket_parenthetical: BracketStyle = field(default_factory=_round)
    person: PersonStyle = field(default_factory=Authors)


class Listed(BaseStyle):  # type: ignore[misc]
    """An entry of the references page: only the fields that are known, and the seed's number."""

    seed_numbers: ClassVar[dict[str, list[str]]] = {}

    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        self.sort = by_author  # pybtex sets its own on the instance

    def format_entry(self, label: str, entry: Entry, bib_data: object = None) -> object:
        return FormattedEntry(entry.key, self._text(entry), label)

    def _text(self, entry: Entry) -> Text:
        people, journal = _names(entry), _plain(entry, "journal")
        parts: list[object] = [
            people or "Authors not shown",
            f" ({_plain(entry, 'year') or 'n.d.'}). ",
            _plain(entry, "title").rstrip("."),
            ". ",
        ]
        if journal:
            volume, number, pages = (_plain(entry, name) for name in ("volume", "number", "pages"))
            detail = f"{volume}{f'({number})' if number else ''}{f':{pages}' if pages else ''}".strip()
            parts += [Tag("em", journal), f" {detail}. " if detail else ". "]
        doi, url, pmid = (_plain(entry, name) for name in ("doi", "url", "pmid"))
        if doi:
            parts += [HRef(f"https://doi.org/{doi}", f"doi:{doi}"), " "]
        elif url:
            parts += [HRef(url, "record seen"), " "]
        if pmid:
            parts.append(f"PMID {pmid}. ")
        if self.seed_numbers.get(entry.key):
            parts.append(f"Number {', '.join(self.seed_numbers[entry.key])} of the seed review.")
        return Text(*parts)


def by_author(entries: list[Entry]) -> list[Entry]:
    """By authors, year and key; works whose authors are not known stand last."""
    return sorted(entries, key=lambda entry: (_names(entry).casefold() or "~", _plain(entry, "year"), entry.key))


def _names(entry: Entry) -> str:
    people = [str(person) for person in entry.persons.get("author", [])]
    if people and people[-1] == "others":
        return f"{'; '.join(people[:-1])} et al."
    return "; ".join(people)


def _plain(entry: Entry, name: str) -> str:
    return str(Text.from_latex(entry.fields.get(name, ""))).strip()
