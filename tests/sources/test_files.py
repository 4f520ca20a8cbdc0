"""Saved records, with what exporters and haste put into them: nothing is lost or altered in silence."""

import json
from pathlib import Path

import pytest

from review_tools.data.problems import DataError
from review_tools.sources import files
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


NAMES = {
    "{\\'A}lvarez, Jos{\\'e}": "Álvarez, José",
    "Jan van der Groot": "van der Groot, Jan",
    "Roe, Jr., Rick": "Roe, Jr., Rick",
    "de la Cruz, Ana {Mar{\\'\\i}a}": "de la Cruz, Ana María",
    "{The Pretend and Sons Group}": "The Pretend and Sons Group",
    "{\\O}rsted, A.": "Ørsted, A.",
    "Mary Jane O'Neil": "O'Neil, Mary Jane",
    'M{\\"u}ller, {J}': "Müller, J",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_follow_the_rules_of_bibtex(saved: Saved, name: str) -> None:
    assert saved.bib(author=f"{name} AND Roe, Rick and others").authors == (NAMES[name], "Roe, Rick")


TITLES = {
    "Pain by 50% in adults": "Pain by 50% in adults",
    "Safety \\& efficacy & more": "Safety & efficacy & more",
    "$\\alpha$-tested \\textit{in vitro}": "α-tested in vitro",
    "IL-6<IL-10 and Th1>Th2": "IL-6<IL-10 and Th1>Th2",
    "TNF-&alpha; &amp; more": "TNF-α & more",
    "Sample #5 and C\\#": "Sample #5 and C#",
    "Dosage~of {MSC}s": "Dosage of MSCs",
}


@pytest.mark.parametrize("title", TITLES)
def test_signs_mean_what_their_author_meant(saved: Saved, title: str) -> None:
    assert saved.bib(title=title).title == TITLES[title]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@article{a, title = {Cells}\n year = {2021}, doi = {10.5555/one}}", "a comma is missing at the end of title"),
        ('@article{a, title = "Cells" year = "2021"}', "a comma is missing at the end of title, before year"),
        ("@article{a, title = {A}, note = {x}, note = {y}}", "the field note stands twice"),
        ("@article{a, title = {A}, journal = jimm}", "journal is the abbreviation jimm"),
    ],
)
def test_what_would_be_swallowed_is_refused(saved: Saved, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        saved.read("bib", text)


def test_months_and_defined_abbreviations_are_no_mistake(saved: Saved) -> None:
    text = '@string{ji = "J Inv"}\n@article{a, title = {A}, journal = ji, month = feb, year = 2021}'
    assert saved.read("bib", text).journal == "J Inv"


def test_a_library_gives_the_record_asked_for(saved: Saved) -> None:
    many = "\n".join(
        f"@article{{a{n}, title = {{Cells {n}}}, doi = {{10.5555/{n}}}}}" for n in ("one", "two", "onetwo")
    )
    assert saved.read("bib", many, "10.5555/two").title == "Cells two"
    assert saved.read("bib", many).title == "Cells one"
    with pytest.raises(DataError, match=r"holds 3 records, none of them with 10\.5555/three"):
        saved.read("bib", many, "10.5555/three")


def test_ris_of_vancouver_style_and_groups(saved: Saved) -> None:
    authors = "AU  - Doe J\nAU  - van der Groot F\nAU  - Roe, Rick\nAU  - Pretend and Sons Study Group\n"
    record = saved.read("ris", f"TY  - JOUR\nTI  - Cells\n{authors}PY  - 2024\nER  - \n")
    assert record.authors == ("Doe, J", "van der Groot, F", "Roe, Rick", "Pretend and Sons Study Group")


def test_pubmeds_own_export(saved: Saved) -> None:
    lines = (
        *("PMID- 38123456", "TI  - MSCs calm", "      invented cells.", "LID - 10.5555/one [doi]"),
        *(
            "FAU - de Vries, Aiko",
            "CN  - The Group",
            "DP  - 2024 Mar",
            "TA  - J X",
            "PT  - Randomized Controlled Trial",
        ),
    )
    record = saved.read("nbib", "\n".join(lines) + "\n", "38123456")
    assert (record.title, record.doi, record.year, record.journal) == ("MSCs calm invented cells", DOI, "2024", "J X")
    assert record.authors == ("de Vries, Aiko", "The Group")
    assert record.types == ("Randomized Controlled Trial",)


def test_json_keeps_subtitle_particle_and_suffix(saved: Saved) -> None:
    author = [{"family": "Rossum", "given": "Guido", "non-dropping-particle": "van", "suffix": "Jr."}]
    record = saved.read("json", json.dumps({"title": ["Cells"], "subtitle": ["a trial"], "author": author}))
    assert record.title == "Cells: a trial"
    assert record.authors == ("van Rossum, Jr., Guido",)
