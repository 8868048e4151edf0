"""The pages of a session in their order, as the plan has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from explainable_recsys.study.plan import AGE, Plan, Question, Text
from explainable_recsys.wording.phrases import phrase

OLDEST = 120
"""Years."""

PAGE_SECONDS: Mapping[str, float] = {
    "information": 60,
    "consent": 20,
    "ratings": 15,
    "recommendation": 12,
    "side-by-side": 30,
    "forecast": 30,
    "correction": 60,
    "raffle": 15,
    "thanks": 10,
}
"""How long one page takes at a guess, besides its questions."""

RATING_SECONDS = 7.0
"""For finding a film and rating it, at a guess."""

QUESTION_SECONDS = 6.0
"""For an answer, at a guess."""


class Step(NamedTuple):
    """A page of a session.

    Attributes:
        block: What kind of page.
        number: Which of its block, from 1; 0 where there is one page only.
        scale: Name of the scale that is asked there; else empty.
    """

    block: str
    number: int = 0
    scale: str = ""

    @property
    def name(self) -> str:
        """The last part of its address, and what answers are stored under.

        >>> Step("recommendation", 3).name, Step("scale", 1, "trust").name, Step("closing").name
        ('recommendation-3', 'scale-trust', 'closing')
        """
        last = self.scale or (str(self.number) if self.number else "")
        return f"{self.block}-{last}" if last else self.block


def steps(plan: Plan, made: Mapping[str, int] | None = None) -> tuple[Step, ...]:
    """All pages in order.

    Args:
        plan: The study.
        made: How many pages of a block somebody has, where it is not as many as planned, such as
            `{"recommendation": 12}` for whom fewer items matched.
    """
    planned = {
        "recommendation": plan.n_trials,
        "side-by-side": plan.blocks.side_by_side,
        "forecast": plan.blocks.forecast,
        "correction": plan.blocks.correction,
    }
    about_you = [Step("about-you")] if about_you_questions(plan) else []
    shown = [
        Step(block, number)
        for block, n in (planned | dict(made or {})).items()
        for number in range(1, n + 1)
    ]
    scales = [Step("scale", n, scale.name) for n, scale in enumerate(plan.scales, 1)]
    end = [Step("closing")] if plan.closing else []
    raffle = [] if plan.raffle is None else [Step("raffle")]
    first = [Step("information"), Step("consent"), *about_you, Step("ratings")]
    return (*first, *shown, *scales, *end, *raffle, Step("thanks"))


def pages(plan: Plan) -> dict[str, int]:
    """How many pages each block has, in order: the flow of a session.

    Blocks are as in `Step.block`, but each scale stands by itself.
    """
    found: dict[str, int] = {}
    for step in steps(plan):
        block = step.name if step.scale else step.block
        found[block] = found.get(block, 0) + 1
    return found


def about_you_questions(plan: Plan) -> tuple[Question, ...]:
    """What is asked about the person: first the age where not everybody may take part."""
    if not plan.least_age:
        return plan.about_you
    own = next((one for one in plan.about_you if one.name == AGE), None)
    age = own or Question(
        name=AGE, text=Text(phrase("How old are you, in years?")), answer="number", most=OLDEST
    )
    others = (one for one in plan.about_you if one.name != AGE)
    return (age.model_copy(update={"required": True}), *others)


def all_questions(plan: Plan) -> tuple[Question, ...]:
    """All that is asked in words, in the order of the pages."""
    of_scales = (question for scale in plan.scales for question in scale.items)
    first = (*about_you_questions(plan), *plan.questions, *plan.checks)
    return (*first, *of_scales, *plan.closing)


def is_old_enough(plan: Plan, answers: Mapping[str, str | None]) -> bool:
    """Whether somebody may take part by the answers about the person; not if nothing is said."""
    return not plan.least_age or float(answers.get(AGE) or -1) >= plan.least_age


def questions_of(plan: Plan, step: Step, n_trials: int | None = None) -> tuple[Question, ...]:
    """What is asked on a page, in order.

    Args:
        plan: The study.
        step: One of its pages.
        n_trials: Recommendations that somebody sees; None: as many as planned.
    """
    if step.block == "recommendation":
        return (*plan.questions, *checks_on(plan, step.number, n_trials))
    if step.block == "scale":
        return next(scale.items for scale in plan.scales if scale.name == step.scale)
    if step.block == "about-you":
        return about_you_questions(plan)
    return plan.closing if step.block == "closing" else ()


def checks_on(plan: Plan, position: int, n_trials: int | None = None) -> tuple[Question, ...]:
    """The attention checks on the page of a recommendation: they are spread evenly.

    Args:
        plan: The study.
        position: Of the recommendation, from 1.
        n_trials: Recommendations that somebody sees; None: as many as planned.
    """
    n = plan.n_trials if n_trials is None else n_trials
    places = [max(1, round(k * n / (len(plan.checks) + 1))) for k in range(1, len(plan.checks) + 1)]
    return tuple(
        check for check, place in zip(plan.checks, places, strict=True) if place == position
    )


def minutes(plan: Plan) -> float:
    """How long a session takes at a guess."""
    asked = sum(len(questions_of(plan, step)) for step in steps(plan))
    read = sum(PAGE_SECONDS.get(step.block, 0) for step in steps(plan))
    return (read + asked * QUESTION_SECONDS + plan.ratings.least * RATING_SECONDS) / 60
