"""The front page at a glance: dates, counts that lead to their pages, how to cite this version."""

from dataclasses import dataclass
from datetime import timedelta

from review_tools.data.project import Project
from review_tools.display.grid import ENVIRONMENT
from review_tools.display.protocol_tables import current, last_searches
from review_tools.display.queries import select
from review_tools.display.theme import plural
from review_tools.synthesis import comparisons
from review_tools.synthesis.certainty import RATINGS, certainty

# What the date means depends on the reader's clock, so `static/schedule.js` fills `.search-badge`.
_TEMPLATE = ENVIRONMENT.from_string("""\
<div class="glance">
<dl class="glance-dates">
<div><dt>Last systematic search</dt><dd>{{ searched or "no systematic search yet" }}
{% if due %}
<span class="tag search-badge" data-due="{{ due.day }}" data-every="{{ due.every }}" hidden></span>
{% elif searched %}
<span class="tag">{{ current }}</span>
{% endif %}
</dd></div>
<div><dt>Last update</dt><dd><a href="site:book/whats-new">version {{ version }}</a>, {{ released }}</dd></div>
</dl>
<ul class="glance-cards">
{% for card in cards %}
<li><a href="site:{{ card.page }}"><b>{{ card.count }}</b> <span>{{ card.name }}</span>
<small>{{ card.says }}</small></a></li>
{% endfor %}
</ul>
</div>
""")
MECHANISMS, DISEASES = "book/mechanisms/index", "book/diseases/index"


@dataclass(frozen=True)
class Card:
    """One count: how many of what, one line about it, and the page that holds the rows."""

    count: int
    name: str
    says: str
    page: str


@dataclass(frozen=True)
class Due:
    """The first day on which a search of some source is due, and after how many days that source is due again."""

    day: str
    every: int


@dataclass(frozen=True)
class Glance:
    """The review in a few counts."""

    cards: list[Card]
    searched: str | None
    version: str
    released: str
    due: Due | None = None
    current: str = ""

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(vars(self))

    def __repr__(self) -> str:
        return "; ".join(f"{card.count} {card.name}" for card in self.cards)


def at_a_glance(project: Project) -> Glance:
    """Return dates and counts, each count with the page that holds its rows."""

    def count(table: str, **conditions: str) -> int:
        return len(select(project, table, **conditions))

    outcomes, this = project.table("outcomes"), project.citation
    works = outcomes.groupby("design")["study_id"].nunique()
    reports = plural(outcomes["study_id"].nunique(), "study", "studies")
    pools = [result for result in comparisons.controlled(project) if result.k > 1]
    rated = [certainty(project, str(pool.comparison["comparison_id"])) for pool in pools]
    ratings = [one.rating for one in rated if one]
    sure = ", ".join(f"{ratings.count(word)} {word}" for word in reversed(RATINGS) if word in ratings) or "none yet"
    people, read = count("studies", kind="human trial"), count("findings", basis="source read")
    completed = count("trials", registered_status="completed")
    cards = [
        Card(count("studies"), "studies", f"{people} of them trials in people", "book/references"),
        Card(count("findings"), "laboratory and animal findings", f"{read} checked in their source", MECHANISMS),
        Card(count("trials"), "registered trials", f"{completed} completed", "book/trials"),
        Card(len(outcomes), "outcomes in people", f"from {reports}, {works.get('randomised', 0)} randomised", DISEASES),
        Card(len(pools), "pooled results", f"certainty: {sure}", "book/synthesis/index"),
        Card(count("corrections"), "corrections", "differences between the 2024 review and its sources", "book/audit"),
    ]
    return Glance(cards, last_search(project), this.version, this.released, due(project), current(project))


def last_search(project: Project) -> str | None:
    """Return the day of the latest complete search; None while there was none."""
    searches = project.table("searches")
    complete = searches.loc[searches["status"] == "complete", "run_on"]
    return f"{complete.max():%Y-%m-%d}" if len(complete) else None


def due(project: Project) -> Due | None:
    """Return when ``data/review.yml`` asks for the next search; None unless all sources were searched."""
    plan, last = project.protocol, last_searches(project)
    days: dict[str, int] = {
        source: min(strategy["sources"][source]["every_days"] for strategy in plan["strategies"].values())
        for source in last
    }
    dates = [(day + timedelta(days[source]), days[source]) for source, day in last.items() if day is not None]
    if plan["status"] != "living" or len(dates) < len(last):
        return None
    day, every = min(dates)
    return Due(f"{day:%Y-%m-%d}", every)


# The theme gives each “highlight” block its copy button.
_CITE = ENVIRONMENT.from_string("""\
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
    """Show how to cite this version, from ``CITATION.cff``."""
    this = project.citation
    return Cite((("Text", this.text()), ("BibTeX", this.bibtex()), ("RIS", this.ris().replace("\r\n", "\n"))))
