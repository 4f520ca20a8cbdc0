"""A book of a few short chapters over the rows of four studies: what takes the whole book a minute takes it seconds."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from review_tools.data.edit import csv_bytes
from review_tools.data.project import Project

STUDIES = ("deng_2017_randomised", "molendijk_2015_allogeneic", "panes_2016_expanded", "raffals_2024_admire")
ROWS = {
    "studies": STUDIES,
    "trials": ("NCT01144962", "NCT01539902", "NCT01541579", "NCT03279081"),
    "comparisons": ("crohns_fistula",),
}
HEAD = (
    "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
    "kernelspec:\n  name: python3\n---\n\n"
)
CITED = "{cite:p}`" + ",".join(STUDIES) + "`"
PAGES = {
    "references": "{count}`citations` numbers.\n\n```{bibliography}\n:all:\n:style: review\n```\n",
    "trials": "{count}`trials` trials.\n\n```{code-cell} ipython3\nimport review_tools as rt\n"
    "rt.charts.trials_by('disease')\n```\n",
    "crohns": CITED
    + "\n\n```{code-cell} ipython3\nimport review_tools as rt\nrt.tables.comparison('crohns_fistula')\n```\n"
    "```{code-cell} ipython3\nrt.tables.notices()\n```\n",
    "outcomes": "{value}`outcomes deng_2017_randomised-1 events_arm1` responded.\n\n"
    "```{code-cell} ipython3\nimport helper\nimport review_tools as rt\nprint(helper.WORD)\n"
    "rt.tables.outcomes(study_id='deng_2017_randomised')\n```\n",
    "alone": "Words.\n\n```{code-cell} ipython3\n6 * 7\n```\n",
}


def make(root: Path, folder: Path, studies: tuple[str, ...] = STUDIES, claims: tuple[str, ...] = ()) -> None:
    """Write the book, with all that a build reads, into a folder; nothing is built."""
    for name in ("data", "book/_static", "releases"):
        shutil.copytree(root / name, folder / name)
    for name in ("references.bib", "_config.yml", "CITATION.cff", "CHANGELOG.md", "requirements.txt"):
        shutil.copy(root / name, folder / name)
    shrink(folder, {"studies": studies, "claims": claims})
    for name, text in PAGES.items():
        (folder / "book" / f"{name}.md").write_text(f"{HEAD}# {name.title()}\n\n{text}", encoding="utf-8")
    (folder / "book" / "helper.py").write_text("WORD = 'first'\n", encoding="utf-8")
    write_toc(folder, list(PAGES))


def write_toc(folder: Path, names: list[str]) -> None:
    rows = "".join(f"  - file: book/{name}\n" for name in names[1:])
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: book/{names[0]}\nchapters:\n{rows}", encoding="utf-8")


def shrink(folder: Path, rows: dict[str, tuple[str, ...]]) -> None:
    """Keep the rows named above, and of the other tables those whose keys still lead somewhere."""
    project = Project(folder)
    tables = {name: project.text(name) for name in project.schema}
    for name, keys in (ROWS | rows).items():
        tables[name] = tables[name][tables[name].iloc[:, 0].isin(keys)]
    sizes: list[int] = []
    while sizes != (sizes := [len(rows) for rows in tables.values()]):
        for name, schema in project.schema.items():
            for key in schema.foreign_keys:
                known = {"", *tables[key.target][key.target_column]}
                tables[name] = tables[name][tables[name][key.column].isin(known)]
    deng = tables["studies"].index[tables["studies"]["study_id"] == STUDIES[0]]
    tables["studies"].loc[deng, "not_compared"] = "Answers a comparison that is left out here."
    for name, table in tables.items():
        (folder / project.file_of(name)).write_bytes(csv_bytes(table))
    entries = re.split(r"^(?=@)", (folder / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE)
    known = "".join(entry for entry in entries if re.match(rf"@\w+\{{({'|'.join(rows['studies'])}),", entry))
    (folder / "references.bib").write_text(known, encoding="utf-8")


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a change of one place of one file of a book."""

    def change(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def append(path: str, text: str) -> Callable[[Path], None]:
    """Return a change that adds text to the end of a file of a book."""
    return lambda folder: (folder / path).write_text((folder / path).read_text("utf-8") + text, "utf-8") and None


def site_of(folder: Path) -> dict[str, bytes]:
    """Return every file of the built site."""
    site = folder / "_build" / "html"
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def ran(folder: Path) -> set[str]:
    """Return the chapters that the last build ran."""
    log = (folder / "_build" / "build.log").read_text(encoding="utf-8")
    return set(re.findall(r"executing\.\.\. \[.*\] book/(\S+)", log))
