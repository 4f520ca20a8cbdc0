"""The text of the page of a study or a trial: its facts, and everything that rests on it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import bibtexparser
import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from pybtex.backends.plaintext import Backend
from sphinx.application import Sphinx

from review_tools.data.bibliography import FILE, Reference
from review_tools.data.project import Project, labels, once
from review_tools.data.retracted import UNSOUND
from review_tools.display.data_tables import REFERENCES, notice_text, study_link, trial_link
from review_tools.display.grid import Cell, link, show
from review_tools.display.study_tables import Dossiers, by
from review_tools.display.trial_tables import people
from review_tools.site.bibliography import Listed
from review_tools.site.context import project_of
from review_tools.site.links import only_known

STUDIES, TRIALS = "studies", "trials"
NCT = re.compile(r"NCT\d{8}")
ASKS = "What is wrong:\n\n\nWhat is right:\n\n\nWhere that stands (link, and page, table or figure):\n\n"


class Unlinked(Backend):  # type: ignore[misc]
    """Plain text that keeps an address which its words do not show."""

    def write_reference(self, url: str, text: str, external: bool = False) -> str:
        return text if text.startswith("doi:") else f"{text}: {url}"


class ToCopy(Listed):
    """A reference as it is pasted elsewhere: without the seed's numbers, which mean nothing there."""

    seed_numbers: ClassVar[dict[str, list[str]]] = {}


class Maker:
    """Draws the pages. Knows the chapters that cite each work, and the templates."""

    def __init__(self, app: Sphinx) -> None:
        self.app, self.project = app, project_of(app)
        self.dossiers = Dossiers(self.project)
        self.works = self.project.works
        self.entries = app.env.get_domain("cite").bibdata.data.entries  # type: ignore[attr-defined]
        self.bibtex = {entry.key: entry.raw for entry in bibtexparser.parse_file(self.app.srcdir / FILE).entries}
        self.style: Any = ToCopy()
        self.order = {name: place for place, name in enumerate(app.env.collect_relations())}
        self.cited_in = self._cited_in()
        self.notices = dict(list(self.project.table("notices").groupby("study_id")))
        self.numbers = by(self.project.table("citations"), "study_id", "seed_number")
        self.matches = self.project.table("citations").set_index("seed_number")
        self.places = by(self.project.table("citation_places"), "seed_number", "section")
        self.repository = str(app.config.html_theme_options.get("repository_url", "")).rstrip("/")
        templates = FileSystemLoader(Path(__file__).parent / "templates")
        self.templates = Environment(loader=templates, autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self.templates.filters |= {"show": show}
        self.templates.globals |= {"link": link, "study_link": study_link, "trial_link": trial_link}

    def page(self, folder: str, name: str) -> tuple[str, str]:
        """Title and body of one page."""
        if folder == STUDIES:
            return self.works[name].label, self.study(name)
        row = self.dossiers.trials.loc[name]
        return f"{name}: {row['label']}", self.trial(name)

    def study(self, study_id: str) -> str:
        """The body of a study's page."""
        row, work = self.dossiers.studies.loc[study_id], self.works[study_id]
        kinds, reading, statuses = (
            labels(self.project, "study kind"),
            meanings(self.project, "reading"),
            meanings(self.project, "study status"),
        )
        return self._body(
            "study.html",
            row=row,
            work=work,
            unsound=row["status"] in UNSOUND,
            kind=kinds[str(row["kind"])],
            read=reading[str(row["read"])],
            status=statuses[str(row["status"])],
            links=list(addresses(work)),
            notices=[
                notice_text(self.project, notice)
                for notice in self.notices.get(study_id, pd.DataFrame()).to_dict("records")
            ],
            reported=self.dossiers.reported.get(study_id, []),
            seed=self._seed(study_id),
            chapters=self.cited_in.get(study_id, []),
            parts=self.dossiers.study(study_id),
            reference=self.style.format_entry("", self.entries[study_id]).text.render(Unlinked()).strip(),
            bibtex=self.bibtex[study_id],
            suggest=self._suggest(f"{STUDIES}/{study_id}", work.label),
            references=f"{REFERENCES}#{work.anchor}",
        )

    def trial(self, trial_id: str) -> str:
        """The body of a trial's page."""
        row = self.dossiers.trials.loc[trial_id]
        return self._body(
            "trial.html",
            row=row,
            registry=f"https://clinicaltrials.gov/study/{trial_id}" if NCT.fullmatch(trial_id) else None,
            people=people(row["enrolment"], row["enrolment_basis"]),
            confidence=meanings(self.project, "confidence")[str(row["confidence"])],
            legibility=meanings(self.project, "legibility")[str(row["legibility"])],
            parts=self.dossiers.trial(trial_id),
            suggest=self._suggest(f"{TRIALS}/{trial_id}", f"{trial_id}, {row['label']}"),
        )

    def _body(self, template: str, **facts: Any) -> str:
        """A filled template. A book of few chapters has these pages too, so links to others become words."""
        return only_known(self.app, self.templates.get_template(template).render(**facts))

    def _cited_in(self) -> dict[str, list[tuple[Cell, int]]]:
        """The chapters that cite each work, in reading order: a link to the first place, and how many there are."""
        refs = self.app.env.get_domain("cite").citation_refs  # type: ignore[attr-defined]
        places: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for ref in refs:
            for target in ref.targets:
                places[target.key, ref.docname].append(ref)
        cited: dict[str, list[tuple[Cell, int]]] = defaultdict(list)
        for (key, chapter), found in sorted(places.items(), key=lambda item: self.order.get(item[0][1], 0)):
            title = self.app.env.titles[chapter].astext()
            cited[key].append((link(f"site:{chapter}#{found[0].citation_ref_id}", title), len(found)))
        return cited

    def _seed(self, study_id: str) -> list[tuple[Any, str, list[Cell]]]:
        """The seed's numbers of a work: number, how sure the match is, links to the sections that cite it."""
        matches = labels(self.project, "match")
        return [
            (
                number,
                matches[str(self.matches.loc[number, "match"])].lower(),
                [self._section(section) for section in self.places.get(number, [])],
            )
            for number in self.numbers.get(study_id, [])
        ]

    def _section(self, section: str) -> Cell:
        """A section of the seed, linked to the place that tells it here."""
        anchors = self.app.env.get_domain("std").anonlabels  # type: ignore[attr-defined]
        chapter, anchor = anchors.get(f"seed-section-{section.replace('.', '-')}", ("", ""))
        return link(f"site:{chapter}#{anchor}" if chapter else None, section)

    def _suggest(self, page: str, subject: str) -> str:
        """The address of a new issue that already says which page it is about."""
        asked = {"title": f"Correction: {subject}", "body": f"Page: {page}\n\n{ASKS}"}
        return f"{self.repository}/issues/new?{urlencode(asked, quote_via=quote)}"


def addresses(work: Reference) -> Iterator[Cell]:
    """Where a reader finds a work."""
    if work["doi"]:
        yield link(f"https://doi.org/{work['doi']}", f"doi:{work['doi']}")
    if work["pmid"]:
        yield link(f"https://pubmed.ncbi.nlm.nih.gov/{work['pmid']}/", f"PubMed {work['pmid']}")
    if work["pmcid"]:
        yield link(f"https://pmc.ncbi.nlm.nih.gov/articles/{work['pmcid']}/", f"PubMed Central {work['pmcid']}")
    if work["url"] and not work["doi"]:
        yield link(work["url"], "Record seen")


@once
def meanings(project: Project, kind: str) -> dict[str, Markup]:
    """Return label and definition of each term of one kind, for a line of facts."""
    terms = project.table("vocabulary")
    terms = terms[terms["kind"] == kind]
    rows = zip(terms["term"], terms["label"], terms["definition"], strict=True)
    return {term: escape(name) if pd.isna(said) else escape(f"{name}: {said}") for term, name, said in rows}
