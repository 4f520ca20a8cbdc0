"""Fixtures every test may use."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbval.kernel
import pytest

import review_tools as rt
import small_book
import spoil
from review_tools.check import rules
from review_tools.data.project import Project

ROOT = Path(__file__).resolve().parents[1]
os.environ["FONTCONFIG_FILE"] = str(ROOT / "tests" / "fonts.conf")  # every browser of the tests has the same fonts

_start = nbval.kernel.start_new_kernel


def start_new_kernel(startup_timeout: float = 60, **named: Any) -> Any:
    """Start a chapter's kernel, a second time if need be: a port found free may be taken before the kernel has it."""
    try:
        return _start(30, **named)
    except RuntimeError:
        return _start(startup_timeout, **named)


nbval.kernel.start_new_kernel = start_new_kernel


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project itself."""
    return ROOT


@pytest.fixture(scope="session")
def project() -> Project:
    """The project itself, read once; chapters and tests read the same one."""
    assert rt.project().root == ROOT
    return rt.project()


@pytest.fixture(scope="module")
def few_numbers() -> Iterator[None]:
    """The small book passes the check, although it holds few of the numbered references of the 2024 review."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "NUMBERED", {table: (column, 0) for table, (column, _) in rules.NUMBERED.items()})
        yield


@pytest.fixture
def small(root: Path, tmp_path: Path, few_numbers: None) -> Path:
    """The small book, for a test that spoils data and to which it is all one how many there are."""
    small_book.make(root, tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of data, bibliography and chapters that a test may spoil."""
    folder = tmp_path / "project"
    for name in ("data", "book", "releases"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("references.bib", "_config.yml", "_toc.yml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def set_cell(copy: Path) -> Callable[[str, str, str, str], None]:
    """Writes one value into one cell of one table of the copy; the row is named by its first column."""
    return lambda table, row, column, value: spoil.on_disk(copy, table, row, **{column: value})


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site. `make test` builds it before the tests run."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("There is no site in _build/html: run make book first.")
    return folder
