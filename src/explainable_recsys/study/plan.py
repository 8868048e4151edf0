"""What a study is: who is shown what in which order, and what is asked; read from `study.yml`."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.study.aims import ready_scale

NAME, SLUG = r"^[a-z][a-z0-9_]{0,39}$", r"^[a-z0-9][a-z0-9-]{0,39}$"
LANGUAGE = r"^[a-z]{2,3}(_[A-Z]{2})?$"

PATTERNS = {
    NAME: "small letters, digits and underscores, a letter first, at most 40",
    SLUG: "small letters, digits and hyphens, at most 40",
    LANGUAGE: "a language, such as en or pt_BR",
}
"""The same for people."""

Name = Annotated[str, Field(pattern=NAME)]
"""What stands in tables."""

Slug = Annotated[str, Field(pattern=SLUG)]
"""What stands in the address of a study."""

Language = Annotated[str, Field(pattern=LANGUAGE)]

ANY_LANGUAGE = ""
"""Language of a text that is the same in all."""

AGE = "age"
"""Name of the question how old somebody is, which a plan may word itself in `about_you`."""

RESERVED = ("user_id", "item_id", "rank", "score")
"""Columns of a pool, which no kind is called."""


class Part(Parameters):
    """Base of the parts of a plan: where a text is wanted, a number is one, such as a version."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


Said = Annotated[dict[str, Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Text(RootModel[Said]):
    """A text by language; in the file a text alone, or one for each language of the study."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _by_language(cls, given: object) -> object:
        if isinstance(given, Mapping):
            return given
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError(f"found {_short(given)}; accepted: a text, or one for each language")
        return {ANY_LANGUAGE: str(given)}

    def said(self, language: str) -> str:
        """The text in a language, or as it is in all of them.

        >>> Text({"en": "Yes", "de": "Ja"}).said("de"), Text("OK").said("de")
        ('Ja', 'OK')
        """
        return self.root[language] if language in self.root else self.root[ANY_LANGUAGE]


class Kind(Part):
    """A kind of reason: of an approach, a fixed sentence, or none at all.

    Attributes:
        name: What it is called in tables.
        approach: Who explains the items, whoever recommends them; None: nobody.
        says: The same sentence for every item, which is a control; None: no such.
        items: How many items each person sees with it; None: as many as the study says.
    """

    name: Name
    approach: str | None = None
    says: Text | None = None
    items: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one_reason(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"name '{self.name}'; accepted: another, tables have columns like it")
        if self.approach is not None and self.says is not None:
            raise ValueError(f"{self.name}: accepted: approach, or says, or neither for no reason")
        return self


class Option(Part):
    """One answer that can be chosen."""

    name: Name
    text: Text


class Question(Part):
    """Something that is asked.

    Attributes:
        name: What it is called in tables.
        text: The statement or the question.
        answer: `agreement` from 1 to `points`, one of `options`, a `number`, or `text`.
        points: Steps of agreement.
        ends: Words at the first and the last step of agreement.
        options: Of a choice.
        least: Smallest number; of somebody's age, for instance.
        most: Greatest number.
        required: Whether one cannot go on without an answer.
        reverse: Whether agreement means less of what a scale measures.
        expected: Of an attention check: the answer that somebody gives who reads.
        role: `measure` (an outcome), `familiarity` (whether one knows the item), or `other`.
        excludes: Answers that take what they are about out of the analysis, both are reported.
    """

    name: Name
    text: Text
    answer: Literal["agreement", "choice", "number", "text"] = "agreement"
    points: int = Field(5, ge=2, le=11)
    ends: tuple[Text, Text] | None = None
    options: tuple[Option, ...] = ()
    least: float = 0
    most: float = 1e9
    required: bool = False
    reverse: bool = False
    expected: str | None = None
    role: Literal["measure", "familiarity", "other"] = "other"
    excludes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if (self.answer == "choice") != bool(self.options):
            raise ValueError(f"{self.name}: a choice has options, and nothing else has")
        _once(f"{self.name}: options", (option.name for option in self.options))
        if self.least > self.most:
            raise ValueError(f"{self.name}: least {self.least:g} is above most {self.most:g}")
        if self.reverse and self.answer != "agreement":
            raise ValueError(f"{self.name}: reverse: a {self.answer}; accepted: agreement")
        if self.role == "measure" and self.answer not in ("agreement", "number"):
            raise ValueError(f"{self.name}: measure of {self.answer}; accepted: agreement, number")
        for value in (*self.excludes, *([] if self.expected is None else [self.expected])):
            self.checked(value)
        return self

    def checked(self, value: str) -> str:
        """An answer as it is stored.

        Raises:
            ValueError: If it is none; with what is accepted.

        >>> Question(name="trust", text="I trust it.").checked(" 4 ")
        '4'
        """
        given = value.strip()
        if self.answer == "text":
            return given
        if self.answer == "number":
            try:
                number = float(given.replace(",", "."))
            except ValueError:
                number = float("nan")
            if not self.least <= number <= self.most:
                raise ValueError(
                    f"{self.name}: {given[:40]!r}; accepted: a number from {self.least:g} to "
                    f"{self.most:g}"
                )
            return f"{number:g}"
        accepted = self.accepted
        if given not in accepted:
            raise ValueError(f"{self.name}: {given[:40]!r}; accepted: {', '.join(accepted)}")
        return given

    @property
    def accepted(self) -> tuple[str, ...]:
        """The answers of agreement or of a choice, in order."""
        if self.answer == "choice":
            return tuple(option.name for option in self.options)
        return tuple(str(step) for step in range(1, self.points + 1))


class Scale(Part):
    """Statements that measure one thing together: their mean, reverse ones turned round."""

    name: Name
    items: tuple[Question, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if others := [one.name for one in self.items if one.answer != "agreement"]:
            raise ValueError(f"{self.name}: {others[0]} is asked otherwise; accepted: agreement")
        if len({one.points for one in self.items}) > 1:
            raise ValueError(f"{self.name}: points differ; accepted: the same for all statements")
        return self


class Ratings(Part):
    """How many films somebody rates first."""

    least: int = Field(10, ge=1, le=200)
    most: int = Field(100, ge=1, le=2000)


class Pool(Part):
    """Which items are shown.

    Attributes:
        choice: `matched`: items that every kind with an approach can explain, kinds assigned at
            random within strata of rank. `best_of_each_kind`: for each kind in the order of the
            plan the first items that it can explain; then kind and item are confounded.
        length: Items of the recommender's list from which they are taken.
        strata: Into how many parts of consecutive ranks the pool is cut.
    """

    choice: Literal["matched", "best_of_each_kind"] = "matched"
    length: int = Field(40, ge=1, le=2000)
    strata: int = Field(3, ge=1)


class Blocks(Part):
    """What comes after the recommendations; 0 leaves a task out.

    Attributes:
        side_by_side: Items shown under all kinds at once, to choose the best reason.
        forecast: Items of which one is asked which rating, taken back, removes them from the list.
        forecast_options: Ratings to choose from.
        correction: Items that are to be removed from the list by moving ratings.
    """

    side_by_side: int = Field(0, ge=0, le=20)
    forecast: int = Field(0, ge=0, le=20)
    forecast_options: int = Field(4, ge=2, le=10)
    correction: int = Field(0, ge=0, le=20)


class Exclusions(Part):
    """Whom the analysis leaves out, fixed before anybody takes part; both ways are reported.

    Attributes:
        failed_checks: Attention checks failed from which on somebody is left out; 0: nobody.
        least_seconds: Seconds for a page with a recommendation, as the median of somebody's.
        alike: Whether somebody is left out who gave the same answer to all agreements.
        unfinished: Whether somebody is left out who did not see all recommendations.
    """

    failed_checks: int = Field(0, ge=0)
    least_seconds: float = Field(0, ge=0)
    alike: bool = False
    unfinished: bool = True


class Hypothesis(Part):
    """A planned contrast: what is expected to be higher under the first kind.

    Attributes:
        measure: Name of a question with the role `measure`.
        kinds: The first is expected to be higher.
        difference: Smallest difference that would matter, in steps of agreement.
    """

    measure: Name
    kinds: tuple[Name, Name]
    difference: float = Field(0.3, gt=0)


class Analysis(Part):
    """What was planned of the analysis.

    Attributes:
        alpha: Error that is accepted, over all hypotheses (Holm).
        power: Wanted for each of them.
        sd_between: Of what people think of a kind beyond the others, in steps.
        sd_within: Of single answers of one person under one kind, in steps. The two deviations
            together are those that the article reports for the differences between its kinds.
    """

    alpha: float = Field(0.05, gt=0, lt=0.5)
    power: float = Field(0.8, gt=0, lt=1)
    sd_between: float = Field(0.6, ge=0)
    sd_within: float = Field(0.9, ge=0)


class Consent(Part):
    """What somebody agrees to before anything is kept."""

    version: str = Field(min_length=1)
    text: Text


class Plan(Part):
    """A study.

    Attributes:
        slug: Its address.
        title: Shown to people, so neutral.
        languages: In which it can be taken part; empty: texts are in one language.
        recommender: Whose list is shown.
        kinds: Of reasons, controls included.
        items_per_kind: Items each person sees with each kind.
        forms: How reasons are shown; two of them are crossed with the kinds.
        pool: Which items.
        ratings: How many films are rated first.
        questions: Asked of each recommendation, in order.
        checks: Attention checks, spread over the recommendations.
        blocks: Tasks after them.
        scales: Asked after these; one of `study.aims.AIMS` by its name alone.
        about_you: Questions about the person.
        closing: Questions at the end.
        least_age: Who is younger cannot take part; 0: nobody is asked.
        information: Name of a text file beside the plan, shown first; another language's has the
            language in its name, such as `information.de.txt`.
        consent: Agreed to before anything is kept.
        raffle: What an e-mail address is asked for, which is kept apart; None: it is not.
        codes: Who may take part: whoever has the link, or has one of the codes too.
        opens: First day.
        closes: Last day.
        keep_days: After its last day, everything is deleted then.
        n_people: Planned.
        hypotheses: Planned contrasts.
        analysis: Errors, power, and deviations to plan with.
        exclusions: Whom it leaves out.
        confounded: Why kinds cannot be compared as causes; empty where they can.
        simulated: Whether its answers are made up.
        seed: Of the assignment.
    """

    slug: Slug
    title: Text
    languages: tuple[Language, ...] = ()
    recommender: str = "als"
    kinds: tuple[Kind, ...] = Field(min_length=1)
    items_per_kind: int = Field(3, ge=1)
    forms: tuple[Literal["sentence", "drawn"], ...] = ("sentence",)
    pool: Pool = Pool()
    ratings: Ratings = Ratings()
    questions: tuple[Question, ...] = Field(min_length=1)
    checks: tuple[Question, ...] = ()
    blocks: Blocks = Blocks()
    scales: tuple[Scale, ...] = ()
    about_you: tuple[Question, ...] = ()
    closing: tuple[Question, ...] = ()
    least_age: int = Field(18, ge=0, le=120)
    information: str = "information.txt"
    consent: Consent
    raffle: Text | None = None
    codes: bool = False
    opens: datetime.date
    closes: datetime.date
    keep_days: int = Field(365, ge=1)
    n_people: int = Field(ge=2)
    hypotheses: tuple[Hypothesis, ...] = ()
    analysis: Analysis = Analysis()
    exclusions: Exclusions = Exclusions()
    confounded: str = ""
    simulated: bool = False
    seed: Seed = 0

    @model_validator(mode="before")
    @classmethod
    def _with_ready_scales(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not isinstance(given.get("scales"), list | tuple):
            return given
        languages = given.get("languages") or ()
        known = tuple(languages) if isinstance(languages, list | tuple) else ()
        scales = [ready_scale(s, known) if isinstance(s, str) else s for s in given["scales"]]
        return {**given, "scales": scales}

    @property
    def explained(self) -> tuple[Kind, ...]:
        """The kinds whose reasons an approach gives."""
        return tuple(kind for kind in self.kinds if kind.approach is not None)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the questions that are outcomes."""
        return tuple(one.name for one in self.questions if one.role == "measure")

    def items_of(self, kind: Kind) -> int:
        """How many items a person sees with a kind."""
        return self.items_per_kind if kind.items is None else kind.items

    @property
    def n_trials(self) -> int:
        """How many recommendations a person sees."""
        return sum(map(self.items_of, self.kinds))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_names()
        self._check_numbers()
        if self.closes < self.opens:
            raise ValueError(f"closes: {self.closes} is before {self.opens}, when it opens")
        if self.pool.choice == "best_of_each_kind" and not self.confounded:
            raise ValueError("confounded: best_of_each_kind confounds kind and item; say so here")
        for hypothesis in self.hypotheses:
            for kind in hypothesis.kinds:
                _known("hypotheses: kind", kind, [known.name for known in self.kinds])
            _known("hypotheses: measure", hypothesis.measure, self.measures)
            _once("hypotheses: kinds", hypothesis.kinds)
        if any(check.expected is None for check in self.checks):
            raise ValueError("checks: each has an expected answer")
        texts = _texts(self)
        if wrong := [one for way, text in texts for one in _untold(way, text, self.languages)]:
            raise ValueError("\n".join(wrong))
        return self

    def _check_names(self) -> None:
        _once("kinds", (kind.name for kind in self.kinds))
        asked = (*self.questions, *self.checks, *self.about_you, *self.closing)
        _once("questions", (one.name for one in (*asked, *_items(self.scales))))
        _once("scales", (scale.name for scale in self.scales))
        _once("forms", self.forms)
        _once("languages", self.languages)
        if any(one.name == AGE and one.answer != "number" for one in self.about_you):
            raise ValueError(f"about_you: {AGE} is asked otherwise; accepted: a number of years")

    def _check_numbers(self) -> None:
        if self.ratings.most < self.ratings.least:
            raise ValueError(
                f"ratings: most {self.ratings.most} is below least {self.ratings.least}"
            )
        numbers = {kind.name: self.items_of(kind) for kind in self.kinds}
        if len(set(numbers.values())) > 1 and self.pool.choice == "matched":
            found = ", ".join(f"{name} {n}" for name, n in numbers.items())
            raise ValueError(f"kinds: unbalanced: {found} items; accepted: as many of each kind")
        if self.pool.length < self.n_trials:
            raise ValueError(
                f"pool.length: {self.pool.length}, but {self.n_trials} recommendations are shown; "
                f"accepted: {self.n_trials} or more"
            )
        if self.blocks.side_by_side and len(self.kinds) < 2:
            raise ValueError("blocks.side_by_side: one kind only; accepted: 0, or more kinds")
        if self.blocks.forecast and self.blocks.forecast_options > self.ratings.least:
            raise ValueError(
                f"blocks.forecast_options: {self.blocks.forecast_options}; accepted: at most "
                f"ratings.least, {self.ratings.least}"
            )
        if self.exclusions.failed_checks > len(self.checks):
            raise ValueError(
                f"exclusions.failed_checks: {self.exclusions.failed_checks} of "
                f"{len(self.checks)} checks; accepted: 0 to {len(self.checks)}"
            )


def _items(scales: Iterable[Scale]) -> Iterable[Question]:
    for scale in scales:
        yield from scale.items


def _texts(found: object, *way: str | int) -> Iterator[tuple[str, Text]]:
    """All texts below something of a plan, and their places."""
    if isinstance(found, Text):
        yield _place(way), found
    elif isinstance(found, BaseModel):
        for key, value in found:
            yield from _texts(value, *way, key)
    elif isinstance(found, tuple):
        for n, value in enumerate(found):
            yield from _texts(value, *way, n)


def _place(way: Iterable[str | int]) -> str:
    """Where something stands in a plan.

    >>> _place(("questions", 2, "text"))
    'questions[2].text'
    """
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in way).lstrip(".")


def _once(what: str, names: Iterable[str]) -> None:
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise ValueError(f"{what}: {twice[0]} stands there twice")


def _known(what: str, name: str, known: Iterable[str]) -> None:
    if name not in (names := tuple(known)):
        raise ValueError(f"{what} '{name}'; accepted: {', '.join(names)}")


def _untold(place: str, text: Text, languages: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the languages of a text."""
    if ANY_LANGUAGE in text.root:
        return
    found, said = ", ".join(text.root), next(iter(text.root.values()))[:40]
    if not languages:
        yield f"languages: none are named, but {place} has {found}; accepted: name them"
    elif others := [language for language in languages if language not in text.root]:
        yield f"{place}: '{said}' is there in {found}; accepted: also in {', '.join(others)}"
    elif unknown := [language for language in text.root if language not in languages]:
        yield f"{place}: '{said}' is there in {unknown[0]}; accepted: {', '.join(languages)}"


def check_dates(plan: Plan, today: datetime.date) -> None:
    """Make sure that a study is not over; for whom it is to run, not for whom analyses it.

    Raises:
        InputError: If its last day is past.
    """
    if plan.closes < today:
        raise InputError(f"closes: {plan.closes} is past; accepted: today, {today}, or later")


def plan_hash(plan: Plan) -> str:
    """A fingerprint of all that a plan says: SHA-256, in hexadecimal digits."""
    text = json.dumps(plan.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def parse_plan(found: object, file: str) -> Plan:
    """A plan from what its file holds.

    Args:
        found: As a YAML reader gives it.
        file: Name of the file, for errors.

    Raises:
        InputError: Naming what is wrong, a line each if it is several things, and what is accepted.
    """
    if not isinstance(found, Mapping):
        raise InputError(f"{file}: no plan in it; accepted: the keys of a study")
    try:
        return Plan.model_validate(dict(found))
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        wrong.sort(key=lambda one: one["type"] != "extra_forbidden")  # a key that is no key first
        inner = {one["loc"][:n] for one in wrong for n in range(len(one["loc"]))}
        apart = [one for one in wrong if one["loc"] not in inner]  # else too short by what is wrong
        lines = [line for one in apart for line in _told(one).splitlines()]
        text = f" {lines[0]}" if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        raise InputError(f"{file}:{text}") from None


def _told(wrong: ErrorDetails) -> str:
    """One thing that is wrong."""
    *way, last = wrong["loc"] or ("",)
    place = _place(wrong["loc"])
    if wrong["type"] == "extra_forbidden":
        known = list(_model_at(way).model_fields)
        hint = did_you_mean(str(last), known)
        return f"{place}: there is no such key; {hint}accepted: {', '.join(known)}"
    if wrong["type"] == "missing":
        return f"{place}: missing"
    message = wrong["msg"].removeprefix("Value error, ")
    if wrong["type"] == "value_error":
        return f"{place}: {message}" if place else message
    pattern = str(wrong.get("ctx", {}).get("pattern"))
    accepted = PATTERNS.get(pattern) or _accepted(wrong["type"], _model_at(wrong["loc"])) or message
    accepted = accepted.removeprefix("Input should be ").removeprefix("a valid ")
    quotes = "; yes, no, on and off stand in quotes" if isinstance(wrong["input"], bool) else ""
    return f"{place}: found {_short(wrong['input'])}; accepted: {accepted}{quotes}"


def _accepted(kind: str, part: type[BaseModel]) -> str:
    """What is accepted instead of something that is no list, no day or no part of a plan."""
    if kind.startswith("model"):
        return f"its keys, {', '.join(part.model_fields)}"
    if kind.startswith("date"):
        return "a day, such as 2030-01-31"
    return {"tuple_type": "a list", "string_type": "a text"}.get(kind, "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model_at(way: Iterable[object]) -> type[BaseModel]:
    """The part of a plan in which a key stands."""
    model: type[BaseModel] = Plan
    for key in way:
        if isinstance(key, str) and key in model.model_fields:
            model = next(_models(model.model_fields[key].annotation), model)
    return model


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The parts that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
