"""Chapters run on, on a thread of their own, while the build reads those that have ended."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

from review_tools.site.kernels.jobs import Outcome


class Ahead(Iterator[Outcome]):
    """The outcomes of an iterator, drawn from it whether or not anybody asks for them yet.

    What the iterator raises is raised where it is asked for. The thread does not keep the program from ending.
    """

    def __init__(self, outcomes: Iterator[Outcome]) -> None:
        self._come: SimpleQueue[Outcome | BaseException | None] = SimpleQueue()
        threading.Thread(target=self._draw, args=(outcomes,), daemon=True).start()

    def _draw(self, outcomes: Iterator[Outcome]) -> None:
        try:
            for outcome in outcomes:
                self._come.put(outcome)
            self._come.put(None)
        except BaseException as error:
            self._come.put(error)

    def __next__(self) -> Outcome:
        match self._come.get():
            case Outcome() as outcome:
                return outcome
            case None:
                self._come.put(None)  # for whoever asks again
                raise StopIteration
            case error:
                raise error
