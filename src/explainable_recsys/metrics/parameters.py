"""What counts as a hit, how intervals are found, and how many users controls are tried on."""

from __future__ import annotations

from pydantic import Field

from explainable_recsys.parameters import Parameters, Seed


class EvaluationParameters(Parameters):
    """How lists are judged.

    With `sampled_negatives` each held-out item is ranked among so many random items too, as some
    papers do; such figures cannot be compared with others.
    """

    k: int = Field(10, ge=1)
    relevance_threshold: float | None = None
    sampled_negatives: int | None = Field(None, ge=1)
    control_users: int | None = Field(200, ge=1)
    n_resamples: int = Field(1000, ge=0)
    seed: Seed = 0

    @property
    def resampling(self) -> tuple[int, int]:
        """Number of bootstrap resamples of the users, and their seed."""
        return self.n_resamples, self.seed
