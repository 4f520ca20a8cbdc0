"""Times and judges the search for duplicates on made-up records: ``python benchmarks/dedupe.py``."""

import random
import resource
import time

from figures import Figure, figure

from review_tools.sources.duplicates import Entry, Index

KNOWN, CANDIDATES = 10_000, 100_000


def made_up(
    seed: int = 1, known: int = KNOWN, candidates: int = CANDIDATES
) -> tuple[list[Entry], list[Entry], list[str]]:
    """Known records, candidates, and the key each candidate repeats: every fifth repeats one, without numbers."""
    chance = random.Random(seed)  # noqa: S311 (made-up data)
    words = ["".join(chance.choices("abcdefghilmnoprstuv", k=chance.randint(3, 11))) for _ in range(4_000)]

    def work(key: str) -> Entry:
        title = "mesenchymal stromal cells in " + " ".join(chance.choices(words, k=chance.randint(6, 13)))
        return Entry(key, title=title, year=str(chance.randint(2000, 2026)))

    first = [work(f"k{at}") for at in range(known)]
    second, truth = [], []
    for at in range(candidates):
        if at % 5:
            second.append(work(f"c{at}"))
            truth.append("")
        else:
            same = chance.choice(first)
            second.append(
                Entry(f"c{at}", title=spoiled(same.title, chance), year=str(int(same.year) + chance.choice((0, 0, 1))))
            )
            truth.append(same.key)
    return first, second, truth


def spoiled(title: str, chance: random.Random) -> str:
    """The title as another service may give it: a letter lost, a word lost, capitals, a full stop."""
    kind = chance.randrange(4)
    at = chance.randrange(len(title))
    if kind == 0:
        return title[:at] + title[at + 1 :]
    if kind == 1:
        words = title.split()
        del words[chance.randrange(len(words))]
        return " ".join(words)
    return title.upper() if kind == 2 else f"{title}."


def measure(runs: int = 1) -> list[Figure]:
    """Rows for the benchmarks: seconds (best of ``runs``), peak memory of the process, precision and recall."""
    known, candidates, truth = made_up()
    seconds, found = float("inf"), [""]
    for _ in range(runs):
        start = time.perf_counter()
        index = Index(known)
        found = [index.find(entry) for entry in candidates]
        seconds = min(seconds, time.perf_counter() - start)
    right = sum(bool(a) and a == b for a, b in zip(found, truth, strict=True))
    task = f"find {CANDIDATES:,} candidates among {KNOWN:,} known"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        figure("duplicates", task, seconds, "s", "30 s allowed", seconds / 30),
        figure("duplicates", f"{task}: memory", peak, "MB", "1 GB allowed", peak / 1000),
        figure("duplicates", f"{task}: precision", 100 * right / max(1, sum(map(bool, found))), "%"),
        figure("duplicates", f"{task}: recall", 100 * right / sum(map(bool, truth)), "%"),
    ]


if __name__ == "__main__":
    for row in measure():
        print(row)
