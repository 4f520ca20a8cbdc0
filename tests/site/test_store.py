"""Records of executions: found again in any state, never taken when spoilt, whole when the disk is full."""

import errno
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from review_tools.data.reads import digest
from review_tools.site.freshness import inputs as site_inputs
from review_tools.site.freshness.store import FOLDER, Record, Store, StoreError

AROUND = {"the interpreter": "3"}
CODE = "c0de"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "a.csv"
    path.parent.mkdir()
    path.write_text("one", encoding="utf-8")
    return path


def record(table: Path, text: str, **changed: Any) -> Record:
    table.write_text(text, encoding="utf-8")
    facts: dict[str, Any] = {
        "chapter": "book/page", "code": CODE, "files": {"data/a.csv": digest(table)}, "days": [],
        "surroundings": AROUND, "cells": [{"execution_count": 1, "outputs": [text]}], "seconds": 1.0,
    }  # fmt: skip
    return Record(**(facts | changed))


def test_each_state_finds_its_own_record(table: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(record(table, "one"))
    store.keep(record(table, "two"))
    for text in ("one", "two", "one"):
        table.write_text(text, encoding="utf-8")
        found = store.find(CODE, AROUND)
        assert found is not None
        assert found.cells[0]["outputs"] == [text]
    table.write_text("three", encoding="utf-8")
    assert store.find(CODE, AROUND) is None
    assert "data/a.csv changed" in store.explain("book/page", CODE, AROUND)[0]
    table.unlink()
    assert store.find(CODE, AROUND) is None
    assert "data/a.csv is gone" in store.explain("book/page", CODE, AROUND)[0]
    assert store.explain("book/page", "other", AROUND) == ["its code changed"]
    assert store.explain("book/new", "other", AROUND) == ["no record of it"]


def test_another_interpreter_or_another_day_is_stale(table: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(record(table, "one", days=[date.today().isoformat()]))
    assert store.find(CODE, AROUND)
    assert store.find(CODE, {"the interpreter": "4"}) is None
    store.keep(record(table, "one", code="old", days=[(date.today() - timedelta(1)).isoformat()]))
    assert store.find("old", AROUND) is None


@pytest.mark.parametrize("spoil", [lambda text: text[:-20], lambda text: text.replace("one", "0ne"), lambda text: ""])
def test_a_spoilt_record_counts_as_missing(table: Path, tmp_path: Path, spoil: Any) -> None:
    store = Store(tmp_path)
    store.keep(record(table, "one"))
    (path,) = (tmp_path / FOLDER / CODE).iterdir()
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert store.find(CODE, AROUND) is None


def test_a_full_disk_is_told_and_leaves_the_store_whole(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    store.keep(record(table, "one"))
    whole = os.fdopen

    def full(handle: int, *options: Any, **named: Any) -> Any:
        file = whole(handle, *options, **named)
        file.write("half of it")
        file.close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", full)
        with pytest.raises(StoreError, match="No space left on device"):
            store.keep(record(table, "two"))
    assert [path.suffix for path in (tmp_path / FOLDER / CODE).iterdir()] == [".json"]
    table.write_text("one", encoding="utf-8")
    assert store.find(CODE, AROUND)


def test_what_a_killed_build_left_is_tidied(table: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(record(table, "one"))
    (tmp_path / FOLDER / CODE / "x.part").write_text("half", encoding="utf-8")
    store.tidy()
    assert len(list((tmp_path / FOLDER / CODE).iterdir())) == 1
    assert store.find(CODE, AROUND)


def test_inputs_of_the_site(copy: Path) -> None:
    """Data, prose and the package count; by-products do not."""
    before = site_inputs.inputs(copy)
    (copy / "_build").mkdir()
    (copy / "_build" / "x").write_text("", encoding="utf-8")
    assert site_inputs.inputs(copy) == before
    with (copy / "data" / "trials.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    (copy / "book" / "new.md").write_text("# New", encoding="utf-8")
    told = site_inputs.differences(before, site_inputs.inputs(copy))
    assert [line.split(" (")[0] for line in told] == ["book/new.md is new", "data/trials.csv changed"]
    assert "review_tools/display/forest.py" in before
