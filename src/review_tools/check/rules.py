"""Rules across cells: what a schema cannot say about trials, outcomes, findings, citations and judgements."""

from collections import defaultdict
from collections.abc import Iterator

from review_tools.check.engine import Sheet, table_rule
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
DATE = r"(?:199\d|20\d\d)(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"  # trials of MSCs began in the 1990s
NUMBERED = {"citations": ("seed_number", 121), "trials": ("table_1_order", 17)}  # 1, 2, 3 … without a gap
SOURCE, REGISTRY = "check both numbers in the source", "check both dates in the registry"
BOTH_TOOLS = ("missing data", "measurement", "reported result")
DOMAINS = {
    "RoB 2": ("randomisation", "deviations", *BOTH_TOOLS),
    "ROBINS-I": ("confounding", "selection", "classification", "departures", *BOTH_TOOLS),
}
JUDGEMENTS = {
    "RoB 2": ("low", "some concerns", "high"),
    "ROBINS-I": ("low", "moderate", "serious", "critical", "no information"),
}


@table_rule("trials")
def completion_before_start(trials: Sheet) -> Iterator[Problem]:
    """Refuse a trial that is completed before it starts."""
    start, end = trials["start_date"], trials["completion_date"]
    early = [e[: len(s)] < s[: len(e)] for s, e in zip(start, end, strict=True)]
    yield from trials.report(start.index[early], "completion_date", "completion before the start ({})", REGISTRY, start)


@table_rule("trials")
def impossible_date(trials: Sheet) -> Iterator[Problem]:
    """Refuse a month or day that no calendar has, a trial before the 1990s, and results before the start."""
    for column in ("start_date", "completion_date"):
        wrong = (trials[column] != "") & ~trials[column].str.fullmatch(DATE)
        yield from trials.report(wrong, column, "not a date of a trial of MSCs", "write YYYY, YYYY-MM or YYYY-MM-DD")
    posted, start = trials["results_posted"], trials["start_date"]
    early = (posted != "") & (start != "") & (posted < start)
    yield from trials.report(early, "results_posted", "before the start ({})", REGISTRY, start)


@table_rule("vocabulary")
def term_twice(vocabulary: Sheet) -> Iterator[Problem]:
    """Refuse a term that stands twice, in other letters or with other marks."""
    plain = vocabulary["kind"] + " " + vocabulary["term"].str.casefold().str.replace(r"[\s_-]", "", regex=True)
    for line, first in vocabulary.repeats(plain):
        if vocabulary["term"][line] != vocabulary["term"][first]:
            yield from vocabulary.report([line], "term", f"the same term as row {first}", "keep one of the two")


@table_rule("findings")
def no_source(findings: Sheet) -> Iterator[Problem]:
    """Refuse a finding of no study and of no number of the 2024 review's references."""
    without = (findings["study_id"] == "") & (findings["seed_number"] == "")
    remedy = "name the study; a work that nobody has identified has its seed_number instead"
    yield from findings.report(without, "study_id", "no study, and no number of the 2024 review", remedy)


@table_rule("findings")
def finding_twice(findings: Sheet) -> Iterator[Problem]:
    """Refuse the same statement of the same work in two rows."""
    said = findings["statement"].str.casefold() + findings["study_id"] + "|" + findings["seed_number"]
    for line, first in findings.repeats(said):
        why = f"the same statement of the same work as {findings['finding_id'][first]} (row {first})"
        yield from findings.report([line], "statement", why, "keep one row, or say what tells the two apart")


@table_rule("outcomes")
def incomplete_block(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse an outcome that lacks a number of its kind of result."""
    for block, needed in BLOCKS.items():
        why, rows = f"empty in a row of block “{block}”", outcomes["block"] == block
        for column in needed:
            remedy = f"fill it, or choose another block: {block} needs {', '.join(needed)}"
            yield from outcomes.report(rows & (outcomes[column] == ""), column, why, remedy)


@table_rule("outcomes")
def second_block(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse an outcome with numbers of two kinds of result."""
    for line, row in outcomes.rows.items():
        needed = BLOCKS.get(row["block"]) or NUMBERS  # anything may stand in a partial row
        for column in NUMBERS:
            if row[column] and column not in (*needed, *MAY_ALSO.get(row["block"], ())):
                why = f"filled in a row of block “{row['block']}”: a row holds exactly one block of numbers"
                yield from outcomes.report([line], column, why, "move the number to a row of its own")


@table_rule("outcomes")
def more_events_than_people(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse an arm with more events than people."""
    for arm in ("arm1", "arm2"):
        n, column = outcomes.numbers(f"n_{arm}"), f"events_{arm}"
        yield from outcomes.report(outcomes.numbers(column) > n, column, "more events than people ({:g})", SOURCE, n)


@table_rule("outcomes")
def no_spread(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a standard deviation that is not above zero."""
    remedy = "a standard deviation is above zero; leave it empty when the source does not print it"
    for column in ("sd_arm1", "sd_arm2"):
        yield from outcomes.report(outcomes.numbers(column) <= 0, column, "not above zero", remedy)


@table_rule("findings", "outcomes")
def no_place(rows: Sheet) -> Iterator[Problem]:
    """Refuse a value without a place in its source: that the source was looked up is none."""
    looked_up = rows["source_where"].str.match(r"(?:registry )?record\b.*\bseen \d")
    why = "says when the record was seen, not where in the source this stands"
    yield from rows.report(looked_up, "source_where", why, "name the abstract, table, figure or page")


@table_rule("outcomes")
def other_study(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse an outcome whose identifier begins with another study, so that neither can be changed alone."""
    names, remedy = outcomes["outcome_id"], "correct the study or the identifier"
    other = names.str.extract("(.*)-", expand=False) != outcomes["study_id"]
    yield from outcomes.report(other, "study_id", "not the study that {} names", remedy, names)


@table_rule("outcomes", "published_pools")
def outside_interval(rows: Sheet) -> Iterator[Problem]:
    """Refuse an estimate outside its interval."""
    column = "effect" if rows.table.name == "outcomes" else "estimate"
    low, estimate, high = (rows.numbers(one) for one in ("ci_low", column, "ci_high"))
    outside, remedy = (estimate < low) | (estimate > high) | (low > high), "check estimate and interval in the source"
    yield from rows.report(outside, column, "outside its interval {:g} to {:g}", remedy, low, high)


@table_rule("outcomes")
def wrong_percentage(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse counts that do not fit the percentage printed beside them, unless a flag says that the source is so."""
    excused = outcomes.flagged("rounding conflict", "derived with slack")
    remedy = "check the source; if it prints both, keep both and add the flag “rounding conflict”"
    for arm in ("arm1", "arm2"):
        column = f"printed_percent_{arm}"
        share = 100 * outcomes.numbers(f"events_{arm}") / outcomes.numbers(f"n_{arm}")
        decimals = outcomes[column].str.extract(r"\.(\d+)$")[0].str.len().fillna(0)
        # Half a unit of the last printed digit, and a little for sources that cut instead of round.
        off = (share - outcomes.numbers(column)).abs() > 1.0 * 10.0**-decimals
        yield from outcomes.report(off & ~excused, column, "the counts give {:.1f}%", remedy, share)


@table_rule("citations")
def unidentified_study(citations: Sheet) -> Iterator[Problem]:
    """Refuse a study beside the match “unidentified”."""
    wrong, why = citations["match"] == "unidentified", "names a study although the match is “unidentified”"
    remedy = "set match to exact or probable, or remove the study"
    yield from citations.report(wrong & (citations["study_id"] != ""), "study_id", why, remedy)


@table_rule("citations")
def match_without_study(citations: Sheet) -> Iterator[Problem]:
    """Refuse a match without a study."""
    wrong = (citations["study_id"] == "") & ~citations["match"].isin(["unidentified", ""])
    yield from citations.report(wrong, "match", "names no study", "name the study, or set match to unidentified")


@table_rule("findings", "corrections")
def two_works_for_a_number(rows: Sheet) -> Iterator[Problem]:
    """Refuse another study than the one that the list of citations names for the number."""
    citations = rows.of("citations")
    studies = dict(zip(citations["seed_number"], citations["study_id"], strict=True))
    for line, row in rows.rows.items():
        study = studies.get(row["seed_number"], row["study_id"]) if row["seed_number"] else row["study_id"]
        if study != row["study_id"]:
            why = f"number {row['seed_number']} is {study or 'unidentified'} in data/citations.csv"
            remedy = "name the same study in both, or leave seed_number empty"
            yield from rows.report([line], "study_id", why, remedy)


@table_rule(*NUMBERED)
def missing_number(rows: Sheet) -> Iterator[Problem]:
    """Refuse a gap in the numbers of the 2024 review's references and of the rows of its table."""
    column, length = NUMBERED[rows.table.name]
    missing = [str(number) for number in range(1, length + 1) if str(number) not in rows.lines[column]]
    if missing:
        why = f"the numbers {', '.join(missing)} are missing"
        yield Problem(rows.file, why, "restore their rows", column=column)


@table_rule("risk_of_bias")
def judgement_of_another_tool(risk_of_bias: Sheet) -> Iterator[Problem]:
    """Refuse a domain or a judgement that the tool of its row does not have."""
    for column, of_tool in (("domain", DOMAINS), ("judgement", JUDGEMENTS)):
        for tool, known in of_tool.items():
            wrong, remedy = ~risk_of_bias[column].isin(known), f"correct the tool or the {column}"
            why = f"{tool} has {', '.join(known)}"
            yield from risk_of_bias.report((risk_of_bias["tool"] == tool) & wrong, column, why, remedy)


@table_rule("risk_of_bias")
def domain_not_judged(risk_of_bias: Sheet) -> Iterator[Problem]:
    """Refuse the judgement of a study by one person that leaves out a domain of the tool."""
    by_judge: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for line, row in risk_of_bias.rows.items():
        by_judge[row["study_id"], row["tool"], row["judged_by"]].append(line)
    for (study, tool, who), lines in by_judge.items():
        judged = {row["domain"] for row in map(risk_of_bias.rows.__getitem__, lines) if not row["outcome_set"]}
        if missing := [domain for domain in DOMAINS.get(tool, ()) if domain not in judged]:
            why = f"{who} did not judge {', '.join(missing)} for all results of {study}"
            remedy = "add a row for each, with an empty outcome_set; what was not reported is a judgement too"
            yield from risk_of_bias.report(lines[:1], "domain", why, remedy)
