"""Each rule refuses its known-bad examples, with place and remedy, and is silent on the real data.

Single cells stand in ``tests/bad/cells.csv``, all other mistakes here.
"""

import csv
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import spoil
from review_tools.check import RULES, check
from review_tools.check.comparability import names_msc
from review_tools.check.engine import run
from review_tools.data.problems import Problem
from review_tools.data.project import MARKER, Project
from review_tools.data.retracted import NOTICE_IN_TITLE

BAD = Path(__file__).parents[1] / "bad" / "cells.csv"
Mistake = Callable[[Project], Project]
SEARCH = "pubmed-1125,pubmed,main,1,2026-11-25,2026-11-18,2026-11-25,{},complete,"
DAYS = "pubmed-x,pubmed,main,1,2026-11-09,{},0,0,0,0,complete,"
CANDIDATE = "{0},pubmed-1125,pubmed,{0},report,,,,A title of {0},2026,It names both,1,{1},2026-11-25"
NOTICE = "ni_2024_mesenchymal,{},crossref,10.5555/n,2026-10,2026-11-09,https://example.org/"
HISTORY = "NCT00690066,{},2026-11-09,https://example.org/"
SOUND_DECISIONS = ("pubmed-1,A,2026-11-25,exclude,wrong design,", "pubmed-1,A,2026-11-25,undo,,")
FIRST, TWIN = "deng_2017_randomised-1", "deng_2017_randomised-99"
AWAY = {"effect": "8.4", "ci_low": "0.2", "ci_high": "16.6"}
PEERS = {  # five studies with the same outcome: the last one is far off
    "mean_arm1": ["10", "11", "12", "10.5", "115"],
    "mean_arm2": ["10", "11.5", "12", "10", "114"],
    "sd_arm1": ["3", "3", "3", "3", "0.4"],
    "sd_arm2": ["3", "3", "3", "3", "30"],
}


@pytest.fixture(scope="module")
def sound(project: Project) -> Project:
    """The real data; what a mistake does not touch is not read again."""
    assert check(project) == []
    return project


def mistake(spoiled: Callable[..., Project], *what: Any, **cells: str) -> Mistake:
    return lambda project: spoiled(project, *what, **cells)


text, cells, lines, again = (partial(mistake, one) for one in (spoil.text, spoil.cells, spoil.lines, spoil.again))


def added(file: str, more: str) -> Mistake:
    return text(file, lambda held: held + more)


def swapped(file: str, old: str, new: str) -> Mistake:
    return text(file, lambda held: held.replace(old, new, 1))


def gone(file: str, content: bytes | None = None) -> Mistake:
    return lambda project: project.with_files({file: content})


def then(*mistakes: Mistake) -> Mistake:
    def make(project: Project) -> Project:
        for mistake in mistakes:
            project = mistake(project)
        return project

    return make


def searched(
    numbers: str = "5,2,2,1", repeats: str = "deng_2017_randomised", decisions: tuple[str, ...] = ()
) -> Mistake:
    """One search with two records to screen and one duplicate, sound if nothing else is said."""
    records = [CANDIDATE.format(*one) for one in (("pubmed-1", ""), ("pubmed-2", ""), ("pubmed-3", repeats))]
    screened = (f"s{number},{line}" for number, line in enumerate(decisions))
    return then(
        lines("searches", *[SEARCH.format(numbers)] * bool(numbers)),
        lines("candidates", *records),
        lines("screenings", *screened),
    )


def peers(project: Project) -> Project:
    studies = project.text("outcomes")["study_id"].unique()[:5]
    for number, study in enumerate(studies):
        figures = {column: values[number] for column, values in PEERS.items()}
        names = {"outcome_id": f"{study}-{90 + number}", "study_id": study, "outcome": "a score"}
        project = spoil.again(project, "outcomes", "he_2020_combination-19", **names, **figures, n_arm1="3", n_arm2="3")
    return project


def entry(**fields: str) -> Mistake:
    """One more entry of the bibliography, for the same work under another key."""
    fields = {"doi": "10.1000/other", "title": "Something else", "year": "2023"} | fields
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return added(BIB, f"\n@article{{gao_2023_twice,\n{body}\n}}\n")


def preprint(project: Project) -> Project:
    """Nearly the title and the same authors, another year and DOI."""
    work = project.works["gao_2023_multi"]
    return entry(title=f"{work['title']}: a preprint", author=work.raw["author"], year="2021")(project)


def in_capitals(project: Project) -> Project:
    return entry(title=project.works["gao_2023_multi"]["title"].upper())(project)


def notice(kind: str, status: str) -> Mistake:
    return then(
        cells("studies", "ni_2024_mesenchymal", status=status),
        lines("notices", NOTICE.format(kind)),
    )


def cut_in_half(held: str) -> str:
    return held[: len(held) // 2].rsplit("}", 1)[0]


RENAMED = again("outcomes", FIRST, outcome_id=TWIN, outcome="kidney response", outcome_set="")
BIB, BOOK = "references.bib", "book/discussion.md"
EXAMPLES: list[tuple[str, Mistake, str]] = [
    ("unreadable_table", gone("data/findings.csv", "é\n".encode("latin-1")), "not UTF-8"),
    ("unreadable_table", added("data/trials.csv", 'NCT99999999,"never closed\n'), "not CSV"),
    ("unreadable_table", added("data/trials.csv", "<<<<<<< HEAD\nNCT99999999\n"), "unresolved merge conflict"),
    ("unreadable_table", lines("withdrawn", "a,2026-01-01,b,c,d"), "5 cells where the header has 4"),
    ("unreadable_table", gone("data/withdrawn.csv", b""), "the file is empty"),
    ("unreadable_table", gone("data/withdrawn.csv"), "the file is missing"),
    ("unreadable_table", swapped("data/studies.csv", "species", "kind"), "the column kind stands twice"),
    ("file_form", text("data/studies.csv", lambda held: f"\ufeff{held}"), "a byte order mark"),
    ("file_form", text("data/studies.csv", lambda held: held.replace("\n", "\r\n")), "line endings of Windows"),
    ("stray_file", gone("data/outcomes.xlsx", b"x"), "save its sheet as “CSV UTF-8” in data/outcomes.csv"),
    ("stray_file", gone("data/outcomes (1).csv", b"x"), "bring its rows into data/outcomes.csv"),
    ("stray_file", gone("data/Copy of outcome_sets.csv", b"x"), "bring its rows into data/outcome_sets.csv"),
    ("stray_file", gone("data/~$outcomes.xlsx", b"x"), "a spreadsheet has a table open"),
    ("stray_file", gone("data/.~lock.outcomes.csv#", b"x"), "save and close it there"),
    ("turned_text", cells("outcomes", FIRST, time="02. Mrz"), "text such as 2-3"),
    ("turned_text", cells("outcomes", FIRST, added_in="26.02.2000"), "26.1.0"),
    ("turned_text", cells("outcomes", FIRST, reported="1,23E+11"), "a long number"),
    ("turned_text", cells("outcomes", FIRST, arm2="#NAME?"), "a formula"),
    ("missing_column", swapped("data/studies.csv", "species", "spezies"), "this column is missing"),
    ("undefined_column", swapped("data/studies.csv", "species", "spezies"), "did you mean “species”"),
    ("column_order", swapped("data/studies.csv", "kind,species", "species,kind"), "another order"),
    ("invisible_character", cells("findings", "f044a", statement="A\u200b statement."), "cannot be seen"),
    ("overlong_text", cells("findings", "f044a", statement="word " * 500), "longer than 2,000"),
    ("line_break", cells("findings", "f044a", statement="A\nstatement."), "a tab or a line break"),
    ("finding_twice", again("findings", "f044a", finding_id="fn998"), "the same statement of the same work as f044a"),
    ("figures_twice", RENAMED, "the figures of another outcome, remission of nephritis"),
    (
        "figures_twice",
        again("outcomes", FIRST, outcome_id="lu_2021_one-99", study_id="lu_2021_one"),
        "the figures of another study, deng_2017_randomised",
    ),
    ("term_twice", again("vocabulary", "TLR5", term="tlr 5"), "the same term as row"),
    ("trial_twice", again("trials", "NCT00690066", trial_id="nct 00690066"), "the same trial as row"),
    ("effect_against_arms", cells("outcomes", "raffals_2024_admire-2", **AWAY), "the arms of row"),
    ("error_as_deviation", cells("outcomes", "he_2020_combination-19", sd_arm1="0.1", sd_arm2="0.1"), "SDs apart"),
    ("error_as_deviation", peers, "far below the spread"),
    ("far_from_peers", peers, "far outside the same outcome"),
    ("unreadable_entry", gone(BIB), "the file is missing"),
    ("unreadable_entry", text(BIB, cut_in_half), "e"),
    ("unreadable_entry", text(BIB, lambda held: held + "\n@" + held.rsplit("\n@", 1)[1]), "this key stands twice"),
    ("bibliography_form", text(BIB, lambda held: held.replace("\n", "\r\n")), "line endings of Windows"),
    ("bibliography_form", text(BIB, lambda held: f"{held}<<<<<<< HEAD\n"), "unresolved merge conflict"),
    ("swallowed_field", text(BIB, lambda held: held.replace("},\n  year", "}\n  year", 1)), "holds the field year"),
    ("retraction_in_title", swapped(BIB, "title = {", "title = {RETRACTED: "), "the title announces a notice"),
    ("tex_command", swapped(BIB, "title = {", r"title = {\textit{T}, "), "title holds a command of TeX"),
    ("tex_command", swapped(BIB, "author = {", r"author = {D{\'e}sir, R. and "), "author holds a command of TeX"),
    ("names_in_one", swapped(BIB, "author = {", "author = {Doe J, Roe R and "), "not read as the names"),
    ("names_in_one", swapped(BIB, "author = {", "author = {Doe JR and "), "not read as the names"),
    ("names_in_one", swapped(BIB, "author = {", "author = {Doe, J.; Roe, R. and "), "not read as the names"),
    ("undefined_macro", text(BIB, partial(re.sub, r"(journal = )\{.*?\}", r"\1bmj", count=1)), "in no braces"),
    ("undefined_macro", swapped(BIB, "title = {", "title = "), "title stands in no braces"),
    ("title_twice", preprint, "nearly the title of gao_2023_multi"),
    ("nameless_entry", entry(), "neither an author nor a short title"),
    ("copy_as_address", swapped(BIB, "url = {https://", "url = {http://10.20.30.40/"), "that of a copy"),
    ("unused_entry", added(BIB, "\n@misc{x_2024_y,\n  title = {Y},\n  year = {2024}\n}\n"), "never cited"),
    ("unknown_kind", swapped(BIB, "@article", "@artikel"), "not a kind of work"),
    ("no_title", entry(title=""), "no title"),
    ("malformed_field", swapped(BIB, "doi = {10.", "doi = {doi:10."), "doi is not of the right form"),
    ("malformed_field", swapped(BIB, "url = {https://", "url = {javascript:"), "url is not of the right form"),
    ("future_year", entry(year="2099"), "a year in the future"),
    ("unknown_field", swapped(BIB, "year =", "yaer ="), "no field “yaer”"),
    ("odd_field", swapped(BIB, "title = {", "title = {<b onclick=x>"), "title holds what a browser takes for HTML"),
    ("work_twice", entry(doi="10.1038/s41467-023-39958-5"), "the same DOI as gao_2023_multi"),
    ("work_twice", in_capitals, "the same title and year as gao_2023_multi"),
    ("unreadable_chapter", gone(BOOK, "é\n".encode("latin-1")), "not UTF-8"),
    ("merge_mark", added(BOOK, "\n<<<<<<< HEAD\n"), "unresolved merge conflict"),
    ("unknown_citation", added(BOOK, "\n{cite:p}`nobody_2024_nothing`\n"), "does not have"),
    ("unknown_citation", added(BOOK, "\n{cite:p}`gao_2023_mutli`\n"), "did you mean “gao_2023_multi”"),
    ("unknown_row", added(BOOK, "\n{seed}`122`\n"), "name a seed_number of data/citations.csv"),
    ("unknown_row", added(BOOK, "\n{basis}`nothing-1`\n"), "name a finding_id of data/findings.csv"),
    ("unknown_row", added(BOOK, "\n{claim}`agvhd_prevente`\n"), "did you mean “agvhd_prevented”"),
    ("unknown_row", added(BOOK, "\n{result}`agvhd_respons`\n"), "did you mean “agvhd_response”"),
    ("unknown_role", added(BOOK, "\n{valu}`outcomes x n_arm1`\n"), "did you mean “value”"),
    ("unknown_role", added(BOOK, "\n{cite:p} `gao_2023_multi`\n"), "a role without its words"),
    ("open_fold", added(BOOK, '\n<details class="behind">\n'), "a fold that does not end"),
    ("open_fold", added(BOOK, "\n```{dropdown} More\n```\n"), "a fold of another form"),
    ("open_fold", added(BOOK, "\n```{code-cell} ipython3\n"), "a block that does not end"),
    ("link_to_no_page", added(BOOK, "\n[here](diseases/kidneys.md)\n"), "did you mean “diseases/kidney.md”"),
    ("unanswered_role", added(BOOK, "\n{count}`findings cell=x`\n"), "not column=value"),
    ("unanswered_role", added(BOOK, "\n{value}`outcomes deng_2017_randomised-1 event_arm2`\n"), "mean “events_arm2”"),
    ("search_does_not_add_up", searched("6,2,2,1"), "not 2 new + 2 duplicates + 1 ruled_out"),
    ("search_without_its_records", searched("6,3,2,1"), "data/candidates.csv holds 2 records to screen"),
    ("search_without_its_records", searched("3,2,0,1"), "data/candidates.csv holds 1 duplicates"),
    ("broken_link", searched(""), "no such search_id"),
    ("broken_link", searched(decisions=("pubmed-9,A,2026-11-25,include,,",)), "no such candidate_id"),
    ("duplicate_of_nothing", searched(repeats="nobody_2024_x"), "no such candidate, study or trial"),
    ("duplicate_of_nothing", searched(repeats="pubmed-3"), "repeats itself"),
    ("reason_and_decision", searched(decisions=("pubmed-1,A,2026-11-25,exclude,,",)), "an exclusion without a reason"),
    (
        "reason_and_decision",
        searched(decisions=("pubmed-1,A,2026-11-25,include,wrong design,",)),
        "beside the decision",
    ),
    (
        "decision_about_duplicate",
        searched(decisions=("pubmed-3,A,2026-11-25,include,,",)),
        "a decision about a duplicate",
    ),
    ("idle_undo", searched(decisions=("pubmed-1,A,2026-11-25,undo,,",)), "takes back a decision that does not stand"),
    ("days_out_of_order", lines("searches", DAYS.format("2026-11-08,2026-11-02")), "after to_date"),
    ("days_out_of_order", lines("searches", DAYS.format("2026-11-02,2027-11-02")), "after run_on"),
    ("days_out_of_order", lines("notices", NOTICE.format("correction").replace("2026-10", "2026-12")), "after seen_on"),
    ("change_of_no_column", lines("trial_history", HISTORY.format("mood,,good")), "no column of data/trials.csv"),
    (
        "change_that_does_not_stand",
        lines("trial_history", HISTORY.format("registered_status,recruiting,withdrawn")),
        "not the value in data/trials.csv",
    ),
    ("status_against_notices", notice("correction", "current"), "write corrected"),
    ("status_against_notices", notice("expression of concern", "current"), "write corrected"),
    ("status_against_notices", notice("retraction", "corrected"), "write retracted"),
    ("status_against_notices", notice("partial retraction", "expression of concern"), "write partially retracted"),
]
with BAD.open(encoding="utf-8", newline="") as table:
    CELLS = list(csv.DictReader(table))
EXAMPLES += [
    (one["rule"], cells(one["table"], one["row"], **{one["column"]: one["value"]}), one["says"]) for one in CELLS
]
# They need a history, see below; and a table that is mended, see test_command.
ELSEWHERE = {"study_gone", "past_line_changed", "saved_by_spreadsheet"}


def that_say(problems: list[Problem], words: str) -> list[Problem]:
    return [problem for problem in problems if words in f"{problem.why} {problem.remedy}"]


def test_every_rule_has_a_bad_example_and_says_what_it_refuses() -> None:
    assert {rule for rule, _, _ in EXAMPLES} | ELSEWHERE == set(RULES)
    assert all(rule.refuses and not rule.refuses.endswith(".") for rule in RULES.values())


@pytest.mark.parametrize(("rule", "mistake", "says"), EXAMPLES, ids=[f"{one[0]}: {one[2]}" for one in EXAMPLES])
def test_a_mistake_is_named_with_its_place_and_remedy(sound: Project, rule: str, mistake: Mistake, says: str) -> None:
    problems = run(mistake(sound), [RULES[rule]])
    assert that_say(problems, says), [str(problem) for problem in problems]
    for problem in problems:
        assert problem.rule == rule
        assert problem.file
        assert problem.why
        assert problem.remedy
        assert "{" not in problem.why


@pytest.mark.parametrize(
    "mistake",
    [
        searched(decisions=(*SOUND_DECISIONS, "pubmed-2,A,2026-11-25,unsure,,")),
        notice("retraction", "retracted"),
        notice("expression of concern", "corrected"),
        then(
            again("outcomes", FIRST, outcome_id=TWIN, outcome="it went away"),
            lines("outcome_flags", f"{TWIN},same patients,", f"{TWIN},named otherwise,"),
        ),
        then(RENAMED, lines("outcome_flags", f"{TWIN},same figures,")),
    ],
)
def test_what_is_sound_passes(sound: Project, mistake: Mistake) -> None:
    assert check(mistake(sound)) == []


FLAGGED = {
    "effect_against_arms": ("raffals_2024_admire-2", AWAY),
    "off_centre": ("kvistad_2025_smart-1", {"effect": "1.0"}),
    "more_people_than_enrolled": ("deng_2017_randomised-1", {"n_arm1": "120"}),
    "error_as_deviation": ("he_2020_combination-19", {"sd_arm1": "0.1", "sd_arm2": "0.1"}),
    "other_unit": ("deng_2017_randomised-11", {"unit": "mg/24h"}),
    "other_outcome_set": ("sun_2018_allogeneic-2", {"outcome_set": "delayed_function"}),
}


@pytest.mark.parametrize("rule", FLAGGED)
def test_what_is_unlikely_wants_a_flag(sound: Project, rule: str) -> None:
    row, changes = FLAGGED[rule]
    spoiled = spoil.cells(sound, "outcomes", row, **changes)
    first = run(spoiled, [RULES[rule]])[0]
    flag = first.remedy.split("“")[1].split("”")[0]
    flagged = spoil.lines(spoiled, "outcome_flags", f"{row},{flag},so printed")
    assert first.row not in {problem.row for problem in run(flagged, [RULES[rule]])}


@pytest.mark.parametrize("table", ["outcomes", "studies", "citations", "outcome_flags", "vocabulary"])
def test_what_cannot_be_read_is_the_only_problem(sound: Project, table: str) -> None:
    """A row with a cell too many, then a heading misspelt: nothing is said of rows that look for those of the table."""
    file = sound.file_of(table)
    (problem,) = check(spoil.text(sound, file, lambda held: held.replace("\n", ",4\n", 2).replace(",4\n", "\n", 1)))
    assert (problem.file, problem.row) == (file, 2)
    assert "put a cell that holds a comma in quotation marks" in problem.remedy
    problems = check(spoil.text(sound, file, lambda held: f"x{held}"))
    assert {problem.why for problem in problems} == {"this column is missing", "this column is not defined"}


def test_tables_without_rows_can_be_looked_at(sound: Project) -> None:
    headers = {file: sound.read(file).partition(b"\n")[0] + b"\n" for file in map(sound.file_of, sound.schema)}
    assert that_say(run(sound.with_files(headers), RULES.values()), "no row in data/studies.csv")


def test_a_broken_bibliography_is_the_only_problem(sound: Project) -> None:
    problems = check(spoil.text(sound, BIB, cut_in_half))
    assert {problem.file for problem in problems} == {BIB}


def test_a_row_that_does_not_fit_its_outcome_set_is_told_each_reason(sound: Project) -> None:
    wrong = spoil.cells(sound, "outcomes", "deng_2017_randomised-1", outcome_set="delayed_function")
    problems = run(wrong, [RULES["other_outcome_set"]])
    assert {problem.value for problem in problems} == {"delayed_function"}
    assert [problem.why.split(" ")[0] for problem in problems] == ["disease", "domain", "higher_is_better"]


def test_a_title_tells_of_a_notice() -> None:
    about = "MSCs in lupus"
    for before in (
        "RETRACTED:",
        "[Retracted]",
        "Retraction note to:",
        "Notice of retraction:",
        "Expression of Concern:",
    ):
        assert NOTICE_IN_TITLE.search(f"{before} {about}")
    for title in (f"Correction: {about}", f"{about} [RETRACTED]", f"{about}, retracted"):
        assert NOTICE_IN_TITLE.search(title)
    for title in ("Retraction of the gingiva after MSCs", "Correction of anaemia by MSCs", "Early withdrawal: a study"):
        assert not NOTICE_IN_TITLE.search(title)


def test_an_arm_is_known_by_its_product() -> None:
    for arm in ("UC-MSC + standard induction", "darvadstrocel (Cx601)", "adipose-derived stem cells"):
        assert names_msc(arm)
    for arm in ("no MSC", "without MSCs", "autologous stem cell transplantation", "placebo + second-line therapy"):
        assert not names_msc(arm)


@pytest.fixture
def committed(sound: Project, tmp_path: Path) -> Project:
    """The tables, committed; that of decisions is a log."""
    package = json.loads(sound.read(MARKER))
    next(one for one in package["resources"] if one["name"] == "decisions")["appendOnly"] = True
    files = {file: sound.read(file) for file in (BIB, *sound.files("data"))}
    project = Project.of_files(tmp_path, files | {MARKER: json.dumps(package).encode("utf-8")})
    spoil.commit(project)
    return project


def test_a_study_that_disappears_is_missed(committed: Project) -> None:
    """Removing a study fails the check before and after it is committed, until it is recorded as withdrawn."""
    removed = text("data/studies.csv", lambda held: re.sub(r"(?m)^pan_2016_low,.*\n", "", held))(committed)
    assert [problem.value for problem in run(removed, [RULES["study_gone"]])] == ["pan_2016_low"]
    spoil.commit(removed)
    assert [problem.value for problem in run(removed, [RULES["study_gone"]])] == ["pan_2016_low"]
    recorded = spoil.lines(removed, "withdrawn", "pan_2016_low,2026-11-23,Entered by mistake,A. Reader")
    assert run(recorded, [RULES["study_gone"]]) == []


def test_the_past_lines_of_a_log_stay_as_they_were(committed: Project) -> None:
    """Changing or removing a committed line of a table that only grows is refused; adding one is not."""
    rule = [RULES["past_line_changed"]]
    longer = spoil.again(committed, "decisions", "nmpa-2025-amimestrocel", decision_id="nmpa-2026-other")
    assert run(longer, rule) == []
    spoil.commit(longer)
    changed = spoil.cells(longer, "decisions", "nmpa-2026-other", date="2025-01-03")
    [problem] = run(changed, rule)
    assert (problem.column, problem.value) == ("date", "2025-01-03")
    spoil.commit(changed)
    [problem] = run(changed, rule)
    assert "it said '2025-01-02'" in problem.why
    assert [problem.value for problem in run(committed, rule)] == ["nmpa-2026-other"]
