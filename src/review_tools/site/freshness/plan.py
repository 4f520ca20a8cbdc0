"""Which chapters must run, and why."""

from dataclasses import dataclass
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

from review_tools.site import notebooks
from review_tools.site.freshness.inputs import named
from review_tools.site.freshness.store import Record, Store
from review_tools.site.freshness.surroundings import surroundings
from review_tools.site.kernels.jobs import Job, Outcome


@dataclass(frozen=True)
class Chapter:
    """A chapter without a record that holds."""

    job: Job
    code: str
    count: int  # code cells, with those that are not run
    surroundings: dict[str, str]
    why: list[str]

    def record(self, outcome: Outcome, root: Path) -> Record:
        """What is kept of an execution."""
        ran = outcome.cells
        cells = [
            {"execution_count": ran[i].count if i in ran else None, "outputs": ran[i].outputs if i in ran else []}
            for i in range(self.count)
        ]
        files = {named(Path(name), root): value for name, value in outcome.observed.files.items()}
        days = outcome.observed.days
        return Record(self.job.name, self.code, files, days, self.surroundings, cells, round(outcome.seconds, 2))


def chapters(root: Path) -> dict[str, Path]:
    """Every page the table of contents names, by its name."""
    site_map = parse_toc_yaml(root / "_toc.yml")
    names = sorted(str(name) for name in site_map)
    return {name: path for name in names if (path := root / f"{name}.md").is_file()}


def plan(
    root: Path, paths: dict[str, Path], store: Store, timeout: float | None
) -> tuple[dict[str, Chapter], dict[str, Record]]:
    """The chapters to run and the records of the others, by name; pages without code are in neither."""
    stale: dict[str, Chapter] = {}
    fresh: dict[str, Record] = {}
    around = surroundings(root)
    for name, path in paths.items():
        notebook = notebooks.read(path.read_text(encoding="utf-8"), str(path)) if path.suffix == ".md" else None
        if notebook is None:
            continue
        code = notebooks.code_key(notebook)
        record = store.find(code, around)
        if record:
            fresh[name] = record
        else:
            job = notebooks.job(notebook, name, str(path), timeout)
            count = len(notebooks.code_cells(notebook))
            stale[name] = Chapter(job, code, count, around, store.explain(name, code, around))
    return stale, fresh
