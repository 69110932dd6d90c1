"""Room for the frames of calls, in one piece of memory.

CPython keeps the frames of Python functions in pieces of 16 kB (`DATA_STACK_CHUNK_SIZE` in
`Python/pystate.c`). It takes another piece where one is full, and gives it back to the system as
soon as the first frame in it ends. A loop that happens to stand at the end of a piece takes one
and gives it back with each call: some hundred times the cost of a call. Whether a page or a task
meets that depends on nothing but how deep it is called, so it comes and goes with releases.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_WORDS: Final = 1 << 16
"""A frame of so many words (512 kB) needs a piece of twice that, so as many are left for what it
calls: more than Python's limit of recursion takes. Memory that is never written is never given.
"""


def roomy(work: Callable[P, T]) -> Callable[P, T]:
    """`work` with room below it: none of what it calls stands at the end of a piece.

    A middleware as well, for the whole of a request.
    """

    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return work(*args, **kwargs)

    # The frame is as large as the function says its stack can become; it never does.
    called.__code__ = called.__code__.replace(co_stacksize=_WORDS)
    # Without what hangs on `work`: Django would hear the hooks of the next middleware twice.
    return functools.wraps(work, updated=())(called)
