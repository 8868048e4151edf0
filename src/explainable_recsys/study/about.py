"""What has to be said beside every result of a study: whether it is made up, or confounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from explainable_recsys.study.plan import Analysis, Plan, Question, parse_plan
from explainable_recsys.study.tasks import LIST, SHOWN
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import later, phrase

SIMULATED = later("Simulated answers")
"""What stands before everything that rests on answers which nobody gave."""


@dataclass(frozen=True)
class About:
    """A study as its results have to name it.

    Attributes:
        plan: What was planned; None of anybody's answers in long form.
        simulated: Whether the answers are made up.
        shown_rank: Median popularity rank of the items shown (1: rated most often), if known.
        list_rank: The same of the lists that they were taken from.
    """

    plan: Plan | None = None
    simulated: bool = False
    shown_rank: float | None = None
    list_rank: float | None = None

    @classmethod
    def of(
        cls,
        plan: Mapping[str, Any],
        manifest: Mapping[str, Any],
        popularity: pd.DataFrame | None = None,
    ) -> About:
        """A study from what its export says.

        Args:
            plan: As exported; empty of a table in long form.
            manifest: As exported; likewise.
            popularity: Of the items shown, as `tasks.popularity`.

        Raises:
            InputError: If the plan is none.
        """
        parsed = parse_plan(plan, "plan.json") if plan else None
        planned = parsed is not None and parsed.simulated
        ranks = dict[str, float]()
        if popularity is not None and not popularity.empty:
            known = popularity.dropna(subset="popularity_rank").drop_duplicates("condition")
            ranks = dict(zip(known["condition"], known["popularity_rank"], strict=True))
        simulated = planned or bool(manifest.get("simulated"))
        return cls(parsed, simulated, ranks.get(SHOWN), ranks.get(LIST))

    @property
    def alpha(self) -> float:
        """The error that was planned; .05 where nothing was."""
        return self.plan.analysis.alpha if self.plan else Analysis().alpha

    def question(self, measure: str) -> Question | None:
        """The question of a measure, where it is known."""
        asked = self.plan.questions if self.plan else ()
        return next((one for one in asked if one.name == measure), None)

    def titled(self, title: str) -> str:
        """A title after the mark of answers that are made up.

        >>> About(simulated=True).titled("People trust rules most")
        'Simulated answers: People trust rules most'
        """
        return f"{phrase(SIMULATED)}: {title}" if self.simulated else title

    @property
    def confounded(self) -> str:
        """Why kinds of reasons cannot be compared as causes, as a sentence; empty where they can.

        >>> About(simulated=True).confounded
        ''
        """
        why = self.plan.confounded.rstrip(".") if self.plan else ""
        return phrase("Confounded: {why}.", why=why) if why else ""

    @property
    def known_items(self) -> str:
        """How well known the items shown are beside the lists, as a sentence; empty if unknown.

        >>> About(shown_rank=21, list_rank=63).known_items
        'Films shown: median popularity rank 21; their lists: 63 (1: rated most often).'
        """
        if self.shown_rank is None or self.list_rank is None:
            return ""
        return phrase(
            "Films shown: median popularity rank {shown}; their lists: {lists} (1: rated most "
            "often).",
            shown=fixed(self.shown_rank, 0),
            lists=fixed(self.list_rank, 0),
        )

    def cautious(self, text: str) -> str:
        """A text, and what has to be known to believe it."""
        return " ".join(part for part in (text, self.confounded, self.known_items) if part)


def readable(name: str) -> str:
    """The name of a kind, a measure or a rule as people read it.

    >>> readable("similar_items")
    'similar items'
    """
    return name.replace("_", " ")
