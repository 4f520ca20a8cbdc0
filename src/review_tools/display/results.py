"""Tables of what others published, what the claims are worth, and what a version changed."""

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project, labels, order
from review_tools.display.data_tables import comparison_links, source_links, study_link, study_links
from review_tools.display.grid import UNKNOWN, Cell, Grid, grid, lines, links, notes, stacks, tag, tags
from review_tools.display.queries import lists
from review_tools.display.theme import plural
from review_tools.synthesis import claims as ledger
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.claim_tests import Verdict

DECISION_TERMS = {"kind": "body kind", "decision": "decision", "read": "decision source"}  # columns, vocabularies
MOVED = {"yes": "strong", "new": "none", "no": ""}  # how a result moved, and the colour of the word
VERDICT = {"holds": "dampens", "holds in part": "mixed", "does not hold": "strong", "cannot be tested yet": "none"}


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
    """Show each comparison before and after the newest version: those that moved first, then the new ones."""
    preceding, this = _versions(project)
    pairs, declared = comparisons.before_and_after(project, preceding), order(preceding)
    named = [(_moved(*pair, declared), *pair) for pair in pairs]
    named.sort(key=lambda one: list(MOVED).index(one[0]))
    moved, pairs = [word for word, *_ in named], [(before, after) for _, before, after in named]
    old = len(moved) - moved.count("new")
    studies = project.table("outcomes").set_index("outcome_id")["study_id"]
    new = [sorted(set(after.entered["outcome_id"]) - set(before.entered["outcome_id"])) for before, after in pairs]
    return grid(
        {
            "Comparison": comparison_links(pd.DataFrame([after.comparison for _, after in pairs])),
            f"Before ({preceding})": [_short(before) for before, _ in pairs],
            f"After ({this})": [_short(after) for _, after in pairs],
            "Moved": [tag(word, MOVED[word]) if MOVED[word] else word for word in moved],
            "New studies": [lines(*study_links(project, studies.loc[names])) for names in new],
        },
        f"{moved.count('yes')} of {plural(old, 'result')} moved by their data alone, {moved.count('new')} are new",
        name="update",
        filters={"Moved": moved},
    )


def _moved(before: comparisons.Answer, after: comparisons.Answer, preceding: tuple[int, ...]) -> str:
    """Say whether a result moved, was declared since the preceding version, or is as it was."""
    if order(after.comparison["added_in"]) > preceding:
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
            "Claim": links("site:book/synthesis/claims#claim-" + frame["claim_id"], frame["statement"]),
            f"Before ({preceding})": _verdicts([before.verdict for before, _ in changed]),
            f"After ({this})": _verdicts([after.verdict for _, after in changed]),
        },
        f"{plural(len(changed), 'verdict')} changed with version {this}",
    )


def _versions(project: Project) -> tuple[str, str]:
    return str(project.protocol["preceding"]["version"]), str(project.protocol["version"])


def decisions(project: Project, frame: pd.DataFrame | None = None, caption: str = "") -> Grid:
    """Show decisions of regulators, payers and guideline bodies on MSC products, the newest first, or some of them."""
    if frame is None:
        frame = project.table("decisions").sort_values("date", ascending=False, na_position="last", kind="stable")
    terms = {name: frame[name].map(labels(project, kind)) for name, kind in DECISION_TERMS.items()}
    secondary = (terms["read"] + " source").where(frame["read"] == "secondary")
    date = frame["date"].fillna("no date")
    basis = ["" if pd.isna(study) else study_link(project, study) for study in frame["basis_study_id"]]
    return grid(
        {
            "Decision": stacks(tags(terms["decision"], "none"), notes(date, frame["date_note"]), notes(frame["words"])),
            "By": stacks(frame["agency"], notes(source_links(frame), secondary)),
            "Product": stacks(frame["product"], notes(frame["indication"])),
            "Because": stacks(basis, frame["reason"].fillna(frame["basis"]).fillna(""), notes(frame["note"])),
        },
        caption or plural(len(frame), "decision"),
        name="decisions",
        filters={
            "Decision": terms["decision"],
            "Body": terms["kind"],
            "Country": frame["country"],
            "Source": terms["read"],
        },
        tools=False if caption else None,
    )
