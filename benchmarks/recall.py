"""How much reading the ranking saves, on titles of this review's own works: ``python benchmarks/recall.py``.

Every one of these works was once found relevant, so that a stand-in must do for the decision: works that report
trials in people are looked for among all others. It shows what the model learns from titles alone; it is no
measurement on the candidates of a search, of which too few have been decided on yet.
"""

import numpy as np
import pandas as pd
from figures import Figure, figure

from review_tools.data.bibliography import bibliography
from review_tools.data.tables import load
from review_tools.sources.simulation import simulate

READ = 0.2  # share of the records read at which recall is told
PEOPLE = {"human trial"}


def measure() -> list[Figure]:
    """Rows for the benchmarks: how many records; for each order the share found early, and the work saved."""
    frame = records()
    wanted = int(frame["relevant"].sum())
    rows = [figure("recall", f"titles, of which {wanted} report trials in people", len(frame), "")]
    curves = simulate(frame)
    at = {curve.order: 100 * float(np.interp(READ, curve.effort, curve.recall)) for curve in curves}
    for curve in curves:
        share = at[curve.order]
        rows.append(
            figure("recall", f"found after a fifth is read, {curve.order}", share, "%", "chance", share / at["chance"])
        )
        rows.append(figure("recall", f"work saved over sampling at 95% found, {curve.order}", 100 * curve.wss95, "%"))
    return rows


def records() -> pd.DataFrame:
    """Titles of the works, and whether each reports a trial in people."""
    works, studies = bibliography(), load("studies")
    texts = [works[study]["title"] for study in studies["study_id"]]
    frame = pd.DataFrame({"id": studies["study_id"], "text": texts, "relevant": studies["kind"].isin(PEOPLE)})
    return frame[frame["text"].fillna("") != ""].reset_index(drop=True)


if __name__ == "__main__":
    for row in measure():
        print(row)
