"""The front page: each disease in a few words, dates and counts that lead to their pages, how to cite this version."""

from collections import Counter
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from review_tools.check.comparability import ARMS
from review_tools.data.project import Project, labels, once
from review_tools.display.disease_tables import decisions_about, of_page
from review_tools.display.grid import ENVIRONMENT, Cell, Drawn, Grid, grid, lines, links, note
from review_tools.display.methods_tables import current, last_searches
from review_tools.display.queries import select
from review_tools.display.theme import plural
from review_tools.display.trial_tables import known_trials
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import RATINGS, Certainty, certainty
from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.target import BENEFIT, HARM, LITTLE

# What an interval says, and the word for each certainty. Very low certainty tells a direction, but no effect.
HELPS = {BENEFIT: "help", HARM: "make it worse", LITTLE: "make little or no difference"}
HOW_SURE = {"high": "", "moderate": "probably ", "low": "may "}
VERY_LOW = {
    BENEFIT: "Trials favour the cells, but very uncertain",
    HARM: "Trials favour the control, but very uncertain",
    LITTLE: "Trials found little difference, but very uncertain",
}
# What trials of a disease did; True and False: whether there are numbers that say nothing of these.
TRIALS: dict[str | bool, str] = {
    BENEFIT: "favour the cells",
    HARM: "favour the control",
    LITTLE: "found little difference",
    True: "cannot tell",
    False: "gave no numbers",
}
HOW_COMMON = {BENEFIT: "less common", HARM: "more common", LITTLE: "about as common"}
NO_NUMBERS = "No numbers to compare yet"
LOOKS = {BENEFIT: "benefit", HARM: "harm"}
SURE = ("high", "moderate")
LICENCES = (
    "approved", "conditionally approved", "hospital exemption", "withdrawn from the market", "marketing discontinued",
)  # fmt: skip
_TILES = ENVIRONMENT.from_string("""\
<div class="tiles">
<p class="tiles-verdict"><b>{{ verdict[0] }}</b> {{ verdict[1:] | join(" ") }}</p>
<p class="questions">
<a href="site:book/safety">Is it safe?</a>
<a href="site:book/synthesis/index">How sure?</a>
<a href="site:book/trials">Find a trial</a>
<a href="site:book/whats-new">What is new?</a>
</p>
<ul>
{% for tile in tiles %}
<li class="tile-{{ tile.look }}"><a href="site:book/{{ tile.page }}">{{ tile.name }}</a>
<b>{{ tile.helps }}</b>
{% if tile.outcome %}
<small class="tile-outcome">{{ tile.outcome }}</small>
{% endif %}
<small>{{ tile.counted }}</small>
{% if tile.certainty %}
<small>{{ tile.certainty }}</small>
{% endif %}
<small>Harms: {{ tile.harms }}</small></li>
{% endfor %}
</ul>
</div>
""")


class Tile(NamedTuple):
    """One disease in a few words: does it help, by what result, how sure, and what harms."""

    page: str
    name: str
    helps: str
    counted: str
    harms: str
    outcome: str = ""
    said: str = ""  # what the interval says, one of ``words.VERDICTS``; empty without numbers
    certainty: str = ""
    look: str = "open"  # the class of the tile: what is very uncertain has no colour


def standing_for(project: Project, page: str, *, harm: bool = False) -> Answer | None:
    """Return the comparison that stands for the benefit, or for the harm, of a page's diseases; None without any."""
    harms = comparisons.harms(project)
    held = (one for one in comparisons.ranked(project) if one.comparison["page"] == page)
    return next((one for one in held if (one.comparison["outcome_set"] in harms) == harm), None)


def _rated(project: Project, result: Answer) -> Certainty:
    rated = certainty(project, result.comparison["comparison_id"])
    assert rated is not None  # noqa: S101 (every result with a control group is rated)
    return rated


def _how_common(project: Project, harm: Answer) -> str:
    """Return how common a harm is with MSCs, in the words of its certainty; empty where that is uncertain."""
    said, rating = words.verdict(harm), _rated(project, harm).rating
    if said not in HOW_COMMON or rating not in HOW_SURE:
        return ""
    return f"{HOW_SURE[rating]}{'be ' if rating == 'low' else ''}{HOW_COMMON[said]}"


@once
def disease_tiles(project: Project) -> list[Tile]:
    """Return one tile for each page of diseases, in the order of the vocabulary."""
    held = set(project.table("disease_pages")["page"])
    return [_tile(project, page, name) for page, name in labels(project, "page").items() if page in held]


def _tile(project: Project, page: str, name: str) -> Tile:
    result, harm = standing_for(project, page), standing_for(project, page, harm=True)
    harms = "nothing that can be pooled"
    if harm is not None:
        common = _how_common(project, harm)
        told = f" {common}" if common else f": uncertain, {harm.people} people counted"
        harms = f"{harm.comparison['outcome']}{told}"
    if result is None:
        rows = project.table("outcomes")
        rows = rows[rows["disease"].isin(of_page(project, page)) & rows["design"].isin(ARMS)]
        number = rows["study_id"].nunique()
        counted = plural(number, "controlled study", "controlled studies") if number else "No controlled study"
        return Tile(page, name, NO_NUMBERS, counted, harms)
    said, rated = words.verdict(result), _rated(project, result)
    helps, look = VERY_LOW.get(said, "Uncertain whether they help"), "open"
    if rated.rating in HOW_SURE:
        look = LOOKS.get(said, look)
        helps = f"They {HOW_SURE[rated.rating]}{HELPS[said]}" if said in HELPS else helps
    studies = "randomised trial" if set(result.entered["design"]) == {"randomised"} else "controlled trial"
    counted = f"{result.people} people, {plural(result.k, studies)}"
    sign = f"{rated.symbol} {rated.rating} certainty"
    return Tile(page, name, helps, counted, harms, result.comparison["outcome"], said, sign, look)


def tiles(project: Project) -> Drawn:
    """Show the verdict of the review and one tile a disease, all of it composed from results and their certainty.

    Each disease is told by the comparison that stands for it (``standing_for``); that a benefit is sure is said where
    any comparison shows one with moderate or high certainty.
    """
    every = disease_tiles(project)
    pages = {tile.page for tile in every}
    sure = {
        result.comparison["disease"]
        for result in comparisons.controlled(project)
        if result.comparison["page"] in pages and words.verdict(result) == BENEFIT
        if _rated(project, result).rating in SURE
    }
    first = "No trials yet show with good certainty that these cells help."
    if sure:
        first = f"Trials show with good certainty that these cells help in {', '.join(sorted(sure))}."
    counts = Counter(tile.said if tile.said in VERY_LOW else bool(tile.said) for tile in every)
    told = [f"{text} in {counts[what]}" for what, text in TRIALS.items() if counts[what]]
    listed = " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))
    second = f"Of {plural(len(every), 'group')} of diseases, trials {listed}."
    third, harm = "Harms cannot be compared yet.", standing_for(project, "safety", harm=True)
    if harm is not None:
        third = f"Serious harms: {_how_common(project, harm) or 'uncertain'}, with {harm.people} people counted."
    verdict = (first, second, third)
    return Drawn(_TILES.render(verdict=verdict, tiles=every), " ".join(verdict))


def diseases(project: Project) -> Grid:
    """Show all diseases in one table: benefit, best evidence in people, certainty, harms, licences and trials."""
    every = disease_tiles(project)
    trials = known_trials(project)
    held = [trials.loc[trials["disease"].isin(of_page(project, one.page)), "open"] for one in every]
    may_be_open = [lines(f"{may.sum() or 'none'} may be open", note(f"of {may.size} in registers")) for may in held]
    return grid(
        {
            "Disease": links([f"site:book/{one.page}" for one in every], [one.name for one in every]),
            "Do MSCs help?": [lines(one.helps, *map(note, (one.outcome, one.counted, one.certainty))) for one in every],
            "Harms": [one.harms.capitalize() for one in every],
            "Licences": [_licences(project, one.page) for one in every],
            "Trials": may_be_open,
        },
        f"{plural(len(every), 'group')} of diseases, each by the result that stands for it",
        name="diseases",
        tools=False,
    )


def _licences(project: Project, page: str) -> Cell:
    """Return where products for a page's diseases were licensed or withdrawn, and in which year."""
    frame = decisions_about(project, page)
    frame = frame[frame["decision"].isin(LICENCES)].sort_values("date", kind="stable")
    where = frame["country"] + " " + frame["date"].str[:4].fillna("(no date)")
    where += frame["read"].map({"secondary": "*"}).fillna("")
    if len(set(frame["diseases"])) > 1:
        where += " for " + frame["diseases"]
    named = labels(project, "decision")
    held = where.groupby(frame["decision"]).unique()
    told = [f"{named[decision]}: {', '.join(held[decision])}" for decision in LICENCES if decision in held]
    return lines(*told) or "none known here"


# What the date means depends on the reader's clock, so `static/schedule.js` fills `.search-badge`.
GLANCE = ENVIRONMENT.from_string("""\
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
{% for count, name, says, page in cards %}
<li><a href="site:book/{{ page }}"><b>{{ count }}</b> <span>{{ name }}</span>
<small>{{ says }}</small></a></li>
{% endfor %}
</ul>
</div>
""")


class Due(NamedTuple):
    """The first day on which a search of some source is due, and after how many days that source is due again."""

    day: str
    every: int


def at_a_glance(project: Project) -> Drawn:
    """Show dates and counts, each count with the page that holds its rows."""

    def count(table: str, **conditions: str) -> int:
        return len(select(project, table, **conditions))

    outcomes, this = project.table("outcomes"), project.citation
    searched = select(project, "searches", status="complete")["run_on"].max()
    reports = plural(outcomes["study_id"].nunique(), "study", "studies")
    randomised = select(project, "outcomes", design="randomised")["study_id"].nunique()
    pools = [result for result in comparisons.controlled(project) if result.k > 1]
    ratings = Counter(_rated(project, pool).rating for pool in pools)
    sure = ", ".join(f"{ratings[word]} {word}" for word in reversed(RATINGS) if ratings[word]) or "none yet"
    people, read = count("studies", kind="human trial"), count("findings", basis="source read")
    completed = count("trials", registered_status="completed")
    cards = [
        (count("studies"), "studies", f"{people} of them trials in people", "references"),
        (count("findings"), "laboratory and animal findings", f"{read} checked in their source", "mechanisms/index"),
        (count("trials"), "registered trials", f"{completed} completed", "trials"),
        (len(outcomes), "outcomes in people", f"from {reports}, {randomised} randomised", "diseases/index"),
        (len(pools), "pooled results", f"certainty: {sure}", "synthesis/index"),
        (count("corrections"), "corrections", "differences between the 2024 review and its sources", "audit"),
    ]
    html = GLANCE.render(
        cards=cards,
        searched="" if pd.isna(searched) else f"{searched:%Y-%m-%d}",
        due=due(project),
        current=current(project),
        version=this.version,
        released=this.released,
    )
    return Drawn(html, "; ".join(f"{number} {name}" for number, name, *_ in cards))


def due(project: Project) -> Due | None:
    """Return when ``data/review.yml`` asks for the next search; None unless all sources were searched."""
    plan, dates = project.protocol, []
    for source, day in last_searches(project).items():
        if day is None or plan["status"] != "living":
            return None
        every = min(strategy["sources"][source]["every_days"] for strategy in plan["strategies"].values())
        dates.append(Due(f"{day + timedelta(every):%Y-%m-%d}", every))
    return min(dates)


# The theme gives each “highlight” block its copy button.
CITE = ENVIRONMENT.from_string("""\
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


def cite(project: Project) -> Drawn:
    """Show how to cite this version, from ``CITATION.cff``, in several forms, each to copy."""
    this = project.citation
    forms = (("Text", this.text()), ("BibTeX", this.bibtex()), ("RIS", this.ris().replace("\r\n", "\n")))
    return Drawn(CITE.render(forms=forms), this.text())
