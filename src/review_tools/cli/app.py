"""What the commands share: the application, its common options, and how a command refuses."""

import errno
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from review_tools.data.edit import recover
from review_tools.data.problems import DataError
from review_tools.data.project import Project

RIGHTS = "work in a folder of your own, or take the right to write there"
REMEDIES = {
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EROFS: RIGHTS,
    errno.ENOSPC: "free space there",
    errno.EMFILE: "allow more open files with ulimit -n 1024",
}


class Commands(TyperGroup):
    """The commands: what is wrong with data, call or machine ends any of them with its words, not with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a terminal without “→” or “α” shows their codes
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except DataError as error:
            refuse("\n".join([str(error), *getattr(error, "__notes__", [])]))
        except MemoryError:
            refuse("There is not enough memory → close other programs, or raise the limit (ulimit -v).")
        except BrokenPipeError:
            raise  # whoever reads the output wanted no more of it
        except OSError as error:
            remedy = REMEDIES.get(error.errno or 0, "check the name, and try again")
            refuse(f"{error.filename or 'The machine'}: {error.strerror or error} → {remedy}.")


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The living review's tools.",
)
CONTRIBUTE, MAINTAIN, LOOK = "Contribute", "Maintain", "Look"  # panels of the help
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the change and write nothing.")]
UNCHANGED = "Nothing was changed (--dry-run)."


def _open(folder: str) -> Project:
    """Open the project, after finishing a change that was interrupted."""
    try:
        root = Project.find(Path(folder) if folder else None).root
    except FileNotFoundError as error:
        refuse(str(error))
    source = Path(__file__).parents[2]
    if (root / "src/review_tools").is_dir() and not source.is_relative_to(root):  # a copy keeps its .venv
        print(f"This command runs the code of {source}, not that of {root} → make install there.", file=sys.stderr)
    recover(root)
    return Project(root)


Here = Annotated[
    Project,
    typer.Option(
        "--root",
        metavar="PATH",
        parser=_open,
        default_factory=str,
        show_default=False,
        help="The project's folder; found from here upwards if left out.",
    ),
]


def refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
