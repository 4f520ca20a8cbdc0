"""CONTRIBUTING.md: its commands run as they are written, against services that hold the made-up records it names."""

import re
import shlex
from pathlib import Path

import pytest

from review_tools.check import check
from review_tools.data.project import Project
from review_tools.sources.add import LATER
from sources.conftest import Rows, Run
from sources.server import Services, a_study, a_work, an_article


@pytest.fixture
def copy(small: Path) -> Path:
    return small


def test_the_commands_of_contributing_run_as_written(
    root: Path, copy: Path, services: Services, review: Run, rows: Rows
) -> None:
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"^review (add .*)", text, re.MULTILINE)
    doi, _, nct, pmid, _ = (command.split()[2] for command in commands)
    services.works[doi] = a_work(doi, "Vesicles of marrow cells calm T cells")
    services.studies[nct] = a_study(nct, "Umbilical Cells in Fistulas", overallStatus="COMPLETED")
    title = "Umbilical cells for fistulas: a randomised trial"
    services.articles[pmid] = an_article(pmid, title, "10.5555/t", nct, ("Randomized Controlled Trial",))
    for command in commands:
        code, output = review(*shlex.split(command))
        assert code == 0, output
    assert {problem.rule for problem in check(Project(copy))} <= LATER - {"unused_entry"}
    [(row, column)] = re.findall(r"`outcomes (\S+) (\w+)`", text)  # the value that the page tells to cite
    assert [one[column] for one in rows("outcomes") if one["outcome_id"] == row] == ["31"]
