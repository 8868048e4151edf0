"""The pages of a session."""

from __future__ import annotations

from explainable_recsys.study import flow
from tests.study.plans import small_plan

CHECKS = [{"name": f"check_{n}", "text": "Choose 2.", "expected": 2} for n in range(3)]


def test_pages_stand_in_order() -> None:
    plan = small_plan(
        blocks={"side_by_side": 2, "forecast": 1, "correction": 1},
        scales=["trust", "transparency"],
        closing=[{"name": "remarks", "text": "Anything else?", "answer": "text"}],
        raffle="For the raffle.",
    )
    assert [step.name for step in flow.steps(plan)] == [
        *("information", "consent", "about-you", "ratings"),
        *(f"recommendation-{n}" for n in range(1, 7)),
        *("side-by-side-1", "side-by-side-2", "forecast-1", "correction-1"),
        *("scale-trust", "scale-transparency", "closing", "raffle", "thanks"),
    ]
    assert flow.pages(plan)["recommendation"] == 6
    assert list(flow.pages(plan).values()).count(1) == len(flow.pages(plan)) - 2


def test_a_plan_without_extras_has_few_pages_and_fewer_where_fewer_items_match() -> None:
    plan = small_plan(least_age=0)
    names = [step.name for step in flow.steps(plan, {"recommendation": 3})]
    assert names == [
        *("information", "consent", "ratings"),
        *(f"recommendation-{n}" for n in range(1, 4)),
        "thanks",
    ]


def test_who_is_too_young_cannot_take_part() -> None:
    films = {"name": "films", "text": "How many films?", "answer": "number"}
    plan = small_plan(about_you=[films])
    asked = flow.about_you_questions(plan)
    assert [one.name for one in asked] == ["age", "films"]
    assert [one.required for one in asked] == [True, False]
    assert flow.is_old_enough(plan, {"age": "18"})
    for age in ("17", "17.9", "", "0", None):
        assert not flow.is_old_enough(plan, {"age": age})
    assert not flow.is_old_enough(plan, {})
    assert flow.is_old_enough(small_plan(least_age=0), {})


def test_a_plan_may_word_the_question_of_the_age_itself() -> None:
    age = {"name": "age", "text": "Dein Alter?", "answer": "number", "least": 1, "most": 99}
    (asked,) = flow.about_you_questions(small_plan(about_you=[age]))
    assert asked.text.said("de") == "Dein Alter?"
    assert asked.required
    assert asked.most == 99


def test_attention_checks_are_spread_over_the_recommendations() -> None:
    plan = small_plan(checks=CHECKS, items_per_kind=4)
    for n in (12, 7, 4, 1):
        asked = [len(flow.checks_on(plan, position, n)) for position in range(1, n + 1)]
        assert sum(asked) == 3
        if n >= 4:
            assert max(asked) == 1
            assert asked[-1] == 0
    assert [p for p in range(1, 13) if flow.checks_on(plan, p)] == [3, 6, 9]


def test_each_page_has_its_questions() -> None:
    plan = small_plan(checks=CHECKS, scales=["trust"])
    asked = {
        step.name: [q.name for q in flow.questions_of(plan, step)] for step in flow.steps(plan)
    }
    assert asked["recommendation-1"] == ["interest", "trust"]
    assert asked["scale-trust"][0] == "trust_1"
    assert asked["about-you"] == ["age"]
    assert asked["thanks"] == asked["ratings"] == []
    everything = [name for names in asked.values() for name in names]
    assert sum(name.startswith("check") for name in everything) == 3


def test_more_pages_and_questions_take_longer() -> None:
    assert 0 < flow.minutes(small_plan()) < flow.minutes(small_plan(items_per_kind=4))
    assert flow.minutes(small_plan()) < flow.minutes(small_plan(scales=["trust"]))
