"""Tables are read once, whatever they lack."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.results import Results
from tests.reporting.contents import APPROACHES, content, empty


def test_order_and_metrics() -> None:
    results = Results(content())
    assert results.recommenders == ["ease", "als", "svd", "fm", "mf"]
    assert results.baselines == ["popularity", "random"]
    assert list(results.approaches.items()) == list(APPROACHES.items())
    assert "ndcg@10" in results.metrics
    assert "pos@10,3/random" in results.metrics
    assert not any(metric.endswith(("/low", "/high", "/n")) for metric in results.metrics)


def test_approaches_stand_in_the_order_of_their_recommenders() -> None:
    accuracy = content().accuracy.assign(**{"ndcg@10": [0.1, 0.2, 0.3, 0.4, 0, 0, 0]})
    approaches = Results(content(accuracy=accuracy)).approaches
    assert list(approaches) == ["posthoc_lime", "posthoc_ar", "posthoc_knn", "intrinsic_ease"]


def test_a_column_without_values_is_no_metric() -> None:
    table = content().accuracy.assign(**{"hit_rate@10": float("nan")})
    assert "hit_rate@10" not in Results(content(accuracy=table)).metrics


def test_paired_tests_go_both_ways() -> None:
    results = Results(content())
    forth = results.paired["ndcg@10", "ease", "svd"]
    back = results.paired["ndcg@10", "svd", "ease"]
    assert forth.difference == -back.difference > 0
    assert back.low is not None
    assert back.high is not None
    assert back.low < back.difference < back.high
    assert (back.low, back.high) == (-(forth.high or 0), -(forth.low or 0))
    assert forth.is_significant
    assert ("ndcg@10", "svd", "als") not in results.paired
    assert results.paired["pos@10,3", "posthoc_knn", "intrinsic_ease"].difference == 0.4


def test_stability_of_the_number_of_items_reported() -> None:
    assert Results(content()).overlaps == {"intrinsic_ease": 0.91, "posthoc_knn": 0.4125}
    assert Results(content(n_cited=1)).overlaps == {"intrinsic_ease": 0.91, "posthoc_knn": 0.2}


def test_who_explains() -> None:
    assert all(Results(content()).explains(name) for name in APPROACHES)
    scope = content().scope.assign(scope="no explanations")
    assert not any(Results(content(scope=scope)).explains(name) for name in APPROACHES)
    nothing = content().explanation_quality.assign(coverage=0.0)
    assert not Results(content(explanation_quality=nothing)).explains("posthoc_ar")


def test_an_approach_whose_scope_nobody_wrote_down() -> None:
    results = Results(content(scope=pd.DataFrame()))
    assert results.scope("posthoc_ar") == ""
    assert results.why_not("posthoc_ar") == "no figures"
    assert results.explains("posthoc_ar")


def test_nothing() -> None:
    results = Results(empty())
    assert results.recommenders == results.baselines == results.metrics == []
    assert results.approaches == {}
    assert results.value("anybody", "ndcg@10") is None


def test_a_test_without_an_interval_is_told_without() -> None:
    tests = content().accuracy_tests.assign(low=None, high=float("nan"), p_corrected=None)
    told = Results(content(accuracy_tests=tests)).paired["ndcg@10", "ease", "svd"]
    assert not told.is_significant
    assert told.figures == ("difference 0.150, 95 % interval not known, corrected p not known")
