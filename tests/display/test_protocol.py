"""The protocol and its checklist as readers see them."""

import csv
import re
from pathlib import Path

import pytest

from review_tools.check import check
from review_tools.data.tables import load
from review_tools.display import protocol as shown

ITEMS = {"1a", "1b", "2", "3a", "3b", "4", "L1a", "L1b", "L1c", "L2", "L3", "L4"}


def test_the_protocol_says_what_a_living_review_must(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_ROOT", str(root))
    html = shown.protocol()._repr_html_()
    for part in ("Version and status", "Preceding version", "Population", "Retirement", "Authors and roles"):
        assert part in html
    for source in ("ClinicalTrials.gov", "PubMed", "Europe PMC", "Crossref"):
        assert f"Search of {source}" in html


def test_no_search_is_called_none(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty log, a partial search, one source, all sources."""
    monkeypatch.setenv("REVIEW_ROOT", str(copy))
    path = copy / "data/searches.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0]

    def log(*searches: tuple[str, str]) -> str:
        rows = [
            f"{s}-{n},{s},main,1,2026-11-0{n},2026-10-26,2026-11-0{n},0,0,0,0,{how},"
            for n, (s, how) in enumerate(searches, 2)
        ]
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return shown.current()

    assert log() == shown.NEVER
    assert log(("pubmed", "partial")) == shown.NEVER
    assert "no systematic search has been run yet" in shown.protocol()._repr_html_()
    assert log(("pubmed", "complete")) == "not every source has been searched yet"
    every = [(source, "complete") for source in ("clinicaltrials", "pubmed", "europepmc", "crossref")]
    assert log(*every) == "all sources searched up to 2026-11-02"


def test_the_checklist_has_every_item_and_leads_to_pages(root: Path) -> None:
    rows = load("prisma_lsr", root)
    assert set(rows["item_id"]) >= ITEMS
    answered = rows[rows["met"] == "yes"]
    assert answered["page"].notna().all()
    assert rows.loc[rows["met"] == "not yet", "note"].notna().all()
    for page in answered["page"]:
        file, _, anchor = page.partition("#")
        text = (root / f"{file}.md").read_text(encoding="utf-8")
        headings = {re.sub(r"[^a-z0-9]+", "-", h.lower()).strip("-") for h in re.findall(r"^#+ (.+)$", text, re.M)}
        assert not anchor or f"({anchor})=" in text or anchor in headings, page


def test_a_checklist_answer_that_is_none_is_reported(copy: Path) -> None:
    path = copy / "data/prisma_lsr.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows[1][rows[0].index("met")] = "perhaps"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    assert any("checklist answer" in problem.why for problem in check(copy))
