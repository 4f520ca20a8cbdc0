"""Tables of results: what the comparisons say, what others published, what the claims are worth."""

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project, labels
from review_tools.display import gapmap
from review_tools.display.data_tables import arms, commas, source_links, study_links
from review_tools.display.grid import UNKNOWN, Cell, Grid, grid, lines, links, notes, stacks, tag
from review_tools.display.queries import lists
from review_tools.display.theme import plural
from review_tools.synthesis import claims as ledger
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.claim_tests import Verdict
from review_tools.synthesis.comparisons import Answer

VERDICT = {"holds": "dampens", "holds in part": "mixed", "does not hold": "promotes", "cannot be tested yet": "none"}


def answer(project: Project, comparison_id: str) -> Grid:
    """Show one comparison in words: question, answer, how sure, what would change it."""
    result = comparisons.answer(project, comparison_id)
    declared, pooled = result.comparison, result.pooled
    rows = {"Question": declared["question"], "Answer": words.sentence(result)}
    if pooled is not None and pooled.k > 1:
        ends = [words.figure(end, result.measure) for end in pooled.back_prediction or ()]
        prediction = " to ".join(ends) or "needs three studies or more"
        spread = f"I² {pooled.i2:.0f}%, tau² {pooled.tau2:.3g}, Q {pooled.q:.2f} (p {pooled.q_p:.2g})"
        rows["Heterogeneity"] = f"{spread}; prediction interval: {prediction}"
    rows["Certainty"] = _certainty(project, result)
    rows["What would change it"] = declared["what_would_change_it"]
    return grid({"": rows, "In words": rows.values()}, str(declared["title"]))


def _certainty(project: Project, result: Answer) -> str:
    studies = result.rows["study_id"].drop_duplicates()
    judged = studies.isin(_judgements(project).index).sum()
    risk = f"Risk of bias was judged by others for {judged} of {plural(len(studies), 'study', 'studies')}"
    return f"Not assessed: nobody graded this comparison that we know of. {risk}."


def _judgements(project: Project) -> pd.Series:
    """Return published judgements of each study's risk of bias, as short text."""
    frame = project.table("assessments").dropna(subset=["study_id"])
    frame = frame[frame["about"] == "risk of bias"]
    said = frame["tool"] + ", " + frame["domain"] + ": " + frame["judgement"].fillna(frame["score"].astype(str))
    return said.groupby(frame["study_id"]).agg("; ".join)


def in_the_pool(rows: pd.DataFrame) -> list[Cell]:
    """Return whether each declared row is pooled, and why not."""
    return [tag(f"no: {reason}", "promotes") if reason else tag("yes", "dampens") for reason in rows["reason"]]


def comparison_rows(project: Project, comparison_id: str) -> Grid:
    """Show every row declared for a comparison: pooled, or kept out with the reason."""
    frame = comparisons.answer(project, comparison_id).rows
    basis = frame["value_basis"].map(labels(project, "value basis"))
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), notes(source_links(frame)), notes(basis)),
            "Outcome": stacks(frame["outcome"], notes(frame["time"])),
            "MSC arm": arms(frame, "arm1"),
            "Comparator": arms(frame, "arm2"),
            "In the pool": in_the_pool(frame),
            "Take care": commas(frame["flags"]),
            "Risk of bias": frame["study_id"].map(_judgements(project)).fillna("not assessed"),
        },
        f"{plural(len(frame), 'row')} declared, {(frame['reason'] == '').sum()} used",
        ids="row-" + frame["outcome_id"],
        name="rows",
        filters={
            "In the pool": (frame["reason"] == "").map({True: "yes", False: "no"}),
            "Take care": [flags or "nothing noted" for flags in frame["flags"]],
            "Basis": basis,
        },
    )


def sensitivity(project: Project, comparison_id: str) -> Grid:
    """Show the comparison under other choices of model, interval and rows."""
    choices = comparisons.sensitivity(project, comparison_id)
    results = choices.values()
    return grid(
        {
            "Choice": choices,
            "Studies": [result.k for result in results],
            "Result (95% interval)": [words.interval(result) for result in results],
            "I²": ["–" if result.i2 is None else f"{result.i2:.0f}%" for result in results],
        },
        "How much the choices matter" if choices else "One study or none: there is no choice of model to vary",
    )


def answers(project: Project) -> Grid:
    """Show all comparisons in one line each."""
    page, design = labels(project, "synthesis page"), labels(project, "design")
    frame = project.table("comparisons")
    frame = frame.sort_values("page", key=lambda names: names.map(list(page).index), kind="stable")
    results = [comparisons.answer(project, name) for name in frame["comparison_id"]]
    pages, designs, direction = frame["page"].map(page), frame["design"].map(design), [_direction(r) for r in results]
    return grid(
        {
            "Comparison": stacks(comparison_links(frame), notes(pages, designs)),
            "Studies": [result.k for result in results],
            "People": [result.people for result in results],
            "Result (95% interval)": [_result(result) for result in results],
            "Direction": direction,
            "Certainty": ["not assessed"] * len(frame),
        },
        f"{plural(len(frame), 'comparison')} and what they say",
        name="comparisons",
        filters={"Disease": pages, "Design": designs, "Direction": direction},
    )


def comparison_links(frame: pd.DataFrame, words: str = "title") -> list[Cell]:
    """Return a link to the page of each comparison."""
    return links("site:book/synthesis/" + frame["page"], frame[words])


def _result(result: Answer) -> Cell:
    if not result.k:
        return "nothing can be pooled"
    return lines(words.named_interval(result), "single study, not pooled" if result.k == 1 else "")


def _direction(result: Answer) -> Cell:
    if result.excludes_no_effect is None:
        return "no comparison group" if result.k else UNKNOWN
    if not result.excludes_no_effect:
        return tag("includes no difference", "none")
    return tag("favours MSC", "dampens") if result.favours_msc else tag("favours comparator", "promotes")


def published_pools(project: Project) -> Grid:
    """Show what other meta-analyses printed, as far as their records were read."""
    frame = project.table("published_pools")
    figures = {name: frame[name].map("{:g}".format, na_action="ignore") for name in ("estimate", "ci_low", "ci_high")}
    around = (" (" + figures["ci_low"] + " to " + figures["ci_high"] + ")").fillna("")
    size = stacks(*((f"{name} " + frame[name].astype("string")).fillna("") for name in ("k", "n")))
    return grid(
        {
            "Published by": stacks(
                links("https://doi.org/" + frame["doi"], frame["citation"]),
                notes(source_links(frame)),
                notes(frame["pool_id"]),
            ),
            "Outcome": stacks(frame["outcome"], notes(frame["comparison"]), notes(frame["disease"])),
            "Result (95% interval)": (frame["measure"].fillna("") + " " + figures["estimate"] + around).str.strip(),
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


def claims(project: Project, source: str | None = None) -> Grid:
    """Show the ledger: each claim with the verdict the data give it now."""
    tested = [claim for claim in ledger.verdicts(project) if source is None or claim.row["source"] == source]
    frame = pd.DataFrame([claim.row for claim in tested], columns=project.table("claims").columns)  # also of none
    sources = frame["source"].map(labels(project, "claim source"))
    page = frame["chapter"].str.removesuffix(".md")
    chapter = page.str.removeprefix("book/")
    verdict = [claim.verdict for claim in tested]
    studies = lists(project, "claim_studies", frame["claim_id"], "study_id")
    return grid(
        {
            "Claim": stacks(
                frame["statement"],
                notes(sources, "section " + frame["section"]),
                notes(links("site:" + page, chapter)),
                notes([Markup("_<wbr>").join(name.split("_")) for name in frame["claim_id"]]),
            ),
            "Verdict, because": _verdicts(verdict),
            "Studies": [lines(*study_links(project, names)) for names in studies],
            "Note": frame["note"].fillna(""),
        },
        f"{plural(len(frame), 'claim')}, tested at this build",
        ids="claim-" + frame["claim_id"],
        name="claims",
        filters={"Verdict": [each.word for each in verdict], "Whose": sources, "Told in": chapter},
    )


def _verdicts(verdicts: list[Verdict]) -> list[Cell]:
    return [lines(tag(verdict.word, VERDICT[verdict.word]), verdict.because) for verdict in verdicts]


def update(project: Project) -> Grid:
    """Show each comparison before and after the newest version; those that moved stand first."""
    preceding, this = _versions(project)
    pairs = comparisons.before_and_after(project, preceding)
    pairs.sort(key=lambda pair: words.interval(pair[0].pooled) == words.interval(pair[1].pooled))
    moved = [words.interval(before.pooled) != words.interval(after.pooled) for before, after in pairs]
    studies = project.table("outcomes").set_index("outcome_id")["study_id"]
    new = [sorted(set(after.entered["outcome_id"]) - set(before.entered["outcome_id"])) for before, after in pairs]
    return grid(
        {
            "Comparison": comparison_links(pd.DataFrame([after.comparison for _, after in pairs])),
            f"Before ({preceding})": [f"k {before.k}: {words.interval(before.pooled)}" for before, _ in pairs],
            f"After ({this})": [f"k {after.k}: {words.interval(after.pooled)}" for _, after in pairs],
            "Moved": [tag("yes", "promotes") if yes else "no" for yes in moved],
            "New studies": [lines(*study_links(project, studies.loc[names])) for names in new],
        },
        f"{sum(moved)} of {plural(len(pairs), 'comparison')} moved",
        name="update",
        filters={"Moved": moved},
    )


def update_verdicts(project: Project) -> Grid:
    """Show claims whose verdict is another one with the newest version than without it."""
    preceding, this = _versions(project)
    pairs = zip(ledger.verdicts(project, version=preceding), ledger.verdicts(project), strict=True)
    changed = [(before, after) for before, after in pairs if before.verdict.word != after.verdict.word]
    frame = pd.DataFrame([after.row for _, after in changed], columns=project.table("claims").columns)
    return grid(
        {
            "Claim": links("site:book/synthesis/claims#claim-" + frame["claim_id"], frame["statement"]),
            f"Before ({preceding})": _verdicts([before.verdict for before, _ in changed]),
            f"After ({this})": _verdicts([after.verdict for _, after in changed]),
        },
        f"{plural(len(changed), 'verdict')} changed with version {this}",
    )


def _versions(project: Project) -> tuple[str, str]:
    return str(project.protocol["preceding"]["version"]), str(project.protocol["version"])


def decisions(project: Project) -> Grid:
    """Show regulators' decisions on MSC products."""
    frame = project.table("decisions")
    return grid(
        {
            "Date": frame["date"],
            "Product": stacks(frame["product"], notes(frame["indication"])),
            "Decision": stacks(frame["decision"], notes(frame["agency"]), notes(source_links(frame))),
            "Basis": study_links(project, frame["basis_study_id"]),
            "Note": frame["note"].fillna(""),
        },
        plural(len(frame), "decision"),
        name="decisions",
        filters={"Agency": frame["agency"]},
    )


def gap_rows(project: Project) -> Grid:
    """Show the rows behind the gap map: each finding in cells or animals, each outcome in people."""
    frame = gapmap.evidence(project)
    measured = frame["domain"].map(gapmap.domains(project))
    return grid(
        {
            "Study": study_links(project, frame["study_id"], frame["seed_number"]),
            "Finding or outcome": frame["says"],
            "Disease": frame["disease"],
            "Design": stacks(frame["design"], notes(measured)),
        },
        f"{plural(len(frame), 'row')} behind the maps",
        ids=frame["row"].map(gapmap.anchor),
        name=gapmap.TABLE,
        filters={"Disease": frame["disease"], "Design": frame["design"], "Measured": measured},
    )
