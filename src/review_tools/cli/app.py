"""What the commands share: the application, its common options, and how a command refuses."""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from review_tools.data.edit import recover
from review_tools.data.problems import DataError
from review_tools.data.project import Project


class Commands(TyperGroup):
    """The commands: what is wrong with the data or a call ends any of them with its words, not with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except DataError as error:
            refuse("\n".join([str(error), *getattr(error, "__notes__", [])]))


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The living review's tools.",
)
CONTRIBUTE, MAINTAIN, LOOK = "Contribute", "Maintain", "Look"  # panels of the help
Root = Annotated[Path | None, typer.Option("--root", help="The project's folder; found from here upwards if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def open_project(root: Path | None) -> Project:
    """Open the project, after finishing a change that was interrupted."""
    try:
        folder = Project.find(root).root
        recover(folder)
        return Project(folder)
    except (FileNotFoundError, DataError) as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
