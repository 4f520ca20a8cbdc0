"""The explorer: choose cell, mediator, disease, model and product; map, count and list of findings follow.

The chapter shows three things, each with a call of its own: these controls, the map of findings and the findings
table. ``site/static/explorer.js`` ties them together. On a phone, ranked bars stand in the place of the map. Without
the script the whole map and the whole list stand there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display.grid import ENVIRONMENT
from review_tools.display.queries import NO, WITHOUT, as_chosen, findings, with_mediators
from review_tools.display.theme import plural

BARS = 8
_TEMPLATE = ENVIRONMENT.from_string("""\
<form class="explorer" autocomplete="off">
<fieldset disabled>
<legend>Choose findings</legend>
{% for choice in choices %}
<label><span>{{ choice.title }}</span>
<select name="{{ choice.name }}" data-stage="{{ choice.stage }}">
<option value="">{{ choice.every }}</option>
{% for value, words, count in choice.options %}
<option value="{{ value }}" data-words="{{ words }}">{{ words }} ({{ count }})</option>
{% endfor %}
</select></label>
{% endfor %}
<button type="reset">Clear</button>
</fieldset>
<p class="explorer-count" role="status">{{ count }}</p>
<div class="explorer-bars">
{% for choice in choices if choice.stage %}
<p>{{ choice.title }}</p>
<ol data-of="{{ choice.name }}">
{% for value, words, count in choice.ranked %}
<li><a href="#{{ {choice.name: value} | urlencode }}"><span>{{ words }}</span>
<i style="--part: {{ 100 * count // choice.ranked[0][2] }}%"></i><b>{{ count }}</b></a></li>
{% endfor %}
</ol>
{% endfor %}
</div>
<noscript><p>Choosing needs JavaScript. Without it, the whole map and the whole list stand below.</p></noscript>
<script type="application/json" class="explorer-data">{{ rows | tojson }}</script>
</form>
""")


@dataclass(frozen=True)
class Choice:
    """One select: its name in the address, its title, the column of the map it belongs to, its options."""

    name: str
    title: str
    every: str
    stage: str
    options: list[tuple[str, str, int]]

    @property
    def ranked(self) -> list[tuple[str, str, int]]:
        """The commonest, for the bars that a phone shows in the map's place."""
        return sorted(self.options, key=lambda option: -option[2])[:BARS]


@dataclass(frozen=True)
class Explorer:
    """The controls, and the findings with the values they are chosen by."""

    choices: list[Choice]
    rows: list[dict[str, Any]]

    @property
    def count(self) -> str:
        studies = len({row["study"] for row in self.rows})
        return f"{plural(len(self.rows), 'finding')} from {plural(studies, 'study', 'studies')}"

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(choices=self.choices, rows=self.rows, count=self.count)

    def __repr__(self) -> str:
        return f"Explorer: {self.count}"


# Name in the address, title, first option, column of the map, column of the data, kind of the vocabulary.
CHOICES = [
    ("cell", "Target cell", "all cells", "target_cell", "target_cell", None),
    ("route", "Route", "all routes", "", "route", "route"),
    ("mediator", "Mediator", "all mediators", "mediator", "mediator", None),
    ("disease", "Disease", "all diseases", "disease", "disease", None),
    ("model", "Model", "all models", "", "model", "model"),
    ("product", "Product given", "all products", "source", "product", "product"),
    ("tissue", "Source of the cells", "all sources", "", "tissue", "tissue"),
]


def explorer(project: Project) -> Explorer:
    """Return the controls of the explorer, filled from the data."""
    frame = with_mediators(project, as_chosen(findings(project)))
    frame = frame.fillna(NO)
    columns = [(name, column) for name, _, _, _, column, _ in CHOICES]
    choices = [
        Choice(name, title, every, stage, _options(frame, column, labels(project, kind).get if kind else None))
        for name, title, every, stage, column, kind in CHOICES
    ]
    rows = [
        {"id": finding, "study": here["work"].iloc[0], **{name: sorted(set(here[column])) for name, column in columns}}
        for finding, here in frame.groupby("finding_id")
    ]
    return Explorer(choices, rows)


def _options(frame: pd.DataFrame, column: str, words: Callable[[str, str], str] | None) -> list[tuple[str, str, int]]:
    """Return each value with its words and number of findings, by name; what is not named stands last."""
    counts = {str(value): len(set(here["finding_id"])) for value, here in frame.groupby(column)}
    options = [(value, words(value, value) if words else value, count) for value, count in counts.items()]
    return sorted(
        options, key=lambda option: (option[0] in (*NO.values(), WITHOUT, "none", "unknown"), option[1].casefold())
    )
