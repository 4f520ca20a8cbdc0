"""The garbage collector, told what lasts.

A build makes large trees of documents, nearly all of which live to its end, and forks processes that share what
there is: each look at it costs time, and in a forked process also a copy.
"""

import gc


def settle() -> None:
    """What is there now is not looked at again, and what comes is looked at less often."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
