"""`review retractions` against the local services: what a notice changes, and that no answer changes nothing."""

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from review_tools.check import check
from review_tools.data.edit import Change
from review_tools.data.markdown import safe
from review_tools.data.project import Project
from review_tools.sources.http import Client
from review_tools.sources.identify import SEED
from review_tools.sources.retractions import Inquiry, ask, enter, markdown
from review_tools.synthesis.comparisons import answer
from sources.conftest import Files, Rows, Run
from sources.server import Services, a_work, an_article

STUDY, DOI, PMID = "molendijk_2015_allogeneic", "10.1053/j.gastro.2015.06.014", "26116801"  # of the pool in fistulas
DECIDING = ("deng_2017_randomised", "10.1136/annrheumdis-2017-211073", "28478399")  # verdicts turn without it
OTHER = "10.1038/s41591-020-1050-x"  # bloor_2020_production
ODD = "10.5555/s0140-6736(05)67488-0,a;b<1::aid-x>3.0.co;2-s"
FEW = (STUDY, "bloor_2020_production", "raffals_2024_admire", "jiang_2024_efficacy")


def notice(kind: str = "retraction", doi: str = "10.5555/notice.1", **more: object) -> dict[str, object]:
    updated = {"date-parts": [[2026, 10, 1]], "timestamp": 0}
    return {"DOI": doi, "type": kind, "label": kind.title(), "source": "publisher", "updated": updated, **more}


def publish(services: Services, doi: str, *notices: object) -> None:
    services.works[doi.lower()] = a_work(doi, "Made up", **{"updated-by": list(notices)})


@pytest.fixture
def held(project: Project, services: Services) -> Services:
    """The services hold every work of the review, without a notice, and the words that are corrected."""
    for work in project.works.values():
        if work["doi"]:
            publish(services, work["doi"])
        if work["pmid"]:
            services.articles[work["pmid"]] = an_article(work["pmid"], "Made up")
    services.texts[SEED] = " ".join(f"<p>{escape(words)}.</p>" for words in project.text("corrections")["seed_words"])
    return services


def entered(project: Project) -> tuple[Change, list[Inquiry]]:
    """What the services make of four works, in memory."""
    with Client() as client:
        inquiries = ask([project.works[key] for key in FEW], client)
    change = Change(project)
    enter(change, inquiries)
    return change, inquiries


def status(project: Project, study: str = STUDY) -> str:
    studies = project.text("studies").set_index("study_id")
    return str(studies["status"][study])


def test_without_notices_nothing_changes(project: Project, held: Services, review: Run, files: Files) -> None:
    before = files()
    code, output = review("retractions")
    assert code == 0, output
    works = sum(bool(work["doi"] or work["pmid"]) for work in project.works.values())
    assert f"Works with an answer: {works}; new notices: 0; unknown: 0; in neither service: 0." in output
    assert files() == before


def test_a_retraction_changes_status_pool_and_verdict(
    copy: Path, project: Project, held: Services, tmp_path: Path, review: Run, rows: Rows, files: Files
) -> None:
    """Both services name it: two rows, one status. A dry run only shows them; asked again, nothing is new."""
    study, doi, pmid = DECIDING
    link = '<CommentsCorrections RefType="RetractionIn"><RefSource>J Inv. 2026 Oct;1(1):2. doi: 10.5555/notice.1.'
    link += '</RefSource><PMID Version="1">99000001</PMID></CommentsCorrections>'
    publish(held, doi, notice(), notice(source="retraction-watch"))
    held.articles[pmid] = an_article(pmid, "Made up", types=("Retracted Publication",), links=link)
    before = files()
    code, output = review("retractions", "--dry-run")
    assert code == 0
    assert f"+{study},retraction,crossref,10.5555/notice.1,2026-10-01," in output
    assert "current → retracted" in output
    assert files() == before
    report = tmp_path / "text.md"
    report.write_text("# What the searches found\n")
    code, output = review("retractions", "--report", str(report))
    assert code == 0, output
    crossref = ("crossref", "2026-10-01", f"https://api.crossref.org/works/{doi.replace('/', '%2F')}")
    told = [(row["source"], row["noticed_on"], row["source_url"]) for row in rows("notices")]
    assert told == [crossref, ("pubmed", "", f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/")]
    assert {(row["study_id"], row["kind"], row["notice"]) for row in rows("notices")} == {
        (study, "retraction", "10.5555/notice.1")
    }
    after = Project(copy)
    assert status(after, study) == "retracted"
    assert (answer(project, "any_death").k, answer(after, "any_death").k) == (4, 3)
    assert "the study is marked: retracted" in set(answer(after, "any_death").rows["reason"])
    assert check(after) == []
    assert "To read again: claim " in output
    text = report.read_text(encoding="utf-8")
    assert text.startswith("# What the searches found\n")
    assert f"| {safe(study)} | retraction |" in text
    assert "## Sentences to read again" in text
    changed = files()
    assert review("retractions")[0] == 0
    assert files() == changed


KINDS = {
    "correction": ([notice("corrigendum")], "corrected", 3),
    "expression of concern": ([notice("expression_of_concern")], "expression of concern", 2),
    "withdrawal": ([notice("removal")], "withdrawn", 2),
    "partial retraction": ([notice("partial_retraction", "")], "partially retracted", 2),
    "the gravest of several": ([notice("correction"), notice(), notice("erratum", "10.5555/n.3")], "retracted", 2),
    "a new edition": ([notice("new_version")], "current", 3),
}


@pytest.mark.parametrize(("notices", "word", "pooled"), KINDS.values(), ids=KINDS.keys())
def test_each_kind_of_notice(project: Project, held: Services, notices: list[object], word: str, pooled: int) -> None:
    publish(held, DOI, *notices)
    after = entered(project)[0].after
    assert status(after) == word
    assert answer(after, "crohns_fistula").k == pooled
    assert len(after.text("notices")) == (len(notices) if word != "current" else 0)


PLACES = {"Crossref": f"/crossref/works/{DOI}", "PubMed": f"id={PMID}"}
UNUSABLE = {  # a fault of a service, or the list of notices in an answer of Crossref
    "Crossref is down": ("Crossref", "500", None),
    "PubMed is a page": ("PubMed", "page", None),
    "no list": ("Crossref", "", "retraction"),
    "no object": ("Crossref", "", ["retraction"]),
    "no kind": ("Crossref", "", [{"DOI": "10.5555/n"}]),
    "an unknown kind": ("Crossref", "", [notice("reinstatement")]),
}


@pytest.mark.parametrize(("service", "fault", "updates"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_no_usable_answer_is_unknown_and_changes_nothing(
    project: Project, held: Services, service: str, fault: str, updates: object
) -> None:
    """Although the record of the other service says that the work is retracted."""
    held.works[DOI] = a_work(DOI, "Made up", **{"updated-by": updates or [notice()]})
    held.articles[PMID] = an_article(PMID, "Made up", types=("Retracted Publication",))
    if fault:
        held.fault(PLACES[service], fault)
    change, inquiries = entered(project)
    assert change.files == []
    [unknown] = [one for one in inquiries if one.unknown]
    assert unknown.name == STUDY
    assert unknown.unknown[0].startswith(f"{service}: ")
    assert safe(f"{STUDY}: {service}: ") in markdown(inquiries, [], [], [])


def test_the_others_are_entered_and_the_next_run_brings_the_rest(
    copy: Path, held: Services, review: Run, rows: Rows
) -> None:
    publish(held, DOI, notice())
    publish(held, OTHER, notice("correction", "10.5555/notice.2"))
    held.fault(PLACES["PubMed"], "500")
    code, output = review("retractions")
    assert code == 1
    assert "new notices: 1; unknown: 1;" in output
    assert f"unknown: {STUDY}: PubMed: " in output
    assert [row["study_id"] for row in rows("notices")] == ["bloor_2020_production"]
    held._faults.clear()
    assert entered(Project(copy))[0].table("notices")["study_id"].tolist() == ["bloor_2020_production", STUDY]


def test_a_work_in_neither_service_is_no_fault_but_a_service_without_any_is(project: Project, held: Services) -> None:
    del held.works["10.55788/646add85"]
    _, inquiries = entered(project)
    assert [one.name for one in inquiries if one.unknown or not any(one.held.values())] == ["raffals_2024_admire"]
    assert inquiries[FEW.index("raffals_2024_admire")].unknown == []
    held.works.clear()
    change, inquiries = entered(project)
    assert change.files == []
    assert "Crossref: has none of the works asked about" in "".join(inquiries[0].unknown)


def test_a_doi_with_commas_and_parentheses(project: Project, held: Services) -> None:
    odd = project.with_files({"references.bib": project.read("references.bib").replace(DOI.encode(), ODD.encode())})
    publish(held, ODD, notice(doi="10.5555/n(1),2"))
    change, _ = entered(odd)
    (asked,) = [one for one in held.asked if "67488" in one]
    assert asked.endswith("/works/10.5555%2Fs0140-6736%2805%2967488-0%2Ca%3Bb%3C1%3A%3Aaid-x%3E3.0.co%3B2-s")
    assert change.table("notices")["notice"].tolist() == ["10.5555/n(1),2"]


def test_what_a_person_decided_about_a_notice_stays(project: Project, held: Services) -> None:
    """Here about a mark of PubMed, which names no notice."""
    held.articles[PMID] = an_article(PMID, "Made up", types=("Retracted Publication",))
    change, _ = entered(project)
    assert change.table("notices")[["source", "notice"]].to_numpy().tolist() == [["pubmed", "record"]]
    assert status(change.after) == "retracted"
    change.set_cells("studies", "study_id", STUDY, {"status": "corrected"})
    again, _ = entered(change.after)
    assert again.files == []
    assert status(again.after) == "corrected"


def test_words_that_are_corrected_and_gone_are_told(
    held: Services, tmp_path: Path, review: Run, files: Files, set_cell: Callable[[str, str, str, str], None]
) -> None:
    """Marks, blanks and markup make no difference; what is mended is not looked for again."""
    text = held.texts[SEED].replace("olfactory extra mesenchymal", "olfactory ecto-mesenchymal")
    held.texts[SEED] = text.replace("placental villi (PM)", "placental <i>villi</i>\n(<b>PM</b>)")
    before, report = files(), tmp_path / "text.md"
    code, output = review("retractions", "--report", str(report))
    assert code == 1
    assert output.count("the review no longer says") == 1
    assert "c039b: the review no longer says “olfactory extra mesenchymal stem cell-derived exosomes”" in output
    assert f"# Corrections whose words are gone\n\n- {safe('c039b: ')}" in report.read_text(encoding="utf-8")
    assert files() == before
    set_cell("corrections", "c039b", "status", "mended")
    assert review("retractions")[0] == 0


@pytest.mark.parametrize("fault", ["not held", "500"])
def test_a_text_that_cannot_be_had_is_unknown(held: Services, tmp_path: Path, review: Run, fault: str) -> None:
    if fault == "not held":
        held.texts.clear()
    else:
        held.fault("fullTextXML", fault)
    report = tmp_path / "text.md"
    code, output = review("retractions", "--report", str(report))
    assert code == 1
    assert "unknown: the text of the 2024 review: Europe PMC: " in output
    assert "the review no longer says" not in output
    assert safe("the text of the 2024 review: Europe PMC: ") in report.read_text(encoding="utf-8")
