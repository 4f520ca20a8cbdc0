"""How works are cited in the text and listed on the references page.

Both styles are known by the name ``review`` (entry points in pyproject.toml). They are
tolerant of what is unknown: a work without authors is cited by its short title, without a year as “n.d.”.
Works of one name and year are told apart by letters.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pybtex.backends.plaintext import Backend
from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.richtext import HRef, Tag, Text
from pybtex.style import FormattedEntry
from pybtex.style.formatting import BaseStyle
from pybtex.style.template import FieldIsMissing, first_of, node, optional
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.referencing.basic_author_year import (
    BasicAuthorYearParentheticalReferenceStyle,
    BasicAuthorYearTextualReferenceStyle,
)
from sphinxcontrib.bibtex.style.template import join, join2, post_text, pre_text, reference

from review_tools.data.bibliography import short_title
from review_tools.display.queries import by
from review_tools.site.pages import project_of

MOST = 10  # authors named; BibTeX holds all
LETTERS: dict[str, str] = {}  # of works of one name and year
SEED_NUMBERS: dict[Any, list[str]] = {}  # under which the 2024 review cites each work


def number(app: Sphinx) -> None:
    """Read under which numbers the 2024 review cites each work, and the letters of works of one name and year."""
    # A runtime plugin is found at once; else pybtex asks every installed package, for each citation anew.
    register_plugin("pybtex.backends", "plaintext", Backend, force=True)
    project = project_of(app)
    LETTERS.update({key: work.suffix for key, work in project.works.items()})
    known = project.table("citations").dropna(subset=["study_id"])
    SEED_NUMBERS.update(by(known.assign(seed_number=known["seed_number"].astype(str)), "study_id", "seed_number"))


@node  # type: ignore[untyped-decorator]
def title_in_short(children: list[object], data: dict[str, Entry]) -> Text:
    """Return the short title, else the first words of the title."""
    return Text(_plain(data["entry"], "shorttitle") or short_title(_plain(data["entry"], "title")))


@node  # type: ignore[untyped-decorator]
def dated(children: list[object], data: dict[str, Entry]) -> Text:
    """Return the year, with the letter that tells it from a work of the same name and year."""
    entry = data["entry"]
    return Text((_plain(entry, "year") or "n.d.") + LETTERS.get(entry.key, ""))


@node  # type: ignore[untyped-decorator]
def known_authors(children: list[object], data: dict[str, Any], full: bool, style: PersonStyle) -> Text:
    """Return the authors as the text names them: “and others” of the bibliography is “et al.” here too."""
    people = data["entry"].persons.get("author", [])
    if not people:
        raise FieldIsMissing("author", data["entry"])
    cut = str(people[-1]) == "others"
    known = people[: -1 if cut else None]
    # The braces of a group's name are for BibTeX alone.
    surnames = [str(Text.from_latex(" ".join([*one.prelast_names, *one.last_names]))) for one in known]
    if cut or (len(surnames) > 2 and not full):
        return Text(surnames[0], style.other)
    return Text(style.last_sep if len(surnames) > 2 else style.sep2).join(surnames)


class Authors(PersonStyle):  # type: ignore[misc]
    """Authors, or the short title of a work whose authors are not known."""

    def author_or_editor_or_title(self, full: bool) -> object:
        return first_of[optional[known_authors(full=full, style=self)], title_in_short]


class InBrackets(BasicAuthorYearParentheticalReferenceStyle):  # type: ignore[misc]
    """Hackel et al., 2023."""

    def inner(self, role_name: str) -> object:
        authors = self.person.author_or_editor_or_title(full="s" in role_name)
        named = reference[join(sep=self.author_year_sep)[authors, dated]]
        return join2(sep1=self.pre_text_sep, sep2=self.post_text_sep)[pre_text, named, post_text]


class InSentence(BasicAuthorYearTextualReferenceStyle):  # type: ignore[misc]
    """Hackel et al. (2023)."""

    def inner(self, role_name: str) -> object:
        authors = self.person.author_or_editor_or_title(full="s" in role_name)
        when = join2(sep1=self.pre_text_sep, sep2=self.post_text_sep)[pre_text, reference[dated], post_text]
        return join(sep=self.text_reference_sep)[authors, join[self.bracket.left, when, self.bracket.right]]


@dataclass
class InText(AuthorYearReferenceStyle):  # type: ignore[misc]
    """(Hackel et al., 2023), and Hackel et al. (2023)."""

    person: PersonStyle = field(default_factory=Authors)

    def __post_init__(self) -> None:
        super().__post_init__()
        bracket = BracketStyle(left="(", right=")", sep="; ")
        for style in (InBrackets(bracket=bracket, person=self.person), InSentence(bracket=bracket, person=self.person)):
            self.role_style |= dict.fromkeys(style.role_names(), style)


class Listed(BaseStyle):  # type: ignore[misc]
    """An entry of the references page: the work, and the 2024 review's number."""

    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        self.sort = by_author  # pybtex sets its own on the instance

    def format_entry(self, label: str, entry: Entry, bib_data: object = None) -> object:
        text, numbers = full_reference(entry), SEED_NUMBERS.get(entry.key)
        if numbers:
            text = Text(text, f"Number {', '.join(numbers)} of the 2024 review.")
        return FormattedEntry(entry.key, text, label)


def full_reference(entry: Entry) -> Text:
    """Return a work as the references name it: only the fields that are known."""
    people, journal = _names(entry), _plain(entry, "journal")
    parts: list[object] = [
        people or f"{_plain(entry, 'shorttitle')} [authors not shown]".strip(),
        f" ({_plain(entry, 'year') or 'n.d.'}{LETTERS.get(entry.key, '')}). ",
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
    return Text(*parts)


def by_author(entries: list[Entry]) -> list[Entry]:
    """Sort by authors, year and key; works whose authors are not known stand last."""
    return sorted(entries, key=lambda entry: (_names(entry).casefold() or "~", _plain(entry, "year"), entry.key))


def _names(entry: Entry) -> str:
    people = [_words(str(person)) for person in entry.persons.get("author", [])]
    shown = [name for name in people[:MOST] if name != "others"]
    return "; ".join(shown) + (" et al." if len(shown) < len(people) else "")


def _plain(entry: Entry, name: str) -> str:
    return _words(entry.fields.get(name, "")).strip()


@cache
def _words(latex: str) -> str:
    """Return a field as plain text; each is asked for several times."""
    return str(Text.from_latex(latex))
