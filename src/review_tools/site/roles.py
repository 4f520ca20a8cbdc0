"""Roles for prose: numbers that the data knows, and the seed's reference numbers."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from review_tools.data import inline_values
from review_tools.data.problems import DataError
from review_tools.site.context import project_of
from review_tools.synthesis import claims

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Makes the roles known."""
    for name in ("count", "value", "percent"):
        app.add_role(name, FactRole())
    app.add_role("seed", SeedRole())
    app.add_role("claim", ClaimRole())


class FactRole(SphinxRole):
    """``{count}``, ``{value}`` and ``{percent}``: the answer of the data, with a tooltip that says where from."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        project = project_of(self.env.app)
        for table in project.schema:
            self.env.note_dependency(str(project.root / project.file_of(table)))
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
    """``{seed}``: a number of the seed's list, as an ordinary citation or, while unidentified, plainly marked."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        citations = project_of(self.env.app).table("citations")
        row = citations[citations["seed_number"].astype(str) == self.text]
        if row.empty:
            logger.warning(
                f"{{seed}}`{self.text}`: the seed has no such number",
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
        tip = f"Reference {self.text} of the seed review: not yet identified. Cited for: {row['cited_for'].iloc[0]}"
        address = f"site:book/references#seed-{self.text}"
        link = nodes.reference(
            "", f"[seed {self.text}]", refuri=address, reftitle=tip, internal=True, classes=["seed-unidentified"]
        )
        return [link], []


class ClaimRole(SphinxRole):
    """``{claim}``: the verdict the data give a claim, linked to its row of the ledger."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            verdict = claims.verdict(project_of(self.env.app), self.text)
        except (KeyError, DataError) as error:
            logger.warning(str(error.args[0]), location=self.get_location(), type="review", subtype="claim")
            return [nodes.literal(text=self.text)], []
        address = f"site:book/synthesis/claims#claim-{self.text}"
        look = ["tag", "tag-verdict", f"tag-{verdict.word.replace(' ', '-')}"]
        link = nodes.reference("", verdict.word, refuri=address, reftitle=verdict.because, internal=True, classes=look)
        return [link], []
