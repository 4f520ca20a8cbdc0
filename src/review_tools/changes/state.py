"""What the review says at one time: its tables, its pooled results, its verdicts."""

from dataclasses import dataclass

from review_tools.changes import pages, results, rows
from review_tools.changes.model import Changes, PoolState, VerdictState
from review_tools.changes.sheets import Sheets
from review_tools.data.project import Project


@dataclass(frozen=True)
class State:
    """One side of a comparison; ``notes`` says what could not be read or computed."""

    sheets: Sheets
    pools: dict[str, PoolState]
    verdicts: dict[str, VerdictState]
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, project: Project) -> "State":
        """Return the state of a project, computed by the code at hand.

        Raises:
            DataError: its ``datapackage.json`` cannot be read.
        """
        sheets = Sheets.read(project)
        pools, uncomputed = results.pool_states(project)
        verdicts, untested = results.verdict_states(project)
        return cls(sheets, pools, verdicts, (*sheets.unreadable, *uncomputed, *untested))

    def changed_to(self, new: "State", names: tuple[str, str]) -> Changes:
        """What ``new`` changes. Pages are named where both sides hold their chapters."""
        tables = rows.compare(self.sheets, new.sheets)
        pools, verdicts = results.pools(self.pools, new.pools), results.verdicts(self.verdicts, new.verdicts)
        whole = self.sheets.chapters and new.sheets.chapters
        return Changes(
            before=names[0],
            after=names[1],
            tables=tables,
            pools=pools,
            pools_compared=len({*self.pools, *new.pools}),
            verdicts=verdicts,
            verdicts_compared=len({*self.verdicts, *new.verdicts}),
            pages=pages.affected(self.sheets, new.sheets, tables, pools, verdicts) if whole else (),
            notes=tuple(
                f"{name}: {note}" for name, side in zip(names, (self, new), strict=True) for note in side.notes
            ),
        )
