"""Where somebody is in a study, and what the answers of a form are worth."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from urllib.parse import parse_qsl

from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.store import Participant, Shown, Task
from explainable_recsys.study import flow
from explainable_recsys.study.flow import Step
from explainable_recsys.study.plan import Question
from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import phrase

LONGEST = 5000
"""Characters of a text."""

MOST_FIELDS = 3000
"""Of a form."""

A_DAY = 86_400.0
"""Seconds; nobody looks at a page for longer."""

TASKS = {"side-by-side": "side_by_side", "forecast": "forecast", "correction": "correction"}
"""What the store calls the tasks, by the blocks of a session."""

_CONTROL = re.compile(r"[^\S\n]|[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Form:
    """What was sent.

    Attributes:
        values: By name; of several the last.
    """

    values: Mapping[str, str]

    @classmethod
    def read(cls, body: bytes) -> Self:
        r"""Read the body of a request.

        Raises:
            ValueError: If it has too many fields.

        >>> Form.read(b"go=on&q.trust=4&q.why=a%0D%0Ab").starting("q.")
        {'trust': '4', 'why': 'a\nb'}
        """
        text = body.decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        return cls({name: tidied(value) for name, value in pairs})

    def get(self, name: str) -> str:
        """A value; empty without one."""
        return self.values.get(name, "")

    def starting(self, start: str) -> dict[str, str]:
        """The values whose names begin like this, by the rest of their names."""
        return {
            name.removeprefix(start): value
            for name, value in self.values.items()
            if name.startswith(start)
        }

    @property
    def key(self) -> str:
        """Of the form: sent again, it stores nothing new."""
        return self.get("key")[:64] or "none"

    @property
    def seconds(self) -> float:
        """For which the page was looked at: as it says itself, or since it was made.

        >>> Form({"seconds": "3.25"}).seconds, Form({"since": "9e99"}).seconds
        (3.25, 0.0)
        """
        looked = _number(self.get("seconds"))
        if looked is None:
            looked = time.time() - (_number(self.get("since")) or math.inf)
        return min(max(looked, 0.0), A_DAY)


def tidied(text: str) -> str:
    """A text without control characters but ends of lines, and not too long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(" ", lines)[:LONGEST].strip()


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


@dataclass(frozen=True, eq=False)
class Session:
    """Somebody who takes part in a study, as their answers are now.

    Attributes:
        study: Which.
        token: By which they go on.
        one: Who.
    """

    study: Served
    token: str
    one: Participant

    @classmethod
    def of(cls, study: Served, token: str) -> Self | None:
        """That of a token; None where it is none of this study's, or they withdrew."""
        one = study.store.participant(token) if token else None
        if one is None or one.study != study.plan.slug or one.withdrawn_at is not None:
            return None
        return cls(study, token, one)

    @cached_property
    def answers(self) -> dict[str, dict[str, str | None]]:
        """By step and question."""
        return self.study.store.answers(self.one)

    @cached_property
    def trials(self) -> list[Shown]:
        """What is shown, in order; empty until it is made."""
        return self.study.shows(self.one).trials

    @cached_property
    def tasks(self) -> list[Task]:
        """The tasks; empty until they are made."""
        return self.study.shows(self.one).tasks

    @property
    def has_rated(self) -> bool:
        """Whether the ratings are done."""
        return "ratings" in self.answers

    @cached_property
    def is_made(self) -> bool:
        """Whether it is made what is shown."""
        return bool(self.trials) or (self.has_rated and self.study.was_prepared(self.one))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All pages in order: those that were made, or before that as many as planned."""
        if not self.is_made:
            return flow.steps(self.study.plan)
        of = Counter(task.task for task in self.tasks)
        counts = {block: of[name] for block, name in TASKS.items()}
        return flow.steps(self.study.plan, {"recommendation": len(self.trials), **counts})

    def step(self, name: str) -> Step | None:
        """The page of a name; None if there is none."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def now(self) -> Step:
        """The first page that is not done."""
        return next(step for step in self.steps if not self.is_done(step))

    def is_done(self, step: Step) -> bool:
        """Whether all of a page has been answered, or left out."""
        if step.block in ("information", "consent"):
            return self.one.consented_at is not None
        if step.block == "thanks":
            return False
        given = self.answers.get(step.name)
        return given is not None and all(name in given for name in self.asked(step))

    def asked(self, step: Step) -> list[str]:
        """Names of what is answered on a page."""
        if step.block in ANSWERS:
            return list(ANSWERS[step.block])
        return [question.name for question in self.questions(step)]

    def questions(self, step: Step) -> tuple[Question, ...]:
        """What is asked on a page."""
        n = len(self.trials) if self.is_made else None
        return flow.questions_of(self.study.plan, step, n)

    def trial(self, step: Step) -> Shown:
        """The recommendation of a page."""
        return self.trials[step.number - 1]

    @cached_property
    def shows_posters(self) -> bool:
        """Whether there is one for each film that is shown: all films have one, or none."""
        shown = [one.item_id for one in self.trials] + [one.item_id for one in self.tasks]
        return all(self.study.shelf.film(item).has_poster for item in shown)

    def task(self, step: Step) -> Task:
        """The task of a page."""
        name = TASKS[step.block]
        return next(task for task in self.tasks if (task.task, task.number) == (name, step.number))


ANSWERS = {
    "side-by-side": ("best",),
    "forecast": ("chosen",),
    "correction": ("ratings", "rank", "done"),
    "raffle": ("left",),
}
"""What is answered to a task: the kind whose reason is best; the item whose rating was chosen; the
ratings that were moved, as JSON, the rank that follows, and whether that was the last try; and
whether an address was left, not which."""


def checked(
    questions: Iterable[Question], given: Mapping[str, str]
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Answers as they are stored, and what is wrong with others, by question.

    What is empty has been left out, which is stored as None.

    >>> from explainable_recsys.study.plan import Text
    >>> asked = [Question(name=name, text=Text("It is so.")) for name in "ab"]
    >>> checked(asked, {"a": "9"})
    ({'b': None}, {'a': 'Please choose one of the answers.'})
    """
    answers: dict[str, str | None] = {}
    wrong: dict[str, str] = {}
    for question in questions:
        value = given.get(question.name, "")
        if not value and question.required:
            wrong[question.name] = phrase("Please answer this before you go on.")
        elif not value:
            answers[question.name] = None
        else:
            try:
                answers[question.name] = question.checked(value)
            except ValueError:
                wrong[question.name] = _accepted(question)
    return answers, wrong


def _accepted(question: Question) -> str:
    if question.answer == "number":
        least, most = short(question.least), short(question.most)
        return phrase("Please give a number from {least} to {most}.", least=least, most=most)
    return phrase("Please choose one of the answers.")
