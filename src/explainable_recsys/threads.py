"""How many threads linear algebra uses."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[Any]:
    """Keep BLAS to one thread: many small products are several times faster that way."""
    return _controller().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@functools.cache
def _controller() -> ThreadpoolController:
    """Made once: looking for the libraries takes longer than a small product."""
    import scipy.linalg  # noqa: F401  its BLAS is to be found too

    return ThreadpoolController()
