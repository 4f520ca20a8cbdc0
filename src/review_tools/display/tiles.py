"""Each disease in a few words: the verdict and the tiles of the front page, and the table of all diseases."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from review_tools.check.comparability import ARMS
from review_tools.data.project import Project, labels, once
from review_tools.display.disease_tables import decisions_about, of_page
from review_tools.display.grid import ENVIRONMENT, Cell, Grid, grid, lines, links, note
from review_tools.display.theme import plural
from review_tools.display.trial_tables import may_be_open
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import Certainty, certainty
from review_tools.synthesis.comparisons import RANK, Answer
from review_tools.synthesis.target import BENEFIT, HARM, LITTLE

# What an interval says, in the words of each certainty. Very low certainty tells a direction, but no effect.
HELPS = {
    BENEFIT: {"high": "They help", "moderate": "They probably help", "low": "They may help"},
    HARM: {"high": "They make it worse", "moderate": "They probably make it worse", "low": "They may make it worse"},
    LITTLE: {
        "high": "They make little or no difference",
        "moderate": "They probably make little or no difference",
        "low": "They may make little or no difference",
    },
}
VERY_LOW = {
    BENEFIT: "Trials favour the cells, but very uncertain",
    HARM: "Trials favour the control, but very uncertain",
    LITTLE: "Trials found little difference, but very uncertain",
}
MORE = {BENEFIT: "less common", HARM: "more common", LITTLE: "about as common"}
SURELY = {"high": "", "moderate": "probably ", "low": "may be "}
UNCERTAIN, NO_NUMBERS = "Uncertain whether they help", "No numbers to compare yet"
SURE = ("high", "moderate")
LICENCES = (
    "approved", "conditionally approved", "hospital exemption", "withdrawn from the market", "marketing discontinued",
)  # fmt: skip
_TEMPLATE = ENVIRONMENT.from_string("""\
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
{% if tile.rated %}
<small>{{ tile.certainty }}</small>
{% endif %}
<small>{{ tile.harms }}</small></li>
{% endfor %}
</ul>
</div>
""")
LOOKS = {BENEFIT: "benefit", HARM: "harm"}


@dataclass(frozen=True)
class Tile:
    """One disease in a few words: does it help, by what result, how sure, and what harms."""

    page: str
    name: str
    helps: str
    outcome: str
    counted: str
    harms: str
    said: str  # what the interval says, one of ``words.VERDICTS``; empty without numbers
    rated: Certainty | None

    @property
    def look(self) -> str:
        """The class of the tile: what is very uncertain has no colour."""
        return LOOKS.get(self.said, "open") if self.rated and self.rated.rating in SURELY else "open"

    @property
    def certainty(self) -> str:
        """The certainty as sign and words."""
        return f"{self.rated.symbol} {self.rated.rating} certainty" if self.rated else ""


@dataclass(frozen=True)
class Tiles:
    """The verdict in three sentences, and one tile a disease."""

    verdict: tuple[str, ...]
    tiles: list[Tile]

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(vars(self))

    def __repr__(self) -> str:
        return " ".join(self.verdict)


@once
def standing_for(project: Project, page: str, *, harm: bool = False) -> Answer | None:
    """Return the comparison that stands for the benefit, or for the harm, of a page's diseases; None without any.

    Of the comparisons with a control group that have a result it is, by these in turn: a critical outcome before an
    important one; randomised before other studies; more people before fewer; the kind of outcome as the vocabulary
    orders it. Results play no part.
    """
    sets = project.table("outcome_sets").set_index("outcome_set")
    order = {kind: list(labels(project, kind)) for kind in ("importance", "outcome domain", "outcome across diseases")}

    def rank(result: Answer) -> tuple[int, ...]:
        about = sets.loc[result.comparison["outcome_set"]]
        across = order["outcome across diseases"]
        return (
            order["importance"].index(about["importance"]),
            -RANK[result.comparison["design"]],
            -result.people,
            across.index(about["across"]) if pd.notna(about["across"]) else len(across),
            order["outcome domain"].index(about["domain"]),
        )

    held = [one for one in comparisons.controlled(project) if one.comparison["page"] == page]
    harms = comparisons.harms(project)
    return min((one for one in held if (one.comparison["outcome_set"] in harms) == harm), key=rank, default=None)


def _rated(project: Project, result: Answer | None) -> Certainty | None:
    return None if result is None else certainty(project, str(result.comparison["comparison_id"]))


def _helps(said: str, rated: Certainty | None) -> str:
    if rated is None:
        return NO_NUMBERS
    return HELPS.get(said, {}).get(rated.rating) or VERY_LOW.get(said, UNCERTAIN)


def _harms(project: Project, page: str) -> str:
    """Say whether the harm that stands for a page's diseases is more common with MSCs."""
    result = standing_for(project, page, harm=True)
    rated = _rated(project, result)
    if result is None or rated is None:
        return "Harms: no numbers to compare"
    said = MORE.get(words.verdict(result))
    if said is None or rated.rating not in SURELY:
        return f"Harms: uncertain, {result.people} people counted"
    return f"Harms: {result.comparison['outcome']} {SURELY[rated.rating]}{said}"


@once
def _tiles(project: Project) -> list[Tile]:
    held = set(project.table("disease_pages")["page"])
    return [_tile(project, page, name) for page, name in labels(project, "page").items() if page in held]


def _tile(project: Project, page: str, name: str) -> Tile:
    result = standing_for(project, page)
    rated, said = _rated(project, result), words.verdict(result) if result else ""
    if result is None:
        rows = project.table("outcomes")
        rows = rows[rows["disease"].isin(of_page(project, page)) & rows["design"].isin(ARMS)]
        number = rows["study_id"].nunique()
        counted = plural(number, "controlled study", "controlled studies") if number else "No controlled study"
        return Tile(page, name, NO_NUMBERS, "", counted, _harms(project, page), said, rated)
    studies = "randomised trial" if set(result.entered["design"]) == {"randomised"} else "controlled trial"
    counted = f"{result.people} people, {plural(result.k, studies)}"
    outcome = str(result.comparison["outcome"])
    return Tile(page, name, _helps(said, rated), outcome, counted, _harms(project, page), said, rated)


def tiles(project: Project) -> Tiles:
    """Show the verdict of the review and one tile a disease, all of it composed from results and their certainty.

    Each disease is told by the comparison that stands for it (``standing_for``); that a benefit is sure is said where
    any comparison shows one with moderate or high certainty.
    """
    every = _tiles(project)
    pages = {tile.page for tile in every}
    sure = {
        str(result.comparison["disease"])
        for result in comparisons.controlled(project)
        if result.comparison["page"] in pages and words.verdict(result) == BENEFIT
        if (rated := _rated(project, result)) and rated.rating in SURE
    }
    first = "No trials yet show with good certainty that these cells help."
    if sure:
        first = f"Trials show with good certainty that these cells help in {', '.join(sorted(sure))}."
    counts = Counter(tile.said if tile.said in VERY_LOW else bool(tile.said) for tile in every)
    told = [
        f"{text} in {counts[what]}"
        for what, text in (
            (BENEFIT, "favour the cells"),
            (HARM, "favour the control"),
            (LITTLE, "found little difference"),
            (True, "cannot tell"),
            (False, "gave no numbers"),
        )
        if counts[what]
    ]
    listed = " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))
    second = f"Of {plural(len(every), 'group')} of diseases, trials {listed}."
    harm = standing_for(project, "safety", harm=True)
    third = "Harms cannot be compared yet."
    if harm is not None:
        said = MORE.get(words.verdict(harm))
        rated = _rated(project, harm)
        doubt = f"{SURELY[rated.rating]}{said}" if said and rated and rated.rating in SURELY else "uncertain"
        third = f"Serious harms: {doubt}, with {harm.people} people counted."
    return Tiles((first, second, third), every)


def diseases(project: Project) -> Grid:
    """Show all diseases in one table: benefit, best evidence in people, certainty, harms, licences and trials."""
    every = _tiles(project)
    trials = project.table("trials")
    may = may_be_open(project, trials)
    counts = [
        (may[mine].sum(), mine.sum()) for mine in (trials["disease"].isin(of_page(project, one.page)) for one in every)
    ]
    return grid(
        {
            "Disease": links([f"site:book/{one.page}" for one in every], [one.name for one in every]),
            "Do MSCs help?": [
                lines(one.helps, note(one.outcome), note(one.counted), note(one.certainty)) for one in every
            ],
            "Harms": [one.harms.removeprefix("Harms: ").capitalize() for one in every],
            "Licences": [_licences(project, one.page) for one in every],
            "Trials": [lines(f"{now or 'none'} may be open", note(f"of {of} in registers")) for now, of in counts],
        },
        f"{plural(len(every), 'group')} of diseases, each by the result that stands for it",
        name="diseases",
        tools=False,
    )


def _licences(project: Project, page: str) -> Cell:
    """Return where products for a page's diseases were licensed or withdrawn, and in which year."""
    frame = decisions_about(project, page)
    frame = frame[frame["decision"].isin(LICENCES)].sort_values("date", kind="stable")
    named = labels(project, "decision")
    where = (frame["country"] + " " + frame["date"].str[:4].fillna("(no date)")).str.cat(
        frame["read"].map({"secondary": "*"}).fillna("")
    )
    if len(set(frame["diseases"])) > 1:
        where = where + " for " + frame["diseases"]
    told = [
        f"{named[decision]}: {', '.join(dict.fromkeys(where[frame['decision'] == decision]))}"
        for decision in LICENCES
        if (frame["decision"] == decision).any()
    ]
    return lines(*told) if told else "none known here"
