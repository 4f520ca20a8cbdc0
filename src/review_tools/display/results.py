"""Tables of results: what the comparisons say, what others published, what the claims are worth."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project
from review_tools.display import gapmap
from review_tools.display.data_tables import numbers, source, study_link
from review_tools.display.grid import UNKNOWN, Cell, Filters, Grid, grid, lines, link, note, show, tag, text
from review_tools.display.queries import chosen, labels
from review_tools.display.theme import plural
from review_tools.synthesis import claims as ledger
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.comparisons import Answer

SEED, FIRST = "26.0.0", "26.1.0"  # the release that holds the seed, and the first update
VERDICT = {"holds": "dampens", "holds in part": "mixed", "does not hold": "promotes", "cannot be tested yet": "none"}
Made = list[tuple[str, Callable[[Any], Cell]]]


def answer(project: Project, comparison_id: str) -> Grid:
    """One comparison in words: question, answer, how sure, what would change it."""
    result = comparisons.answer(project, comparison_id)
    declared, pooled = result.comparison, result.pooled
    rows = [
        ("Question", declared["question"]),
        ("Answer", words.sentence(result)),
        ("Certainty", _certainty(project, result)),
        ("What would change it", declared["what_would_change_it"]),
    ]
    if pooled is not None and pooled.k > 1:
        spread = f"I² {pooled.i2:.0f}%, tau² {pooled.tau2:.3g}, Q {pooled.q:.2f} (p {pooled.q_p:.2g})"
        prediction = "needs three studies or more"
        if pooled.back_pi_low is not None:
            measure = str(declared["measure"])
            prediction = " to ".join(words.figure(b, measure) for b in (pooled.back_pi_low, pooled.back_pi_high))
        rows.insert(2, ("Heterogeneity", f"{spread}; prediction interval: {prediction}"))
    frame = pd.DataFrame(rows, columns=["what", "says"])
    return grid(frame, [("", text("what")), ("In words", text("says"))], str(declared["title"]))


def _certainty(project: Project, result: Answer) -> str:
    judged = _judgements(project)
    known = [study for study in result.rows["study_id"].unique() if study in judged.index]
    studies = plural(result.rows["study_id"].nunique(), "study", "studies")
    risk = f"Risk of bias was judged by others for {len(known)} of {studies}"
    return f"Not assessed: nobody graded this comparison that we know of. {risk}."


def _judgements(project: Project) -> pd.Series:
    """Published judgements of each study's risk of bias, as short text."""
    frame = project.table("assessments").dropna(subset=["study_id"])
    frame = frame[frame["about"] == "risk of bias"]
    said = frame["tool"] + ", " + frame["domain"] + ": " + frame["judgement"].fillna(frame["score"].astype(str))
    return said.groupby(frame["study_id"]).agg("; ".join)


def comparison_rows(project: Project, comparison_id: str) -> Grid:
    """Every row declared for a comparison: pooled, or kept out with the reason."""
    frame = comparisons.answer(project, comparison_id).rows
    judged, bases = _judgements(project), labels(project, "value basis")
    columns: Made = [
        (
            "Study",
            lambda row: lines(
                [study_link(project, row["study_id"]), note(source(row)), note(bases[row["value_basis"]])]
            ),
        ),
        ("Outcome", lambda row: lines([row["outcome"], note(row["time"]), note(row["place"])])),
        ("MSC arm", lambda row: lines([row["arm1"], numbers(row, "arm1")])),
        ("Comparator", lambda row: lines([row["arm2"], numbers(row, "arm2")]) if pd.notna(row["arm2"]) else "none"),
        (
            "In the pool",
            lambda row: tag(f"no: {row['reason']}", "promotes") if row["reason"] else tag("yes", "dampens"),
        ),
        ("Take care", lambda row: ", ".join(row["flags"])),
        ("Risk of bias", lambda row: judged.get(row["study_id"], "not assessed")),
    ]
    inside = int((frame["reason"] == "").sum())
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'row')} declared, {inside} used",
        lambda row: f"row-{row['outcome_id']}",
        name="rows",
        filters={
            "In the pool": lambda row: "no" if row["reason"] else "yes",
            "Take care": lambda row: list(row["flags"]) or ["nothing noted"],
            "Basis": lambda row: bases[row["value_basis"]],
        },
    )


def sensitivity(project: Project, comparison_id: str) -> Grid:
    """The comparison under other choices of model, interval and rows."""
    main = comparisons.answer(project, comparison_id)
    named = (
        [("REML, Hartung-Knapp (used here)", main), *comparisons.sensitivity(project, comparison_id)]
        if main.k > 1
        else []
    )
    frame = pd.DataFrame(
        [(name, result.k, words.interval(result), _i2(result)) for name, result in named],
        columns=["choice", "k", "says", "i2"],
    )
    columns: Made = [
        ("Choice", text("choice")),
        ("Studies", text("k")),
        ("Result (95% interval)", text("says")),
        ("I²", text("i2")),
    ]
    caption = "How much the choices matter" if named else "One study or none: there is no choice of model to vary"
    return grid(frame, columns, caption)


def _i2(result: Answer) -> str:
    return f"{result.pooled.i2:.0f}%" if result.pooled and result.pooled.i2 is not None else "–"


def answers(project: Project, page: str | None = None) -> Grid:
    """All comparisons, or those of one page, in one line each."""
    pages, designs = labels(project, "synthesis page"), labels(project, "design")
    declared = chosen(project, "comparisons", page=page)
    declared = declared.sort_values("page", key=lambda names: names.map(list(pages).index), kind="stable")
    found = {name: comparisons.answer(project, name) for name in declared["comparison_id"]}

    def comparison(row: pd.Series) -> Cell:
        title = link(f"site:book/synthesis/{row['page']}", row["title"])
        return lines([title, note(pages[row["page"]], designs[row["design"]])])

    columns: Made = [
        ("Comparison", comparison),
        ("Studies", lambda row: str(found[row["comparison_id"]].k)),
        ("People", lambda row: str(found[row["comparison_id"]].people)),
        ("Result (95% interval)", lambda row: _result(found[row["comparison_id"]])),
        ("Direction", lambda row: _direction(found[row["comparison_id"]])),
        ("Certainty", lambda row: "not assessed"),
    ]
    return grid(
        declared,
        columns,
        f"{plural(len(declared), 'comparison')} and what they say",
        name="comparisons",
        filters={
            "Disease": lambda row: pages[row["page"]],
            "Design": lambda row: designs[row["design"]],
            "Direction": lambda row: _direction(found[row["comparison_id"]]),
        },
    )


def _result(result: Answer) -> Cell:
    measure = str(result.comparison["measure"])
    name = words.RATIO.get(measure, "")
    return (
        lines([f"{name} {words.interval(result)}".strip(), "single study, not pooled" if result.k == 1 else ""])
        if result.k
        else "nothing can be pooled"
    )


def _direction(result: Answer) -> Cell:
    if result.excludes_no_effect is None:
        return "no comparison group" if result.k else UNKNOWN
    if not result.excludes_no_effect:
        return tag("includes no difference", "none")
    return tag("favours MSC", "dampens") if result.favours_msc else tag("favours comparator", "promotes")


def published_pools(project: Project, disease: str | None = None) -> Grid:
    """What other meta-analyses printed, as far as their records were read."""
    frame = chosen(project, "published_pools", disease=disease)
    columns: Made = [
        (
            "Published by",
            lambda row: lines(
                [
                    link(f"https://doi.org/{row['doi']}" if pd.notna(row["doi"]) else None, row["citation"]),
                    note(source(row)),
                    note(row["pool_id"]),
                ]
            ),
        ),
        ("Outcome", lambda row: lines([row["outcome"], note(row["comparison"]), note(row["disease"])])),
        ("Result (95% interval)", _published),
        (
            "Studies, people",
            lambda row: (
                lines([f"k {row['k']}" if pd.notna(row["k"]) else "", f"n {row['n']}" if pd.notna(row["n"]) else ""])
                or UNKNOWN
            ),
        ),
        ("Take care", lambda row: row["care"] if pd.notna(row["care"]) else ""),
    ]
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'published pool')}",
        lambda row: f"pool-{row['pool_id']}",
        name="pools",
        filters={
            "Disease": "disease",
            "Measure": "measure",
            "Result": lambda row: "not shown" if pd.isna(row["estimate"]) else "printed",
        },
    )


def _published(row: pd.Series) -> Cell:
    if pd.isna(row["estimate"]):
        return UNKNOWN
    around = (
        f" ({row['ci_low']:g} to {row['ci_high']:g})" if pd.notna(row["ci_low"]) and pd.notna(row["ci_high"]) else ""
    )
    return f"{row['measure']} {row['estimate']:g}{around}"


def claims(project: Project, source: str | None = None) -> Grid:
    """The ledger: each claim with the verdict the data give it now."""
    tested = [claim for claim in ledger.verdicts(project) if source is None or claim.row["source"] == source]
    frame = pd.DataFrame([claim.row for claim in tested]).reset_index(drop=True)
    found = {claim.row["claim_id"]: claim.verdict for claim in tested}
    studies = project.table("claim_studies").groupby("claim_id")["study_id"].agg(list)
    sources = labels(project, "claim source")

    def chapter(row: pd.Series) -> str:
        return str(row["chapter"]).removeprefix("book/").removesuffix(".md")

    def claim(row: pd.Series) -> Cell:
        told = link(f"site:{row['chapter'].removesuffix('.md')}", chapter(row))
        whose = note(sources[row["source"]], f"section {row['section']}")
        return lines([row["statement"], whose, note(told), note(Markup("_<wbr>").join(row["claim_id"].split("_")))])

    def verdict(row: pd.Series) -> Cell:
        known = found[row["claim_id"]]
        return lines([tag(known.word, VERDICT[known.word]), known.because])

    columns: Made = [
        ("Claim", claim),
        ("Verdict, because", verdict),
        ("Studies", lambda row: lines(study_link(project, study) for study in studies.get(row["claim_id"], []))),
        ("Note", lambda row: row["note"] if pd.notna(row["note"]) else ""),
    ]
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'claim')}, tested at this build",
        lambda row: f"claim-{row['claim_id']}",
        name="claims",
        filters={
            "Verdict": lambda row: found[row["claim_id"]].word,
            "Whose": lambda row: sources[row["source"]],
            "Told in": chapter,
        },
    )


def update(project: Project) -> Grid:
    """Each comparison before and after the first update; those that moved stand first."""
    pairs = comparisons.before_and_after(project, SEED)
    rows = [(before, after, words.interval(before) != words.interval(after)) for before, after in pairs]
    frame = pd.DataFrame(
        [
            {
                "title": after.comparison["title"],
                "page": after.comparison["page"],
                "before": f"k {before.k}: {words.interval(before)}",
                "after": f"k {after.k}: {words.interval(after)}",
                "new": sorted(set(after.entered["outcome_id"]) - set(before.entered["outcome_id"])),
                "moved": moved,
            }
            for before, after, moved in rows
        ]
    ).sort_values("moved", ascending=False, kind="stable")
    known = project.table("outcomes").set_index("outcome_id")["study_id"]
    columns: Made = [
        ("Comparison", lambda row: link(f"site:book/synthesis/{row['page']}", row["title"])),
        (f"Before ({SEED})", text("before")),
        (f"After ({FIRST})", text("after")),
        ("Moved", lambda row: tag("yes", "promotes") if row["moved"] else "no"),
        ("New studies", lambda row: lines(study_link(project, known[outcome]) for outcome in row["new"])),
    ]
    caption = f"{int(frame['moved'].sum())} of {plural(len(frame), 'comparison')} moved"
    moved: Filters = {"Moved": lambda row: "yes" if row["moved"] else "no"}
    return grid(frame, columns, caption, name="update", filters=moved)


def update_verdicts(project: Project) -> Grid:
    """Claims whose verdict is another one with the first update than without it."""
    before = {claim.row["claim_id"]: claim.verdict for claim in ledger.verdicts(project, version=SEED)}
    changed = [claim for claim in ledger.verdicts(project) if before[claim.row["claim_id"]].word != claim.verdict.word]
    frame = pd.DataFrame(
        [
            {
                "claim_id": c.row["claim_id"],
                "statement": c.row["statement"],
                "before": before[c.row["claim_id"]],
                "after": c.verdict,
            }
            for c in changed
        ],
        columns=["claim_id", "statement", "before", "after"],
    )
    columns: Made = [
        ("Claim", lambda row: link(f"site:book/synthesis/claims#claim-{row['claim_id']}", row["statement"])),
        (
            f"Before ({SEED})",
            lambda row: lines([tag(row["before"].word, VERDICT[row["before"].word]), row["before"].because]),
        ),
        (
            f"After ({FIRST})",
            lambda row: lines([tag(row["after"].word, VERDICT[row["after"].word]), row["after"].because]),
        ),
    ]
    return grid(frame, columns, f"{plural(len(frame), 'verdict')} changed with the first update")


def decisions(project: Project) -> Grid:
    """Regulators' decisions on MSC products."""
    frame = chosen(project, "decisions")
    columns: Made = [
        ("Date", text("date")),
        ("Product", lambda row: lines([show(row["product"]), note(show(row["indication"]))])),
        ("Decision", lambda row: lines([show(row["decision"]), note(show(row["agency"])), note(source(row))])),
        ("Basis", lambda row: study_link(project, row["basis_study_id"])),
        ("Note", lambda row: row["note"] if pd.notna(row["note"]) else ""),
    ]
    return grid(frame, columns, plural(len(frame), "decision"), name="decisions", filters={"Agency": "agency"})


def gap_rows(project: Project) -> Grid:
    """The rows behind the gap map: each finding in cells or animals, each outcome in people."""
    frame = gapmap.evidence(project)
    measured = gapmap.domains(project)
    columns: Made = [
        ("Study", lambda row: study_link(project, row["study_id"], row["seed_number"])),
        ("Finding or outcome", text("says")),
        ("Disease", text("disease")),
        ("Design", lambda row: lines([row["design"], note(measured[row["domain"]])])),
    ]
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'row')} behind the maps",
        lambda row: gapmap.anchor(row["row"]),
        name=gapmap.TABLE,
        filters={
            "Disease": "disease",
            "Design": "design",
            "Measured": lambda row: measured[row["domain"]],
        },
    )
