"""What pages weigh, beside the same with charts as Altair writes them: ``python benchmarks/weighing.py``.

Plain Jupyter Book puts Altair's own HTML into a page: the specification, a script of each chart, and addresses of
three files on another host, without which nothing is seen. Weighed on the built site in ``_build/html``.
"""

import gzip
import json
import re
import statistics
from pathlib import Path

import altair
from altair.utils.html import spec_to_html
from figures import Figure, figure

from review_tools.site.charts import BUNDLE

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
VERSIONS = {
    "vega_version": altair.VEGA_VERSION,
    "vegaembed_version": altair.VEGAEMBED_VERSION,
    "vegalite_version": altair.VEGALITE_VERSION,
}
CHART = re.compile(
    r'<figure class="chart.*?<script type="application/json" class="chart-spec">(.*?)</script>\s*</figure>', re.DOTALL
)


def measure() -> list[Figure]:
    """Rows for the benchmarks: KB of the chapters with and without our way of showing charts, and of the scripts."""
    ours, altair = {}, {}
    for path in sorted((SITE / "book").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        ours[path.name] = _weight(text)
        altair[path.name] = _weight(CHART.sub(lambda found: _as_altair(found[1]), text))
    if not ours:
        raise RuntimeError("There is no site in _build/html: run make book first.")
    script = _weight((SITE / "_static" / BUNDLE).read_text(encoding="utf-8"))
    asked = len(set(re.findall(r"https://[^\"]+?/npm/[^\"@?]+", _as_altair("{}"))))
    plain = "the same with Altair's own output"
    heavy, theirs = max(ours.values()), max(altair.values())
    middle, middle_theirs = statistics.median(ours.values()), statistics.median(altair.values())
    return [
        figure("weight", "heaviest chapter", heavy, "KB", plain, heavy / theirs),
        figure("weight", "median chapter", middle, "KB", plain, middle / middle_theirs),
        figure("weight", "chart library, once for the whole site", script, "KB"),
        figure("weight", "files of other hosts a page with charts asks for", 0, "", f"{plain}: {asked}"),
    ]


def _as_altair(spec: str) -> str:
    return str(spec_to_html(json.loads(spec), **VERSIONS, mode="vega-lite", fullhtml=False, output_div="vis"))


def _weight(text: str) -> float:
    return len(gzip.compress(text.encode(), 6)) / 1000


if __name__ == "__main__":
    for row in measure():
        print(row)
