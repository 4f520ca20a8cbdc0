"""Compute every pooled result of the review again with metafor, from the rows that enter it.

``python scripts/agreement_metafor.py`` needs R with the package metafor (Debian: r-cran-metafor); no user needs either.
It ends with 1 where an estimate or an end of an interval differs in the first eight digits.
"""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from review_tools.data.project import Project
from review_tools.synthesis import comparisons
from review_tools.synthesis.comparisons import EFFECT
from review_tools.synthesis.effects import INTERVAL, MEANS, TWO_ARMS

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
COLUMNS = list(dict.fromkeys((*TWO_ARMS, *MEANS, *INTERVAL)))


def main() -> int:
    """Print each result beside metafor's; return 1 where they differ."""
    project, answers, asked = Project.find(), {}, []
    for name in project.table("comparisons")["comparison_id"]:
        answer = comparisons.answer(project, name)
        if answer.pooled is not None:
            rows = answer.entered[COLUMNS].astype(float)
            rows.loc[answer.entered["block"] != EFFECT, list(INTERVAL)] = math.nan  # beside the numbers that enter
            asked.append(rows.assign(measure=answer.measure.name, comparison=name))
            answers[name] = answer.pooled
    with tempfile.TemporaryDirectory() as folder:
        program, table = Path(folder) / "pools.R", Path(folder) / "rows.csv"
        program.write_text(PROGRAM, encoding="utf-8")
        pd.concat(asked).to_csv(table, index=False)
        run = subprocess.run(["Rscript", program, table], stdout=subprocess.PIPE, text=True, check=True)
    differing = 0
    for name, *ends in map(str.split, run.stdout.splitlines()):
        ours, theirs = answers[name].back, [answers[name].measure.back(float(end)) for end in ends]
        alike = all(
            math.isclose(one, other, rel_tol=1e-8, abs_tol=1e-12) for one, other in zip(ours, theirs, strict=True)
        )
        differing += not alike
        print(f"{name}, k {answers[name].k}: {ours}, metafor {theirs}: {'agrees' if alike else 'DIFFERS'}")
    pools = sum(pooled.k > 1 for pooled in answers.values())
    print(f"{len(answers) - differing} of {len(answers)} agree; {pools} of them pools.")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
