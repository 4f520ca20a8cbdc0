"""Compute every pooled result of the review again with metafor, from the rows that enter it.

``python scripts/agreement_metafor.py`` needs R with the package metafor (Debian: r-cran-metafor); no user needs either.
It ends with 1 where a figure that the site prints differs.
"""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from review_tools.data.project import Project
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.comparisons import EFFECT, Answer

# Half an event is added as this review does: only where a ratio cannot be computed without it.
PROGRAM = r"""
suppressPackageStartupMessages(library(metafor))
sized <- function(d) {  # one row
  m <- d$measure
  if (!is.na(d$effect)) {
    f <- if (m %in% c("MD", "SMD", "RD")) identity else log
    return(c(f(d$effect), ((f(d$ci_high) - f(d$ci_low)) / (2 * qnorm(.975)))^2))
  }
  a <- d$events_arm1; n <- d$n_arm1; c <- d$events_arm2; k <- d$n_arm2
  if (!is.na(d$sd_arm1)) {
    r <- escalc(measure = m, m1i = d$mean_arm1, sd1i = d$sd_arm1, n1i = n, m2i = d$mean_arm2, sd2i = d$sd_arm2, n2i = k)
  } else if (!is.na(k)) {
    zero <- switch(m, RR = a * c == 0, OR = a * c * (n - a) * (k - c) == 0, RD = a * (n - a) + c * (k - c) == 0, FALSE)
    r <- escalc(measure = m, ai = a, n1i = n, ci = c, n2i = k, add = if (zero) .5 else 0, to = "all")
    if (m == "RD") r$yi <- a / n - c / k
  } else {
    r <- escalc(measure = m, xi = a, ni = n, add = if (a == 0 | a == n) .5 else 0, to = "all")
  }
  c(as.numeric(r$yi), as.numeric(r$vi))
}
rows <- read.csv(commandArgs(TRUE)[1])
for (d in split(rows, factor(rows$comparison, unique(rows$comparison)))) {
  s <- sapply(seq_len(nrow(d)), function(i) sized(d[i, ])); k <- ncol(s)
  fit <- rma(s[1, ], s[2, ], method = if (k > 1) "REML" else "FE", test = if (k > 2) "adhoc" else "z",
             control = list(threshold = 1e-12, maxiter = 10000))
  cat(d$comparison[1], format(c(as.numeric(fit$beta), fit$ci.lb, fit$ci.ub), digits = 15), "\n", sep = " ")
}
"""
COLUMNS = [*("events_arm1", "n_arm1", "events_arm2", "n_arm2", "mean_arm1", "sd_arm1", "mean_arm2", "sd_arm2")]
COLUMNS += ["effect", "ci_low", "ci_high"]


def asked(name: str, answer: Answer) -> pd.DataFrame:
    """Return the numbers of the rows that enter; a printed effect only where it is what enters."""
    rows = answer.entered[COLUMNS].astype(float)
    rows.loc[(answer.entered["block"] != EFFECT).to_numpy(), ["effect", "ci_low", "ci_high"]] = float("nan")
    rows.insert(0, "measure", answer.measure.name)
    rows.insert(0, "comparison", name)
    return rows


def _alike(answer: Answer, figures: list[float]) -> bool:
    """Say whether figures that are printed differently lie on both sides of a rounding edge, and not apart."""
    assert answer.pooled is not None  # noqa: S101 (``main`` looks)
    return all(
        math.isclose(ours, theirs, rel_tol=1e-8) for ours, theirs in zip(answer.pooled.back, figures, strict=True)
    )


def main() -> int:
    """Print each result beside metafor's; return 1 where they differ."""
    project = Project.find()
    names = project.table("comparisons")["comparison_id"]
    answers = {name: answer for name in names if (answer := comparisons.answer(project, name)).pooled is not None}
    with tempfile.TemporaryDirectory() as folder:
        program, table = Path(folder) / "pools.R", Path(folder) / "rows.csv"
        program.write_text(PROGRAM, encoding="utf-8")
        pd.concat([asked(name, answer) for name, answer in answers.items()]).to_csv(table, index=False)
        run = subprocess.run(["Rscript", program, table], stdout=subprocess.PIPE, text=True, check=True)
    lines = []
    for name, *found in map(str.split, run.stdout.splitlines()):
        answer = answers[name]
        figures = [answer.measure.back(float(end)) for end in found]
        back = [words.figure(figure, answer.measure) for figure in figures]
        theirs, ours = f"{back[0]} ({back[1]} to {back[2]})", words.interval(answer.pooled)
        lines.append(
            [name, answer.k, ours, theirs, "agrees" if ours == theirs or _alike(answer, figures) else "DIFFERS"]
        )
    shown = pd.DataFrame(lines, columns=["comparison", "k", "ours", "metafor", "verdict"])
    print(shown.to_string(index=False))
    print(f"{(shown['verdict'] == 'agrees').sum()} of {len(shown)} agree; {(shown['k'] > 1).sum()} of them pools.")
    return int((shown["verdict"] != "agrees").any())


if __name__ == "__main__":
    sys.exit(main())
