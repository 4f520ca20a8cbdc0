"""Rules across cells: what a schema cannot say about trials, outcomes, findings and citations."""

from collections.abc import Iterator

import pandas as pd

from review_tools.check.engine import Evidence, each_of
from review_tools.data.problems import Problem

# Which columns each kind of row must fill. Columns of the other kinds stay empty.
BLOCKS: dict[str, tuple[str, ...]] = {
    "binary": ("events_arm1", "n_arm1", "events_arm2", "n_arm2"),
    "single-arm binary": ("events_arm1", "n_arm1"),
    "continuous": ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2"),
    "single-arm continuous": ("mean_arm1", "sd_arm1", "n_arm1"),
    "effect": ("effect", "effect_measure", "ci_low", "ci_high"),
    "counts": ("count_arm1",),
    "percent only": ("printed_percent_arm1",),
    "partial": (),
}
MAY_ALSO: dict[str, tuple[str, ...]] = {
    "counts": ("count_arm2", "n_arm1", "n_arm2", "events_arm1", "events_arm2"),
    "percent only": ("n_arm1", "n_arm2"),
    "effect": ("n_arm1", "n_arm2"),
}
NUMBERS = sorted({column for block in BLOCKS.values() for column in block} - {"printed_percent_arm1"} | {"count_arm2"})
ALWAYS_ALLOWED = {"printed_percent_arm1", "printed_percent_arm2", "unit"}


def check(evidence: Evidence) -> Iterator[Problem]:
    """All rules across cells."""
    yield from each_of(
        evidence,
        _trial_dates,
        _blocks,
        _arms,
        _places,
        _own_study,
        _intervals,
        _printed_percentages,
        _identified,
        _numbering,
    )


def numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column of text as numbers; what is no number is missing here (the schema check reports it)."""
    return pd.to_numeric(frame[column], errors="coerce")


def _trial_dates(evidence: Evidence) -> Iterator[Problem]:
    trials = evidence.sheet("trials")
    start, end = trials["start_date"], trials["completion_date"]
    for line in trials.index[(start != "") & (end != "")]:
        shorter = min(len(start[line]), len(end[line]))
        if end[line][:shorter] < start[line][:shorter]:
            why = f"completion before the start ({start[line]})"
            yield evidence.problem("trials", line, "completion_date", why, "check both dates in the registry")


def _blocks(evidence: Evidence) -> Iterator[Problem]:
    outcomes = evidence.sheet("outcomes")
    for block, needed in BLOCKS.items():  # a block that is none of these: the vocabulary check reports it
        rows = outcomes[outcomes["block"] == block]
        for column in needed:
            remedy = f"fill it, or choose another block: {block} needs {', '.join(needed)}"
            for line in rows.index[rows[column] == ""]:
                yield evidence.problem("outcomes", line, column, f"empty in a row of block “{block}”", remedy)
        if block == "partial":
            continue
        allowed = {*needed, *MAY_ALSO.get(block, ()), *ALWAYS_ALLOWED}
        for column in NUMBERS:
            if column not in allowed:
                why = f"filled in a row of block “{block}”: a row holds exactly one block of numbers"
                for line in rows.index[rows[column] != ""]:
                    yield evidence.problem("outcomes", line, column, why, "move the number to a row of its own")


def _arms(evidence: Evidence) -> Iterator[Problem]:
    outcomes = evidence.sheet("outcomes")
    for arm in ("arm1", "arm2"):
        events, n, sd = (numbers(outcomes, f"{what}_{arm}") for what in ("events", "n", "sd"))
        for line in outcomes.index[events > n]:
            why = f"more events than people ({n[line]:g})"
            yield evidence.problem("outcomes", line, f"events_{arm}", why, "check both numbers in the source")
        for line in outcomes.index[sd <= 0]:
            remedy = "a standard deviation is above zero; leave it empty when the source does not print it"
            yield evidence.problem("outcomes", line, f"sd_{arm}", "not above zero", remedy)


def _places(evidence: Evidence) -> Iterator[Problem]:
    """A value stands somewhere in its source: that the source was looked up says nothing about the place."""
    for table in filter(evidence.has, ("findings", "outcomes")):
        cells = evidence.sheet(table)["source_where"]
        for line in cells.index[cells.str.match(r"(?:registry )?record\b.*\bseen \d")]:
            why = "says when the record was seen, not where in the source this stands"
            yield evidence.problem(table, line, "source_where", why, "name the abstract, table, figure or page")


def _own_study(evidence: Evidence) -> Iterator[Problem]:
    """The identifier of an outcome begins with its study's, so that one of the two cannot be changed alone."""
    outcomes = evidence.sheet("outcomes")
    stems = pd.Series([one.rpartition("-")[0] for one in outcomes["outcome_id"]], outcomes.index, dtype="str")
    for line in outcomes.index[stems != outcomes["study_id"]]:
        why = f"not the study that {outcomes['outcome_id'][line]} names"
        yield evidence.problem("outcomes", line, "study_id", why, "correct the study or the identifier")


def _intervals(evidence: Evidence) -> Iterator[Problem]:
    for table, column in (("outcomes", "effect"), ("published_pools", "estimate")):
        if not evidence.has(table):
            continue
        sheet = evidence.sheet(table)
        low, estimate, high = (numbers(sheet, one) for one in ("ci_low", column, "ci_high"))
        for line in sheet.index[(estimate < low) | (estimate > high) | (low > high)]:
            why = f"outside its interval {low[line]:g} to {high[line]:g}"
            yield evidence.problem(table, line, column, why, "check estimate and interval in the source")


def _printed_percentages(evidence: Evidence) -> Iterator[Problem]:
    """Counts must fit the printed percentage, unless a flag says that the source itself does not add up."""
    outcomes, flags = evidence.sheet("outcomes"), evidence.sheet("outcome_flags")
    excused = set(flags.loc[flags["flag"].isin(["rounding conflict", "derived with slack"]), "outcome_id"])
    for arm in ("arm1", "arm2"):
        share = 100 * numbers(outcomes, f"events_{arm}") / numbers(outcomes, f"n_{arm}")
        printed = numbers(outcomes, f"printed_percent_{arm}")
        decimals = outcomes[f"printed_percent_{arm}"].str.extract(r"\.(\d+)$")[0].str.len().fillna(0)
        # Half a unit of the last printed digit, and a little for sources that cut instead of round.
        off = (share - printed).abs() > 1.0 * 10.0**-decimals
        for line in outcomes.index[off & ~outcomes["outcome_id"].isin(excused)]:
            why = f"the counts give {share[line]:.1f}%"
            remedy = "check the source; if it prints both, keep both and add the flag “rounding conflict”"
            yield evidence.problem("outcomes", line, f"printed_percent_{arm}", why, remedy)


def _identified(evidence: Evidence) -> Iterator[Problem]:
    citations = evidence.sheet("citations")
    named, unidentified = citations["study_id"] != "", citations["match"] == "unidentified"
    for line in citations.index[named & unidentified]:
        why = "names a study although the match is “unidentified”"
        yield evidence.problem(
            "citations", line, "study_id", why, "set match to exact or probable, or remove the study"
        )
    for line in citations.index[~named & ~unidentified & (citations["match"] != "")]:
        yield evidence.problem(
            "citations", line, "match", "names no study", "name the study, or set match to unidentified"
        )
    studies = dict(zip(citations["seed_number"], citations["study_id"], strict=True))
    for table in filter(evidence.has, ("findings", "corrections")):
        frame = evidence.sheet(table)
        numbered = frame[frame["seed_number"] != ""]
        for line, number, study in zip(numbered.index, numbered["seed_number"], numbered["study_id"], strict=True):
            expected = studies.get(number, study)
            if expected != study:
                why = f"number {number} is {expected or 'unidentified'} in data/citations.csv"
                remedy = "name the same study in both, or leave seed_number empty"
                yield evidence.problem(table, line, "study_id", why, remedy)


def _numbering(evidence: Evidence) -> Iterator[Problem]:
    """The seed's numbers and Table 1 rows are complete: 1, 2, 3 … without a gap."""
    for table, column, length in (("citations", "seed_number", 121), ("trials", "table_1_order", 17)):
        if evidence.has(table):
            held = set(evidence.sheet(table)[column])
            missing = [str(number) for number in range(1, length + 1) if str(number) not in held]
            if missing:
                why = f"the numbers {', '.join(missing)} are missing"
                yield Problem(evidence.file(table), why, "restore their rows", column=column)
