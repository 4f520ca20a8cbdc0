"""Kernels: forked and plain give the same; what goes wrong in a cell is told, and nothing is left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from review_tools.site import notebooks
from review_tools.site.freshness.plan import chapters
from review_tools.site.kernels import forked, plain
from review_tools.site.kernels.jobs import Cell, Job, Outcome

pytestmark = pytest.mark.skipif(not forked.available(), reason="processes are not forked here")
ROOT = Path(__file__).resolve().parents[2]
VARIED = (
    "import sys\nprint('one'); print('two', file=sys.stderr); print('three')\n1 + 1",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\nprint('after')\n'last'",
    "shown = display('first', display_id='x')\nshown.update('second')",
    "_ ; 3;",
    "1 / 0",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import altair as alt\nchart = alt.Chart(pd.DataFrame({'a': [1]})).mark_point().encode(x='a')\n"
    "display({'application/vnd.vegalite.v6+json': chart.to_dict()}, raw=True)",
)


def job(folder: Path, *sources: str, name: str = "book/page", timeout: float | None = 60, may_fail: int = -1) -> Job:
    return Job(name, str(folder), tuple(Cell(i, text, i == may_fail) for i, text in enumerate(sources)), timeout)


def one(outcomes: Iterator[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


def test_forked_and_plain_kernels_give_the_same(tmp_path: Path) -> None:
    """Streams, displays, updates, values, errors that may happen, tables and charts."""
    asked = job(tmp_path, *VARIED, may_fail=4)
    first, second = one(forked.run([asked], 1)), one(plain.run([asked], 1))
    assert first.failure is None
    assert second.failure is None
    for index in range(len(VARIED)):
        if index == 4:
            errors = [ran.cells[4].outputs[-1] for ran in (first, second)]
            assert {(error["ename"], error["evalue"]) for error in errors} == {
                ("ZeroDivisionError", "division by zero")
            }
        else:
            assert first.cells[index] == second.cells[index], VARIED[index]
    assert set(first.observed.files) == set(second.observed.files)


def test_what_a_chapter_rests_on_is_seen(tmp_path: Path, root: Path) -> None:
    """Tables through the loader with their definition, the package's modules used and not those unused."""
    seen = one(forked.run([job(root / "book", "import review_tools as rt\nrt.load('trials');")], 1)).observed
    names = {Path(name).name for name in seen.files}
    assert {"trials.csv", "datapackage.json", "tables.py"} <= names
    assert not names & {"studies.csv", "forest.py", "sphinx.py"}
    assert seen.unmanaged == []


CHAPTERS = ["book/glossary", "book/synthesis/gvhd"]


@pytest.mark.parametrize("name", sorted(chapters(ROOT)) if os.environ.get("REVIEW_ALL") else CHAPTERS)
def test_modules_that_were_imported_before_count_as_if_they_were_not(name: str) -> None:
    """A chapter in the warm parent rests on exactly the files that it rests on in a kernel that imports all anew."""
    path = ROOT / f"{name}.md"
    notebook = notebooks.read(path.read_text(encoding="utf-8"), str(path))
    if notebook is None:
        pytest.skip("a page without code")
    asked = notebooks.job(notebook, name, str(path), 120)
    first, second = one(forked.run([asked], 1)), one(plain.run([asked], 1))
    assert first.failure is second.failure is None
    assert first.observed.files == second.observed.files
    assert first.observed.unmanaged == []
    assert any(Path(file).suffix == ".py" for file in first.observed.files)
    assert first.cells == second.cells


BROKEN = """
from review_tools.site.kernels import forked
from review_tools.site.kernels.jobs import Cell, Job
sources = {{"broken": "import review_tools.display.broken", "fine": "import review_tools.display.theme"}}
jobs = [Job(name, {folder!r}, (Cell(0, text),), 60) for name, text in sources.items()]
if __name__ == "__main__":
    for outcome in forked.run(jobs, 2):
        print(outcome.job.name, outcome.failure and outcome.failure.why)
"""


def test_a_module_that_cannot_be_imported_is_left_to_the_chapter_that_imports_it(tmp_path: Path) -> None:
    """Else the process that all chapters are forked from ends, and nobody says why."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    (tmp_path / "src" / "review_tools" / "display" / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    code, environment = BROKEN.format(folder=str(tmp_path)), {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split("\n")[:-1]) == ["broken ZeroDivisionError", "fine None"]


CHANGED = """
from review_tools.site.kernels.observer import Observer
watch = Observer()
watch.start({named!r: "what it was"})
import review_tools
print(watch.report()["unmanaged"])
"""


def test_a_module_that_changed_since_it_was_imported_is_seen(root: Path) -> None:
    """Else the outputs of the old one would be kept as those of the new one."""
    named = str((root / "src" / "review_tools" / "__init__.py").resolve())
    code = CHANGED.replace("named!r", repr(named))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"{named} (it changed while the chapter ran)" in done.stdout


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("open('side.csv').read()", "side.csv"),
        ("import os; os.listdir('.')", "the folder"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import socket; socket.getaddrinfo('localhost', 80)", "socket.getaddrinfo"),
    ],
    ids=["file", "folder", "program", "network"],
)
def test_reading_past_the_loader_is_seen(tmp_path: Path, source: str, says: str) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "side.csv").write_text("a\n1\n", encoding="utf-8")
    assert says in " ".join(one(forked.run([job(folder, source)], 1)).observed.unmanaged)


def test_failures_name_the_cell_and_the_others_finish(tmp_path: Path) -> None:
    asked = [
        job(tmp_path, "1", "raise ValueError('broken')", "2", name="raises"),
        job(tmp_path, "import os", "os._exit(3)", name="exits"),
        job(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", name="crashes"),
        job(tmp_path, "import time", "time.sleep(60)", name="sleeps", timeout=1.5),
        job(tmp_path, "b'x' * 2**62", name="memory"),
        job(tmp_path, "40 + 2", name="fine"),
    ]
    ended = {outcome.job.name: outcome for outcome in forked.run(asked, 2)}
    failures = {name: outcome.failure for name, outcome in ended.items() if outcome.failure}
    assert {name: failure.index for name, failure in failures.items()} == {
        "raises": 1, "exits": 1, "crashes": 0, "sleeps": 1, "memory": 0,
    }  # fmt: skip
    assert "ValueError" in failures["raises"].why
    assert "broken" in failures["raises"].traceback
    assert "exit code 3" in failures["exits"].why
    assert "SIGSEGV" in failures["crashes"].why
    assert "longer than 1.5 s" in failures["sleeps"].why
    assert "MemoryError" in failures["memory"].why
    assert ended["fine"].cells[0].outputs[0]["data"]["text/plain"] == "42"


SLEEPER = """
from review_tools.site.kernels import forked
from review_tools.site.kernels.jobs import Cell, Job
job = Job("long", {folder!r}, (Cell(0, "import time; open('started', 'w').close(); time.sleep(120)"),), None)
list(forked.run([job], 1))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_build(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", SLEEPER.format(folder=str(tmp_path))]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: (tmp_path / "started").exists())
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2  # the warm parent and the chapter
        os.kill(process.pid, how)
        process.wait(20)
    wait_for(lambda: not any(member.is_running() and member.status() != "zombie" for member in family))


def wait_for(what: object, seconds: float = 60) -> None:
    assert callable(what)
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
