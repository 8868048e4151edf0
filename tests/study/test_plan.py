"""What may stand in the file of a study, and what is said of what may not."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.plan import Plan, Question, check_dates, parse_plan, plan_hash
from tests.study.plans import SMALL, changed, small_plan

INTEREST, TRUST = SMALL["questions"]
KINDS = SMALL["kinds"]


def test_a_plan_is_the_same_after_it_was_written_down() -> None:
    plan = small_plan(languages=["en", "de"], title={"en": "A study", "de": "Eine Studie"})
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert plan.title.said("de") == "Eine Studie"
    assert plan.consent.text.said("de") == "I agree."
    assert plan.consent.version == "1"
    assert [kind.name for kind in plan.explained] == ["own", "rules"]
    assert plan.measures == ("interest", "trust")
    assert plan.n_trials == 6


def test_its_fingerprint_is_of_all_that_it_says() -> None:
    found = plan_hash(small_plan())
    assert len(found) == 64
    assert found == plan_hash(small_plan())
    assert found != plan_hash(small_plan(items_per_kind=3))
    assert found != plan_hash(small_plan(consent__text="I agree!"))


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"slug": None}, ["slug: missing"]),
    (
        {"slug": "A study"},
        ["slug: found 'A study'; accepted: small letters, digits and hyphens, at most 40"],
    ),
    ({"kind": []}, ["kind: there is no such key", "did you mean 'kinds'", "items_per_kind"]),
    ({"pool__lenght": 3}, ["pool.lenght", "did you mean 'length'", "strata"]),
    ({"kinds": [{"name": "own", "aproach": "x"}]}, ["kinds[0].aproach", "did you mean 'approach'"]),
    ({"kinds": []}, ["kinds: found []", "accepted"]),
    ({"kinds": [*KINDS, KINDS[0]]}, ["kinds: own stands there twice"]),
    ({"kinds": [{"name": "rank"}]}, ["kinds[0]", "'rank'", "accepted: another"]),
    ({"kinds": [{"name": "two", "approach": "a", "says": "b"}]}, ["two", "approach, or says"]),
    ({"kinds": [*KINDS, {"name": "none", "items": 5}]}, ["unbalanced", "none 5", "own 2"]),
    ({"items_per_kind": 0}, ["items_per_kind: found 0", "accepted: greater than"]),
    ({"items_per_kind": 9}, ["pool.length: 20", "27 recommendations", "accepted: 27 or more"]),
    ({"pool__choice": "best"}, ["pool.choice: found 'best'", "matched", "best_of_each_kind"]),
    ({"pool__choice": "best_of_each_kind"}, ["confounded", "say so"]),
    ({"ratings": {"least": 10, "most": 5}}, ["ratings: most 5 is below least 10"]),
    ({"forms": ["sentence", "song"]}, ["forms[1]: found 'song'", "'sentence' or 'drawn'"]),
    ({"forms": ["drawn", "drawn"]}, ["forms: drawn stands there twice"]),
    ({"questions": [INTEREST, INTEREST]}, ["questions: interest stands there twice"]),
    ({"closing": [TRUST]}, ["questions: trust stands there twice"]),
    ({"questions": [{"name": "q", "text": "?", "answer": "choice"}]}, ["q: a choice has options"]),
    (
        {"questions": [{**INTEREST, "answer": "text"}]},
        ["interest: measure of text", "accepted: agreement, number"],
    ),
    ({"questions": [{**INTEREST, "excludes": [9]}]}, ["interest: '9'", "accepted: 1, 2, 3, 4, 5"]),
    ({"questions": [{**INTEREST, "text": ""}]}, ["questions[0].text", "found ''"]),
    ({"questions": [{**INTEREST, "name": True}]}, ["questions[0].name", "found True", "in quotes"]),
    ({"title": ["A", "B"]}, ["title: found ['A', 'B']", "accepted: a text"]),
    ({"title": {"en": 3.5}, "languages": ["en"]}, ["title.en: found 3.5", "accepted"]),
    ({"title": {}}, ["title: found {}", "at least 1"]),
    ({"kinds": "als"}, ["kinds: found 'als'", "accepted: a list"]),
    ({"pool": "matched"}, ["pool: found 'matched'", "accepted: its keys, choice, length, strata"]),
    ({"about_you": [{"name": "age", "text": "Age?", "answer": "text"}]}, ["age", "accepted: a nu"]),
    ({"checks": [{"name": "c", "text": "3 please"}]}, ["checks: each has an expected answer"]),
    ({"checks": [{"name": "c", "text": "3!", "expected": 7}]}, ["c: '7'", "accepted: 1, 2"]),
    ({"exclusions": {"failed_checks": 1}}, ["failed_checks: 1 of 0 checks", "accepted: 0 to 0"]),
    ({"blocks": {"forecast": 1, "forecast_options": 10}, "ratings": {"least": 5}}, ["at most"]),
    ({"kinds": KINDS[:1], "blocks": {"side_by_side": 1}}, ["side_by_side: one kind only"]),
    (
        {"scales": ["trust", "trst"]},
        ["no ready scale 'trst'", "did you mean 'trust'", "efficiency"],
    ),
    ({"scales": ["trust"], "languages": ["fr"]}, ["'trust' has no statements in fr", "en, de"]),
    ({"scales": [{"name": "own", "items": [INTEREST]}]}, ["scales[0].items", "at least 2"]),
    ({"languages": ["english"]}, ["languages[0]: found 'english'", "accepted: a language, such"]),
    ({"title": {"en": "A study"}}, ["languages: none are named, but title has en"]),
    (
        {"title": {"en": "A study"}, "languages": ["en", "de"]},
        ["title: 'A study' is there in en; accepted: also in de"],
    ),
    (
        {"title": {"en": "A", "fr": "B"}, "languages": ["en"]},
        ["title: 'A' is there in fr; accepted: en"],
    ),
    ({"opens": "soon"}, ["opens: found 'soon'", "accepted: a day, such as 20"]),
    ({"closes": "2029-01-01"}, ["closes: 2029-01-01 is before 2030-01-01"]),
    (
        {"hypotheses": [{"measure": "trust", "kinds": ["own", "rule"]}]},
        ["hypotheses: kind 'rule'", "accepted: own, rules, fixed"],
    ),
    (
        {"hypotheses": [{"measure": "joy", "kinds": ["own", "rules"]}]},
        ["hypotheses: measure 'joy'", "accepted: interest, trust"],
    ),
    (
        {"hypotheses": [{"measure": "trust", "kinds": ["own", "own"]}]},
        ["hypotheses: kinds: own stands there twice"],
    ),
    ({"n_people": "many"}, ["n_people: found 'many'", "accepted: "]),
]


@pytest.mark.parametrize(("changes", "told"), BAD, ids=[told[0] for _, told in BAD])
def test_what_is_wrong_is_told_with_what_is_accepted(
    changes: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        parse_plan(changed(SMALL, **changes), "here/study.yml")
    message = str(error.value)
    assert message.startswith("here/study.yml: ")
    assert "\n" not in message
    for part in told:
        assert part in message


def test_all_that_is_wrong_is_told_at_once_a_line_each() -> None:
    with pytest.raises(InputError) as error:
        parse_plan(changed(SMALL, slug="A study", kind=[], n_people=1), "study.yml")
    head, *lines = str(error.value).splitlines()
    assert head == "study.yml:"
    assert [line.split(":")[0] for line in lines] == ["  kind", "  slug", "  n_people"]
    texts = [{**INTEREST, "text": {"en": "I want it."}}, {**TRUST, "text": {"en": "I trust it."}}]
    with pytest.raises(InputError) as error:
        parse_plan(changed(SMALL, languages=["en", "de"], questions=texts), "study.yml")
    _, *lines = str(error.value).splitlines()
    assert lines == [
        "  questions[0].text: 'I want it.' is there in en; accepted: also in de",
        "  questions[1].text: 'I trust it.' is there in en; accepted: also in de",
    ]


@pytest.mark.parametrize("found", [None, [], "text", 3])
def test_what_is_no_plan_at_all(found: object) -> None:
    with pytest.raises(InputError, match="no plan in it"):
        parse_plan(found, "study.yml")


def test_unbalanced_numbers_are_told_where_they_are_confounded_anyway() -> None:
    kinds = [{**KINDS[0], "items": 3}, *KINDS[1:]]
    pool = {"choice": "best_of_each_kind"}
    assert small_plan(kinds=kinds, pool=pool, confounded="As in the article.").n_trials == 7


def test_a_study_that_is_over_cannot_start() -> None:
    plan = small_plan()
    check_dates(plan, plan.closes)
    check_dates(plan, plan.opens - datetime.timedelta(days=900))
    with pytest.raises(InputError, match="closes: 2030-02-01 is past; accepted: today, 2030-02-02"):
        check_dates(plan, plan.closes + datetime.timedelta(days=1))


def test_an_answer_is_one_of_those_that_are_accepted() -> None:
    age = Question(name="age", text="Age?", answer="number", least=0, most=120)
    assert age.checked(" 41 ") == "41"
    assert age.checked("41,5") == "41.5"
    for wrong in ("-1", "121", "nan", "forty", ""):
        with pytest.raises(ValueError, match="accepted: a number from 0 to 120"):
            age.checked(wrong)
    trust = Question(name="trust", text="I trust it.", points=7)
    assert trust.checked("7") == "7"
    with pytest.raises(ValueError, match="accepted: 1, 2, 3, 4, 5, 6, 7"):
        trust.checked("0")
