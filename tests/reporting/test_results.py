"""Tables are read once, whatever they lack."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.results import Results, records
from tests.reporting.contents import content, empty


def test_order_and_metrics() -> None:
    results = Results.of(content())
    assert results.approaches == [
        "intrinsic_ease",
        "posthoc_knn",
        "posthoc_ar",
        "posthoc_lime",
        "svd",
    ]
    assert results.baselines == ["popularity", "random"]
    assert "ndcg@10" in results.metrics
    assert "pos@10,3/random" in results.metrics
    assert not any(metric.endswith(("/low", "/high", "/n")) for metric in results.metrics)


def test_a_column_without_values_is_no_metric() -> None:
    table = content().comparison.assign(**{"hit_rate@10": float("nan")})
    assert "hit_rate@10" not in Results.of(content(comparison=table)).metrics


def test_paired_tests_go_both_ways() -> None:
    results = Results.of(content())
    forth = results.paired("ndcg@10", "intrinsic_ease", "svd")
    back = results.paired("ndcg@10", "svd", "intrinsic_ease")
    assert forth is not None
    assert back is not None
    assert forth.difference == -back.difference > 0
    assert back.low is not None
    assert back.high is not None
    assert back.low < back.difference < back.high
    assert forth.is_significant
    assert results.paired("ndcg@10", "svd", "posthoc_ar") is None


def test_stability_of_the_number_of_items_reported() -> None:
    assert Results.of(content()).overlaps == {"intrinsic_ease": 0.91, "posthoc_knn": 0.4125}
    assert Results.of(content(n_cited=1)).overlaps == {"intrinsic_ease": 0.91, "posthoc_knn": 0.2}


def test_who_explains() -> None:
    results = Results.of(content())
    assert [name for name in results.everybody if results.explains(name)] == [
        "intrinsic_ease",
        "posthoc_knn",
        "posthoc_ar",
        "posthoc_lime",
    ]
    assert results.scope("svd") == "no explanations"


def test_an_approach_whose_scope_nobody_wrote_down() -> None:
    results = Results.of(content(scope=pd.DataFrame()))
    assert results.scope("posthoc_ar") == "not measured"
    assert results.scope("svd") == "no explanations"


def test_nothing() -> None:
    results = Results.of(empty())
    assert results.everybody == results.metrics == []
    assert results.value("anybody", "ndcg@10") is None


def test_records_of_a_table_that_lacks_a_column() -> None:
    table = pd.DataFrame({"a": [1, 2]})
    assert records(table, "a", "b") == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    assert records(pd.DataFrame(), "a") == []
