"""Issue forms: they offer the words of the data, and a filled one is read as somebody's words and nothing more."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from review_tools.check import check
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources.forms import FORMS, PROMISE, Form, read, stale
from sources.conftest import Rows, Run
from sources.server import Services, a_work

Fill = Callable[..., Path]
Propose = Callable[[Path], tuple[int, str, Path]]
DOI = "10.5555/forms.1"


def body_of(form: Form, answers: dict[str, str]) -> str:
    """A filled form as GitHub writes it."""
    parts = [f"### {question.label}\n\n{answers.get(question.id) or '_No response_'}" for question in form.questions]
    return "\n\n".join([*parts, f"### Evidence\n\n- [X] {PROMISE}"])


STUDY = {
    "work": DOI,
    "kind": "Animal",
    "species": "Mouse",
    "read": "Abstract",
    "section": "2.2.1 T cells: vesicles and secretome",
    "statement": "Made-up vesicles held made-up T cells back.",
    "route": "Paracrine",
    "product": "Extracellular vesicles",
    "target_cell": "T cell",
    "effect": "Less activation or proliferation",
    "model": "Mouse",
    "direction": "Dampens inflammation",
    "source_url": f"https://doi.org/{DOI}",
    "source_where": "abstract",
}
CORRECTION = {
    "section": "2.1.1 T cells: contact",
    "seed_number": "46",
    "kind": "Number",
    "seed_says": "Twelve mice.",
    "source_says": "Ten mice.",
    "meaning": "The number is smaller.",
    "confidence": "Verified",
    "source_url": "https://example.org/source",
    "source_where": "page 3",
}
SMUGGLED = "a\n\n### Section of the 2024 review\n\n4 Discussion"
REFERENCE = {
    "seed_number": "1",
    "work": DOI,
    "kind": "Animal",
    "match": "Probable",
    "agreement": "Cell and animal fit; the year was not compared.",
    "source_url": f"https://doi.org/{DOI}",
    "source_where": "abstract",
}
VALUE = {
    "table": "outcomes",
    "row": "deng_2017_randomised-1",
    "column": "reported",
    "new": "9 of 12 (75%) vs 5 of 6 (83%)",
    "why": "So it is printed.",
    "source_url": "https://example.org/source",
    "source_where": "Table 2",
}


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Writes an event as Actions hands it over, with a form filled in."""

    def write(name: str, answers: dict[str, str], **more: Any) -> Path:
        form = FORMS[name]
        issue = {"number": 7, "labels": [{"name": form.label}], "body": body_of(form, answers), **more}
        path = tmp_path / "event.json"
        path.write_text(json.dumps({"action": "labeled", "issue": issue}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def propose(copy: Path, review: Run) -> Propose:
    """Turns an event into a proposal: exit code, words, folder."""

    def run(event: Path) -> tuple[int, str, Path]:
        out = copy / "proposal"
        return *review("form", str(event), "--out", str(out)), out

    return run


def applied(project: Path, out: Path) -> None:
    """Puts the patch in place as the workflow does."""
    command = ["git", "apply", "--unidiff-zero", "--include=data/*.csv", "--include=references.bib"]
    done = subprocess.run(
        [*command, "--include=CHANGELOG.md", str(out / "change.patch")], cwd=project, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_forms_on_disk_offer_what_the_data_offer(root: Path) -> None:
    project = Project(root)
    assert stale(project) == {}
    for form in FORMS.values():
        for question in form.questions:
            options = question.options(project)
            assert len(set(options.values())) == len(options)
            assert not {"none", "None"} & set(options)


def test_a_form_that_lags_behind_the_vocabulary_is_refused(copy: Path, review: Run) -> None:
    assert review("forms")[0] == 0
    with (copy / "data" / "vocabulary.csv").open("a", encoding="utf-8") as file:
        file.write("disease,a new disease,A new disease,Made up.\n")
    code, output = review("forms", "--check")
    assert code == 1
    assert "study.yml" in output
    assert "correction.yml" not in output


def test_a_suggested_study_becomes_a_work_and_a_finding(
    copy: Path, fill: Fill, services: Services, propose: Propose, rows: Rows
) -> None:
    services.works[DOI] = a_work(DOI, "Vesicles that nobody made")
    code, output, out = propose(fill("study", STUDY))
    assert code == 0, output
    before = rows("findings")
    applied(copy, out)
    added = [row for row in rows("findings") if row not in before]
    assert [(row["study_id"], row["effect"], row["basis"]) for row in added] == [
        ("example_2025_vesicles", "less activation or proliferation", "source read")
    ]
    assert check(Project(copy)) == []
    assert "(form #7)" in (out / "title.txt").read_text(encoding="utf-8")


def test_a_correction_becomes_a_row_with_the_study_of_its_number(
    copy: Path, fill: Fill, propose: Propose, rows: Rows
) -> None:
    code, output, out = propose(fill("correction", CORRECTION))
    assert code == 0, output
    applied(copy, out)
    assert check(Project(copy)) == []
    row = next(row for row in rows("corrections") if row["seed_says"] == "Twelve mice.")
    assert row["correction_id"].startswith("c046")
    assert row["study_id"] == next(r["study_id"] for r in rows("citations") if r["seed_number"] == "46")


def test_a_value_changes_one_cell_and_its_source(copy: Path, fill: Fill, propose: Propose, rows: Rows) -> None:
    code, output, out = propose(fill("value", VALUE))
    assert code == 0, output
    applied(copy, out)
    row = next(row for row in rows("outcomes") if row["outcome_id"] == "deng_2017_randomised-1")
    assert (row["reported"], row["source_where"]) == (VALUE["new"], "Table 2")


def test_an_open_number_is_identified_everywhere_it_stands(
    copy: Path, fill: Fill, services: Services, propose: Propose, rows: Rows
) -> None:
    services.works[DOI] = a_work(DOI, "The work behind the number")
    number = next(row["seed_number"] for row in rows("citations") if row["match"] == "unidentified")
    answers = {**REFERENCE, "seed_number": f"0{number}"}  # as somebody may write it
    code, output, out = propose(fill("reference", answers))
    assert code == 0, output
    applied(copy, out)
    assert check(Project(copy)) == []
    named = {
        row["study_id"] for table in ("citations", "findings") for row in rows(table) if row["seed_number"] == number
    }
    assert named == {"example_2025_work"}


@pytest.mark.parametrize(
    ("name", "answers", "says"),
    [
        ("value", {**VALUE, "table": "../../etc/passwd"}, "There is no table"),
        ("value", {**VALUE, "row": "../x"}, "has no row"),
        ("value", {**VALUE, "column": "outcome_id"}, "no column"),
        ("value", {**VALUE, "table": "claims", "row": "x", "column": "accepted_by"}, "There is no table"),
        ("value", {**VALUE, "table": "screenings", "row": "x", "column": "decision"}, "There is no table"),
        ("value", {**VALUE, "new": "9/12 <img src=x onerror=alert(1)>"}, "a browser takes for HTML"),
        ("correction", {**CORRECTION, "meaning": '=HYPERLINK("https://x.example")'}, "formula"),
        ("reference", {**REFERENCE, "seed_number": "001"}, "Number 1 is identified already"),
        ("correction", {**CORRECTION, "seed_number": "122"}, "1 to 121"),
        ("correction", {**CORRECTION, "kind": "${{ secrets.GITHUB_TOKEN }}"}, "not one of its choices"),
        ("correction", {**CORRECTION, "meaning": ""}, "“What that means for a reader” is empty"),
        ("correction", {**CORRECTION, "meaning": "x" * 2001}, "at most 2000"),
        ("correction", {**CORRECTION, "seed_says": SMUGGLED}, "stands 2 times"),
        ("correction", {**CORRECTION, "trial_id": "NCT0/../1"}, "correction_id"),
        ("study", {**STUDY, "work": "../../x"}, "neither a DOI"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_plain_words(
    copy: Path, fill: Fill, services: Services, name: str, answers: dict[str, str], says: str, propose: Propose
) -> None:
    before = {path: path.read_bytes() for path in (copy / "data").iterdir()}
    code, output, out = propose(fill(name, answers))
    assert code == 1
    assert says in output
    assert (out / "complaints.md").is_file()
    assert not (out / "change.patch").exists()
    assert {path: path.read_bytes() for path in (copy / "data").iterdir()} == before


def test_markup_mentions_and_expressions_in_answers_stay_text(copy: Path, fill: Fill, propose: Propose) -> None:
    nasty = "See @everyone and ```code``` \U000e0041\ud800\u2028\u202e ${{ github.token }} [x](javascript:1)"
    code, output, out = propose(fill("correction", {**CORRECTION, "seed_says": nasty}))
    assert code == 0, output
    text = (out / "text.md").read_text(encoding="utf-8")
    for active in ("@everyone", "```", "\U000e0041", "\u2028", "\u202e", "${{", "](javascript"):
        assert active not in text
    applied(copy, out)
    assert check(Project(copy)) == []


def test_an_unticked_promise_and_a_strange_event_are_refused(fill: Fill, root: Path, propose: Propose) -> None:
    form = FORMS["correction"]
    with pytest.raises(DataError, match="not ticked"):
        read(Project(root), form, body_of(form, CORRECTION).replace("[X]", "[ ]"))
    code, output, _ = propose(fill("correction", CORRECTION, labels=[]))
    assert (code, "carries no labels" in output) == (1, True)
    event = fill("correction", CORRECTION)
    event.write_text("[]", encoding="utf-8")
    code, output, _ = propose(event)
    assert (code, "no event about an issue" in output) == (1, True)
