"""Drawings kept from build to build: found again, made anew when spoilt, never needed."""

from pathlib import Path

import pytest

from review_tools.site import drawing_cache
from review_tools.site.charts import static_svg

SPEC = {
    "data": {"values": [{"a": 1}]},
    "mark": {"type": "bar", "clip": True},
    "encoding": {"x": {"field": "a", "type": "quantitative"}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(drawing_cache, "_folder", None)
    drawing_cache.use(tmp_path)
    return tmp_path / drawing_cache.FOLDER


def test_a_drawing_is_made_once(folder: Path) -> None:
    assert drawing_cache.kept("key", lambda: "made") == "made"
    assert drawing_cache.kept("key", lambda: pytest.fail("made again")) == "made"
    assert drawing_cache.kept("other", lambda: "another") == "another"
    assert len(list(folder.iterdir())) == 2


def test_the_order_of_a_specification_does_not_matter(folder: Path) -> None:
    """One that comes from an execution kept on disk is sorted, a new one is not: both find the same drawing."""
    first = static_svg(SPEC)
    assert static_svg(dict(reversed(SPEC.items()))) == first
    assert len(list(folder.iterdir())) == 1


def test_a_spoilt_drawing_is_made_anew(folder: Path) -> None:
    drawing_cache.kept("key", lambda: "made")
    (path,) = folder.iterdir()
    path.write_text(path.read_text("utf-8").replace("made", "evil"), encoding="utf-8")
    assert drawing_cache.kept("key", lambda: "made") == "made"
    path.write_bytes(b"\xff")
    assert drawing_cache.kept("key", lambda: "made") == "made"


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_build").write_text("a file where a folder should be", encoding="utf-8")
    monkeypatch.setattr(drawing_cache, "_folder", None)
    drawing_cache.use(tmp_path)
    assert drawing_cache.kept("key", lambda: "made") == "made"


def test_a_kept_drawing_is_the_same_as_a_new_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was drawn before it: ids begin anew in each drawing."""
    first = static_svg(SPEC, "chart-a")
    assert static_svg(SPEC, "chart-a") == first
    monkeypatch.setattr(drawing_cache, "_folder", None)
    assert static_svg(SPEC, "chart-a") == first
    assert 'id="chart-a-1"' in first
