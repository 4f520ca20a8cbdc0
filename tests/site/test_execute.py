"""Chapters in processes of their own: the outputs of a kernel, failures named, and nothing read that is no input."""

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from review_tools.site import build, execute
from review_tools.site.execute import Chapter, ChapterError

VARIED = (
    "import sys\nprint('one'); print('two', file=sys.stderr); print('three')\n1 + 1",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\nprint('after')\n'last'",
    "shown = display('first', display_id='x')\nshown.update('second')",
    "_ ; 3;",
    "1 / 0",
    "never = 1",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import altair as alt\nimport review_tools.display.theme\nalt.Chart(pd.DataFrame({'a': [1]})).mark_point()",
)
TAGS = {4: ["raises-exception"], 5: ["skip-execution"]}


def chapter(folder: Path, *sources: str, name: str = "book/page", tags: dict[int, list[str]] | None = None) -> Chapter:
    cells = [new_code_cell(text, metadata={"tags": (tags or {}).get(place, [])}) for place, text in enumerate(sources)]
    return Chapter(name, folder, new_notebook(cells=cells), folder / "store")


def joined(outputs: list[Any]) -> list[Any]:
    """Outputs with each stream in one piece: a kernel sends what has come every fifth of a second."""
    kept: list[Any] = []
    for output in outputs:
        if kept and output["output_type"] == kept[-1]["output_type"] == "stream" and output["name"] == kept[-1]["name"]:
            kept[-1]["text"] += output["text"]
        else:
            kept.append(dict(output))
    return kept


def test_outputs_are_those_of_a_kernel(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams, displays, updates, values, errors that may happen, tables and charts; forked or not."""
    ours, files = chapter(tmp_path, *VARIED, tags=TAGS), frozenset(map(str, build.inputs_of_code(root).values()))
    language, outputs = ours.run(60, files)
    theirs = chapter(tmp_path, *VARIED, tags=TAGS)
    NotebookClient(theirs.notebook, kernel_name="python3").execute(cwd=str(tmp_path))
    for cell, (number, given) in zip(theirs.cells, outputs, strict=True):
        assert (number, joined(given)) == (cell.execution_count, joined(cell.outputs)), cell.source
    assert language == theirs.notebook.metadata["language_info"]
    monkeypatch.setattr(execute, "PROCESSES", multiprocessing.get_context("spawn"))
    assert [joined(given) for _, given in ours.run(60, files)[1]] == [joined(given) for _, given in outputs]


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        (["1", "raise ValueError('broken')"], "ValueError: broken\n| raise ValueError('broken')"),
        (["import os", "os._exit(3)"], "its process ended with exit code 3\n| os._exit(3)"),
        (["import os; os.kill(os.getpid(), 11)"], "its process ended with SIGSEGV"),
        (["import os; os.kill(os.getpid(), 9)"], "its process ended with SIGKILL (out of memory?)"),
        (["import time", "time.sleep(60)"], "it took longer than 3 s\n| time.sleep(60)"),
        (["open('side.csv').read()"], "side.csv is not an input of the build"),
        (["open('gone.csv').read()"], "FileNotFoundError"),
        (
            ["import subprocess; subprocess.run(['true'])"],
            "may not start a program or use the network (subprocess.Popen)",
        ),
        (["import socket; socket.getaddrinfo('localhost', 80)"], "or use the network (socket.getaddrinfo)"),
    ],
    ids=["raises", "exits", "crashes", "is killed", "hangs", "other file", "no file", "program", "network"],
)
def test_a_failure_names_chapter_and_cell(tmp_path: Path, sources: list[str], says: str) -> None:
    (tmp_path / "side.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(ChapterError) as caught:
        chapter(tmp_path, *sources).run(3, frozenset())
    assert "book/page.md: a code cell fails: " in str(caught.value)
    assert says in str(caught.value)


def test_its_front_matter_may_give_a_chapter_more_time(tmp_path: Path) -> None:
    slow = chapter(tmp_path, "import time; time.sleep(1)")
    slow.notebook.metadata["mystnb"] = {"execution_timeout": -1}
    assert slow.run(0.01, frozenset())[1] == [(1, [])]


def test_what_a_chapter_may_read(tmp_path: Path) -> None:
    """Inputs of the build, libraries, and what it has written itself."""
    (tmp_path / "table.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "helper.py").write_text("WORD = 'mine'\n", encoding="utf-8")
    sources = (
        "import helper, xml.dom.minidom, docutils.parsers.rst.directives.misc",
        "open('made.txt', 'w').write(open('table.csv').read()); open('made.txt').read()",
    )
    files = frozenset(os.path.realpath(tmp_path / name) for name in ("table.csv", "helper.py"))
    assert chapter(tmp_path, *sources).run(60, files)[1][1][1][0]["data"]["text/plain"] == repr("a\n1\n")


def test_kept_outputs_are_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    first, ran = chapter(tmp_path, "1"), ({"name": "python"}, [(1, [])])
    assert not first.load()
    first.keep(ran)
    assert first.load()
    assert first.cells[0].execution_count == 1
    assert not chapter(tmp_path, "2").load()
    assert not chapter(tmp_path, "1", name="book/other").load()
    assert not chapter(tmp_path, "1", tags={0: ["skip-execution"]}).load()
    for spoilt in ("", first.file.read_text("utf-8")[:-5]):
        first.file.write_text(spoilt, encoding="utf-8")
        assert not chapter(tmp_path, "1").load()
    (tmp_path / "file").write_text("", encoding="utf-8")
    Chapter("book/page", tmp_path, first.notebook, tmp_path / "file").keep(ran)  # nothing can be written there


def test_old_outputs_leave(tmp_path: Path) -> None:
    states = [tmp_path / str(number) for number in range(execute.STATES + 2)]
    for number, state in enumerate(states):
        state.mkdir()
        os.utime(state, (number, number))
    execute.tidy(states[0])
    assert {path.name for path in tmp_path.iterdir()} == {"0", *(path.name for path in states[-execute.STATES + 1 :])}
