"""Issue forms: they offer the words of the data, and a filled one is read as somebody's words and nothing more."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import small_book
from review_tools.check import check
from review_tools.data.markdown import safe
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources import trial_results
from review_tools.sources.add import LATER
from review_tools.sources.forms import FOLDER, PROMISE, TABLES, questions, read, stale
from sources.conftest import Rows, Run
from sources.server import Services, a_study, a_work, an_article

Propose = Callable[..., tuple[int, str, Path]]
Enter = Callable[[str, dict[str, str]], str]
DOI = "10.5555/forms.1"


def body_of(project: Project, name: str, answers: dict[str, str]) -> str:
    """A filled form as GitHub writes it."""
    asked = questions(project, name)
    parts = [f"### {question.label}\n\n{answers.get(question.id) or '_No response_'}" for question in asked]
    return "\n\n".join([*parts, f"### Evidence\n\n- [X] {PROMISE}"])


SOURCE = {"source_url": f"https://doi.org/{DOI}", "source_where": "abstract"}
STUDY = SOURCE | {
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
    "mediators": "tgf-beta = Mediator; PD1=receptor",
    "model": "Mouse",
    "direction": "Dampens inflammation",
}
NCT = "NCT99999901"
KEY = "example_2025_cells"
COLUMNS = ("block", "events_arm1", "n_arm1", "events_arm2", "n_arm2", "outcome_set", "higher_is_better", "source_where")
RESULTS = """Outcome: Combined remission
Time: week 24
MSCs: 31 of 40
Control: 14/42 (33%)
answers: combined remission, or healing at Week 24
Words: 31/40 (78%) vs 14/42 (33%) were in
combined remission at week 24

**Outcome:** PDAI
time : Week 24
mscs : mean 4,1 (SD 2.5); n = 38
control: 6.0, SD 3.1, n 40
Unit: points
Higher is: Worse
Sort: Response or  Activity
Words: "PDAI 4.1 (2.5), n=38, vs 6.0 (3.1), n=40"
Place: Table 3
Care: Stopped early = after the interim look

Outcome: serious adverse event
Time: week 24
Higher is: worse
Sort: harm
Words: serious adverse events were rare
"""
TRIAL = {
    "work": f" https://doi.org/{DOI.upper()}.",
    "trial_id": " nct 99999901",
    "read": "full text",
    "summary": "More fistulas closed.",
    "n": "82",
    "design": "Randomised",
    "disease": "crohns disease",
    "population": "complex perianal fistulas",
    "arm1": "adipose MSC",
    "arm2": "placebo",
    "contrast": "MSCs added",
    "results": RESULTS,
    "source_url": f"doi:{DOI}",
    "source_where": "Table 2",
}
CORRECTION = SOURCE | {
    "section": "2.1.1 T cells: contact",
    "seed_number": "46",
    "kind": "Number",
    "seed_says": "Twelve mice.",
    "source_says": "Ten mice.",
    "meaning": "The number is smaller.",
    "confidence": "Verified",
}
SMUGGLED = "a\n\n### Section of the 2024 review\n\n4 Discussion"
REFERENCE = SOURCE | {
    "seed_number": "1",
    "work": DOI,
    "kind": "Animal",
    "match": "Probable",
    "agreement": "Cell and animal fit; the year was not compared.",
}
VALUE = SOURCE | {
    "table": "outcomes",
    "row": "deng_2017_randomised-1",
    "column": "reported",
    "new": "9 of 12 (75%) vs 5 of 6 (83%)",
    "why": "So it is printed.",
}


@pytest.fixture(scope="module")
def book(root: Path, tmp_path_factory: pytest.TempPathFactory, few_numbers: None) -> Path:
    """A small book, with the works that are numbers 1 and 46 of the 2024 review."""
    folder = tmp_path_factory.mktemp("forms") / "project"
    more = ("friedenstein_1987_bone", "kawadahoritani_2022_human")
    small_book.make(root, folder, (*small_book.STUDIES, *more))
    shutil.copytree(root / FOLDER, folder / FOLDER)
    return folder


@pytest.fixture
def copy(book: Path, tmp_path: Path) -> Path:
    return shutil.copytree(book, tmp_path / "project")


@pytest.fixture
def propose(copy: Path, services: Services, review: Run) -> Propose:
    """Turns a filled form, as an event of Actions brings it, into a proposal: exit code, words, folder."""
    services.works[DOI] = a_work(DOI, "Cells that nobody gave")
    services.studies[NCT] = a_study(NCT, "Invented Cells in Fistulas", overallStatus="COMPLETED")
    services.articles["99999123"] = an_article("99999123", "Invented cells")

    def run(name: str, answers: dict[str, str], labels: tuple[str, ...] | None = None) -> tuple[int, str, Path]:
        out, event = copy / "_build/proposal", copy / "event.json"
        given = [{"name": label} for label in ([f"form: {name}"] if labels is None else labels)]
        issue = {"number": 7, "labels": given, "body": body_of(Project(copy), name, answers)}
        event.write_text(json.dumps({"action": "labeled", "issue": issue}), encoding="utf-8")
        return *review("form", str(event), "--out", str(out)), out

    return run


@pytest.fixture
def enter(root: Path, copy: Path, propose: Propose) -> Enter:
    """Turns a filled form into a proposal and puts its patch in place as the workflow does; returns its text."""

    def run(name: str, answers: dict[str, str]) -> str:
        code, output, out = propose(name, answers)
        assert code == 0, output
        steps = yaml.safe_load((root / ".github/workflows/propose.yml").read_text("utf-8"))["jobs"]["propose"]["steps"]
        [command] = [step["run"] for step in steps if step.get("run", "").startswith("git apply")]
        done = subprocess.run(shlex.split(command.replace("--index ", "")), cwd=copy, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert {problem.rule for problem in check(Project(copy))} <= LATER
        assert "(form #7)" in (out / "title.txt").read_text(encoding="utf-8")
        return (out / "text.md").read_text(encoding="utf-8")

    return run


def test_the_forms_on_disk_offer_what_the_data_offer(project: Project) -> None:
    assert stale(project) == {}
    forms = {name: yaml.safe_load(project.read(f"{FOLDER}/{name}.yml")) for name in TABLES}
    for name, form in forms.items():
        assert form["labels"] == [f"form: {name}"]
        assert form["body"][-1]["attributes"]["options"] == [{"label": PROMISE, "required": True}]
        for question in questions(project, name):
            assert len(set(question.options.values())) == len(question.options)
            assert not {"none", "None"} & set(question.options)
            assert question.required or not question.column.required
    template = next(one["attributes"]["value"] for one in forms["trial"]["body"] if one.get("id") == "results")
    assert trial_results.blocks(template.strip()) == []


def test_a_form_that_lags_behind_the_vocabulary_is_refused_and_written(copy: Path, review: Run) -> None:
    with (copy / "data" / "vocabulary.csv").open("a", encoding="utf-8") as file:
        file.write("disease,a new disease,A new disease,Made up.\n")
    code, output = review("forms", "--check")
    assert (code, "study.yml" in output, "correction.yml" in output) == (1, True, False)
    assert review("forms")[0] == 0
    assert review("forms", "--check")[0] == 0
    assert "    - A new disease\n" in (copy / FOLDER / "study.yml").read_text(encoding="utf-8")


def test_a_suggested_study_becomes_a_work_and_a_finding(enter: Enter, rows: Rows) -> None:
    before = rows("findings")
    enter("study", STUDY)
    [row] = [row for row in rows("findings") if row not in before]
    assert (row["study_id"], row["effect"], row["basis"]) == (KEY, "less activation or proliferation", "source read")
    shown = {(one["term"], one["role"]) for one in rows("finding_mediators") if one["finding_id"] == row["finding_id"]}
    assert shown == {("TGF-β", "mediator"), ("PD-1", "receptor")}


def test_a_trial_becomes_its_rows_and_moves_a_pool(copy: Path, review: Run, enter: Enter, rows: Rows) -> None:
    before = shutil.copytree(copy, copy.with_name("before"))
    told = enter("trial", TRIAL)
    added = [row for row in rows("outcomes") if row["study_id"] == KEY]
    assert [[row[column] for column in COLUMNS] for row in added] == [
        ["binary", "31", "40", "14", "42", "fistula_remission", "true", "Table 2"],
        ["continuous", "", "38", "", "40", "", "false", "Table 3"],
        ["words only", "", "", "", "", "", "false", "Table 2"],
    ]
    assert (added[1]["mean_arm1"], added[1]["sd_arm2"], added[1]["unit"]) == ("4.1", "3.1", "points")
    assert {row["trial_id"] for row in rows("studies") if row["study_id"] == KEY} == {NCT}
    assert [row["flag"] for row in rows("outcome_flags") if row["outcome_id"].startswith(KEY)] == ["stopped early"]
    said = review("diff", str(before))[1]
    for moved in ("1 of 1 pooled results move", "→ **k 4: 1.48 (0.78 to 2.80)", f"enters: {KEY}-1"):
        assert moved in said
    for left in ("nobody says that it was extracted whole", safe("2025_cells-3 names no declared outcome")):
        assert left in told


def test_results_of_a_work_that_is_there_join_it_and_another_registry_waits_for_a_person(
    enter: Enter, services: Services, rows: Rows
) -> None:
    services.articles["26116801"] = an_article("26116801", "Allogeneic cells")
    before = rows("studies")
    held = TRIAL | {"work": "PMID 26116801", "trial_id": "ISRCTN12345678"}
    told = enter("trial", held | {"results": "Outcome: a\nTime: b\nSort: harm\nWords: None was harmed."})
    assert len(rows("studies")) == len(before)
    entered = {row["study_id"] for row in rows("outcomes") if row["reported"] == "None was harmed."}
    assert entered == {"molendijk_2015_allogeneic"}
    assert "ISRCTN12345678 is not there → enter it by hand" in told


def test_a_correction_becomes_a_row_with_the_study_of_its_number(enter: Enter, rows: Rows) -> None:
    enter("correction", CORRECTION)
    row = next(row for row in rows("corrections") if row["seed_says"] == "Twelve mice.")
    assert row["correction_id"].startswith("c046")
    assert row["study_id"] == next(r["study_id"] for r in rows("citations") if r["seed_number"] == "46")


def test_a_value_changes_one_cell_and_its_source_however_it_is_named(enter: Enter, rows: Rows) -> None:
    """Case, blanks, accents and hyphens are forgiven, here and in the choices of other forms."""
    said = {"table": " Data/Outcomes.csv", "row": "Deng_2017_Randomised-1 ", "column": "Reported by", "new": " Source"}
    enter("value", VALUE | said | {"source_url": f"DOI: {DOI.upper()}"})
    row = next(row for row in rows("outcomes") if row["outcome_id"] == VALUE["row"])
    told = (row["reported_by"], row["source_url"], row["source_where"])
    assert told == ("source", f"https://doi.org/{DOI}", "abstract")
    said = {"work": "https://pubmed.ncbi.nlm.nih.gov/99999123/", "disease": "primary sjogrens disease (PSS)"}
    said |= {"section": "2.2.1  t cells; Vesicles and secretome", "kind": "ANIMAL", "target_cell": "T-cell"}
    enter("study", STUDY | said)
    assert ("Sjögren's disease", "T cell") in [(row["disease"], row["target_cell"]) for row in rows("findings")]


def test_an_open_number_is_identified_everywhere_it_stands(enter: Enter, rows: Rows) -> None:
    number = next(row["seed_number"] for row in rows("citations") if row["match"] == "unidentified")
    enter("reference", REFERENCE | {"seed_number": f"0{number}"})  # as somebody may write it
    held = [row for table in ("citations", "findings") for row in rows(table) if row["seed_number"] == number]
    assert {row["study_id"] for row in held} == {KEY}


COUNTS = {"block": "binary", "value_basis": "printed", "events_arm1": "12", "n_arm1": "20"}
MEANS = {"block": "continuous", "mean_arm1": "-5.2", "sd_arm1": "1.3", "n_arm1": "20", "mean_arm2": "6"}


@pytest.mark.parametrize(
    ("arm1", "arm2", "shown"),
    [
        ("12/20", "5 of the", "'5 of the' cannot be read; write 12 of 20"),
        ("12/20", "5 of 21", COUNTS | {"events_arm2": "5", "n_arm2": "21"}),
        ("60 % (12 out of 20)", "5/21", COUNTS | {"printed_percent_arm1": "60"}),
        ("−5,2 (SD 1,3); n=20", "n 21, mean 6, sd 2.0", MEANS),
        ("-5.2 ± 1.3, N = 20", "6 +/- 2, n 21", MEANS | {"flags": ["spread not labelled"]}),
        ("5.2, SD 1.3", "6, SD 2", {"block": "partial", "mean_arm1": "5.2"}),
        ("60%, n 20", "33%, n 21", {"block": "binary", "events_arm2": "7", "value_basis": "derived from percent"}),
        ("60%, n 400", "33%, n 21", {"block": "percent only", "n_arm1": "400", "value_basis": "printed"}),
        ("", "", {"block": "words only"}),
        ("1,234, SD 3, n 4", "1, SD 3, n 4", "cannot be read"),
        ("5.2 ± 0.3 SEM, n 20", "6 ± 0.3 SEM, n 21", "a standard error is no SD"),
        ("12", "5", "'12' cannot be read"),
        ("n 20", "n 21", "'n 20' cannot be read"),
        ("12 of 20, n 19", "5 of 21", "cannot be read"),
        ("12 of 20", "24%", "told in two ways"),
    ],
)
def test_figures_are_read_as_papers_print_them_or_not_at_all(arm1: str, arm2: str, shown: Any) -> None:
    block = {"Outcome": "a", "Time": "b", "Words": "c", "MSCs": arm1, "Control": arm2}
    if isinstance(shown, str):
        with pytest.raises(DataError, match=shown):
            trial_results.cells(block, {}, single=False)
    else:
        row, flags = trial_results.cells(block, {}, single=False)
        assert (row | {"flags": [name for name, _ in flags]}).items() >= shown.items()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Time: week 24\nMSCs", "Tine: week 24\nMSCs", "does not begin with the name of a line → did you mean “Time”"),
        ("Outcome: Combined", "Well\nOutcome: Combined", "'Well' does not begin with the name of a line"),
        ("MSCs: 31 of 40", "Seen: all\nMSCs: 31 of 40", "'Seen: all' does not begin with the name of a line"),
        ("Unit: points", "Unit: points\nUnit: mm", "“Unit” stands twice"),
        ("Unit: points\n", "", "Result “PDAI, Week 24”, Unit: empty, although the row holds a mean"),
        ("Sort: harm", "Sort: harms", "Result 3, “Sort”: 'harms' is not one of its words; did you mean “harm”"),
        ("answers: combined remission, or", "answers: remision or", "did you mean “combined remission or"),
        ("MSCs: 31 of 40", "MSCs: 30 of 40", "Result “Combined remission, week 24”, MSCs '30': the words"),
        ("MSCs: 31 of 40", "MSCs: 31/40 (80%)", "add the line “Care: rounding conflict = why”"),
        ("Words: serious adverse events were rare", "Words:", "Result 3, “Words” is empty"),
        (RESULTS, "Words: a\nb", "'b' does not begin with the name of a line"),
        (RESULTS, "Outcome:\nTime:", "names no outcome"),
    ],
)
def test_a_result_that_does_not_fit_is_told_by_its_lines(old: str, new: str, says: str, propose: Propose) -> None:
    assert old in RESULTS
    code, output, _ = propose("trial", TRIAL | {"results": RESULTS.replace(old, new)})
    assert code == 1
    assert says in output


@pytest.mark.parametrize(("where", "fault"), [("works", "500"), ("studies", "page")])
def test_an_outage_is_told_as_ours_and_the_form_waits(
    where: str, fault: str, services: Services, propose: Propose
) -> None:
    services.fault(where, fault)
    code, _, out = propose("trial", TRIAL)
    said = (out / "complaints.md").read_text(encoding="utf-8")
    assert (code, (out / "outage").exists()) == (1, True)
    assert "Nothing is wrong with the form" in said
    assert not {"edit", "--from"} & set(said.split())


@pytest.mark.parametrize(
    ("name", "answers", "says"),
    [
        ("value", VALUE | {"table": "../../etc/passwd"}, "There is no table"),
        ("value", VALUE | {"row": "../x"}, "has no row"),
        ("value", VALUE | {"column": "outcome_id"}, "no column"),
        ("value", VALUE | {"table": "claims", "row": "x", "column": "accepted_by"}, "There is no table"),
        ("value", VALUE | {"table": "screenings", "row": "x", "column": "decision"}, "There is no table"),
        ("value", VALUE | {"new": "9/12 <img src=x onerror=alert(1)>"}, "a browser takes for HTML"),
        ("correction", CORRECTION | {"meaning": '=HYPERLINK("https://x.example")'}, "formula"),
        ("reference", REFERENCE | {"seed_number": "001"}, "Number 1 is identified already"),
        ("correction", CORRECTION | {"seed_number": "122"}, "1 to 121"),
        ("correction", CORRECTION | {"kind": "${{ secrets.GITHUB_TOKEN }}"}, "not one of its choices"),
        ("correction", CORRECTION | {"meaning": ""}, "“What that means for a reader” is empty"),
        ("correction", CORRECTION | {"meaning": "x" * 2001}, "at most 2000"),
        ("correction", CORRECTION | {"seed_says": SMUGGLED}, "stands 2 times"),
        ("correction", CORRECTION | {"trial_id": "NCT0/../1"}, "correction_id"),
        ("study", STUDY | {"work": "../../x"}, "neither a DOI"),
        ("study", STUDY | {"work": "10.5555/none"}, "no such record"),
        ("study", STUDY | {"disease": "lupus nefritis"}, "not one of its choices; did you mean “Lupus nephritis”"),
        ("study", STUDY | {"mediators": "IL-100"}, "Mediators 'IL-100': not a term"),
        ("trial", TRIAL | {"trial_id": "NCT 0123456"}, "write NCT and 8 digits"),
        ("trial", TRIAL | {"arm1": "placebo"}, "Arm with MSCs 'placebo': arm 1 is the arm with MSCs"),
        ("value", VALUE | {"table": "outcome"}, "did you mean “outcomes”"),
        ("value", VALUE | {"row": "deng_2017_randomized-1"}, "did you mean “deng_2017_randomised-1"),
        ("value", VALUE | {"column": "event arm 1"}, "did you mean “events_arm1”"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_plain_words(
    copy: Path, name: str, answers: dict[str, str], says: str, propose: Propose
) -> None:
    before = {path: path.read_bytes() for path in (copy / "data").iterdir()}
    code, output, out = propose(name, answers)
    assert code == 1
    assert output.count(says) == 1  # one cause, one message
    assert [path.name for path in out.iterdir()] == ["complaints.md"]
    assert {path: path.read_bytes() for path in (copy / "data").iterdir()} == before


def test_markup_mentions_and_expressions_in_answers_stay_text(enter: Enter) -> None:
    nasty = "See @everyone and ```code``` \U000e0041\ud800\u2028\u202e ${{ github.token }} [x](javascript:1)"
    text = enter("correction", CORRECTION | {"seed_says": nasty})
    for active in ("@everyone", "```", "\U000e0041", "\u2028", "\u202e", "${{", "](javascript"):
        assert active not in text


def test_an_unticked_promise_and_a_strange_event_are_refused(
    copy: Path, project: Project, review: Run, propose: Propose
) -> None:
    with pytest.raises(DataError, match="not ticked"):
        read(questions(project, "correction"), body_of(project, "correction", CORRECTION).replace("[X]", "[ ]"))
    code, output, _ = propose("correction", CORRECTION, labels=())
    assert (code, "carries no labels" in output) == (1, True)
    (copy / "event.json").write_text("[]", encoding="utf-8")
    code, output = review("form", str(copy / "event.json"), "--out", str(copy / "_build/proposal"))
    assert (code, "no event about an issue" in output) == (1, True)
