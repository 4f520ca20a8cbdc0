"""What prose says by the data: numbers, results, references, verdicts, terms with their meaning."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from review_tools.data import inline_values
from review_tools.data.problems import DataError
from review_tools.data.project import Project, once
from review_tools.site import marks
from review_tools.site.context import project_of
from review_tools.synthesis import claims, comparisons, words
from review_tools.synthesis.certainty import certainty

logger = logging.getLogger(__name__)
SHORT = re.compile(r"[A-Z].*[A-Z0-9\u03b1-\u03c9]")  # two capitals, or a capital and a figure or Greek letter
PLAIN = (nodes.paragraph, nodes.emphasis, nodes.strong)


def setup(app: Sphinx) -> None:
    """Make the roles known, and explain abbreviations before a page is written."""
    for name in ("count", "value", "percent"):
        app.add_role(name, FactRole())
    app.add_role("seed", SeedRole())
    app.add_role("claim", ClaimRole())
    app.add_role("basis", BasisRole())
    for name in ("result", "certainty", "plainly"):
        app.add_role(name, ResultRole())
    app.connect("doctree-resolved", explain)


def depend(env: BuildEnvironment, project: Project) -> None:
    """Let the page be read again when a table changes."""
    for table in project.schema:
        env.note_dependency(str(project.root / project.file_of(table)))


class FactRole(SphinxRole):
    """``{count}``, ``{value}`` and ``{percent}``: the answer of the data, with a tooltip that says where from."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        project = project_of(self.env.app)
        depend(self.env, project)
        try:
            answer = inline_values.answer(project, self.name, self.text)
        except (inline_values.UnknownFactError, DataError) as error:
            message = f"{{{self.name}}}`{self.text}`: {error}"
            logger.warning(message, location=self.get_location(), type="review", subtype="fact")
            return [nodes.literal(text=self.text)], []
        name = self.text.split()[0]
        where = f"{self.name} from data/{name}.csv: {self.text.removeprefix(name).strip() or 'all rows'}"
        return [nodes.abbreviation("", answer, explanation=where, classes=["fact"])], []


class SeedRole(SphinxRole):
    """``{seed}``: a number of the 2024 review's list, as a citation or, while unidentified, plainly marked."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        citations = project_of(self.env.app).table("citations")
        row = citations[citations["seed_number"].astype(str) == self.text]
        if row.empty:
            logger.warning(
                f"{{seed}}`{self.text}`: the 2024 review has no such number",
                location=self.get_location(),
                type="review",
                subtype="seed",
            )
            return [nodes.literal(text=self.text)], []
        study = row["study_id"].iloc[0]
        if isinstance(study, str):
            cite = self.env.get_domain("cite").role("p")
            assert cite is not None  # noqa: S101 (sphinxcontrib-bibtex is always loaded)
            return cite("cite:p", f"{{cite:p}}`{study}`", study, self.lineno, self.inliner, {}, [])
        tip = f"Reference {self.text} of the 2024 review: not yet identified. Cited for: {row['cited_for'].iloc[0]}"
        address = f"site:book/references#seed-{self.text}"
        link = nodes.reference(
            "", f"[2024: {self.text}]", refuri=address, reftitle=tip, internal=True, classes=["seed-unidentified"]
        )
        return [link, marks.sign("seed only")], []


class BasisRole(SphinxRole):
    """``{basis}``: the mark of what a finding rests on, for a statement that a citation does not cover."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        project = project_of(self.env.app)
        depend(self.env, project)
        findings = project.table("findings")
        basis = findings.loc[findings["finding_id"] == self.text, "basis"]
        if basis.empty:
            message = f"{{basis}}`{self.text}`: there is no such finding"
            logger.warning(message, location=self.get_location(), type="review", subtype="basis")
        return [marks.sign(depth) for depth in basis], []


class ClaimRole(SphinxRole):
    """``{claim}``: the verdict the data give a claim, linked to its row of the ledger."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        project = project_of(self.env.app)
        depend(self.env, project)
        try:
            verdict = claims.verdict(project, self.text)
        except (KeyError, DataError) as error:
            logger.warning(str(error.args[0]), location=self.get_location(), type="review", subtype="claim")
            return [nodes.literal(text=self.text)], []
        address = f"site:book/synthesis/claims#claim-{self.text}"
        look = ["tag", "tag-verdict", f"tag-{verdict.word.replace(' ', '-')}"]
        link = nodes.reference("", verdict.word, refuri=address, reftitle=verdict.because, internal=True, classes=look)
        return [link], []


class ResultRole(SphinxRole):
    """``{result}``, ``{certainty}`` and ``{plainly}``: what a comparison says, linked to its page.

    In figures, by the word for its certainty, or as a plain sentence.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        project = project_of(self.env.app)
        depend(self.env, project)
        try:
            answer, rated = comparisons.answer(project, self.text), certainty(project, self.text)
        except (KeyError, DataError) as error:
            logger.warning(str(error.args[0]), location=self.get_location(), type="review", subtype="result")
            return [nodes.literal(text=self.text)], []
        said = {
            "result": words.named_interval(answer),
            "certainty": f"{rated.rating} certainty" if rated else "not rated",
            "plainly": words.plainly(answer, rated) or words.sentence(answer),
        }[self.name]
        address = f"site:book/{answer.comparison['page']}"
        title = f"{answer.comparison['title']}: {words.sentence(answer)}"
        return [nodes.reference("", said, refuri=address, reftitle=title, internal=True, classes=["fact"])], []


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
