"""A plan in words, for whoever checks it and for whoever registers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.study.flow import minutes, pages
from explainable_recsys.study.plan import ANY_LANGUAGE, Kind, Plan, Question, Text
from explainable_recsys.wording.numbers import date, enumerated, number, short
from explainable_recsys.wording.phrases import phrase, plural


class Section(NamedTuple):
    """A part of what is told.

    Attributes:
        title: Its heading.
        lines: Sentences, one each.
        table: Rows of cells below them, the head first; may be empty.
    """

    title: str
    lines: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()


def in_words(plan: Plan) -> tuple[Section, ...]:
    """What a plan says, in the order in which it is registered."""
    return (
        Section(phrase("Hypotheses"), tuple(_hypotheses(plan))),
        Section(phrase("Design"), tuple(_design(plan))),
        Section(phrase("Session"), tuple(_session(plan))),
        Section(phrase("Measures"), tuple(_measures(plan))),
        Section(phrase("People"), tuple(_people(plan))),
        Section(phrase("Analysis"), tuple(_analysis(plan))),
        Section(phrase("Exclusions, fixed beforehand"), tuple(_exclusions(plan))),
    )


def said(text: Text) -> str:
    """A text in the first of its languages."""
    return text.root.get(ANY_LANGUAGE) or next(iter(text.root.values()))


def _hypotheses(plan: Plan) -> Iterator[str]:
    for n, one in enumerate(plan.hypotheses, 1):
        yield phrase(
            "H{n}: {measure} is higher with {first} than with {second}; a difference of {steps} "
            "steps would matter.",
            n=n,
            measure=one.measure,
            first=one.kinds[0],
            second=one.kinds[1],
            steps=short(one.difference),
        )
    if not plan.hypotheses:
        yield phrase("None: the study explores.")


def _design(plan: Plan) -> Iterator[str]:
    yield phrase(
        "Within people: everybody sees all kinds of reasons for what {recommender} recommends.",
        recommender=phrase(RECOMMENDERS[plan.recommender].title),
    )
    for kind in plan.kinds:
        yield f"{kind.name}: {_kind(kind)}"
    if len({plan.items_of(kind) for kind in plan.kinds}) == 1:
        n = plan.items_of(plan.kinds[0])
        yield plural(n, "{n} film with each kind.", "{n} films with each kind.")
    else:
        each = [f"{kind.name} {plan.items_of(kind)}" for kind in plan.kinds]
        yield phrase("Films with each kind: {numbers}.", numbers=enumerated(each))
    yield _pool(plan)
    if plan.confounded:
        yield phrase("Confounded: {why}", why=plan.confounded)
    yield phrase(
        "Kinds come in the order of a Williams design: each equally often in each position, and "
        "after each other (seed {seed}).",
        seed=plan.seed,
    )
    if len(plan.forms) > 1:
        yield phrase("Forms of the reasons, crossed with the kinds: {forms}.", forms=_forms(plan))
    else:
        yield phrase("All reasons have the same form: {forms}.", forms=_forms(plan))


def _forms(plan: Plan) -> str:
    names = {"sentence": phrase("a sentence"), "drawn": phrase("a drawing")}
    return enumerated([names[form] for form in plan.forms])


def _kind(kind: Kind) -> str:
    if kind.approach is not None:
        return phrase(APPROACHES[kind.approach].title)
    if kind.says is not None:
        return phrase("control, always “{sentence}”", sentence=said(kind.says))
    return phrase("control, no reason")


def _pool(plan: Plan) -> str:
    if plan.pool.choice == "matched":
        return phrase(
            "Films are of the first {length} of the list, only those that every kind can explain; "
            "kinds are drawn within {strata} strata of rank.",
            length=number(plan.pool.length, "count"),
            strata=min(plan.pool.strata, plan.items_per_kind),
        )
    return phrase(
        "Films are of the first {length} of the list: one kind after the other takes the best that "
        "are left and that it can explain.",
        length=number(plan.pool.length, "count"),
    )


def _session(plan: Plan) -> Iterator[str]:
    shown = [f"{block} × {n}" if n > 1 else block for block, n in pages(plan).items()]
    yield phrase("Pages: {pages}.", pages=", ".join(shown))
    yield phrase(
        "At least {n} films are rated; it takes about {minutes} minutes.",
        n=plan.ratings.least,
        minutes=round(minutes(plan)),
    )


def _measures(plan: Plan) -> Iterator[str]:
    for one in plan.questions:
        yield _asked(one)
    for check in plan.checks:
        yield phrase("Attention check: {question}", question=_asked(check))
    for scale in plan.scales:
        reverse = sum(one.reverse for one in scale.items)
        yield phrase(
            "Scale {name}: the mean of {n} statements, {reverse} of them reverse.",
            name=scale.name,
            n=len(scale.items),
            reverse=reverse,
        )
    for one in (*plan.about_you, *plan.closing):
        yield _asked(one)


def _asked(one: Question) -> str:
    if one.answer == "number":
        answers = phrase("a number")
    elif one.answer == "text":
        answers = phrase("free text")
    elif one.answer == "choice":
        answers = ", ".join(one.accepted)
    else:
        answers = phrase("{first} to {last}", first=1, last=one.points)
    role = {"measure": phrase(", an outcome"), "familiarity": phrase(", a covariate")}
    return f"{one.name}: “{said(one.text)}” ({answers}{role.get(one.role, '')})"


def _people(plan: Plan) -> Iterator[str]:
    yield phrase(
        "{n} people; from {first} to {last}, whichever ends first.",
        n=number(plan.n_people, "count"),
        first=date(plan.opens.isoformat()),
        last=date(plan.closes.isoformat()),
    )
    if plan.least_age:
        yield phrase("Only who is {n} or older can take part.", n=plan.least_age)
    if plan.codes:
        yield phrase("Who has a code can take part.")
    else:
        yield phrase("Who has the link can take part.")
    yield phrase(
        "Consent comes first (version {version}); everything is deleted {n} days after the end.",
        version=plan.consent.version,
        n=number(plan.keep_days, "count"),
    )


def _analysis(plan: Plan) -> Iterator[str]:
    if plan.hypotheses:
        yield phrase(
            "Each hypothesis: a paired t-test, two-sided, of people's means; {alpha} over all of "
            "them, by Holm's correction, with effect sizes and intervals.",
            alpha=short(plan.analysis.alpha),
        )
    yield phrase(
        "Each outcome: analysis of variance within people with Mauchly's test and Greenhouse and "
        "Geisser's correction, and Friedman's test."
    )
    if len(plan.forms) > 1:
        yield phrase(
            "Forms: paired t-tests, by Holm's correction; and with the kinds as two factors within "
            "people, their interaction, without the controls."
        )
    yield phrase(
        "Single answers: a cumulative logit model with random intercepts of people and films; with "
        "how well a film is known, its popularity and its rank as covariates."
    )
    if plan.scales:
        yield phrase("Scales: reverse statements turned round, reliability by alpha and omega.")


def _exclusions(plan: Plan) -> Iterator[str]:
    rules = plan.exclusions
    if rules.failed_checks:
        yield plural(
            rules.failed_checks,
            "Who fails {n} attention check or more is left out.",
            "Who fails {n} attention checks or more is left out.",
        )
    if rules.least_seconds:
        yield phrase(
            "Who takes less than {n} seconds for a recommendation, as a median, is left out.",
            n=short(rules.least_seconds),
        )
    if rules.alike:
        yield phrase("Who gives the same answer to all statements is left out.")
    if rules.unfinished:
        yield phrase("Who did not see all recommendations is left out.")
    for one in plan.questions:
        if one.excludes:
            yield phrase(
                "A film of which “{question}” is answered by {answers} is left out.",
                question=said(one.text),
                answers=enumerated(list(one.excludes)),
            )
    yield phrase("Results with and without exclusions are both reported.")
