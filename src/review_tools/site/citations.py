"""What stands beside a citation: marks of how far a work was read and whether it still stands, and its card.

A work read to its abstract or further has no mark; ◐ stands for a part of the record or a secondary report, ○ for the
title alone, △ for the word of the 2024 review alone. Each page that has marks explains them once, at its foot.

A card says what a work is and what was taken from it, when a reader points at a link to it. The cards of a page stand
in the page as JSON, so that they work offline; ``static/cards.js`` shows them.
"""

import re
from html import escape
from typing import NamedTuple

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx

from review_tools.data.project import Project, labels, once
from review_tools.data.retracted import UNSOUND, retracted
from review_tools.display.queries import by
from review_tools.display.study_tables import uses
from review_tools.display.theme import plural
from review_tools.site.pages import Context, is_made, project_of, script_json

CITED = re.compile(r'href="[^"]*#(ref-[\w-]+|seed-\d+)"')
REFERENCES = "book/references"
Card = dict[str, str]


class Mark(NamedTuple):
    """A mark: its outline in a square of 10 (no font on every machine holds these signs), its name, what it means."""

    drawing: str
    name: str
    meaning: str

    @property
    def html(self) -> str:
        frame = f'class="mark" viewBox="0 0 10 10" role="img" aria-label="{self.name}"'
        return f"<svg {frame}><title>{self.name}</title>{self.drawing}</svg>"


PART = Mark(
    '<circle cx="5" cy="5" r="4"/><path d="M5 1a4 4 0 0 0 0 8z" fill="currentColor"/>',
    "read in part only",
    "a part of the record or a secondary report was read",
)
TITLE = Mark('<circle cx="5" cy="5" r="4"/>', "known by its title only", "only the title was read")
SEED = Mark('<path d="M5 1.5 9 8.5H1z"/>', "known from the 2024 review only", "only the 2024 review says so")
DEPTHS = {"part of abstract": PART, "secondary": PART, "title only": TITLE, "seed only": SEED}


def sign(depth: str) -> nodes.raw:
    """Return the mark of a reading, of ``DEPTHS``; an empty node where enough was read."""
    if depth not in DEPTHS:
        return nodes.raw("", "", format="html")
    return nodes.raw("", DEPTHS[depth].html, format="html", mark=DEPTHS[depth])


@once
def works(project: Project) -> tuple[dict[str, str], dict[str, str]]:
    """Return by its anchor how far each work was read, and the word for each work that no longer stands."""
    known, gone = project.works, retracted(project)
    read = project.table("studies").set_index("study_id")["read"]
    return (
        {known[key].anchor: depth for key, depth in read.items() if key in known},
        {known[key].anchor: word for key, word in gone.items() if key in known},
    )


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the mark of its reading to each citation, strike works that no longer stand, and explain the marks."""
    if is_made(docname):
        return
    read, status = works(project_of(app))
    for link in list(doctree.findall(nodes.reference)):
        anchor = link.get("refuri", "").rpartition("#")[2] or link.get("refid", "")
        if word := status.get(anchor):
            strike(link, f"</s> [{escape(word)}]")
        elif read.get(anchor) in DEPTHS:
            attach(link, sign(read[anchor]))
    for entry in doctree.findall(nodes.citation):
        if word := next((status[name] for name in entry["ids"] if name in status), ""):
            for text in entry.findall(nodes.paragraph):
                strike(text, f'</s> <span class="tag tag-retracted">{escape(word)}</span>')
    drawn = {node.get("mark") for node in doctree.findall(nodes.raw)}
    used = [one for one in (PART, TITLE, SEED) if one in drawn]
    section = next(iter(doctree.findall(nodes.section)), None)
    if used and section is not None:
        lines = "; ".join(f"{one.html} {one.meaning}" for one in used)
        section += nodes.raw("", f'<p class="mark-key">After a citation: {lines}.</p>', format="html")


def attach(link: nodes.reference, mark: nodes.raw) -> None:
    """Put a mark at the end of a link, on one line with its last word."""
    words, space, last = link.pop().astext().rpartition(" ")
    link += [nodes.Text(words + space), nodes.inline("", "", nodes.Text(last), mark, classes=["marked"])]


def strike(node: nodes.Element, end: str) -> None:
    """Strike the content of a node through; ``end`` is the HTML that closes it."""
    node.insert(0, nodes.raw("", "<s>", format="html"))
    node.append(nodes.raw("", end, format="html"))


def add_cards(app: Sphinx, page: str, context: Context) -> None:
    """Put the cards of the works that a page cites into the page."""
    if page == REFERENCES or is_made(page):
        return  # the cards would repeat it

    def address(of: str) -> str:
        name, hash_, anchor = of.partition("#")
        return f"{context['pathto'](name)}{hash_}{anchor}"

    known = cards(project_of(app))
    cited = [name for name in set(CITED.findall(context.get("body", ""))) if name in known]
    if found := {name: {**known[name], "page": address(known[name]["page"])} for name in cited}:
        context["body"] += f'<script type="application/json" id="review-cards">{script_json(found)}</script>'


@once
def cards(project: Project) -> dict[str, Card]:
    """Return a card for each work and each unidentified number, by the anchor that citations point at."""
    return {**_works(project), **_unidentified(project)}


def _works(project: Project) -> dict[str, Card]:
    works = project.works
    reading, status, matches = labels(project, "reading"), labels(project, "study status"), labels(project, "match")
    numbered = project.table("citations").dropna(subset=["study_id"])
    said = "reference of the 2024 review " + numbered["seed_number"].astype(str)
    said += ", match: " + numbered["match"].map(matches).str.lower()
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
            "uses": f"{plural(count, 'finding')} on the 2024 review's word alone"
            if (count := int(findings.get(row["seed_number"], 0)))
            else "",
            "known": plural(int(leads.get(row["seed_number"], 0)), "candidate"),
            "page": f"{REFERENCES}#seed-{row['seed_number']}",
            "more": "Its row, with candidates",
        }
        for _, row in unknown.iterrows()
    }
