"""`review watch` against a local server: what it finds, what it does when a source fails, and where it goes on."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from review_tools.check import check
from review_tools.data.markdown import safe
from review_tools.data.project import Project
from review_tools.sources import pubmed, watch
from review_tools.sources.records import Page
from sources.conftest import Files, Rows, Run
from sources.search_server import SOURCES, TWISTS, Searches

MONDAY = date(2026, 11, 2)
LUPUS = "Mesenchymal stem cells in lupus of invented patients, report"
NUMBERS: dict[str, Callable[[int], str]] = {
    "clinicaltrials": lambda n: f"NCT{99_000_000 + n}",
    "pubmed": lambda n: str(90_000_000 + n),
    "europepmc": lambda n: f"PPR{900_000 + n}",
    "crossref": lambda n: f"10.5555/made.up.{n}",
}
WORDS = "amber birch cedar delta ember flint grove hazel ivory jewel koala lemon maple north ocean pearl".split()  # noqa: SIM905
SECOND_PAGE = {"clinicaltrials": "pageToken=t4", "pubmed": "retstart=4", "europepmc": "=A4", "crossref": "cursor=D4"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages, so that a few records make many; one day; the whole check only where a test is about it."""
    monkeypatch.setattr(watch, "SIZE", 4)
    monkeypatch.setattr(watch, "today", lambda: MONDAY)
    monkeypatch.setattr(watch, "check", lambda project: [])


def title(source: str, n: int) -> str:
    """Titles that are not alike."""
    base = SOURCES.index(source) * 7 + n
    named = (WORDS[(base * step + step) % len(WORDS)] for step in (1, 3, 5, 7))
    return f"{LUPUS} {' '.join(named)} {source} {n}"


def fill(server: Searches, source: str, count: int, day: date = MONDAY, start: int = 0) -> None:
    for n in range(start, start + count):
        server.hold(source, NUMBERS[source](n), day, title(source, n))


def numbers(rows: Rows, source: str) -> list[str]:
    return [row["record_id"].removeprefix("PPR/") for row in rows("candidates") if row["source"] == source]


def all_of(source: str, count: int) -> list[str]:
    return [NUMBERS[source](n) for n in range(count)]


def test_all_pages_of_all_sources_arrive_once(copy: Path, searches: Searches, review: Run, rows: Rows) -> None:
    for source in SOURCES:
        fill(searches, source, 11)
    searches.hold("crossref", "10.5555/rocks", MONDAY, "A mesenchymal pun about granite")
    searches.twist = dict.fromkeys(SOURCES, "endless")
    code, output = review("watch", "--dry-run")
    assert (code, output.count("11 new")) == (0, 4)
    assert rows("searches") == []
    searches.twist = {}
    code, output = review("watch")
    assert code == 0, output
    for source in SOURCES:
        assert numbers(rows, source) == all_of(source, 11)
    logged = [(row["source"], row["hits"], row["new"], row["ruled_out"], row["status"]) for row in rows("searches")]
    assert logged[:3] == [(source, "11", "11", "0", "complete") for source in SOURCES[:3]]
    assert logged[3:] == [("crossref", "12", "11", "1", "complete")]
    first = rows("candidates")[0]
    assert (first["score"], first["kind"]) == ("1", "registration")
    assert "“lupus” (setting)" in first["matched"]
    assert check(Project(copy)) == []
    asked = len(searches.asked)
    assert "already been searched today" in review("watch")[1]
    assert len(searches.asked) == asked


def test_the_same_work_from_other_sources_is_one_candidate(searches: Searches, review: Run, rows: Rows) -> None:
    """By DOI, by PubMed number, by title and year (a preprint and its article), and a study the review has."""
    known = "10.1038/s41467-023-39958-5"
    searches.hold("pubmed", "90000001", MONDAY, title("pubmed", 1), doi="10.5555/a")
    searches.hold("europepmc", "PPR1", MONDAY, title("pubmed", 1), pubYear="2024", doi="10.5555/preprint")
    searches.hold("europepmc", "90000001", MONDAY, "Another wording of it", pmid="90000001")
    searches.hold("crossref", "10.5555/A", MONDAY, f"{LUPUS}: a third wording")
    searches.hold("crossref", known, MONDAY, f"{LUPUS}: a study that is in the review")
    counts = [("0", "0"), ("1", "0"), ("0", "2"), ("0", "2")]
    output = review("watch", "--dry-run")[1]
    assert re.findall(r"(\d+) new, (\d+) known", output) == counts  # also against what the same run found
    assert review("watch")[0] == 0
    assert {row["record_id"]: row["duplicate_of"] for row in rows("candidates")} == {
        "90000001": "",
        "PPR/PPR1": "pubmed-90000001",
        "PPR/90000001": "pubmed-90000001",
        "10.5555/a": "pubmed-90000001",
        known: "gao_2023_multi",
    }
    assert [(row["new"], row["duplicates"]) for row in rows("searches")] == counts


SPOILED = {  # what a server does to its answers, what is then said, and whether what came is entered
    "down": ("500", "in trouble", False),
    "rate limit": ("429", "too many requests", False),
    "web page": ("page", "web page instead", False),
    "cut": ("cut", "cut off", False),
    "repeated page": ("repeat", "page 2 repeats an earlier page", False),
    "changed schema": ("schema", "another shape", False),
    "a million hits": ("million", "1,000,000 records for 2024-01-01 alone", False),
    "dropped records": ("drop", "not complete: 10 records announced, 7 received", True),
    "half a record": ("half", "not complete: 10 records announced, 7 received, 3 that could not be read", True),
    "empty pages": ("empty", "not complete: 10 records announced, 0 received", True),
}
EACH = [  # every case at one source, in turn; at the other sources in the long run
    pytest.param(source, *case, id=f"{name}, {source}", marks=[] if turn == at % len(SOURCES) else pytest.mark.long)
    for at, (name, case) in enumerate(SPOILED.items())
    for turn, source in enumerate(SOURCES)
]


@pytest.mark.parametrize(("source", "kind", "says", "entered"), EACH)
def test_spoiled_answers_are_named_and_the_next_run_finds_all(
    searches: Searches, review: Run, rows: Rows, files: Files, source: str, kind: str, says: str, entered: bool
) -> None:
    fill(searches, source, 10)
    if kind in TWISTS:
        searches.twist[source] = kind
    else:
        searches.fault(SECOND_PAGE[source], kind, 2)
    before = files()
    code, output = review("watch", "--source", source)
    assert code == 1
    assert re.search(f"{watch.SOURCES[source][0].name}, .*{says}.* → .*review watch", output), output
    assert (files() != before) == entered
    assert [row["status"] for row in rows("searches")] == ["partial"] * entered
    searches.twist.clear()
    searches._faults.clear()
    code, output = review("watch", "--source", source)
    assert code == 0, output
    assert sorted(numbers(rows, source)) == all_of(source, 10)


def test_a_source_that_fails_does_not_stop_the_others(searches: Searches, review: Run, rows: Rows) -> None:
    for source in SOURCES:
        fill(searches, source, 3)
    searches.fault("/pubmed/", "500")
    code, output = review("watch")
    assert code == 1
    assert "PubMed, the service is in trouble" in output
    assert [row["source"] for row in rows("searches")] == ["clinicaltrials", "europepmc", "crossref"]


def test_more_records_than_the_bound_are_searched_in_shorter_spans(
    copy: Path, searches: Searches, review: Run, rows: Rows
) -> None:
    path = copy / "data/review.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("hits_of_a_search: 9000", "hits_of_a_search: 10"))
    for n in range(30):
        fill(searches, "pubmed", 1, MONDAY - timedelta(days=20 * n), n)
    assert review("watch", "--source", "pubmed")[0] == 0
    logged = rows("searches")
    assert len(logged) > 2
    assert (logged[0]["from_date"], logged[-1]["to_date"]) == ("2024-01-01", "2026-11-02")
    assert [row["from_date"] for row in logged[1:]] == [row["to_date"] for row in logged[:-1]]
    assert sorted(numbers(rows, "pubmed")) == all_of("pubmed", 30)
    assert check(Project(copy)) == []


def test_registry_changes_keep_the_old_value(
    copy: Path, searches: Searches, review: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, report = "NCT00690066", copy / "report.md"
    before = next(row for row in rows("trials") if row["trial_id"] == number)
    results = {"date": "2026-10-20", "type": "ACTUAL"}
    searches.hold(
        "clinicaltrials", number, MONDAY, LUPUS, overallStatus="TERMINATED", resultsFirstPostDateStruct=results
    )
    code, output = review("watch", "--source", "clinicaltrials", "--report", str(report))
    assert code == 0, output
    after = next(row for row in rows("trials") if row["trial_id"] == number)
    assert (after["registered_status"], after["results_posted"]) == ("terminated", "2026-10-20")
    history = {row["column"]: (row["old"], row["new"]) for row in rows("trial_history")}
    assert history["registered_status"] == (before["registered_status"], "terminated")
    assert history["results_posted"] == (before["results_posted"], "2026-10-20")
    assert {key: after[key] for key in after if key not in history} == {
        key: before[key] for key in before if key not in history
    }
    assert f"| NCT00690066 | {safe('results_posted')} |" in report.read_text(encoding="utf-8")
    assert check(Project(copy)) == []
    monkeypatch.setattr(watch, "today", lambda: MONDAY + timedelta(days=7))
    assert review("watch", "--source", "clinicaltrials")[0] == 0
    assert len(rows("trial_history")) == len(history)


def test_text_from_outside_is_only_text_in_the_report(copy: Path, searches: Searches, review: Run) -> None:
    evil = f"{LUPUS} [x](javascript:alert(1)) | @everyone <script>alert(1)</script> `rm`"
    searches.hold("europepmc", "PPR1", MONDAY, evil)
    assert review("watch", "--source", "europepmc", "--report", str(copy / "report.md"))[0] == 0
    text = (copy / "report.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "PPR1" in line)
    assert safe("[x](javascript") in row
    assert re.search(r"\| @e|<script|@everyone", row) is None


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("hits", "12", "hits"), ("to_date", "yesterday", "not a date"), ("source", "google", "search source")],
)
def test_a_hand_edited_log_is_refused(
    searches: Searches,
    review: Run,
    files: Files,
    set_cell: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    value: str,
    says: str,
) -> None:
    assert review("watch", "--source", "pubmed")[0] == 0
    set_cell("searches", "pubmed-2026-11-02", column, value)
    before, asked = files(), len(searches.asked)
    monkeypatch.setattr(watch, "check", check)
    code, output = review("watch")
    assert code == 1
    assert f"data/searches.csv, row 2, column {column}" in output
    assert says in output
    assert (files(), len(searches.asked)) == (before, asked)


def test_a_log_from_the_future_is_refused(searches: Searches, review: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert review("watch", "--source", "pubmed")[0] == 0
    monkeypatch.setattr(watch, "today", lambda: MONDAY - timedelta(days=3))
    code, output = review("watch", "--source", "pubmed")
    assert (code, "set the clock of this computer" in output) == (1, True)


def test_a_run_interrupted_half_way_and_run_again_gives_what_one_run_gives(
    copy: Path, searches: Searches, review: Run, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in SOURCES:
        fill(searches, source, 9)
    before, report = files(), copy / "week.md"
    assert review("watch", "--report", str(report))[0] == 0
    assert "| PubMed | 2024-01-01 | 2026-11-02 | 9 | 9 |" in report.read_text(encoding="utf-8")
    whole = files()
    for name in ("searches.csv", "candidates.csv"):
        (copy / "data" / name).write_bytes(before[name])

    def interrupted(*words: Any) -> Iterator[Page]:
        yield next(pubmed.search(*words))
        raise SystemExit(130)

    with monkeypatch.context() as patch:
        patch.setitem(watch.SOURCES, "pubmed", (watch.PUBMED, interrupted))
        assert review("watch")[0] == 130
    assert Project(copy).text("searches")["source"].tolist() == ["clinicaltrials"]
    assert review("watch")[0] == 0
    assert files() == whole
    assert check(Project(copy)) == []
