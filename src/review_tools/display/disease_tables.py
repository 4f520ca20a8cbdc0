"""The pieces of a disease's page: its controlled trials, trials that may be open, decisions, and the laboratory."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from markupsafe import Markup

from review_tools.check.comparability import ARMS
from review_tools.data.project import Project, labels, once
from review_tools.data.tables import SEPARATOR
from review_tools.display.counts import MODELS
from review_tools.display.data_tables import figures, study_links, trial_link
from review_tools.display.forest import draw_lights
from review_tools.display.grid import UNKNOWN, Cell, Grid, Shown, each, grid, link, notes, stacks
from review_tools.display.queries import in_words, lists
from review_tools.display.results import decisions
from review_tools.display.selection_tables import FULL
from review_tools.display.theme import plural
from review_tools.display.trial_tables import OPEN, either, may_be_open, people, statuses
from review_tools.synthesis import bias
from review_tools.synthesis.comparisons import PARTS, harms

# What changes whether people can have a product; the rest are steps on the way.
STEPS = {
    "orphan designation", "fast track designation", "RMAT designation", "exclusivity", "procedural step",
    "committee advice", "payment applied for",
}  # fmt: skip
# Chapters on experiments, by the section of the 2024 review that they hold.
CHAPTERS = {
    "2.1": "book/mechanisms/contact",
    "2.2.1": "book/mechanisms/vesicles-t-cells",
    "2.2.2": "book/mechanisms/vesicles-b-cells",
    "2.2.3": "book/mechanisms/macrophages",
    "2.2.4": "book/mechanisms/dendritic-and-nk-cells",
    "2.2.5": "book/mechanisms/dendritic-and-nk-cells",
    "3.1": "book/experiments/contact",
    "3.2.1": "book/experiments/paracrine-t-cells",
    "3.2.2": "book/experiments/paracrine-other-cells",
}
SYSTEMS = {"patients": "In people", "animal": "In animals", "in vitro": "In cells", "unknown": "System not known"}
MANY = 5  # rows of a table that a page can show open
BOTH, SOME, NONE = "numbers for both arms", "words, or some numbers", "not told in what was read"


@once
def of_page(project: Project, page: str) -> list[str]:
    """Return the diseases of a page. Raises KeyError if it is the page of none; the message lists the pages."""
    pages = project.table("disease_pages")
    if page not in set(pages["page"]):
        raise KeyError(f"No disease has the page {page!r}; pages are {', '.join(pages['page'].unique())}.")
    return list(pages.loc[pages["page"] == page, "disease"])


def controlled_trials(project: Project, page: str) -> Shown:
    """Show every study with a control group of a page's diseases, one line each, those without usable numbers too.

    Of several results of a study the one shown is chosen by the outcome, never by what it says: benefits before harms
    and deaths, declared critical before important before undeclared ones, then results with numbers, then those of
    all its people.
    """
    rows = project.table("outcomes")
    rows = rows[
        rows["disease"].isin(of_page(project, page)) & rows["design"].isin(ARMS) & (rows["domain"] != "conduct")
    ]
    sets = project.table("outcome_sets").set_index("outcome_set")
    flags = pd.Series(lists(project, "outcome_flags", rows["outcome_id"], "flag"), rows.index, dtype="object")
    rows = rows.assign(
        harm=(rows["domain"] == "harm") | rows["outcome_set"].isin(harms(project)),
        rank=rows["outcome_set"].map(sets["importance"]).map({"critical": 0, "important": 1}).fillna(2),
        words=~rows["block"].isin(FULL),
        part=[bool(PARTS & set(marks)) for marks in flags],
    )
    told_harms = {study: _harms(group["block"]) for study, group in rows[rows["domain"] == "harm"].groupby("study_id")}
    sizes = rows[["n_arm1", "n_arm2"]].sum(axis="columns").groupby(rows["study_id"]).max()
    frame = rows.sort_values(["harm", "rank", "words", "part"], kind="stable").drop_duplicates("study_id")
    held = frame["study_id"].map(project.table("studies").set_index("study_id")["n"])
    frame = frame.assign(people=held.fillna(frame["study_id"].map(sizes)))
    frame = frame.sort_values(["design", "people"], ascending=[False, False], kind="stable")
    judged = each(lambda *one: draw_lights(bias.judged(project, *one)), frame["study_id"], frame["outcome_set"])
    told = [f"{n} people" if n else "number of people not shown" for n in frame["people"].fillna(0)]
    table = grid(
        {
            "Study": stacks(
                study_links(project, frame["study_id"]), notes(in_words(project, "outcomes", frame)["design"], told)
            ),
            "Compared": stacks(frame["arm1"] + " v " + frame["arm2"].fillna("no cells"), notes(frame["population"])),
            "Result": stacks(
                frame["outcome"], [_result(row) for row in frame.to_dict("records")], notes(frame["time"])
            ),
            "Risk of bias": judged,
            "Harms": [told_harms.get(study, NONE) for study in frame["study_id"]],
        },
        f"{plural(len(frame), 'controlled study', 'controlled studies')}, one result of each"
        if len(frame)
        else "No study with a control group is held here",
        name="controlled",
        tools=False,
    )
    return _few(table)


def _few(table: Grid, *behind: tuple[str, Grid]) -> Shown:
    """Show a short table open and a long one folded under its caption: on a phone each row is a card."""
    if len(table.rows) > MANY:
        return Shown(behind=((table.caption, table), *behind))
    return Shown((table,), behind=behind)


def _harms(blocks: Iterable[str]) -> str:
    return BOTH if FULL & set(blocks) else SOME


def _result(row: Mapping[Hashable, Any]) -> str:
    """Return the figures of both arms, or the words of the source where one is missing."""
    told = [figures(row, arm) for arm in ("arm1", "arm2")]
    return " v ".join(told) if all(told) else f"“{row['reported']}”"


def open_trials(project: Project, page: str | None = None) -> Shown:
    """Show registered trials that people may be able to join, of a page's diseases or of all; old entries behind."""
    every = project.table("trials")
    if page:
        every = every[every["disease"].isin(of_page(project, page))]
    every = every.sort_values("status_date", ascending=False, kind="stable")
    may, said = may_be_open(project, every), either(every, "status").isin(OPEN)
    fresh, late = every[may], every[said & ~may]
    day, others = project.citation.released, (~said).sum()
    caption = (
        f"{plural(len(fresh), 'trial')} that may be open on {day}" if len(fresh) else "No trial is known to be open"
    )
    rest = f"{plural(others, 'other')} over, closed to new people, or without a known status"
    shown = _trials(project, fresh, f"{caption}; {rest}" if others else caption)
    title = f"{plural(len(late), 'trial')} last known as open; the entry is old, undated, or past its own end"
    return Shown((shown,), behind=((title, _trials(project, late, "Last known as open")),) if len(late) else ())


def _trials(project: Project, frame: pd.DataFrame, caption: str) -> Grid:
    phase = ("phase " + frame["registered_phase"]).where(frame["registered_phase"].str[:1].str.isdigit())
    randomised = frame["randomised"].map({"yes": "randomised", "no": "not randomised"})
    return grid(
        {
            "Trial": stacks(each(trial_link, frame["trial_id"]), frame["label"], notes(frame["disease"])),
            "Status": statuses(project, frame),
            "Cells": stacks(frame["cell_source"], notes(frame["donor"])),
            "Design": stacks(randomised.fillna("randomised or not: not shown"), notes(phase)),
            "People": each(people, frame["enrolment"], frame["enrolment_basis"]),
            "Planned end": frame["completion_date"],
        },
        caption,
        name="open-trials",
        tools=False,
    )


def decisions_about(project: Project, page: str) -> pd.DataFrame:
    """Return the decisions that name one of a page's diseases, newest first."""
    wanted = set(of_page(project, page))
    every = project.table("decisions").sort_values("date", ascending=False, na_position="last", kind="stable")
    return every[
        every["diseases"].fillna("").map(lambda named: bool(wanted & set(named.split(SEPARATOR)))).astype(bool)
    ]


def approvals(project: Project, page: str) -> Shown:
    """Show decisions on MSC products for a page's diseases, newest first; designations and other steps behind them."""
    every = decisions_about(project, page)
    steps = every["decision"].isin(STEPS)
    caption = f"{plural(len(every) - steps.sum(), 'decision')} of regulators, payers and guideline bodies"
    if steps.all():
        caption = "No licence, payment or guidance for an MSC product in these diseases is known here"
    behind = plural(int(steps.sum()), "designation, advice or step", "designations, advice and steps")
    kept = ((behind, decisions(project, every[steps], behind)),) if steps.any() else ()
    return _few(decisions(project, every[~steps], caption), *kept)


@dataclass(frozen=True)
class Laboratory:
    """What experiments say of a disease: counts by system, and links to the map and the chapters."""

    table: Grid
    links: Cell

    def _repr_html_(self) -> str:
        more = Markup("<p>{}</p>").format(self.links) if self.links else ""
        return f"{self.table._repr_html_()}{more}"

    def __repr__(self) -> str:
        return repr(self.table)


def laboratory(project: Project, page: str) -> Laboratory:
    """Show how many findings there are of a page's diseases in people, animals and cells, and through what they act."""
    frame = project.table("findings")
    frame = frame[frame["disease"].isin(of_page(project, page))]
    frame = frame.assign(system=frame["model"].map(MODELS).fillna(frame["model"]).map(SYSTEMS))
    frame["mediators"] = lists(project, "finding_mediators", frame["finding_id"], "term")
    work = frame["study_id"].fillna("seed " + frame["seed_number"].astype("string"))
    groups = [(name, frame[frame["system"] == name]) for name in SYSTEMS.values() if (frame["system"] == name).any()]
    directions = labels(project, "direction")
    counts = plural(len(frame), "finding"), plural(work.nunique(), "work")
    table = grid(
        {
            "System": [name for name, _ in groups],
            "Findings": [len(group) for _, group in groups],
            "Works": [work[group.index].nunique() for _, group in groups],
            "Inflammation": [_counted(group["direction"].map(directions)) for _, group in groups],
            "Through, most often": [
                _counted(group["mediators"].explode().dropna(), 4) or UNKNOWN for _, group in groups
            ],
        },
        f"{counts[0]} from {counts[1]}" if groups else "No experiment in these diseases is held here",
        tools=False,
    )
    maps = [
        link(f"site:book/explore#{urlencode({'disease': name})}", f"map of {name}")
        for name in frame["disease"].unique()
    ]
    sections = [
        max((one for one in CHAPTERS if f"{held}.".startswith(f"{one}.")), default="") for held in frame["section"]
    ]
    named = labels(project, "section")
    chapters = [link(f"site:{CHAPTERS[one]}", named[one]) for one in sorted(set(sections) - {""})]
    return Laboratory(table, Markup(" · ").join([*maps, *chapters]))


def _counted(values: pd.Series, most: int | None = None) -> str:
    """Return values with how often each occurs, the commonest first."""
    counts = sorted(values.value_counts().items(), key=lambda pair: (-pair[1], str(pair[0])))
    return "; ".join(f"{name} ({count})" for name, count in counts[:most])
