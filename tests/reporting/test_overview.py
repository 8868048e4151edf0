"""The first screens of the report: sentences that the tables support, one person, one table."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from explainable_recsys.reporting.overview import in_short, overview_table, people
from explainable_recsys.reporting.results import Results
from tests.reporting.contents import accuracy, content, explanation_quality, poor_contents

HITS = {"ease": 0.73, "popularity": 0.444, "random": 0.04}


def told(**changes: Any) -> dict[str, str]:
    report = content(**changes)
    return in_short(report, Results(report))


def table(**changes: Any) -> dict[str, list[str]]:
    report = content(**changes)
    made = overview_table(report, Results(report))
    return {row.heading: [cell.text for cell in row.cells] for b in made.bodies for row in b.rows}


def bars(**changes: Any) -> dict[str, list[float | None]]:
    report = content(**changes)
    made = overview_table(report, Results(report))
    return {row.heading: [cell.bar for cell in row.cells] for b in made.bodies for row in b.rows}


def test_five_sentences_without_ids() -> None:
    made = accuracy()
    sentences = told(accuracy=made.assign(**{"hit_rate@10": made["recommender"].map(HITS)}))
    assert list(sentences) == [
        "Which list",
        "Which reason",
        "How sure",
        "For whom not",
        "What not to use",
    ]
    best, reason, sure, whom, bad = sentences.values()
    assert best.startswith("The lists of EASE hit most: 73 of 100 people")
    assert "it is 44, with random ones 4." in best
    assert "reasons of EASE by its ratings can be shown: without the 3 ratings" in reason
    assert "60 of 100 recommendations are gone; without 3 others, taken at random, 15." in reason
    assert sure.startswith("The lead over the next best lists, those of als, may be chance (tested")
    assert "of the approaches tested (3), these" in sure
    assert sure.endswith("random or popular ones: posthoc_ar and posthoc_knn.")
    assert "0.0 % of the recommendations come without a reason and 7.5 % with a weak one" in whom
    assert whom.endswith("people with 41 ratings and more: 10.0 %.")
    assert (
        bad == "No better than the same most popular items for everybody: the lists of svd and mf."
    )
    for text in sentences.values():
        assert text.count(".") - len(re.findall(r"\d\.\d", text)) == 1
        assert "ease" not in text


def test_without_hit_rates_the_best_lists_are_those_of_the_highest_ndcg() -> None:
    assert told()["Which list"] == "The lists of EASE are the best by nDCG@10: 0.300."


def test_the_only_lists_are_compared_with_nothing() -> None:
    one = accuracy()[:1].assign(**{"hit_rate@10": 0.73})
    sentences = told(accuracy=one, accuracy_tests=pd.DataFrame())
    assert sentences["Which list"].startswith("73 of 100 people find")
    assert sentences["Which list"].endswith("among 10 recommendations of EASE.")
    assert "What not to use" not in sentences


def test_a_lead_that_is_no_chance_and_reasons_that_are_true() -> None:
    sure = told(
        accuracy_tests=content().accuracy_tests.assign(p_corrected=0.01),
        control_tests=content().control_tests.assign(verdict="better"),
    )
    assert "is more than chance (tested on 671 people)" in sure["How sure"]
    assert "what the approaches tested (3) name matters more" in sure["How sure"]
    assert sure["What not to use"].endswith("the lists of mf.")


def test_nothing_is_sure_that_nobody_tested() -> None:
    sentences = told(accuracy_tests=pd.DataFrame(), control_tests=pd.DataFrame())
    assert "How sure" not in sentences
    sentences = told(control_tests=pd.DataFrame())
    assert sentences["How sure"].endswith("(tested on 671 people).")


def test_reasons_that_are_no_better_than_random_ones_should_not_be_shown() -> None:
    made = explanation_quality().assign(**{"pos@10,3": 0.9})
    text = told(explanation_quality=made)["Which reason"]
    assert "should not be shown: without the 3 ratings that one names, 10 of 100" in text
    made = made.drop(columns=["pos@10,3", "pos@10,3/random"])
    assert told(explanation_quality=made)["Which reason"].endswith("their truth is not known.")


def test_of_the_reasons_for_the_best_lists_the_truest_are_told() -> None:
    made = explanation_quality().assign(recommender="ease")
    made["possible_drop@10,3"] = [0.3, 0.4, None, None]
    assert "reasons of posthoc_knn can" in told(explanation_quality=made)["Which reason"]


def test_lists_that_are_all_better_than_the_most_popular() -> None:
    made = accuracy()
    made.loc[made["recommender"] == "popularity", "ndcg@10"] = 0.02
    tests = content().accuracy_tests[:2]
    text = told(accuracy=made, accuracy_tests=tests)["What not to use"]
    assert text.startswith("Nothing: all lists are better")


@pytest.mark.parametrize("name", poor_contents())
def test_what_is_missing_is_not_said(name: str) -> None:
    report = poor_contents()[name]
    for text in in_short(report, Results(report)).values():
        assert text.endswith(".")
        assert not re.search(r"\b(nan|None|inf)\b|[{}]|not known \(", text)


def examples(*rows: tuple[int, str, int, int, str | None]) -> pd.DataFrame:
    columns = ["user_id", "approach", "rank", "item_id", "sentence"]
    return pd.DataFrame(rows, columns=columns).assign(title="T", year=2000, score=1.0)


def order(*rows: tuple[int, str, int, int, str | None]) -> list[str]:
    report = content(examples=examples(*rows).assign(title=lambda t: t["item_id"].astype(str)))
    (person,) = people(report, Results(report)).values()
    return [item.title.removesuffix(" (2000)") for item in person.items]


def test_what_most_approaches_recommend_and_explain_comes_first() -> None:
    everywhere = [(1, name, 1, 7, None) for name in ("posthoc_knn", "posthoc_ar", "posthoc_lime")]
    explained = [(1, name, 3, 8, "x") for name in ("posthoc_knn", "posthoc_ar")]
    assert order(*everywhere, *explained) == ["8", "7"]


def test_of_several_the_one_further_up_and_then_the_first_by_id() -> None:
    rows = [(1, "posthoc_knn", 2, 9, "x"), (1, "posthoc_ar", 1, 8, "x")]
    assert order(*rows) == ["8", "9"]
    # The place with an approach that does not explain it does not count.
    assert order(*rows, (1, "posthoc_lime", 9, 8, None)) == ["8", "9"]
    rows = [(1, "posthoc_knn", 1, 9, "x"), (1, "posthoc_ar", 1, 8, "x")]
    assert order(*rows) == ["8", "9"]


def test_people_in_their_order_with_all_lists() -> None:
    rows = examples(
        (5, "posthoc_lime", 1, 13, None),
        (5, "intrinsic_ease", 1, 11, "x"),
        (5, "intrinsic_ease", 2, 12, "x"),
        (3, "posthoc_knn", 1, 11, "x"),
    )
    report = content(examples=rows)
    first, second = people(report, Results(report)).items()
    assert (first[0], second[0]) == (5, 3)
    assert first[1].history == ()
    lists = {row.heading: [c.text for c in row.cells] for row in first[1].lists.bodies[0].rows}
    assert list(lists) == ["intrinsic_ease", "posthoc_lime"]
    assert lists["intrinsic_ease"] == ["T (2000)", "T (2000)"]
    assert lists["posthoc_lime"] == ["T (2000)", "\u2013"]
    others = [item.others for item in first[1].items]
    assert others == [("posthoc_lime",), ("posthoc_lime",), ("intrinsic_ease",)]
    assert second[1].items[0].others == ()
    assert people(content(examples=pd.DataFrame()), Results(content())) == {}


def test_one_table_of_all_approaches() -> None:
    quality = explanation_quality().assign(**{"possible_drop@10,3": [0.9, 1.2, -0.1, None]})
    rows = table(explanation_quality=quality)
    assert rows["intrinsic_ease"] == ["0.300", "100.0 %", "0.900", "0.2 ms", "intrinsic"]
    assert rows["posthoc_lime"][2:4] == ["not measured", "not measured"]
    assert rows["popularity"] == ["0.130", "no reasons"]
    drawn = bars(explanation_quality=quality)
    assert drawn["intrinsic_ease"][:4] == pytest.approx([1.0, 1.0, 0.9, 0.2])
    assert drawn["posthoc_knn"][:4] == pytest.approx([0.28 / 0.3, 0.863, 1.0, 1.0])
    assert drawn["posthoc_ar"][2] == 0.0
    assert drawn["popularity"][0] == pytest.approx(0.13 / 0.3)


def test_a_column_that_nobody_has_is_left_out() -> None:
    rows = table(seconds={})
    assert rows["intrinsic_ease"] == ["0.300", "100.0 %", "intrinsic"]
    assert rows["popularity"] == ["0.130", "no reasons"]
    assert all(len(cells) == 2 for cells in table(seconds={}, accuracy=pd.DataFrame()).values())
