"""A page for each study and each trial; its source is the table with its row."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import bibtexparser
import pandas as pd
from docutils import nodes
from markupsafe import Markup, escape
from pybtex.backends.plaintext import Backend
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from review_tools.data.bibliography import FILE, Reference
from review_tools.data.project import Project, labels, once
from review_tools.data.retracted import UNSOUND
from review_tools.display.data_tables import REFERENCES, notice_text, trial_link
from review_tools.display.grid import Cell, link, show
from review_tools.display.open_questions import new_issue
from review_tools.display.queries import select
from review_tools.display.study_tables import study_parts, trial_parts
from review_tools.display.trial_tables import known_trials, people, reports, statuses
from review_tools.site.citations import strike
from review_tools.site.pages import STUDIES, TRIALS, Page, only_known, project_of, rows, template
from review_tools.site.references import full_reference

NCT = re.compile(r"NCT\d{8}")
ASKS = "What is wrong:\n\n\nWhat is right:\n\n\nWhere that stands (link, and page, table or figure):\n\n"

_PARTS: Any = template("records.html", link=link, show=show, trial_link=trial_link).module


def listed(project: Project) -> dict[str, str]:
    """Return the names of the pages, each with the file that it is made from."""
    return {
        f"{table}/{name}": project.file_of(table)
        for table in (STUDIES, TRIALS)
        for name in project.table(table)[project.schema[table].primary_key[0]]
    }


def make(app: Sphinx, docname: str) -> Page:
    """Return title and parts of a page."""
    folder, _, row = docname.partition("/")
    return study_page(app, row) if folder == STUDIES else trial_page(app, row)


def study_page(app: Sphinx, study_id: str) -> Page:
    """Return title and parts of a study's page."""
    project = project_of(app)
    row, work = rows(project, STUDIES)[study_id], project.works[study_id]
    entry = app.env.get_domain("cite").bibdata.data.entries[study_id]  # type: ignore[attr-defined]
    reported = reports(project)
    facts = _PARTS.study(
        row=row,
        pages=_pages(project, study_id),
        work=work,
        unsound=row["status"] in UNSOUND,
        kind=labels(project, "study kind")[row["kind"]],
        read=meanings(project, "reading")[row["read"]],
        status=meanings(project, "study status")[row["status"]],
        links=[*addresses(work), link(f"{REFERENCES}#{work.anchor}", "Entry in the references")],
        notices=[notice_text(project, notice) for notice in _rows_of_works(project, "notices").get(study_id, [])],
        trials=reported.loc[reported["study_id"] == study_id, "trial_id"],
    )
    citation = full_reference(entry).render(Unlinked()).strip()
    return work.label, [
        ("", "", facts),
        *((anchor, title, table._repr_html_()) for anchor, title, table in study_parts(project, study_id)),
        ("cited", "Where it is cited", ""),
        ("cite", "Cite it", _PARTS.cite(citation, _bibtex(project)[study_id])),
        _correct(project, f"{STUDIES}/{study_id}", work.label),
    ]


def trial_page(app: Sphinx, trial_id: str) -> Page:
    """Return title and parts of a trial's page."""
    project = project_of(app)
    row, trials = rows(project, TRIALS)[trial_id], known_trials(project)
    addresses = [link(row["source_url"], f"Record seen: {row['source_where']}"), link("site:book/trials", "All trials")]
    if NCT.fullmatch(trial_id) and not row["source_url"].startswith("https://clinicaltrials.gov/"):
        addresses.insert(0, link(f"https://clinicaltrials.gov/study/{trial_id}", "ClinicalTrials.gov"))
    if isinstance(doi := row["publication_doi"], str):
        addresses.insert(-1, link(f"https://doi.org/{doi}", f"doi:{doi}"))
    facts = _PARTS.trial(
        row=row,
        pages=_pages(project, trial_id),
        status=statuses(trials[trials["trial_id"] == trial_id])[0],
        links=addresses,
        people=people(row["enrolment"], row["enrolment_basis"]),
        confidence=meanings(project, "confidence")[row["confidence"]],
        legibility=meanings(project, "legibility")[row["legibility"]],
        masking=labels(project, "masking").get(row["masking"]),
    )
    title = row["label"] if trial_id.startswith("unregistered") else f"{trial_id}: {row['label']}"
    return title, [
        ("", "", facts),
        *((anchor, title, table._repr_html_()) for anchor, title, table in trial_parts(project, trial_id)),
        _correct(project, f"{TRIALS}/{trial_id}", f"{trial_id}, {row['label']}"),
    ]


def complete(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the chapters that cite a work, now that all are read, and strike the title of one that no longer stands."""
    folder, _, study_id = docname.partition("/")
    if folder not in (STUDIES, TRIALS):
        return
    project = project_of(app)
    steps = [("book/index", "Front page"), *_places(project, folder, study_id)]
    title = next(doctree.findall(nodes.title)).astext()
    doctree.insert(0, nodes.raw("", only_known(app, _PARTS.trail(steps, title)), format="html"))
    if folder == TRIALS:
        return
    seed, chapters = _seed(app, study_id), chapters_citing(project, app.env).get(study_id, [])
    for section in doctree.findall(lambda node: isinstance(node, nodes.section) and node["ids"] == ["cited"]):
        section += nodes.raw("", only_known(app, _PARTS.cited(seed, chapters)), format="html")
    if rows(project, STUDIES)[study_id]["status"] in UNSOUND:
        strike(next(doctree.findall(nodes.title)), "</s>")


def home(app: Sphinx, page: str) -> str | None:
    """Return the chapter that the page of a study or trial belongs to; None for other pages."""
    folder, _, name = page.partition("/")
    if folder not in (STUDIES, TRIALS):
        return None
    chapter = _places(project_of(app), folder, name)[-1][0]
    return chapter if chapter in app.env.found_docs else None


def _places(project: Project, folder: str, name: str) -> list[tuple[str, str]]:
    """Return the chapters that lead to the page of a study or trial: address and name."""
    if pages := _pages(project, name):
        return [("book/diseases/index", "For your disease"), (pages[0][0].removeprefix("site:"), pages[0][1])]
    return [("book/references", "References")] if folder == STUDIES else [("book/trials", "Trials and approvals")]


def _pages(project: Project, name: str) -> list[tuple[str, str]]:
    """Return the pages of the diseases of a study or trial, the one with most of its rows first: address and name."""
    return [(f"site:book/{page}", labels(project, "page")[page]) for page in _disease_pages(project).get(name, [])]


@once
def _disease_pages(project: Project) -> dict[str, list[str]]:
    pages = project.table("disease_pages").set_index("disease")["page"]
    rows = [project.table(table)[["study_id", "disease"]] for table in ("outcomes", "findings")]
    trials = project.table(TRIALS).set_index("trial_id")["disease"]
    told = reports(project)
    every = pd.concat([*rows, told.assign(disease=told["trial_id"].map(trials))[["study_id", "disease"]]]).dropna()
    every["page"] = every["disease"].map(pages)
    of_studies = {
        str(study): [page for page, _ in Counter(group["page"]).most_common()]
        for study, group in every.groupby("study_id")
    }
    return {**of_studies, **{str(trial): [pages[one]] for trial, one in trials.items() if one in pages}}


class Unlinked(Backend):  # type: ignore[misc]
    """Plain text that keeps an address which its words do not show."""

    def write_reference(self, url: str, text: str, external: bool = False) -> str:
        return text if text.startswith("doi:") else f"{text}: {url}"


def addresses(work: Reference) -> Iterator[Cell]:
    """Yield links to the places where a reader finds a work."""
    if work["doi"]:
        yield link(f"https://doi.org/{work['doi']}", f"doi:{work['doi']}")
    if work["pmid"]:
        yield link(f"https://pubmed.ncbi.nlm.nih.gov/{work['pmid']}/", f"PubMed {work['pmid']}")
    if work["pmcid"]:
        yield link(f"https://pmc.ncbi.nlm.nih.gov/articles/{work['pmcid']}/", f"PubMed Central {work['pmcid']}")
    if work["url"] and not work["doi"]:
        yield link(work["url"], "Record seen")


@once
def chapters_citing(project: Project, env: BuildEnvironment) -> dict[str, list[tuple[Cell, int]]]:
    """Return, for each work, the chapters that cite it in reading order: a link to the first place, and how many."""
    places: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for ref in env.get_domain("cite").citation_refs:  # type: ignore[attr-defined]
        for target in ref.targets:
            places[target.key, ref.docname].append(ref)
    order = {name: place for place, name in enumerate(env.collect_relations())}
    chapters: dict[str, list[tuple[Cell, int]]] = defaultdict(list)
    for (key, chapter), refs in sorted(places.items(), key=lambda item: order.get(item[0][1], 0)):
        address = f"site:{chapter}#{refs[0].citation_ref_id}"
        chapters[key].append((link(address, env.titles[chapter].astext()), len(refs)))
    return chapters


def _seed(app: Sphinx, study_id: str) -> list[tuple[Any, str, list[Cell]]]:
    """Return the 2024 review's numbers of a work: number, how sure the match is, links to the sections that cite it."""
    project, anchors = project_of(app), app.env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    matches = labels(project, "match")

    def section(name: str) -> Cell:
        chapter, anchor = anchors.get(f"seed-section-{name.replace('.', '-')}", ("", ""))
        return link(f"site:{chapter}#{anchor}" if chapter else None, name)

    def sections(number: Any) -> list[Cell]:
        return [section(name) for name in select(project, "citation_places", seed_number=number)["section"]]

    numbers = _rows_of_works(project, "citations").get(study_id, [])
    return [(row["seed_number"], matches[row["match"]].lower(), sections(row["seed_number"])) for row in numbers]


@once
def _rows_of_works(project: Project, table: str) -> dict[str, list[dict[Any, Any]]]:
    """Return the rows of a table by the work that they name."""
    return {str(work): rows.to_dict("records") for work, rows in project.table(table).groupby("study_id")}


@once
def _bibtex(project: Project) -> dict[str, str]:
    """Return the entries of the bibliography as they are written there."""
    return {entry.key: entry.raw for entry in bibtexparser.parse_string(project.read(FILE).decode("utf-8")).entries}


@once
def meanings(project: Project, kind: str) -> dict[str, Markup]:
    """Return label and definition of each term of one kind, for a line of facts."""
    terms = project.table("vocabulary")
    terms = terms[terms["kind"] == kind]
    rows = zip(terms["term"], terms["label"], terms["definition"], strict=True)
    return {term: escape(name) if pd.isna(said) else escape(f"{name}: {said}") for term, name, said in rows}


def _correct(project: Project, page: str, subject: str) -> tuple[str, str, str]:
    """Return the part that leads to a new issue, which already says what page it is about."""
    fields = {"title": f"Correction: {subject}", "body": f"Page: {page}\n\n{ASKS}"}
    return "correct", "Suggest a correction", _PARTS.correct(new_issue(project, fields))
