"""Cards for citations: what a work is and what was taken from it, shown beside a link that points at it.

The cards of a page stand in the page as JSON, so that they work offline; ``static/cards.js`` shows them.
"""

import re
from typing import Any

import pandas as pd
from sphinx.application import Sphinx

from review_tools.data.project import Project, labels, once
from review_tools.data.retracted import UNSOUND
from review_tools.display.study_tables import by, uses
from review_tools.display.theme import plural
from review_tools.site.charts import script_json
from review_tools.site.context import is_made, project_of

CITED = re.compile(r'href="[^"]*#(ref-[\w-]+|seed-\d+)"')
REFERENCES = "book/references"
Card = dict[str, str]


def setup(app: Sphinx) -> None:
    """Add the cards of each page when it is written."""
    app.connect("html-page-context", add)


def add(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Put the cards of the works that a page cites into the page."""
    project = project_of(app)
    if doctree is None or pagename == REFERENCES or is_made(pagename):
        return  # pages without prose, and those the cards would repeat
    named = sorted(set(CITED.findall(context.get("body", ""))))
    found = {name: cards(project)[name] for name in named if name in cards(project)}
    if found:
        linked = {name: {**card, "page": _address(card["page"], context["pathto"])} for name, card in found.items()}
        context["body"] += f'<script type="application/json" id="review-cards">{script_json(linked)}</script>'


def _address(page: str, pathto: Any) -> str:
    name, hash_, anchor = page.partition("#")
    return f"{pathto(name)}{hash_}{anchor}"


@once
def cards(project: Project) -> dict[str, Card]:
    """Return a card for each work and each unidentified number, by the anchor that citations point at."""
    return {**_works(project), **_unidentified(project)}


def _works(project: Project) -> dict[str, Card]:
    works = project.works
    reading, status, matches = labels(project, "reading"), labels(project, "study status"), labels(project, "match")
    numbered = project.table("citations").dropna(subset=["study_id"])
    said = (
        "reference of the 2024 review "
        + numbered["seed_number"].astype(str)
        + ", match: "
        + numbered["match"].map(matches).str.lower()
    )
    seed = by(numbered.assign(said=said), "study_id", "said")
    return {
        works[row["study_id"]].anchor: {
            "label": works[row["study_id"]].label,
            "title": works[row["study_id"]]["title"],
            "status": "" if row["status"] == "current" else status[row["status"]],
            "took": row["summary"] if pd.notna(row["summary"]) else "",
            "uses": f"Rows here: {uses(project, row['study_id']) or 'none'}",
            "known": f"{', '.join(seed.get(row['study_id'], [])) or 'not a reference of the 2024 review'}; "
            f"read: {reading[row['read']].lower()}",
            "page": f"studies/{row['study_id']}",
            "more": "All about this study",
            **({"struck": "yes"} if row["status"] in UNSOUND else {}),
        }
        for _, row in project.table("studies").iterrows()
    }


def _unidentified(project: Project) -> dict[str, Card]:
    unknown = project.table("citations")
    unknown = unknown[unknown["study_id"].isna()]
    findings = project.table("findings")["seed_number"].value_counts()
    leads = project.table("citation_candidates")["seed_number"].value_counts()
    return {
        f"seed-{row['seed_number']}": {
            "label": f"Reference {row['seed_number']} of the 2024 review",
            "title": "Not yet identified: nobody has tied this number to a work",
            "status": "",
            "took": f"Cited for: {row['cited_for']}" if pd.notna(row["cited_for"]) else "",
            "uses": _alone(int(findings.get(row["seed_number"], 0))),
            "known": plural(int(leads.get(row["seed_number"], 0)), "candidate"),
            "page": f"{REFERENCES}#seed-{row['seed_number']}",
            "more": "Its row, with candidates",
        }
        for _, row in unknown.iterrows()
    }


def _alone(findings: int) -> str:
    return f"{plural(findings, 'finding')} on the 2024 review's word alone" if findings else ""
