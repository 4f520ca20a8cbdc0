"""Numbers that fit the schema and still look wrong. Each wants another look at the source, and then either the
right number or a flag in ``data/outcome_flags.csv`` that says what the source prints. A flag silences only its kind.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from review_tools.check.engine import Lines, Sheet, table_rule, whole
from review_tools.data.problems import Problem
from review_tools.data.project import Project, once

WORK_OUT = "work the SD out (SE × √n) and say so in not_quoted, or leave the cell empty in a row of block “partial”"
RATIOS = ("RR", "OR", "HR", "rate ratio")
SPREAD, SUM, UNUSUAL = "possible SE as SD", "does not add up", "unusual value"
LARGE = 3.0  # arms this many SDs apart hardly overlap; an SE read as an SD is the commoner reason (metafor, escalc)
OFF_CENTRE = 0.1  # of the interval's width, beyond what rounding explains
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
PEERS = 5  # values of one outcome and unit from which “far outside” means something
FAR = 6.0  # robust standard deviations (MAD × 1.4826; Iglewicz and Hoaglin 1993 take 3.5 for a first look)
SMALL = 0.25  # of the peers' median spread: n = 16 a study makes an SE that small
NO_SD = r"\bS\.?E\.?(?:M\b|M\.)?(?!\w)|(?i:standard error)|\bIQR\b|(?i:quartile)|\bCI\W{1,3}(?=%s\b)"  # beside a mean
SD = re.compile(r"\bSDs?\b|standard deviation", re.IGNORECASE)
UNIT = re.compile(r"(?<=[\d)] )(?:[kmµμunp]?(?:g|mol)|[mµμu]?[lL]|IU|U)\b")  # a unit behind a number
OTHER_UNIT = 10.0  # times the spread of the same outcome elsewhere: days and hours are 24 apart, g and mg 1,000
CHANGE = {"change", "decrease", "increase", "fall", "rise", "in", "of", "end", "value"}
INTERVAL = ("ci_low", "effect", "ci_high")
ARMS = [f"{what}_arm{arm}" for what in ("events", "n", "mean", "sd", "printed_percent") for arm in (1, 2)]


@once
def _figures(project: Project) -> dict[Any, dict[Any, float]]:
    """Return the figures of the outcomes by line, where a single cell is quick to find."""
    outcomes = whole(project, "outcomes")
    return pd.DataFrame({column: outcomes.numbers(column) for column in (*ARMS, *INTERVAL)}).to_dict("index")


def _report(outcomes: Sheet, lines: Lines, column: str, why: str, flag: str, *shown: pd.Series) -> Iterator[Problem]:
    remedy = f"check the source; if it prints this, add the flag “{flag}” with a note to data/outcome_flags.csv"
    lines = lines if isinstance(lines, pd.Series) else outcomes.frame.index.to_series().isin(lines)
    yield from outcomes.report(lines & ~outcomes.flagged(flag), column, why, remedy, *shown)


@table_rule("outcomes")
def effect_against_arms(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a printed effect that is not the one that the arms of the same outcome and time give."""
    same, figures = ["study_id", "outcome", "time", "arm1", "arm2"], _figures(outcomes.project)
    keys = {line: tuple(row[one] for one in same) for line, row in outcomes.rows.items()}
    armed = {key: line for line, key in keys.items() if outcomes.rows[line]["block"] in ("binary", "continuous")}
    for line, row in outcomes.rows.items():
        other, measure = armed.get(keys[line]), row["effect_measure"]
        if other is None or measure not in ("RR", "OR", "RD", "MD"):
            continue
        expected = _from_arms(measure, figures[other])
        low, effect, high = (figures[line][column] for column in INTERVAL)
        # A share of the interval's width: adjusted effects differ a little, wrong ones by more.
        ratio = measure in RATIOS and effect > 0 and expected > 0
        off = abs(np.log(expected) - np.log(effect)) if ratio else abs(expected - effect)
        width = np.log(high) - np.log(low) if measure in RATIOS and low > 0 else high - low
        if off > max(0.25 * width, _half_digit(row["effect"])):
            yield from _report(outcomes, [line], "effect", f"the arms of row {other} give {expected:.3g}", SUM)


@table_rule("outcomes")
def off_centre(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse an estimate that does not lie in the middle of its interval, for ratios on the scale of logarithms."""
    low, effect, high = (outcomes.numbers(column) for column in INTERVAL)
    ratio = outcomes["effect_measure"].isin(RATIOS)
    below = ratio & ((low <= 0) | (effect <= 0) | (high <= 0))
    yield from _report(outcomes, below, "ci_low", "a ratio and its interval lie above zero", SUM)
    slack = pd.concat([outcomes[column].map(_half_digit) for column in INTERVAL], axis=1).max(axis=1)
    slack = slack.where(~ratio, slack / low)
    low, effect, high = (side.where(~ratio, np.log(side.where(side > 0))) for side in (low, effect, high))
    uneven = ((high - effect) - (effect - low)).abs() > OFF_CENTRE * (high - low) + 4 * slack
    uneven &= (outcomes["effect_measure"] != "") & (~ratio | ((low <= effect) & (effect <= high)))
    why = "the interval {} to {} does not lie evenly around the estimate"
    yield from _report(outcomes, uneven, "effect", why, SUM, outcomes["ci_low"], outcomes["ci_high"])


@table_rule("outcomes")
def more_people_than_enrolled(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse arms with more people than the whole study, or than its trial really enrolled."""
    studies, trials = outcomes.of("studies"), outcomes.of("trials")
    study = studies.frame.drop_duplicates("study_id").set_index("study_id")
    trial = trials.frame[trials["enrolment_basis"] == "actual"].drop_duplicates("trial_id").set_index("trial_id")
    enrolled = outcomes["study_id"].map(study["trial_id"]).map(trial["enrolment"])
    both = outcomes.numbers("n_arm1").fillna(0) + outcomes.numbers("n_arm2").fillna(0)
    for most, words in (
        (outcomes["study_id"].map(study["n"]), "the whole study {:g} (data/studies.csv)"),
        (enrolled, "its trial enrolled {:g} (data/trials.csv)"),
    ):
        people, why = pd.to_numeric(most, errors="coerce"), f"the arms hold {{:g}} people, {words}"
        yield from _report(outcomes, both > people, "n_arm1", why, SUM, both, people)


@table_rule("outcomes")
def error_as_deviation(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse SEs as SDs: so called in the words, arms too many SDs apart, or far below the same outcome elsewhere."""
    mean1, mean2, sd1, sd2 = (outcomes.numbers(f"{what}_arm{arm}") for what in ("mean", "sd") for arm in (1, 2))
    apart = (mean1 - mean2).abs() / np.sqrt((sd1**2 + sd2**2) / 2)
    why = "the arms lie {:.1f} SDs apart; an SE given as an SD looks like this"
    yield from _report(outcomes, apart > LARGE, "sd_arm1", why, SPREAD, apart)
    for line in outcomes.frame.index[sd1.notna()]:
        words, spread = outcomes.rows[line]["reported"], outcomes.rows[line]["sd_arm1"]
        other = re.search(NO_SD % re.escape(spread), words)
        if other and spread in words and not SD.search(words):
            why = f"the words say {other[0].strip(' (')}, not SD"
            yield from outcomes.report([line], "sd_arm1", why, WORK_OUT)
    for line, column, value, others in _peers(outcomes, "sd"):
        if value < SMALL * (middle := np.median(others)):
            why = f"far below the spread of the same outcome in other rows (median {middle:.3g})"
            yield from _report(outcomes, [line], column, why, SPREAD)


@table_rule("outcomes")
def no_unit(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a mean without its unit."""
    lines = outcomes.numbers("mean_arm1").notna() & (outcomes["unit"] == "")
    remedy = "write the unit as the source prints it (points, g/24h, days)"
    yield from outcomes.report(lines, "unit", "empty, although the row holds a mean", remedy)


@table_rule("outcomes")
def other_unit(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a unit other than that of the words or of the same outcome elsewhere, and numbers as of another unit."""
    sisters: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for line, row in outcomes.rows.items():
        if row["sd_arm1"] and row["unit"]:
            words = set(re.findall(r"[^\W_]+", row["outcome"].casefold())) - CHANGE
            sisters[row["disease"], *sorted(words)].append(line)
            if row["outcome_set"]:
                sisters[row["outcome_set"],].append(line)
            said = UNIT.findall(row["reported"])
            if said and not set(said) & set(re.split(r"[/ ]", row["unit"])):
                yield from _report(outcomes, [line], "unit", f"the words give {said[0]}", UNUSUAL)
    for lines in sisters.values():
        spreads = {line: _figures(outcomes.project)[line]["sd_arm1"] for line in lines}
        usual = Counter(outcomes.rows[line]["unit"] for line in lines).most_common(1)[0][0]
        middle = sorted(spreads.values())[(len(lines) - 1) // 2]
        for line, spread in spreads.items():
            if outcomes.rows[line]["unit"] != usual:
                yield from _report(outcomes, [line], "unit", f"the same outcome is given in {usual} elsewhere", UNUSUAL)
            elif middle > 0 and (spread > OTHER_UNIT * middle or spread < middle / OTHER_UNIT):
                why = f"{spread / middle:.3g} times the spread of the same outcome elsewhere: another unit?"
                yield from _report(outcomes, [line], "sd_arm1", why, UNUSUAL)


@table_rule("outcomes")
def far_from_peers(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a mean far outside those of the same outcome and unit in other studies: often a factor of ten."""
    for line, column, value, others in _peers(outcomes, "mean"):
        middle = np.median(others)
        spread = 1.4826 * np.median(np.abs(others - middle))
        if spread > 0 and abs(value - middle) / spread > FAR:
            why = f"far outside the same outcome elsewhere (median {middle:.3g}): a slipped point, another unit?"
            yield from _report(outcomes, [line], column, why, UNUSUAL)


@table_rule()
def future_date(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a date or version of the future; what is planned stands in columns of another type."""
    latest = f"{date.today() + timedelta(days=1)}"  # somewhere it is tomorrow already
    for field in whole(sheet.project, sheet.table.name).table.fields:
        cells, remedy = sheet[field.name], "correct the date"
        if field.type == "date" or (sheet.table.name, field.name) == ("decisions", "date"):
            late = cells.str.fullmatch(r"\d{4}(-\d\d){0,2}") & (cells > latest)
            yield from sheet.report(late, field.name, "a date in the future", remedy)
        if field.name == "added_in":
            late = cells.str.fullmatch(r"\d{2}\..*") & (cells.str[:2] > latest[2:4])
            yield from sheet.report(late, field.name, "a version of a coming year", "write the next version")
        if field.name == "source_where":
            late = cells.isin([words for words in cells.unique() if max(DAY.findall(words), default="") > latest])
            yield from sheet.report(late, field.name, "names a date in the future", remedy)


def _peers(outcomes: Sheet, what: str) -> Iterator[tuple[Any, str, float, np.ndarray]]:
    """Yield each value of one kind with the values of the other studies that share outcome and unit."""
    columns, figures, rows = [f"{what}_arm1", f"{what}_arm2"], _figures(outcomes.project), outcomes.rows
    groups: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for line, row in rows.items():
        if not np.isnan(figures[line][columns[0]]):
            groups[row["outcome"], row["unit"]].append(line)
    for line in chain.from_iterable(group for group in groups.values() if 2 * len(group) > PEERS):
        peers = groups[rows[line]["outcome"], rows[line]["unit"]]
        peers = [one for one in peers if rows[one]["study_id"] != rows[line]["study_id"]]
        others = np.array([figures[one][column] for one in peers for column in columns])
        others = others[~np.isnan(others)]
        if len(others) >= PEERS:
            yield from ((line, column, figures[line][column], others) for column in columns)


def _from_arms(measure: str, row: dict[Any, float]) -> float:
    """Return the effect that two arms give; NaN where they cannot."""
    a, n1, c, n2 = (np.float64(row[column]) for column in ("events_arm1", "n_arm1", "events_arm2", "n_arm2"))
    with np.errstate(all="ignore"):
        effect = {
            "RR": (a / n1) / (c / n2),
            "OR": (a / (n1 - a)) / (c / (n2 - c)),
            "RD": 100 * (a / n1 - c / n2),  # percentage points, as the sources print it
            "MD": row["mean_arm1"] - row["mean_arm2"],
        }[measure]
    return float(effect) if np.isfinite(effect) else np.nan


def _half_digit(text: str) -> float:
    """Return half a unit of the last printed digit."""
    return float(0.5 * 10.0 ** -len(text.partition(".")[2]))
