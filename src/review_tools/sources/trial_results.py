"""The results in the form of a trial: lines with names, as a reader of a paper would write them, become cells."""

import re

from review_tools.check.quotations import fitting_counts
from review_tools.data.problems import DataError, did_you_mean, same_word, shorten

FIRST, ARMS = "Outcome", {"MSCs": "arm1", "Control": "arm2"}
LINES = {  # the name of a line, and the column that it fills
    FIRST: "outcome",
    "Time": "time",
    **ARMS,
    "Unit": "unit",
    "Higher is": "higher_is_better",
    "Sort": "domain",
    "Counted": "analysis_set",
    "Answers": "outcome_set",
    "Words": "reported",
    "Not in the words": "not_quoted",
    "Place": "source_where",
    "Care": "flag",
}
QUOTED = ("Words", "Not in the words")
BETTER = {"better": "true", "worse": "false", "neither": ""}
NUMBER = r"(-?\d+(?:\.\d+|,\d{1,2})?)"  # 1,234 has two readings, so it has none
TOKENS = {  # beside events of people, or a mean
    "printed_percent": rf"(?<![\d.,]){NUMBER} ?%",
    "n": r"\bn ?[=:]? ?(\d+)\b",
    "sd": rf"(?:\bsd\b|±|\+/?-) ?[=:]? ?{NUMBER}(?![\d.,]*\d)",
}
WAYS = "write 12 of 20, or 5.2, SD 1.3, n 20, or 60%, n 20"
Block = dict[str, str]


def blocks(text: str) -> list[Block]:
    """Return the answers of each result by the name of their line, without those left empty.

    A line without a name goes on with the one above where that quotes or explains.

    Raises:
        DataError: a line stands twice in a block, has a name like one of ours, or stands before the first; all of them.
    """
    found: list[Block] = []
    complaints, name = [], ""
    for line in text.split("\n"):
        said, colon, answer = line.strip("-*> ").partition(":")
        known = same_word(said, LINES) if colon else ""
        near = did_you_mean(said, LINES) if colon and not known else ""
        if not known and (near or not found or name not in QUOTED):
            complaints.append(f"{shorten(line)!r} does not begin with the name of a line → {near or ', '.join(LINES)}")
        elif known:
            name = known
            if name == FIRST:
                found.append({})
            if not found or name in found[-1]:
                complaints.append(f"“{name}” stands twice in a result, or before its “{FIRST}:”.")
            else:
                found[-1][name] = answer.strip('* "“”„')
        else:
            found[-1][name] += f" {line}"
    if complaints:
        raise DataError(*complaints)
    return [filled for block in found if (filled := {name: said for name, said in block.items() if said})]


def cells(block: Block, words: dict[str, Block], single: bool) -> tuple[Block, list[tuple[str, str]]]:
    """Return the cells of one result, and its reasons for care.

    Args:
        words: those that a column accepts, and the term that each stands for; other columns accept any.
        single: there is no second arm.

    Raises:
        DataError: a word is not accepted, or figures cannot be read; all of them.
    """
    complaints = [f"“{name}” is empty." for name in (FIRST, "Time", "Words") if name not in block]
    row, notes = {}, {}
    for name, said in block.items():
        column = LINES[name]
        if column == "flag":
            said, _, notes["flag"] = map(str.strip, said.partition("="))
        if column in words and not (word := same_word(said, words[column])):
            known = ", ".join(dict.fromkeys(map(str.casefold, words[column])))
            near = did_you_mean(said, words[column]) or f"it is one of: {known}"
            complaints.append(f"“{name}”: {shorten(said)!r} is not one of its words; {near}".strip())
        elif name not in ARMS:
            row[column] = words[column][word] if column in words else said
    if single and "Control" in block:
        complaints.append("“Control” is filled, and the form names no control arm.")
    arms = {arm: block.get(name, "") for name, arm in ARMS.items() if not (single and name == "Control")}
    try:
        row |= _figures(arms)
    except DataError as error:
        complaints.append(str(error))
    if complaints:
        raise DataError(*complaints)
    flags = [(row.pop("flag"), notes["flag"])] if notes else []
    if any("±" in said and "sd" not in said.casefold() for said in arms.values()):
        flags.append(("spread not labelled", "The ± is not said to be SD or SE."))
    return row, flags


def _figures(arms: dict[str, str]) -> Block:
    """Return kind, basis and numbers of a result. Raises DataError where they cannot be read."""
    read = {arm: _arm(said) for arm, said in arms.items()}
    kinds = {_kind(figures) for figures in read.values()}
    if len(kinds) > 1:
        raise DataError(f"The two arms are told in two ways: {shorten(' | '.join(arms.values()))!r}; {WAYS}.")
    [kind], basis = kinds, "printed"
    if kind == "percent only" and all("n" in figures for figures in read.values()):
        fits = [fitting_counts(float(one["printed_percent"]), int(one["n"])) for one in read.values()]
        if all(len(fit) == 1 for fit in fits):  # else several counts print as this percentage
            kind, basis = "binary", "derived from percent"
            read = {arm: one | {"events": str(fit[0])} for (arm, one), fit in zip(read.items(), fits, strict=True)}
    alone = "single-arm " if len(arms) == 1 and kind in ("binary", "continuous") else ""
    figures = {f"{what}_{arm}": number for arm, one in read.items() for what, number in one.items()}
    return {"block": f"{alone}{kind}", "value_basis": basis} | figures


def _kind(figures: Block) -> str:
    if "mean" in figures:
        return "continuous" if "n" in figures else "partial"
    return "binary" if "events" in figures else "percent only" if figures else "words only"


def _arm(said: str) -> Block:
    """Return the numbers of one arm by what they are. Raises DataError where one cannot be read."""
    rest, found = said.casefold().replace("−", "-"), {}
    for what, form in TOKENS.items():
        if match := re.search(form, rest):
            found[what], rest = match[1].replace(",", "."), f"{rest[: match.start()]};{rest[match.end() :]}"
    rest = re.sub(r"\bmean\b|[\s;()=:]+|,(?!\d)", " ", rest).strip()
    counts = re.fullmatch(r"(\d+) ?(?:/|of|out of) ?(\d+)", rest)
    if counts and found.keys() <= {"printed_percent"}:
        found |= {"events": counts[1], "n": counts[2]}
    elif re.fullmatch(NUMBER, rest) and "sd" in found and "printed_percent" not in found:
        found["mean"] = rest.replace(",", ".")
    elif rest or (found and found.keys() - {"n"} != {"printed_percent"}):
        why = "a standard error is no SD: SD = SE × √n; " if re.search(r"\bsem?\b", rest) else ""
        raise DataError(f"{shorten(said)!r} cannot be read; {why}{WAYS}.")
    return found
