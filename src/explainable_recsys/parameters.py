"""What all typed parameters have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""What numpy and scikit-learn take as the seed of random numbers."""


class Parameters(BaseModel):
    """Base of all typed parameters: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
