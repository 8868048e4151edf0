"""What is said of a study claims what its tables hold, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.reporting.html import study_html
from explainable_recsys.reporting.study import study_findings, study_tables
from explainable_recsys.reporting.study_sentences import StudyResults, study_sentences
from explainable_recsys.study.about import About
from explainable_recsys.study.outcomes import contrasts, descriptives, omnibus
from explainable_recsys.study.plan import Hypothesis
from explainable_recsys.study.planned import mark_planned
from explainable_recsys.study.tasks import COLUMNS
from tests.reporting.contents import HOSTILE
from tests.study.exported import plan

WAYS = ("with", "without")
N = 12


def answers(*means: float, noise: float = 1.0) -> pd.DataFrame:
    """Trust of so many people in the kinds a, b, c: with exactly these means, and noise."""
    random = np.random.default_rng(0)
    drawn = random.normal(size=(N, len(means)))
    values = np.array(means) + noise * (drawn - drawn.mean(axis=0))
    table = pd.DataFrame(values, columns=list("abc")[: len(means)]).assign(participant=range(N))
    long = table.melt("participant", var_name="condition", value_name="value")
    return long.assign(measure="trust")


def results(given: pd.DataFrame, *expected: str, **changes: Any) -> StudyResults:
    """The results of some answers; who is expected to be above whom, such as `ab`."""
    hypotheses = tuple(Hypothesis(measure="trust", kinds=(two[0], two[1])) for two in expected)
    tested = mark_planned(contrasts(given), hypotheses)
    tables = {"descriptives": descriptives(given), "omnibus": omnibus(given), "contrasts": tested}
    both = {
        name: pd.concat([table.assign(exclusions=way) for way in WAYS], ignore_index=True)
        for name, table in tables.items()
    }
    flow = [("consented", 20, False), ("answered", 15, False), ("alike", 3, True),
            ("unfinished", 0, True), ("analysed", N, False)]  # fmt: skip
    names = {"tasks": "task_results", "forecast": "forecast_effect"}
    none = {
        name: pd.DataFrame(columns=[*COLUMNS[names.get(name, name)], "exclusions"])
        for name in ("tasks", "forecast", "scales", "popularity")
    }
    terms = ["measure", "model", "term", "against", "estimate", "low", "high", "p", "exclusions"]
    none |= {"terms": pd.DataFrame(columns=terms), "forms": both["contrasts"].head(0)}
    none |= {"interactions": both["omnibus"].head(0)}
    made: dict[str, Any] = {"about": About(), **both, **none}
    made |= {"people": pd.DataFrame({"excluded_by": ["", "", "alike"], "n_set_aside": [2, 3, 9]})}
    made |= {"flow": pd.DataFrame(flow, columns=["step", "n", "excluded"])}
    return StudyResults(**(made | changes))


def one(found: StudyResults, *words: str) -> str:
    """The only sentence that has all of some words."""
    (text,) = [text for text in study_sentences(found) if all(word in text for word in words)]
    return text


def test_who_is_analysed_and_who_is_left_out() -> None:
    first = study_sentences(results(answers(1, 1)))[0]
    assert "12 of 15" in first
    assert "3 (all answers alike)" in first
    assert "did not see" not in first  # that is nobody
    planned = results(answers(1, 1), about=About(plan()))
    assert study_sentences(planned)[1] == (  # 5 of who is analysed
        "5 recommendations to them are left out because they answered “Seen it” to “Do you know "
        "it?”."
    )
    long = results(answers(1, 1), people=pd.DataFrame({"excluded_by": [""], "n_answered": [2]}))
    assert "recommendation" not in study_sentences(long)[1]


def test_what_does_not_apply_to_anybodys_answers_is_not_there() -> None:
    flow = pd.DataFrame({"step": ["answered", "analysed"], "n": N, "excluded": False})
    people = pd.DataFrame({"excluded_by": [""] * N, "n_answered": 3})
    found = results(answers(3, 1, noise=0.3), flow=flow, people=people)
    assert study_sentences(found)[0] == "All people who answered are analysed: 12."
    assert not [text for text in study_sentences(found) if "exclusions" in text]
    means = study_findings(found)["tables"][0]
    assert means["caption"] == "Mean answers"  # and not how far people came
    assert "exclusions" not in means["columns"]
    assert len(means["rows"]) == 2
    tests = study_findings(found)["tables"][2]
    assert "p over all (Holm)" in tests["columns"]
    assert "p of the planned ones (Holm)" not in tests["columns"]  # there are none


def test_who_is_analysed_but_not_counted_stands_beside_the_means() -> None:
    given = answers(3, 1, 2)
    found = results(given[(given["participant"] > 0) | (given["condition"] != "c")])
    means = study_findings(found)["tables"][0]
    rows = [dict(zip(means["columns"], row, strict=True)) for row in means["rows"]]
    assert {(row["people"], row["not counted"]) for row in rows} == {("11", "1")}
    assert "some kinds" in means["notes"][0]


def test_a_planned_difference_that_is_found_is_said_in_its_direction() -> None:
    found = results(answers(3, 1, noise=0.3), "ab")
    text = one(found, "Planned")
    assert "trust is higher with a than with b" in text
    low, high = found.contrasts[["low", "high"]].iloc[0]
    assert f"{low:.2f} to {high:.2f}" in text
    # The same data, but the other kind was expected to be higher.
    text = one(results(answers(3, 1, noise=0.3), "ba"), "Planned")
    assert "the other way round" in text
    assert "lower with b than with a" in text


def test_what_is_not_shown_is_not_called_equal() -> None:
    found = results(answers(3, 3.1), "ab")
    assert "is not shown" in one(found, "Planned")
    assert "does not say that it is the same" in one(found, "Friedman")
    assert not [text for text in study_sentences(found) if "prove" in text]


def test_differences_that_were_not_planned_are_told_apart() -> None:
    found = results(answers(4, 1, 1, noise=0.3), "ab")
    text = one(found, "not planned (2)")
    assert "a above c" in text
    assert "a above b" not in text
    assert "interval 0" not in text  # intervals are in the table
    assert "none" in one(results(answers(1, 1, 1)), "Of all differences (3)")


def test_forms_are_told_apart_from_kinds() -> None:
    crossed = answers(3, 1).replace({"condition": {"a": "drawn", "b": "sentence"}})
    forms = contrasts(crossed).assign(exclusions="with", expected="", p_planned=np.nan)
    text = one(results(answers(1, 1), forms=forms), "the forms")
    assert "trust with drawn above sentence" in text
    assert not [text for text in study_sentences(results(answers(1, 1))) if "form" in text]


@pytest.mark.parametrize(("p", "said"), [(0.01, "in trust hang on"), (0.2, "is not shown, which")])
def test_whether_a_form_suits_some_kinds_better(p: float, said: str) -> None:
    tests = omnibus(answers(3, 1)).assign(exclusions="with", p_gg=p, f=7.25)
    found = results(answers(3, 1), "ab", interactions=tests)
    text = one(found, "the form")
    assert said in text
    assert "F(1, 11) = 7.25" in text
    findings = study_findings(found)
    assert text in findings["in_short"]
    assert [table["rows"] for table in findings["tables"] if "the form" in table["caption"]]


def test_it_is_said_if_the_exclusions_decide() -> None:
    found = results(answers(3, 1, noise=0.3))
    assert one(found, "Without the exclusions the same")
    tests = found.contrasts.copy()
    tests.loc[tests["exclusions"] == "without", "p_holm"] = 0.9
    assert "trust with a and b" in one(results(answers(3, 1), contrasts=tests), "or only without")
    none = {name: getattr(found, name).query("exclusions == 'without'") for name in
            ("descriptives", "omnibus", "contrasts")}  # fmt: skip
    assert one(results(answers(3, 1), **none), "too few people are left")


@pytest.mark.parametrize(
    ("estimate", "p", "said"),
    [(2, 0.01, "the more often"), (-2, 0.01, "the less often"), (2, 0.3, "is not shown")],
)
def test_whether_faithful_reasons_help(estimate: float, p: float, said: str) -> None:
    row = {"estimate": estimate, "p": p, "odds": np.exp(estimate / 10), "exclusions": "with"}
    table = pd.DataFrame([row | {"odds_low": 0.9, "odds_high": 1.4}])
    text = one(results(answers(1, 1), forecast=table), "faithful")
    assert said in text
    assert f"{np.exp(estimate / 10):.2f}" in text


@pytest.mark.parametrize(("low", "said"), [(0.4, "more than by chance"), (0.2, "may be chance")])
def test_what_is_chosen_side_by_side(low: float, said: str) -> None:
    rows = [("a", 0.5, low, 0.6), ("b", 0.3, 0.1, 0.4)]
    table = pd.DataFrame(rows, columns=["condition", "share", "low", "high"])
    table = table.assign(task="side_by_side", chance=1 / 3, n=20, faithfulness=np.nan)
    text = one(results(answers(1, 1), tasks=table.assign(exclusions="with")), "ide by side")
    assert said in text
    assert "a is chosen" in text


def test_claims_of_covariates_rest_on_the_model_that_asks_most() -> None:
    rows = [
        ("covariates", "known", "", 1.0, 0.001),
        ("covariates, items", "known", "", 0.5, 0.01),
        ("covariates, items", "rank", "", 0.1, 0.9),
        ("conditions by participant", "b", "a", 2.0, 0.001),
        ("conditions", "b", "a", 3.0, 0.001),
    ]
    terms = pd.DataFrame(rows, columns=["model", "term", "against", "estimate", "p"])
    terms = terms.assign(measure="trust", low=0.0, high=1.0, exclusions="with")
    found = results(answers(1, 1), terms=terms)
    assert found.told_terms["estimate"].tolist() == [0.5, 0.1, 2.0]
    fewer = terms[terms["model"] != "conditions by participant"]  # one answer to each kind
    assert results(answers(1, 1), terms=fewer).told_terms["estimate"].tolist() == [0.5, 0.1, 3.0]
    text = one(found, "that the person knows")
    assert "0.50 logits" in text
    assert "list" not in text


def test_a_page_is_safe_whatever_kinds_are_called_and_marked_where_answers_are_made_up() -> None:
    given = answers(3, 1).replace({"condition": {"a": HOSTILE}})
    about = About(simulated=True, shown_rank=21, list_rank=63)
    findings = study_findings(results(given, about=about))
    page = study_html(findings, {})
    assert "<script>alert" not in page
    for table in study_tables(findings):
        assert table.caption.startswith("Simulated answers: ")
        assert any("21" in note and "63" in note for note in table.notes)
    assert findings["title"]
    assert findings["in_short"]
    assert {len(row) for row in findings["tables"][1]["rows"]} == {
        len(findings["tables"][1]["columns"])
    }
