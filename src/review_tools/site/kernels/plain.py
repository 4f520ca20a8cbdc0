"""Chapters in plain Jupyter kernels, where processes cannot be forked. Slower, with the same results."""

import ast
import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from review_tools.site.kernels.jobs import Cell, Failure, Job, Observed, Outcome, Ran

OBSERVER = "review_tools.site.kernels.observer"
BEGIN = f"import importlib as _i; _review = _i.import_module({OBSERVER!r}).observer; _review.start(); del _i"
END = "__import__('json').dumps(_review.report())"


def run(jobs: list[Job], workers: int) -> Iterator[Outcome]:
    """Runs all jobs, ``workers`` at a time; yields each as soon as it ends."""
    with ThreadPoolExecutor(workers) as pool:
        for done in as_completed([pool.submit(lambda job: asyncio.run(_run(job)), job) for job in jobs]):
            yield done.result()


async def _run(job: Job) -> Outcome:
    started = time.monotonic()
    cells = {cell.index: nbformat.v4.new_code_cell(cell.source, metadata=_tags(cell)) for cell in job.cells}
    notebook = nbformat.v4.new_notebook(cells=list(cells.values()))
    client = NotebookClient(notebook, timeout=job.timeout, resources={"metadata": {"path": job.folder}})
    failure, observed, now = None, Observed(), None
    ran: dict[int, Ran] = {}
    try:
        async with client.async_setup_kernel():
            await _ask(client, BEGIN)
            for place, (now, cell) in enumerate(cells.items()):
                try:
                    await client.async_execute_cell(cell, place)
                finally:
                    ran[now] = Ran(cell.execution_count, [dict(output) for output in cell.outputs])
            answer = await _ask(client, "", told=END)
            observed = Observed(**json.loads(ast.literal_eval(answer["data"]["text/plain"])))
    except CellExecutionError as error:
        failure = Failure(now, error.ename, error.traceback)
    except CellTimeoutError:
        failure = Failure(now, f"the cell took longer than {job.timeout:g} s")
    except DeadKernelError:
        failure = Failure(now, "its kernel ended by itself")
    return Outcome(job, time.monotonic() - started, ran, observed, failure)


def _tags(cell: Cell) -> dict[str, list[str]]:
    return {"tags": ["raises-exception"]} if cell.may_fail else {}


async def _ask(client: NotebookClient, code: str, **told: str) -> Any:
    """Runs code that is no cell of the chapter, and returns what it tells."""
    message = client.kc.execute(code, silent=True, store_history=False, user_expressions=told)
    reply = await client.async_wait_for_reply(message)
    return reply["content"]["user_expressions"].get("told") if reply else None
