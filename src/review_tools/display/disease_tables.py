"""The pieces of a disease's page: its controlled trials, trials that may be open, decisions, and the laboratory."""

from collections.abc import Hashable, Mapping
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from markupsafe import Markup

from review_tools.check.comparability import ARMS
from review_tools.data.inline_values import in_section
from review_tools.data.project import Project, labels, once
from review_tools.data.tables import SEPARATOR
from review_tools.display import queries
from review_tools.display.counts import MODELS
from review_tools.display.data_tables import figures, study_links, trial_links
from review_tools.display.forest import draw_lights
from review_tools.display.grid import UNKNOWN, Drawn, Grid, Shown, each, grid, link, notes, stacks
from review_tools.display.queries import in_words, lists
from review_tools.display.synthesis_tables import FULL
from review_tools.display.theme import plural
from review_tools.display.trial_tables import OPEN, decisions, known_trials, newest_decisions, people, phases, statuses
from review_tools.synthesis import bias
from review_tools.synthesis.comparisons import PARTS, harms

# What changes whether people can have a product; the rest are steps on the way.
STEPS = {
    "orphan designation", "fast track designation", "RMAT designation", "exclusivity", "procedural step",
    "committee advice", "payment applied for",
}  # fmt: skip
# Chapters on experiments, by the section of the 2024 review that they hold.
CHAPTERS = {
    "2.1": "mechanisms/contact",
    "2.2.1": "mechanisms/vesicles-t-cells",
    "2.2.2": "mechanisms/vesicles-b-cells",
    "2.2.3": "mechanisms/macrophages",
    "2.2.4": "mechanisms/dendritic-and-nk-cells",
    "2.2.5": "mechanisms/dendritic-and-nk-cells",
    "3.1": "experiments/contact",
    "3.2.1": "experiments/paracrine-t-cells",
    "3.2.2": "experiments/paracrine-other-cells",
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
    rows = rows[rows["disease"].isin(of_page(project, page)) & rows["design"].isin(ARMS)]
    rows = rows[rows["domain"] != "conduct"]
    importance = project.table("outcome_sets").set_index("outcome_set")["importance"]
    flags = lists(project, "outcome_flags", rows["outcome_id"], "flag")
    rows = rows.assign(
        harm=(rows["domain"] == "harm") | rows["outcome_set"].isin(harms(project)),
        rank=rows["outcome_set"].map(importance).map({"critical": 0, "important": 1}).fillna(2),
        words=~rows["block"].isin(FULL),
        part=[bool(PARTS & set(marks)) for marks in flags],
    )
    told_harms = rows[rows["domain"] == "harm"].groupby("study_id")["words"].all().map({True: SOME, False: BOTH})
    sizes = rows[["n_arm1", "n_arm2"]].sum(axis="columns").groupby(rows["study_id"]).max()
    frame = rows.sort_values(["harm", "rank", "words", "part"], kind="stable").drop_duplicates("study_id")
    study = frame["study_id"]
    held = study.map(project.table("studies").set_index("study_id")["n"])
    frame = frame.assign(people=held.fillna(study.map(sizes)).fillna(0))
    frame = frame.sort_values(["design", "people"], ascending=[False, False], kind="stable")
    study, design = frame["study_id"], in_words(project, "outcomes", frame)["design"]
    size = [f"{n} people" if n else "number of people not shown" for n in frame["people"]]
    result = [_result(row) for row in frame.to_dict("records")]
    table = grid(
        {
            "Study": stacks(study_links(project, study), notes(design, size)),
            "Compared": stacks(frame["arm1"] + " v " + frame["arm2"].fillna("no cells"), notes(frame["population"])),
            "Result": stacks(frame["outcome"], result, notes(frame["time"])),
            "Risk of bias": each(lambda *one: draw_lights(bias.judged(project, *one)), study, frame["outcome_set"]),
            "Harms": study.map(told_harms).fillna(NONE),
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


def _result(row: Mapping[Hashable, Any]) -> str:
    """Return the figures of both arms, or the words of the source where one is missing."""
    told = [figures(row, arm) for arm in ("arm1", "arm2")]
    return " v ".join(told) if all(told) else f"“{row['reported']}”"


def open_trials(project: Project, page: str | None = None) -> Shown:
    """Show registered trials that people may be able to join, of a page's diseases or of all; old entries behind."""
    every = known_trials(project)
    if page:
        every = every[every["disease"].isin(of_page(project, page))]
    every = every.sort_values("status_date", ascending=False, kind="stable")
    said = every["status"].isin(OPEN)
    fresh, late = every[every["open"]], every[said & ~every["open"]]
    others = (~said).sum()
    caption = "No trial is known to be open"
    if len(fresh):
        caption = f"{plural(len(fresh), 'trial')} that may be open on {project.citation.released}"
    if others:
        caption += f"; {plural(others, 'other')} over, closed to new people, or without a known status"
    title = f"{plural(len(late), 'trial')} last known as open; the entry is old, undated, or past its own end"
    behind = ((title, _trials(project, late, "Last known as open")),) if len(late) else ()
    return Shown((_trials(project, fresh, caption),), behind=behind)


def _trials(project: Project, frame: pd.DataFrame, caption: str) -> Grid:
    randomised = frame["randomised"].map({"yes": "randomised", "no": "not randomised"})
    design = stacks(randomised.fillna("randomised or not: not shown"), notes(phases(frame["registered_phase"])))
    donors = queries.select(project, "vocabulary", kind="donor").set_index("term")["definition"]
    whose = donors.str[:1].str.lower() + donors.str[1:].str.rstrip(".")
    return grid(
        {
            "Trial": stacks(trial_links(frame), frame["label"], notes(frame["disease"])),
            "Status": statuses(frame),
            "Where": frame["country"].fillna("country not shown"),
            "Cells": stacks(frame["cell_source"], notes(frame["donor"].map(whose)), notes(frame["route"])),
            "Design": design,
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
    every = newest_decisions(project)
    return every.loc[[not wanted.isdisjoint(named.split(SEPARATOR)) for named in every["diseases"].fillna("")]]


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


def laboratory(project: Project, page: str) -> Shown:
    """Show how many findings there are of a page's diseases in people, animals and cells, and through what they act.

    Links to the map and the chapters follow.
    """
    frame = queries.findings(project)
    frame = frame[frame["disease"].isin(of_page(project, page))]
    systems = frame["model"].map(MODELS).fillna(frame["model"]).map(SYSTEMS)
    frame = frame.assign(direction=in_words(project, "findings", frame)["direction"])
    frame["mediator"] = lists(project, "finding_mediators", frame["finding_id"], "term")
    groups = [frame[systems == name] for name in SYSTEMS.values() if (systems == name).any()]
    counts = plural(len(frame), "finding"), plural(frame["work"].nunique(), "work")
    table = grid(
        {
            "System": [systems[group.index[0]] for group in groups],
            "Findings": [len(group) for group in groups],
            "Works": [group["work"].nunique() for group in groups],
            "Inflammation": [_counted(group["direction"]) for group in groups],
            "Through, most often": [_counted(group["mediator"].explode(), 4) or UNKNOWN for group in groups],
        },
        f"{counts[0]} from {counts[1]}" if groups else "No experiment in these diseases is held here",
        tools=False,
    )
    maps = [(f"explore#{urlencode({'disease': name})}", f"map of {name}") for name in frame["disease"].unique()]
    named, held = labels(project, "section"), frame["section"]
    chapters = [(chapter, named[one]) for one, chapter in CHAPTERS.items() if in_section(held, one).any()]
    more = Markup(" · ").join(link(f"site:book/{page}", words) for page, words in [*maps, *chapters])
    return Shown((table, Drawn(Markup("<p>{}</p>").format(more) if more else "")))


def _counted(values: pd.Series, most: int | None = None) -> str:
    """Return values with how often each occurs, the commonest first."""
    counts = sorted(values.value_counts().items(), key=lambda pair: (-pair[1], str(pair[0])))
    return "; ".join(f"{name} ({count})" for name, count in counts[:most])
