"""The site as it was in each version: packed once, unpacked under ``v/<version>/`` beside the newest site.

A copy is taken only from the archive whose SHA-256 stands in ``data/release_copies.csv``. All that is changed in it is
said in its pages: a line at the top, the newest page as the canonical one, and that search engines leave it out.
"""

import filecmp
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from markupsafe import Markup, escape

from review_tools.changes.markdown import markdown
from review_tools.changes.snapshot import Snapshot
from review_tools.data import export
from review_tools.data.edit import edit, replace_bytes, sha256
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.versions import COPIES, Version, copies, snapshot_file, versions
from review_tools.site.build import is_current
from review_tools.site.versions import FOLDER, INDEX, since_the_last

LARGEST = 1_000_000_000  # bytes of one unpacked site
SITE = Path("_build") / "html"
# A style of its own: the styles of an old site do not know the line. Dark on light in both modes.
STYLE = "margin:0;padding:.6rem 1rem;background:#ffe9a8;color:#1f2d3d;font:1rem/1.4 sans-serif;text-align:center"
BANNER = Markup('<aside aria-label="Version" style="{}">{} <a style="color:#00457a" href="{}">{}</a></aside>\n')
PLACE = re.compile(r"<(?:header|main)\b")  # after the way past the navigation, which comes first
CANONICAL = re.compile(r'<link rel="canonical"[^>]*>')


def archive_name(number: str) -> str:
    return f"site-{number}.zip"


def pack(project: Project, into: Path) -> list[str]:
    """Packs the built site of the newest version, and adds its SHA-256 to the list of copies.

    Returns:
        The files that are then in the folder: the archive, the snapshot, and what changed, in Markdown.

    Raises:
        DataError: the site is not built from what is here, or the data are not those of the version.
    """
    newest = versions(project)[-1]
    if Snapshot.read(project, newest.number).changed_to(Snapshot.taken(project, newest.number, newest.date, "")):
        raise DataError(f"The data have changed since {newest.number} → check out its tag, v{newest.number}, first.")
    site = project.root / SITE
    if not is_current(project.root):
        raise DataError(f"{SITE} is not built from what is here → run `review build` first.")
    pages = {path.relative_to(site): path for path in site.rglob("*") if path.is_file()}
    own = {name.as_posix(): path.read_bytes() for name, path in pages.items() if not _is_copy(name)}
    content = export.archive(own, newest.number)
    hashed, known = sha256(content), copies(project).get(newest.number)
    if known not in (None, hashed):
        raise DataError(f"data/{COPIES}.csv: another archive of {newest.number} is kept already → it stays as it is.")
    into.mkdir(parents=True, exist_ok=True)
    changes = since_the_last(project, newest.number)
    files = {
        archive_name(newest.number): content,
        f"{newest.number}.json": (project.root / snapshot_file(newest.number)).read_bytes(),
        "notes.md": (markdown(changes) if changes else "The first version.").encode("utf-8"),
    }
    for name, data in files.items():
        replace_bytes(into / name, data)
    if known is None:
        with edit(project.root) as change:
            change.add_row(COPIES, {"version": newest.number, "sha256": hashed})
    return list(files)


def unpack(project: Project, archives: Path) -> list[str]:
    """Unpacks the copies of all versions beside the built site; their numbers. All is looked at before any is written.

    Raises:
        DataError: an archive is missing, unknown, not the one that was kept, or not of the right form; or another copy
            lies in its place. Every problem is named.
    """
    site = project.root / SITE
    if not (site / "index.html").is_file():
        raise DataError(f"There is no site in {SITE} → run `review build` first.")
    known, dates = copies(project), {version.number: version for version in versions(project)}
    wanted = {archive_name(number): number for number in known}
    problems = [
        f"{path.name}: no version of that name is kept → take it out of {archives}, or look at data/{COPIES}.csv."
        for path in sorted(archives.glob("*"))
        if path.name not in wanted
    ]
    with tempfile.TemporaryDirectory(dir=project.root / "_build", prefix="copies-") as name:
        made = {}
        for file, number in wanted.items():
            made[number] = Path(name) / number
            problems += _extract(archives / file, number, known[number], made[number])
            if not problems:
                _mark(made[number], dates[number], versions(project)[-1], site, project.site_address)
                if (site / FOLDER / number).exists() and not _same(made[number], site / FOLDER / number):
                    problems.append(f"{FOLDER}/{number}: another copy lies there → build the site anew.")
        if problems:
            raise DataError("\n".join(problems))
        for number, folder in made.items():
            if not (target := site / FOLDER / number).exists():
                target.parent.mkdir(exist_ok=True)
                folder.rename(target)
    _list(site / f"{INDEX}.html", project.site_address, list(known))
    return list(known)


def _is_copy(name: Path) -> bool:
    return name.parts[0] == FOLDER and len(name.parts) > 2


def _extract(archive: Path, number: str, hashed: str, into: Path) -> list[str]:
    """What is wrong with an archive; when nothing is, its files lie in ``into``."""
    if not archive.is_file():
        return [f"{archive.name}: the archive is missing → fetch it from the release v{number}."]
    if sha256(archive.read_bytes()) != hashed:
        return [f"{archive.name}: not the archive that is kept: its SHA-256 is another one → fetch it anew."]
    try:
        with zipfile.ZipFile(archive) as file:
            wrong = [f"{archive.name}: {why} → do not publish it." for why in _unfit(file.infolist(), number)]
            if not wrong:
                file.extractall(into.parent)
            return wrong
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        return [f"{archive.name}: not a readable archive ({error}) → fetch it anew."]


def _unfit(entries: list[zipfile.ZipInfo], number: str) -> Iterator[str]:
    """Names that leave the folder, links, names that stand twice, and more than a site can hold."""
    for entry in entries:
        path = PurePosixPath(entry.orig_filename)
        if ".." in path.parts or path.parts[:1] != (number,) or re.search(r"[\\\x00:]", entry.orig_filename):
            yield f"the name {entry.orig_filename[:80]!r} leads out of {number}/"
        elif stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG) or entry.is_dir():
            yield f"{entry.orig_filename[:80]!r} is no plain file"
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) < len(names):
        yield "a name stands twice"
    if sum(entry.file_size for entry in entries) > LARGEST:
        yield f"it holds more than {LARGEST // 1_000_000} MB"
    if f"{number}/index.html" not in names:
        yield "it holds no index.html"


def _mark(folder: Path, this: Version, newest: Version, site: Path, address: str) -> None:
    """Says on each page which version it is, and leads to the newest."""
    for path in sorted(folder.rglob("*.html")):
        page = path.relative_to(folder)
        there = page.as_posix() if (site / page).is_file() else "index.html"
        words = "The same page as it is now" if there == page.as_posix() else "The front page as it is now"
        up = Path(os.path.relpath(site, Path(site / FOLDER / this.number / page).parent)).as_posix()
        banner = BANNER.format(STYLE, _says(this, newest), f"{up}/{there}", words)
        path.write_text(marked(path.read_text("utf-8"), str(banner), address + there), "utf-8")


def _says(this: Version, newest: Version) -> str:
    which = f"The newest is {newest.number}." if newest.number != this.number else "It is the newest version."
    return f"This is version {this.number} of {this.date}, kept as it was. {which}"


def marked(text: str, banner: str, canonical: str) -> str:
    """A page with a line at its top, the canonical address, and a word to search engines."""
    head = f'<link rel="canonical" href="{escape(canonical)}">'
    if 'name="robots"' not in text:
        head += '\n<meta name="robots" content="noindex">'
    text = CANONICAL.sub("", text, count=1).replace("</head>", f"{head}\n</head>", 1)
    place = PLACE.search(text)
    if place is None or 'http-equiv="refresh"' in text:  # the way in, which nobody sees
        return text
    return text[: place.start()] + banner + text[place.start() :]


def _same(one: Path, other: Path) -> bool:
    sides = [{path.relative_to(side) for path in side.rglob("*") if path.is_file()} for side in (one, other)]
    return sides[0] == sides[1] and all(filecmp.cmp(one / name, other / name, shallow=False) for name in sides[0])


def _list(index: Path, address: str, numbers: list[str]) -> None:
    """The page of versions leads to the copies beside it, wherever the site lies."""
    if index.is_file():
        text = index.read_text(encoding="utf-8")
        for number in numbers:
            text = text.replace(f'href="{address}{FOLDER}/{number}/', f'href="{number}/')
        replace_bytes(index, text.encode("utf-8"))
