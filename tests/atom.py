"""Whether a feed is valid: the schema of RFC 4287, its two rules that a schema cannot say, a feed reader's parser."""

from pathlib import Path

import feedparser
from lxml import etree

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SCHEMA = Path(__file__).with_name("atom.rng")


def wrong_with(content: bytes) -> list[str]:
    """What a feed breaks: of the schema, of its two rules, of a reader's parser."""
    said = [str(parsed.bozo_exception)] if (parsed := feedparser.parse(content)).bozo else []
    try:
        tree = etree.fromstring(content, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        return [*said, str(error)]
    schema = etree.RelaxNG(etree.parse(SCHEMA))
    if not schema.validate(tree):
        said.append(str(schema.error_log))
    for entry in tree.findall("a:entry", ATOM):
        links = [link for link in entry.findall("a:link", ATOM) if link.get("rel", "alternate") == "alternate"]
        if not links and entry.find("a:content", ATOM) is None:
            said.append("an entry without link and content")
        if tree.find("a:author", ATOM) is None and entry.find("a:author", ATOM) is None:
            said.append("an entry without author")
    return said
