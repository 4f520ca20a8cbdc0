"""Longest run of words that a chapter shares with another text.

    python scripts/longest_common_run.py SEED.txt book/**/*.md

Prints, for each chapter, the length of the longest common run and the run itself;
exits 1 when any run reaches the limit. Our chapters must say things in our own words.
"""

import argparse
import re
import sys
from pathlib import Path


def words(text: str) -> list[str]:
    """Lower-case words of a text, MyST roles, code cells and front matter taken out."""
    text = re.sub(r"\A---\n.*?\n---\n", " ", text, flags=re.S)
    text = re.sub(r"^```\{code-cell\}.*?^```", " ", text, flags=re.S | re.M)
    text = re.sub(r"\{[\w:]+\}`([^`]*)`", " ", text)
    text = re.sub(r"\((?:\d+[,–\-\s]*)+\)", " ", text)
    return re.findall(r"\w+", text.lower())


def longest_run(chapter: list[str], seed: list[str]) -> list[str]:
    """Longest sequence of words that stands in both texts."""
    best: list[str] = []
    for size in range(1, len(chapter) + 1):
        known = {tuple(seed[i : i + size]) for i in range(len(seed) - size + 1)}
        hit = next(
            (chapter[i : i + size] for i in range(len(chapter) - size + 1) if tuple(chapter[i : i + size]) in known),
            None,
        )
        if hit is None:
            return best
        best = hit
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=Path)
    parser.add_argument("chapters", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, default=12, help="runs of this many words fail (default 12)")
    args = parser.parse_args()
    seed = words(args.seed.read_text(encoding="utf-8"))
    worst = 0
    for path in args.chapters:
        run = longest_run(words(path.read_text(encoding="utf-8")), seed)
        worst = max(worst, len(run))
        print(f"{len(run):3d}  {path}  “{' '.join(run)}”")
    print(f"longest run: {worst} words (limit: under {args.limit})")
    return int(worst >= args.limit)


if __name__ == "__main__":
    sys.exit(main())
