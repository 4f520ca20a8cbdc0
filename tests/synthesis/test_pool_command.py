"""``review pool``, as a user runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.synthesis.effects import MEASURES
from review_tools.synthesis.pooling import MODELS, pool
from review_tools.synthesis.rows import effect_sizes, read

COUNTS = "study,events_arm1,n_arm1,events_arm2,n_arm2\nA,4,123,11,139\nB,6,306,29,303\nC,3,231,11,220\nD,0,10,0,11\n"
MEANS = "study,mean_arm1,sd_arm1,n_arm1,mean_arm2,sd_arm2,n_arm2\nA,10,2,20,8,2,20\nB,9,3,30,8,2,28\nC,12,2,15,9,3,15\n"
EFFECTS = "effect,se,ci_low,ci_high\n0.5,0.1,0.3,0.7\n0.9,0.2,1.0,1.3\n"
KEYS = ["k", "estimate", "se", "ci_low", "ci_high", "stat", "p", "tau2", "i2", "q", "q_p", "pi_low", "pi_high"]
KEYS += ["back_estimate", "back_ci_low", "back_ci_high"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def run(file: Path, text: str, measure: str, *options: str) -> Result:
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["pool", str(file), "--measure", measure, *options])


@pytest.mark.parametrize(
    ("text", "measure", "model"),
    [(COUNTS, measure, "REML") for measure in ("RR", "OR", "RD", "PETO", "PLO")]
    + [(MEANS, "MD", "REML"), (MEANS, "SMD", "REML"), (EFFECTS, "GEN", "REML")]
    + [(COUNTS, "RR", model) for model in MODELS],
)
def test_json_holds_the_figures_of_the_pool(file: Path, text: str, measure: str, model: str) -> None:
    done = run(file, text, measure, "--model", model.lower(), "--test", "z", "--json")
    assert done.exit_code == 0
    figures = json.loads(done.stdout)
    assert list(figures) == KEYS
    assert figures == pool(effect_sizes(read(file), measure), model, "z").figures()


def test_the_guard_can_be_lifted(file: Path) -> None:
    free, kept = (json.loads(run(file, COUNTS, "RR", "--json", *more).stdout) for more in (["--no-guard"], []))
    assert free["se"] < kept["se"]


@pytest.mark.parametrize(
    ("text", "measure", "printed", "remarked"),
    [
        (COUNTS, "RR", ["risk ratio, 3 studies: REML, test hksj", "0.2644"], "left out: D: no event in either arm\n"),
        ("effect,se\n0.5,0.1\n", "GEN", ["effect, 1 study: single study, test z", "tau² –"], ""),
        (
            *(EFFECTS, "GEN", ["effect, 2 studies"]),
            "warning: rows.csv, row 3, column effect: '0.9': does not lie in its interval, 1.0 to 1.3 "
            "→ check the three numbers in the source\n",
        ),
    ],
)
def test_the_table_and_what_is_remarked(file: Path, text: str, measure: str, printed: list[str], remarked: str) -> None:
    done = run(file, text, measure)
    assert (done.exit_code, done.stderr) == (0, remarked)
    assert all(part in done.stdout for part in printed)


@pytest.mark.parametrize(
    ("text", "measure", "options", "messages"),
    [
        (
            *(COUNTS.replace("6,306", "six,306").replace("3,231", "300,231"), "RR", []),
            ["rows.csv, row 3, column events_arm1: 'six': not a number", "rows.csv, row 4, column events_arm1: '300'"],
        ),
        (COUNTS.replace("29,303", "29"), "RR", [], ["rows.csv, row 3: 4 cells where the header has 5"]),
        (COUNTS, "XY", [], ["No measure 'XY'; there are RR"]),
        (COUNTS, "RR", ["--model", "XY"], ["No model 'XY'; there are FE"]),
        (COUNTS, "RR", ["--test", "t"], ["No test 't'; there are z, hksj"]),
        ("effect,se\n", "GEN", [], ["There is nothing to pool"]),
        ("", "GEN", [], ["rows.csv: the file is empty"]),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    file: Path, text: str, measure: str, options: list[str], messages: list[str]
) -> None:
    done = run(file, text, measure, *options)
    assert (done.exit_code, done.stdout) == (1, "")
    assert all(message in done.stderr for message in messages)
    assert "Traceback" not in done.output


def test_a_missing_file_is_named(file: Path) -> None:
    done = CliRunner().invoke(app, ["pool", str(file), "--measure", "RR"])
    assert (done.exit_code, "there is no such file" in done.stderr) == (1, True)


def test_the_help_names_every_measure_and_model() -> None:
    text = CliRunner().invoke(app, ["pool", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).stdout
    assert {*MEASURES, *MODELS} <= set(re.findall(r"\w+", text))


def test_the_command_loads_neither_scipy_stats_nor_statsmodels(file: Path) -> None:
    """They would more than double the time to the answer."""
    file.write_text(COUNTS, encoding="utf-8")
    code = (
        "import sys; from typer.testing import CliRunner; from review_tools.cli import app; "
        f"done = CliRunner().invoke(app, ['pool', {str(file)!r}, '--measure', 'RR']); "
        "print(done.exit_code, [name for name in ('scipy.stats', 'statsmodels', 'altair') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"
