"""Judgements of risk of bias fit their tool and leave out no domain, since the certainty is computed from them."""

from collections import defaultdict
from collections.abc import Iterator

from review_tools.check.engine import Sheet, table_rule
from review_tools.data.problems import Problem

BOTH = ("missing data", "measurement", "reported result")
DOMAINS = {
    "RoB 2": ("randomisation", "deviations", *BOTH),
    "ROBINS-I": ("confounding", "selection", "classification", "departures", *BOTH),
}
JUDGEMENTS = {
    "RoB 2": ("low", "some concerns", "high"),
    "ROBINS-I": ("low", "moderate", "serious", "critical", "no information"),
}


@table_rule("risk_of_bias")
def judgement_of_another_tool(risk_of_bias: Sheet) -> Iterator[Problem]:
    """Refuse a domain or a judgement that the tool of its row does not have."""
    for line, row in risk_of_bias.rows.items():
        for column, known in (("domain", DOMAINS), ("judgement", JUDGEMENTS)):
            if row["tool"] in known and row[column] not in known[row["tool"]]:
                why = f"{row['tool']} has {', '.join(known[row['tool']])}"
                yield from risk_of_bias.report([line], column, why, f"correct the tool or the {column}")


@table_rule("risk_of_bias")
def domain_not_judged(risk_of_bias: Sheet) -> Iterator[Problem]:
    """Refuse the judgement of a study by one person that leaves out a domain of the tool."""
    judged: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    first: dict[tuple[str, str, str], int] = {}
    for line, row in risk_of_bias.rows.items():
        who = row["study_id"], row["tool"], row["judged_by"]
        first.setdefault(who, line)
        judged[who] |= {row["domain"]} if not row["outcome_set"] else set()
    for who, domains in judged.items():
        if missing := [domain for domain in DOMAINS.get(who[1], ()) if domain not in domains]:
            why = f"{who[2]} did not judge {', '.join(missing)} for all results of {who[0]}"
            remedy = "add a row for each, with an empty outcome_set; what was not reported is a judgement too"
            yield from risk_of_bias.report([first[who]], "domain", why, remedy)
