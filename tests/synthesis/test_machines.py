"""Every pooled figure is the same on any processor, so that two builds of one commit are equal byte by byte."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import agreement

from review_tools.data.project import Project
from review_tools.synthesis import comparisons
from review_tools.synthesis.sensitivity import other_choices

ROOT = Path(__file__).resolve().parents[2]

# What an old processor offers to OpenBLAS and numpy; numpy warns of features that it does not know.
OLD = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "AVX2,FMA3,X86_V3,X86_V4,AVX512F,AVX512_SKX"}


def test_an_old_processor_gives_the_same_figures() -> None:
    command = [sys.executable, "-W", "ignore", __file__]
    environment = {**os.environ, **OLD, "PYTHONPATH": str(ROOT / "scripts")}
    old = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(old) > 500
    assert list(pooled_figures()) == old


def pooled_figures() -> Iterator[str]:
    """Every number of every comparison and its sensitivity analyses, and of the reference sets."""
    project = Project(ROOT)
    for name in project.table("comparisons")["comparison_id"]:
        answer = comparisons.answer(project, name)
        if answer.effects is not None:
            yield f"{name}: {answer.effects.effect.tolist()} {answer.effects.intervals()} {answer.pooled}"
        for choice, pooled in other_choices(project, name).items():
            yield f"{name}, {choice}: {pooled} {pooled.figures()}"
    for figure in agreement.compare():
        yield f"{figure.dataset} {figure.model} {figure.name} {figure.ours!r}"


if __name__ == "__main__":
    print(*pooled_figures(), sep="\n")
