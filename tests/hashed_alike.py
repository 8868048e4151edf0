"""Ids that are hashed as others are, so that all that is drawn of both is the same."""

from collections.abc import Callable

import numpy as np
import pytest

from explainable_recsys import draws


def hash_alike(monkeypatch: pytest.MonkeyPatch, like: Callable[[object], int]) -> None:
    """Hash each id as the integer that `like` makes of it.

    Seeds and purposes stay as they are, and so do `draws.numbers` of ids.
    """
    numbers = draws.numbers

    def of_others(ids: object) -> np.ndarray:
        values = np.atleast_1d(np.asarray(ids))
        if type(ids) in (str, int) or values.dtype == np.uint64:
            return numbers(values)
        return numbers(np.array([like(value) for value in values.ravel()]).reshape(values.shape))

    monkeypatch.setattr(draws, "numbers", of_others)


def digits(text: object) -> int:
    """7 of the text "user 007"."""
    return int("".join(letter for letter in str(text) if letter.isdigit()))
