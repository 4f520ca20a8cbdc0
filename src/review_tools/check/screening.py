"""The numbers of searching and screening add up, and each decision can be followed."""

from collections.abc import Iterator

from review_tools.check.engine import Evidence, each_of
from review_tools.check.rules import numbers
from review_tools.data import prisma_counts
from review_tools.data.problems import Problem


def check(evidence: Evidence) -> Iterator[Problem]:
    """Searches against their parts and their candidates; duplicates against what they repeat; decisions."""
    yield from each_of(evidence, _searches, _duplicates, _decisions)


def _searches(evidence: Evidence) -> Iterator[Problem]:
    searches, candidates = evidence.sheet("searches"), evidence.sheet("candidates")
    parts = {column: numbers(searches, column) for column in ("hits", "new", "duplicates", "ruled_out")}
    total = parts["new"] + parts["duplicates"] + parts["ruled_out"]
    for line in searches.index[(parts["hits"] != total) & total.notna() & parts["hits"].notna()]:
        sums = " + ".join(f"{parts[part][line]:.0f} {part}" for part in ("new", "duplicates", "ruled_out"))
        yield evidence.problem("searches", line, "hits", f"not {sums}", "correct the number that is wrong")
    repeated = candidates["duplicate_of"] != ""
    fresh, same = (candidates.loc[rows, "search_id"].value_counts() for rows in (~repeated, repeated))
    for line, search in zip(searches.index, searches["search_id"], strict=True):
        found, again = int(fresh.get(search, 0)), int(same.get(search, 0))
        if found != parts["new"][line] and parts["new"].notna()[line]:
            why = f"data/candidates.csv holds {found} records to screen of this search"
            yield evidence.problem("searches", line, "new", why, "restore the rows, or correct the number")
        if again > parts["duplicates"][line]:
            why = f"data/candidates.csv holds {again} duplicates of this search"
            yield evidence.problem("searches", line, "duplicates", why, "correct the number")


def _duplicates(evidence: Evidence) -> Iterator[Problem]:
    candidates = evidence.sheet("candidates")
    known = set(candidates["candidate_id"])
    for table, key in (("studies", "study_id"), ("trials", "trial_id"), ("withdrawn", "study_id")):
        known |= set(evidence.sheet(table)[key])
    column = candidates["duplicate_of"]
    for line in column.index[(column != "") & ~column.isin(known)]:
        why = "no such candidate, study or trial"
        yield evidence.problem("candidates", line, "duplicate_of", why, "name the record that it repeats")
    for line in column.index[(column != "") & (column == candidates["candidate_id"])]:
        yield evidence.problem("candidates", line, "duplicate_of", "repeats itself", "name the other record")


def _decisions(evidence: Evidence) -> Iterator[Problem]:
    screenings, candidates = evidence.sheet("screenings"), evidence.sheet("candidates")
    excluded, reason = screenings["decision"] == "exclude", screenings["reason"]
    for line in screenings.index[excluded & (reason == "")]:
        yield evidence.problem("screenings", line, "reason", "an exclusion without a reason", "fill it")
    for line in screenings.index[~excluded & (reason != "")]:
        why = f"a reason beside the decision “{screenings['decision'][line]}”"
        yield evidence.problem("screenings", line, "reason", why, "only an exclusion has one: empty it")
    repeats = set(candidates.loc[candidates["duplicate_of"] != "", "candidate_id"])
    for line in screenings.index[screenings["candidate_id"].isin(repeats)]:
        why = "a decision about a duplicate"
        yield evidence.problem("screenings", line, "candidate_id", why, "decide about the record that it repeats")
    for line in prisma_counts.idle_undos(screenings):
        why = "takes back a decision that does not stand"
        yield evidence.problem("screenings", line, "decision", why, "remove the row, or restore the decision before it")
