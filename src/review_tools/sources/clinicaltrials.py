"""ClinicalTrials.gov, API version 2: trials by number, and searches."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from review_tools.sources.http import CLINICALTRIALS, Client, Params
from review_tools.sources.records import DOI, NCT, Page, Record, RecordError, doi, list_at, page_of, plain, text_at

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
DAY = re.compile(r"\d{4}-\d\d-\d\d")
BASIS = {"ACTUAL": "actual", "ESTIMATED": "planned"}


def trial(client: Client, nct: str) -> Record:
    """Return one trial by its NCT number. Raises ServiceError, UnknownRecordError among them."""
    return client.record(CLINICALTRIALS, f"studies/{nct}", {"format": "json"}, record, nct)


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
    """Return one study as the registry gives it. Raises RecordError where it has no NCT number or no title."""
    number = text_at(study, "protocolSection.identificationModule.nctId")
    if not NCT.fullmatch(number):
        raise RecordError("not the record of a trial with its NCT number")
    protocol = study["protocolSection"]
    brief, official = (text_at(protocol, f"identificationModule.{name}") for name in ("briefTitle", "officialTitle"))
    if not (brief or official):
        raise RecordError("the record has no title")
    columns = _columns(protocol) | {"registered_title": official or brief}
    summary = text_at(protocol, "descriptionModule.briefSummary")
    words = (summary, columns["registered_condition"], columns["registered_arms"])
    begun = text_at(protocol, "statusModule.studyFirstSubmitDate") or columns["start_date"]
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
    said = partial(text_at, protocol)
    state, why = said("statusModule.overallStatus"), said("statusModule.whyStopped")
    sites = list_at(protocol, "contactsLocationsModule.locations")
    countries = [one for one in dict.fromkeys(text_at(site, "country") for site in sites) if one]
    phases = map(plain, list_at(protocol, "designModule.phases"))
    groups = list_at(protocol, "armsInterventionsModule.armGroups")
    arms = [(text_at(one, "label") or text_at(one, "name"), text_at(one, "type")) for one in groups]
    arms = arms or [(text_at(one, "name"), "") for one in list_at(protocol, "armsInterventionsModule.interventions")]
    outcomes = list_at(protocol, "outcomesModule.primaryOutcomes")
    references = list_at(protocol, "referencesModule.references")
    results = (DOI.search(text_at(one, "citation")) for one in references if text_at(one, "type") == "RESULT")
    notes = [f"Registry's word for the status: {state}"] if state and state not in STATUSES else []
    notes += [f"Reason given: {why.rstrip('.')}"] if why else []
    return {
        "registered_condition": "; ".join(map(plain, list_at(protocol, "conditionsModule.conditions"))),
        "registered_sponsor": said("sponsorCollaboratorsModule.leadSponsor.name"),
        "registered_country": countries[0] if len(countries) == 1 else "several" if countries else "",
        "registered_status": STATUSES.get(state, "not shown"),
        "status_date": _day(said("statusModule.lastUpdatePostDateStruct.date")),
        "status_note": ". ".join(notes),
        "registered_phase": "/".join(PHASES[one] for one in phases if one in PHASES),
        "enrolment": said("designModule.enrollmentInfo.count"),
        "enrolment_basis": BASIS.get(said("designModule.enrollmentInfo.type"), ""),
        "start_date": said("statusModule.startDateStruct.date"),
        "completion_date": said("statusModule.completionDateStruct.date"),
        "registered_arms": _joined((label, kind.replace("_", " ").lower()) for label, kind in arms),
        "randomised": ALLOCATION.get(said("designModule.designInfo.allocation"), ""),
        "masking": MASKING.get(said("designModule.designInfo.maskingInfo.masking"), ""),
        "primary_outcome": _joined((text_at(one, "measure"), text_at(one, "timeFrame")) for one in outcomes),
        "results_posted": _day(said("statusModule.resultsFirstPostDateStruct.date")),
        "publication_doi": next((doi(named[0].rstrip(".,;)")) for named in results if named), ""),
    }


def _joined(labels: Iterable[tuple[str, str]]) -> str:
    """Return labels in one cell, each with its detail in brackets where there is one."""
    return "; ".join(f"{label} ({detail})" if detail else label for label, detail in labels if label)


def _day(text: str) -> str:
    """Return a full date; the table's column takes no less."""
    return text if DAY.fullmatch(text) else ""
