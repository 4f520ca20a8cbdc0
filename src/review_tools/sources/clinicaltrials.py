"""ClinicalTrials.gov, API version 2: trials by number, and searches."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from review_tools.sources.http import CLINICALTRIALS, Client, Params
from review_tools.sources.records import DOI, NCT, Page, Record, RecordError, at, doi, page_of, plain

PAGE = "https://clinicaltrials.gov/study/"
STATUSES = {
    "NOT_YET_RECRUITING": "not yet recruiting",
    "RECRUITING": "recruiting",
    "ENROLLING_BY_INVITATION": "enrolling by invitation",
    "ACTIVE_NOT_RECRUITING": "active, not recruiting",
    "COMPLETED": "completed",
    "TERMINATED": "terminated",
    "WITHDRAWN": "withdrawn",
    "SUSPENDED": "suspended",
    "UNKNOWN": "unknown",
}
PHASES = {"EARLY_PHASE1": "early 1", "PHASE1": "1", "PHASE2": "2", "PHASE3": "3", "PHASE4": "4", "NA": "not applicable"}
ALLOCATION = {"RANDOMIZED": "yes", "NON_RANDOMIZED": "no", "NA": "no"}
MASKING = {"NONE": "none", "SINGLE": "single", "DOUBLE": "double", "TRIPLE": "double", "QUADRUPLE": "double"}
BASIS = {"ACTUAL": "actual", "ESTIMATED": "planned"}


def trial(client: Client, nct: str) -> Record:
    """Return one trial by its NCT number.

    Raises:
        UnknownRecordError: no such number.
        ServiceError: anything else.
    """

    def own(study: Any) -> Record:
        found = record(study)
        if found.trial_id != nct:
            raise RecordError(
                f"the answer is the record of {found.trial_id}; {nct} may be an old number of the same trial"
            )
        return found

    return client.get(CLINICALTRIALS, f"studies/{nct}", {"format": "json"}, own)


def trials(client: Client, numbers: Sequence[str], size: int) -> list[Record]:
    """Return the records of these trials; one that the registry does not have is missing. Raises ServiceError."""
    found: list[Record] = []
    for start in range(0, len(numbers), size):
        params: Params = {"filter.ids": "|".join(numbers[start : start + size]), "pageSize": size, "format": "json"}
        found += client.get(CLINICALTRIALS, "studies", params, _page).records
    return found


def search(client: Client, query: Mapping[str, str], first: date, last: date, size: int) -> Iterator[Page]:
    """Yield pages of the trials that changed between two days. Raises ServiceError."""
    changed = f"AREA[LastUpdatePostDate]RANGE[{first},{last}]"
    params = {**query, "filter.advanced": changed, "pageSize": size, "countTotal": "true", "format": "json"}
    return client.search(CLINICALTRIALS, "studies", params, "pageToken", _page)


def _page(answer: Any) -> Page:
    return page_of(answer.get("totalCount"), answer["studies"], record, answer.get("nextPageToken"))


def record(study: Any) -> Record:
    """Return one study as the registry gives it. What the review has no word for goes into ``status_note``.

    Raises:
        RecordError: not a study with an NCT number and a title.
    """
    number = plain(at(study, "protocolSection", "identificationModule", "nctId"))
    if not NCT.fullmatch(number):
        raise RecordError("not the record of a trial with its NCT number")
    protocol = study["protocolSection"]
    brief, official = (plain(at(protocol, "identificationModule", name)) for name in ("briefTitle", "officialTitle"))
    if not (brief or official):
        raise RecordError("the record has no title")
    columns = _columns(protocol) | {"registered_title": official or brief}
    summary = plain(at(protocol, "descriptionModule", "briefSummary"))
    words = (summary, columns["registered_condition"], columns["registered_arms"])
    begun = plain(at(protocol, "statusModule", "studyFirstSubmitDate")) or columns["start_date"]
    return Record(
        kind="registration",
        title=brief or official,
        source=CLINICALTRIALS.name,
        record_id=number,
        trial_id=number,
        year=begun[:4],
        abstract=" ".join(filter(None, words)),
        columns=columns,
    )


def _columns(protocol: dict[str, Any]) -> dict[str, str]:
    """Return what the registry shows of the columns of ``data/trials.csv``."""
    status, design = at(protocol, "statusModule"), at(protocol, "designModule")
    state = plain(at(status, "overallStatus"))
    sites = _list(protocol, "contactsLocationsModule", "locations")
    countries = [one for one in dict.fromkeys(plain(at(site, "country")) for site in sites) if one]
    return {
        "registered_condition": "; ".join(map(plain, _list(protocol, "conditionsModule", "conditions"))),
        "registered_sponsor": plain(at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name")),
        "registered_country": countries[0] if len(countries) == 1 else "several" if countries else "",
        "registered_status": STATUSES.get(state, "not shown"),
        "status_date": _day(at(status, "lastUpdatePostDateStruct", "date")),
        "status_note": ". ".join(_status_notes(status, state)),
        "registered_phase": "/".join(PHASES[one] for one in map(plain, _list(design, "phases")) if one in PHASES),
        "enrolment": plain(at(design, "enrollmentInfo", "count")),
        "enrolment_basis": BASIS.get(plain(at(design, "enrollmentInfo", "type")), ""),
        "start_date": plain(at(status, "startDateStruct", "date")),
        "completion_date": plain(at(status, "completionDateStruct", "date")),
        "registered_arms": "; ".join(_arms(at(protocol, "armsInterventionsModule"))),
        "randomised": ALLOCATION.get(plain(at(design, "designInfo", "allocation")), ""),
        "masking": MASKING.get(plain(at(design, "designInfo", "maskingInfo", "masking")), ""),
        "primary_outcome": "; ".join(_outcomes(protocol)),
        "results_posted": _day(at(status, "resultsFirstPostDateStruct", "date")),
        "publication_doi": _publication(protocol),
    }


def _list(value: Any, *path: str) -> list[Any]:
    found = at(value, *path)
    return found if isinstance(found, list) else []


def _day(text: object) -> str:
    """Return a full date; the table's column takes no less."""
    shown = plain(text)
    try:
        return date.fromisoformat(shown).isoformat()
    except ValueError:
        return ""


def _status_notes(status: Any, state: str) -> Iterator[str]:
    if state and state not in STATUSES:
        yield f"Registry's word for the status: {state}"
    if state == "ENROLLING_BY_INVITATION":
        yield "Enrolling by invitation"
    if why := plain(at(status, "whyStopped")):
        yield f"Reason given: {why.rstrip('.')}"


def _arms(module: Any) -> Iterator[str]:
    groups = _list(module, "armGroups")
    for one in groups or _list(module, "interventions"):
        label = plain(at(one, "label") or at(one, "name"))
        kind = plain(at(one, "type")).replace("_", " ").lower() if groups else ""
        if label:
            yield f"{label} ({kind})" if kind else label


def _outcomes(protocol: Any) -> Iterator[str]:
    for one in _list(protocol, "outcomesModule", "primaryOutcomes"):
        measure, frame = plain(at(one, "measure")), plain(at(one, "timeFrame"))
        if measure:
            yield f"{measure} ({frame})" if frame else measure


def _publication(protocol: Any) -> str:
    """Return the DOI of the first reference that reports results."""
    for one in _list(protocol, "referencesModule", "references"):
        named = DOI.search(plain(at(one, "citation")))
        if named and plain(at(one, "type")) == "RESULT":
            return doi(named[0].rstrip(".,;)"))
    return ""
