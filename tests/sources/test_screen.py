"""`review screen` as people use it: keys, a real terminal, two people, a spreadsheet; nothing lost, nothing twice."""

import csv
import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.check import Evidence, screening, structure
from review_tools.cli import app
from review_tools.data.problems import DataError
from review_tools.data.tables import read_text
from review_tools.sources import screening as living


def screen(root: Path, *options: str, keys: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(
        app, ["screen", "--root", str(root), *options], input="\n".join(keys) + "\n" if keys else ""
    )
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def decisions(root: Path) -> list[tuple[str, ...]]:
    rows = read_text(root / "data" / "screenings.csv")
    return list(rows[["candidate_id", "by", "decision", "reason"]].itertuples(index=False, name=None))


def sound(root: Path) -> bool:
    evidence = Evidence.read(root)
    return not [*screening.check(evidence), *structure.check(evidence)]


def test_the_most_relevant_come_first_and_each_decision_is_on_disk(queue: Path) -> None:
    code, output = screen(queue, "--by", "Ana", keys="iue3q")
    assert code == 0
    made = decisions(queue)
    assert {row[0] for row in made} == {"pubmed-2", "pubmed-4", "pubmed-6"}
    assert [row[1:] for row in made] == [
        ("Ana", "include", ""),
        ("Ana", "unsure", ""),
        ("Ana", "exclude", "wrong design"),
    ]
    assert "3 decided in this sitting; 3 left" in output
    assert "no abstract on this machine" in output
    assert "Cells were given to mice" in output
    assert sound(queue)


def test_a_sitting_goes_on_where_the_last_one_stopped(queue: Path) -> None:
    for _ in range(3):
        screen(queue, "--by", "Ana", keys="uu")  # the pipe ends in the middle, as a closed terminal does
    assert len({row[0] for row in decisions(queue)}) == len(decisions(queue)) == 6
    assert "Nothing left to screen for Ana" in screen(queue, "--by", "Ana", keys="i")[1]


def test_undo_shows_the_candidate_again_and_skip_puts_it_last(queue: Path) -> None:
    _, output = screen(queue, "--by", "Ana", keys="ize1q")
    first, taken, again = decisions(queue)
    assert first[0] == taken[0] == again[0]
    assert [first[2], taken[2], again[2]] == ["include", "undo", "exclude"]
    assert "Taken back" in output
    assert "Nothing to take back" in screen(queue, "--by", "Ben", keys="zq")[1]
    skipped = screen(queue, "--by", "Ben", keys="sq")[1]
    assert skipped.count("6 left") == 3  # both rules and the closing line
    assert sound(queue)


def test_text_of_a_record_cannot_command_the_terminal(queue: Path) -> None:
    _, output = screen(queue, "--by", "Ana", keys="ssssssq")
    assert "red" in output
    assert "\x1b[31m" not in output


def test_a_wrong_key_or_reason_decides_nothing(queue: Path) -> None:
    screen(queue, "--by", "Ana", keys="x9e9ekq")
    assert decisions(queue) == []


def test_two_people_are_blind_to_each_other_until_they_differ(queue: Path) -> None:
    screen(queue, "--by", "Ana", keys="i")
    candidate = decisions(queue)[0][0]
    assert "No conflicts" in screen(queue, "--conflicts")[1]
    _, output = screen(queue, "--by", "Ben", keys="e1q")
    assert "Ana" not in output
    assert decisions(queue)[1][:2] == (candidate, "Ben")  # the order does not follow Ana's decision either
    _, output = screen(queue, "--conflicts")
    assert "Ana: include" in output
    assert "Ben: exclude; not MSCs" in output
    assert {row["by"] for row in json.loads(screen(queue, "--conflicts", "--json")[1])} == {"Ana", "Ben"}
    screen(queue, "--by", "Ben", "--again", candidate, keys="i")
    assert "No conflicts" in screen(queue, "--conflicts")[1]
    assert candidate not in screen(queue, "--by", "Cy", keys="ssssssq")[1]  # two have decided
    assert sound(queue)


def test_mistakes_in_the_call_get_a_plain_answer(queue: Path) -> None:
    assert screen(queue)[0] == 1
    assert "--by NAME" in screen(queue)[1]
    assert "is no name" in screen(queue, "--by", "a\nb")[1]
    assert "No candidate 'pubmed-7'" in screen(queue, "--by", "Ana", "--again", "pubmed-7")[1]


def exported(root: Path) -> tuple[Path, list[dict[str, str]]]:
    file = root / "queue.csv"
    assert screen(root, "--by", "Ana", "--export", str(file))[0] == 0
    with file.open(encoding="utf-8-sig", newline="") as text:
        return file, list(csv.DictReader(text))


def save(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_spreadsheet_goes_out_safely_and_comes_back_once(queue: Path) -> None:
    file, rows = exported(queue)
    assert len(rows) == 6
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]
    rows[0] |= {"decision": "Include", "note": "'=odd but a note"}
    rows[1] |= {"decision": "exclude", "reason": "no outcome"}
    save(file, rows)
    assert "2 decisions" in screen(queue, "--by", "Ana", "--import", str(file))[1]
    assert "0 decisions" in screen(queue, "--by", "Ana", "--import", str(file))[1]
    assert [row[2:] for row in decisions(queue)] == [("include", ""), ("exclude", "no outcome")]
    assert read_text(queue / "data" / "screenings.csv")["note"].tolist() == ["=odd but a note", ""]
    assert len(exported(queue)[1]) == 4
    assert sound(queue)


def test_a_bad_spreadsheet_is_refused_whole_with_every_problem(queue: Path) -> None:
    file, rows = exported(queue)
    rows[0] |= {"decision": "include"}
    rows[1] |= {"decision": "exclude"}
    rows[2] |= {"decision": "maybe"}
    rows[3] |= {"decision": "unsure", "reason": "no outcome"}
    rows[4] |= {"reason": "no outcome"}
    rows += [
        rows[5],
        {**rows[5], "candidate_id": "pubmed-99"},
        {**rows[5], "candidate_id": "pubmed-7", "decision": "include"},
    ]
    save(file, rows)
    code, output = screen(queue, "--by", "Ana", "--import", str(file))
    assert code == 1
    for says in (
        "row 3, column reason: an exclusion needs a reason",
        "row 4, column decision: 'maybe': not a decision",
        "row 5, column reason: 'no outcome': only an exclusion",
        "row 6, column reason: 'no outcome': a reason without a decision",
        "stands more than once",
        "no such candidate",
        "repeats pubmed-2",
        "Nothing was imported",
    ):
        assert says in output, says
    assert decisions(queue) == []
    file.write_text(file.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    assert "semicolons" in screen(queue, "--by", "Ana", "--import", str(file))[1]


def test_many_hands_at_once_lose_nothing(queue: Path) -> None:
    """Four people write at the same time, into a table whose last line lacks its end."""
    path = queue / "data" / "screenings.csv"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")

    def write(name: str) -> None:
        for _ in range(10):
            living.append(queue, name, [living.Decision("pubmed-1", "unsure")])

    hands = [threading.Thread(target=write, args=(name,)) for name in ("Ana", "Ben", "Cy", "Ana")]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(decisions(queue)) == 40
    assert sound(queue)


def test_a_table_with_other_columns_is_not_written_to(queue: Path) -> None:
    path = queue / "data" / "screenings.csv"
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises((DataError, KeyError)):
        living.append(queue, "Ana", [living.Decision("pubmed-1", "unsure")])
    assert path.read_text(encoding="utf-8") == "a,b\n"


def test_single_keys_in_a_real_terminal(queue: Path) -> None:
    """One key press decides, without Enter; the search's words are marked; Ctrl-C leaves all that was decided."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "review_tools.cli", "screen", "--root", str(queue), "--by", "Ana"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    try:
        seen = wait_for(leader, "6 left", "quit")
        os.write(leader, b"i")
        seen += wait_for(leader, "5 left", "quit")
        os.write(leader, b"e")
        seen += wait_for(leader, "not MSCs")
        os.write(leader, b"2")
        wait_for(leader, "4 left", "quit")
        process.send_signal(signal.SIGINT)  # as Ctrl-C does
        wait_for(leader, "2 decided in this sitting")
        assert process.wait(20) == 0
    finally:
        process.kill()
    assert "30;43m" in seen  # black on yellow, in a title with bold
    assert [row[2:] for row in decisions(queue)] == [("include", ""), ("exclude", "not immune")]


def wait_for(terminal: int, *words: str, seconds: float = 240) -> str:
    """What the terminal shows until all words have been seen, in this order."""
    shown, end = "", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
        at = 0
        for word in words:
            at = shown.find(word, at)
            if at < 0:
                break
        else:
            return shown
    pytest.fail(f"never saw {words} in:\n{shown}")
