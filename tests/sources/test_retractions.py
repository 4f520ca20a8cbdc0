"""`review retractions` against the local services: what a notice changes, and that no answer changes nothing."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.check import check
from review_tools.cli import app
from review_tools.data.bibliography import bibliography
from review_tools.data.tables import load
from review_tools.sources import http, retractions
from review_tools.synthesis.comparisons import answer
from sources.server import Services, a_work, an_article

STUDY, DOI, PMID = "molendijk_2015_allogeneic", "10.1053/j.gastro.2015.06.014", "26116801"  # of the pool in fistulas
OTHER = "10.1038/s41591-020-1050-x"  # bloor_2020_production
ODD = "10.5555/s0140-6736(05)67488-0,a;b<1::aid-x>3.0.co;2-s"
FEW = (STUDY, "bloor_2020_production", "raffals_2024_admire", "jiang_2024_efficacy")
SetCell = Callable[[str, str, str, str], None]


def notice(kind: str = "retraction", doi: str = "10.5555/notice.1", **more: object) -> dict[str, object]:
    updated = {"date-parts": [[2026, 10, 1]], "timestamp": 0}
    return {"DOI": doi, "type": kind, "label": kind.title(), "source": "publisher", "updated": updated, **more}


def publish(services: Services, doi: str, *notices: object) -> None:
    services.works[doi.lower()] = a_work(doi, "Made up", **{"updated-by": list(notices)})


@pytest.fixture
def held(copy: Path, services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The services hold every work of the review, without a notice; four of them are asked about."""
    monkeypatch.setattr(retractions, "bibliography", lambda root: {key: bibliography(root)[key] for key in FEW})
    monkeypatch.setattr(http.Client, "_keep_interval", lambda *_: None)
    for work in bibliography(copy).values():
        if work["doi"]:
            publish(services, work["doi"])
        if work["pmid"]:
            services.articles[work["pmid"]] = an_article(work["pmid"], "Made up")
    return services


def run(root: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["retractions", "--root", str(root), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done.exit_code, done.output


def table(root: Path, name: str) -> list[dict[str, str]]:
    with (root / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def status(root: Path, study: str = STUDY) -> str:
    return next(row["status"] for row in table(root, "studies") if row["study_id"] == study)


def tables(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "data").iterdir()}


def test_without_notices_nothing_changes(copy: Path, held: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retractions, "bibliography", bibliography)
    before = tables(copy)
    code, output = run(copy)
    assert code == 0, output
    works = sum(bool(work["doi"] or work["pmid"]) for work in bibliography(copy).values())
    assert f"Works told of: {works}; new notices: 0; unknown: 0; in neither service: 0." in output
    assert tables(copy) == before


def test_a_retraction_changes_status_pool_and_verdict(copy: Path, held: Services, tmp_path: Path) -> None:
    """Told by both services: two rows, one status; asked again, nothing is new."""
    link = '<CommentsCorrections RefType="RetractionIn"><RefSource>J Inv. 2026 Oct;1(1):2. doi: 10.5555/notice.1.'
    link += '</RefSource><PMID Version="1">99000001</PMID></CommentsCorrections>'
    publish(held, DOI, notice(), notice(source="retraction-watch"))
    held.articles[PMID] = an_article(PMID, "Made up", types=("Journal Article", "Retracted Publication"), links=link)
    before, report = answer("crohns_fistula", root=copy), tmp_path / "text.md"
    report.write_text("# What the searches found\n")
    code, output = run(copy, "--report", str(report))
    assert code == 0, output
    rows = [list(row.values())[:5] for row in table(copy, "notices")]
    assert rows == [
        [STUDY, "retraction", "crossref", "10.5555/notice.1", "2026-10-01"],
        [STUDY, "retraction", "pubmed", "10.5555/notice.1", ""],
    ]
    assert [row["source_url"] for row in table(copy, "notices")] == [
        "https://api.crossref.org/works/10.1053%2Fj.gastro.2015.06.014",
        f"https://pubmed.ncbi.nlm.nih.gov/{PMID}/",
    ]
    assert status(copy) == "retracted"
    after = answer("crohns_fistula", root=copy)
    assert (before.k, after.k) == (2, 1)
    assert "the study is marked: retracted" in set(after.rows["reason"])
    assert check(copy) == []
    assert "To read again: claim " in output
    failed = CliRunner().invoke(app, ["check", "--root", str(copy)])
    assert failed.exit_code == 1
    assert "the sentence: “" in failed.output
    text = report.read_text(encoding="utf-8")
    assert text.startswith("# What the searches found\n")
    assert "| molendijk\\_2015\\_allogeneic | retraction |" in text
    assert "## Sentences to read again" in text
    changed = tables(copy)
    assert run(copy)[0] == 0
    assert tables(copy) == changed


KINDS = {
    "correction": ([notice("corrigendum")], "corrected", 2),
    "expression of concern": ([notice("expression_of_concern")], "expression of concern", 1),
    "withdrawal": ([notice("removal")], "withdrawn", 1),
    "partial retraction": ([notice("partial_retraction", "")], "partially retracted", 1),
    "the gravest of several": ([notice("correction"), notice(), notice("erratum", "10.5555/n.3")], "retracted", 1),
    "a new edition": ([notice("new_version")], "current", 2),
}


@pytest.mark.parametrize(("notices", "word", "pooled"), KINDS.values(), ids=KINDS.keys())
def test_each_kind_of_notice(copy: Path, held: Services, notices: list[object], word: str, pooled: int) -> None:
    publish(held, DOI, *notices)
    code, output = run(copy)
    assert code == 0, output
    assert status(copy) == word
    assert answer("crohns_fistula", root=copy).k == pooled
    assert len(table(copy, "notices")) == (len(notices) if word != "current" else 0)
    assert check(copy) == []


def test_pubmed_marks_a_work_without_naming_the_notice(copy: Path, held: Services) -> None:
    held.articles[PMID] = an_article(PMID, "Made up", types=("Retracted Publication",))
    assert run(copy)[0] == 0
    assert [(row["source"], row["notice"]) for row in table(copy, "notices")] == [("pubmed", "record")]
    assert status(copy) == "retracted"


FAULTS = ("500", "429", "429 for an hour", "slow", "cut", "cut without length", "page", "wrong type")
PLACES = {
    "Crossref": (f"/crossref/works/{DOI}", (*FAULTS, "page as json", "wrong json")),
    "PubMed": (f"id={PMID}", ("500", "slow", "cut", "page")),
}


@pytest.mark.parametrize(
    ("service", "fault"), [(name, fault) for name, (_, faults) in PLACES.items() for fault in faults]
)
def test_no_usable_answer_is_unknown_and_changes_nothing(copy: Path, held: Services, service: str, fault: str) -> None:
    """Although the record of the other service says that the work is retracted."""
    publish(held, DOI, notice())
    held.articles[PMID] = an_article(PMID, "Made up", types=("Retracted Publication",))
    held.fault(PLACES[service][0], fault)
    before = tables(copy)
    code, output = run(copy)
    assert code == 1
    assert f"unknown: {STUDY}: {service}: " in output
    assert "Works told of: 3; new notices: 0; unknown: 1;" in output
    assert tables(copy) == before


def test_the_others_are_entered_and_the_next_run_goes_on(copy: Path, held: Services) -> None:
    publish(held, DOI, notice())
    publish(held, OTHER, notice("correction", "10.5555/notice.2"))
    held.fault(PLACES["PubMed"][0], "500")
    code, output = run(copy)
    assert code == 1
    assert "new notices: 1; unknown: 1;" in output
    assert (status(copy), status(copy, "bloor_2020_production")) == ("current", "corrected")
    held._faults.clear()
    asked = len(held.asked)
    assert run(copy)[0] == 0
    assert len(held.asked) == asked + 1  # the other answers are a minute old and serve again
    assert [row["study_id"] for row in table(copy, "notices")] == ["bloor_2020_production", STUDY]
    assert status(copy) == "retracted"


UNREADABLE = {
    "no list": "retraction",
    "no object": ["retraction"],
    "no kind": [{"DOI": "10.5555/n"}],
    "an unknown kind": [notice("reinstatement")],
}


@pytest.mark.parametrize("updates", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_list_of_notices_that_cannot_be_read_is_unknown(copy: Path, held: Services, updates: object) -> None:
    held.works[DOI] = a_work(DOI, "Made up", **{"updated-by": updates})
    before = tables(copy)
    code, output = run(copy)
    assert code == 1
    assert f"unknown: {STUDY}: Crossref: " in output
    assert tables(copy) == before


def test_a_service_that_has_none_of_the_works_is_not_believed(copy: Path, held: Services) -> None:
    held.works.clear()
    code, output = run(copy)
    assert code == 1
    assert "Crossref: has none of the works asked about" in output
    assert table(copy, "notices") == []


def test_a_work_in_neither_service_is_counted(copy: Path, held: Services) -> None:
    del held.works["10.55788/646add85"]
    code, output = run(copy)
    assert code == 0, output
    assert "unknown: 0; in neither service: 1." in output


def test_a_doi_with_commas_and_parentheses(copy: Path, held: Services) -> None:
    path = copy / "references.bib"
    path.write_text(path.read_text(encoding="utf-8").replace(DOI, ODD), encoding="utf-8")
    publish(held, ODD, notice(doi="10.5555/n(1),2"))
    code, output = run(copy)
    assert code == 0, output
    (asked,) = [one for one in held.asked if "67488" in one]
    assert asked.endswith("/works/10.5555%2Fs0140-6736%2805%2967488-0%2Ca%3Bb%3C1%3A%3Aaid-x%3E3.0.co%3B2-s")
    assert table(copy, "notices")[0]["notice"] == "10.5555/n(1),2"
    assert check(copy) == []


def test_a_dry_run_changes_nothing_and_shows_the_change(copy: Path, held: Services) -> None:
    publish(held, DOI, notice())
    before = tables(copy)
    code, output = run(copy, "--dry-run")
    assert code == 0
    assert f"+{STUDY},retraction,crossref,10.5555/notice.1,2026-10-01," in output
    assert "current → retracted" in output
    assert tables(copy) == before


def test_what_a_person_decided_about_a_notice_stays(copy: Path, held: Services, set_cell: SetCell) -> None:
    publish(held, DOI, notice("expression_of_concern"))
    assert run(copy)[0] == 0
    set_cell("studies", STUDY, "status", "corrected")
    assert check(copy) == []
    assert run(copy)[0] == 0
    assert status(copy) == "corrected"
    assert len(load("notices", copy)) == 1


def test_text_from_outside_is_only_text_in_the_report(copy: Path, held: Services, tmp_path: Path) -> None:
    publish(held, DOI, notice(doi="10.5555/<script>|@all[x](javascript:1)"))
    report = tmp_path / "text.md"
    assert run(copy, "--report", str(report))[0] == 0
    text = report.read_text(encoding="utf-8")
    assert "10.5555/&lt;script&gt;\\|@\N{ZERO WIDTH SPACE}all\\[x\\]\\(javascript" in text
    assert "<script" not in text
