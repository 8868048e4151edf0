"""What the pages of a session show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from explainable_recsys.app.shelf import Film
from explainable_recsys.app.study.reasons import lister_of
from explainable_recsys.app.study.session import Session
from explainable_recsys.app.study.tasks import DRAWN, TOP
from explainable_recsys.app.views import N_FOUND, N_PICKS
from explainable_recsys.study.flow import Step
from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import phrase

Values = dict[str, Any]


class Star(NamedTuple):
    """A rating that can be given: as it is, as it is sent, and as people read it."""

    value: float
    sent: str
    said: str


class Rated(NamedTuple):
    """A film and its rating."""

    film: Film
    rating: float


class Reason(NamedTuple):
    """A reason as it is shown: a sentence, marked up, or a drawing; neither for none."""

    sentence: str
    drawing: Mapping[str, Any] | None
    title: str


class Choice(NamedTuple):
    """Something to choose from; its value says nothing of what it is."""

    value: str
    text: str = ""
    reason: Reason | None = None


def shown(session: Session, step: Step, query: Mapping[str, str]) -> Values:
    """What the template of a page shows.

    Args:
        session: Whose.
        step: Which page.
        query: Of its address: of the ratings a page of films, or a title that is searched for.
    """
    if step.block == "ratings":
        return ratings(session, query)
    if step.block == "recommendation":
        return _recommendation(session, step)
    if step.block in TASKS:
        return TASKS[step.block](session, step)
    return {}


def ratings(session: Session, query: Mapping[str, str]) -> Values:
    """Films to be rated, and those that were."""
    shelf, given = session.study.shelf, session.study.store.ratings(session.one)
    own = {rated.item_id: rated.rating for rated in given}
    page = query.get("page", "")[:4]
    start = N_PICKS * int(page) if page.isascii() and page.isdigit() else 0
    text = query.get("q", "").strip()[:200]
    found = session.study.service.items.search.find(text, N_FOUND) if text else []
    return {
        "stars_of": [Star(value, f"{value:g}", short(value)) for value in shelf.stars],
        "own": own,
        "rated": [Rated(shelf.film(item), rating) for item, rating in own.items()][::-1],
        "missing": max(0, session.study.plan.ratings.least - len(own)),
        "picks": shelf.shown(shelf.picks[start:][:N_PICKS], adult=False),
        "turn": start // N_PICKS,
        "has_more": start + N_PICKS < len(shelf.picks),
        "text": text,
        "found": shelf.shown(found, adult=False),
    }


def _recommendation(session: Session, step: Step) -> Values:
    trial = session.trial(step)
    film = session.study.shelf.film(trial.item_id)
    reason = {**trial.reason, "sentence": trial.sentence}
    return {"film": film, "reason": _reason(film, reason, trial.form)}


def _reason(film: Film, reason: Mapping[str, Any], form: str) -> Reason:
    drawing = reason["drawing"] if form == DRAWN else None
    return Reason("" if drawing else reason["sentence"], drawing, film.title)


def _side_by_side(session: Session, step: Step) -> Values:
    task, form = session.task(step), session.study.plan.forms[0]
    film = session.study.shelf.film(task.item_id)
    choices = [
        Choice(str(place), reason=_reason(film, choice, form))
        for place, choice in enumerate(task.options["choices"], 1)
    ]
    best = session.answers.get(step.name, {}).get("best")
    kinds = [choice["kind"] for choice in task.options["choices"]]
    chosen = str(kinds.index(best) + 1) if best in kinds else ""
    return {"film": film, "choices": choices, "chosen": chosen}


def _forecast(session: Session, step: Step) -> Values:
    values = _of_task(session, step)
    shelf = session.study.shelf
    values["choices"] = [
        Choice(choice["item_id"], rated_title(shelf.film(choice["item_id"]), choice["rating"]))
        for choice in session.task(step).options["choices"]
    ]
    values["chosen"] = session.answers.get(step.name, {}).get("chosen") or ""
    return values


def _correction(session: Session, step: Step) -> Values:
    study, shelf = session.study, session.study.shelf
    given = study.store.ratings(session.one)
    moved = json.loads(session.answers.get(step.name, {}).get("ratings") or "{}")
    return {
        **_of_task(session, step),
        "rated": [Rated(shelf.film(one.item_id), one.rating) for one in given],
        "moved": moved,
        "scale": study.service.data.scale,
        "place": place(session, step, moved),
    }


def _of_task(session: Session, step: Step) -> Values:
    """The film of a task, its place, and the reason that comes with it."""
    task = session.task(step)
    film = session.study.shelf.film(task.item_id)
    reason = _reason(film, task.options, session.study.plan.forms[0])
    return {"film": film, "reason": reason, "rank": task.options["rank"]}


TASKS = {"side-by-side": _side_by_side, "forecast": _forecast, "correction": _correction}


class Place(NamedTuple):
    """Where a film is with other ratings: its rank, and the best of the list then."""

    rank: int
    top: list[Film]
    was: int
    film: Film

    @property
    def is_out(self) -> bool:
        """Whether it is not among the best any more."""
        return self.rank > TOP

    @property
    def said(self) -> str:
        """In words."""
        if self.rank == self.was:
            return phrase("It is number {rank}.", rank=self.rank)
        if self.is_out:
            return phrase(
                "It was number {was}; now it is number {rank}, not among the first {n} any more.",
                was=self.was,
                rank=self.rank,
                n=TOP,
            )
        return phrase("It was number {was}; now it is number {rank}.", was=self.was, rank=self.rank)


def place(session: Session, step: Step, moved: Mapping[str, float | None]) -> Place:
    """Where the film of a correction is once ratings are moved."""
    study, task = session.study, session.task(step)
    with study.service.turn(patient=True):
        ratings = {one.item_id: one.rating for one in study.store.ratings(session.one)}
        left = {item: moved.get(item, rating) for item, rating in ratings.items()}
        one = study.service.history({i: rating for i, rating in left.items() if rating is not None})
        stored = lister_of(study.service, study.plan)
        ranker, item = stored.ranker(), study.service.items.known(task.item_id)
        ranks = ranker.ranks(ranker.scores(one.ratings), one.item_columns(np.array([item])), TOP)
        top = stored.offering(TOP).listed(one).table["item_id"]
    return Place(
        int(ranks[0]) or len(one.item_ids),
        [study.shelf.film(item) for item in top],
        task.options["rank"],
        study.shelf.film(task.item_id),
    )


def rated_title(film: Film, rating: float) -> str:
    """A film with its rating, as text."""
    return phrase("{title}, which you rated ★{rating}", title=film.title, rating=short(rating))
