"""What machines read about the review, its data and each study: schema.org as JSON-LD. Pure functions."""

from pathlib import Path
from typing import Any

from review_tools.data import export
from review_tools.data.bibliography import Reference
from review_tools.data.citation import Citation, Work, web
from review_tools.data.project import Project

Thing = dict[str, Any]
CONTEXT = "https://schema.org"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".bib": "application/x-bibtex",
    ".ris": "application/x-research-info-systems",
    ".txt": "text/plain",
    ".zip": "application/zip",
}


def review(cite: Citation, address: str, started: str, description: str, licence: str) -> Thing:
    """Return the review as an article that is based on the 2024 review."""
    return _filled(
        {
            "@context": CONTEXT,
            "@type": "ScholarlyArticle",
            "@id": f"{address}#review",
            "url": address,
            "headline": cite.title,
            "name": cite.title,
            "description": description,
            "author": [agent(name, cite.url) for name in cite.authors],
            "publisher": agent(cite.authors[0], cite.url),
            "datePublished": started,
            "dateModified": cite.released,
            "version": cite.version,
            "inLanguage": "en",
            "keywords": ", ".join(cite.keywords),
            "license": licence,
            "isAccessibleForFree": True,
            "isBasedOn": [seed(work) for work in cite.based_on],
        }
    )


def seed(work: Work) -> Thing:
    """Return a work the review is based on."""
    return _filled(
        {
            "@type": "ScholarlyArticle",
            "@id": f"https://doi.org/{work.doi}" if work.doi else "",
            "headline": work.title,
            "author": [agent(name) for name in work.authors],
            "datePublished": work.year,
            "isPartOf": _filled({"@type": "Periodical", "name": work.journal}),
        }
    )


def dataset(project: Project, cite: Citation, address: str) -> Thing:
    """Return the data: every file, every column, the licence."""
    about, tables = export.package(project), project.schema.values()
    licence = about["licenses"][0]["path"]
    titles = ", ".join(table.title.lower() for table in tables)
    return _filled(
        {
            "@context": CONTEXT,
            "@type": "Dataset",
            "@id": f"{address}#data",
            "url": address,
            "name": about["title"],
            "description": f"{cite.title}. Open tables, each row with its source: {titles}.",
            "creator": [agent(name, cite.url) for name in cite.authors],
            "datePublished": cite.released,
            "version": cite.version,
            "inLanguage": "en",
            "keywords": list(cite.keywords),
            "license": licence,
            "isAccessibleForFree": True,
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
    )


def study(work: Reference, address: str, status: str) -> Thing:
    """Return a work the review uses; ``address`` is the page about it, not the work itself."""
    there = web(work.url)
    return _filled(
        {
            "@context": CONTEXT,
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
            "isPartOf": _filled({"@type": "Periodical", "name": work["journal"]}),
            "pagination": work["pages"].replace("--", "–"),
            "creativeWorkStatus": "Retracted" if status == "retracted" else "",
            "identifier": [f"{name}:{work[name]}" for name in ("doi", "pmid", "pmcid") if work[name]],
            "subjectOf": {"@type": "WebPage", "url": address, "name": f"{work.label} in the MSC Living Review"},
        }
    )


def agent(name: str, address: str = "") -> Thing:
    """Return a person (“Last, First”) or a group."""
    if "," in name:
        last, first = (part.strip() for part in name.split(",", 1))
        return {"@type": "Person", "name": f"{first} {last}", "familyName": last, "givenName": first}
    return _filled({"@type": "Organization", "name": name, "url": address})


def _filled(thing: Thing) -> Thing:
    """Return the thing without empty values; nothing at all if only its type is left."""
    filled = {name: value for name, value in thing.items() if value not in ("", None, [], {})}
    return filled if set(filled) - {"@type"} else {}
