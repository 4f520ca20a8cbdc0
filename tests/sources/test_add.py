"""`review add`, end to end against the local services: what it writes, what it refuses, what it leaves alone."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from review_tools.check import check
from review_tools.data.edit import edit
from review_tools.data.project import Project
from review_tools.sources.add import LATER, add_work
from review_tools.sources.records import Record
from sources.conftest import Files, Rows, Run
from sources.server import Services, a_study, a_work, an_article

DOI, NCT = "10.5555/made.up.1", "NCT99999901"
STUDY = ("--set", "kind=in vitro", "--set", "read=abstract", "--set", "species=human")
STUDY += ("--set", "summary=Invented vesicles held back invented T cells.")
READ = ("--set", "read=abstract", "--set", "summary=An invented trial that closed invented fistulas.")
FINDING = {
    "section": "2.1.1",
    "statement": "Invented vesicles held back invented T cells.",
    "product": "extracellular vesicles",
    "route": "paracrine",
    "target_cell": "CD4-positive t-cell",  # a label, and not quite
    "effect": "Less activation, or proliferation",
    "model": "in vitro human",
    "direction": "dampens",
    "basis": "source read",
    "source_where": "figure 2",
}
OUTCOME = {
    "design": "randomised",
    "disease": "Crohn's disease",
    "arm1": "MSC",
    "arm2": "placebo",
    "domain": "response or activity",
    "outcome": "closure",
    "time": "24 weeks",
    "contrast": "add-on",
    "analysis_set": "randomised",
    "read": "table",
    "block": "binary",
    "events_arm1": "9",
    "n_arm1": "20",
    "events_arm2": "4",
    "n_arm2": "21",
    "reported": "9/20 vs 4/21",
    "value_basis": "printed",
    "reported_by": "source",
    "source_where": "table 3",
    "higher_is_better": "true",
}


def cells(values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture
def filled(services: Services) -> Services:
    services.works[DOI] = a_work(DOI, "Invented vesicles & <i>T cells</i>: 50% of {nothing} \\input{x}_y $z$")
    services.studies[NCT] = a_study(NCT, "Invented Cells in Fistulas")
    types = ("Journal Article", "Randomized Controlled Trial")
    services.articles["99999123"] = an_article("99999123", "Invented cells, a trial", "10.5555/made.up.2", NCT, types)
    return services


@pytest.fixture
def report(copy: Path) -> None:
    """A report of a trial that is in the data already."""
    record = Record("article", "Invented cells, a trial", "PubMed", date(2026, 11, 2), pmid="99999123", year="2024")
    given = {"kind": "human trial", "species": "human", "read": "abstract", "summary": "It closed invented fistulas."}
    with edit(copy) as change:
        add_work(change, replace(record, authors=("Invented, Ida",)), given)


def test_a_mechanistic_study_with_a_finding_passes_the_check(
    copy: Path, filled: Services, review: Run, files: Files
) -> None:
    before = files()
    code, output = review("add", "doi", DOI, *STUDY, "--by", "A. Tester")
    assert code == 0, output
    assert "review add finding example_2025_invented" in output
    code, output = review("add", "finding", "example_2025_invented", *cells(FINDING), "--mediator", "il10=Mediator")
    assert code == 0, output
    assert check(Project(copy)) == []
    after = files()
    for name in ("studies.csv", "findings.csv", "finding_mediators.csv"):  # one line more, none touched
        old, new = before[name].splitlines(), after[name].splitlines()
        assert [line for line in new if line in old] == old
        assert len(new) == len(old) + 1
    work = Project(copy).works["example_2025_invented"]
    assert work["title"] == "Invented vesicles & T cells: 50% of nothing inputx_y $z$"
    assert work.authors == ["Example, Jane Q.", "Prüfer, Sören"]
    assert "by A. Tester" in (copy / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_randomised_trial_with_its_report_and_an_outcome_is_told_what_is_left_to_do(
    copy: Path, filled: Services, review: Run
) -> None:
    code, output = review("add", "nct", NCT, "--set", "disease=Crohn's disease")
    assert code == 0, output
    trial = Project(copy).table("trials").set_index("trial_id").loc[NCT]
    assert (trial["registered_phase"], trial["randomised"], trial["registered_country"]) == ("1/2", "yes", "Portugal")
    code, output = review("add", "pmid", "99999123", *READ)
    assert code == 0, output
    study = Project(copy).table("studies").set_index("study_id").loc["invented_2024_invented"]
    assert (study["kind"], study["species"], study["trial_id"]) == ("human trial", "human", NCT)
    code, output = review("add", "outcome", "invented_2024_invented", *cells(OUTCOME))
    assert code == 0, output
    left = check(Project(copy))
    assert {one.rule for one in left} == LATER - {"unused_entry", "status_without_notice", "title_twice"}
    assert all(one.remedy in output for one in left)


def test_what_the_source_prints_otherwise_is_added_with_its_reason(copy: Path, report: None, review: Run) -> None:
    odd = cells(OUTCOME | {"reported": "9/20 vs 5/21"})
    code, output = review("add", "outcome", "invented_2024_invented", *odd)
    assert code == 1
    assert "events_arm2 '4': the words in “reported” do not show this" in output
    assert "name it in not_quoted and say why" in output
    reason = ("--set", "not_quoted=the text says 5, and table 3 says 4 of 21")
    code, output = review("add", "outcome", "invented_2024_invented", *odd, *reason)
    assert code == 0, output
    assert "  fistula_remission    " in output  # the outcomes that it may be
    assert {one.rule for one in check(Project(copy))} == LATER - {
        "unused_entry",
        "status_without_notice",
        "title_twice",
    }


def test_a_result_that_is_there_is_shown_with_its_place(copy: Path, report: None, review: Run, files: Files) -> None:
    assert review("add", "outcome", "invented_2024_invented", *cells(OUTCOME))[0] == 0
    before = files()
    again = OUTCOME | {"time": "week 24", "arm1": "adipose MSC", "reported": "9 of 20 and 4 of 21"}
    code, output = review("add", "outcome", "invented_2024_invented", *cells(again))
    assert code == 3
    line = 1 + (copy / "data/outcomes.csv").read_text(encoding="utf-8").splitlines().index(
        next(one for one in before["outcomes.csv"].decode().splitlines() if one.startswith("invented_2024_"))
    )
    assert f"data/outcomes.csv, row {line}: invented_2024_invented-1" in output
    assert files() == before
    flagged = [*cells(again), "--flag", "same patients=invented_2024_invented-1"]
    assert review("add", "outcome", "invented_2024_invented", *flagged)[0] == 0
    assert review("add", "outcome", "invented_2024_invented", *cells(OUTCOME | {"time": "52 weeks"}))[0] == 0


def test_only_outcomes_that_it_can_be_are_offered(report: None, review: Run) -> None:
    kidney = {"disease": "kidney transplant", "domain": "prevention or relapse", "higher_is_better": "false"}
    rejection = OUTCOME | kidney | {"outcome": "acute rejection"}
    code, output = review("add", "outcome", "invented_2024_invented", *cells(rejection), "--dry-run")
    assert code == 0, output
    assert "  kidney_rejection    " in output
    assert "delayed_function" not in output
    lupus = OUTCOME | {"disease": "lupus nephritis", "outcome": "response"}
    single = dict.fromkeys(("arm2", "contrast", "events_arm2", "n_arm2"), "")
    single |= {"design": "single-arm", "block": "single-arm binary"}
    code, output = review("add", "outcome", "invented_2024_invented", *cells(lupus | single | {"reported": "9/20"}))
    assert "  lupus_response    " in output
    assert "lupus_death" not in output


def test_no_flag_is_offered_for_a_comma_in_a_number(report: None, review: Run) -> None:
    means = {"block": "continuous", "mean_arm1": "1,5", "sd_arm1": "0.4", "mean_arm2": "2", "sd_arm2": "1"}
    means |= {"events_arm1": "", "events_arm2": "", "reported": "1.5 (0.4) vs 2 (1)", "unit": "points"}
    code, output = review("add", "outcome", "invented_2024_invented", *cells(OUTCOME | means))
    assert (code, "mean_arm1 '1,5': not a number" in output, "--flag" in output) == (1, True, False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("doi", "10.1136/annrheumdis-2015-208918"), "alvarogracia_2017_intravenous"),
        (("doi", "10.5555/like"), "nearly the same title"),
        (("pmid", "27269294"), "the same DOI or PubMed number"),
        (("nct", "NCT01854957"), "data/trials.csv, row "),
    ],
)
def test_what_is_there_is_shown_with_its_place(
    words: tuple[str, str], says: str, copy: Path, filled: Services, review: Run, files: Files
) -> None:
    old = Project(copy).works["cai_2016_umbilical"]
    like = a_work("10.5555/like", old["title"].replace("pilot", "Pilot,"), published={"date-parts": [[2015]]})
    filled.works |= {"10.5555/like": like}
    filled.works[words[1]] = filled.works.get(words[1]) or a_work(words[1], "Some title that nobody has used before")
    filled.articles["27269294"] = an_article("27269294", "Another title nobody used")
    filled.studies["NCT01854957"] = a_study("NCT01854957", "MESEMS")
    before = files()
    code, output = review("add", *words, *STUDY[:4] if words[0] != "nct" else ())
    assert code == 3
    assert says in output
    assert "row " in output
    assert files() == before
    if words[1] == "10.5555/like":
        assert review("add", *words, *STUDY, "--distinct", "--dry-run")[0] == 0


FAULTS = [  # every fault in turn: tests of the services
    ("Crossref", ("doi", DOI), "page as json"),
    ("ClinicalTrials.gov", ("nct", NCT), "cut"),
    ("PubMed", ("pmid", "99999123"), "page"),
]


@pytest.mark.parametrize(("service", "words", "kind"), FAULTS)
def test_a_fault_changes_nothing_and_names_service_cause_and_remedy(
    service: str, words: tuple[str, str], kind: str, filled: Services, review: Run, files: Files
) -> None:
    filled.fault(words[1], kind)
    before = files()
    code, output = review("add", *words)
    assert code == 1
    assert output.startswith(f"{service}: ")
    assert "→" in output
    assert "Nothing was changed." in output
    assert "alert(1)" not in output
    assert files() == before


@pytest.mark.parametrize(
    "case",
    [
        (("doi", "10.5555/none"), "Crossref: no such record"),
        (("pmid", "404"), "PubMed: no such record"),
        (("nct", "NCT00000000"), "ClinicalTrials.gov: no such record"),
        (("doi", "../../etc/passwd"), "is not a DOI"),
        (("nct", "NCT1/../.."), "is not an NCT number"),
        (("pmid", "1 OR 1"), "is not a PubMed number"),
        (("doi", DOI, "--set", "kind=magic", "--set", "read=abstract"), "not a term"),
        (("doi", DOI, "--set", "colour=red"), "has no column colour"),
        (("doi", DOI, "--set", "spezies=human"), "did you mean “species”"),
        (("doi", DOI, *STUDY[:6]), "summary: this cell must not be empty in a new row → fill it: One sentence"),
        (
            ("finding", "deng_2017_randomised"),
            "source_where: this cell must not be empty → fill it: Where",
            '--mediator "TERM=ROLE"   ROLE: mediator · receptor',
        ),
        (
            ("outcome", "deng_2017_randomised"),
            "source_where: this cell must not be empty → fill it: Where",
            '--set higher_is_better="…"   true · false',
            "binary: events_arm1, n_arm1, events_arm2, n_arm2",
            '--set design="…"   randomised',
        ),
        (
            ("finding", "deng_2017_randomised", *cells(FINDING), "--mediator", "TGF-beta3=mediator"),
            "new row, column term 'TGF-beta3'",
            "did you mean “TGF-β”",
        ),
        (("doi", DOI, "--set", "kind"), "not of the form"),
        (("doi", DOI, "--by", "@everyone [x](y)"), "not a plain name"),
        (("doi", DOI), "kind: this cell must not be empty", '--set kind="…"   in vitro'),
        (("finding", "nobody_2020_nothing"), "no study 'nobody_2020_nothing'"),
        (("doi", DOI, "--from", "nowhere.bib"), "nowhere.bib: cannot be read"),
        (("finding", "Le Blanc 2008"), "did you mean “leblanc_2008_mesenchymal”"),
        (("outcome", "panés_2016_expandd"), "did you mean “panes_2016_expanded”"),
        (("doi", "https://pubmed.ncbi.nlm.nih.gov/123/"), "did you mean review add pmid 123"),
        (("doi", "10/abc12d"), "it is a short DOI"),
        (("nct", "ChiCTR2000037732"), "by hand in data/trials.csv"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(case: tuple[Any, ...], filled: Services, review: Run, files: Files) -> None:
    (words, *says), before = case, files()
    code, output = review("add", *words)
    assert code == 1
    assert all(one in output for one in says), output
    assert "▸" not in output  # no row of another study
    assert files() == before


def test_a_record_without_authors_gets_a_key_and_a_note_and_a_retracted_one_its_status(
    copy: Path, filled: Services, review: Run
) -> None:
    notice = {"type": "retraction", "DOI": "10.5555/r", "updated": {"date-parts": [[2025, 1, 1]]}}
    filled.works[DOI] = a_work(DOI, "Nobody wrote this", author=None, **{"updated-by": [notice]})
    code, output = review("add", "doi", DOI, *STUDY)
    assert code == 0, output
    assert "NOTE: retraction" in output
    assert "names no author" in output
    assert "shorttitle = {Nobody wrote this, Journal of Invented Results" in (copy / "references.bib").read_text()
    assert Project(copy).table("studies").set_index("study_id")["status"]["unnamed_2025_nobody"] == "retracted"


SAVED = """@article{x, author={M{\\"u}ller, J and {The Pretend and Sons Group}}, title={Saved {TGF} \\& $\\beta$},
    journal={J Inv}, year=2021, doi={10.5555/SAVED}}"""


def test_a_saved_record_is_added_offline(copy: Path, tmp_path: Path, services: Services, review: Run) -> None:
    (tmp_path / "a.bib").write_text(SAVED, encoding="utf-8")
    code, output = review("add", "doi", "10.5555/saved", "--from", str(tmp_path / "a.bib"), *STUDY)
    assert code == 0, output
    work = Project(copy).works["muller_2021_saved"]
    assert (work["title"], work["year"], work["journal"]) == ("Saved TGF & β", "2021", "J Inv")
    assert work.authors == ["Müller, J", "The Pretend and Sons Group"]
    assert services.asked == []
    code, output = review("add", "doi", "10.5555/another", "--from", str(tmp_path / "a.bib"), *STUDY)
    assert (code, "is the record of 10.5555/saved" in output) == (1, True)


def test_the_typed_number_enters_and_a_retracted_title_asks(copy: Path, tmp_path: Path, review: Run) -> None:
    file = tmp_path / "a.bib"
    file.write_text("@article{x, author={Doe, Jane}, title={RETRACTED: Cells calm}, year=2021}", encoding="utf-8")
    code, output = review("add", "doi", "10.5555/typed", "--from", str(file), *STUDY)
    assert code == 1
    assert "status" in output
    code, output = review("add", "doi", "10.5555/typed", "--from", str(file), *STUDY, "--set", "status=retracted")
    assert "10.5555/typed" in output, output


def test_the_registrys_saved_json_is_added_offline(copy: Path, tmp_path: Path, review: Run) -> None:
    (tmp_path / "t.json").write_text(json.dumps(a_study(NCT, "Saved Trial")), encoding="utf-8")
    code, output = review("add", "nct", NCT, "--from", str(tmp_path / "t.json"), "--set", "disease=Crohn's disease")
    assert code == 0, output
    assert check(Project(copy)) == []


def test_a_number_of_pubmed_central_leads_to_pubmed(services: Services, review: Run) -> None:
    services.texts["10.5555/made.up.3"] = "Made up."
    services.articles["1"] = an_article("1", "Invented cells in the open", "10.5555/made.up.3", "", ())
    _, output = review("add", "pmid", "https://pmc.ncbi.nlm.nih.gov/articles/PMC1/", "--dry-run")
    assert "Invented cells in the open" in output


def test_many_authors_and_a_sign_of_less_enter(copy: Path, review: Run) -> None:
    authors = [{"family": f"Invented{n}", "given": "Jane M."} for n in range(150)]
    saved = copy / "saved.json"
    saved.write_text(json.dumps({"title": "IL-6<IL-10 in a dish of cells", "author": authors}), encoding="utf-8")
    code, output = review("add", "doi", DOI, "--from", str(saved), *STUDY)
    assert code == 0, output
    [work] = [work for work in Project(copy).works.values() if work["doi"] == DOI]
    assert (work["title"], len(work.authors)) == ("IL-6<IL-10 in a dish of cells", 150)


def test_a_person_at_a_terminal_is_asked_until_the_answer_fits(copy: Path, rows: Rows) -> None:
    pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")
    given = {name: value for name, value in FINDING.items() if name != "direction"}
    command = ["add", "finding", "deng_2017_randomised", *cells(given), "--root", str(copy)]
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "review_tools.cli", *command], stdin=terminal, stdout=terminal, stderr=terminal
    ) as asking:
        os.close(terminal)
        os.write(ours, b"\n" * 4 + b"\nsideways\nDampens\n")  # four that may stay empty, then the direction
        output = b""
        with suppress(OSError):  # so a terminal ends on Linux
            while part := os.read(ours, 4096):
                output += part
    os.close(ours)
    said = output.decode()
    assert asking.returncode == 0, said
    assert said.count("Enter alone leaves it empty") == 4
    assert said.index("this cell must not be empty") < said.index("not one of these terms") < said.index("Added")
    last = rows("findings")[-1]
    assert (last["study_id"], last["direction"], last["tissue"]) == ("deng_2017_randomised", "dampens", "")
