"""What prose says by the data: numbers, results, references, verdicts, terms with their meaning."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from review_tools.data import inline_values
from review_tools.data.inline_values import UnknownFactError
from review_tools.data.problems import DataError
from review_tools.data.project import Project, once, snapshot_file
from review_tools.site.citations import sign
from review_tools.site.pages import project_of
from review_tools.synthesis import claims, comparisons, words
from review_tools.synthesis.certainty import certainty

logger = logging.getLogger(__name__)
SHORT = re.compile(r"[A-Z].*[A-Z0-9\u03b1-\u03c9]")  # two capitals, or a capital and a figure or Greek letter
PLAIN = (nodes.paragraph, nodes.emphasis, nodes.strong)


class DataRole(SphinxRole):
    """One of ``ROLES``. It warns of what the data cannot answer, and leaves that on the page as it was written."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            return ROLES[self.name](project_of(self.env.app), self), []
        except (UnknownFactError, KeyError, DataError) as error:
            message = f"{{{self.name}}}`{self.text}`: {error.args[0]}"
            logger.warning(message, location=self.get_location(), type="review", subtype="role")
            return [nodes.literal(text=self.text)], []


def fact(project: Project, role: DataRole) -> list[nodes.Node]:
    """``{count}``, ``{value}``, ``{percent}``, ``{released}``: the answer of the data; a tooltip says where from."""
    answer, name = inline_values.answer(project, role.name, role.text), role.text.split()[0]
    file = snapshot_file(name) if role.name == "released" else f"data/{name}.csv"
    where = f"{role.name} from {file}: {role.text.removeprefix(name).strip() or 'all rows'}"
    return [nodes.abbreviation("", answer, explanation=where, classes=["fact"])]


def seed(project: Project, role: DataRole) -> list[nodes.Node]:
    """``{seed}``: a number of the 2024 review's list, as a citation or, while unidentified, plainly marked."""
    citations = project.table("citations")
    row = citations[citations["seed_number"].astype(str) == role.text]
    if row.empty:
        raise KeyError("the 2024 review has no such number")
    study = row["study_id"].iloc[0]
    if isinstance(study, str):
        cite = role.env.get_domain("cite").role("p")
        assert cite is not None  # noqa: S101 (sphinxcontrib-bibtex is always loaded)
        return cite("cite:p", f"{{cite:p}}`{study}`", study, role.lineno, role.inliner, {}, [])[0]
    tip = f"Reference {role.text} of the 2024 review: not yet identified. Cited for: {row['cited_for'].iloc[0]}"
    link = _link(f"[2024: {role.text}]", f"book/references#seed-{role.text}", tip, "seed-unidentified")
    return [link, sign("seed only")]


def basis(project: Project, role: DataRole) -> list[nodes.Node]:
    """``{basis}``: the mark of what a finding rests on, for a statement that a citation does not cover."""
    findings = project.table("findings").set_index("finding_id")["basis"]
    if role.text not in findings:
        raise KeyError("there is no such finding")
    return [sign(findings[role.text])]


def claim(project: Project, role: DataRole) -> list[nodes.Node]:
    """``{claim}``: the verdict the data give a claim, linked to its row of the ledger."""
    verdict = claims.verdict(project, role.text)
    look = ["tag", "tag-verdict", f"tag-{verdict.word.replace(' ', '-')}"]
    return [_link(verdict.word, f"book/synthesis/claims#claim-{role.text}", verdict.because, *look)]


def result(project: Project, role: DataRole) -> list[nodes.Node]:
    """``{result}``, ``{certainty}`` and ``{plainly}``: what a comparison says, linked to its figure.

    In figures, by the word for its certainty, or as a plain sentence.
    """
    answer, rated = comparisons.answer(project, role.text), certainty(project, role.text)
    said = {
        "result": words.named_interval(answer),
        "certainty": f"{rated.rating} certainty" if rated else "not rated",
        "plainly": words.plainly(answer, rated) or words.sentence(answer),
    }[role.name]
    title = f"{answer.comparison['title']}: {words.sentence(answer)}"
    return [_link(said, f"book/{answer.comparison['page']}#chart-{role.text}", title, "fact")]


def _link(text: str, address: str, title: str, *classes: str) -> nodes.reference:
    return nodes.reference("", text, refuri=f"site:{address}", reftitle=title, internal=True, classes=[*classes])


ROLES = {
    **dict.fromkeys(inline_values.KINDS, fact),
    "seed": seed,
    "basis": basis,
    "claim": claim,
    **dict.fromkeys(("result", "certainty", "plainly"), result),
}


@once
def glossary(project: Project) -> dict[str, str]:
    """Return terms of statistics, abbreviations, and mediators known by a short name, with what they stand for."""
    terms = project.table("vocabulary")
    terms = terms[terms["kind"].isin(["abbreviation", "mediator", "statistic"])]
    return {
        row["term"]: f"{row['label']}: {row['definition']}"
        for _, row in terms.iterrows()
        if row["kind"] == "statistic"
        or (SHORT.search(row["term"]) and " " not in row["term"] and row["term"].casefold() != row["label"].casefold())
    }


def explain(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Mark the first occurrence of each term on a page, in the plain text of its paragraphs."""
    project = project_of(app)
    meanings = dict(glossary(project))
    longest_first = "|".join(re.escape(term) for term in sorted(meanings, key=lambda term: (-len(term), term)))
    pattern = re.compile(rf"(?<![\w-])({longest_first})(?=s?(?!\w))")
    for text in [node for node in doctree.findall(nodes.Text) if _in_prose(node)]:
        parts, end, words = [], 0, text.astext()
        for match in pattern.finditer(words):
            meaning = meanings.pop(match[1], None)
            if meaning:
                term = nodes.abbreviation("", match[1], explanation=meaning, classes=["term"])
                parts += [nodes.Text(words[end : match.start()]), term]
                end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(words[end:])])


def _in_prose(text: nodes.Text) -> bool:
    """Say whether the text stands in a paragraph, and in no link, code, formula or table on the way there."""
    node = text.parent
    while not isinstance(node, nodes.paragraph):
        if not isinstance(node, PLAIN):
            return False
        node = node.parent
    return isinstance(node.parent, nodes.section | nodes.list_item)
