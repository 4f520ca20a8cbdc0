"""The ranking: what is relevant comes first, the same decisions give the same order, and odd text breaks nothing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.sources.ranking import Ranking

ABOUT = [f"Stromal cells calm T cells in arthritis, model {n}" for n in range(4)]
OTHER = [f"Prices of steel bridges in region {n}" for n in range(40)]
IDS = [f"r-{n:02d}" for n in range(44)]


def test_before_any_decision_likeness_to_the_works_decides() -> None:
    ranking = Ranking(IDS, OTHER + ABOUT, ["Stromal cells and immune T cells"])
    assert set(ranking.order()[:4]) == set(IDS[40:])


def test_few_relevant_among_many_are_found_from_decisions_alone() -> None:
    ranking = Ranking(IDS, OTHER + ABOUT)
    assert ranking.order() == IDS  # nothing is known: ties by identifier
    order = ranking.order(included=[IDS[40]], excluded=IDS[:10])
    assert set(order[:3]) == set(IDS[41:])
    assert not {IDS[40], *IDS[:10]} & set(order)
    assert order == Ranking(IDS, OTHER + ABOUT).order([IDS[40]], IDS[:10])


@pytest.mark.parametrize("texts", [["", ""], ["?", "!"], ["the", "the"], ["Ж", "細胞"], ["same text"] * 2])
def test_text_without_difference_keeps_the_order_of_identifiers(texts: list[str]) -> None:
    assert Ranking(["b", "a"], texts).order() == ["a", "b"]
    assert Ranking(["b", "a"], texts, ["a work"]).order(excluded=[])[:2] == ["a", "b"]


def test_an_empty_queue_is_no_error() -> None:
    assert Ranking([], []).order() == []


def simulate(file: Path, text: str) -> tuple[int, str]:
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["screen", "--simulate", str(file), "--word", "cells", "--json"])
    return result.exit_code, result.output


def test_a_simulation_tells_recall_by_effort_for_each_order(tmp_path: Path) -> None:
    rows = "".join(f'"{title}",{label}\n' for titles, label in ((OTHER, 0), (ABOUT, 1)) for title in titles)
    code, output = simulate(tmp_path / "a.csv", f"title,label\n{rows}")
    assert code == 0
    told = json.loads(output)
    assert (told["records"], told["relevant"]) == (44, 4)
    assert told["orders"]["model"]["wss95"] > 0.8  # three of 43 read: 1 - 3/43 - 0.05
    assert told["orders"]["chance"]["wss95"] < 0.6
    assert all(order["recall"][0] == 0 and order["recall"][-1] == 1 for order in told["orders"].values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title,label\na,1\nb,perhaps\nc,2\n", ["row 3", "'perhaps'", "row 4"]),
        ("name,label\na,1\n", ["needs the columns title and label"]),
        ("title,label\na,1\nb,0\n", ["at least two relevant records"]),
    ],
)
def test_a_bad_file_of_labels_is_refused_in_words(tmp_path: Path, text: str, says: list[str]) -> None:
    code, output = simulate(tmp_path / "a.csv", text)
    assert code == 1
    assert all(part in output for part in says)
