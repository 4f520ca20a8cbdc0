"""``review pdf``: the built site as one PDF."""

from review_tools.cli.app import LOOK, Root, app, open_project, refuse
from review_tools.data.problems import DataError


@app.command(rich_help_panel=LOOK, epilog="Example: review pdf")
def pdf(root: Root = None) -> None:
    """Print the whole review to one PDF in _build/pdf; needs Chromium."""
    from review_tools.site.build import BuildError
    from review_tools.site.chromium import PrintError
    from review_tools.site.pdf import make_pdf

    try:
        made = make_pdf(open_project(root))
    except (BuildError, DataError, PrintError) as error:
        refuse(str(error))
    print(f"The review is printed: {made}")
