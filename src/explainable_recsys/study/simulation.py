"""People who take part in a study and are made up: what they like, and what reasons do to them.

A made-up person is one of the data who has told a part of their ratings; the others say what they
truly like. An agreement is a number that is rounded to a step:

    level + own level + effect of the kind + own effect of the kind
          + taste x how much they would like the item + familiarity x whether they know it + chance

Each part is a draw that depends on the seed, the person and what is asked (`draws`), so a person
answers the same whenever, and through whatever, they are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from explainable_recsys.data import Data
from explainable_recsys.draws import sample, uniforms
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.study.plan import AGE, Plan, Question

ROUNDING = 1 / 12
"""Variance that rounding to whole steps adds (Sheppard 1898); chance has so much less."""

REMARKS = ("The reasons were clear.", "=SUM(1,2) looks like a formula.", "Too many old films!")
"""What a made-up person writes: nothing of which is true."""


class Simulation(Parameters):
    """What made-up people are like.

    Attributes:
        effects: By kind of reason, how many steps of agreement it adds to every measure.
        level: Of agreement without any reason, in steps from 1.
        sd_person: Of people's own levels, in steps.
        taste: Steps for an item that they like one standard deviation better.
        familiarity: Steps for an item that they know.
        failing: Share of attention checks that are failed.
        leaving: Share of pages at which somebody leaves for good.
        leaving_out: Share of the questions that may be left out which are.
        seconds: For which a page is looked at, as a median.
        seed: Of all draws.
    """

    effects: Mapping[str, float] = Field(default_factory=dict)
    level: float = 3.0
    sd_person: float = Field(0.5, ge=0)
    taste: float = Field(0.3, ge=0)
    familiarity: float = 0.2
    failing: float = Field(0.03, ge=0, le=1)
    leaving: float = Field(0.003, ge=0, le=1)
    leaving_out: float = Field(0.01, ge=0, le=1)
    seconds: float = Field(12.0, gt=0)
    seed: Seed = 0


@dataclass(frozen=True)
class Shown:
    """A recommendation as a person sees it.

    Attributes:
        position: In the session, from 1.
        kind: Of reason.
        taste: How much they would like the item, in standard deviations of their ratings.
        popularity: Share of the items that are rated less often, from 0 to 1.
    """

    position: int
    kind: str
    taste: float = 0.0
    popularity: float = 0.5


def agreements(
    plan: Plan,
    about: Simulation,
    question: Question,
    people: ArrayLike,
    kinds: ArrayLike,
    positions: ArrayLike,
    taste: ArrayLike = 0.0,
    known: ArrayLike = 0.0,
) -> NDArray[np.int64]:
    """Steps of agreement with a statement about recommendations.

    The deviations of chance and of people's own effects of a kind are those of the plan.

    Args:
        plan: The study.
        about: What people are like.
        question: The statement.
        people: Numbers of people; all arguments from here on broadcast.
        kinds: Of reason.
        positions: In the session.
        taste: How much they would like the items.
        known: Whether they know them.
    """
    spread = plan.analysis
    own = _normal(people, seed=about.seed, purpose="level of a person") * about.sd_person
    felt = _normal(people, kinds, seed=about.seed, purpose=f"kinds and {question.name}")
    rest = spread.sd_within**2 - ROUNDING - about.taste**2
    chance = _normal(people, positions, seed=about.seed, purpose=f"answers to {question.name}")
    effects = np.vectorize(lambda kind: about.effects.get(kind, 0.0), otypes=[float])(kinds)
    value = about.level + own + effects + felt * spread.sd_between + chance * max(rest, 0.0) ** 0.5
    value = value + about.taste * np.asarray(taste) + about.familiarity * np.asarray(known)
    steps = np.asarray(np.clip(np.rint(value), 1, question.points), np.int64)
    return np.asarray(question.points + 1 - steps) if question.reverse else steps


def long_form(plan: Plan, about: Simulation, n_people: int) -> pd.DataFrame:
    """Answers of people to all measures of a study that everybody finishes, without any pages.

    Args:
        plan: The study.
        about: What people are like.
        n_people: How many.

    Returns:
        `participant`, `condition`, `measure`, `value`.
    """
    kinds = np.repeat([kind.name for kind in plan.kinds], [*map(plan.items_of, plan.kinds)])
    people, places = np.arange(n_people)[:, None], np.arange(len(kinds))[None, :]
    taste = _normal(people, places, seed=about.seed, purpose="taste")
    parts = [
        pd.DataFrame(
            {
                "participant": np.repeat(people.ravel(), len(kinds)),
                "condition": np.tile(kinds, n_people),
                "measure": one.name,
                "value": agreements(
                    plan, about, one, people, kinds[None, :], places, taste
                ).ravel(),
            }
        )
        for one in plan.questions
        if one.role == "measure"
    ]
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody made up.

    Attributes:
        number: Which.
        plan: The study that they take part in.
        about: What they are like.
        ratings: What they tell, by item id, in the order in which they rate.
        tastes: How much they would like each item, in standard deviations.
        popularity: Share of the items that are rated less often than each.
        columns: Of the items in both, by id.
    """

    number: int
    plan: Plan
    about: Simulation
    ratings: Mapping[str, float]
    tastes: NDArray[np.float64]
    popularity: NDArray[np.float64]
    columns: Mapping[str, int]

    def sees(self, position: int, kind: str, item_id: str) -> Shown:
        """A recommendation."""
        column = self.columns[item_id]
        return Shown(position, kind, float(self.tastes[column]), float(self.popularity[column]))

    def leaves(self, step: str) -> bool:
        """Whether they leave at a page, for good."""
        return self._chance("leaving", step) < self.about.leaving

    def seconds(self, step: str) -> float:
        """For which they look at a page."""
        spread = float(_normal([self.number], [step], seed=self.about.seed, purpose="seconds")[0])
        return round(self.about.seconds * float(np.exp(0.4 * spread)), 1)

    def answer(self, question: Question, shown: Shown | None = None) -> str | None:
        """What they answer; None if they leave it out."""
        name = question.name if shown is None else f"{question.name} {shown.position}"
        if not question.required and self._chance("leaving out", name) < self.about.leaving_out:
            return None
        if question.expected is not None:
            return self._checked(question)
        if question.answer == "text":
            return REMARKS[int(self._chance("text", name) * len(REMARKS))]
        if question.answer == "number":
            least = max(question.least, self.plan.least_age) if question.name == AGE else 0
            span = min(question.most, 80) - max(least, question.least)
            return f"{round(max(least, question.least) + span * self._chance('number', name)):g}"
        if question.role == "familiarity" and shown is not None:
            return question.accepted[self._knows(question, shown)]
        if question.answer == "choice":
            return question.accepted[int(self._chance("choice", name) * len(question.accepted))]
        return str(self._agrees(question, shown))

    def best_reason(self, kinds: list[str], item_id: str) -> int:
        """Which of several kinds of reasons for an item they like best, as its place."""
        liked = [self.about.effects.get(kind, 0.0) + self._chance(kind, item_id) for kind in kinds]
        return int(np.argmax(liked))

    def guess(self, right: int, n: int, task: str, faithfulness: float) -> int:
        """Which of some ratings they think holds up an item: a faithful reason helps."""
        if self._chance("guess", task) < 1 / n + (0.9 - 1 / n) * faithfulness:
            return right
        return int(self._chance("wrong guess", task) * n)

    def _checked(self, question: Question) -> str:
        assert question.expected is not None
        if self._chance("checks", question.name) >= self.about.failing:
            return question.expected
        return next(one for one in question.accepted if one != question.expected)

    def _knows(self, question: Question, shown: Shown) -> int:
        """How well they know an item, from 0: better known items more often, the better."""
        share = self._chance("known", f"{shown.position}") * shown.popularity
        return int(share * len(question.accepted))

    def _agrees(self, question: Question, shown: Shown | None) -> int:
        if shown is None:
            place = Shown(0, "")
            return int(self._steps(question, place, 0.0))
        asked = [one for one in self.plan.questions if one.role == "familiarity"]
        known = any(self._knows(one, shown) for one in asked)
        return int(self._steps(question, shown, float(known)))

    def _steps(self, question: Question, shown: Shown, known: float) -> np.int64:
        where = [self.number], [shown.kind], [shown.position]
        found = agreements(self.plan, self.about, question, *where, shown.taste, known)
        return np.int64(found[0])

    def _chance(self, what: str, about: str) -> float:
        found = uniforms([self.number], [about], seed=self.about.seed, purpose=f"people: {what}")
        return float(found[0])


def people_of(
    plan: Plan, about: Simulation, data: Data, offered: NDArray[Any], n_people: int
) -> list[Person]:
    """People of the data who take part: they rate some films that they know, and hide the others.

    Args:
        plan: The study.
        about: What they are like.
        data: Whose people; where there are fewer who rated enough, some come again.
        offered: Ids of the items, in the order in which they are offered to be rated.
        n_people: How many.
    """
    known, everybody = data.histories, data.interactions.ratings
    lengths = np.diff(known.ratings.indptr)
    able = known.user_ids[lengths >= min(plan.ratings.least, int(lengths.max()))]
    rows = known.user_rows(sample(able, n_people, about.seed, "people of a study"))
    names, n_items = known.item_ids.astype(str), known.n_items
    columns = dict(zip(names.tolist(), range(n_items), strict=True))
    counts = np.bincount(everybody.indices, minlength=n_items)
    sums = np.bincount(everybody.indices, everybody.data, minlength=n_items)
    mean, spread = float(everybody.data.mean()), max(float(everybody.data.std()), 1e-9)
    others = ((sums + 5 * mean) / (counts + 5) - mean) / spread
    place = np.full(n_items, len(offered))
    place[known.known_columns(offered)] = np.arange(len(offered))
    people = []
    for number in range(n_people):
        own = known.ratings[[rows[number % len(rows)]]]
        tastes = others.copy()
        tastes[own.indices] = (own.data - own.data.mean()) / spread
        more = float(uniforms([number], seed=about.seed, purpose="people: ratings")[0])
        n_told = min(plan.ratings.least + int(4 * more), plan.ratings.most)
        told = np.argsort(place[own.indices], kind="stable")[:n_told]
        ratings = dict(zip(names[own.indices[told]].tolist(), own.data[told].tolist(), strict=True))
        people.append(Person(number, plan, about, ratings, tastes, _shares(counts), columns))
    return people


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the others that are smaller."""
    order = np.sort(counts)
    return np.searchsorted(order, counts) / max(1, len(counts) - 1)


def _normal(*ids: ArrayLike, seed: int, purpose: str) -> NDArray[np.float64]:
    from scipy import special

    chances = np.clip(uniforms(*ids, seed=seed, purpose=purpose), 1e-12, None)
    return np.asarray(special.ndtri(chances))
