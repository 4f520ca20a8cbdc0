"""Why a record matched: the groups of words of the strategy that its title and abstract name."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """``words`` by group, only groups that are named; ``score`` is their share of all groups, 0 to 1."""

    words: dict[str, str]
    score: float

    def sentence(self, source: str) -> str:
        if not self.words:
            return f"Found by the query of {source}; title and abstract name none of the strategy's words."
        named = ", ".join(f"“{word}” ({group})" for group, word in self.words.items())
        return f"Found by the query of {source}; title or abstract name {named}."


class Groups:
    """The groups of words of a strategy: ``*`` at the end of a word stands for any ending."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        self._forms = {name: re.compile("|".join(map(_form, words)), re.IGNORECASE) for name, words in groups.items()}

    def match(self, text: str) -> Match:
        """The first word of each group in the text."""
        found = {name: form.search(text) for name, form in self._forms.items()}
        words = {name: hit[0].lower() for name, hit in found.items() if hit}
        return Match(words, round(len(words) / len(self._forms), 2))


def _form(word: str) -> str:
    open_ended = word.endswith("*")
    return rf"\b{re.escape(word.rstrip('*'))}" + (r"\w*" if open_ended else r"\b")
