"""The word that somebody may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "kappa": "κ", "zeta": "ζ"}  # hard to type


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """“did you mean X? ” for the one or two known words nearest to this one; nothing where none is near."""
    by_form = {_form(one): one for one in known}
    found = get_close_matches(_form(word), by_form, n=2, cutoff=0.7)
    return f"did you mean {' or '.join(f'“{by_form[one]}”' for one in found)}? " if found else ""


def _form(word: str) -> str:
    word = word.casefold()
    for name, letter in GREEK.items():
        word = word.replace(name, letter)
    return word
