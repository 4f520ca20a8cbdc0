"""The name of an outcome against the outcome sets: which of them it can mean, read word by word."""

import re
from collections.abc import Hashable, Iterable, Mapping
from functools import cache
from typing import Any

Row = Mapping[Hashable, Any]
SAME = (  # words that say the same of an outcome, under the first of them
    "survival alive",
    "adverse safety tolerability toxicity side",
    "malignancy malignant tumour tumor cancer",
    "disability edss",
    "infection pneumonia",
    "relapse flare",
    "healing closed closure",
    "cpeptide insulin",
)
MEANING = {word: words.split()[0] for words in SAME for word in words.split()}
FILLING = frozenset(  # without the s at their end
    re.findall(
        r"\w+",
        "a all an and any at best by change children day for from group in least month of on one over people serie the"
        " time to week with year",
    )
)
WORD = re.compile(r"[a-z]+-?\d+|c-peptide|[^\W\d_]+")  # EASI-50 is a word, the 50 of “over 50” is none
STEM = 6  # letters by which “infectious” and “infection” are one word


def speaks_of(outcome: str, declared: Row) -> bool:
    """Whether the name of an outcome shares a word with the name or the definition of an outcome set."""
    own = _meanings(f"{declared['outcome']} {declared['definition']}")
    return any(_alike(one, other) for one in _meanings(outcome) for other in own)


def better_named(outcome: str, declared: Row, others: Iterable[Row]) -> str:
    """Return the outcome set whose whole name stands in the name of an outcome, where that of its own set does not."""
    said, own = _meanings(outcome), _meanings(f"{declared['outcome']} {declared['definition']}")
    if _among(_meanings(declared["outcome"]), said):
        return ""
    kind = ("disease", "domain", "higher_is_better")
    for other in others:
        name = _meanings(other["outcome"])
        same = name and all(other[column] == declared[column] for column in kind)
        if same and _among(name, said) and not _among(name, own):
            return str(other["outcome_set"])
    return ""


@cache
def _meanings(text: str) -> frozenset[str]:
    words = (word.replace("-", "").removesuffix("s") for word in WORD.findall(text.casefold()))
    return frozenset(MEANING.get(word, word) for word in words) - FILLING


def _among(some: Iterable[str], words: Iterable[str]) -> bool:
    return all(any(_alike(one, other) for other in words) for one in some)


@cache
def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= STEM:
        return one[:STEM] == other[:STEM]
    return longer.startswith(shorter) if len(shorter) > 3 else one == other
