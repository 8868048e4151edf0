"""What all typed parameters have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""What numpy and scikit-learn take as the seed of random numbers."""


class Parameters(BaseModel):
    """Base of all typed parameters: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def each(is_accepted: Callable[[Any], bool], accepted: str) -> AfterValidator:
    """Refuse a parameter with several values unless each of them is accepted.

    Args:
        is_accepted: Whether one value is.
        accepted: Which ones are, in words.
    """

    def checked(values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not all(map(is_accepted, values)):
            raise ValueError(f"accepted: {accepted}")
        return values

    return AfterValidator(checked)
