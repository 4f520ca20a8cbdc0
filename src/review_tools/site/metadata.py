"""The head of each page: title, description, previews, what search engines read (schema.org as JSON-LD); and its foot.

Google Scholar reads about the review alone: the page of a study is not the work itself.
"""

import re
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from sphinx.application import Sphinx

from review_tools.data import export
from review_tools.data.bibliography import Reference
from review_tools.data.citation import Citation, Work, clean, web
from review_tools.data.project import Project, once
from review_tools.display.methods_tables import current
from review_tools.site import site_files, version_pages
from review_tools.site.pages import STUDIES, TRIALS, Context, project_of, rows, script_json, template

METHODS = "book/methods"  # holds the protocol and the downloads
LENGTH = 160
MARK = re.compile(r"<svg\b.*?</svg>", re.DOTALL)  # its name is no word of the sentence
PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)  # one with a class is a title or a caption
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".bib": "application/x-bibtex",
    ".ris": "application/x-research-info-systems",
    ".txt": "text/plain",
    ".zip": "application/zip",
}
Thing = dict[str, Any]

_TAGS = template("head.html")


def describe(app: Sphinx, page: str, context: Context) -> None:
    """Add to the head of one page."""
    project = project_of(app)
    cite, front = project.citation, page == app.config.root_doc
    description = shorten(summary(project, page) or first_paragraph(context.get("body") or ""))
    if front:
        context["title"], context["docstitle"] = str(Markup.escape(cite.title)), ""
    title = clean(Markup(context.get("title") or app.config.html_title).striptags())  # noqa: S704 (tags are taken off)
    address = f"{cite.url}{page}.html"
    folder, _, name = page.rpartition("/")
    things = []
    if front:
        things = [review(project, address, description)]
    elif page == METHODS:
        things = [dataset(project, address)]
    elif folder == STUDIES and name in project.works:
        things = [study(project.works[name], address, rows(project, STUDIES)[name]["status"])]
    open_graph = {
        "og:site_name": app.config.html_title,
        "og:type": "website" if front else "article",
        "og:locale": "en",
        "og:title": title,
        "og:description": description or title,
        "og:url": address,
        "og:image": cite.url + site_files.PICTURE,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "MSC Living Review",
    }
    context["metatags"] = context.get("metatags", "") + _TAGS.render(
        description=description,
        unlisted=page in site_files.UNLISTED,
        open_graph=open_graph.items(),
        scholar=scholar(cite, address, _started(project)) if front else [],
        feed=context["pathto"](site_files.FEED, True),
        things=[script_json(thing) for thing in things],
    )


def add_state(app: Sphinx, page: str, context: Context) -> None:
    """Put version, status and how current the review is in the theme's place for it, with links that lead on."""
    words = _state(project_of(app))
    for name, anchor, title in ((METHODS, "#protocol", "Protocol"), (version_pages.INDEX, "", "All versions")):
        if name in app.env.found_docs:  # a small book may lack it
            address = context["pathto"](name).rstrip("#") + anchor
            words += Markup(' <a href="{}">{}</a>').format(address or "#", title)
    context["theme_extra_footer"] = Markup('<p class="review-state">{}</p>').format(words)


@once
def _state(project: Project) -> Markup:
    protocol = project.protocol
    return Markup("Version {}, {}; {}.").format(protocol["version"], protocol["status"], current(project))


def first_paragraph(body: str) -> str:
    """Return the first paragraph as plain text."""
    found = PARAGRAPH.search(MARK.sub("", body))
    return clean(Markup(found[1]).striptags()) if found else ""  # noqa: S704 (tags are taken off)


def shorten(text: str) -> str:
    """Return the text, cut at a word with an ellipsis when it is longer than search engines show."""
    if len(text) <= LENGTH:
        return text
    cut = text[: LENGTH - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[LENGTH // 2 :] else cut).rstrip(" ,;:.(–") + "…"


def summary(project: Project, page: str) -> str:
    """Return what the page of a study or trial is about, in the words of the tables; nothing for other pages."""
    folder, _, name = page.rpartition("/")
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


def scholar(cite: Citation, address: str, started: str) -> list[tuple[str, str]]:
    """Return what Google Scholar reads about the review."""
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


@once
def _started(project: Project) -> str:
    """Return the date of the first release."""
    return min(release.date for release in site_files.releases(project))


# Linked data


def review(project: Project, address: str, description: str) -> Thing:
    """Return the review as an article that is based on the 2024 review."""
    cite = project.citation
    return _published(project) | {
        "@type": "ScholarlyArticle",
        "@id": f"{address}#review",
        "url": address,
        "headline": cite.title,
        "name": cite.title,
        "description": description,
        "author": [agent(name, cite.url) for name in cite.authors],
        "publisher": agent(cite.authors[0], cite.url),
        "datePublished": _started(project),
        "dateModified": cite.released,
        "keywords": ", ".join(cite.keywords),
        "isBasedOn": [seed(work) for work in cite.based_on],
    }


def dataset(project: Project, address: str) -> Thing:
    """Return the data: every file, every column, the licence."""
    cite, tables = project.citation, project.schema.values()
    titles = ", ".join(table.title.lower() for table in tables)
    return _published(project) | {
        "@type": "Dataset",
        "@id": f"{address}#data",
        "url": address,
        "name": export.package(project)["title"],
        "description": f"{cite.title}. Open tables, each row with its source: {titles}.",
        "creator": [agent(name, cite.url) for name in cite.authors],
        "datePublished": cite.released,
        "keywords": list(cite.keywords),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": Path(file.path).name,
                "description": f"{file.title}. {file.what}",
                "contentUrl": cite.url + file.path,
                "encodingFormat": MEDIA_TYPES[Path(file.path).suffix],
            }
            for file in export.downloads(project)
        ],
        "variableMeasured": [f"{table.name}.{field.name}" for table in tables for field in table.fields],
    }


def _published(project: Project) -> Thing:
    """Return what holds for the review and for its data."""
    return {
        "@context": "https://schema.org",
        "version": project.citation.version,
        "inLanguage": "en",
        "license": export.package(project)["licenses"][0]["path"],
        "isAccessibleForFree": True,
    }


def seed(work: Work) -> Thing:
    """Return a work the review is based on."""
    return _filled(
        {
            "@type": "ScholarlyArticle",
            "@id": f"https://doi.org/{work.doi}" if work.doi else "",
            "headline": work.title,
            "author": [agent(name) for name in work.authors],
            "datePublished": work.year,
            "isPartOf": _periodical(work.journal),
        }
    )


def study(work: Reference, address: str, status: str) -> Thing:
    """Return a work the review uses; ``address`` is the page about it, not the work itself."""
    there = web(work.url)
    return _filled(
        {
            "@context": "https://schema.org",
            "@type": "ScholarlyArticle",
            "@id": there or f"{address}#work",
            "sameAs": there,
            "headline": work["title"].strip("[]"),
            "author": [
                {"@type": "Organization" if name in work.groups else "Person", "name": name}
                for name in work.authors
                if name != "others"
            ],
            "datePublished": work["year"],
            "isPartOf": _periodical(work["journal"]),
            "pagination": work["pages"].replace("--", "–"),
            "creativeWorkStatus": "Retracted" if status == "retracted" else "",
            "identifier": [f"{name}:{work[name]}" for name in ("doi", "pmid", "pmcid") if work[name]],
            "subjectOf": {"@type": "WebPage", "url": address, "name": f"{work.label} in the MSC Living Review"},
        }
    )


def _periodical(name: str) -> Thing:
    return {"@type": "Periodical", "name": name} if name else {}


def agent(name: str, address: str = "") -> Thing:
    """Return a person (“Last, First”) or a group."""
    if "," in name:
        last, first = (part.strip() for part in name.split(",", 1))
        return {"@type": "Person", "name": f"{first} {last}", "familyName": last, "givenName": first}
    return _filled({"@type": "Organization", "name": name, "url": address})


def _filled(thing: Thing) -> Thing:
    """Return the thing without empty values."""
    return {name: value for name, value in thing.items() if value not in ("", None, [], {})}
