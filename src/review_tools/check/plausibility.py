"""Numbers that fit the schema and still look wrong. Each wants another look at the source, and then either the
right number or a flag in ``data/outcome_flags.csv`` that says what the source prints. A flag silences only its kind.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from review_tools.check.engine import Evidence, each_of
from review_tools.check.rules import numbers
from review_tools.data.problems import Problem

RATIOS = ("RR", "OR", "HR", "rate ratio")
SPREAD, SUM, UNUSUAL = "possible SE as SD", "does not add up", "unusual value"
LARGE = 3.0  # arms this many SDs apart hardly overlap; an SE read as an SD is the commoner reason (metafor, escalc)
OFF_CENTRE = 0.1  # of the interval's width, beyond what rounding explains
FRACTION = re.compile(r"(\d+)\s*(?:/|of|out of)\s*(\d+)")
FIGURE = re.compile(r"\d+(?:\.\d+)?")
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
PRINTED = {  # basis and block: the figures that the words of the source show, in this order
    ("printed", "continuous"): ("mean_arm1", "sd_arm1", "mean_arm2", "sd_arm2"),
    ("printed", "effect"): ("effect", "ci_low", "ci_high"),
    ("derived from percent", "binary"): ("printed_percent_arm1", "printed_percent_arm2"),
}
PEERS = 5  # values of one outcome and unit from which “far outside” means something
FAR = 6.0  # robust standard deviations (MAD × 1.4826; Iglewicz and Hoaglin 1993 take 3.5 for a first look)
SMALL = 0.25  # of the peers' median spread: n = 16 a study makes an SE that small


def check(evidence: Evidence) -> Iterator[Problem]:
    """Effects against arms, intervals, totals, spreads, units, peers, dates."""
    yield from each_of(evidence, _outcomes, _future)


def _outcomes(evidence: Evidence) -> Iterator[Problem]:
    outcomes = _Outcomes(evidence)
    yield from outcomes.printed()
    yield from outcomes.effects()
    yield from outcomes.centred()
    yield from outcomes.spreads()
    yield from outcomes.units()
    yield from outcomes.peers()
    yield from outcomes.totals()  # last: it asks for data/studies.csv and data/trials.csv too


class _Outcomes:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.rows = evidence, evidence.sheet("outcomes")
        flags = evidence.sheet("outcome_flags")
        self.flags = set(zip(flags["outcome_id"], flags["flag"], strict=True))
        arms = [f"{what}_arm{arm}" for what in ("events", "n", "mean", "sd") for arm in (1, 2)]
        percentages = ["printed_percent_arm1", "printed_percent_arm2"]
        figures = [*arms, "ci_low", "effect", "ci_high", *percentages]
        self.values = pd.DataFrame({column: numbers(self.rows, column) for column in figures})
        self.figures: dict[Any, dict[Any, float]] = self.values.to_dict("index")  # a cell of a dict is quick to find

    def interval(self, line: Any) -> tuple[float, float, float]:
        figures = self.figures[line]
        return figures["ci_low"], figures["effect"], figures["ci_high"]

    def report(self, line: Any, column: str, why: str, flag: str) -> Iterator[Problem]:
        if (self.rows.loc[line, "outcome_id"], flag) not in self.flags:
            remedy = f"check the source; if it prints this, add the flag “{flag}” with a note to data/outcome_flags.csv"
            yield self.evidence.problem("outcomes", line, column, why, remedy)

    def printed(self) -> Iterator[Problem]:
        """Figures of a row stand in the words of its source (``reported``), those of arm 1 before those of arm 2.

        Events and people are looked for only where the words hold a fraction (9/20, 9 of 20): others are spelt out.
        """
        values = self.figures
        for line, row in self.evidence.rows("outcomes").items():
            fractions = FRACTION.findall(row["reported"]) if row["block"].endswith("binary") else []
            shown: list[Any] = [float(figure) for figure in FIGURE.findall(row["reported"])]
            columns = PRINTED.get((row["value_basis"], row["block"].removeprefix("single-arm ")), ())
            wanted: list[Any] = [abs(float(values[line][column])) for column in columns]
            if fractions and row["value_basis"] == "printed":
                shown = [(float(events), float(n)) for events, n in fractions]
                columns = ("events_arm1", "events_arm2")
                wanted = [(values[line][one], values[line][one.replace("events", "n")]) for one in columns]
            rest = iter(shown)
            for column, figure in zip(columns, wanted, strict=True):
                if row[column] and figure not in rest:
                    why = "the words in “reported” do not show this, or show the arms the other way round"
                    yield from self.report(line, column, why, SUM)
                    break

    def effects(self) -> Iterator[Problem]:
        """A printed effect against the one that the arms of a row with the same outcome and time give."""
        same = ["study_id", "outcome", "time", "arm1", "arm2"]
        measured = self.rows[self.rows["effect_measure"].isin(["RR", "OR", "RD", "MD"])]
        arms = self.rows[self.rows["block"].isin(["binary", "continuous"])]
        armed = dict(zip(arms[same].itertuples(index=False, name=None), arms.index, strict=True))
        for line, row in measured.to_dict("index").items():
            other = armed.get(tuple(row[column] for column in same))
            given = _from_arms(row["effect_measure"], self.figures[other]) if other is not None else np.nan
            low, effect, high = self.interval(line)
            # A share of the interval's width: adjusted effects differ a little, wrong ones by more.
            ratio = row["effect_measure"] in RATIOS
            off = abs(np.log(given) - np.log(effect)) if ratio and effect > 0 and given > 0 else abs(given - effect)
            width = np.log(high) - np.log(low) if ratio and low > 0 else high - low
            if off > max(0.25 * width, _half_digit(row["effect"])):
                why = f"the arms of row {other} give {given:.3g}"
                yield from self.report(line, "effect", why, SUM)

    def centred(self) -> Iterator[Problem]:
        """An estimate lies in the middle of its interval, for ratios on the scale of logarithms."""
        for line, row in self.rows[self.rows["effect_measure"] != ""].to_dict("index").items():
            low, effect, high = self.interval(line)
            slack = max(_half_digit(row[column]) for column in ("ci_low", "effect", "ci_high"))
            if row["effect_measure"] in RATIOS:
                if not 0 < low <= effect <= high:
                    if min(low, effect, high) <= 0:
                        yield from self.report(line, "ci_low", "a ratio and its interval lie above zero", SUM)
                    continue
                slack /= low
                low, effect, high = np.log([low, effect, high])
            if abs((high - effect) - (effect - low)) > OFF_CENTRE * (high - low) + 4 * slack:
                why = f"the interval {row['ci_low']} to {row['ci_high']} does not lie evenly around the estimate"
                yield from self.report(line, "effect", why, SUM)

    def totals(self) -> Iterator[Problem]:
        """The arms of a row hold no more people than the whole study, or than its trial really enrolled."""
        studies = self.evidence.sheet("studies").drop_duplicates("study_id").set_index("study_id")
        trials = self.evidence.sheet("trials").drop_duplicates("trial_id").set_index("trial_id")
        enrolled = numbers(trials, "enrolment").where(trials["enrolment_basis"] == "actual")
        both = self.values[["n_arm1", "n_arm2"]].sum(axis=1)
        for whole, held in (
            (self.rows["study_id"].map(numbers(studies, "n")), "the whole study {:g} (data/studies.csv)"),
            (self.rows["study_id"].map(studies["trial_id"]).map(enrolled), "its trial enrolled {:g} (data/trials.csv)"),
        ):
            for line in self.rows.index[both > whole]:
                why = f"the arms hold {both[line]:g} people, {held.format(whole[line])}"
                yield from self.report(line, "n_arm1", why, SUM)

    def spreads(self) -> Iterator[Problem]:
        """Arms too many SDs apart, and SDs far below those of the same outcome elsewhere."""
        values = self.values
        pooled = np.sqrt((values["sd_arm1"] ** 2 + values["sd_arm2"] ** 2) / 2)
        apart = ((values["mean_arm1"] - values["mean_arm2"]) / pooled).abs()
        for line in self.rows.index[apart > LARGE]:
            why = f"the arms lie {apart[line]:.1f} SDs apart; an SE given as an SD looks like this"
            yield from self.report(line, "sd_arm1", why, SPREAD)
        for line, column, value, others in self._peers("sd"):
            if value < SMALL * (middle := np.median(others)):
                why = f"far below the spread of the same outcome in other rows (median {middle:.3g})"
                yield from self.report(line, column, why, SPREAD)

    def units(self) -> Iterator[Problem]:
        """A mean without its unit says nothing."""
        for line in self.rows.index[self.values["mean_arm1"].notna() & (self.rows["unit"] == "")]:
            yield from self.report(line, "unit", "empty, although the row holds a mean", UNUSUAL)

    def peers(self) -> Iterator[Problem]:
        """Means far outside those of the same outcome and unit in other studies: often a factor of ten."""
        for line, column, value, others in self._peers("mean"):
            middle = np.median(others)
            spread = 1.4826 * np.median(np.abs(others - middle))
            if spread > 0 and abs(value - middle) / spread > FAR:
                why = f"far outside the same outcome elsewhere (median {middle:.3g}): a slipped point, another unit?"
                yield from self.report(line, column, why, UNUSUAL)

    def _peers(self, what: str) -> Iterator[tuple[Any, str, float, np.ndarray]]:
        """Each value of one kind with the values of the other studies that share outcome and unit."""
        columns = [f"{what}_arm1", f"{what}_arm2"]
        for _, group in self.rows[self.values[columns[0]].notna()].groupby(["outcome", "unit"]):
            values = self.values.loc[group.index, columns].to_numpy()
            for _, places in group.groupby("study_id").indices.items():
                others = np.delete(values, places, axis=0).ravel()
                others = others[~np.isnan(others)]
                if len(others) >= PEERS:
                    for place in places:
                        for column, value in zip(columns, values[place], strict=True):
                            yield group.index[place], column, float(value), others


def _from_arms(measure: str, row: dict[Any, float]) -> float:
    """The effect two arms give; NaN where they cannot."""
    a, n1, c, n2 = (np.float64(row[column]) for column in ("events_arm1", "n_arm1", "events_arm2", "n_arm2"))
    with np.errstate(all="ignore"):
        given = {
            "RR": (a / n1) / (c / n2),
            "OR": (a / (n1 - a)) / (c / (n2 - c)),
            "RD": 100 * (a / n1 - c / n2),  # percentage points, as the sources print it
            "MD": row["mean_arm1"] - row["mean_arm2"],
        }[measure]
    return float(given) if np.isfinite(given) else np.nan


def _half_digit(text: str) -> float:
    """Half a unit of the last printed digit."""
    return float(0.5 * 10.0 ** -len(text.partition(".")[2]))


def _future(evidence: Evidence) -> Iterator[Problem]:
    """Dates on which something was seen or done; what is planned stands in columns of another type."""
    latest = f"{date.today() + timedelta(days=1)}"  # somewhere it is tomorrow already
    for name, table in evidence.schemas.items():
        if not evidence.has(name):
            continue
        dated = [field.name for field in table.fields if field.type == "date"]
        for column in [*dated, *(["date"] if name == "decisions" else [])]:
            cells = evidence.sheet(name)[column]
            for line in cells.index[cells.str.fullmatch(r"\d{4}(-\d\d){0,2}") & (cells > latest)]:
                yield evidence.problem(name, line, column, "a date in the future", "correct the date")
        if "source_where" in table.columns:
            cells = evidence.sheet(name)["source_where"]
            for line in cells.index[[any(day > latest for day in DAY.findall(cell)) for cell in cells]]:
                yield evidence.problem(name, line, "source_where", "names a date in the future", "correct the date")
