"""What has to be said beside every result of a study: whether it is made up, or confounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explainable_recsys.study.plan import Plan, Question, parse_plan
from explainable_recsys.wording.phrases import later, phrase

SIMULATED = later("Simulated answers")
"""What stands before everything that rests on answers which nobody gave."""


@dataclass(frozen=True)
class About:
    """A study as its results have to name it.

    Attributes:
        plan: What was planned; None of anybody's answers in long form.
        simulated: Whether the answers are made up.
    """

    plan: Plan | None = None
    simulated: bool = False

    @classmethod
    def of(cls, plan: Mapping[str, Any], manifest: Mapping[str, Any]) -> About:
        """A study from what its export says; both are empty of a table in long form.

        Raises:
            InputError: If the plan is none.
        """
        parsed = parse_plan(plan, "plan.json") if plan else None
        planned = parsed is not None and parsed.simulated
        return cls(parsed, planned or bool(manifest.get("simulated")))

    @property
    def confounded(self) -> str:
        """Why kinds of reasons cannot be compared as causes; empty where they can."""
        return self.plan.confounded if self.plan else ""

    @property
    def alpha(self) -> float:
        """The error that was planned; .05 where nothing was."""
        return self.plan.analysis.alpha if self.plan else 0.05

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

    def cautious(self, text: str) -> str:
        """A text before the reason why kinds cannot be compared as causes, if there is one."""
        why = self.confounded.rstrip(".")
        return f"{text} {phrase('Confounded: {why}.', why=why)}" if why else text


def readable(name: str) -> str:
    """The name of a kind, a measure or a rule as people read it.

    >>> readable("similar_items")
    'similar items'
    """
    return name.replace("_", " ")
