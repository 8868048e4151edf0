"""One request to a study, and what it is answered."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from markupsafe import Markup

from explainable_recsys.app.access import study_cookie
from explainable_recsys.app.items import NotHereError
from explainable_recsys.app.rendering import page, root_of
from explainable_recsys.app.study import views
from explainable_recsys.app.study.databases import StoreError
from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.session import Form, Session, checked
from explainable_recsys.app.study.store import withdrawal_code
from explainable_recsys.app.tiles import tile
from explainable_recsys.errors import InputError
from explainable_recsys.study import flow
from explainable_recsys.study.flow import Step, is_old_enough
from explainable_recsys.study.plan import Text
from explainable_recsys.wording.numbers import date, short
from explainable_recsys.wording.phrases import is_spoken, nearest, phrase

FOR_A_DAY = "public, max-age=86400"

MOMENT = 0.3
"""Seconds that a page waits for what is to be shown before it says so."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,60}")

TEMPLATES = {
    "information": "study_information.html.j2",
    "consent": "study_consent.html.j2",
    "ratings": "study_ratings.html.j2",
    "recommendation": "study_recommendation.html.j2",
    "side-by-side": "study_side_by_side.html.j2",
    "forecast": "study_forecast.html.j2",
    "correction": "study_correction.html.j2",
    "raffle": "study_raffle.html.j2",
    "thanks": "study_thanks.html.j2",
}
"""By block; others are lists of questions."""

QUESTIONS = "study_questions.html.j2"

FIRST = ("information", "consent")
"""Pages without a session."""

MADE = ("recommendation", *views.TASKS)
"""Pages of what is made from the ratings."""


def message(request: Request, status: int, text: str, slug: str = "") -> Response:
    """A page that says something, with a link to the study if it is of one."""
    back = f"{root_of(request)}/study/{slug}/" if slug else ""
    return page("study_message.html.j2", request, status, visit=None, text=text, back=back)


class Visit:
    """A request to a study."""

    def __init__(self, request: Request, study: Served) -> None:
        """Look at its cookie and its address."""
        self.request, self.study, self.plan = request, study, study.plan
        self.at = f"{root_of(request)}/study/{study.plan.slug}"
        self.cookie = study_cookie(study.plan.slug)
        self.session = Session.of(study, request.cookies.get(self.cookie, ""))

    @cached_property
    def language(self) -> str:
        """Of the plan's texts: as somebody began, or as the address has it."""
        if self.session is not None:
            return self.session.one.language
        wanted = self.request.query_params.get("language", "")
        return wanted if wanted in self.study.languages else self.study.languages[0]

    @property
    def spoken(self) -> str:
        """Of our own words: the same, if there is a catalog of it."""
        return nearest(self.language)

    @property
    def lang(self) -> Markup:
        """What marks texts of the plan in HTML that are in another language than our own words."""
        if is_spoken(self.language):
            return Markup("")
        return Markup(' lang="{}"').format(self.language.replace("_", "-"))

    @property
    def in_language(self) -> str:
        """What keeps the language in an address, as long as no session does."""
        return f"?language={self.language}" if len(self.study.languages) > 1 else ""

    def said(self, text: Text) -> str:
        """A text of the plan, marked if our own words around it are in another language."""
        said = text.said(self.language)
        return Markup("<span{}>{}</span>").format(self.lang, said) if self.lang else said

    @property
    def resume_link(self) -> str:
        """How to go on elsewhere; the token is behind #, which no browser sends."""
        assert self.session
        here = f"{self.request.url.scheme}://{self.request.url.netloc}"
        return f"{here}{self.at}/resume#{self.session.token}"

    # Replies

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of the study, with all that its form has to have."""
        given = {"visit": self, "step": None, "wrong": {}, "given": {}, "text": "", **values}
        form = {"key": secrets.token_urlsafe(9), "since": f"{time.time():.3f}"}
        return page(template, self.request, status, **form, **given)

    def message(self, status: int, text: str) -> Response:
        """A page that says something."""
        back = "" if self.session is None else f"{self.at}/"
        return self.page("study_message.html.j2", status, text=text, back=back)

    def to(self, place: str) -> Response:
        """Go to another page."""
        return RedirectResponse(f"{self.at}/{place}", 303)

    def _with_cookie(self, reply: Response, token: str) -> Response:
        days = (self.plan.closes - self.study.today()).days + 1
        reply.set_cookie(
            self.cookie,
            token,
            max_age=86_400 * max(1, days) if token else 0,
            path=self.at,
            secure=self.request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return reply

    # Coming and going

    def start(self) -> Response:
        """Where somebody is, or what it is about."""
        if self.session is not None and self.session.one.consented_at is not None:
            return self.to(self.session.now.name)
        query = self.request.url.query
        return self.to(f"information?{query}" if query else "information")

    def resume(self, form: Form) -> Response:
        """Go on with the token of a link."""
        token = form.get("token").rpartition("#")[2]
        session = Session.of(self.study, token) if TOKEN.fullmatch(token) else None
        if session is None:
            text = phrase("This is no link to go on with, or its answers were withdrawn.")
            return self.page("study_resume.html.j2", 422, text=text)
        return self._with_cookie(self.to(session.now.name), token)

    def leave(self) -> Response:
        """Forget who goes on at this device."""
        return self._with_cookie(self.to(f"information{self.in_language}"), "")

    def withdraw(self, form: Form) -> Response:
        """Delete everything of whoever has a code, or takes part at this device."""
        code = form.get("code")
        if form.get("own") == "yes" and self.session is not None:
            code = withdrawal_code(self.session.one.id)
        try:
            self.study.store.withdraw(code)
        except StoreError:
            raise
        except InputError:
            text = phrase("Nobody has this code; it stands on the last page.")
            return self.page("study_withdraw.html.j2", 422, text=text)
        self.session = None
        text = phrase("Your answers are deleted. Thank you all the same.")
        return self._with_cookie(self.message(200, text), "")

    def picture(self, item: str) -> Response:
        """What stands for a poster."""
        film = self.study.shelf.film(item)
        drawn = tile(film.title, film.year, "|".join(film.genres))
        kept = {"cache-control": FOR_A_DAY}
        return Response(drawn, media_type="image/svg+xml", headers=kept)

    def poster(self, item: str) -> Response:
        """A poster that was fetched."""
        details = self.study.shelf.film(item).details
        if details is None or details.poster is None or not details.poster.is_file():
            raise NotHereError(item)
        return FileResponse(details.poster, headers={"cache-control": FOR_A_DAY})

    # Pages of a session

    def show(self, name: str) -> Response:
        """A page, if it is somebody's turn for it."""
        return self._turn(name) or self._shown(name)

    def _turn(self, name: str) -> Response | None:
        """What is answered instead, where it is not; None where it is."""
        session = self.session
        is_over = session is not None and session.one.finished_at is not None
        if not self.study.is_open and not is_over:
            return self._closed()
        if name in FIRST:
            agreed = session is not None and session.one.consented_at is not None
            return self.to(session.now.name) if session is not None and agreed else None
        if session is None:
            return self.page("study_unknown.html.j2", 403)
        if session.has_rated and not session.is_made:
            if not self.study.is_prepared(session.one, MOMENT):
                return self._waiting()
            session = self.session = Session(self.study, session.token, session.one)
        step, now, steps = session.step(name), session.now, session.steps
        if step is None and all(name != one.name for one in flow.steps(self.plan)):
            raise NotHereError(name)
        if step is None or steps.index(step) > steps.index(now):
            return self.to(now.name)
        is_past = step.block == "ratings" and session.has_rated
        return self.to(now.name) if is_past or (is_over and step.block != "thanks") else None

    def _waiting(self) -> Response:
        reply = self.page("study_waiting.html.j2")
        reply.headers["refresh"] = "1"
        return reply

    def _closed(self) -> Response:
        if self.study.today() < self.plan.opens:
            text = phrase("This study opens on {date}.", date=date(self.plan.opens.isoformat()))
        else:
            text = phrase("This study is over. Thank you for your interest.")
        return self.message(403, text)

    def _shown(self, name: str, status: int = 200, **values: Any) -> Response:
        """A page, with what was given so far."""
        if self.session is None or name in FIRST:
            paragraphs = re.split(r"\n\s*\n", self.study.information.said(self.language).strip())
            token = self._offered()
            shown = {"paragraphs": paragraphs, "token": token, "title": self.said(self.plan.title)}
            reply = self.page(TEMPLATES[name], status, **shown, **values)
            return self._with_cookie(reply, token) if name == "consent" else reply
        step = self.session.step(name)
        assert step
        if step.block == "thanks":
            values["code"] = self.study.store.finish(self.session.one)
        else:
            key = f"shown {secrets.token_urlsafe(9)}"
            self.study.store.note(self.session.one, "shown", {"step": name}, key)
        template = TEMPLATES.get(step.block, QUESTIONS)
        of_step = views.shown(self.session, step, self.request.query_params)
        if step.block == "ratings" and self.request.query_params.get("part"):
            return self.page("study_found.html.j2", **of_step)
        more = {"given": self.session.answers.get(name, {}), **of_step, **values}
        return self.page(template, status, step=step, **self._progress(step), **more)

    def _offered(self) -> str:
        """The token to begin with: who loads the page anew, as no answer came, is the same."""
        given = self.request.cookies.get(self.cookie, "")
        is_free = TOKEN.fullmatch(given) and self.study.store.participant(given) is None
        return given if is_free else secrets.token_urlsafe(32)

    def _progress(self, step: Step) -> dict[str, Any]:
        """How far somebody is: pages behind them, of all; and where in a block of several."""
        assert self.session
        steps = self.session.steps
        of = sum(one.block == step.block for one in steps)
        return {
            "questions": self.session.questions(step),
            "behind": steps.index(step) - len(FIRST),
            "pages": len(steps) - len(FIRST) - 1,
            "of_block": of,
            "posters": self.session.shows_posters,
        }

    # Answers

    def answer(self, name: str, form: Form) -> Response:
        """Keep the answers of a page, and go on."""
        if name in FIRST:
            agree = (
                self._agree
                if name == "consent"
                else lambda _: self.to(f"consent{self.in_language}")
            )
            return self._turn(name) or agree(form)
        if (instead := self._turn(name)) is not None:
            return instead
        assert self.session
        step = self.session.step(name)
        assert step
        act = ACTS.get(step.block, Visit._answer_questions)
        return act(self, step, form)

    def _agree(self, form: Form) -> Response:
        """Begin: from here on something is kept."""
        if form.get("agree") != "yes":
            wrong = {"agree": phrase("You can take part only if you agree.")}
            return self._shown("consent", 422, wrong=wrong, given=form.values)
        language = form.get("language")
        if language not in self.study.languages:
            language = self.language
        offered = form.get("token") if self.session is None else self.session.token
        token = offered if TOKEN.fullmatch(offered) else None
        try:
            token, one = self.study.store.enter(
                self.plan.slug, language, form.get("code") or None, token
            )
        except StoreError:
            raise
        except InputError:
            wrong = {"code": phrase("This is none of the codes of this study.")}
            return self._shown("consent", 422, wrong=wrong, given=form.values)
        self.study.store.consent(one, self.plan.consent.version)
        session = Session.of(self.study, token)
        return self._with_cookie(self.to("" if session is None else session.now.name), token)

    def _save(self, step: Step, form: Form, answers: dict[str, str | None]) -> None:
        assert self.session
        self.study.store.save(self.session.one, step.name, answers, form.seconds, form.key)
        self.session.answers.setdefault(step.name, {}).update(answers)

    def _on(self) -> Response:
        """To the first page that is not done."""
        assert self.session
        return self.to(self.session.now.name)

    def _answer_questions(self, step: Step, form: Form) -> Response:
        """Answers to questions; a script sends each as it is given."""
        assert self.session
        questions, given = self.session.questions(step), form.starting("q.")
        if form.get("go") == "save":
            questions = tuple(one for one in questions if one.name in given)
        answers, wrong = checked(questions, given)
        if form.get("go") == "save":
            is_of_age = step.block != "about-you" or not self.plan.least_age
            if answers and not wrong and is_of_age:  # else that is not known yet
                self._save(step, form, answers)
            return Response(status_code=204)
        if wrong:
            return self._shown(step.name, 422, wrong=wrong, given=given)
        if step.block == "about-you" and not is_old_enough(self.plan, answers):
            return self._too_young()
        self._save(step, form, answers)
        return self._on()

    def _too_young(self) -> Response:
        """Nothing of them is kept."""
        assert self.session
        self.study.store.withdraw(withdrawal_code(self.session.one.id))
        self.session = None
        text = phrase(
            "Thank you for your interest! This study is for people of {n} and older, so it ends "
            "here. Nothing of what you told us is kept.",
            n=self.plan.least_age,
        )
        return self._with_cookie(self.message(200, text), "")

    def _rate(self, step: Step, form: Form) -> Response:
        """Keep ratings that were given, changed or taken back."""
        assert self.session
        store, one = self.study.store, self.session.one
        before = {rated.item_id: rated.rating for rated in store.ratings(one)}
        for item, rating in self._changed(form, before).items():
            store.rate(one, item, rating, f"{form.key} {item}")
        go, n = form.get("go"), len(store.ratings(one))
        if go == "save":
            shown = views.ratings(self.session, self.request.query_params)
            return self.page("study_rated.html.j2", step=step, **shown)
        if go == "done" and n >= self.plan.ratings.least:
            self._save(step, form, {})
            return self._on()
        if go == "done":
            text = phrase("Please rate some more films first.")
            return self._shown("ratings", 422, text_of_problem=text)
        if go == "find":
            return self.to(f"ratings?{urlencode({'q': form.get('q')})}")
        more = {"page": form.get("turn")[:4]} if go == "more" else {}
        return self.to(f"ratings?{urlencode(more)}".rstrip("?"))

    def _changed(self, form: Form, before: dict[str, float]) -> dict[str, float | None]:
        """Ratings that are not as before; None: taken back.

        Raises:
            InputError: If a film is not here, a rating none, or there are too many.
        """
        items, scale = self.study.service.items, self.study.service.data.scale
        dropped = form.get("drop")
        found: dict[str, float | None] = {dropped: None} if dropped in before else {}
        for item, text in form.starting("r.").items():
            known = str(items.known(item))
            rating = rating_of(text, scale.minimum, scale.maximum)
            if before.get(known) != rating and known not in found:
                found[known] = rating
        most = self.plan.ratings.most
        if len({*before, *found} - {dropped}) > most:
            raise InputError(phrase("At most {n} films can be rated here.", n=most))
        return found

    def _choose(self, step: Step, form: Form) -> Response:
        """The best of several reasons, or the rating that holds a film up."""
        assert self.session
        choices = self.session.task(step).options["choices"]
        (question,) = self.session.asked(step)
        if question == "best":
            accepted = {str(place): one["kind"] for place, one in enumerate(choices, 1)}
        else:
            accepted = {one["item_id"]: one["item_id"] for one in choices}
        given = form.get("choice")
        if form.get("go") != "save" or given in accepted:
            self._save(step, form, {question: accepted.get(given)})
        return Response(status_code=204) if form.get("go") == "save" else self._on()

    def _correct(self, step: Step, form: Form) -> Response:
        """Where a film is with other ratings; each try is kept."""
        assert self.session
        scale = self.study.service.data.scale
        moved: dict[str, float | None] = {}
        for rated in self.study.store.ratings(self.session.one):
            text = form.get(f"r.{rated.item_id}") or f"{rated.rating}"
            rating = rating_of(text, scale.minimum, scale.maximum)
            if form.get(f"without.{rated.item_id}"):
                moved[rated.item_id] = None
            elif rating != rated.rating:
                moved[rated.item_id] = rating
        place = views.place(self.session, step, moved)
        tried: dict[str, str | None] = {"ratings": json.dumps(moved), "rank": str(place.rank)}
        if form.get("go") == "done":
            self._save(step, form, {**tried, "done": "yes"})
            return self._on()
        self._save(step, form, tried)
        if form.get("go") == "save":
            return self.page("study_place.html.j2", step=step, place=place)
        return self.to(step.name)

    def _enter_raffle(self, step: Step, form: Form) -> Response:
        """Keep an address apart from all answers."""
        address = form.get("address")
        if address and not EMAIL.fullmatch(address):
            wrong = {"address": phrase("Please check the address, or leave it out.")}
            return self._shown(step.name, 422, wrong=wrong, given=form.values)
        if address:
            self.study.store.leave_email(self.plan.slug, address)
        self._save(step, form, {"left": "yes" if address else None})
        return self._on()

    def _end(self, step: Step, form: Form) -> Response:
        """There is nothing to answer."""
        return self.to(step.name)


ACTS: dict[str, Callable[[Visit, Step, Form], Response]] = {
    "ratings": Visit._rate,
    "side-by-side": Visit._choose,
    "forecast": Visit._choose,
    "correction": Visit._correct,
    "raffle": Visit._enter_raffle,
    "thanks": Visit._end,
}
"""What becomes of answers, by block; of all others they are answers to questions."""


def rating_of(text: str, least: float, most: float) -> float:
    """A rating on the scale.

    Raises:
        InputError: If it is none.

    >>> rating_of("3,5", 0.5, 5)
    3.5
    """
    try:
        rating = float(text.replace(",", "."))
    except ValueError:
        rating = float("nan")
    if not least <= rating <= most:
        bounds = {"least": short(least), "most": short(most)}
        raise InputError(phrase("A rating is a number from {least} to {most}.", **bounds))
    return rating
