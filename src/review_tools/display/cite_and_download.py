"""Taking things along: the downloads, and how to cite this version."""

from dataclasses import dataclass

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from review_tools.data import export
from review_tools.data.project import Project
from review_tools.display.grid import Column, Grid, grid, link, text

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
# The theme gives each “highlight” block its copy button.
_CITE = _ENVIRONMENT.from_string("""\
<div class="cite">
{% for name, words in forms %}
{% if loop.first %}
<div class="highlight"><pre>{{ words }}</pre></div>
{% else %}
<details><summary>{{ name }}</summary><div class="highlight"><pre>{{ words }}</pre></div></details>
{% endif %}
{% endfor %}
</div>
""")


@dataclass(frozen=True)
class Cite:
    """The citation of this version in several forms, each to copy."""

    forms: tuple[tuple[str, str], ...]

    def _repr_html_(self) -> str:
        return _CITE.render(forms=self.forms)

    def __repr__(self) -> str:
        return self.forms[0][1]


def cite(project: Project) -> Cite:
    """How to cite this version, from ``CITATION.cff``."""
    this = project.citation
    return Cite((("Text", this.text()), ("BibTeX", this.bibtex()), ("RIS", this.ris().replace("\r\n", "\n"))))


def downloads(project: Project) -> Grid:
    """Every file to take along."""
    frame = pd.DataFrame([vars(file) for file in export.downloads(project)]).astype({"rows": "Int64"})
    columns: list[Column] = [
        ("File", lambda row: link(f"site:{row['path']}", row["path"].removeprefix(f"{export.FOLDER}/"))),
        ("Title", text("title")),
        ("It holds, or a row is", text("what")),
        ("Rows", lambda row: text("rows")(row) if pd.notna(row["rows"]) else Markup("–")),
    ]
    return grid(frame, columns, "Files to download")
