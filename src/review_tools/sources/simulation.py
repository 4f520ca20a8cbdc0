"""How much reading the ranking saves: the decisions about labelled records, replayed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from review_tools.data.problems import DataError
from review_tools.data.tables import parse_table
from review_tools.sources.ranking import SEED, Ranking, Vector, keyword_scores, sorted_by

GRID = np.linspace(0, 1, 21)  # shares of the records read at which recall is told
YES, NO = {"1", "true", "yes", "include"}, {"0", "false", "no", "exclude"}
LABELS = ("label", "label_included", "included")


@dataclass(frozen=True)
class Curve:
    """Recall against effort of one order: mean, lowest and highest over the runs.

    ``wss95`` is work saved over sampling at 95% recall (Cohen et al., J Am Med Inform Assoc 2006;13:206-219):
    the share of records left unread when 95% of the relevant ones are found, minus 5%.
    """

    order: str
    effort: Vector
    recall: Vector
    low: Vector
    high: Vector
    wss95: float
    wss95_low: float
    wss95_high: float


def simulate(frame: pd.DataFrame, runs: int = 20, words: Sequence[str] = ()) -> list[Curve]:
    """Model, keywords (if some are given) and chance on the same labelled records.

    Each run begins with another relevant record (all of them, or as many as there are runs, drawn with a
    seed), as if it stood in the review; that record counts neither as effort nor as found. The model is
    trained anew after each record read (each hundredth of the records when there are more than 1,000).

    Args:
        frame: ``id``, ``text``, ``relevant`` (bool).
        runs: how many beginnings.

    Raises:
        DataError: fewer than two relevant records, or no other ones.
    """
    relevant = frame["relevant"].to_numpy(dtype=bool)
    if relevant.sum() < 2 or relevant.all():
        raise DataError("A simulation needs at least two relevant records and one that is not → add labelled records.")
    ids, texts = frame["id"].tolist(), frame["text"].tolist()
    starts = np.flatnonzero(relevant)
    firsts = np.random.default_rng(SEED).choice(starts, min(runs, len(starts)), replace=False)
    shuffles = np.random.default_rng(SEED).spawn(len(firsts))
    orders: dict[str, Callable[[int, int], list[str]]] = {
        "model": lambda _, first: _by_model(ids, texts, relevant, first),
        "chance": lambda run, first: [ids[at] for at in shuffles[run].permutation(len(ids)) if at != first],
    }
    if words:
        fixed = sorted_by(ids, keyword_scores(texts, words), set())
        orders["keywords"] = lambda _, first: [one for one in fixed if one != ids[first]]
    good = dict(zip(ids, relevant.tolist(), strict=True))
    curves = []
    for name, order in orders.items():
        found = [np.array([good[one] for one in order(run, first)]) for run, first in enumerate(firsts.tolist())]
        recalls, saved = np.array([_recall(one) for one in found]), np.array([_wss(one) for one in found])
        shown = (recalls.mean(axis=0), recalls.min(axis=0), recalls.max(axis=0))
        curves.append(Curve(name, GRID, *shown, float(saved.mean()), float(saved.min()), float(saved.max())))
    return curves


def _by_model(ids: list[str], texts: list[str], relevant: np.ndarray, first: int) -> list[str]:
    """The order in which a person who follows the model reads the records."""
    rest = [at for at in range(len(ids)) if at != first]
    ranking = Ranking([ids[at] for at in rest], [texts[at] for at in rest], [texts[first]])
    good = {ids[at] for at in rest if relevant[at]}
    step = 1 if len(ids) <= 1000 else len(ids) // 100
    read: list[str] = []
    while len(read) < len(rest):
        included, excluded = ([one for one in read if (one in good) is kind] for kind in (True, False))
        read += ranking.order(included, excluded)[:step]
    return read


def _recall(found: np.ndarray) -> Vector:
    done = np.concatenate([[0], np.cumsum(found)]) / found.sum()
    return np.asarray(done[np.floor(GRID * len(found)).astype(int)])


def _wss(found: np.ndarray) -> float:
    needed = int(np.ceil(0.95 * found.sum()))
    read = int(np.searchsorted(np.cumsum(found), needed)) + 1
    return 1 - read / len(found) - 0.05


def labelled(file: Path) -> pd.DataFrame:
    """Labelled records from a CSV file with ``title``, ``abstract`` (may be left out) and ``label`` (1 or 0).

    Raises:
        DataError: no file, no CSV, a column missing, or a label that is neither; all of these at once.
    """
    text = parse_table(file.read_bytes(), file.name)
    column = next((name for name in LABELS if name in text.columns), None)
    if "title" not in text.columns or column is None:
        raise DataError(f"{file}: needs the columns title and label (1 relevant, 0 not), abstract if there is one.")
    label = text[column].str.strip().str.lower()
    wrong = label[~label.isin(YES | NO)]
    if len(wrong):
        told = "\n".join(
            f"{file}, row {line}, column {column}: {value!r} is neither 1 nor 0" for line, value in wrong.items()
        )
        raise DataError(f"{told}\n→ write 1 for relevant, 0 for not.")
    abstract = text["abstract"] if "abstract" in text.columns else ""
    ids = [f"{line:07d}" for line in range(len(text))]
    return pd.DataFrame(
        {"id": ids, "text": (text["title"] + "\n" + abstract).tolist(), "relevant": label.isin(YES).tolist()}
    )
