"""The clients: what they read from a good answer, and how they refuse a bad one."""

import tracemalloc

import pytest
from defusedxml import ElementTree

from review_tools.data.problems import DataError
from review_tools.sources import clinicaltrials, crossref, http, pubmed
from review_tools.sources.http import Client, ServiceError, UnknownRecordError
from review_tools.sources.records import RecordError, identified
from sources.server import Services, a_study, a_work, an_article

DOI = "10.5555/made.up.1"


@pytest.fixture
def filled(services: Services) -> Services:
    notice = {"DOI": "10.5555/retraction.1", "type": "retraction", "updated": {"date-parts": [[2025, 9, 1]]}}
    title = "<i>Msc</i> vesicles &amp;lt; <b>T cells</b> <script>alert(1)</script>, p < 0.05 and n > 3\u200b\x07\n."
    services.works[DOI] = a_work(DOI, title, **{"updated-by": [notice]})
    services.articles["123"] = an_article("123", "CD4<sup>+</sup> cells &amp; MSC.", DOI, "NCT99999901")
    services.studies["NCT99999901"] = a_study("NCT99999901", "Invented Trial", whyStopped="money ran out.")
    return services


def test_crossref_gives_plain_text_and_notices(filled: Services) -> None:
    with Client() as client:
        work = crossref.work(client, DOI)
    assert work.title == "Msc vesicles < T cells alert(1), p < 0.05 and n > 3"
    assert work.authors == ("Example, Jane Q.", "Prüfer, Sören")
    assert (work.year, work.journal) == ("2025", "Journal of Invented Results & Methods")
    assert (work.volume, work.number, work.pages) == ("12", "3", "107-114")
    assert [(n.kind, n.doi, n.date) for n in work.notices] == [("retraction", "10.5555/retraction.1", "2025-09-01")]
    assert work.abstract == "Made up for a test."


def test_pubmed_gives_markup_as_text_groups_and_the_registry_number(filled: Services) -> None:
    with Client() as client:
        work = pubmed.work(client, "123")
    assert (work.title, work.pages, work.trial_id, work.doi) == ("CD4+ cells & MSC", "107-114", "NCT99999901", DOI)
    assert work.authors == ("Invented, Ida", "{Pretend and Sons Study Group}")


def test_pubmed_gives_a_title_in_its_own_language_and_a_suffix_and_bears_an_odd_year() -> None:
    article = """<PubmedArticle><MedlineCitation><PMID>9</PMID><Article><ArticleTitle>[Not Available].</ArticleTitle>
        <Journal><JournalIssue><PubDate><MedlineDate>Winter 98</MedlineDate></PubDate></JournalIssue></Journal>
        <VernacularTitle>Erfundene Zellen.</VernacularTitle><AuthorList><Author><LastName>Doe</LastName>
        <ForeName>Jane</ForeName><Suffix>Jr</Suffix></Author></AuthorList></Article></MedlineCitation></PubmedArticle>"""
    work = pubmed.record(ElementTree.fromstring(article))
    assert (work.title, work.authors, work.year) == ("Erfundene Zellen", ("Doe, Jr, Jane",), "")
    with pytest.raises(RecordError, match="no title"):
        pubmed.record(ElementTree.fromstring(article.replace("Erfundene Zellen.", "")))


def test_clinicaltrials_gives_the_columns_of_the_trial_table(filled: Services) -> None:
    with Client() as client:
        trial = clinicaltrials.trial(client, "NCT99999901")
    assert trial.trial_id == "NCT99999901"
    expected = {
        "registered_status": "recruiting",
        "registered_phase": "1/2",
        "randomised": "yes",
        "masking": "double",
        "enrolment": "60",
        "enrolment_basis": "planned",
        "status_date": "2025-11-03",
        "registered_arms": "MSC (experimental); Saline (placebo comparator)",
        "status_note": "Reason given: money ran out",
        "registered_country": "Portugal",
        "results_posted": "",
    }
    assert expected.items() <= dict(trial.columns).items()


def test_no_record_and_that_of_another_number_are_refused(filled: Services) -> None:
    filled.studies["NCT00000009"] = filled.studies["NCT99999901"]
    with Client() as client:
        with pytest.raises(UnknownRecordError, match="PubMed"):
            pubmed.work(client, "999")
        with pytest.raises(ServiceError, match="record of NCT99999901; NCT00000009 may be an old number"):
            clinicaltrials.trial(client, "NCT00000009")


FAULTS = {
    "500": "in trouble",
    "429 for an hour": "3600 seconds",
    "slow": "no answer in time",
    "cut": "cut off",
    "cut without length": "not whole",
    "page": "web page",
    "page as json": "web page",
    "wrong json": "another shape",
    "wrong type": "application/pdf",
    "deep": "not whole",
    "redirect": "elsewhere, to localhost",
    "circle": "circle",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_spoiled_answer_names_service_cause_and_remedy(kind: str, filled: Services) -> None:
    filled.fault(DOI, kind)
    with Client() as client, pytest.raises(ServiceError) as caught:
        crossref.work(client, DOI)
    assert caught.value.service == "Crossref"
    assert FAULTS[kind] in caught.value.why
    assert caught.value.remedy


def test_a_large_answer_does_not_fill_memory(filled: Services) -> None:
    filled.fault(DOI, "huge")
    tracemalloc.start()
    with Client() as client, pytest.raises(ServiceError, match="larger"):
        crossref.work(client, DOI)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000  # the server in this process holds a little, too


def test_an_entity_bomb_is_not_expanded(filled: Services) -> None:
    filled.fault("efetch", "bomb")
    with Client() as client, pytest.raises(ServiceError, match="not XML"):
        pubmed.work(client, "123")


@pytest.mark.parametrize("kind", ["500", "slow", "cut", "429"])
def test_a_passing_fault_is_outlived(kind: str, filled: Services, waits: list[float]) -> None:
    filled.fault(DOI, kind, times=1)
    with Client() as client:
        assert crossref.work(client, DOI).year == "2025"
    assert len(filled.asked) == 2
    assert (1.0 in waits) == (kind == "429")  # as its Retry-After says


def test_requests_keep_their_distance_and_retries_wait_longer(
    filled: Services, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 4)
    filled.fault(DOI, "500")
    with Client() as client, pytest.raises(ServiceError):
        crossref.work(client, DOI)
    first, *distances = waits[::2]
    assert first < 0
    assert all(0 < distance <= http.CROSSREF.interval for distance in distances)
    assert [0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(waits[1::2])] == [True] * 3


def test_the_agent_names_itself_and_a_contact_only_if_there_is_one(
    filled: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client() as client:
        crossref.work(client, DOI)
    monkeypatch.setenv("REVIEW_MAILTO", "reviewer@example.org")
    with Client() as client:
        crossref.work(client, DOI)
    assert filled.agents[0].startswith("msc-living-review/")
    assert "mailto" not in filled.agents[0]
    assert "mailto:reviewer@example.org" in filled.agents[1]


def test_a_service_that_is_down_is_waited_for_once(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_CROSSREF_URL", "http://127.0.0.1:9")
    with Client() as client:
        for _ in range(2):
            with pytest.raises(ServiceError, match=r"cannot be reached.*--from FILE"):
                crossref.work(client, DOI)
            assert sum(wait > 0.5 for wait in waits) == http.ATTEMPTS - 1


SETTINGS = {
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "HTTPS_PROXY": "socks://127.0.0.1:7891/",
    "NO_PROXY": "fd00::/8",
    "SSL_CERT_FILE": "/nonexistent.pem",
    "REVIEW_TIMEOUT": "abc",
    "REVIEW_CROSSREF_URL": "http://here:there",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, SETTINGS[name])
    with pytest.raises(DataError, match=name) as caught, Client() as client:
        crossref.work(client, DOI)
    assert "\n" not in str(caught.value)


ADDRESSES = {
    "https://doi.org/10.5555/ABC": ("doi", "10.5555/abc"),
    "doi: 10.5555/abc": ("doi", "10.5555/abc"),
    "10.5555/a b": ("", ""),
    "11.5555/abc": ("", ""),
    "": ("", ""),
    "https://pubmed.ncbi.nlm.nih.gov/123/?from=x": ("pmid", "123"),
    "https://www.ncbi.nlm.nih.gov/pubmed/123": ("pmid", "123"),
    "PMID: 123": ("pmid", "123"),
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/": ("pmcid", "PMC123"),
    "https://doi.org/10.5555%2FMade.up.": ("doi", "10.5555/made.up"),
    "https://doi.org/10/abc12d": ("short", "10/abc12d"),
    "https://clinicaltrials.gov/study/NCT99999901?term=x": ("nct", "NCT99999901"),
    "nct 99999901": ("nct", "NCT99999901"),
    "https://www.clinicaltrialsregister.eu/ctr-search/trial/2010-999999-14/DE": ("trial", "EUCTR2010-999999-14-DE"),
    "EudraCT number: 2010-999999-14": ("trial", "EUCTR2010-999999-14"),
    "https://euclinicaltrials.eu/ctis-public/view/2024-999999-18-00": ("trial", "CTIS2024-999999-18-00"),
    "https://trialsearch.who.int/Trial2.aspx?TrialID=ChiCTR9900037732": ("trial", "ChiCTR9900037732"),
    "UMIN999999999": ("trial", "JPRN-UMIN999999999"),
    "https://www.nature.com/articles/s1": ("", ""),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_as_good_as_its_number(address: str) -> None:
    assert identified(address) == ADDRESSES[address]
