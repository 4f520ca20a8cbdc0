"""Which records to read first: words of title and abstract (TF-IDF), and a linear model of the decisions so far.

The model is a logistic regression with classes weighted by their rarity, as in the screening tools it follows
(Cormack and Grossman, SIGIR 2014, doi 10.1145/2600428.2609601; ASReview: Nat Mach Intell 2021;3:125-133).
Everything is seeded, and equal scores are ordered by identifier, so the same decisions give the same order.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

SEED = 20261125
WORDS = 50_000  # of the vocabulary at most, the most frequent
DIGITS = 9  # of a score that count: what lies behind them is rounding of the machine

Vector = NDArray[np.float64]


class Ranking:
    """Records in order of relevance.

    Args:
        ids: identifiers, unique.
        texts: title and abstract of each.
        works: texts of works known to be relevant, for the time before there are decisions.
    """

    def __init__(self, ids: Sequence[str], texts: Sequence[str], works: Sequence[str] = ()) -> None:
        self.ids = list(ids)
        self._at = {one: at for at, one in enumerate(self.ids)}
        # “no” and “not” are among scikit-learn's stop words but tell a null result, so none are left out;
        # a word of nearly every record tells nothing.
        self._words = TfidfVectorizer(
            sublinear_tf=True,
            max_features=WORDS,
            max_df=0.9 if len(self.ids) > 20 else 1.0,
            strip_accents="unicode",
            dtype=np.float64,
        )
        everything = [*texts, *works]
        # Records without a single word cannot be told apart: they keep the order of their identifiers.
        matrix = self._words.fit_transform(
            everything if any(map(_has_word, everything)) else ["record"] * max(len(everything), 1)
        )
        self._records, self._works = matrix[: len(self.ids)], matrix[len(self.ids) : len(everything)]

    def scores(self, included: Sequence[str] = (), excluded: Sequence[str] = ()) -> Vector:
        """A score for each record, higher is more relevant.

        With decisions of both kinds (the works count as included): distance from the model's boundary.
        With included records or works alone: cosine similarity to their mean. With nothing: zeros.
        """
        yes, no = ([self._at[one] for one in some if one in self._at] for some in (included, excluded))
        if not yes and self._works.shape[0] == 0:
            return np.zeros(len(self.ids))
        good = vstack([self._works, self._records[yes]]).tocsr()
        if not no:
            mean = np.asarray(good.mean(axis=0)).ravel()
            return _rounded(self._records @ mean / (np.linalg.norm(mean) or 1.0))
        model = LogisticRegression(
            C=10.0, class_weight="balanced", solver="liblinear", random_state=SEED, max_iter=1000
        )
        model.fit(vstack([good, self._records[no]]).tocsr(), [1] * good.shape[0] + [0] * len(no))
        return _rounded(model.decision_function(self._records))

    def order(self, included: Sequence[str] = (), excluded: Sequence[str] = ()) -> list[str]:
        """Identifiers not decided yet, the most relevant first."""
        return sorted_by(self.ids, self.scores(included, excluded), {*included, *excluded})


def sorted_by(ids: Sequence[str], scores: Vector, without: set[str]) -> list[str]:
    """Identifiers by falling score; ties by identifier."""
    left = [(-score, one) for one, score in zip(ids, scores.tolist(), strict=True) if one not in without]
    return [one for _, one in sorted(left)]


def keyword_scores(texts: Sequence[str], words: Sequence[str]) -> Vector:
    """How many of the words each text names: what a search without a model would order by."""
    return np.array([sum(word.casefold() in text.casefold() for word in words) for text in texts], dtype=float)


def _has_word(text: str) -> bool:
    return any(len(word) > 1 and word.isalnum() for word in text.split())


def _rounded(scores: Vector) -> Vector:
    return np.asarray(np.round(scores, DIGITS), dtype=np.float64)
