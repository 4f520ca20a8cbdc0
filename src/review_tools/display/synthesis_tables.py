"""Tables behind the synthesis: declared outcomes, what studies say of them, bias, claims, what a version changed."""

from typing import Any

import pandas as pd
from markupsafe import Markup

from review_tools.check.comparability import ARMS, FORM_OF
from review_tools.check.engine import whole
from review_tools.check.quotations import CHECKED, NOT_CHECKABLE, SKIPPED, sort_of_reason, state, unshown
from review_tools.data.project import Project, labels, order
from review_tools.data.tables import SEPARATOR
from review_tools.display.data_tables import comparison_links, source_links, study_links
from review_tools.display.grid import UNKNOWN, Cell, Grid, Shown, grid, lines, links, note, notes, stacks, tag, tags
from review_tools.display.queries import in_words, lists, with_words
from review_tools.display.theme import plural
from review_tools.synthesis import bias, comparisons, words
from review_tools.synthesis import claims as ledger
from review_tools.synthesis.claim_tests import Verdict

FULL = {"binary", "single-arm binary", "continuous", "single-arm continuous", "effect", "counts"}
NUMBERS, WORDS, ABSENT = "Numbers", "Words, or some numbers", "Not reported in what was read"
LIGHTS = {bias.LOW: "dampens", bias.SOME: "mixed", bias.HIGH: "strong"}
MOVED = {"yes": "strong", "new": "none", "no": ""}  # how a result moved, and the colour of the word
VERDICT = {"holds": "dampens", "holds in part": "mixed", "does not hold": "strong", "cannot be tested yet": "none"}


def outcome_sets(project: Project) -> Grid:
    """Show the outcomes declared for each disease: what counts as each, and which difference matters."""
    frame, terms = with_words(project, "outcome_sets")
    return grid(
        {
            "Outcome": stacks(frame["outcome"], notes(terms["disease"]), notes(frame["outcome_set"])),
            "What counts as it": frame["definition"],
            "Importance": terms["importance"],
            "Difference that matters": [_difference(row) for row in frame.to_dict("records")],
            "Declared on": frame["declared_on"],
        },
        plural(len(frame), "declared outcome"),
        ids="outcome-" + frame["outcome_set"],
        name="outcome-sets",
        filters={"Disease": terms["disease"], "Importance": terms["importance"]},
    )


def _difference(row: dict[Any, Any]) -> Cell:
    if pd.isna(row["important_difference"]):
        return "none declared"
    large = "" if pd.isna(row["large_difference"]) else f"; large: {row['large_difference']:g}"
    return lines(f"{row['important_difference']:g} {row['unit']}{large}", note(row["reason"]))


def extraction(project: Project) -> Shown:
    """Show for each disease, behind its name, what each controlled study says of each declared outcome."""
    held = {FORM_OF.get(disease, disease) for disease in project.table("outcome_sets")["disease"]}
    names = labels(project, "disease").items()
    tables = [(label, reported_outcomes(project, name)) for name, label in names if name in held]
    return Shown(behind=tuple((label, table) for label, table in tables if table.rows))


def reported_outcomes(project: Project, disease: str) -> Grid:
    """Show what each controlled study of a disease says of each declared outcome: numbers, words only, or nothing.

    Forms of the disease count with it (acute and chronic GVHD with GVHD). Only outcomes that are asked of a study's
    people and contrast can be missing in it: a trial of treatment need not report what prevention is judged by.
    """
    diseases = {disease, *(form for form, wider in FORM_OF.items() if wider == disease)}
    sets, rows = (table[table["disease"].isin(diseases)] for table in map(project.table, ("outcome_sets", "outcomes")))
    rows = rows[rows["design"].isin(ARMS)]
    numbers = rows["block"].isin(FULL).groupby([rows["study_id"], rows["outcome_set"]]).any()
    said = numbers.map({True: NUMBERS, False: WORDS}).to_dict()
    named = sets["outcome_set"].isin(rows["outcome_set"])
    outcomes = dict(zip(sets.loc[named, "outcome_set"], sets.loc[named, "outcome"], strict=True))
    asked = project.table("comparisons").dropna(subset=["contrast"])
    asked = asked.assign(contrast=asked["contrast"].str.split(SEPARATOR)).explode("contrast")
    asked["asks"] = list(zip(asked["population"], asked["contrast"], strict=True))
    asked_by_study = rows.merge(asked, on=["outcome_set", "contrast"]).groupby("study_id")["asks"].agg(set)
    asked_by_set = asked.groupby("outcome_set")["asks"].agg(set)

    def told(study: str, name: str) -> str | None:
        """Return how a study tells an outcome; None where it tells nothing, and need not."""
        own, other = asked_by_study.get(study, set()), asked_by_set.get(name, set())
        return said.get((study, name), None if own.isdisjoint(other) and own else ABSENT)

    studies = sorted(rows["study_id"].unique())
    held = {
        how: ["; ".join(words for name, words in outcomes.items() if told(study, name) == how) for study in studies]
        for how in (NUMBERS, WORDS, ABSENT)
    }
    read = project.table("studies").set_index("study_id").loc[studies, "extracted_on"]
    extent = [f"whole, {day:%Y-%m-%d}" if pd.notna(day) else "not whole" for day in read]
    nobody = "; ".join(sets.loc[~named, "outcome"])
    caption = f"{plural(len(studies), 'controlled study', 'controlled studies')}, "
    caption += plural(len(outcomes), "declared outcome") + (f"; reported by none of them: {nobody}" if nobody else "")
    columns = {"Study": stacks(study_links(project, studies), notes(extent)), **held}
    return grid(columns, caption, name="extraction", tools=False)


def quotations(project: Project) -> Grid:
    """Show the outcomes whose numbers the words of their source do not all show, with the reason; count the others."""
    missing = list(unshown(project).values())
    rows = whole(project, "outcomes").rows.values()
    states = pd.Series([state(row, left) for row, left in zip(rows, missing, strict=True)])
    frame = project.table("outcomes").reset_index(drop=True)
    reasons = pd.Series(map(sort_of_reason, missing)).where(states == NOT_CHECKABLE, states)
    frame, reasons = frame[states != CHECKED], reasons[states != CHECKED]
    reading = in_words(project, "outcomes", frame)["read"]
    named = ", ".join(f"{count} {reason}" for reason, count in reasons[reasons != SKIPPED].value_counts().items())
    counts = {one: int((states == one).sum()) for one in (CHECKED, NOT_CHECKABLE, SKIPPED)}
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), notes(frame["outcome_id"])),
            "Outcome": stacks(frame["outcome"], notes(frame["time"])),
            "As reported": stacks(frame["reported"], notes(source_links(frame))),
            "Not checkable, because": stacks(frame["not_quoted"], notes(reasons)),
            "Read": reading,
        },
        f"{plural(len(states), 'outcome')}: {counts[CHECKED]} checked against the words of their source, "
        f"{counts[NOT_CHECKABLE]} not checkable ({named}), {counts[SKIPPED]} skipped",
        name="quotations",
        filters={"Reason": reasons, "Disease": frame["disease"], "Read": reading},
    )


def judgements(project: Project) -> Grid:
    """Show this review's own judgements of risk of bias, one domain of one study a row, each with its reason."""
    frame, terms = with_words(project, "risk_of_bias")
    look = frame["judgement"].map(bias.CLASS).fillna(bias.SOME).map(LIGHTS)
    results = frame["outcome_set"].map(project.table("outcome_sets").set_index("outcome_set")["outcome"])
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), notes(results.fillna("all its results"))),
            "Domain": stacks(terms["domain"], notes(frame["tool"])),
            "Judgement": tags(terms["judgement"], look.mask(frame["judgement"] == "no information", "none")),
            "Because": stacks(frame["reason"], notes(source_links(frame))),
            "By": stacks(frame["judged_by"], notes(frame["judged_on"].dt.strftime("%Y-%m-%d"))),
        },
        plural(len(frame), "judgement"),
        name="judgements",
        filters={"Judgement": terms["judgement"], "Domain": terms["domain"], "Tool": frame["tool"]},
    )


def conflicts(project: Project) -> Grid:
    """Show where two people judged the same domain of the same study differently."""
    frame = bias.conflicts(project)
    return grid(
        {
            "Study": study_links(project, frame["study_id"]),
            "Domain": frame["domain"],
            "Judgement": frame["judgement"],
            "By": frame["judged_by"],
            "Because": frame["reason"],
        },
        f"{plural(len(frame), 'judgement')} in conflict" if len(frame) else "No two people differ in a judgement",
        name="conflicts",
    )


def claims(project: Project, source: str | None = None) -> Grid:
    """Show the ledger: each claim with the verdict the data give it now."""
    tested = [claim for claim in ledger.verdicts(project) if source in (None, claim.row["source"])]
    frame = pd.DataFrame([claim.row for claim in tested], columns=project.table("claims").columns)  # also of none
    sources = in_words(project, "claims", frame)["source"]
    page = frame["chapter"].str.removesuffix(".md")
    chapter = page.str.removeprefix("book/")
    studies = lists(project, "claim_studies", frame["claim_id"], "study_id")
    return grid(
        {
            "Claim": stacks(
                frame["statement"],
                notes(sources, "section " + frame["section"]),
                notes(links("site:" + page, chapter)),
                notes([Markup("_<wbr>").join(name.split("_")) for name in frame["claim_id"]]),
            ),
            "Verdict, because": [_verdict(claim.verdict) for claim in tested],
            "Studies": [lines(*study_links(project, names)) for names in studies],
            "Note": frame["note"].fillna(""),
        },
        f"{plural(len(frame), 'claim')}, tested at this build",
        ids="claim-" + frame["claim_id"],
        name="claims",
        filters={"Verdict": [claim.verdict.word for claim in tested], "Whose": sources, "Told in": chapter},
    )


def claim_links(claims: pd.DataFrame) -> list[Cell]:
    """Return each claim, linked to its row of the ledger."""
    return links("site:book/synthesis/claims#claim-" + claims["claim_id"], claims["statement"])


def _verdict(verdict: Verdict) -> Cell:
    return lines(tag(verdict.word, VERDICT[verdict.word]), verdict.because)


def update(project: Project) -> Grid:
    """Show each comparison before and after the newest version: those that moved first, then the new ones."""
    preceding, this = _versions(project)
    pairs = [(_moved(*pair, preceding), *pair) for pair in comparisons.before_and_after(project, preceding)]
    pairs.sort(key=lambda pair: list(MOVED).index(pair[0]))
    moved = [word for word, _, _ in pairs]
    old = len(moved) - moved.count("new")
    studies = project.table("outcomes").set_index("outcome_id")["study_id"]
    new = [sorted(set(after.entered["outcome_id"]) - set(before.entered["outcome_id"])) for _, before, after in pairs]
    return grid(
        {
            "Comparison": comparison_links(pd.DataFrame([after.comparison for _, _, after in pairs])),
            f"Before ({preceding})": [_short(before) for _, before, _ in pairs],
            f"After ({this})": [_short(after) for _, _, after in pairs],
            "Moved": [tag(word, MOVED[word]) if MOVED[word] else word for word in moved],
            "New studies": [lines(*study_links(project, studies.loc[names])) for names in new],
        },
        f"{moved.count('yes')} of {plural(old, 'result')} moved by their data alone, {moved.count('new')} are new",
        name="update",
        filters={"Moved": moved},
    )


def _moved(before: comparisons.Answer, after: comparisons.Answer, preceding: str) -> str:
    """Say whether a result moved, was declared since the preceding version, or is as it was."""
    if order(after.comparison["added_in"]) > order(preceding):
        return "new"
    return "no" if words.interval(before.pooled) == words.interval(after.pooled) else "yes"


def _short(answer: comparisons.Answer) -> str:
    """Return the number of studies and what they say together; figures that say nothing are left to the data."""
    says_nothing = words.verdict(answer) == words.FAR_TOO_UNCERTAIN
    return f"k {answer.k}: {words.FAR_TOO_UNCERTAIN if says_nothing else words.interval(answer.pooled)}"


def update_verdicts(project: Project) -> Grid:
    """Show claims whose verdict is another one with the newest version than without it."""
    preceding, this = _versions(project)
    pairs = zip(ledger.verdicts(project, version=preceding), ledger.verdicts(project), strict=True)
    changed = [(before, after) for before, after in pairs if before.verdict.word != after.verdict.word]
    frame = pd.DataFrame([after.row for _, after in changed], columns=project.table("claims").columns)
    return grid(
        {
            "Claim": claim_links(frame),
            f"Before ({preceding})": [_verdict(before.verdict) for before, _ in changed],
            f"After ({this})": [_verdict(after.verdict) for _, after in changed],
        },
        f"{plural(len(changed), 'verdict')} changed with version {this}",
    )


def _versions(project: Project) -> tuple[str, str]:
    return str(project.protocol["preceding"]["version"]), str(project.protocol["version"])


def published_pools(project: Project) -> Grid:
    """Show what other meta-analyses printed, as far as their records were read."""
    frame = project.table("published_pools")
    low, high = (frame[end].map("{:g}".format, na_action="ignore") for end in ("ci_low", "ci_high"))
    figures = frame["estimate"].map("{:g}".format, na_action="ignore") + (" (" + low + " to " + high + ")").fillna("")
    size = stacks(*((f"{name} " + frame[name].astype("string")).fillna("") for name in ("k", "n")))
    published = links("https://doi.org/" + frame["doi"], frame["citation"])
    return grid(
        {
            "Published by": stacks(published, notes(source_links(frame)), notes(frame["pool_id"])),
            "Outcome": stacks(frame["outcome"], notes(frame["comparison"]), notes(frame["disease"])),
            "Result (95% interval)": (frame["measure"].fillna("") + " " + figures).str.strip(),
            "Studies, people": [cell or UNKNOWN for cell in size],
            "Take care": frame["care"].fillna(""),
        },
        plural(len(frame), "published pool"),
        ids="pool-" + frame["pool_id"],
        name="pools",
        filters={
            "Disease": frame["disease"],
            "Measure": frame["measure"],
            "Result": frame["estimate"].isna().map({True: "not shown", False: "printed"}),
        },
    )
