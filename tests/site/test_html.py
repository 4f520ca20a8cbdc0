"""The pages as they are written: links land, nothing comes from elsewhere, readers and machines find their way."""

import gzip
import html
import json
import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import feedparser
import lxml.html
import pytest
import yaml
from playwright.sync_api import Page

from review_tools.data import export
from review_tools.data.project import Project
from review_tools.site import site_files
from review_tools.site.policy import policy
from review_tools.synthesis import words
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer

pytestmark = pytest.mark.site
Html = lxml.html.HtmlElement
Pages = dict[str, Html]
FIRST_VIEW = 150_000  # bytes of HTML, compressed as servers do
# The theme keeps a second title for print, which no screen and no screen reader shows.
HEADINGS = "//main//*[self::h1|self::h2|self::h3|self::h4|self::h5][not(ancestor::*[@id='jb-print-docs-body'])]"
LOADED = "//script/@src | //img/@src | //iframe/@src | //source/@src | //link[@rel='stylesheet' or @rel='icon']/@href"
UNLISTED = ("search.html", "genindex.html")
# How a page is written, which no reader should see: tags, headings, links and roles of Markdown, entities.
WORDS = "//article//text()[not(ancestor::pre or ancestor::code or ancestor::script or ancestor::style)]"
RAW = re.compile(r"</?(?:a|b|br|p|div|span|t[dhr]|sup|sub|i|em)\b[^<]*>|(?m:^)\s*##+ |\{[a-z:]+\}`|\]\(|&[a-z]+;")


def chapters(pages: Pages) -> Pages:
    return {name: page for name, page in pages.items() if name.startswith("book/")}


def named(page: Html, name: str) -> list[str]:
    """What the meta tags of that name say."""
    return list(page.xpath("//head/meta[@name=$name or @property=$name]/@content", name=name))


def things(page: Html) -> list[dict[str, object]]:
    return [json.loads(text) for text in page.xpath("//head/script[@type='application/ld+json']/text()")]


def wrong_with_order(page: Html) -> list[str]:
    """What readers and assistive technology rely on: words alone, language, headings in order, a way past menus."""
    levels = [int(head.tag[1]) for head in page.xpath(HEADINGS)]
    first = page.xpath("//body//a[@href]")[0]
    past = "skip" in first.text_content().casefold() and page.xpath("//*[@id=$id]", id=first.get("href").lstrip("#"))
    leap = levels[:1] != [1] or levels.count(1) != 1 or any(after > before + 1 for before, after in pairwise(levels))
    raw = [found[0] for text in page.xpath(WORDS) if (found := RAW.search(text))]
    return [
        *([f"raw markup {raw}"] if raw else []),
        *(["no language"] if page.get("lang") != "en" else []),
        *([f"headings {levels}"] if leap else []),
        *([] if past else ["the first link does not lead past the navigation"]),
    ]


def wrong_with_head(page: Html, name: str, base: str) -> list[str]:
    """What search engines and previews rely on, and the policy before anything loads."""
    head, wrong = page.find("head"), []
    description, address = named(page, "description"), base + name
    if len(description) != 1 or not 30 <= len(description[0]) <= 160:
        wrong.append(f"description {description}")
    if page.xpath("//link[@rel='canonical']/@href") != [address] or named(page, "og:url") != [address]:
        wrong.append("canonical address")
    if named(page, "og:description") != description or not named(page, "og:title") or not named(page, "og:type"):
        wrong.append("preview")
    tags = [child.tag for child in head if child.tag in ("script", "link", "style")]
    before = head.xpath("meta[@http-equiv='Content-Security-Policy']/preceding-sibling::*[self::script|self::link]")
    if not tags or before or len(head.xpath("meta[@http-equiv='Content-Security-Policy']")) != 1:
        wrong.append("policy")
    return wrong


@pytest.fixture(scope="module")
def anchors(pages: Pages) -> dict[str, set[str]]:
    return {name: {*page.xpath("//@id"), *page.xpath("//a/@name")} for name, page in pages.items()}


def test_every_page_is_in_order(pages: Pages, site: Path, project: Project) -> None:
    base, wrong, titles = project.site_address, defaultdict(list), Counter[str]()
    for name, page in pages.items():
        titles[page.findtext("head/title")] += 1
        wrong[name] += wrong_with_order(page)
        if name not in UNLISTED:
            wrong[name] += wrong_with_head(page, name, base)
        wrong[name] += [f"loads {url}" for url in page.xpath(LOADED) if re.match(r"(https?:)?//", url)]
        if len(gzip.compress((site / name).read_bytes(), 6)) > FIRST_VIEW:
            wrong[name].append("heavy")
    assert not {name: found for name, found in wrong.items() if found}
    assert len(pages) > 200


@pytest.mark.parametrize(
    ("right", "spoilt", "says"),
    [
        ('lang="en"', "", "no language"),
        ("<h2>", "<h4>", "headings"),
        ("</article>", "<p>a&lt;br&gt;b</p></article>", "raw markup"),
        ("</article>", '<p>&lt;a href="#x"&gt;x&lt;/a&gt;</p></article>', "raw markup"),
        ("</article>", "<details></details>\n## Heading</article>", "raw markup"),
        ('class="skip-link', 'class="', "the first link"),
        ('name="description" content="', 'name="description" content="x" data-x="', "description"),
        ('rel="canonical" href="', 'rel="canonical" href="https://example.org/" data-x="', "canonical"),
        ('property="og:title"', 'property="og:tit"', "preview"),
        ('http-equiv="Content-Security-Policy"', 'name="csp"', "policy"),
    ],
)
def test_what_is_not_in_order_is_found(site: Path, project: Project, right: str, spoilt: str, says: str) -> None:
    name = "studies/deng_2017_randomised.html"
    text = (site / name).read_text(encoding="utf-8")
    if right.startswith('class="skip'):
        text = re.sub(r'<(\w+)[^>]*class="[^"]*skip-link.*?</\1>', '<a href="#nowhere">Home</a>', text, flags=re.DOTALL)
    page = lxml.html.fromstring(text.replace(right, spoilt).encode())
    assert any(says in one for one in (*wrong_with_order(page), *wrong_with_head(page, name, project.site_address)))


def test_old_addresses_lead_on(site: Path, root: Path, tab: Page, address: str) -> None:
    moved = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]["moved_pages"]
    assert not {page for page in moved.values() if not (site / f"{page}.html").is_file()}
    for old, page in moved.items():
        tab.goto(f"{address}/{old}.html")
        tab.wait_for_url(f"**/{page}.html")


def test_every_internal_link_lands(pages: Pages, site: Path, anchors: dict[str, set[str]]) -> None:
    broken = []
    selects = pages["book/explore.html"].xpath("//form[@class='explorer']//select")
    offered = {(select.get("name"), option) for select in selects for option in select.xpath("option/@value")}
    for name, page in pages.items():
        for address in page.xpath("//a/@href"):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not address.strip("#"):
                continue
            target = urlsplit(urljoin(f"/{name}", unquote(parts.path))).path.lstrip("/") if parts.path else name
            if not (site / target).is_file():
                broken.append(f"{name}: {address}")
            elif target == "book/explore.html" and "=" in parts.fragment:  # what its selects are set to
                broken += [f"{name}: {address}" for pair in parse_qsl(parts.fragment) if pair not in offered]
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                broken.append(f"{name}: {address} (no such anchor)")
    assert not broken, broken[:10]


def test_every_chapter_is_built_and_map_and_search_know_every_page(pages: Pages, site: Path, project: Project) -> None:
    listed = re.findall(r"(?:root|file): (\S+)", project.read("_toc.yml").decode())
    assert {name.removesuffix(".html") for name in chapters(pages)} == set(listed)
    made = {f"{table}/{row}" for table in ("studies", "trials") for row in project.table(table).iloc[:, 0]}
    assert made == {name.removesuffix(".html") for name in pages if name.startswith(("studies/", "trials/"))}
    index = (site / "searchindex.js").read_text(encoding="utf-8").removeprefix("Search.setIndex(").removesuffix(")")
    assert made <= set(json.loads(index)["docnames"])
    tree = ElementTree.parse(site / "sitemap.xml")  # noqa: S314 (our own)
    entries = [loc.text for loc in tree.iter(f"{{{site_files.SITEMAP}}}loc")]
    assert sorted(entries) == sorted(project.site_address + name for name in pages if name not in UNLISTED)
    robots = (site / "robots.txt").read_text(encoding="utf-8")
    assert f"Sitemap: {project.site_address}sitemap.xml" in robots
    assert "Disallow: /" not in robots


def test_every_section_of_the_seed_has_its_place(anchors: dict[str, set[str]]) -> None:
    numbers = (
        "1 2 2.1 2.1.1 2.1.2 2.2 2.2.1 2.2.2 2.2.3 2.2.3.1 2.2.3.2 2.2.3.3 "
        "2.2.4 2.2.5 3 3.1 3.1.1 3.1.2 3.2 3.2.1 3.2.2 4 4.1 4.2 4.3"
    )
    everywhere = set().union(*(ids for name, ids in anchors.items() if name.startswith("book/")))
    assert {f"seed-section-{number.replace('.', '-')}" for number in numbers.split()} <= everywhere


def test_marks_after_citations_follow_the_reading(pages: Pages, project: Project) -> None:
    studies = project.table("studies").set_index("study_id")["read"]
    read = {project.works[key].anchor: depth for key, depth in studies.items()}
    wanted = {"part of abstract": "read in part only", "secondary": "read in part only"}
    wanted["title only"] = "known by its title only"
    seen = Counter[str]()
    for name, page in chapters(pages).items():
        marks = page.xpath("//main//svg[@class='mark']")
        assert len(page.find_class("mark-key")) == bool(marks), name
        for link in page.xpath("//main//p//a[contains(@href, '#ref-')][not(ancestor::*[@class='output'])][not(.//s)]"):
            mark = "".join(link.xpath("span[@class='marked']/svg/@aria-label"))
            assert mark == wanted.get(read[link.get("href").partition("#")[2]], ""), (name, link.get("href"))
            seen[mark] += 1
    assert min(seen[mark] for mark in ("", *wanted.values())) > 5


def test_every_chapter_is_a_notebook_to_take_along_and_every_figure_shows_its_call(
    pages: Pages, site: Path, project: Project
) -> None:
    seen = 0
    for name, page in chapters(pages).items():
        if not page.find_class("cell"):
            continue
        (address,) = {link for link in page.xpath("//a/@href") if link.endswith(".ipynb") and "_sources" in link}
        notebook = json.loads((site / name).parent.joinpath(address).resolve().read_text(encoding="utf-8"))
        assert [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["outputs"]], name
        assert any(link.startswith("https://mybinder.org/") for link in page.xpath("//a/@href")), name
        cells = project.read(name.replace(".html", ".md")).decode()
        for tools in page.xpath("//*[contains(@class, 'chart-tools')][not(ancestor::details[@class='behind'])]"):
            (call,) = tools.xpath("details[@class='chart-call']/code")
            assert call.text_content().removeprefix("import review_tools as rt\n") in cells, name
            seen += 1
    assert seen > 20


def test_every_citation_in_the_text_leads_to_its_entry(pages: Pages, project: Project) -> None:
    entries = set(pages["book/references.html"].xpath("//@id"))
    for name, page in chapters(pages).items():
        text = project.read(name.replace(".html", ".md")).decode()
        text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
        keys = {key.strip() for group in re.findall(r"\{cite:\w+\}`([^`]+)`", text) for key in group.split(",")}
        linked = {address.partition("#")[2] for address in page.xpath("//a/@href")}
        for key in keys & set(project.works):
            assert project.works[key].anchor in entries & linked, f"{name} does not link to {key}"
    links = set(pages["book/references.html"].xpath("//a/@href"))
    assert {f"https://doi.org/{work['doi']}" for work in project.works.values() if work["doi"]} <= links


def test_unidentified_numbers_are_marked_and_lead_to_their_row(pages: Pages, project: Project) -> None:
    rows = set(pages["book/references.html"].xpath("//@id"))
    marks = [link for page in chapters(pages).values() for link in page.xpath("//a[contains(@class, 'seed-unid')]")]
    assert all("not yet identified" in link.get("title") for link in marks)
    assert {link.get("href").partition("#")[2] for link in marks} <= rows
    written = sum(len(re.findall(rb"\{seed\}`\d+`", project.read(name))) for name in project.files("book", ".md"))
    assert len(marks) >= written * 0.9 > 50
    assert not [name for name, page in chapters(pages).items() if "[?]" in page.text_content()]


def test_a_summary_of_findings_leads_to_the_figure_of_each_result(pages: Pages) -> None:
    titles = "//table[starts-with(caption, 'Summary of findings')]//tbody/tr/th//a/@href"
    links = [href for page in chapters(pages).values() for href in page.xpath(titles)]
    assert len(links) > 50
    assert not [href for href in links if "#chart-" not in href]


def test_numbers_are_those_of_the_data_and_an_abbreviation_is_explained_once(pages: Pages, project: Project) -> None:
    assert str(len(project.table("findings"))) in pages["book/index.html"].xpath("//b/text()")
    facts = [fact for page in chapters(pages).values() for fact in page.xpath("//abbr[contains(@class, 'fact')]")]
    assert len(facts) > 40
    assert all(fact.get("title").startswith(("count", "value", "percent", "released")) and fact.text for fact in facts)
    number = 0
    for name, page in chapters(pages).items():
        terms = [term.text for term in page.xpath("//abbr[@class='term']")]
        number += len(terms)
        assert len(set(terms)) == len(terms), name
        assert not page.xpath("//*[self::a|self::code|self::h1|self::h2|self::h3]//abbr[@class='term']"), name
    assert number > 50


def test_results_in_the_text_are_those_of_their_comparison(pages: Pages, project: Project) -> None:
    """In figures, by certainty or plainly, each linked to the figure of its comparison."""
    said: dict[str, tuple[str, set[str]]] = {}
    for name in project.table("comparisons")["comparison_id"]:
        result, rated = answer(project, name), certainty(project, name)
        certain = f"{rated.rating} certainty" if rated else "not rated"
        plain = words.plainly(result, rated) or words.sentence(result)
        title = f"{result.comparison['title']}: {words.sentence(result)}"
        said[title] = f"{result.comparison['page']}.html#chart-{name}", {words.named_interval(result), certain, plain}
    links = [one for page in chapters(pages).values() for one in page.xpath("//a[contains(@class, 'fact')]")]
    assert len(links) > 10
    for one in links:
        figure, texts = said[one.get("title")]
        assert one.text_content() in texts
        assert one.get("href").endswith(figure) or one.get("href") == f"#{figure.partition('#')[2]}"


# Charts


def test_every_chart_is_a_picture_with_a_name_an_address_and_its_specification(pages: Pages, site: Path) -> None:
    number, bundles = 0, set()
    for name, page in chapters(pages).items():
        figures = page.xpath("//figure[contains(@class, 'chart')]")
        scripts = [f"/_static/{script}" for script in page.xpath("//script/@data-library")]
        assert len(scripts) == bool(figures), name
        bundles |= set(scripts)
        assert len({figure.get("id") for figure in figures}) == len(figures), name
        for figure in figures:
            number += 1
            (view,) = figure.xpath(".//div[@class='chart-view']")
            assert len(view.xpath("./svg//path | ./svg//text")) > 3, figure.get("id")
            assert view.get("role") in ("img", "group")
            assert len(view.get("aria-label")) > 20
            assert figure.xpath(".//a[@href=$own]", own=f"#{figure.get('id')}")
            assert "title" not in json.loads(figure.xpath(".//script[@class='chart-spec']/text()")[0])
    assert number > 20
    (bundle,) = bundles  # the same address on every page, so that a browser fetches it once
    assert (site / bundle.lstrip("/")).is_file()


def test_the_gap_map_can_be_walked_without_script(pages: Pages) -> None:
    page = pages["book/synthesis/gap-map.html"]
    chart = page.xpath("//figure[contains(@class, 'chart')]")[0]
    targets = set(chart.xpath(".//svg//a/@*[name()='xlink:href']"))
    assert targets == set(chart.xpath(".//tbody//a/@href"))
    assert len(targets) > 20
    assert all(page.xpath("//*[@id=$id]", id=target.split("#")[1]) for target in targets)


# For machines


def test_the_front_page_is_a_work_that_scholars_can_cite(pages: Pages, project: Project) -> None:
    front, cite = pages["book/index.html"], project.citation
    assert named(front, "citation_title") == [cite.title]
    assert named(front, "citation_author") == list(cite.authors)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d", named(front, "citation_publication_date")[0])
    (review,) = things(front)
    assert review["@type"] == "ScholarlyArticle"
    assert review["version"] == cite.version
    assert review["isBasedOn"][0]["@id"] == "https://doi.org/10.3389/fimmu.2024.1525380"  # type: ignore[index]
    assert [name for name, page in pages.items() if named(page, "citation_title")] == ["book/index.html"]


def test_the_data_are_described_for_machines(pages: Pages, site: Path, project: Project) -> None:
    (data,) = things(pages["book/methods.html"])
    assert data["@type"] == "Dataset"
    assert str(data["license"]).startswith("https://creativecommons.org/licenses/by/4.0")
    assert 50 <= len(str(data["description"])) <= 5000
    offered = {entry["contentUrl"] for entry in data["distribution"]}  # type: ignore[attr-defined]
    assert offered == {f"{project.site_address}data/{path.name}" for path in (site / "data").iterdir()}
    columns = {f"{table.name}.{field.name}" for table in project.schema.values() for field in table.fields}
    assert set(data["variableMeasured"]) == columns  # type: ignore[call-overload]


def test_each_study_page_names_its_work(pages: Pages, project: Project) -> None:
    for study in project.table("studies").itertuples():
        page, work = pages[f"studies/{study.study_id}.html"], project.works[study.study_id]
        (thing,) = things(page)
        assert (thing["@type"], thing["headline"]) == ("ScholarlyArticle", work["title"].strip("[]"))
        assert not work["doi"] or thing["@id"] == f"https://doi.org/{work['doi']}"
        retracted = {thing.get("creativeWorkStatus") == "Retracted", named(page, "description")[0].startswith("Retr")}
        assert retracted == {study.status == "retracted"}


def test_what_head_and_feed_name_is_there(
    pages: Pages, anchors: dict[str, set[str]], site: Path, project: Project
) -> None:
    for name in ("book/index.html", "studies/deng_2017_randomised.html"):
        for address in pages[name].xpath("//head/link[@rel='icon' or @rel='alternate']/@href"):
            assert (site / urljoin(f"/{name}", address).lstrip("/").partition("?")[0]).is_file(), address
        (picture,) = named(pages[name], "og:image")
        data = (site / picture.removeprefix(project.site_address)).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (1200, 630)
    entries = feedparser.parse((site / site_files.FEED).read_bytes()).entries
    assert len(entries) == len(site_files.releases(project))
    for entry in entries:
        page, _, place = entry.link.removeprefix(project.site_address).partition("#")
        assert page in anchors
        assert not place or place in anchors[page]


def test_every_download_is_linked_and_whole(pages: Pages, site: Path, project: Project) -> None:
    there = {path.name: path.read_bytes() for path in (site / "data").iterdir()}
    links = pages["book/methods.html"].xpath("//a[starts-with(@href, '../data/')]/@href")
    assert {link.removeprefix("../data/") for link in links} == set(there)
    assert {f"data/{name}": content for name, content in there.items()} == export.files(project)


def test_the_lost_page_needs_nothing_beside_it(site: Path, project: Project) -> None:
    """It is shown at whatever address was not found."""
    lost = lxml.html.fromstring((site / "404.html").read_bytes())
    assert lost.get("lang") == "en"
    assert not lost.xpath("//script | //img | //iframe | //link[@rel='stylesheet']")
    targets = [target for target in lost.xpath("//a/@href | //link/@href") if not target.startswith("data:")]
    assert len(targets) >= 4
    for target in targets:
        assert target.startswith(project.site_address)
        assert (site / target.removeprefix(project.site_address)).is_file(), target


def test_the_policy_allows_no_inline_script_no_eval_and_no_other_host() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy("auto").split("; "))
    assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert re.fullmatch(r"'self' 'unsafe-hashes'( 'sha256-[\w+/=]+')+", rules["script-src"])
    assert "http" not in policy("auto")
    assert "eval" not in html.unescape(policy("auto"))
