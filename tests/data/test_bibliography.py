"""The bibliography loses nothing and invents nothing."""

import re
from pathlib import Path

import pytest
from pybtex.database import parse_string
from sphinxcontrib.bibtex.style.template import SphinxReferenceInfo

import review_tools as rt
import spoil
from review_tools.data.bibliography import parse_bibliography
from review_tools.data.project import Project
from review_tools.site import metadata
from review_tools.site.references import LETTERS, Authors, InText, known_authors


def test_every_entry_is_read_as_plain_text_and_has_a_label_of_its_own(root: Path) -> None:
    text, works = (root / "references.bib").read_text(encoding="utf-8"), rt.bibliography()
    assert len(works) == len(re.findall(r"^@", text, re.MULTILINE))
    assert not [work.key for work in works.values() if re.search(r"[{}]|\\[&%#_$]", work["title"])]
    labels = {work.label for work in works.values()}
    assert len(labels) == len(works)
    assert "Kurtzberg et al. 2020b" in labels
    assert works["hackel_2023_immunological"].label == "Hackel et al. 2023"
    assert works["unnamed_nd_lactate"].label == "Lactate, Stem Cell Res Ther n.d."


def test_an_entry_that_ends_too_early_is_refused() -> None:
    _, problems = parse_bibliography(b"@article{a,\n title = {A},\n volume = 6},\n year = {2021},\n}\n")
    assert [problem.row for problem in problems] == [1]


AUTHORS = {
    "Invented, Ida and {Pretend and Sons Study Group}": (
        ["Invented, Ida", "Pretend and Sons Study Group"],
        {"Pretend and Sons Study Group"},
        "Invented and Pretend and Sons Study Group 2024",
    ),
    "{Smith, Jones and Partners}": (
        ["Smith, Jones and Partners"],
        {"Smith, Jones and Partners"},
        "Smith, Jones and Partners 2024",
    ),
    "Müller, {J}. and others": (["Müller, J.", "others"], set(), "Müller et al. 2024"),
    "{Te Boome} and others": (["Te Boome", "others"], set(), "Te Boome et al. 2024"),
}


@pytest.mark.parametrize("authors", AUTHORS)
def test_a_name_in_braces_is_one_group_and_cited_without_them(authors: str, root: Path) -> None:
    entry = f"\n@article{{z,\n  author = {{{authors}}},\n  title = {{Z}},\n  year = {{2024}},\n}}\n"
    work = spoil.text(Project(root), "references.bib", lambda held: held + entry).works["z"]
    assert (work.authors, work.groups, work.label) == AUTHORS[authors]
    known = metadata.study(work, "https://example.org/z", "")["author"]
    assert {one["name"] for one in known if one["@type"] == "Organization"} == work.groups
    cited = known_authors(full=False, style=Authors()).format_data(
        {"entry": parse_string(entry, "bibtex").entries["z"]}
    )
    assert f"{cited} 2024" == work.label


@pytest.mark.parametrize("role", ["p", "t"])
def test_a_citation_has_the_letter_of_its_work(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LETTERS, "z", "b")
    entry = parse_string("@article{z, author = {Invented, Ida}, title = {Z}, year = {2024}}", "bibtex").entries["z"]
    info = SphinxReferenceInfo(None, "", "", "", "", "", "")
    node = InText().role_style[role].inner(role)
    shown = str(node.format_data({"entry": entry, "style": InText(), "reference_info": info}))
    assert shown in ("Invented, 2024b", "Invented (2024b)")
