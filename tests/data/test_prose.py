"""The chapters keep to the style sheet of the page “Style”, as far as a list of words can tell."""

import re
from pathlib import Path

import pytest

from review_tools.check.chapters import prose

AVOID = (
    r"seed(?!s? (?:and soil|cells?\b))",  # the 2024 review
    r"since the (?:seed|2024) review",
    r"h[eo]ld(?:s|ing)? (?:\w+ ){0,2}back",
    r"br(?:ing|ings|ought) forth",
    r"by way of",
    r"put down to",
    r"is told|are told|told under|told of",
    r"laid open|hand(?:s|ed) over",
    r"drawn by lot",
    r"blood-forming",
    r"milk teeth",
    r"in the dish|in a dish",
    r"went together with",
    r"newly found",
    r"bears? out|bore out",
    r"no effect|without (?:an )?effect|null result|found none",
    r"per cent\b",
    r"one can only|the reader will|it is worth a pause",
    r"mesenchymal stem cells?",
    r"(?:CD4|CD8)-positive",
)
ONCE = {"book/introduction.md": "mesenchymal stem cells?"}  # the sentence on the name
QUOTED = re.compile(r"“[^”]*”|\*[^*\n]*\*")  # quotations, and titles of works
ROLE = re.compile(r"\{[\w:]+\}`[^`]*`")
TARGET = re.compile(r"^\([\w-]+\)=$|\]\([^)]*\)|https?://\S+", re.MULTILINE)
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)


def wrong_words(text: str, name: str = "") -> list[str]:
    """What a chapter says that the style sheet avoids."""
    shown = QUOTED.sub("", TARGET.sub("", ROLE.sub("", text)))
    return [
        found[0]
        for pattern in AVOID
        for found in re.finditer(rf"\b(?:{pattern})\b", shown, re.IGNORECASE)
        if pattern != ONCE.get(name)
    ]


def wrong_headings(text: str) -> list[str]:
    """Headings that are no noun phrase of at most thirteen words, or that ask or argue."""
    return [head for head in HEADING.findall(text) if len(head.split()) > 13 or head.rstrip().endswith(("?", "!", "."))]


@pytest.mark.parametrize(
    "spoilt",
    [
        "The seed says so.",
        "They were drawn by lot.",
        "It had no effect.",
        "MSCs hold T cells back.",
        "CD4-positive cells",
    ],
)
def test_words_to_avoid_are_found(spoilt: str) -> None:
    assert wrong_words(spoilt)
    assert not wrong_words("The 2024 review {seed}`42` found *seed* and “no effect” ([audit](audit.md#seed-1)).")


def test_headings_to_avoid_are_found() -> None:
    assert wrong_headings("# What does it do?\n")
    assert not wrong_headings("# Macrophages: CD200 and TSG-6\n")


def test_chapters_keep_to_the_style_sheet(root: Path) -> None:
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in root.glob("book/**/*.md")}
    bodies = {name: prose(text.split("---\n", 2)[2]) for name, text in texts.items() if name != "book/style.md"}
    assert len(bodies) > 30
    wrong = {name: [*wrong_words(text, name), *wrong_headings(text)] for name, text in bodies.items()}
    assert not {name: found for name, found in wrong.items() if found}
