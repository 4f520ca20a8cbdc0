"""Works that were retracted, corrected or doubted since, and whether what we correct still stands in the 2024 review.

Crossref and PubMed are asked about every DOI and number. Crossref's record of a work lists what its publisher and
Retraction Watch published about it (``updated-by``); asking for it by its address needs no filter, in which a comma of
a DOI would part two conditions. PubMed's record links to notices and marks retracted works. A work of which one service
gave no usable answer is unknown: nothing is concluded.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from review_tools.data.bibliography import Reference
from review_tools.data.edit import Change
from review_tools.data.markdown import bullets, listing
from review_tools.data.retracted import STATUS, gravest
from review_tools.sources import crossref, europepmc, pubmed
from review_tools.sources.http import CROSSREF, PUBMED, Client, Service, ServiceError, UnknownRecordError
from review_tools.sources.identify import SEED
from review_tools.sources.records import Record, today

Row = dict[str, str]
Ask = Callable[[Client, str], Record]
# The service, the field of a work that it knows it by, how it is asked, and its page about the work.
SERVICES: dict[str, tuple[Service, str, Ask, str]] = {
    "crossref": (CROSSREF, "doi", crossref.work, f"{CROSSREF.address}/works/{{}}"),
    "pubmed": (PUBMED, "pmid", pubmed.work, f"{pubmed.PAGE}{{}}/"),
}
AGAIN = "nothing is concluded; run review retractions again later, or look at the record and set the status by hand"
MILD = {"addendum", "clarification", "new edition", "new version"}  # kinds of updates that leave a work standing
MENDED = "mended"  # the status of a correction that the review took up
KEY = ("study_id", "kind", "source", "notice")


@dataclass(slots=True)
class Inquiry:
    """What the services say about one work. ``unknown`` are reasons for which nothing is concluded."""

    name: str  # the key of a work
    notices: list[Row] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    held: dict[str, bool] = field(default_factory=dict)  # whether the services that answered have the work

    @property
    def conclusive(self) -> bool:
        return any(self.held.values()) and not self.unknown


def ask(works: Iterable[Reference], client: Client) -> list[Inquiry]:
    """Ask about every work that has a DOI or a PubMed number."""
    inquiries = [_work(client, work) for work in works if work["doi"] or work["pmid"]]
    for source, (service, *_) in SERVICES.items():
        asked = [one for one in inquiries if source in one.held]
        if len(asked) > 1 and not any(one.held[source] for one in asked):
            for one in asked:  # more likely another service at this address than a field without DOIs
                one.unknown.append(f"{service.name}: has none of the works asked about ({service.base}) → {AGAIN}")
    return inquiries


def _work(client: Client, work: Reference) -> Inquiry:
    inquiry = Inquiry(work.key)
    for source, (service, column, ask, page) in SERVICES.items():
        if not (number := work[column]):
            continue
        try:
            notices = ask(client, number).notices
        except UnknownRecordError:
            inquiry.held[source] = False
            continue
        except ServiceError as error:
            inquiry.unknown.append(f"{service.name}: {error.why} → {AGAIN}")
            continue
        inquiry.held[source] = True
        for notice in notices:
            if notice.kind in STATUS:
                own = notice.doi or (f"pmid:{notice.pmid}" if notice.pmid else "record")
                row = {"study_id": work.key, "kind": notice.kind, "source": source, "notice": own}
                row |= {"noticed_on": notice.date, "seen_on": f"{today()}"}
                inquiry.notices.append(row | {"source_url": page.format(quote(number, safe=""))})
            elif notice.kind not in MILD:
                why = f"lists a notice of the unknown kind {notice.kind!r}"
                inquiry.unknown.append(f"{service.name}: {why} → {AGAIN}")
    return inquiry


def enter(change: Change, inquiries: list[Inquiry]) -> list[Row]:
    """Write notices not seen before, and the status each gives its study; return them with both statuses.

    A status becomes graver only, and only by a new notice: what a person decided about an old one stays.
    """
    studies = change.table("studies").set_index("study_id")["status"]
    seen = set(change.table("notices")[list(KEY)].itertuples(index=False, name=None))
    new: list[Row] = []
    for one in inquiries:
        if not one.conclusive or one.name not in studies.index:
            continue
        rows = {tuple(row[part] for part in KEY): row for row in one.notices}
        if not (added := [row for key, row in rows.items() if key not in seen]):
            continue
        before = str(studies[one.name])
        after = gravest([before, *(STATUS[row["kind"]] for row in added)])
        change.add_rows("notices", added)
        if after != before:
            change.set_cells("studies", "study_id", one.name, {"status": after})
        new += [{**row, "before": before, "after": after} for row in added]
    return new


def lost_words(client: Client, corrections: Iterable[Mapping[Any, str]]) -> list[str]:
    """Say of each correction whose words no longer stand in the 2024 review what is gone, and what to do.

    Raises:
        ServiceError: the text could not be had; nothing is concluded.
    """
    guarded = [row for row in corrections if row["seed_words"] and row["status"] != MENDED]
    text = _words(europepmc.full_text(client, SEED)) if guarded else ""
    return [
        f"{row['correction_id']}: the review no longer says “{row['seed_words']}” → read the place again, "
        f"and set its status to {MENDED} or correct seed_words"
        for row in guarded
        if _words(row["seed_words"]) not in text
    ]


def _words(text: str) -> str:
    """Return words and figures alone, so that marks, blanks and kinds of dashes make no difference."""
    return re.sub(r"[\W_]+", " ", f" {text.casefold()} ")


def markdown(inquiries: list[Inquiry], new: list[Row], turned: list[str], lost: list[str]) -> str:
    """Return the part of a pull request's text about notices and corrections; all text from outside is escaped."""
    columns = ("study_id", "kind", "notice", "noticed_on", "source", "before", "after", "source_url")
    text = "\n# Notices about works\n\n" + listing(new, columns, "No new retraction, correction or concern.")
    for heading, lines in (
        ("## Sentences to read again", turned),
        ("## Not known", [f"{one.name}: {why}" for one in inquiries for why in one.unknown]),
        ("# Corrections whose words are gone", lost),
    ):
        text += f"\n{heading}\n\n{bullets(lines)}" if lines else ""
    return text
