"""BibTeX that a program exported: its entries, names and TeX, in the words their author meant."""

import html
import re
from collections.abc import Iterator, Mapping

import bibtexparser
from bibtexparser.middlewares import NormalizeFieldKeys
from bibtexparser.middlewares.names import parse_single_name_into_parts
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry, Field
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from review_tools.data.bibliography import START, cut_short, is_group, names_of, swallowed
from review_tools.sources.records import Record, RecordError, author, check_year, filled, record_of, superscript

KINDS = {"article": "article", "incollection": "chapter", "inbook": "chapter", "book": "book"}
KINDS |= dict.fromkeys(("inproceedings", "conference"), "abstract")
FIELDS = {name: name for name in ("volume", "doi", "pmid", "pmcid", "url")}  # their names in BibTeX and in biblatex
FIELDS |= {"year": "year date", "journal": "journal journaltitle booktitle", "number": "number issue"}
FIELDS |= {"pages": "pages eid article-number art_number"}
READ = {"title", "subtitle", "author", "crossref", "eprint", "eprinttype", *" ".join(FIELDS.values()).split()}
HANDED_DOWN = {"title": "booktitle", **{name: name for name in ("booktitle", "journal", "year", "volume")}}
PART = re.compile(r"(?:^|,\s*)(family|given|prefix|suffix)=((?:[^,{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)")  # of biblatex
PIECE = re.compile(r'\s*(?:"((?:\{[^{}]*\}|[^"{}])*)"|\{((?:\{[^{}]*\}|[^{}])*)\}|([^\s"{}#]+))\s*(?:#|$)')
# With a command or script in it, or by Pandoc's rule, which leaves sums of dollars alone.
MATH = re.compile(r"(?<!\\)\$(?:([^$]*(?:\\[A-Za-z]|[\^_])[^$]*)\$|([^$\s](?:[^$]*[^$\s\\])?)\$(?!\d))")
SCRIPT = re.compile(r"([\^_])(?:\{([^{}]*)\}|([^\s{}\\]|\\[A-Za-z]+))")
NAMED = re.compile(r"\\text(?=(?:alpha|beta|gamma|delta|epsilon|zeta|kappa|lambda|omega)\b)|\\(?:mbox|hbox|url)(?=\{)")
SIGNS = {"textless": "<", "textgreater": ">", "slash": "/", "textquotesingle": "'"}
SILENT = ("it", "bf", "em", "rm", "sc", "sl", "tt", "sf", "relax", "protect", "textsubscript", "nobreak", "allowbreak")


def entries(text: str) -> list[Block]:
    """Return the entries of a library, those that cannot be read among them."""
    library = bibtexparser.parse_string(text, append_middleware=[NormalizeFieldKeys()])
    strings = {name.lower(): str(one.value) for name, one in library.strings_dict.items()}
    cut = {one.start_line: one for one in cut_short(library.blocks)}
    found: list[Block] = [cut.get(entry.start_line, entry) for entry in library.entries]
    for one in library.failed_blocks:
        if not START.match(str(one.raw)):
            continue
        again = isinstance(one, DuplicateBlockKeyBlock)  # read once more, without the entry of the same key
        found += entries("\n".join([*(str(own.raw) for own in library.strings), str(one.raw)])) if again else [one]
    for entry in found:
        if isinstance(entry, Entry):
            _join(entry, strings)
            if (above := entry.get("crossref")) and (parent := library.entries_dict.get(str(above.value))):
                held = {"year" if name == "date" else name for name in entry.fields_dict}
                for name, own in HANDED_DOWN.items():
                    if own not in held and (value := parent.get(name)):
                        entry.set_field(Field(own, value.value))
    return found


def record(entry: Block) -> Record:
    """Return the record of an entry. Raises RecordError: it cannot be read, or something would be lost."""
    if isinstance(entry, DuplicateFieldKeyBlock):
        fields = " and ".join(sorted(entry.duplicate_keys))
        raise RecordError(f"the field {fields} stands twice in one entry → keep one of them")
    if not isinstance(entry, Entry):
        raise RecordError(f"the entry in line {entry.start_line + 1} cannot be read → close its braces, or add a comma")
    raw = {field.key: str(field.value) for field in entry.fields}
    for field in entry.fields:
        if after := swallowed(raw[field.key]):
            why = f"a comma is missing at the end of {field.key}, before {after}"
            raise RecordError(f"{why} (line {entry.start_line + 1}) → add it")
        if field.enclosing == "no-enclosing" and not raw[field.key].isdecimal() and field.key in READ:
            raise RecordError(
                f"{field.key} is the abbreviation {raw[field.key]}, which the file does not define → write it out"
            )
    plain = {name: plain_tex(raw[name], name) for name in READ - {"author", "crossref"} if raw.get(name)}
    said = filled(FIELDS, plain)
    check_year(said["year"])
    if plain.get("eprinttype") == "pubmed":
        said["pmid"] = said["pmid"] or plain.get("eprint", "")
    kind, authors = KINDS.get(entry.entry_type.lower(), "other"), _authors(raw.get("author", ""))
    title = ": ".join(filter(None, (plain.get("title"), plain.get("subtitle"))))
    unread = tuple(name for name in raw if name not in READ)
    return record_of(kind, title, "a BibTeX file", authors, said, unread=unread)


def _join(entry: Entry, strings: Mapping[str, str]) -> None:
    """Put together the values that the file writes in pieces, ``ann # " of Inv"``, where it defines each."""
    for field in entry.fields:
        value = str(field.value)
        pieces = list(PIECE.finditer(value)) if field.enclosing == "no-enclosing" and "#" in value else []
        words = [strings.get(piece[3].lower()) if piece[3] else piece[1] or piece[2] or "" for piece in pieces]
        if pieces and pieces[-1].end() == len(value) and None not in words:
            field.value = "".join(filter(None, words))


def _authors(field: str) -> Iterator[str]:
    """Yield names as “Last, First” from either order, by BibTeX's rules for particles; a group as it is."""
    for one in names_of(field):
        name = re.sub(r"^and\s+|\s+and$", "", one, flags=re.IGNORECASE)
        given = dict(PART.findall(name))
        shown = plain_tex(name, "author")
        if is_group(name):
            yield f"{{{shown}}}"
        elif given:
            last = " ".join(filter(None, (given.get("prefix"), given.get("family"))))
            yield plain_tex(", ".join(filter(None, (last, given.get("suffix"), given.get("given")))), "author")
        elif "," in name or author(shown) != shown:
            yield shown
        else:
            parts = parse_single_name_into_parts(name, strict=False)
            words = (" ".join(part) for part in (parts.von + parts.last, parts.first))
            yield plain_tex(", ".join(filter(None, words)), "author")


def plain_tex(text: str, where: str) -> str:
    """Return TeX as plain text; a sign that an export left as it was means itself.

    Raises:
        RecordError: it holds a command that we do not know; ``where`` names the field.
    """
    text = NAMED.sub(lambda found: "\\" * found[0].startswith("\\text"), html.unescape(text))
    text = re.sub(r"\\href\s*\{[^{}]*\}", "", text)
    text = re.sub(r"\\textsuperscript\{([^{}]*)\}", lambda found: superscript(found[1]), text)
    text = MATH.sub(lambda found: rf"\({SCRIPT.sub(_script, found[1] or found[2])}\)", text)
    text = re.sub(r"(?<!\\)([%&#$])", r"\\\1", text)
    # Before a number it means “about”, and in an address itself; elsewhere it is a space that does not break.
    text = re.sub(r"~" if where == "url" else r"\{?\\~\{\}\}?|(?<![^\s(])~(?=\d)", r"\\textasciitilde{}", text)

    def unknown(node: object) -> str:
        raise RecordError(f"{where} holds the command \\{getattr(node, 'macroname', '')} → write what it stands for")

    context = get_default_latex_context_db()
    own = [MacroTextSpec(name, simplify_repl=sign) for name, sign in SIGNS.items()]
    own += [MacroTextSpec(name, discard=True) for name in SILENT] + [MacroTextSpec("input", simplify_repl=unknown)]
    context.add_context_category("own", macros=own, prepend=True)
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=unknown))
    shown: str = LatexNodes2Text(latex_context=context).latex_to_text(text)
    return shown.replace("\xa0", " ")


def _script(found: re.Match[str]) -> str:
    inner: str = found[2] or found[3]
    if found[1] == "_":
        return inner
    return r"\textdegree" if inner == r"\circ" else superscript(inner)
