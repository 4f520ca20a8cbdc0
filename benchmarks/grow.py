"""A copy of the project with more data of the same shape: ``python benchmarks/grow.py 10 /tmp/ten``.

Every table that grows with the literature holds ``factor`` times its rows: the real ones, then copies with ids of
their own, links that stay among the copies, and the words of free text shuffled by a seeded generator, so that
nothing compresses better than real text would. Numbers and vocabulary terms are kept, so ``review check`` accepts
the copy. Its DOIs begin with 10.5555, which is kept for examples.
"""

import argparse
import random
import re
import shutil
from pathlib import Path

import pandas as pd

from review_tools.data import schema
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import csv_bytes, replace_bytes
from review_tools.data.tables import read_text
from review_tools.synthesis import claims

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("data", "book", "references.bib", "_config.yml", "_toc.yml", "CITATION.cff", "CHANGELOG.md", "LICENSE-CONTENT")
GROWN = (
    "studies",
    "findings",
    "finding_mediators",
    "trials",
    "trial_sources",
    "outcomes",
    "outcome_flags",
    "comparison_outcomes",
    "corrections",
    "published_pools",
    "published_pool_studies",
    "assessments",
)
USERS = ("findings", "outcomes", "corrections")  # a work must be used by one of them, or by a chapter
PROSE = {"statement", "summary", "meaning", "seed_says", "source_says", "note", "care", "reasons", "primary_outcome"}
ENTRY = re.compile(r"^@\w+\{([^,]+),.*?^\}", re.MULTILINE | re.DOTALL)
Sheets = dict[str, pd.DataFrame]


def grow(root: Path, target: Path, factor: int, seed: int = 1) -> Path:
    """Writes a copy of the project with ``factor`` times the data to ``target``, which must not exist.

    The same factor and seed give the same bytes.
    """
    target.mkdir(parents=True)
    for part in PARTS:
        source = root / part
        if source.is_dir():
            shutil.copytree(source, target / part)
        elif source.is_file():
            shutil.copy(source, target / part)
    if factor > 1:
        definitions = {name: table for name, table in schema.tables(root).items() if name in GROWN}
        sheets = {name: read_text(root / "data" / table.path) for name, table in definitions.items()}
        shuffler = random.Random(seed)  # noqa: S311 (made-up text, no secret)
        copies = [Copy(number, definitions, sheets, shuffler) for number in range(1, factor)]
        for name, table in definitions.items():
            grown = pd.concat([sheets[name], *(copy.sheet(name) for copy in copies)], ignore_index=True)
            replace_bytes(target / "data" / table.path, csv_bytes(grown))
        text = (root / BIBLIOGRAPHY).read_text(encoding="utf-8")
        entries = "\n\n".join(copy.entry(entry[1], entry[0]) for copy in copies for entry in ENTRY.finditer(text))
        (target / BIBLIOGRAPHY).write_text(f"{text.rstrip()}\n\n{entries}\n", encoding="utf-8")
        accept_all(target)
    return target


def accept_all(root: Path) -> None:
    """Accepts whatever the grown data say of each claim: a verdict is not what is measured."""
    path = root / "data" / "claims.csv"
    if path.is_file():
        ledger = read_text(path)
        ledger["expected"] = [tested.verdict.word for tested in claims.verdicts(root)]
        replace_bytes(path, csv_bytes(ledger))


class Copy:
    """One more set of rows."""

    def __init__(
        self, number: int, definitions: dict[str, schema.Table], sheets: Sheets, shuffler: random.Random
    ) -> None:
        self.number = number
        self.definitions = definitions
        self.sheets = sheets
        self.shuffler = shuffler
        used = {study for name in USERS for study in sheets[name]["study_id"]}
        self.idle = [study for study in sheets["studies"]["study_id"] if study not in used]

    def sheet(self, name: str) -> pd.DataFrame:
        """The copied rows of a table."""
        frame, table = self.sheets[name].copy(), self.definitions[name]
        if "seed_number" in frame:  # the seed's numbers say which work a row is about, and these works are new
            frame["seed_number"] = frame["seed_number"].where(frame["study_id"] == "", "")
        if name == "findings":
            self._employ(frame)
        if name == "trials":
            frame["table_1_order"] = ""
        for key in table.foreign_keys:
            if key.target in GROWN:
                frame[key.column] = self._renamed(key.target, frame[key.column])
        if len(table.primary_key) == 1:
            frame[table.primary_key[0]] = self._renamed(name, frame[table.primary_key[0]])
        elif name in ("trial_sources", "finding_mediators", "outcome_flags") and not table.foreign_keys:
            target = name.split("_")[0] + "s"
            frame[f"{target[:-1]}_id"] = self._renamed(target, frame[f"{target[:-1]}_id"])
        for column in frame.columns:
            if column in PROSE:
                frame[column] = [self._shuffled(text) for text in frame[column]]
            elif column == "doi" or column.endswith("_doi"):
                frame[column] = [self._doi(doi) for doi in frame[column]]
        return frame

    def entry(self, key: str, text: str) -> str:
        """The copied entry of a work."""
        text = re.sub(r"^  pmc?id = .*\n", "", text.replace(key, f"{key}_copy{self.number}", 1), flags=re.MULTILINE)
        text = re.sub(r"(?<=doi = \{)[^}]*", lambda doi: self._doi(doi[0]), text)
        return re.sub(
            r"(?<=  title = )\{(\[?)(.*?)(\]?)\},$",
            lambda title: f"{{{title[1]}{self._shuffled(title[2])} {self.number}{title[3]}}},",
            text,
            count=1,
            flags=re.MULTILINE,
        )

    def _employ(self, frame: pd.DataFrame) -> None:
        """Gives findings of unidentified works to the works that only chapters cite: no work may be idle."""
        free = frame.index[frame["study_id"] == ""][: len(self.idle)]
        frame.loc[free, "study_id"] = self.idle
        frame.loc[free, "seed_number"] = ""

    def _renamed(self, name: str, values: pd.Series) -> list[str]:
        ids = self.sheets[name][self.definitions[name].primary_key[0]]
        new = {old: self._id(name, old, self.number * len(ids) + place) for place, old in enumerate(ids)}
        return [new.get(value, value) for value in values]

    def _id(self, name: str, old: str, place: int) -> str:
        match name:
            case "studies":
                return f"{old}_copy{self.number}"
            case "trials":
                return f"NCT{90_000_000 + place}"
            case "findings":
                return f"fn{10_000 + place}"
            case "corrections":
                return f"cNCT-copy{self.number}-{old}"
        stem, number = old.rsplit("-", 1)
        return f"{stem}_copy{self.number}-{number}"

    def _doi(self, doi: str) -> str:
        return f"10.5555/copy{self.number}.{doi.replace('/', '.')}" if doi else ""

    def _shuffled(self, text: str) -> str:
        first, *words = text.split() or [""]  # a word that may stand first stays so: “+” begins a formula
        if any(mark in text for mark in "{}$\\"):  # mathematics and TeX stay as they are
            return text
        self.shuffler.shuffle(words)
        return " ".join([first, *words])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("factor", type=int)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(grow(ROOT, chosen.target, chosen.factor, chosen.seed))


if __name__ == "__main__":
    main()
