"""Time to rank made-up abstracts: ``python benchmarks/ranking.py``. Synthetic text: it says nothing about quality."""

import statistics
import time

import numpy as np

from review_tools.sources.ranking import SEED, Ranking

RECORDS, WORDS, DECIDED = 50_000, 200, 500


def made_up(records: int) -> list[str]:
    """Seeded text of the length of abstracts, its words as unequally frequent as in language (Zipf)."""
    rng = np.random.default_rng(SEED)
    vocabulary = np.array([f"word{number}" for number in range(100_000)])
    frequency = 1 / np.arange(1, len(vocabulary) + 1)
    drawn = rng.choice(vocabulary, (records, WORDS), p=frequency / frequency.sum())
    return [" ".join(row) for row in drawn]


def measure(runs: int = 3) -> list[dict[str, object]]:
    """Rows for the benchmarks: seconds to learn the words and rank, and to rank again after a decision."""
    texts = made_up(RECORDS)
    ids = [f"{number:06d}" for number in range(RECORDS)]
    included, excluded = ids[: DECIDED // 10], ids[DECIDED // 10 : DECIDED]
    whole, again = [], []
    for _ in range(runs):
        start = time.perf_counter()
        ranking = Ranking(ids, texts)
        ranking.order(included, excluded)
        middle = time.perf_counter()
        ranking.order(included, excluded[1:])
        whole.append(middle - start)
        again.append(time.perf_counter() - middle)
    names = {"rank 50,000 abstracts": (whole, 20.0), "rank them again after a decision": (again, None)}
    return [
        {
            "group": "ranking",
            "name": name,
            "value": statistics.median(times),
            "unit": "s",
            "against": f"{bound:g} s allowed" if bound else None,
            "ratio": statistics.median(times) / bound if bound else None,
        }
        for name, (times, bound) in names.items()
    ]


if __name__ == "__main__":
    for row in measure():
        print(row)
