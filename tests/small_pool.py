"""A review of one comparison in memory: only the tables that a pool and its certainty look at."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from review_tools.data.project import MARKER, Project

ROOT = Path(__file__).parents[1]
PROJECT = Project(ROOT)
NAME = "question"
PEOPLE = "people per 1,000"
TABLES = (
    *("comparisons", "outcomes", "outcome_flags", "outcome_sets", "studies", "trials", "risk_of_bias"),
    *("certainty_judgements", "silent_trials", "signatures", "vocabulary"),
)
Row = Mapping[str, object]


def counts(events1: int, n1: int, events2: int, n2: int, **more: object) -> dict[str, object]:
    """One randomised result counted in people."""
    return {"events_arm1": events1, "n_arm1": n1, "events_arm2": events2, "n_arm2": n2} | more


def printed(effect: float, low: float, high: float, measure: str, **more: object) -> dict[str, object]:
    """One printed effect with its interval."""
    figures = {"block": "effect", "effect": effect, "ci_low": low, "ci_high": high, "effect_measure": measure}
    return figures | more


def low_risk(*studies: str, tool: str = "RoB 2", **judgements: str) -> list[Row]:
    """Judgements of whole studies: every domain of RoB 2 low but for those that are named (with _ for spaces)."""
    domains = ("randomisation", "deviations", "missing_data", "measurement", "reported_result")
    if tool == "ROBINS-I":
        domains = ("confounding", "selection", "classification", "departures", *domains[2:])
    return [
        {
            "study_id": study,
            "tool": tool,
            "domain": domain.replace("_", " "),
            "judgement": judgements.get(domain, "low"),
        }
        for study in studies
        for domain in domains
    ]


def work(key: str, title: str = "T", author: str = "Invented, I") -> str:
    """One work as the bibliography writes it."""
    return f"@article{{{key}, title = {{{title}}}, year = {{2020}}, author = {{{author}}}}}\n"


def review(
    *rows: Row,
    measure: str = "RR",
    better: bool = True,
    differences: tuple[object, object, str] = (100, 200, PEOPLE),
    comparison: Row | None = None,
    **tables: Sequence[Row],
) -> Project:
    """Return a review whose comparison ``question`` has these rows, each of a study a, b, c and so on."""
    good = str(better).lower()
    outcomes, studies = [], []
    for name, row in zip("abcdefghij", rows, strict=False):
        whole = {"outcome_id": f"{name}-1", "study_id": name, "design": "randomised", "block": "binary"}
        whole |= {"outcome_set": "set", "contrast": "add-on", "analysis_set": "randomised", "value_basis": "printed"}
        outcomes.append(whole | {"higher_is_better": good, "added_in": "26.2.0"} | dict(row))
        studies.append({"study_id": name, "status": "current", "added_in": "26.2.0"})
    important, large, unit = differences
    declared = {"comparison_id": NAME, "title": "A question", "question": "Does it work?", "disease": "psoriasis"}
    declared |= {"outcome": "response", "outcome_set": "set", "contrast": "add-on", "design": "controlled"}
    declared |= {"measure": measure, "higher_is_better": good, "page": "diseases/others", "added_in": "26.2.0"}
    held: dict[str, Sequence[Row]] = {
        "comparisons": [declared | dict(comparison or {})],
        "outcomes": outcomes,
        "studies": studies,
        "outcome_sets": [
            {
                "outcome_set": "set",
                "disease": "psoriasis",
                "higher_is_better": good,
                "important_difference": important,
                "large_difference": large,
                "unit": unit,
            }
        ],
    }
    files = {f"data/{name}.csv": _csv(name, tables.get(name, held.get(name, ()))) for name in TABLES}
    files["references.bib"] = "".join(work(str(study["study_id"])) for study in studies).encode()
    return Project.of_files(ROOT, files | {MARKER: PROJECT.read(MARKER)})


def _csv(name: str, rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, PROJECT.schema[name].columns, lineterminator="\n")
    table.writeheader()
    table.writerows([{"added_in": "26.2.0"} | dict(row) if "added_in" in table.fieldnames else row for row in rows])
    return text.getvalue().encode("utf-8")
