"""Print the longest run of words that each chapter shares with another text, and the run itself.

``python scripts/longest_common_run.py OTHER_TEXT.txt book/*.md book/*/*.md`` ends with 1 when a run reaches
the limit: our chapters must say things in our own words.
"""

import re
import sys
from difflib import SequenceMatcher
from pathlib import Path

LIMIT = 12  # words


def words(path: Path) -> list[str]:
    """Return the lower-case words of a text without front matter, code cells, MyST roles and citation numbers."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?\n---\n", " ", text, flags=re.S)
    text = re.sub(r"^```\{code-cell\}.*?^```", " ", text, flags=re.S | re.M)
    text = re.sub(r"\{[\w:]+\}`([^`]*)`", " ", text)
    return re.findall(r"\w+", re.sub(r"\((?:\d+[,–\-\s]*)+\)", " ", text).lower())


matcher, longest = SequenceMatcher(autojunk=False), 0
matcher.set_seq2(words(Path(sys.argv[1])))
for path in map(Path, sys.argv[2:]):
    chapter = words(path)
    matcher.set_seq1(chapter)
    run = matcher.find_longest_match()
    longest = max(longest, run.size)
    print(f"{run.size:3d}  {path}  “{' '.join(chapter[run.a : run.a + run.size])}”")
print(f"longest run: {longest} words (limit: under {LIMIT})")
sys.exit(longest >= LIMIT)
