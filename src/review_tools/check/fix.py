"""`review check --fix`: tables and bibliography are mended where there is one right form, all or nothing."""

import re

from review_tools.check.repair import SORTED, Ask, Fix, form, mended, tidy
from review_tools.data import git
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import Change, edit
from review_tools.data.project import Project
from review_tools.data.tables import Field, csv_bytes

ENTRY = re.compile(r"^@\w+\{.*?^\}\n", re.MULTILINE | re.DOTALL)
ENTRY_FIELD = re.compile(r"(?P<start>\s*(?P<name>\w+)\s*=\s*\{)(?P<value>.*)(?P<end>\},?\s*)")


def fix(project: Project, ask: Ask = lambda *_: None) -> list[Fix]:
    """Mend the tables that can be read and the bibliography; return all that was done. ``ask`` is as in ``mended``."""
    with edit(project.root) as change:
        repairs = [one for one in mended(change.project, change.project.schema, ask) if one.fixes and not one.problems]
        for repair in repairs:
            change.write(change.project.file_of(repair.table.name), csv_bytes(repair.frame))
        return [*(one for repair in repairs for one in repair.fixes), *_bibliography(change)]


def _bibliography(change: Change) -> list[Fix]:
    """Mend ``references.bib`` where a field is one line, as all commands write it; what is laid out freely stays."""
    try:
        text = change.project.read(BIBLIOGRAPHY).decode("utf-8-sig").replace("\r\n", "\n")
    except (FileNotFoundError, UnicodeDecodeError):
        return []
    fixes, lines = list(form(change.project, BIBLIOGRAPHY)), text.split("\n")
    for at, line in enumerate(lines):
        if match := ENTRY_FIELD.fullmatch(line):
            after = tidy(match["value"], Field(match["name"], "string", ""))
            if after != match["value"]:
                fixes.append(Fix(BIBLIOGRAPHY, "field", at + 1, match["name"], match["value"], after))
                lines[at] = f"{match['start']}{after}{match['end']}"
    text, committed = "\n".join(lines), _committed(change.project, BIBLIOGRAPHY).decode("utf-8", "replace")
    if text != (ordered := _by_key(text)) and len(text) == len(ordered) and committed == _by_key(committed) != "":
        fixes.append(Fix(BIBLIOGRAPHY, SORTED))
        text = ordered
    if fixes:
        change.write(BIBLIOGRAPHY, text)
    return fixes


def _by_key(bibliography: str) -> str:
    """Return the entries alone, ordered by key; it is the same text where there is nothing but ordered entries."""
    return "\n".join(sorted(ENTRY.findall(bibliography), key=lambda entry: entry.partition("{")[2].partition(",")[0]))


def _committed(project: Project, file: str) -> bytes:
    """Return the last committed state of a file, empty where there is none."""
    try:
        return git.blobs(project.root, [f"{git.commit(project.root, 'HEAD')}:./{file}"])[0]
    except git.GitError:
        return b""
