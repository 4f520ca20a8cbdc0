"""Tables of what is chosen and what is missing: declared outcomes, what studies say of them, what was not found."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from review_tools.check.comparability import ARMS, FORM_OF
from review_tools.check.engine import whole
from review_tools.check.quotations import CHECKED, NOT_CHECKABLE, SKIPPED, sort_of_reason, state, unshown
from review_tools.data.project import Project, labels
from review_tools.data.tables import SEPARATOR
from review_tools.display.data_tables import study_links
from review_tools.display.grid import Cell, Grid, Shown, grid, links, notes, stacks, tag
from review_tools.display.queries import in_words, select
from review_tools.display.theme import plural
from review_tools.synthesis import bias

FULL = {"binary", "single-arm binary", "continuous", "single-arm continuous", "effect", "counts"}
NUMBERS, WORDS, ABSENT = "Numbers", "Words, or some numbers", "Not reported in what was read"


def outcome_sets(project: Project, disease: str | None = None) -> Grid:
    """Show the outcomes declared for a disease, or for all: what counts as each, and which difference matters."""
    frame = select(project, "outcome_sets", disease=disease)
    words = in_words(project, "outcome_sets", frame)
    return grid(
        {
            "Outcome": stacks(frame["outcome"], notes(words["disease"]), notes(frame["outcome_set"])),
            "What counts as it": frame["definition"],
            "Importance": words["importance"],
            "Difference that matters": [_difference(row) for row in frame.to_dict("records")],
            "Declared on": frame["declared_on"],
        },
        f"{plural(len(frame), 'declared outcome')}",
        ids="outcome-" + frame["outcome_set"],
        name="outcome-sets",
        filters={"Disease": words["disease"], "Importance": words["importance"]},
    )


def _difference(row: dict[Hashable, Any]) -> Cell:
    if pd.isna(row["important_difference"]):
        return "none declared"
    large = "" if pd.isna(row["large_difference"]) else f"; large: {row['large_difference']:g}"
    return stacks([f"{row['important_difference']:g} {row['unit']}{large}"], notes([row["reason"]]))[0]


def extraction(project: Project) -> Shown:
    """Show for each disease, behind its name, what each controlled study says of each declared outcome."""
    held = {FORM_OF.get(disease, disease) for disease in project.table("outcome_sets")["disease"]}
    names = {name: label for name, label in labels(project, "disease").items() if name in held}
    tables = {label: reported_outcomes(project, name) for name, label in names.items()}
    return Shown(behind=tuple((label, table) for label, table in tables.items() if table.rows))


def reported_outcomes(project: Project, disease: str) -> Grid:
    """Show what each controlled study of a disease says of each declared outcome: numbers, words only, or nothing.

    Forms of the disease count with it (acute and chronic GVHD with GVHD). Only outcomes that are asked of a study's
    people and contrast can be missing in it: a trial of treatment need not report what prevention is judged by.
    """
    diseases = {disease, *(form for form, wider in FORM_OF.items() if wider == disease)}
    sets = project.table("outcome_sets")
    sets = sets[sets["disease"].isin(diseases)]
    rows = project.table("outcomes")
    rows = rows[rows["disease"].isin(diseases) & rows["design"].isin(ARMS)]
    studies = sorted(rows["study_id"].unique())
    said = {pair: _said(set(group["block"])) for pair, group in rows.groupby(["study_id", "outcome_set"])}
    named = {name for _, name in said}
    outcomes = {row["outcome_set"]: row["outcome"] for row in sets.to_dict("records") if row["outcome_set"] in named}
    signed = project.table("studies").set_index("study_id")
    whole = [f"whole, {day:%Y-%m-%d}" if pd.notna(day) else "not whole" for day in signed.loc[studies, "extracted_on"]]
    asked = _settings(project)
    settings = {study: {key for pair in group for key in asked[pair]} for study, group in _reported(rows).items()}
    held = {
        how: [
            "; ".join(
                words
                for name, words in outcomes.items()
                if said.get((study, name), ABSENT) == how
                and (how != ABSENT or not settings[study] or settings[study] & asked[name])
            )
            for study in studies
        ]
        for how in (NUMBERS, WORDS, ABSENT)
    }
    nobody = "; ".join(sets.loc[~sets["outcome_set"].isin(named), "outcome"])
    caption = f"{plural(len(studies), 'controlled study', 'controlled studies')}, "
    caption += plural(len(outcomes), "declared outcome") + (f"; reported by none of them: {nobody}" if nobody else "")
    return grid(
        {"Study": stacks(study_links(project, studies), notes(whole)), **held}, caption, name="extraction", tools=False
    )


def _settings(project: Project) -> Mapping[Any, set[tuple[str, str]]]:
    """Return the people and the contrast that comparisons ask about, by outcome set, alone and with contrast."""
    found: defaultdict[Any, set[tuple[str, str]]] = defaultdict(set)
    for row in project.table("comparisons").dropna(subset=["contrast"]).to_dict("records"):
        for contrast in row["contrast"].split(SEPARATOR):
            for key in (row["outcome_set"], (row["outcome_set"], contrast)):
                found[key].add((row["population"], contrast))
    return found


def _reported(rows: pd.DataFrame) -> Mapping[Any, set[Any]]:
    """Return the outcome sets and contrasts of each study's rows."""
    found: defaultdict[Any, set[Any]] = defaultdict(set)
    for row in rows.to_dict("records"):
        found[row["study_id"]].add((row["outcome_set"], row["contrast"]))
    return found


def _said(blocks: set[str]) -> str:
    return NUMBERS if blocks & FULL else WORDS


def quotations(project: Project) -> Grid:
    """Show the outcomes whose numbers the words of their source do not all show, with the reason; count the others."""
    missing = list(unshown(project).values())
    states = pd.Series(
        [state(row, left) for row, left in zip(whole(project, "outcomes").rows.values(), missing, strict=True)]
    )
    frame = project.table("outcomes").reset_index(drop=True)
    reasons = pd.Series(map(sort_of_reason, missing)).where(states == NOT_CHECKABLE, states)
    frame, reasons = frame[states != CHECKED], reasons[states != CHECKED]
    words = in_words(project, "outcomes", frame)
    named = ", ".join(f"{count} {reason}" for reason, count in reasons[reasons != SKIPPED].value_counts().items())
    counts = {one: int((states == one).sum()) for one in (CHECKED, NOT_CHECKABLE, SKIPPED)}
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), notes(frame["outcome_id"])),
            "Outcome": stacks(frame["outcome"], notes(frame["time"])),
            "As reported": stacks(frame["reported"], notes(links(frame["source_url"], frame["source_where"]))),
            "Not checkable, because": stacks(frame["not_quoted"], notes(reasons)),
            "Read": words["read"],
        },
        f"{plural(len(states), 'outcome')}: {counts[CHECKED]} checked against the words of their source, "
        f"{counts[NOT_CHECKABLE]} not checkable ({named}), {counts[SKIPPED]} skipped",
        name="quotations",
        filters={"Reason": reasons, "Disease": frame["disease"], "Read": words["read"]},
    )


def not_found(project: Project, kind: str | None = None) -> Grid:
    """Show what was looked for and not found: what was asked, where, when, and with how many hits."""
    frame = select(project, "not_found", kind=kind)
    words = in_words(project, "not_found", frame)
    hits = [plural(int(hits), "hit") if pd.notna(hits) else "hits not counted" for hits in frame["hits"]]
    return grid(
        {
            "Not found": stacks(frame["what"], notes(words["kind"], words["disease"])),
            "Asked": stacks(frame["asked"], notes(frame["where"], hits)),
            "On": frame["asked_on"],
            "Look here first": links(frame["link"], [_host(link) for link in frame["link"]]),
        },
        f"{plural(len(frame), 'thing')} looked for and not found",
        ids="not-found-" + frame["not_found_id"],
        name="not-found",
        filters={"Kind": words["kind"], "Disease": words["disease"]},
    )


def _host(link: object) -> str:
    return link.split("/")[2] if isinstance(link, str) else "no link known"


def judgements(project: Project, study_id: str | None = None) -> Grid:
    """Show this review's own judgements of risk of bias, one domain of one study a row, each with its reason."""
    frame = select(project, "risk_of_bias", study_id=study_id)
    words = in_words(project, "risk_of_bias", frame)
    results = frame["outcome_set"].map(project.table("outcome_sets").set_index("outcome_set")["outcome"])
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), notes(results.fillna("all its results"))),
            "Domain": stacks(words["domain"], notes(frame["tool"])),
            "Judgement": [
                tag(word, LIGHTS[term]) for word, term in zip(words["judgement"], frame["judgement"], strict=True)
            ],
            "Because": stacks(frame["reason"], notes(links(frame["source_url"], frame["source_where"]))),
            "By": stacks(frame["judged_by"], notes(frame["judged_on"].dt.strftime("%Y-%m-%d"))),
        },
        plural(len(frame), "judgement"),
        name="judgements",
        filters={"Judgement": words["judgement"], "Domain": words["domain"], "Tool": frame["tool"]},
    )


LIGHTS = {
    "low": "dampens",
    "some concerns": "mixed",
    "moderate": "mixed",
    "high": "strong",
    "serious": "strong",
    "critical": "strong",
    "no information": "none",
}


def conflicts(project: Project) -> Grid:
    """Show where two people judged the same domain of the same study differently."""
    frame = bias.conflicts(project)
    return grid(
        {
            "Study": study_links(project, frame["study_id"]),
            "Domain": frame["domain"],
            "Judgement": frame["judgement"],
            "By": frame["judged_by"],
            "Because": frame["reason"],
        },
        f"{plural(len(frame), 'judgement')} in conflict" if len(frame) else "No two people differ in a judgement",
        name="conflicts",
    )
