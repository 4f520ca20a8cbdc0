"""`review identify`: fills what the publisher's list shows, keeps what people confirmed, trusts no numbering unseen."""

import json
from pathlib import Path
from typing import Any

import pytest

from review_tools.check import check
from review_tools.data.project import Project
from sources.conftest import Files, Rows, Run
from sources.server import Services, a_work

SEED = "10.3389/fimmu.2024.1525380"


def deposited(root: Path, shift: int = 0) -> list[dict[str, Any]]:
    """A list in the publisher's form: the confirmed works at their numbers, invented works at the others."""
    project = Project(root)
    works, listed = project.works, []
    for row in project.text("citations").to_dict("records"):
        number = int(row["seed_number"])
        if row["study_id"]:
            one = {"DOI": works[row["study_id"]]["doi"], "article-title": works[row["study_id"]]["title"]}
        else:
            one = {"DOI": f"10.5555/ref.{number}", "article-title": f"Word{number} was invented for a test"}
        listed.append({"key": f"B{number + shift}", "author": "J Example", "year": "2019", **one})
    return listed


@pytest.fixture
def listed(copy: Path, services: Services) -> list[dict[str, Any]]:
    found = deposited(copy)
    services.works[SEED] = a_work(SEED, "The seed", reference=found)
    return found


def unidentified(root: Path) -> list[str]:
    citations = Project(root).text("citations")
    return citations.loc[citations["study_id"] == "", "seed_number"].tolist()


def test_every_number_is_filled_with_evidence_and_the_check_passes(
    copy: Path, listed: list[dict[str, Any]], services: Services, review: Run, rows: Rows
) -> None:
    before = {row["seed_number"]: row for row in rows("citations")}
    waiting = unidentified(copy)
    told = copy.parent / "text.md"
    code, output = review("identify", "--by", "A. Tester", "--report", str(told))
    assert code == 0, output
    assert f"{len(waiting)} identified" in output
    assert told.read_text("utf-8").count("\n- ") == len(waiting)
    after = {row["seed_number"]: row for row in rows("citations")}
    for number, row in after.items():
        if number in waiting:
            assert row["match"] == "exact"
            assert row["source_url"].endswith(SEED)
            assert f"key B{number}," in row["source_where"]
        else:
            assert row == before[number]
    assert check(Project(copy)) == []
    services.asked.clear()
    assert review("identify") == (0, "Every reference number is identified; nothing was asked.\n")
    assert services.asked == []


def test_a_conflict_is_listed_and_what_cannot_be_verified_stays_unidentified(
    copy: Path, listed: list[dict[str, Any]], review: Run, rows: Rows
) -> None:
    confirmed = next(row for row in rows("citations") if row["study_id"] and row["match"] == "exact")
    first, second, third, fourth, fifth = (int(number) for number in unidentified(copy)[:5])
    listed[int(confirmed["seed_number"]) - 1] |= {"DOI": "10.5555/other", "article-title": "Another work"}
    listed[first - 1]["key"] = "no number"
    listed[second - 1]["key"] = f"B{third}"  # now two entries claim the third number
    del listed[fourth - 1]["DOI"]
    del listed[fifth - 1]["article-title"]  # its own record is asked, and there is none
    code, output = review("identify")
    assert code == 0, output
    assert "1 in conflict" in output
    assert f"{confirmed['seed_number']}: kept {confirmed['study_id']}" in output
    assert confirmed in rows("citations")
    assert unidentified(copy) == [str(number) for number in (first, second, third, fourth, fifth)]
    assert "carries no number of its own" in output
    assert f"{fourth}: the list gives no DOI" in output
    candidates = [row["doi"] for row in rows("citation_candidates") if row["seed_number"] == str(fifth)]
    assert f"10.5555/ref.{fifth}" in candidates
    assert check(Project(copy)) == []


@pytest.mark.parametrize(
    ("shift", "says"), [(1, "cannot be tied to the 2024 review's numbers"), (None, "no reference list")]
)
def test_a_list_that_does_not_fit_or_is_missing_fills_nothing(
    shift: int | None, says: str, copy: Path, services: Services, review: Run, files: Files
) -> None:
    services.works[SEED] = a_work(SEED, "The seed", reference=None if shift is None else deposited(copy, shift))
    before = files()
    code, output = review("identify")
    assert (code, says in output) == (1, True)
    assert files() == before


def test_dry_run_and_file_write_nothing_and_need_no_network(
    copy: Path, listed: list[dict[str, Any]], services: Services, tmp_path: Path, review: Run, files: Files
) -> None:
    saved = tmp_path / "seed.json"
    saved.write_text(json.dumps({"message": services.works[SEED]}), encoding="utf-8")
    before = files()
    code, output = review("identify", "--dry-run", "--from", str(saved))
    assert code == 0, output
    assert "+@article{example_2019_word" in output
    assert files() == before
    assert services.asked == []
