"""The candidate store gives the same answers as CSV and as Parquet, and moves from one to the other losing nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_tools.data import schema
from review_tools.data.problems import DataError
from review_tools.data.tables import load
from review_tools.sources.store import CsvStore, ParquetStore, migrate, open_store

COLUMNS = ["candidate_id", "doi", "title"]
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6) | st.sampled_from(
    ["", ",", '"a,b"', "'", "Ü"]
)
ROWS = st.lists(
    st.fixed_dictionaries({"candidate_id": st.sampled_from([f"c-{n}" for n in range(12)]), "doi": TEXT, "title": TEXT}),
    max_size=9,
)


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(ROWS, max_size=4), offset=st.integers(0, 14), limit=st.integers(0, 14))
def test_both_forms_answer_alike(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[dict[str, str]]], offset: int, limit: int
) -> None:
    folder = tmp_path_factory.mktemp("store")
    table, parts = CsvStore(folder / "a.csv", COLUMNS), ParquetStore(folder / "parts", COLUMNS, part=3)
    table.clear()
    for batch in batches:
        assert table.append(batch) == parts.append(batch)
    assert len(table) == len(parts) == len({row["candidate_id"] for batch in batches for row in batch})
    assert table.page(offset, limit) == parts.page(offset, limit)
    asked = ["", "c-1", "c-99", *(row["doi"] for batch in batches for row in batch)]
    for column in ("candidate_id", "doi"):
        assert table.known(column, asked) == parts.known(column, asked)


def candidates(root: Path, number: int, start: int = 0) -> list[dict[str, str]]:
    columns = schema.tables(root)["candidates"].columns
    return [{**dict.fromkeys(columns, ""), "candidate_id": f"c-{n}"} for n in range(start, start + number)]


def test_migration_keeps_every_row_and_can_be_cut(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = candidates(copy, 20)
    open_store(copy).append(rows)
    with monkeypatch.context() as broken:
        broken.setattr(CsvStore, "clear", lambda self: (_ for _ in ()).throw(OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            migrate(copy)
    assert migrate(copy) == 20  # finishes what was cut
    store = open_store(copy)
    assert store.page(0, 99) == rows
    assert load("candidates", copy)["candidate_id"].tolist() == [row["candidate_id"] for row in rows]
    assert store.append([*rows, *candidates(copy, 1, 20)]) == 1
    assert len(store) == 21


def test_past_its_bound_the_csv_refuses_with_the_remedy(tmp_path: Path) -> None:
    store = CsvStore(tmp_path / "a.csv", COLUMNS, bound=2)
    store.clear()
    rows = [{"candidate_id": f"c-{n}", "doi": "", "title": ""} for n in range(3)]
    with pytest.raises(DataError, match="review store --migrate"):
        store.append(rows)
    assert len(store) == 0


def test_an_identifier_that_stands_twice_stops_the_migration(copy: Path) -> None:
    path = copy / "data" / "candidates.csv"
    line = "c-1" + "," * 13 + "\n"
    with path.open("a", encoding="utf-8") as file:
        file.writelines([line, line])
    with pytest.raises(DataError, match="stands twice"):
        migrate(copy)
    assert len(CsvStore(path, schema.tables(copy)["candidates"].columns)) == 2


def test_a_column_that_is_none_is_refused(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "parts", COLUMNS)
    store.append([{"candidate_id": "c-1", "doi": "10.1/x", "title": ""}])
    with pytest.raises(KeyError, match="no column"):
        store.known('doi" OR true --', ["x"])
