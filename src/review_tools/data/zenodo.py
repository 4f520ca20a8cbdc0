"""``.zenodo.json``: what Zenodo writes into the record of a release; each fact is taken from where it stands already.

Fields: https://developers.zenodo.org/#representation, under “Deposit metadata”.
"""

import json
from html import escape
from typing import Any

FILE = ".zenodo.json"
PERSON = ("orcid", "affiliation")


def zenodo(cite: dict[str, Any], protocol: dict[str, Any]) -> str:
    """The file's text, from the contents of ``CITATION.cff`` and ``data/review.yml``."""
    questions = "".join(f"<li>{escape(question)}</li>" for question in protocol["questions"])
    record = {
        "title": cite["title"],
        "upload_type": cite["type"],
        "version": str(cite["version"]),
        "publication_date": str(cite["date-released"]),
        "description": f"<p>{escape(protocol['title'])}</p><ul>{questions}</ul>",
        "creators": [_creator(author) for author in cite["authors"]],
        "license": cite["license"],
        "keywords": cite["keywords"],
        "related_identifiers": [{"identifier": protocol["seed"]["doi"], "relation": "isDerivedFrom"}],
    }
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _creator(author: dict[str, str]) -> dict[str, str]:
    name = author.get("name") or f"{author['family-names']}, {author['given-names']}"
    # Zenodo wants the bare ORCID, CITATION.cff its address.
    return {"name": name} | {part: author[part].rpartition("/")[2] for part in PERSON if part in author}
