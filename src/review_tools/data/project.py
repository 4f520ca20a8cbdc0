"""The project: one folder with its data, bibliography and chapters, read at most once."""

import os
import re
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd
import yaml  # type: ignore[import-untyped]

from review_tools.data import bibliography, citation, protocol, tables
from review_tools.data.problems import DataError, Problem

MARKER = "data/datapackage.json"
RELEASES = "releases"  # the table of versions, and the folder with a snapshot of each
NUMBER = re.compile(r"\d{2}\.\d+\.\d+")  # of a version: year of the search . change of data . fix
Args = ParamSpec("Args")
Result = TypeVar("Result")


class Project:
    """One state of the review: what was read stays in memory, so that all of it is of one moment.

    After a change, open it again.

    ``with_files`` and ``of_files`` give projects that live in memory in part or as a whole, to check a change before
    it is written or to look at a revision of git. Raises FileNotFoundError if there is no ``data/datapackage.json``.
    """

    def __init__(self, root: Path, contents: Mapping[str, bytes | None] | None = None, *, on_disk: bool = True) -> None:
        self.root = root.resolve()
        self._contents = dict(contents or {})
        self._on_disk = on_disk
        self._results: dict[Any, Any] = {}
        self._texts: dict[str, pd.DataFrame] = {}
        self._tables: dict[str, pd.DataFrame] = {}
        if not self.has(MARKER):
            raise FileNotFoundError(f"{root} holds no {MARKER}. Name the folder that holds data/ and book/.")

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """Open the project of ``start``, of the environment variable ``REVIEW_ROOT``, or around this folder.

        Looks upwards from the current folder, then from the checkout that this package runs from, so that a chapter
        finds its data wherever it is executed. Raises FileNotFoundError if there is none.
        """
        if start is None and (named := os.environ.get("REVIEW_ROOT")):
            start = Path(named)
        if start is not None:
            return cls(start)
        here = Path.cwd()
        for folder in (here, *here.parents, *Path(__file__).resolve().parents):
            if (folder / MARKER).is_file():
                return cls(folder)
        raise FileNotFoundError(f"No {MARKER} in {here} or above it. Run inside the project, or pass its folder.")

    @classmethod
    def of_files(cls, root: Path, contents: Mapping[str, bytes]) -> "Project":
        """Return a project that consists of these files alone; nothing is read from the disk."""
        return cls(root, contents, on_disk=False)

    def with_files(self, contents: Mapping[str, bytes | None]) -> "Project":
        """Return the project with other contents for some files; ``None`` stands for a file that is not there."""
        project = Project(self.root, self._contents | dict(contents), on_disk=self._on_disk)
        # What was read of the other files stays as it is.
        for file, parsed in ((MARKER, "schema"), (bibliography.FILE, "readable_works")):
            if file not in contents and parsed in vars(self):
                vars(project)[parsed] = vars(self)[parsed]
        if MARKER not in contents:
            for mine, its in ((self._texts, project._texts), (self._tables, project._tables)):
                its.update({name: mine[name] for name in mine if self.file_of(name) not in contents})
        return project

    def with_tables(self, frames: Mapping[str, pd.DataFrame]) -> "Project":
        """Return the project with other rows in some tables; their index still gives the line of each row."""
        project = self.with_files({self.file_of(name): tables.csv_bytes(frame) for name, frame in frames.items()})
        project._texts |= frames
        return project

    def read(self, name: str) -> bytes:
        """Return the content of a file, named by its path from the root. Raises FileNotFoundError if it is missing."""
        if name not in self._contents and self._on_disk:
            self._contents[name] = (self.root / name).read_bytes()
        if (content := self._contents.get(name)) is None:
            raise FileNotFoundError(name)
        return content

    def has(self, name: str) -> bool:
        """Say whether there is a file of that name."""
        if name in self._contents:
            return self._contents[name] is not None
        return self._on_disk and (self.root / name).is_file()

    def files(self, folder: str, suffix: str = "") -> list[str]:
        """Return the names of all files below a folder, sorted."""
        names = {name for name in self._contents if name.startswith(f"{folder}/")}
        if self._on_disk:
            paths = (self.root / folder).rglob("*")
            names |= {path.relative_to(self.root).as_posix() for path in paths if path.is_file()}
        return sorted([name for name in names if name.endswith(suffix) and self._contents.get(name, b"") is not None])

    @cached_property
    def schema(self) -> dict[str, tables.Table]:
        """All tables by name, as ``data/datapackage.json`` defines them. Raises DataError if it cannot be read."""
        return tables.parse_schema(self.read(MARKER))

    def text(self, name: str) -> pd.DataFrame:
        """Return a table as text: the index is the line of the file on which each row starts.

        Raises KeyError if there is no such table; DataError if its file is missing, empty, not UTF-8 or not CSV.
        """
        if name not in self._texts:
            file = self.file_of(name)
            self._texts[name] = tables.parse_table(self._held(file), file)
        return self._texts[name].copy(deep=False)  # pandas copies a column when somebody writes to it

    def table(self, name: str) -> pd.DataFrame:
        """Return a table as a typed frame: one row per fact, columns as ``data/datapackage.json`` defines them.

        Text columns are ``str`` (missing: NaN), integers ``Int64``, numbers ``float64``, booleans ``boolean``, dates
        ``datetime64``. Raises what ``text`` raises, and DataError if a value is of the wrong type.
        """
        if name not in self._tables:
            text = self.text(name)
            self._tables[name] = tables.with_types(self.schema[name], text, self.file_of(name))
        return self._tables[name].copy(deep=False)

    def file_of(self, table: str) -> str:
        """Return the name of a table's file. Raises KeyError if there is no such table; the message lists them."""
        if table not in self.schema:
            raise KeyError(f"No table {table!r}; there are {', '.join(self.schema)}.")
        return f"data/{self.schema[table].path}"

    @cached_property
    def readable_works(self) -> tuple[dict[str, bibliography.Reference], list[Problem]]:
        """The works that can be read, by key, and what is wrong with the rest of the bibliography."""
        content = self.read(bibliography.FILE) if self.has(bibliography.FILE) else None
        return bibliography.parse_bibliography(content)

    @property
    def works(self) -> dict[str, bibliography.Reference]:
        """All works by key. Raises DataError if the bibliography is missing or an entry cannot be read."""
        works, problems = self.readable_works
        if problems:
            raise DataError(*problems)
        return works

    @cached_property
    def works_by_doi(self) -> dict[str, str]:
        """The key of each work that has a DOI, by the DOI in small letters."""
        return {work["doi"].casefold(): key for key, work in self.works.items() if work["doi"]}

    @cached_property
    def protocol(self) -> dict[str, Any]:
        """The protocol, complete and of the right form. Raises DataError with every problem it has."""
        return protocol.validated(self.settings(protocol.FILE))

    @cached_property
    def citation(self) -> citation.Citation:
        """How this version is cited. Raises DataError if ``CITATION.cff`` lacks what a citation needs."""
        return citation.from_record(self.settings(citation.FILE), self.site_address)

    @cached_property
    def site_address(self) -> str:
        """Where the site is published, with a slash at its end. Raises DataError if no address is set."""
        address = str((self.settings("_config.yml").get("html") or {}).get("baseurl") or "")
        if not re.fullmatch(r"https?://[^\s\"'<>]+", address):
            why = f"html: baseurl is {address!r}"
            raise DataError(Problem("_config.yml", why, "write the address of the published site"))
        return address.rstrip("/") + "/"

    @cached_property
    def versions(self) -> dict[str, str]:
        """The released versions, the oldest first: number and date (YYYY-MM-DD). Raises what ``table`` raises."""
        rows = self.table(RELEASES)
        return dict(zip(rows["version"], rows["date"].dt.strftime("%Y-%m-%d"), strict=True))

    def settings(self, name: str) -> dict[str, Any]:
        """Return the settings of a YAML file. Raises DataError if it is missing, not YAML, or holds none."""
        content = self._held(name)
        try:
            settings = yaml.safe_load(content.decode("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise DataError(Problem(name, f"not YAML ({' '.join(str(error).split())})", "mend that line")) from error
        if not isinstance(settings, dict):
            raise DataError(Problem(name, "holds no settings", "restore it from git"))
        return settings

    def _held(self, file: str) -> bytes:
        if not self.has(file):
            raise DataError(Problem(file, "the file is missing", "restore it from git"))
        return self.read(file)


def once(function: Callable[Concatenate[Project, Args], Result]) -> Callable[Concatenate[Project, Args], Result]:
    """Work out ``function(project, …)`` once for each project and arguments (hashable); share what it returns.

    A keyword that is None counts as left out.
    """

    @wraps(function)
    def remembered(project: Project, /, *args: Args.args, **named: Args.kwargs) -> Result:
        key = (function, args, tuple(sorted(pair for pair in named.items() if pair[1] is not None)))
        if key not in project._results:
            project._results[key] = function(project, *args, **named)
        result: Result = project._results[key]
        return result

    return remembered


@once
def labels(project: Project, kind: str) -> dict[str, str]:
    """Return each term of one kind of the vocabulary with the label that readers see."""
    terms = project.table("vocabulary")
    terms = terms[terms["kind"] == kind]
    return dict(zip(terms["term"], terms["label"], strict=True))


def order(version: str) -> tuple[int, ...]:
    """Return the number of a version as something that sorts: 26.10.0 is newer than 26.9.0."""
    return tuple(int(part) for part in version.split("."))


def snapshot_file(version: str) -> str:
    """Return where the snapshot of a version lies, from the root of the project."""
    return f"{RELEASES}/{version}.json"
