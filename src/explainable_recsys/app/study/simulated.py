"""Made-up people take part in a study through the functions behind its pages."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass

from explainable_recsys.app.study import views
from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.session import Session
from explainable_recsys.app.study.store import Shown, Store, Task
from explainable_recsys.app.study.tasks import SIDE_BY_SIDE
from explainable_recsys.study import simulation
from explainable_recsys.study.flow import Step
from explainable_recsys.study.plan import Plan
from explainable_recsys.study.simulation import Person

APART = datetime.timedelta(minutes=47)
"""Between two people who begin."""

Answers = dict[str, str | None]


@dataclass
class Clock:
    """A clock that goes as it is told.

    Attributes:
        time: That it shows.
    """

    time: datetime.datetime

    def __call__(self) -> datetime.datetime:
        """The time."""
        return self.time

    @classmethod
    def at(cls, plan: Plan) -> Clock:
        """At nine on the first day of a study."""
        return cls(datetime.datetime.combine(plan.opens, datetime.time(9), datetime.UTC))


def through_functions(study: Served, people: Sequence[Person], clock: Clock) -> None:
    """Let people take part, one after the other.

    Args:
        study: Its store tells the time by `clock`.
        people: Who comes.
        clock: Goes on as they look at pages.
    """
    begin = clock.time
    for turn, (person, code) in enumerate(zip(people, invited(study.store, people), strict=True)):
        clock.time = begin + turn * APART
        _takes_part(study, person, code, clock)


def invited(store: Store, people: Sequence[Person]) -> list[str]:
    """A code for each, empty where the study asks for none."""
    plan = people[0].plan
    return store.make_codes(plan.slug, len(people)) if plan.codes else [""] * len(people)


def _takes_part(study: Served, person: Person, code: str, clock: Clock) -> None:
    store = study.store
    token, one = store.enter(study.plan.slug, study.languages[0], code)
    store.consent(one, study.plan.consent.version)
    while True:
        session = Session.of(study, token)
        assert session
        step = session.now
        seconds = person.seconds(step.name)
        clock.time += datetime.timedelta(seconds=seconds)
        if step.block == "thanks":
            store.finish(one)
        if step.block == "thanks" or person.leaves(step.name):
            return
        if step.block == "ratings":
            for item, rating in person.ratings.items():
                store.rate(one, item, rating, f"rate {item}")
        store.save(one, step.name, reply(session, step, person), seconds, step.name)
        if step.block == "ratings":
            study.prepare(one)


def reply(session: Session, step: Step, person: Person) -> Answers:
    """What somebody answers on a page, as it is stored."""
    if step.block in ("side-by-side", "forecast", "correction"):
        return _done(session, step, person)
    if step.block == "raffle":
        return {"left": None}
    shown = seen(person, session.trial(step)) if step.block == "recommendation" else None
    return {one.name: person.answer(one, shown) for one in session.questions(step)}


def seen(person: Person, trial: Shown) -> simulation.Shown:
    """A recommendation as a person sees it."""
    return person.sees(trial.position, trial.kind, trial.item_id)


def _done(session: Session, step: Step, person: Person) -> Answers:
    """A task."""
    task = session.task(step)
    if step.block != "correction":
        return chosen(task, choice(person, task))
    moved = moves(person, task)
    rank = views.place(session, step, moved).rank
    return {"ratings": json.dumps(moved), "rank": str(rank), "done": "yes"}


def choice(person: Person, task: Task) -> int:
    """Which of the choices of a task somebody takes, as its place.

    Of reasons the one that they like best, of ratings the one that they think holds the film up.
    """
    choices = task.options["choices"]
    if task.task == SIDE_BY_SIDE:
        return person.best_reason([one["kind"] for one in choices], task.item_id)
    ranks = [one["rank"] for one in choices]
    how_true = task.options.get("faithfulness") or 0.0
    return person.guess(ranks.index(max(ranks)), len(ranks), str(task.number), how_true)


def chosen(task: Task, place: int) -> Answers:
    """A choice as it is stored."""
    one = task.options["choices"][place]
    return {"best": one["kind"]} if task.task == SIDE_BY_SIDE else {"chosen": one["item_id"]}


def moves(person: Person, task: Task) -> dict[str, float | None]:
    """The ratings that somebody takes back: the first that the reason names, or that they gave."""
    named = [str(item) for item in task.options.get("cited", ())]
    return dict.fromkeys((named or list(person.ratings))[:2])
