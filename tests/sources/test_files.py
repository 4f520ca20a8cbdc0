"""Records from saved files: what a program exported stays what its author meant, or is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from review_tools.data.edit import edit
from review_tools.data.problems import DataError
from review_tools.sources import files
from review_tools.sources.add import write_entry
from review_tools.sources.records import Record

DOI = "10.5555/one"


@pytest.fixture
def saved(tmp_path: Path) -> "Saved":
    return Saved(tmp_path)


class Saved:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, ending: str, text: str, wanted: str = DOI) -> Record:
        file = self.folder / f"a.{ending}"
        file.write_text(text, encoding="utf-8")
        return files.read(file, wanted)

    def bib(self, **fields: str) -> Record:
        fields = {"title": "Cells", "author": "Doe, Jane", "year": "2021", **fields}
        return self.read("bib", "@article{a,\n" + ",\n".join(f"{k} = {{{v}}}" for k, v in fields.items()) + "\n}")

    def ris(self, *lines: str) -> Record:
        return self.read("ris", "\n".join(["TY  - JOUR", "TI  - Cells", *lines, "ER  - "]))

    def json(self, **fields: Any) -> Record:
        return self.read("json", json.dumps({"title": "Cells", **fields}))


NAMES = {
    "{\\'A}lvarez, Jos{\\'e}": "Álvarez, José",
    "Jan van der Groot": "van der Groot, Jan",
    "Roe, Jr., Rick": "Roe, Jr., Rick",
    "de la Cruz, Ana {Mar{\\'\\i}a}": "de la Cruz, Ana María",
    "{The Pretend and Sons Group}": "{The Pretend and Sons Group}",
    "{Pretend and Sons, Inc.}": "{Pretend and Sons, Inc.}",
    "{\\O}rsted, A.": "Ørsted, A.",
    "Mary Jane O'Neil": "O'Neil, Mary Jane",
    'M{\\"u}ller, {J}': "Müller, J",
    "Nguy{\\~{\\^e}}n, V{\\u a}n": "Nguyễn, Văn",
    "Katarina {Le Blanc}": "Le Blanc, Katarina",
    "Doe JM": "Doe, JM",
    "family=Groot, given=Aiko P. J., prefix=de, useprefix=true": "de Groot, Aiko P. J.",
    "family=Roe, given=Rick, suffix=Jr.": "Roe, Jr., Rick",
    "and Doe, Jane": "Doe, Jane",
    "王, 小明": "王, 小明",
    "et al.": "others",
    "{Study Group AB}": "{Study Group AB}",
    'family={M{\\"u}ller}, given={Zo{\\"e}}': "Müller, Zoë",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_follow_the_rules_of_bibtex(saved: Saved, name: str) -> None:
    assert saved.bib(author=f"{name} AND Roe, Rick and others").authors == (NAMES[name], "Roe, Rick", "others")


SEVERAL = ("Doe J, Roe R", "Doe, Jane; Roe, Rick", "Doe, Jane & Roe, Rick", "Doe, Jane, Roe, Rick")


@pytest.mark.parametrize("names", SEVERAL)
def test_several_names_in_one_are_refused(saved: Saved, names: str) -> None:
    with pytest.raises(DataError, match="may be several"):
        saved.bib(author=names)
    with pytest.raises(DataError, match="may be several"):
        saved.ris(f"AU  - {names}")


TITLES = {
    "Pain by 50% in adults, ~20% of them": "Pain by 50% in adults, ~20% of them",
    "Safety \\& efficacy & more": "Safety & efficacy & more",
    "$\\alpha$-tested \\textit{in vitro} {\\it in vivo}": "α-tested in vitro in vivo",
    "TGF-$\\beta$1 and {\\textalpha}-SMA, \\ensuremath{\\gamma}": "TGF-β1 and α-SMA, γ",
    "CD4$^+$CD25$^{+}$, H{\\textsubscript{2}}O, 10$^{6}$ at 37$^{\\circ}$C": "CD4+CD25+, H2O, 10⁶ at 37°C",
    "CD4<sup>+</sup> and 10<sup>6</sup>": "CD4+ and 10⁶",
    "from $5 to $10 a dose, US$5": "from $5 to $10 a dose, US$5",
    "IL-6<IL-10 and Th1>Th2, p $<$ 0.05": "IL-6<IL-10 and Th1>Th2, p < 0.05",
    "\\textless{}i\\textgreater{}In\\textless{}/i\\textgreater{} vitro": "In vitro",
    "TNF-&alpha; &amp; more": "TNF-α & more",
    "Sample #5 and C\\#, A_B, A\\_B": "Sample #5 and C#, A_B, A_B",
    "Dosage~of {MSC}s in a \\mbox{B cell}": "Dosage of MSCs in a B cell",
    "\\href{https://x.org/a_b}{Cells} \\url{a%20b} -- end": "Cells a%20b – end",
    "Cells in the U.S.A.": "Cells in the U.S.A.",
    "Cells.": "Cells",
    "About {\\~{}}20%": "About ~20%",
}


@pytest.mark.parametrize("title", TITLES)
def test_signs_mean_what_their_author_meant(saved: Saved, title: str) -> None:
    assert saved.bib(title=title).title == TITLES[title]


@pytest.mark.parametrize(
    ("ending", "text", "says"),
    [
        (
            "bib",
            "@article{a, title = {Cells}\n year = {2021}}",
            "a comma is missing at the end of title",
        ),
        ("bib", '@article{a, title = "Cells" year = "2021"}', "a comma is missing at the end of title, before year"),
        ("bib", "@article{a, title = {A}, note = {x}, note = {y}}", "the field note stands twice"),
        ("bib", "@article{a, title = {A}, journal = jimm}", "journal is the abbreviation jimm"),
        ("bib", '@article{a, title = {A}, journal = jimm # " B"}', "journal is the abbreviation jimm"),
        ("bib", "@article{a, title = {\\foo{A} cells}}", r"title holds the command \\foo"),
        ("bib", "@article{a, title = {A}, year = {21}}", "the date '21' holds no year"),
        ("bib", "@article{a, title = {A}", "the entry in line 1 cannot be read"),
        ("bib", "@article{a, title = {A}, volume = 6}, year = {2021}}", "the entry in line 1 cannot be read"),
        (
            "bib",
            "@article{b, title = {B}}\n@article{a, title = {A}, doi = {10.5555/one},",
            "in line 2",
        ),
        ("bib", "", "holds no records"),
        ("ris", "no ris", "holds no records"),
        ("ris", "TY  - JOUR\nTI  - Cells\nTI  - More\nER  - ", r"title stands twice: Cells \| More"),
        ("nbib", "PMID- 38123456\nTI  - [Not Available].\n", "no title"),
        ("nbib", "PMID- 38123456\nTI  - Cells\nDP  - 98\n", "the date '98' holds no year"),
        ("json", "[" * 100_000, "cannot be read"),
        ("json", "[]", "holds no records"),
        ("json", '{"title": 5}', "no title"),
        ("json", '{"protocolSection": []}', "not the record of a trial"),
        ("txt", "x", "the form is not known by the file's ending → save the record as .bib"),
    ],
)
def test_what_would_be_swallowed_is_refused(saved: Saved, ending: str, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        saved.read(ending, text)


def test_fields_of_bibtex_and_biblatex(saved: Saved) -> None:
    text = """@string{ji = "J Inv"} @comment{jabref-meta: x}
@incollection{a, title = "Cells " # {and more}, subtitle = {A trial}, crossref = {b}, doi = {https://doi.org/10.5555/ONE.},
  pages = {107--14}, date = {2021-03-02/2021-04-01}, month = mar # "~2", eprint = {12}, eprinttype = {pubmed},
  pmcid = {PMC9}, url = {https://x.org/~a}, publisher = elsevier, keywords = {a & b}, abstract = {\\foo}}
@book{b, title = {Big}, year = {2020}, doi = {10.5555/two}}
@article{a, title = {Other}, journal = ji # " B", doi = {10.5555/three}, year = {in press}}"""
    record = saved.read("bib", text)
    assert (record.title, record.journal, record.year) == ("Cells and more: A trial", "Big", "2021")
    assert (record.doi, record.pages, record.pmid, record.pmcid) == (DOI, "107-114", "12", "PMC9")
    assert (record.kind, record.url) == ("chapter", "https://x.org/~a")
    assert record.unread == ("month", "publisher", "keywords", "abstract")
    doubled = saved.read("bib", text, "10.5555/three")
    assert (doubled.title, doubled.journal, doubled.unread) == ("Other", "J Inv B", ("year",))


def test_a_library_gives_the_record_asked_for(saved: Saved) -> None:
    many = "\n".join(
        f"@article{{a{n}, title = {{Cells {n}}}, doi = {{10.5555/{n}}}, note = {{As 10.5555/two}}}}"
        for n in ("one", "two", "onetwo")
    )
    assert saved.read("bib", many, "10.5555/two").title == "Cells two"
    assert saved.read("bib", many).title == "Cells one"
    with pytest.raises(DataError, match=r"holds 3 records, none of them with 10\.5555/three"):
        saved.read("bib", many, "10.5555/three")


def test_names_in_ris(saved: Saved) -> None:
    names = {
        "Doe J": "Doe, J",
        "van der Groot F": "van der Groot, F",
        "Roe, Rick, Jr.": "Roe, Jr., Rick",
        "Pretend and Sons Study Group": "Pretend and Sons Study Group",
        "Made-Up Agency,": "{Made-Up Agency}",
        "et al.": "others",
    }
    assert saved.ris(*(f"AU  - {name}" for name in names)).authors == tuple(names.values())


LINES = {
    ("JO  - J Full", "T2  - Journal of Full", "JA  - J. Full"): {"journal": "Journal of Full"},
    ("JA  - Ann Inv", "Y1  - 2021/03/02/"): {"journal": "Ann Inv", "year": "2021"},
    ("SP  - 107", "EP  - 14"): {"pages": "107-114"},
    ("SP  - 107", "EP  - 107"): {"pages": "107"},
    ("C7  - e123", "IS  - 3"): {"pages": "e123", "number": "3"},
    ("M3  - doi:10.5555/one", "UR  - https://x.org/a;b", "KW  - a"): {"doi": DOI, "url": "https://x.org/a;b"},
    ("UR  - https://doi.org/10.5555/One", "L1  - a.pdf"): {"doi": DOI, "unread": ("L1",)},
    ("JF  - Annals of", "Invention"): {"journal": "Annals of Invention"},
    ("PY - 2021",): {"year": "2021"},
}


@pytest.mark.parametrize("lines", LINES)
def test_lines_of_ris(saved: Saved, lines: tuple[str, ...]) -> None:
    record = saved.ris(*lines)
    assert {name: getattr(record, name) for name in LINES[lines]} == LINES[lines]


def test_ris_without_ends(saved: Saved) -> None:
    assert saved.read("ris", "TY - JOUR\nTI - A\nDO - 10.5555/one\nTY - JOUR\nTI - B\nDO - 10.5555/two\n").title == "A"


EXPORT = """
PMID- 38123456
TI  - [MSCs calm
      invented cells].
LID - S0-1 [pii]
LID - 10.5555/one [doi]
FAU - de Vries, Aiko
AU  - de Vries A
FAU - Doe, Jane Jr
CN  - The Group
DP  - 2024 Mar
TA  - J X
PG  - 107-14
PMC - PMC123
PT  - Randomized Controlled Trial
PT  - Retracted Publication
SI  - ClinicalTrials.gov/NCT01234567
RIN - J X. 2024 Apr;3(5):1. doi: 10.5555/ret. PMID: 38999999
"""


def test_pubmeds_own_export(saved: Saved) -> None:
    record = saved.read("nbib", EXPORT, "38123456")
    assert (record.title, record.doi, record.year, record.journal) == ("MSCs calm invented cells", DOI, "2024", "J X")
    assert (record.pages, record.pmcid, record.trial_id) == ("107-114", "PMC123", "NCT01234567")
    assert record.authors == ("de Vries, Aiko", "Doe, Jr, Jane", "{The Group}")
    assert record.types == ("Randomized Controlled Trial", "Retracted Publication")
    assert [(one.kind, one.doi, one.pmid) for one in record.notices] == [("retraction", "10.5555/ret", "38999999")]


def test_a_retracted_work_without_a_link_and_a_title_in_another_language(saved: Saved) -> None:
    text = "PMID- 38123456\nTI  - [Not Available].\nTT  - Erfundene Zellen.\nAU  - Doe J\nPT  - Retracted Publication\n"
    record = saved.read("nbib", text, "38123456")
    assert (record.title, record.authors, record.notices[0].kind) == ("Erfundene Zellen", ("Doe, J",), "retraction")


DATES: dict[str, Any] = {
    "raw": {"raw": "2021-03-02"},
    "literal": {"literal": "Spring 2021"},
    "text": "2021",
    "parts": {"date-parts": [["2021", "3"]]},
}


@pytest.mark.parametrize("form", DATES)
def test_json_writes_a_date_in_many_shapes(saved: Saved, form: str) -> None:
    assert saved.json(issued=DATES[form]).year == "2021"
    assert saved.json(issued={"date-parts": [["21"]]}).unread == ("issued",)


def test_json_keeps_subtitle_particle_suffix_and_numbers(saved: Saved) -> None:
    author = [{"family": "Rossum", "given": "Guido", "non-dropping-particle": "van", "suffix": "Jr."}]
    record = saved.json(subtitle=["a trial"], author=author, PMID="12", PMCID="PMC9", type="chapter")
    assert (record.title, record.authors) == ("Cells: a trial", ("van Rossum, Jr., Guido",))
    assert (record.pmid, record.pmcid, record.kind) == ("12", "PMC9", "chapter")
    assert (
        saved.read("json", json.dumps({"message": {"items": [{"title": "A", "DOI": DOI}, {"title": "B"}]}})).title
        == "A"
    )


def test_a_record_is_written_as_it_was_read(saved: Saved, copy: Path) -> None:
    record = saved.bib(author="{Acme, Inc.} and Doe, J and others", title="~5% & {\\alpha}", url="https://x.org/~a")
    with edit(copy, dry_run=True) as change:
        work = change.after.works[key] if (key := write_entry(change, record)) else None
        assert work is not None
        assert (work.authors, work["title"]) == (["Acme, Inc.", "Doe, J", "others"], "∼5% & α")
        assert work.groups == {"Acme, Inc."}
        assert work["url"] == "https://x.org/%7Ea"
