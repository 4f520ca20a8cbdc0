"""ClinicalTrials.gov, API version 2."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from review_tools.sources.http import CLINICALTRIALS, Client, ServiceError
from review_tools.sources.records import DOI, NCT, RecordError, TrialRecord, doi, plain

PAGE = "https://clinicaltrials.gov/study/"
STATUSES = {
    "NOT_YET_RECRUITING": "not yet recruiting",
    "RECRUITING": "recruiting",
    "ENROLLING_BY_INVITATION": "recruiting",
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


def trial(client: Client, nct: str) -> TrialRecord:
    """One trial by its NCT number.

    Raises:
        UnknownRecordError: no such number.
        ServiceError: anything else.
    """
    answer = client.json(CLINICALTRIALS, f"studies/{nct}", {"format": "json"}, valid=_is_study)
    try:
        found = record(answer.data, answer.url, answer.retrieved)
    except RecordError as error:
        remedy = "try again later, or name a saved record with --from FILE"
        raise ServiceError(CLINICALTRIALS.name, answer.url, str(error), remedy) from error
    if found.trial_id != nct:
        why = f"the answer is the record of {found.trial_id}; {nct} may be an old number of the same trial"
        raise ServiceError(CLINICALTRIALS.name, answer.url, why, f"add {found.trial_id} if that is the trial meant")
    return found


def _is_study(data: Any) -> bool:
    return bool(NCT.fullmatch(plain(_at(data, "protocolSection", "identificationModule", "nctId"))))


def record(study: Any, url: str, retrieved: date) -> TrialRecord:
    """One study as the registry gives it. What the review has no word for goes into ``status_note``.

    Raises:
        RecordError: not a study with an NCT number and a title.
    """
    identity = _at(study, "protocolSection", "identificationModule")
    number, brief = plain(_at(identity, "nctId")), plain(_at(identity, "briefTitle"))
    if not _is_study(study):
        raise RecordError("not the record of a trial with its NCT number")
    protocol = study["protocolSection"]
    official = plain(_at(identity, "officialTitle"))
    if not (brief or official):
        raise RecordError("the record has no title")
    status, design = _at(protocol, "statusModule"), _at(protocol, "designModule")
    arms = _at(protocol, "armsInterventionsModule")
    countries = tuple(
        dict.fromkeys(plain(_at(one, "country")) for one in _list(protocol, "contactsLocationsModule", "locations"))
    )
    countries = tuple(filter(None, countries))
    state = plain(_at(status, "overallStatus"))
    return TrialRecord(
        trial_id=number,
        title=brief or official,
        source=CLINICALTRIALS.name,
        url=url,
        retrieved=retrieved,
        countries=countries,
        registered_title=official or brief,
        registered_condition="; ".join(map(plain, _list(protocol, "conditionsModule", "conditions"))),
        registered_sponsor=plain(_at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name")),
        registered_country=countries[0] if len(countries) == 1 else "several" if countries else "",
        registered_status=STATUSES.get(state, "not shown"),
        status_date=_day(_at(status, "lastUpdatePostDateStruct", "date")),
        status_note=". ".join(_status_notes(status, state)),
        registered_phase=_phase(_list(design, "phases")),
        enrolment=plain(_at(design, "enrollmentInfo", "count")),
        enrolment_basis=BASIS.get(plain(_at(design, "enrollmentInfo", "type")), ""),
        start_date=plain(_at(status, "startDateStruct", "date")),
        completion_date=plain(_at(status, "completionDateStruct", "date")),
        registered_arms="; ".join(_arms(arms)),
        randomised=ALLOCATION.get(plain(_at(design, "designInfo", "allocation")), ""),
        masking=MASKING.get(plain(_at(design, "designInfo", "maskingInfo", "masking")), ""),
        primary_outcome="; ".join(_outcomes(protocol)),
    )


def _at(value: Any, *path: str) -> Any:
    """What stands at a path of keys; None where anything on the way is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any, *path: str) -> list[Any]:
    found = _at(value, *path)
    return found if isinstance(found, list) else []


def _day(text: object) -> str:
    """A full date; the table's column takes no less."""
    shown = plain(text)
    try:
        return date.fromisoformat(shown).isoformat()
    except ValueError:
        return ""


def _phase(listed: list[Any]) -> str:
    """One phase as the vocabulary has it: two phases are joined by a slash."""
    known = [PHASES[phase] for phase in map(plain, listed) if phase in PHASES]
    return "/".join(known)


def _status_notes(status: Any, state: str) -> Iterator[str]:
    if state and state not in STATUSES:
        yield f"Registry's word for the status: {state}"
    if state == "ENROLLING_BY_INVITATION":
        yield "Enrolling by invitation"
    if why := plain(_at(status, "whyStopped")):
        yield f"Reason given: {why.rstrip('.')}"


def _arms(module: Any) -> Iterator[str]:
    groups = _list(module, "armGroups")
    for one in groups or _list(module, "interventions"):
        label = plain(_at(one, "label") or _at(one, "name"))
        kind = plain(_at(one, "type")).replace("_", " ").lower() if groups else ""
        if label:
            yield f"{label} ({kind})" if kind else label


def _outcomes(protocol: Any) -> Iterator[str]:
    for one in _list(protocol, "outcomesModule", "primaryOutcomes"):
        measure, frame = plain(_at(one, "measure")), plain(_at(one, "timeFrame"))
        if measure:
            yield f"{measure} ({frame})" if frame else measure


def results(study: Any) -> dict[str, str]:
    """What a study's record says about its results: columns ``results_posted`` and ``publication_doi``."""
    status = _at(study, "protocolSection", "statusModule")
    named = (
        DOI.search(plain(_at(one, "citation")))
        for one in _list(study, "protocolSection", "referencesModule", "references")
        if plain(_at(one, "type")) == "RESULT"
    )
    publication = next((doi(found[0].rstrip(".,;)")) for found in named if found), "")
    return {
        "results_posted": _day(_at(status, "resultsFirstPostDateStruct", "date")),
        "publication_doi": publication,
    }
