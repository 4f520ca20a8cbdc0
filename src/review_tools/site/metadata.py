"""The head of each page: title, description, canonical link, previews, and what search engines for works read."""

import re
from typing import Any

import pandas as pd
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data import export
from review_tools.data.citation import Citation, clean
from review_tools.data.problems import DataError
from review_tools.data.project import Project, once
from review_tools.site import feed, linked_data
from review_tools.site.charts import script_json
from review_tools.site.context import STUDIES, TRIALS, project_of, rows, template

logger = logging.getLogger(__name__)
DATA_PAGE = "book/methods"  # holds the downloads
UNLISTED = {"search", "genindex"}  # of use to readers, of none to search engines
PICTURE = "_static/preview.png"
LENGTH = 160
PICTURE_IN_TEXT = re.compile(r"<svg\b.*?</svg>", re.DOTALL)  # a mark, whose name is no word of the sentence
PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)  # one with a class is a title or a caption

_TAGS = template("head.html")


def setup(app: Sphinx) -> None:
    """Write the head after all other parts have made their content."""
    app.connect("html-page-context", describe, priority=950)


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Add to the head of one page."""
    project = project_of(app)
    try:
        cite = project.citation
    except DataError as error:
        logger.warning(str(error), location=pagename, type="review", subtype="metadata")
        return
    front = pagename == app.config.root_doc
    description = shorten(summary(project, pagename) or first_paragraph(context.get("body") or ""))
    if front:
        context["title"], context["docstitle"] = str(Markup.escape(cite.title)), ""
    title = clean(Markup(context.get("title") or app.config.html_title).striptags())  # noqa: S704 (tags are taken off)
    address = f"{cite.url}{pagename}.html"
    open_graph = {
        "og:site_name": app.config.html_title,
        "og:type": "website" if front else "article",
        "og:locale": "en",
        "og:title": title,
        "og:description": description or title,
        "og:url": address,
        "og:image": cite.url + PICTURE,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "MSC Living Review",
    }
    context["metatags"] = context.get("metatags", "") + _TAGS.render(
        description=description,
        unlisted=pagename in UNLISTED,
        open_graph=open_graph.items(),
        scholar=scholar(cite, address, _started(project)) if front else [],
        feed=context["pathto"](feed.FILE, True),
        things=[script_json(thing) for thing in things(project, cite, pagename, front, address, description)],
    )


def first_paragraph(body: str) -> str:
    """Return the first paragraph as plain text."""
    found = PARAGRAPH.search(PICTURE_IN_TEXT.sub("", body))
    return clean(Markup(found[1]).striptags()) if found else ""  # noqa: S704 (tags are taken off)


def shorten(text: str, length: int = LENGTH) -> str:
    """Return the text, cut at a word with an ellipsis when it is longer."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[length // 2 :] else cut).rstrip(" ,;:.(–") + "…"


def scholar(cite: Citation, address: str, started: str) -> list[tuple[str, str]]:
    """Return what Google Scholar reads about the review. Study pages have none: they are not the works themselves."""
    return [
        ("citation_title", cite.title),
        *(("citation_author", name) for name in cite.authors),
        ("citation_publication_date", started.replace("-", "/")),
        ("citation_online_date", cite.released.replace("-", "/")),
        ("citation_language", "en"),
        ("citation_abstract_html_url", address),
        ("citation_fulltext_html_url", address),
        *(("citation_keywords", word) for word in cite.keywords),
    ]


def things(
    project: Project, cite: Citation, pagename: str, front: bool, address: str, description: str
) -> list[linked_data.Thing]:
    """Return what the page is about, for machines."""
    folder, _, name = pagename.rpartition("/")
    if front:
        licence = export.package(project)["licenses"][0]["path"]
        return [linked_data.review(cite, address, _started(project), description, licence)]
    if pagename == DATA_PAGE:
        return [linked_data.dataset(project, cite, address)]
    if folder == STUDIES and name in project.works:
        return [linked_data.study(project.works[name], address, rows(project, STUDIES)[name]["status"])]
    return []


@once
def _started(project: Project) -> str:
    """Return the date of the first release."""
    return min(release.date for release in feed.releases(project))


def summary(project: Project, pagename: str) -> str:
    """Return what the page of a study or trial is about, in the words of the tables; nothing for other pages."""
    folder, _, name = pagename.rpartition("/")
    if folder == STUDIES and name in project.works:
        row, title = rows(project, STUDIES)[name], project.works[name]["title"].strip("[]").rstrip(".")
        status = "" if row["status"] == "current" else f"{row['status'].capitalize()}: "
        return clean(f"{status}{title}. {row['summary'] if pd.notna(row['summary']) else ''}")
    if folder == TRIALS:
        row = rows(project, TRIALS)[name]
        parts = (row[f"registered_{part}"] for part in ("title", "sponsor", "status"))
        rest = ". ".join(str(part).rstrip(".") for part in parts if pd.notna(part) and part != "not shown")
        return clean(f"Trial in {row['disease']}, {row['label']}. {rest}")
    return ""
