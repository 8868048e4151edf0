"""What is told of a plan, and registered."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.study.in_words import in_words
from explainable_recsys.study.plan import Plan, plan_hash
from explainable_recsys.study.power import contrast_power
from explainable_recsys.study.preregistration import (
    Registered,
    expectations,
    planned_contrasts,
    preregistration,
    warnings,
)
from tests.study.plans import SMALL, small_plan

TODAY = datetime.date(2029, 12, 31)
FAMILIAR = {
    "name": "known",
    "text": "Do you know it?",
    "answer": "choice",
    "options": [{"name": "no", "text": "No"}, {"name": "seen", "text": "I saw it"}],
    "role": "familiarity",
    "excludes": ["seen"],
}
HYPOTHESES = [
    {"measure": "trust", "kinds": ["own", "fixed"], "difference": 0.5},
    {"measure": "interest", "kinds": ["own", "rules"], "difference": 0.3},
]
FULL: dict[str, Any] = {
    "questions": [FAMILIAR, *SMALL["questions"]],
    "checks": [{"name": "reading", "text": "Choose 2.", "expected": 2}],
    "scales": ["trust"],
    "exclusions": {"failed_checks": 1, "least_seconds": 2.5, "alike": True},
    "hypotheses": HYPOTHESES,
    "about_you": [{"name": "films", "text": "How many films?", "answer": "number"}],
    "closing": [{"name": "remarks", "text": "Anything else?", "answer": "text"}],
    "n_people": 240,
}


def seen_by(share: float) -> pd.DataFrame:
    """What simulated people would see, of whom a share sees everything."""
    kinds = ["own", "rules", "fixed"]
    return pd.DataFrame(
        {"kind": kinds, "items": 2.0, "people": share, "popularity_rank": 21.0, "rank": np.nan}
    )


MATCHED = pd.DataFrame(
    {
        "kinds": [("own", "rules")],
        "n": [2],
        "needed": [6],
        "median": [19.0],
        "least": [7.0],
        "people": [0.875],
        "rank_matched": [21.0],
        "rank_listed": [63.0],
    }
)


def words_of(plan: Plan) -> dict[str, str]:
    return {section.title: "\n".join(section.lines) for section in in_words(plan)}


def test_power_is_that_of_a_paired_test_of_peoples_means() -> None:
    plan = small_plan(**FULL)
    first, second = planned_contrasts(plan)
    rng = np.random.default_rng(0)
    asked, n = plan.analysis, 40_000
    means = [
        rng.normal(0, asked.sd_between, n)
        + rng.normal(0, asked.sd_within, (n, plan.items_per_kind)).mean(axis=1)
        for _ in range(2)
    ]
    deviation = float((means[0] - means[1]).std())
    for found, size in ((first, 0.5), (second, 0.3)):
        assert found.power == pytest.approx(contrast_power(size, deviation, 240, 2), abs=0.02)
        enough = contrast_power(size, deviation, found.n_needed, 2)
        assert enough == pytest.approx(0.8, abs=0.02)
    assert first.n_needed < 240 < second.n_needed * 2


def test_all_of_a_plan_is_told() -> None:
    told = "\n".join(words_of(small_plan(**FULL)).values())
    for part in (
        *("own: ALS by its contributions", "rules: SVD by association rules"),
        *("Similar users liked it.", "first 20 of the list", "2 strata", "2 films with each kind"),
        *("H1: trust", "H2: interest", "recommendation × 6", "Do you know it?", "no, seen"),
        *("Choose 2.", "Scale trust: the mean of 4", "How many films?", "Anything else?"),
        *("240 people", "2030-01-01", "18 or older", "version 1", "365 days", "0.05"),
        *("1 attention check", "2.5 seconds", "same answer", "answered by seen"),
    ):
        assert part in told
    assert "{" not in told


def test_little_is_told_of_a_plan_with_little() -> None:
    words = words_of(small_plan(exclusions={"unfinished": False}, least_age=0, codes=True))
    told = "\n".join(words.values())
    assert "explores" in words["Hypotheses"]
    for part in ("attention", "seconds", "older", "Scale", "link", "Holm"):
        assert part not in told
    assert "code" in words["People"]


def test_another_choice_of_films_and_another_form() -> None:
    kinds = [{**SMALL["kinds"][0], "items": 3}, *SMALL["kinds"][1:]]
    pool = {"choice": "best_of_each_kind", "length": 1000}
    why = "Rules come first."
    plan = small_plan(kinds=kinds, pool=pool, confounded=why, forms=["sentence", "drawn"])
    told = words_of(plan)["Design"]
    for part in ("own 3", "rules 2", "first 1,000", "one kind after the other", why, "a drawing"):
        assert part in told


def test_warnings() -> None:
    assert not list(warnings(small_plan(**FULL), seen_by(0.9), TODAY))
    few = {**FULL, "n_people": 20}
    assert len(list(warnings(small_plan(**few), seen_by(0.9), TODAY))) == 2
    found = "\n".join(warnings(small_plan(**few), seen_by(0.6), TODAY.replace(year=2031)))
    for part in ("40 % of the people", "own, rules, fixed", "multiple of 6", "preregistered any"):
        assert part in found
    assert "whether a film is known" not in found
    assert [*warnings(small_plan(**FULL), seen_by(0.9), TODAY, "here, line 9")] == [
        "The information does not say yet who is responsible: here, line 9."
    ]
    assert "whether a film is known" in "\n".join(warnings(small_plan(), seen_by(1), TODAY))
    kinds = [{**SMALL["kinds"][0], "items": 3}, *SMALL["kinds"][1:]]
    pool = {"choice": "best_of_each_kind"}
    plan = small_plan(**FULL, kinds=kinds, pool=pool, confounded="Rules come first.")
    found = "\n".join(warnings(plan, seen_by(1), TODAY))
    assert "confounded" in found
    assert "Unbalanced" in found


def test_the_text_has_everything_and_the_fingerprints() -> None:
    plan = small_plan(**FULL)
    expected = expectations(plan, MATCHED, seen_by(0.9), 40)
    facts = Registered(("2026-11-30T20.15.06.552Z",), "d80f538a88a9", ("Read this first.",))
    text = preregistration(plan, facts, expected)
    assert text.startswith("# Preregistration: A study\n")
    for section in in_words(plan):
        assert f"\n## {section.title}\n" in text
        assert all(f"\n* {line}" in text for line in section.lines)
    for part in (
        plan_hash(plan),
        *facts.runs,
        "d80f538a88a9",
        "| own, rules | 19 | 7 | 88 % have 6",
    ):
        assert part in text
    assert "trust: own > fixed" in text
    other = preregistration(plan, facts._replace(information=("Read that first.",)), expected)
    assert other != text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)


def test_a_study_without_hypotheses_promises_no_power() -> None:
    titles = [section.title for section in expectations(small_plan(), MATCHED, seen_by(1), 40)]
    assert "Power" not in titles
