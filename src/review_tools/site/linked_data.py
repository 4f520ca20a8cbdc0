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


def review(cite: Citation, address: str, data: str, started: str, description: str, licence: str) -> Thing:
    """The review as an article, resting on the seed review; ``data`` is the page that describes its data."""
    return known(
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
            "isPartOf": {"@type": "WebSite", "@id": f"{cite.url}#site", "url": cite.url, "name": "MSC Living Review"},
            "hasPart": {
                "@type": "Dataset",
                "@id": f"{data}#data",
                "url": data,
                "name": "Data of the MSC Living Review",
                "description": f"The open tables of the {cite.title}; each row names its source.",
                "license": licence,
            },
        }
    )


def seed(work: Work) -> Thing:
    """A work the review is based on."""
    address = f"https://doi.org/{work.doi}" if work.doi else ""
    return known(
        {
            "@type": "ScholarlyArticle",
            "@id": address,
            "sameAs": address,
            "name": work.title,
            "headline": work.title,
            "author": [agent(name) for name in work.authors],
            "datePublished": work.year,
            "isPartOf": known({"@type": "Periodical", "name": work.journal}),
        }
    )


def dataset(project: Project, cite: Citation, address: str) -> Thing:
    """The data: every file, every column, the licence."""
    about, tables = export.package(project), project.schema.values()
    licence = about["licenses"][0]["path"]
    titles = ", ".join(table.title.lower() for table in tables)
    return known(
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
            "includedInDataCatalog": {"@type": "DataCatalog", "name": "MSC Living Review", "url": cite.url},
            "distribution": [
                {
                    "@type": "DataDownload",
                    "name": Path(file.path).name,
                    "description": f"{file.title}. {file.what}",
                    "contentUrl": cite.url + file.path,
                    "encodingFormat": MEDIA_TYPES[Path(file.path).suffix],
                    "license": licence,
                }
                for file in export.downloads(project)
            ],
            "variableMeasured": [
                known(
                    {
                        "@type": "PropertyValue",
                        "propertyID": f"{table.name}.{field.name}",
                        "name": field.name.replace("_", " "),
                        "description": field.description,
                        "unitText": field.unit,
                    }
                )
                for table in tables
                for field in table.fields
            ],
        }
    )


def study(work: Reference, address: str, status: str) -> Thing:
    """A work the review uses; ``address`` is the page about it, not the work itself."""
    there = web(work.url)
    identifiers = {"doi": work["doi"], "pmid": work["pmid"], "pmcid": work["pmcid"]}
    return known(
        {
            "@context": CONTEXT,
            "@type": "ScholarlyArticle",
            "@id": there or f"{address}#work",
            "url": there,
            "sameAs": there,
            "headline": work["title"].strip("[]"),
            "name": work["title"].strip("[]"),
            "author": [
                {"@type": "Organization" if name in work.groups else "Person", "name": name}
                for name in work.authors
                if name != "others"
            ],
            "datePublished": work["year"],
            "isPartOf": known({"@type": "Periodical", "name": work["journal"]}),
            "pagination": work["pages"].replace("--", "–"),
            "creativeWorkStatus": "Retracted" if status == "retracted" else "",
            "identifier": [
                {"@type": "PropertyValue", "propertyID": name, "value": value}
                for name, value in identifiers.items()
                if value
            ],
            "subjectOf": {"@type": "WebPage", "url": address, "name": f"{work.label} in the MSC Living Review"},
        }
    )


def agent(name: str, address: str = "") -> Thing:
    """A person (“Last, First”) or a group."""
    if "," in name:
        last, first = (part.strip() for part in name.split(",", 1))
        return {"@type": "Person", "name": f"{first} {last}", "familyName": last, "givenName": first}
    return known({"@type": "Organization", "name": name, "url": address})


def known(thing: Thing) -> Thing:
    """The thing without what is not known; nothing at all if only its type is left."""
    kept = {name: value for name, value in thing.items() if value not in ("", None, [], {})}
    return kept if set(kept) - {"@type"} else {}
