"""``review screen``: decide about what the searches found."""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from review_tools.cli.app import AsJson, Root, app, open_project, refuse
from review_tools.data.problems import DataError
from review_tools.data.project import Project

if TYPE_CHECKING:
    from review_tools.sources.screening import Queue

KEYS = "i include · e exclude · u unsure · z undo · s skip · q quit"


@app.command()
def screen(
    by: Annotated[str, typer.Option(help="Your name: decisions are written under it.")] = "",
    again: Annotated[str, typer.Option(help="Decide anew about this candidate, for instance after a conflict.")] = "",
    conflicts: Annotated[bool, typer.Option("--conflicts", help="List where people decided differently.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write your queue as a CSV file for a spreadsheet.")] = None,
    take: Annotated[Path | None, typer.Option("--import", help="Take over the decisions of such a file.")] = None,
    simulate: Annotated[Path | None, typer.Option(help="Replay a CSV file of title, abstract, label.")] = None,
    words: Annotated[list[str] | None, typer.Option("--word", help="A keyword to compare with (may repeat).")] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Screen candidates: by keys in the terminal, or through a spreadsheet; the most likely relevant come first."""
    try:
        if simulate is not None:
            _simulate(simulate, words or [], as_json)
            return
        project = open_project(root)
        if conflicts:
            _conflicts(project, as_json)
        elif not by:
            refuse("Say who decides: --by NAME (or --conflicts, or --simulate FILE).")
        elif take is not None:
            from review_tools.sources import spreadsheet

            print(f"{spreadsheet.read(project, take, by)} decisions added to data/screenings.csv.")
        else:
            _queue(project, by, again, export)
    except DataError as error:
        refuse(str(error))


def _queue(project: Project, by: str, again: str, export: Path | None) -> None:
    from review_tools.sources import spreadsheet
    from review_tools.sources.screening import Queue

    queue = Queue(project, by)
    if export is not None:
        print(f"{spreadsheet.write(queue, export)} candidates written to {export}.")
        return
    console, decided = Console(highlight=False), list[str]()
    with _single_keys(), suppress(KeyboardInterrupt):  # Ctrl-C may come at any moment; each decision is saved at once
        _sitting(console, queue, again, decided)
    if not again:
        said = f"{len(decided)} decided in this sitting"
        left = len(queue.left())
        end = f"{said}; {left} left. All is saved." if left else f"Nothing left to screen for {by}. {said}."
        console.print(end, style=None if left else "green")


def _sitting(console: Console, queue: "Queue", again: str, decided: list[str]) -> None:
    """Shows one candidate after another until the queue is empty, the input ends or the person quits."""
    from review_tools.sources.screening import Decision, search_terms

    endings = [re.escape(term).replace(r"\*", r"\w*") for term in search_terms(queue.project)]
    pattern = rf"(?i)\b(?:{'|'.join(sorted(endings, key=len, reverse=True))})s?\b"
    terms = queue.project.table("vocabulary")
    reasons = terms.loc[terms["kind"] == "exclusion reason", "term"].tolist()
    current = again
    while True:
        left = [current] if current else queue.left()
        if not left:
            return
        candidate = left[0]
        _show(console, queue, candidate, pattern, f"{len(queue.left())} left")
        key = _key(console)
        current = candidate if key not in "iuesq" else ""
        if key == "q":
            return
        if key in "iu":
            queue.decide(Decision(candidate, {"i": "include", "u": "unsure"}[key]))
            decided.append(candidate)
        elif key == "e":
            reason = _reason(console, reasons)
            if not reason:
                current = candidate
                continue
            queue.decide(Decision(candidate, "exclude", reason))
            decided.append(candidate)
        elif key == "s":
            queue.skip(candidate)
        elif key == "z":
            undone = queue.undo()
            console.print(f"Taken back: {undone}" if undone else "Nothing to take back.", style="yellow")
            current = undone or candidate
        if again and key in "iue":
            return


def _show(console: Console, queue: "Queue", candidate: str, pattern: str, state: str) -> None:
    row = queue.record(candidate)
    console.print(Rule(f"{candidate} · {state}", align="left"))
    for text, style in ((str(row["title"]), "bold"), (queue.abstracts.get(candidate, ""), "")):
        # A record may hold anything, also what a terminal would obey.
        shown = Text("".join(c if c.isprintable() or c == "\n" else " " for c in text), style=style)
        shown.highlight_regex(pattern, "black on yellow")
        console.print(shown if text else Text("(no abstract on this machine)", "dim"))
    facts = [str(row[name]) for name in ("year", "doi", "pmid", "trial_id", "matched") if not _empty(row[name])]
    console.print(Text(" · ".join("".join(c for c in fact if c.isprintable()) for fact in facts), "dim"))
    console.print(Text(KEYS, "cyan"))


def _key(console: Console) -> str:
    """One of the keys; the end of a piped input quits."""
    while True:
        key = _read()
        if key in tuple("iueszq"):
            return key
        console.print(Text(KEYS, "cyan"))


def _reason(console: Console, reasons: list[str]) -> str:
    """A reason by its number; anything else goes back."""
    console.print(Text("Why? " + " · ".join(f"{n} {reason}" for n, reason in enumerate(reasons, 1)), "cyan"))
    key = _read()
    return reasons[int(key) - 1] if key.isdecimal() and 1 <= int(key) <= len(reasons) else ""


@contextmanager
def _single_keys() -> Iterator[None]:
    """A terminal that hands over each key at once, for the whole sitting, so that no key typed ahead is lost."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _read() -> str:
    """A key press in a terminal; a line's first letter from a pipe. The end of either quits."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.strip().lower()[:1] if line else "q"
    pressed = os.read(sys.stdin.fileno(), 1).decode("ascii", "replace")
    if pressed == "\x1b":  # an arrow or function key: the rest of it is no decision
        os.read(sys.stdin.fileno(), 8)
    return pressed.lower() or "q"


def _empty(value: object) -> bool:
    return value is None or value != value or str(value) in ("", "<NA>")


def _conflicts(project: Project, as_json: bool) -> None:
    from review_tools.sources.screening import conflicts

    found = conflicts(project)
    if as_json:
        print(found.to_json(orient="records", force_ascii=False))
        return
    console = Console(highlight=False)
    if found.empty:
        console.print("No conflicts.", style="green")
    for candidate, rows in found.groupby("candidate_id"):
        console.print(Text(f"{candidate}: {rows['title'].iloc[0]}", "bold"))
        for row in rows.to_dict("records"):
            said = "; ".join(str(row[name]) for name in ("decision", "reason", "note") if row[name])
            console.print(Text(f"  {row['by']}: {said}"))
    if len(found):
        console.print("To decide anew: review screen --by NAME --again CANDIDATE")


def _simulate(file: Path, words: list[str], as_json: bool) -> None:
    from review_tools.sources.simulation import labelled, simulate

    records = labelled(file)
    curves = simulate(records, words=words)
    relevant = int(records["relevant"].sum())
    if as_json:
        figures = {
            curve.order: {"effort": curve.effort.tolist(), "recall": curve.recall.tolist(), "wss95": curve.wss95}
            for curve in curves
        }
        print(json.dumps({"records": len(records), "relevant": relevant, "orders": figures}))
        return
    listing = Table("order", "read 10%", "20%", "30%", "50%", "WSS@95", "from", "to", box=None, header_style="bold")
    listing.title = f"{len(records)} records, {relevant} relevant: recall by share read"
    for curve in curves:
        recall = (f"{100 * curve.recall[at]:.0f}%" for at in (2, 4, 6, 10))
        saved = (f"{100 * one:.0f}%" for one in (curve.wss95, curve.wss95_low, curve.wss95_high))
        listing.add_row(curve.order, *recall, *saved)
    Console(highlight=False).print(listing)
