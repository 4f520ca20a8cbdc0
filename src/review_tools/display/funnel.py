"""A funnel plot: whether small studies say something else than large ones."""

import altair as alt
import numpy as np
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import study_labels
from review_tools.display.theme import BLUE, GREY, tooltip, with_caption
from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.effects import normal_quantile
from review_tools.synthesis.pooling import FEWEST_FOR_EGGER, CannotPoolError, egger, pool
from review_tools.synthesis.words import figure


def funnel(project: Project, comparison_id: str) -> alt.LayerChart:
    """Draw effects against their standard errors, with the limits within which 95% lie if only chance differs.

    The limits stand around the common effect. Raises KeyError for an unknown comparison, and CannotPoolError with
    fewer than ten studies (Cochrane Handbook 13.3.5.4).
    """
    result = answer(project, comparison_id)
    effects = result.effects
    if effects is None or effects.k < FEWEST_FOR_EGGER:
        raise CannotPoolError(f"A funnel plot needs {FEWEST_FOR_EGGER} studies; there are {result.k}.")
    outcomes = result.rows.set_index("outcome_id").loc[list(effects.labels)]
    middle, test, back = pool(effects, "FE").estimate, egger(effects), effects.measure.back
    errors = np.sqrt(effects.variance)
    points = pd.DataFrame(
        {
            "study": study_labels(project, outcomes["study_id"]).to_list(),
            "effect": effects.effect,
            "error": errors,
            "said": [figure(back(value), effects.measure) for value in effects.effect.tolist()],
        }
    )
    reach = normal_quantile(0.95) * errors.max()
    limits = pd.DataFrame(
        {"low": [middle, middle - reach], "high": [middle, middle + reach], "error": [0, errors.max()]}
    )
    y = alt.Y(
        "error:Q", title="Standard error", scale=alt.Scale(reverse=True, nice=False, domain=[0, errors.max() * 1.05])
    )
    scale = alt.Scale(zero=False)
    title = f"{effects.measure.title.capitalize()}, scale of analysis ({effects.measure.scale})"
    sides = [
        alt.Chart(limits)
        .mark_line(color=GREY, strokeDash=[4, 4])
        .encode(x=alt.X(f"{side}:Q", scale=scale, title=title), y=y)
        for side in ("low", "high")
    ]
    dots = alt.Chart(points).mark_point(filled=True, size=70, opacity=1, color=BLUE)
    shown = tooltip({"study:N": "Study", "said:N": "Result"})
    dots = dots.encode(x=alt.X("effect:Q", scale=scale, title=title), y=y, tooltip=shown)
    description = (
        f"{result.k} studies; dashed: where 95% would lie if only chance set them apart. Egger's test of asymmetry: "
        f"p {test.p:.2g}, t {test.stat:.2f} with {test.df} degrees of freedom."
    )
    chart = alt.layer(*sides, dots).properties(width="container", height=260)
    return with_caption(chart, f"{result.comparison['title']}: small studies and large", description)
