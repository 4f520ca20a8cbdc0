"""``review build``: the site, put in place only when everything succeeded."""

from review_tools.cli.app import Root, app, project, refuse
from review_tools.cli.check import print_problems, problems_of


@app.command()
def build(root: Root = None) -> None:
    """Check the data, build the whole book, and put it into _build/html if everything succeeded."""
    from review_tools.site.build import BuildError
    from review_tools.site.build import build as build_site

    folder = project(root)
    problems = problems_of(folder)
    if problems:
        print_problems(problems, 0)
        refuse("Nothing was built: mend the problems above first.")
    print("Data checked. Building the book …", flush=True)
    try:
        site = build_site(folder)
    except BuildError as error:
        refuse(str(error))
    print(f"The book is built: open {site / 'index.html'}, or run make serve.")
