"""Made-up people answer as they are told to: effects and deviations come out, whoever asks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.data import Data
from explainable_recsys.study.flow import all_questions
from explainable_recsys.study.plan import Plan, parse_plan
from explainable_recsys.study.simulation import (
    REMARKS,
    Person,
    Simulation,
    agreements,
    long_form,
    people_of,
)

N = 4000
"""People, so that means are right to about two hundredths."""


def a_plan(**other: object) -> Plan:
    least = {
        "slug": "films",
        "title": "Films",
        "kinds": [{"name": "none"}, {"name": "rules", "approach": "posthoc_ar"}],
        "items_per_kind": 3,
        "pool": {"length": 10},
        "ratings": {"least": 2},
        "questions": [
            {
                "name": "known",
                "text": "Do you know it?",
                "answer": "choice",
                "role": "familiarity",
                "options": [{"name": "no", "text": "No"}, {"name": "yes", "text": "Yes"}],
            },
            {"name": "trust", "text": "I trust it.", "role": "measure", "points": 7},
            {"name": "doubt", "text": "I doubt it.", "role": "measure", "reverse": True},
        ],
        "checks": [{"name": "reads", "text": "Choose 2.", "expected": "2"}],
        "closing": [{"name": "remarks", "text": "Anything else?", "answer": "text"}],
        "consent": {"version": "1", "text": "I agree."},
        "opens": "2026-01-01",
        "closes": "2026-12-31",
        "n_people": 10,
    }
    return parse_plan(least | other, "study.yml")


def data() -> Data:
    """Five people and six items; item 1 is rated by all, item 6 by one."""
    ratings = pd.DataFrame(
        [(user, item, 1 + (user + item) % 5) for user in range(5) for item in range(1, 7 - user)],
        columns=["user_id", "item_id", "rating"],
    ).astype({"rating": "float32"})
    titles = pd.DataFrame({"item_id": range(1, 7), "title": list("ABCDEF"), "genres": "Drama"})
    return Data.from_frames(ratings, titles.assign(year=2000))


def person(plan: Plan, number: int = 0, **about: object) -> Person:
    """Somebody without tastes."""
    nothing = np.zeros(1)
    return Person(number, plan, Simulation(**about), {"1": 4.0}, nothing, nothing, {"1": 0})


def test_an_effect_raises_agreement_by_as_much_and_lowers_reverse_statements() -> None:
    about = Simulation(effects={"rules": 0.5}, level=4.0)
    table = long_form(a_plan(), about, N)
    means = table.groupby(["measure", "condition"])["value"].mean()
    assert means["trust", "none"] == pytest.approx(4.0, abs=0.04)
    assert means["trust", "rules"] - means["trust", "none"] == pytest.approx(0.5, abs=0.04)
    assert means["doubt", "rules"] < means["doubt", "none"] - 0.3


def test_deviations_are_those_of_the_plan() -> None:
    plan = a_plan(analysis={"sd_between": 0.6, "sd_within": 0.9})
    table = long_form(plan, Simulation(level=4.0), N)
    trust = table[table["measure"] == "trust"].groupby(["participant", "condition"])["value"]
    within = np.sqrt(trust.var().mean())
    assert within == pytest.approx(0.9, rel=0.03), "rounding is made up for"
    means = trust.mean().reset_index().pivot_table("value", "participant", "condition")
    difference = (means["rules"] - means["none"]).std()
    assert difference == pytest.approx(np.sqrt(2 * (0.6**2 + 0.9**2 / 3)), rel=0.03)


def test_somebody_answers_the_same_whoever_else_is_asked() -> None:
    plan, about = a_plan(), Simulation(effects={"rules": 1.0})
    trust = plan.questions[1]
    whole = agreements(plan, about, trust, [[0], [1], [2]], ["none", "rules"], [1, 2])
    alone = agreements(plan, about, trust, [1], ["rules"], [2])
    assert whole[1, 1] == alone[0]
    other = agreements(plan, about.model_copy(update={"seed": 1}), trust, np.arange(50), "none", 1)
    assert other.tolist() != agreements(plan, about, trust, np.arange(50), "none", 1).tolist()


def test_answers_are_accepted_and_none_where_left_out() -> None:
    plan = a_plan(least_age=18)
    for number in range(30):
        one = person(plan, number, leaving_out=0.3)
        for question in all_questions(plan):
            shown = one.sees(1, "rules", "1") if question in plan.questions else None
            answer = one.answer(question, shown)
            if answer is None:
                assert not question.required
            else:
                assert question.checked(answer) == answer
    age = next(question for question in all_questions(plan) if question.name == "age")
    ages = [int(person(plan, number).answer(age) or 0) for number in range(200)]
    assert min(ages) >= 18
    assert max(ages) <= 80


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_shares_of_failures_and_of_leaving_are_as_given(share: float) -> None:
    plan = a_plan()
    everybody = [person(plan, number, failing=share, leaving=share, leaving_out=0) for number in
                 range(400)]  # fmt: skip
    failed = [one.answer(plan.checks[0]) != "2" for one in everybody]
    left = [one.leaves("closing") for one in everybody]
    assert np.mean(failed) == pytest.approx(share, abs=0.06)
    assert np.mean(left) == pytest.approx(share, abs=0.06)


def test_remarks_try_what_a_spreadsheet_would_compute() -> None:
    asked = a_plan().closing[0]
    said = {person(a_plan(), number, leaving_out=0).answer(asked) for number in range(50)}
    assert said == set(REMARKS)
    assert any(text.startswith("=") for text in REMARKS)


def test_faithful_reasons_help_to_guess() -> None:
    guesses = {
        faithfulness: np.mean(
            [person(a_plan(), n).guess(2, 4, "1", faithfulness) == 2 for n in range(400)]
        )
        for faithfulness in (0.0, 1.0)
    }
    assert guesses[0.0] == pytest.approx(0.25 + 0.75 / 4, abs=0.07), "right, or by chance"
    assert guesses[1.0] > 0.85


def test_people_of_the_data_tell_what_they_know_first_and_hide_the_rest() -> None:
    offered = np.array([2, 1, 3])
    people = people_of(a_plan(), Simulation(), data(), offered, 7)
    assert len(people) == 7, "some come again"
    known = {(user, item) for user in range(5) for item in range(1, 7 - user)}
    for one in people:
        assert list(one.ratings)[:2] == ["2", "1"], "in the order in which they are offered"
        assert 2 <= len(one.ratings) <= 6
        users = [
            user
            for user in range(5)
            if all((user, int(item)) in known and 1 + (user + int(item)) % 5 == rating
                   for item, rating in one.ratings.items())
        ]  # fmt: skip
        assert users, "they are what somebody rated"
    first = people[0]
    assert first.popularity[first.columns["1"]] > first.popularity[first.columns["6"]]
    likes = {item: first.sees(1, "none", item).taste for item in first.ratings}
    best, worst = (
        max(first.ratings, key=first.ratings.get),
        min(first.ratings, key=first.ratings.get),
    )  # type: ignore[arg-type]
    assert likes[best] > likes[worst]
