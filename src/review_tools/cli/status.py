"""``review status``: what is stale, and why."""

import json
from pathlib import Path

from review_tools.cli.app import AsJson, Root, app, project


@app.command()
def status(root: Root = None, as_json: AsJson = False) -> None:
    """Say what has changed since the last build and which chapters the next one will run."""
    from review_tools.site.freshness import inputs as site_inputs
    from review_tools.site.freshness.plan import chapters, plan
    from review_tools.site.freshness.published import Published
    from review_tools.site.freshness.store import Store

    folder = project(root).resolve()
    published, now = Published(folder / "_build"), site_inputs.inputs(folder)
    before = published.inputs()
    changed = ["no site that is known to be whole"] if before is None else site_inputs.differences(before, now)
    if before is not None and not changed and not published.holds(now):
        changed = ["files of the site were changed by hand or by another build"]
    stale, fresh = plan(folder, chapters(folder), Store(folder), None)
    why = {name: chapter.why for name, chapter in stale.items()}
    if as_json:
        print(json.dumps({"site": changed, "stale": why, "fresh": sorted(fresh)}, ensure_ascii=False, indent=2))
        return
    _print(folder, changed, why, len(fresh))


def _print(folder: Path, changed: list[str], why: dict[str, list[str]], fresh: int) -> None:
    print("The site is up to date." if not changed else "The site will be built again:")
    for line in changed:
        print(f"  {line}")
    print(f"{fresh} chapters are up to date, {len(why)} will run{':' if why else '.'}")
    for name, reasons in why.items():
        print(f"  {name}: {'; '.join(reasons).replace(f'{folder}/', '')}")
