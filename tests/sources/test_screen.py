"""`review screen` as people use it: out to a spreadsheet or ASReview and back, two people, nothing lost or doubled."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import rispy

from review_tools.check import check
from review_tools.data.project import Project
from review_tools.sources.screening import keep_abstracts
from sources.conftest import Rows, Run

SEARCH = "pubmed-1125,pubmed,main,1,2026-11-25,2026-11-18,2026-11-25,7,6,1,0,complete,\n"
TITLES = {
    "pubmed-1": "A screw for the fixation of ankle fractures",
    "pubmed-2": "Mesenchymal stromal cells dampen Th17 cells in rheumatoid arthritis",
    "pubmed-3": "Pricing of generic medicines in three countries",
    "pubmed-4": "Mesenchymal stem cells for steroid-refractory graft versus host disease: a randomised trial",
    "pubmed-5": '=HYPERLINK("http://x.example") \x1b[31mred',
    "pubmed-6": "Lupus nephritis treated with umbilical cord mesenchymal stem cells",
}
Export = Callable[..., tuple[Path, list[dict[str, str]]]]


@pytest.fixture
def queue(copy: Path) -> Path:
    """Six candidates and one duplicate; two have an abstract on this machine; the log's last line lacks its end."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    for number, (key, title) in enumerate([*TITLES.items(), ("pubmed-7", "A preprint")]):
        same = "pubmed-2" if key == "pubmed-7" else ""
        found = [key, "pubmed-1125", "pubmed", key, "report", "", "", "", title, "2026", "It names both"]
        lines.writerow([*found, number / 10, same, "2026-11-25"])
    for table, rows in (("searches", SEARCH), ("candidates", text.getvalue())):
        with (copy / "data" / f"{table}.csv").open("a", encoding="utf-8") as file:
            file.write(rows)
    path = copy / "data/screenings.csv"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    keep_abstracts(Project(copy), {"pubmed-2": "Cells were given to mice with arthritis.", "pubmed-5": "=1+1"})
    return copy


@pytest.fixture
def export(queue: Path, review: Run) -> Export:
    """Writes somebody's queue as CSV; the file and its rows."""

    def run(by: str = "Ana", *options: str) -> tuple[Path, list[dict[str, str]]]:
        file = queue / f"{by}.csv"
        code, output = review("screen", "--by", by, "--export", str(file), *options)
        assert code == 0, output
        with file.open(encoding="utf-8-sig", newline="") as text:
            return file, list(csv.DictReader(text))

    return run


def save(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def made(rows: Rows) -> dict[str, tuple[str, str, str]]:
    return {row["candidate_id"]: (row["decision"], row["reason"], row["note"]) for row in rows("screenings")}


def sound(root: Path) -> bool:
    return check(Project(root)) == []


def test_a_spreadsheet_goes_out_safely_and_comes_back_once(
    queue: Path, export: Export, review: Run, rows: Rows
) -> None:
    file, shown = export()
    assert [row["candidate_id"] for row in shown] == [f"pubmed-{n}" for n in (6, 5, 4, 3, 2, 1)]  # the best first
    assert not [cell for row in shown for cell in row.values() if cell[:1] in ("=", "+", "@")]
    assert shown[4]["abstract"] == "Cells were given to mice with arthritis."
    shown[0] |= {"decision": "Include", "note": "'=odd but a note"}
    shown[1] |= {"decision": "exclude", "reason": "no outcome"}
    save(file, shown)
    assert "2 decisions" in review("screen", "--by", "Ana", "--import", str(file))[1]
    assert "0 decisions" in review("screen", "--by", "Ana", "--import", str(file))[1]
    assert made(rows) == {"pubmed-6": ("include", "", "=odd but a note"), "pubmed-5": ("exclude", "no outcome", "")}
    assert len(export()[1]) == 4
    assert "4 left to screen for Ana" in review("screen", "--by", "Ana")[1]
    shown[0] |= {"decision": "undo", "note": ""}
    save(file, shown[:1])
    assert "1 decisions" in review("screen", "--by", "Ana", "--import", str(file))[1]
    assert len(export()[1]) == 5
    assert sound(queue)


def test_a_bad_spreadsheet_is_refused_whole_with_every_problem(export: Export, review: Run, rows: Rows) -> None:
    file, shown = export()
    for row, decision in zip(shown, ("include", "exclude", "maybe", "unsure", ""), strict=False):
        row |= {"decision": decision, "reason": "no outcome" * (decision in ("unsure", ""))}
    again = shown[5]
    shown += [again, again | {"candidate_id": "pubmed-99"}]
    shown += [again | {"candidate_id": "pubmed-7", "decision": "include"}, again | {"decision": "undo"}]
    save(file, shown)
    code, output = review("screen", "--by", "Ana", "--import", str(file))
    assert code == 1
    for says in (
        "row 3, column reason: an exclusion needs a reason",
        "row 4, column decision: 'maybe': not a decision",
        "row 5, column reason: 'no outcome': only an exclusion",
        "row 6, column reason: 'no outcome': only an exclusion",
        "stands more than once",
        "no such candidate",
        "repeats pubmed-2",
        "takes back a decision that does not stand",
        "Nothing was changed",
    ):
        assert says in output, says
    assert rows("screenings") == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "candidate_id;decision;reason;note\n", "choose commas"),
        ("a.csv", "title,label\nx,1\n", "lacks the columns candidate_id, decision, reason, note"),
        ("a.ris", "no RIS", "holds no record"),
        ("none.csv", "", "No such file or directory → check the name"),
    ],
)
def test_a_file_of_another_form_is_refused(
    queue: Path, tmp_path: Path, review: Run, name: str, text: str, says: str
) -> None:
    if text:
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, output = review("screen", "--by", "Ana", "--import", str(tmp_path / name))
    assert (code, says in output) == (1, True)


def test_asreview_reads_the_queue_and_its_csv_comes_back(queue: Path, export: Export, review: Run, rows: Rows) -> None:
    """Its export holds our columns as they were and its own; ``decision`` stays empty."""
    file, shown = export()
    labels = {"pubmed-2": ("1", ""), "pubmed-4": ("1.0", "worth it"), "pubmed-1": ("0", "wrong design: a screw")}
    labels |= {"pubmed-3": ("0", "prices"), "pubmed-5": ("", ""), "pubmed-6": ("", "not seen")}
    for row in shown:
        label, note = labels[row["candidate_id"]]
        row |= {"asreview_label": label, "asreview_time": "1.7e9", "asreview_note": note}
    save(file, shown)
    code, output = review("screen", "--by", "Ana", "--import", str(file))
    assert code == 1
    assert "an exclusion needs a reason" in output
    assert "--reason" in output
    assert "not an exclusion reason" in review("screen", "--by", "Ana", "--import", str(file), "--reason", "dull")[1]
    code, output = review("screen", "--by", "Ana", "--import", str(file), "--reason", "not MSCs")
    assert (code, output) == (0, "4 decisions added to data/screenings.csv.\n")
    assert made(rows) == {
        "pubmed-2": ("include", "", ""),
        "pubmed-4": ("include", "", "worth it"),
        "pubmed-1": ("exclude", "wrong design", "a screw"),
        "pubmed-3": ("exclude", "not MSCs", "prices"),
    }
    assert sound(queue)


def test_asreview_reads_the_queue_and_its_ris_comes_back(queue: Path, review: Run, rows: Rows) -> None:
    file = queue / "queue.ris"
    assert review("screen", "--by", "Ana", "--export", str(file))[0] == 0
    records = rispy.loads(file.read_text(encoding="utf-8"))
    assert [record["id"] for record in records] == [f"pubmed-{n}" for n in (6, 5, 4, 3, 2, 1)]
    assert records[4]["abstract"] == "Cells were given to mice with arthritis."
    for record, label in zip(records, ("relevant", "irrelevant", "not_seen"), strict=False):
        note = f"asreview_note: {json.dumps('no outcome: “none”')}"
        record["notes"] = [f"ASReview_{label}", *([note] if label == "irrelevant" else [])]
    file.write_text(rispy.dumps(records), encoding="utf-8")
    assert "2 decisions" in review("screen", "--by", "Ana", "--import", str(file))[1]
    assert made(rows) == {"pubmed-6": ("include", "", ""), "pubmed-5": ("exclude", "no outcome", "“none”")}
    assert sound(queue)


def test_two_people_are_blind_to_each_other_until_they_differ(queue: Path, export: Export, review: Run) -> None:
    decided = {"Ana": {"decision": "include"}, "Ben": {"decision": "exclude", "reason": "not MSCs"}}
    for by, decision in decided.items():
        file, shown = export(by)
        assert len(shown) == 6
        assert "Ana" not in file.read_text(encoding="utf-8")
        assert "No conflicts" in review("screen", "--conflicts")[1]
        save(file, [row | decision for row in shown if row["candidate_id"] == "pubmed-5"])
        assert review("screen", "--by", by, "--import", str(file))[0] == 0
    assert len(export("Cy")[1]) == 5  # two have decided
    output = review("screen", "--conflicts")[1]
    assert "Ana: include" in output
    assert "Ben: exclude; not MSCs" in output
    assert "\x1b" not in output
    file, shown = export("Ben", "--conflicts")
    assert [row["candidate_id"] for row in shown] == ["pubmed-5"]
    save(file, [row | {"decision": "include"} for row in shown])
    assert review("screen", "--by", "Ben", "--import", str(file))[0] == 0
    assert "No conflicts" in review("screen", "--conflicts")[1]
    assert sound(queue)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--by NAME"),
        (("--by", "a\nb"), "not a plain name"),
        (("--by", "Ana", "--export", "queue.xlsx"), "name a .csv or a .ris file"),
        (("--by", "Ana", "--export", "no/such/folder/queue.csv"), "No such file or directory → check the name"),
    ],
)
def test_mistakes_in_the_call_get_a_plain_answer(queue: Path, review: Run, words: tuple[str, ...], says: str) -> None:
    code, output = review("screen", *words)
    assert (code, says in output) == (1, True)
