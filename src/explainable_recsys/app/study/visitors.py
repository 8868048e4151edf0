"""Made-up people go through the pages of a study, as browsers do, and what is kept is compared."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from explainable_recsys.app.study.browser import Browser, Page
from explainable_recsys.app.study.session import TASKS
from explainable_recsys.app.study.simulated import Answers, choice, chosen, moves, seen
from explainable_recsys.app.study.store import Participant, Shown, Store, Task
from explainable_recsys.draws import uniforms
from explainable_recsys.study.flow import all_questions
from explainable_recsys.study.plan import Question
from explainable_recsys.study.simulation import Person

CHANGING, MOVING, DROPPING = 0.05, 0.02, 0.3
"""Share of the recommendations at which somebody goes back and changes an answer, of the pages
after which somebody goes on at another device, and of the people who take a rating back once."""

AT_ONCE = 4
"""Films that somebody rates before a form is sent."""

MOMENT = 0.2
"""Seconds before a page is opened again that is not ready."""

OPENING = ("information", "consent")


@dataclass
class Visitor:
    """Somebody made up in front of a browser.

    Attributes:
        person: Who.
        browser: Theirs.
        store: In which it is looked up what they are shown: a page does not name it.
        think: Seconds for a page.
        invitation: Their code, if the study asks for one.
        answers: What they answered, by page and question, and were told to be kept.
        forms: How many forms they filled in, by page.
        code: With which they can withdraw; empty until the end.
        left_address: Whether they left one for the raffle.
    """

    person: Person
    browser: Browser
    store: Store
    think: float = 0.0
    invitation: str = ""
    answers: dict[str, Answers] = field(default_factory=dict)
    forms: Counter[str] = field(default_factory=Counter)
    code: str = ""
    left_address: bool = False
    _dropped: bool = False
    _changed: set[str] = field(default_factory=set)

    @property
    def slug(self) -> str:
        """Of the study."""
        return self.person.plan.slug

    @property
    def one(self) -> Participant | None:
        """Who they are for the store."""
        return self.store.participant(self.browser.cookies.get(f"study-{self.slug}", ""))

    @cached_property
    def trials(self) -> list[Shown]:
        """What they are shown."""
        assert self.one
        return self.store.trials(self.one)

    @cached_property
    def tasks(self) -> list[Task]:
        """What they are asked to do."""
        assert self.one
        return self.store.tasks(self.one)

    @property
    def address(self) -> str:
        """Which they may leave for the raffle."""
        return f"somebody-{self.person.number}@example.org"

    def take_part(self) -> None:
        """From the first page to the last, or until they leave."""
        page = self.browser.get(f"/study/{self.slug}/")
        while page.name != "thanks":
            if page.name not in OPENING and self.person.leaves(page.name):
                break
            self.browser.pause(self.think)
            page = self._on(page)
            if self._draw("moving", page.name) < MOVING:
                page = self._moved(page)
        else:
            found = re.search(r'class="code">([^<]+)<', page.text)
            self.code = found[1] if found else ""
        self.browser.close()

    def _on(self, page: Page) -> Page:
        """Fill a page in."""
        if not any(form.goes_to(f"/{page.name}") for form in page.forms):
            if page.name == "information":
                return self.browser.send(page, page.form("/consent"), {})
            if page.status not in (200, 422) or "progress" not in page.text:
                self.browser.pause(MOMENT)
            return self.browser.get(page.path)
        block, _, number = page.name.rpartition("-")
        if block == "recommendation" and int(number) > 1 and page.name not in self._changed:
            self._changed.add(page.name)
            if self._draw("changing", page.name) < CHANGING:
                return self._changes_mind(f"{block}-{int(number) - 1}")
        if page.name == "consent":
            return self._send(page, {"agree": "yes", "code": self.invitation})
        if page.name == "ratings":
            return self._rates(page)
        if page.name == "raffle":
            return self._raffles(page)
        if block in TASKS:
            return self._does(page, block, int(number))
        return self._answers(page)

    def _send(self, page: Page, values: dict[str, str]) -> Page:
        self.forms[page.name] += 1
        return self.browser.send(page, page.form(f"/{page.name}"), values)

    def _answers(self, page: Page, change: bool = False) -> Page:
        """Questions."""
        asked = {one.name: one for one in all_questions(self.person.plan)}
        names = page.form(f"/{page.name}").names
        questions = [one for name, one in asked.items() if f"q.{name}" in names]
        assert questions, f"nothing is asked at {page.path}"
        answers = {one.name: self._answer(page, one) for one in questions}
        if change:
            agreements = (one for one in questions if one.answer == "agreement")
            if (first := next(agreements, None)) is not None:
                before = answers[first.name] or "1"
                answers[first.name] = str(int(before) % first.points + 1)
        self.answers[page.name] = answers
        sent = {f"q.{name}": value or "" for name, value in answers.items()}
        return self._send(page, {**sent, "go": "on"})

    def _answer(self, page: Page, question: Question) -> str | None:
        block, _, number = page.name.rpartition("-")
        if block != "recommendation":
            return self.person.answer(question)
        return self.person.answer(question, seen(self.person, self.trials[int(number) - 1]))

    def _changes_mind(self, name: str) -> Page:
        """Go back to a page and change an answer."""
        page = self.browser.get(f"/study/{self.slug}/{name}")
        return self._answers(page, change=True) if page.name == name else page

    def _rates(self, page: Page) -> Page:
        """Rate some films, or say that it is done."""
        rated = re.findall(r'name="drop" value="([^"]+)"', page.text)
        left = [item for item in self.person.ratings if item not in rated]
        if left:
            some = {f"r.{item}": f"{self.person.ratings[item]:g}" for item in left[:AT_ONCE]}
            return self._send(page, {**some, "go": "more"})
        if not self._dropped and self._draw("dropping", "") < DROPPING:
            self._dropped = True
            return self._send(page, {"drop": rated[0]})
        self.answers["ratings"] = {}
        return self._send(page, {"go": "done"})

    def _raffles(self, page: Page) -> Page:
        """Leave an address, or not."""
        self.left_address = self._draw("raffle", "") < 0.3
        self.answers["raffle"] = {"left": "yes" if self.left_address else None}
        return self._send(page, {"address": self.address if self.left_address else "", "go": "on"})

    def _does(self, page: Page, block: str, number: int) -> Page:
        """A task."""
        wanted = TASKS[block], number
        task = next(task for task in self.tasks if (task.task, task.number) == wanted)
        if block == "correction":
            return self._corrects(page, task)
        place = choice(self.person, task)
        self.answers[page.name] = answers = chosen(task, place)
        sent = answers.get("chosen") or str(place + 1)
        return self._send(page, {"choice": sent, "go": "on"})

    def _corrects(self, page: Page, task: Task) -> Page:
        """Try, and then say that it is done."""
        moved = moves(self.person, task)
        without = {f"without.{item}": "yes" for item in moved}
        if self.forms[page.name] == 0:
            return self._send(page, {**without, "go": "try"})
        kept = json.dumps(moved, sort_keys=True)
        self.answers[page.name] = {"ratings": kept, "done": "yes"}
        return self._send(page, {**without, "go": "done"})

    def _moved(self, page: Page) -> Page:
        """Go on at another device, by the link."""
        link = re.search(r'class="resume" href="([^"]+)"', page.text)
        if link is None:
            return page
        token = html.unescape(link[1]).rpartition("#")[2]
        self.browser.cookies.clear()
        page = self.browser.get(f"/study/{self.slug}/resume")
        while page.name == "resume":  # until an answer comes
            page = self.browser.send(page, page.form("/resume"), {"token": token})
        return page

    def _draw(self, what: str, page: str) -> float:
        seed = self.person.about.seed
        return float(uniforms([self.person.number], [page], seed=seed, purpose=what)[0])


def differences(visitors: list[Visitor]) -> tuple[list[str], list[str]]:
    """What was lost of what visitors were told to be kept, and what is there too often.

    Args:
        visitors: All who went through the pages of a study with an empty store.
    """
    lost = [text for visitor in visitors for text in _lost(visitor)]
    doubled = [text for visitor in visitors for text in _doubled(visitor)]
    store, slug = visitors[0].store, visitors[0].slug
    began = sum(visitor.one is not None for visitor in visitors)
    if (n := len(store.participants(slug))) != began:
        doubled.append(f"{n} participants for {began} people")
    addresses = sorted(visitor.address for visitor in visitors if visitor.left_address)
    if (found := store.emails(slug)) != addresses:
        (lost if len(found) < len(addresses) else doubled).append(f"addresses: {found}")
    return lost, doubled


def _lost(visitor: Visitor) -> Iterator[str]:
    who = f"person {visitor.person.number}"
    if (one := visitor.one) is None:
        if visitor.answers:
            yield f"{who}: all"
        return
    kept = visitor.store.answers(one)
    for step, answers in visitor.answers.items():
        for question, value in answers.items():
            found = kept.get(step, {}).get(question, "nothing")
            if question == "ratings" and found:
                found = json.dumps(json.loads(found), sort_keys=True)
            if found != value:
                yield f"{who}, {step}, {question}: {found} instead of {value}"
    if "ratings" in visitor.answers:
        rated = {row.item_id: row.rating for row in visitor.store.ratings(one)}
        if rated != visitor.person.ratings:
            yield f"{who}, ratings: {rated} instead of {dict(visitor.person.ratings)}"
    if visitor.code and one.finished_at is None:
        yield f"{who}: not finished"


def _doubled(visitor: Visitor) -> Iterator[str]:
    """Answers to what was not asked, and forms that were kept more often than they were filled."""
    who = f"person {visitor.person.number}"
    if (one := visitor.one) is None:
        return
    for step, answers in visitor.store.answers(one).items():
        given = visitor.answers.get(step, {})
        if more := set(answers) - set(given) - {"rank"}:
            yield f"{who}, {step}: {', '.join(more)} without being asked"
    events = [event for event in visitor.store.events(one) if event.kind == "save"]
    for step, n in Counter(event.payload["step"] for event in events).items():
        if n > visitor.forms[step]:
            yield f"{who}, {step}: kept {n} times, filled in {visitor.forms[step]} times"
