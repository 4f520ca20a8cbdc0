"""`review watch` against a local server: what it finds, what it does when a source fails, and where it goes on."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import stamina
from typer.testing import CliRunner

from review_tools.check import check
from review_tools.cli import app
from review_tools.data.tables import load
from review_tools.sources import http
from review_tools.sources.store import CsvStore, migrate
from review_tools.sources.watch import journal, run, sources
from sources.search_server import SOURCES, Searches

MONDAY = date(2026, 11, 2)
LUPUS = "Mesenchymal stem cells in lupus of invented patients, report"
NUMBERS: dict[str, Callable[[int], str]] = {
    "clinicaltrials": lambda n: f"NCT{99_000_000 + n}",
    "pubmed": lambda n: str(90_000_000 + n),
    "europepmc": lambda n: f"PPR{900_000 + n}",
    "crossref": lambda n: f"10.5555/made.up.{n}",
}
WORDS = "amber birch cedar delta ember flint grove hazel ivory jewel koala lemon maple north ocean pearl".split()  # noqa: SIM905


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[Searches]:
    """The services; small pages and no pauses, so that a few records make many pages."""
    with Searches() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("REVIEW_TIMEOUT", "1.5")
        monkeypatch.setattr(sources, "SIZE", 4)
        monkeypatch.setattr(http.Client, "_keep_interval", lambda *_: None)
        monkeypatch.setattr(run, "today", lambda: MONDAY)
        with stamina.set_testing(True, attempts=2):
            yield running


def title(source: str, n: int) -> str:
    """Titles that are not alike."""
    base = SOURCES.index(source) * 7 + n
    named = (WORDS[(base * step + step) % len(WORDS)] for step in (1, 3, 5, 7))
    return f"{LUPUS} {' '.join(named)} {source} {n}"


def fill(server: Searches, source: str, count: int, day: date = MONDAY, start: int = 0) -> None:
    for n in range(start, start + count):
        server.hold(source, NUMBERS[source](n), day, title(source, n))


def watch(root: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["watch", "--root", str(root), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done.exit_code, done.output


def table(root: Path, name: str) -> list[dict[str, str]]:
    with (root / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(root: Path, source: str) -> list[str]:
    return [row["record_id"].removeprefix("PPR/") for row in table(root, "candidates") if row["source"] == source]


def all_of(source: str, count: int) -> list[str]:
    return [NUMBERS[source](n) for n in range(count)]


def tables(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "data").iterdir()}


def test_all_pages_of_all_sources_arrive_once(copy: Path, searches: Searches) -> None:
    for source in SOURCES:
        fill(searches, source, 11)
    searches.hold("crossref", "10.5555/rocks", MONDAY, "A mesenchymal pun about granite")
    code, output = watch(copy)
    assert code == 0, output
    for source in SOURCES:
        assert numbers(copy, source) == all_of(source, 11)
    logged = {row["source"]: row for row in table(copy, "searches")}
    assert {source: (row["hits"], row["new"], row["status"]) for source, row in logged.items()} == {
        "clinicaltrials": ("11", "11", "complete"),
        "pubmed": ("11", "11", "complete"),
        "europepmc": ("11", "11", "complete"),
        "crossref": ("12", "11", "complete"),
    }
    assert logged["crossref"]["ruled_out"] == "1"
    first = table(copy, "candidates")[0]
    assert (first["score"], first["kind"]) == ("1", "registration")
    assert "“lupus” (setting)" in first["matched"]
    assert check(copy) == []
    assert len(list((copy / "_build/watch/answers").iterdir())) > 10


def test_the_same_work_from_other_sources_is_one_candidate(copy: Path, searches: Searches) -> None:
    """By DOI, by PubMed number, by title and year (a preprint and its article), and a study the review has."""
    known = "10.1038/s41467-023-39958-5"
    searches.hold("pubmed", "90000001", MONDAY, title("pubmed", 1), doi="10.5555/a")
    searches.hold("europepmc", "PPR1", MONDAY, title("pubmed", 1), pubYear="2024", doi="10.5555/preprint")
    searches.hold("europepmc", "90000001", MONDAY, "Another wording of it", pmid="90000001")
    searches.hold("crossref", "10.5555/A", MONDAY, f"{LUPUS}: a third wording")
    searches.hold("crossref", known, MONDAY, f"{LUPUS}: a study that is in the review")
    assert watch(copy)[0] == 0
    same = {row["record_id"]: row["duplicate_of"] for row in table(copy, "candidates")}
    assert same == {
        "90000001": "",
        "PPR/PPR1": "pubmed-90000001",
        "PPR/90000001": "pubmed-90000001",
        "10.5555/a": "pubmed-90000001",
        known: "gao_2023_multi",
    }
    assert [(row["new"], row["duplicates"]) for row in table(copy, "searches")] == [
        ("0", "0"),
        ("1", "0"),
        ("0", "2"),
        ("0", "2"),
    ]
    assert check(copy) == []


def each(cases: dict[str, tuple[object, ...]]) -> list[object]:
    """Every case at one source, in turn; at every source with REVIEW_FULL=1."""
    full = bool(os.environ.get("REVIEW_FULL"))
    return [
        pytest.param(source, *case, id=f"{name}, {source}")
        for at, (name, case) in enumerate(cases.items())
        for turn, source in enumerate(SOURCES)
        if full or turn == at % len(SOURCES)
    ]


FAULTS = {
    "down": ("500", "in trouble"),
    "slow": ("slow", "no answer in time"),
    "rate limit": ("429", "too many requests"),
    "long rate limit": ("429 for an hour", "asks to wait 3600 seconds"),
    "web page": ("page", "web page instead"),
    "cut": ("cut", "cut off"),
    "cut without length": ("cut without length", "not whole|cut off"),
}
SECOND_PAGE = {"clinicaltrials": "pageToken=t4", "pubmed": "retstart=4", "europepmc": "=A4", "crossref": "cursor=D4"}


@pytest.mark.parametrize(("source", "kind", "says"), each(FAULTS))
def test_a_failing_page_is_named_and_the_next_run_goes_on_there(
    copy: Path, searches: Searches, source: str, kind: str, says: str
) -> None:
    fill(searches, source, 10)
    searches.fault(SECOND_PAGE[source], kind, 2)
    before = tables(copy)
    # Where the cursor fails the first page is asked for anew, so let a failing service stay away at all pages.
    code, output = watch(copy, "--source", source)
    assert code == 1
    assert re.search(f"{sources.SERVICES[source].name}, page 2: .*({says}).* → .*review watch", output)
    assert tables(copy) == before
    searches._faults.clear()
    asked = len(searches.asked)
    code, output = watch(copy, "--source", source)
    assert code == 0, output
    assert numbers(copy, source) == all_of(source, 10)
    first_page = [one for one in searches.asked[asked:] if "countTotal" in one or "cursorMark=%2A" in one]
    assert not first_page  # it did not begin anew


TWISTS = {
    "repeated page": ("repeat", "page 2: repeats an earlier page", False),
    "changed schema": ("schema", "page 1: .*another shape", False),
    "a million hits": ("million", "page 1: 1,000,000 records for 2024-01-01 alone", False),
    "dropped records": ("drop", "not complete: 10 records announced, 7 received", True),
    "half a record": ("half", "not complete: 10 records announced, 7 received, 3 that could not be read", True),
}


@pytest.mark.parametrize(("source", "twist", "says", "kept"), each(TWISTS))
def test_spoiled_pages_lose_nothing(
    copy: Path, searches: Searches, source: str, twist: str, says: str, kept: bool
) -> None:
    fill(searches, source, 10)
    searches.twist[source] = twist
    before = tables(copy)
    code, output = watch(copy, "--source", source)
    assert code == 1
    assert re.search(f"{sources.SERVICES[source].name}, .*{says}.* → ", output), output
    if kept:
        assert table(copy, "searches")[-1]["status"] == "partial"
    else:
        assert tables(copy) == before
    assert check(copy) == []
    searches.twist.clear()
    code, output = watch(copy, "--source", source)
    assert code == 0, output
    assert sorted(numbers(copy, source)) == all_of(source, 10)
    assert check(copy) == []


ENDLESS = {
    "registry, without end": ("clinicaltrials", "endless", 1, "is empty although more pages are announced"),
    "registry, empty": ("clinicaltrials", "empty", 1, "is empty although more pages are announced"),
    "Europe PMC, without end": ("europepmc", "endless", 0, "10 records, 10 new"),
    "Europe PMC, empty": ("europepmc", "empty", 1, "not complete: 10 records announced, 0 received"),
}


@pytest.mark.parametrize(("source", "twist", "code", "says"), ENDLESS.values(), ids=ENDLESS.keys())
def test_pages_without_end_end(copy: Path, searches: Searches, source: str, twist: str, code: int, says: str) -> None:
    fill(searches, source, 10)
    searches.twist[source] = twist
    ended, output = watch(copy, "--source", source)
    assert ended == code
    assert says in output


def test_a_source_that_fails_does_not_stop_the_others(copy: Path, searches: Searches) -> None:
    for source in SOURCES:
        fill(searches, source, 3)
    searches.fault("/pubmed/", "500")
    code, output = watch(copy)
    assert code == 1
    assert "PubMed, page 1" in output
    assert [row["source"] for row in table(copy, "searches")] == ["clinicaltrials", "europepmc", "crossref"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_cursor_the_service_forgot_is_asked_for_anew(copy: Path, searches: Searches, source: str) -> None:
    fill(searches, source, 10)
    searches.fault(SECOND_PAGE[source], "500", 2)
    assert watch(copy, "--source", source)[0] == 1
    searches._faults.clear()
    searches.stale.add(source)  # forgets the old cursor: its next answer to it is a refusal
    refused = watch(copy, "--source", source)
    assert refused[0] == 1
    searches.stale.clear()
    assert watch(copy, "--source", source)[0] == 0
    assert numbers(copy, source) == all_of(source, 10)


def test_more_records_than_the_bound_are_searched_in_shorter_spans(copy: Path, searches: Searches) -> None:
    path = copy / "data/review.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("hits_of_a_search: 9000", "hits_of_a_search: 10"))
    for n in range(30):
        fill(searches, "pubmed", 1, MONDAY - timedelta(days=20 * n), n)
    assert watch(copy, "--source", "pubmed")[0] == 0
    logged = table(copy, "searches")
    assert len(logged) > 2
    assert (logged[0]["from_date"], logged[-1]["to_date"]) == ("2024-01-01", "2026-11-02")
    assert [row["from_date"] for row in logged[1:]] == [row["to_date"] for row in logged[:-1]]
    assert sorted(numbers(copy, "pubmed")) == all_of("pubmed", 30)
    assert check(copy) == []


def test_a_dry_run_changes_nothing(copy: Path, searches: Searches) -> None:
    for source in SOURCES:
        fill(searches, source, 5)
    before = tables(copy)
    code, output = watch(copy, "--dry-run")
    assert code == 0
    assert "5 new" in output
    assert tables(copy) == before
    assert not (copy / "_build").exists()


def test_registry_changes_keep_the_old_value(copy: Path, searches: Searches) -> None:
    number = "NCT00690066"
    before = next(row for row in table(copy, "trials") if row["trial_id"] == number)
    results = {"date": "2026-10-20", "type": "ACTUAL"}
    searches.hold(
        "clinicaltrials", number, MONDAY, LUPUS, overallStatus="TERMINATED", resultsFirstPostDateStruct=results
    )
    code, output = watch(copy, "--source", "clinicaltrials", "--report", str(copy / "report.md"))
    assert code == 0, output
    after = next(row for row in table(copy, "trials") if row["trial_id"] == number)
    assert (after["registered_status"], after["results_posted"]) == ("terminated", "2026-10-20")
    history = {row["column"]: (row["old"], row["new"]) for row in table(copy, "trial_history")}
    assert history["registered_status"] == (before["registered_status"], "terminated")
    assert history["results_posted"] == (before["results_posted"], "2026-10-20")
    assert {key: after[key] for key in after if key not in history} == {
        key: before[key] for key in before if key not in history
    }
    assert "| NCT00690066 | results\\_posted |" in (copy / "report.md").read_text(encoding="utf-8")
    assert check(copy) == []
    size = len(table(copy, "trial_history"))
    assert watch(copy, "--source", "clinicaltrials")[0] == 0
    assert len(table(copy, "trial_history")) == size


def test_text_from_outside_is_only_text_in_the_report(copy: Path, searches: Searches) -> None:
    evil = f"{LUPUS} [x](javascript:alert(1)) | @everyone <script>alert(1)</script> `rm`"
    searches.hold("europepmc", "PPR1", MONDAY, evil)
    assert watch(copy, "--source", "europepmc", "--report", str(copy / "report.md"))[0] == 0
    text = (copy / "report.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "PPR1" in line)
    assert "\\[x\\]\\(javascript" in row
    assert re.search(r"(?<!\\)\| @e|<script|@everyone", row) is None


BAD_LOGS = {
    "counts that do not add up": ("hits", "12", "hits"),
    "a day that is none": ("to_date", "yesterday", "not a date"),
    "a source that is none": ("source", "google", "search source"),
}


@pytest.mark.parametrize(("column", "value", "says"), BAD_LOGS.values(), ids=BAD_LOGS.keys())
def test_a_hand_edited_log_is_refused(
    copy: Path, searches: Searches, set_cell: Callable[..., None], column: str, value: str, says: str
) -> None:
    fill(searches, "pubmed", 3)
    assert watch(copy, "--source", "pubmed")[0] == 0
    set_cell("searches", "pubmed-2026-11-02", column, value)
    before, asked = tables(copy), len(searches.asked)
    code, output = watch(copy)
    assert code == 1
    assert f"data/searches.csv, row 2, column {column}" in output
    assert says in output
    assert tables(copy) == before
    assert len(searches.asked) == asked


def test_a_log_from_the_future_is_refused(copy: Path, searches: Searches, monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(copy, "--source", "pubmed")[0] == 0
    monkeypatch.setattr(run, "today", lambda: MONDAY - timedelta(days=3))
    code, output = watch(copy, "--source", "pubmed")
    assert code == 1
    assert "set the clock of this computer" in output


def test_an_interruption_while_writing_is_made_good(
    copy: Path, searches: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut after the first of the tables was replaced: the next run completes them before it searches."""
    fill(searches, "pubmed", 5)
    real, written = journal.replace_bytes, []

    def cut(path: Path, content: bytes) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path.name)
        real(path, content)

    monkeypatch.setattr(journal, "replace_bytes", cut)
    CliRunner().invoke(app, ["watch", "--root", str(copy), "--source", "pubmed"])
    assert written == ["journal.json", "searches.csv"]
    assert not table(copy, "candidates")
    monkeypatch.setattr(journal, "replace_bytes", real)
    assert watch(copy, "--source", "pubmed")[0] == 0
    assert numbers(copy, "pubmed") == all_of("pubmed", 5)
    assert [row["new"] for row in table(copy, "searches")] == ["5", "0"]
    assert check(copy) == []


def test_candidates_that_moved_to_parquet_are_added_there(
    copy: Path, searches: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, and cut after the store was written and before the log was."""
    fill(searches, "pubmed", 3)
    assert watch(copy, "--source", "pubmed")[0] == 0
    assert migrate(copy) == 3
    fill(searches, "pubmed", 2, start=3)
    assert watch(copy, "--source", "pubmed")[0] == 0
    fill(searches, "pubmed", 4, start=5)
    real = journal.replace_bytes

    def cut(path: Path, content: bytes) -> None:
        if path.name == "searches.csv":
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(journal, "replace_bytes", cut)
    CliRunner().invoke(app, ["watch", "--root", str(copy), "--source", "pubmed"])
    assert len(load("candidates", copy)) == 9
    assert len(table(copy, "searches")) == 2
    monkeypatch.setattr(journal, "replace_bytes", real)
    assert watch(copy, "--source", "pubmed")[0] == 0
    assert [row["new"] for row in table(copy, "searches")] == ["3", "2", "4", "0"]
    assert table(copy, "candidates") == []
    assert load("candidates", copy)["record_id"].tolist() == all_of("pubmed", 9)
    assert check(copy) == []


def test_a_csv_file_of_candidates_is_not_filled_beyond_its_bound(
    copy: Path, searches: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CsvStore.__init__, "__defaults__", (5,))
    fill(searches, "pubmed", 6)
    before = tables(copy)
    code, output = watch(copy, "--source", "pubmed")
    assert code == 1
    assert "review store --migrate" in output
    assert tables(copy) == before


def test_a_table_changed_by_hand_in_between_is_not_overwritten(copy: Path, tmp_path: Path) -> None:
    target = copy / "data/candidates.csv"
    (tmp_path / "journal.json").write_text(
        json.dumps({"files": {"data/candidates.csv": {"before": "0" * 64, "content": "x"}}, "candidates": []}),
        encoding="utf-8",
    )
    before = target.read_bytes()
    with pytest.raises(Exception, match="changed by hand"):
        journal.finish(copy, tmp_path)
    assert target.read_bytes() == before


def test_three_weekly_runs_one_killed_half_way(
    copy: Path, searches: Searches, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Week 1 whole; week 2 killed by the system in the middle of its pages, then run again; week 3 whole."""
    for week in range(3):
        today = MONDAY + timedelta(days=7 * week)
        for source in SOURCES:
            fill(searches, source, 9, today - timedelta(days=2), 9 * week)
        monkeypatch.setattr(run, "today", lambda day=today: day)
        if week == 1:
            _killed(copy, searches, today)
            assert len(table(copy, "searches")) == 5  # the registry was done, PubMed was not
        code, output = watch(copy, "--report", str(tmp_path / f"week{week}.md"))
        assert code == 0, output
        assert check(copy) == []
    for source in SOURCES:
        assert sorted(numbers(copy, source)) == sorted(all_of(source, 27))
    assert len({row["candidate_id"] for row in table(copy, "candidates")}) == 4 * 27
    assert sum(int(row["new"]) for row in table(copy, "searches")) == 4 * 27
    assert "| PubMed | 2026-11-09 | 2026-11-16 | 9 | 9 |" in (tmp_path / "week2.md").read_text(encoding="utf-8")


def _killed(root: Path, searches: Searches, today: date) -> None:
    """A run in a process of its own, killed while it waits for the second page of PubMed."""
    script = (
        "import datetime; from review_tools.sources.watch import run, sources; from review_tools.cli import app\n"
        f"run.today = lambda: datetime.date.fromisoformat('{today}'); sources.SIZE = 4; app()\n"
    )
    searches.fault("retstart=4", "slow", 1)
    environment = {**os.environ, "REVIEW_TIMEOUT": "20"}
    command = [sys.executable, "-c", script, "watch", "--root", str(root)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    asked = len(searches.asked)
    while not any("retstart=4" in one for one in searches.asked[asked:]):
        assert process.poll() is None, "ended by itself"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
