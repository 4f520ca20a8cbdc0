"""Tests of claims about counts: of people in the arms of a study, and of rows."""

from review_tools.synthesis.claim_base import (
    FAILS,
    HOLDS,
    OPEN,
    PARTLY,
    Claim,
    OpenError,
    Verdict,
    decided,
    includes_no_difference,
    share,
    test,
)

# Counts of people in the arms of one outcome or study


@test
def percentage_arm1(claim: Claim) -> Verdict:
    """The MSC arm's percentage, recomputed from its counts, is the one stated (to the rounding)."""
    return _percentage(claim, "arm1")


@test
def percentage_arm2(claim: Claim) -> Verdict:
    """The comparator's percentage, recomputed from its counts, is the one stated (to the rounding)."""
    return _percentage(claim, "arm2")


def _percentage(claim: Claim, arm: str) -> Verdict:
    row = claim.outcome(f"events_{arm}", f"n_{arm}", otherwise="the counts are not printed")
    events, n = row[f"events_{arm}"], row[f"n_{arm}"]
    share = 100 * events / n
    return decided(abs(share - claim.figure) <= 0.5, f"{events}/{n} = {share:.1f}%")


@test
def better_in_msc_arm(claim: Claim) -> Verdict:
    """The MSC arm's share of people with the event is on the better side of the comparator's."""
    row = claim.outcome("events_arm1", "events_arm2", otherwise="counts of both arms are not printed")
    one, two = row["events_arm1"] / row["n_arm1"], row["events_arm2"] / row["n_arm2"]
    better = one > two if row["higher_is_better"] else one < two
    return decided(bool(better), f"{row['events_arm1']}/{row['n_arm1']} against {row['events_arm2']}/{row['n_arm2']}")


@test
def nobody_in_msc_arm(claim: Claim) -> Verdict:
    """No event in the MSC arm."""
    row = claim.outcome(otherwise="not in the data of this version")
    counts = row[["events_arm1", "count_arm1"]].dropna()
    if counts.empty:
        return Verdict(OPEN, "the MSC arm's count is not printed")
    return decided(counts.iloc[0] == 0, f"{counts.iloc[0]} in the MSC arm")


@test
def counts_add_up(claim: Claim) -> Verdict:
    """The people or events counted in the two arms add up to the number stated."""
    unknown = "counts of both arms are not printed"
    row = claim.outcome(otherwise=unknown)
    kind = "events" if row[["events_arm1", "events_arm2"]].notna().all() else "count"
    row = claim.outcome(f"{kind}_arm1", f"{kind}_arm2", otherwise=unknown)
    one, two = row[f"{kind}_arm1"], row[f"{kind}_arm2"]
    return decided(bool(one + two == claim.figure), f"{one} + {two} = {one + two}")


@test
def shown_against_control(claim: Claim) -> Verdict:
    """Every count a study prints for two arms is better in the MSC arm: in part where half of them are.

    Fewer settle nothing, and a study without a control cannot show it.
    """
    rows = claim.rows(f"outcomes study_id={claim.subject}")
    both = rows[rows["block"] == "binary"]
    if claim.subject not in set(claim.project.table("studies")["study_id"]):
        raise KeyError(f"no study {claim.subject!r}")
    if both.empty:
        return Verdict(OPEN, f"{len(rows)} outcomes, none with counts of a control group")
    more = both["events_arm1"] / both["n_arm1"] - both["events_arm2"] / both["n_arm2"]
    better = int((more.where(both["higher_is_better"], -more) > 0).sum())
    shown = share(better, len(both), f"{better} of {len(both)} counts are better in the MSC arm")
    return Verdict(OPEN if shown.word == FAILS else shown.word, shown.because)


@test
def registered_trials_show_safety_and_efficacy(claim: Claim) -> Verdict:
    """Every trial of Table 1 has reported an outcome here that favours MSCs, and none that does not."""
    trials = claim.table("trials").dropna(subset=["table_1_order"])
    studies, outcomes = claim.table("studies"), claim.table("outcomes")
    reported = studies[studies["trial_id"].isin(trials["trial_id"]) & studies["study_id"].isin(outcomes["study_id"])]
    with_results = reported["trial_id"].nunique()
    rows = outcomes[outcomes["study_id"].isin(reported["study_id"])]
    null = rows[rows["ci_low"].notna() & includes_no_difference(rows)]
    because = (
        f"{with_results} of {len(trials)} trials have an outcome here; "
        f"{len(null)} printed effects include no difference"
    )
    if with_results == len(trials) and null.empty:
        return Verdict(HOLDS, because)
    return Verdict(FAILS if not null.empty else OPEN, because)


# Numbers of rows, and what the 2024 review says of its references


@test
def every_row(claim: Claim) -> Verdict:
    """Every row that meets the first conditions of the subject meets its last one too."""
    every, meeting = _last_condition(claim)
    return share(meeting, every, f"{meeting} of {every}")


@test
def most_rows(claim: Claim) -> Verdict:
    """More than half of the rows that meet the first conditions of the subject meet its last one too."""
    every, meeting = _last_condition(claim)
    return decided(2 * meeting > every, f"{meeting} of {every}")


def _last_condition(claim: Claim) -> tuple[int, int]:
    """Return how many rows there are without and with the last condition of the subject."""
    base, _, _ = claim.subject.rpartition("; " if "; " in claim.subject else " ")
    every = len(claim.rows(base))
    if not every:
        raise OpenError("there is no such row")
    return every, len(claim.rows())


@test
def no_rows(claim: Claim) -> Verdict:
    """There is no such row."""
    number = len(claim.rows())
    return decided(number == 0, f"{number} rows")


@test
def more_rows(claim: Claim) -> Verdict:
    """Of two sets of rows, named with “and”, the first is the larger one."""
    one, two = (len(claim.rows(subject)) for subject in claim.subject.split(" and "))
    return decided(one > two, f"{one} against {two}")


@test
def source_agrees(claim: Claim) -> Verdict:
    """A reference agrees with what the 2024 review says of it in a section (``114 4.3``), in part but for wording."""
    number, _, section = claim.subject.partition(" ")
    tables = (claim.project.table(name) for name in ("citations", "citation_places", "corrections"))
    cited, *rows = (table[table["seed_number"].astype(str) == number] for table in tables)
    places, differences = (table[table["section"] == section] for table in rows)
    if places.empty and differences.empty:
        raise KeyError(f"the 2024 review does not cite {number!r} in section {section!r}")
    if (cited["match"] == "unidentified").any():
        return Verdict(OPEN, f"reference {number} of the 2024 review is not identified")
    findings = claim.project.table("findings")
    told = findings.loc[(findings["seed_number"].astype(str) == number) & (findings["section"] == section), "basis"]
    if len(told) and (told == "seed only").all():
        return Verdict(OPEN, f"what reference {number} found lies beyond the part of it that was read")
    kinds = sorted(set(differences["kind"]))
    word = HOLDS if not kinds else PARTLY if set(kinds) <= {"omitted", "wording"} else FAILS
    return Verdict(word, f"differences on record: {', '.join(kinds) or 'none'}")
