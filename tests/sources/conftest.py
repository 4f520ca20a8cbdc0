"""Fixtures: services on this machine that speak the real formats, and a project with a small queue to screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from review_tools.sources import abstracts
from sources.server import Services

SEARCH = "pubmed-1125,pubmed,main,1,2026-11-25,2026-11-18,2026-11-25,7,6,1,0,complete,\n"
TITLES = {
    "pubmed-1": "A screw for the fixation of ankle fractures",
    "pubmed-2": "Mesenchymal stromal cells dampen Th17 cells in rheumatoid arthritis",
    "pubmed-3": "Pricing of generic medicines in three countries",
    "pubmed-4": "Mesenchymal stem cells for steroid-refractory graft versus host disease: a randomised trial",
    "pubmed-5": '=HYPERLINK("http://x.example") \x1b[31mred',
    "pubmed-6": "Lupus nephritis treated with umbilical cord mesenchymal stem cells",
}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The services on this machine; every client of the test asks them. Retries do not wait, unless told to."""
    with Services() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("REVIEW_TIMEOUT", "0.5")
        with stamina.set_testing(True, attempts=3):
            yield running


@pytest.fixture
def queue(copy: Path) -> Path:
    """Six candidates and one duplicate; one has an abstract on this machine."""
    row = '{key},pubmed-1125,pubmed,{key},report,,,,"{title}",2026,It names both,1,{same},2026-11-25\n'
    rows = [row.format(key=key, title=title.replace('"', '""'), same="") for key, title in TITLES.items()]
    rows.append(row.format(key="pubmed-7", title="A preprint", same="pubmed-2"))
    for table, lines in (("searches", [SEARCH]), ("candidates", rows)):
        with (copy / "data" / f"{table}.csv").open("a", encoding="utf-8") as file:
            file.writelines(lines)
    abstracts.append(copy, {"pubmed-2": "Cells were given to mice with arthritis.", "pubmed-5": "=1+1"})
    return copy
