"""Building: a change in the data changes the page; what fails is named, and nothing is published."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.cli import app

pytestmark = pytest.mark.slow
SetCell = Callable[[str, str, str, str], None]


@pytest.fixture
def small(copy: Path) -> Path:
    """A book of two pages over the real data: the references, and the trials with their outcomes."""
    (copy / "_toc.yml").write_text(
        "format: jb-book\nroot: book/references\nchapters:\n  - file: book/page\n", encoding="utf-8"
    )
    kept = (
        (copy / "book" / "references.md")
        .read_text(encoding="utf-8")
        .replace("[Identifying one](contribute.md)", "Identifying one")
    )
    shutil.copytree(copy / "book" / "_static", copy / "kept_static")
    shutil.rmtree(copy / "book")
    (copy / "book").mkdir()
    shutil.move(copy / "kept_static", copy / "book" / "_static")
    (copy / "book" / "references.md").write_text(kept, encoding="utf-8")
    head = kept.split("# References")[0]
    table = (
        '```{code-cell} ipython3\nimport review_tools as rt\nrt.tables.outcomes(study_id="deng_2017_randomised")\n```\n'
    )
    number = "{value}`outcomes deng_2017_randomised-1 events_arm1` responded.\n"
    (copy / "book" / "page.md").write_text(f"{head}# Page\n\n{number}\n{table}", encoding="utf-8")
    # Claims name chapters that the small book does not have.
    for table in ("claims", "claim_studies"):
        path = copy / "data" / f"{table}.csv"
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    # The small book cites next to nothing, so works that only chapters use stand in a list.
    works = re.findall(r"^@\w+\{(\w+),", (copy / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    cited = f"\nAll works: {{cite:p}}`{','.join(works)}`\n"
    with (copy / "book" / "page.md").open("a", encoding="utf-8") as file:
        file.write(cited)
    return copy


def build(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["build", "--root", str(folder)])
    return result.exit_code, result.output


def append(folder: Path, text: str) -> None:
    with (folder / "book" / "page.md").open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_changed_cell_changes_the_page_and_a_failed_build_leaves_it(small: Path, set_cell: SetCell) -> None:
    """One story: build; change one cell, build; break a chapter, build fails and the page stays."""
    page = small / "_build" / "html" / "book" / "page.html"
    code, output = build(small)
    assert code == 0, output
    assert "9 of 12" in page.read_text(encoding="utf-8")
    assert re.search(r'<abbr class="fact[^>]*>9</abbr> responded', page.read_text(encoding="utf-8"))
    set_cell("outcomes", "deng_2017_randomised-1", "events_arm1", "8")
    set_cell("outcomes", "deng_2017_randomised-1", "printed_percent_arm1", "67")
    set_cell("outcomes", "deng_2017_randomised-1", "reported", "8/12 (67%) vs 5/6 (83%); no benefit over placebo")
    code, output = build(small)
    assert code == 0, output
    changed = page.read_text(encoding="utf-8")
    assert "8 of 12" in changed
    assert re.search(r'<abbr class="fact[^>]*>8</abbr> responded', changed)
    append(small, "\n```{code-cell} ipython3\nrt.load('no such table')\n```\n")
    code, output = build(small)
    assert code == 1
    assert "book/page.md" in output
    assert "No table 'no such table'" in output
    assert page.read_text(encoding="utf-8") == changed


def test_a_broken_link_fails_the_build(small: Path) -> None:
    append(small, "\n[lost](nowhere.md)\n")
    code, output = build(small)
    assert code == 1
    assert "nowhere.md" in output
    assert not (small / "_build" / "html").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\n{cite:p}`nobody_2024_nothing`\n", "nobody_2024_nothing"),
        ("\n{count}`findings route=telepathy`\n", "telepathy"),
    ],
    ids=["unknown citation", "unknown fact"],
)
def test_a_bad_citation_is_refused_before_anything_runs(small: Path, text: str, says: str) -> None:
    append(small, text)
    code, output = build(small)
    assert code == 1
    assert says in output
    assert "Nothing was built" in output


def test_a_bad_row_is_refused_before_anything_runs(small: Path, set_cell: SetCell) -> None:
    set_cell("outcomes", "deng_2017_randomised-1", "events_arm1", "13")
    code, output = build(small)
    assert code == 1
    assert "more events than people (12)" in output


def test_plain_sphinx_also_refuses_an_unknown_citation(small: Path) -> None:
    """The check before the build is not the only guard: Jupyter Book itself stops at a warning."""
    from review_tools.site.build import BuildError
    from review_tools.site.build import build as build_site

    append(small, "\n{cite:p}`nobody_2024_nothing` and {count}`findings route=telepathy`\n")
    with pytest.raises(BuildError, match="nobody_2024_nothing") as caught:
        build_site(small)
    assert "telepathy" in str(caught.value)


def test_a_retraction_is_struck_through_wherever_the_work_stands(small: Path, set_cell: SetCell) -> None:
    """Citation, references, card, study page, table and the rows left out of a comparison; the row leaves the pool."""
    study, label = "molendijk_2015_allogeneic", "Molendijk et al. 2015"
    cells = 'rt.tables.comparison_rows("crohns_fistula")', 'rt.charts.forest("crohns_fistula")', "rt.tables.notices()"
    append(small, "".join(f"\n```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells))
    html = small / "_build" / "html"
    page, own = html / "book" / "page.html", html / "studies" / f"{study}.html"
    code, output = build(small)
    assert code == 0, output
    assert f"<s>{label}" not in page.read_text(encoding="utf-8")
    set_cell("studies", study, "status", "retracted")
    with (small / "data" / "notices.csv").open("a", encoding="utf-8") as file:
        file.write(f"{study},retraction,crossref,10.5555/n.1,2026-10-01,2026-11-09,https://example.org/record\n")
    code, output = build(small)
    assert code == 0, output
    shown = page.read_text(encoding="utf-8")
    anchor = f"#ref-{study.replace('_', '-')}"
    assert re.search(rf'href="[^"]*{anchor}"[^>]*><s>Molendijk <em>et al.</em>, 2015</s> \[retracted\]', shown)
    card = json.loads(re.search(r'id="review-cards">(.*?)</script>', shown, re.DOTALL)[1])[anchor[1:]]
    assert (card["struck"], card["status"]) == ("yes", "Retracted")
    assert f'<s>{label}</s></a> <span class="tag tag-retracted">Retracted</span>' in shown  # tables
    assert "the study is marked: retracted" in shown
    assert "2 studies pooled" not in shown
    entry = (html / "book" / "references.html").read_text(encoding="utf-8").partition(f'id="{anchor[1:]}"')[2][:1500]
    assert "<s>Molendijk" in entry
    assert '<span class="tag tag-retracted">retracted</span>' in entry
    told = own.read_text(encoding="utf-8")
    assert f"<h1><s>{label}</s>" in told
    assert '<a href="https://doi.org/10.5555/n.1">Retraction of 2026-10-01</a>; seen at ' in told
    assert f"<s>{label}" in (html / "book" / "references.html").read_text(encoding="utf-8")
