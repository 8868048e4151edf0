"""Every column that the project's approaches make has a name and a definition."""

from __future__ import annotations

import pytest

from explainable_recsys.reporting.glossary import Name, describe, label, look_up, parse

COLUMNS = """
    recall@10 hit_rate@10 precision@10 ndcg@10 map@10 mrr@10 novelty@10 diversity@10
    popularity_percentile@10 catalogue_coverage@10 gini@10 rmse mae n_ratings n_cold
    mep_users@10 mer_users@10 e_ndcg_users@10 mep_items@10_gain e_ndcg_items@10_of_random
    n_users_without_neighbours coverage length evidence_popularity evidence_diversity local_r2
    held_out_r2 held_out_r2_median held_out_r2_p90 share_held_out_r2_above_half effective_samples
    n_samples n_widened additivity_error additivity_error_relative median_support
    median_confidence median_lift mean_antecedents top3_jaccard coefficient_spread top_influence
    group_influence additivity_gap relevance_threshold pos@10,3 ps@10,3 del@3 ins@3 cdcg@3
"""


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("ndcg@10", "nDCG@10"),
        ("pos@10,3", "POS@10,3"),
        ("pos@10,3/random", "POS@10,3, random evidence"),
        ("pos@10/auc", "POS@10 AUC"),
        ("pos@10/auc/popular", "POS@10 AUC, popular evidence"),
        ("del@3", "DEL@3"),
        ("coverage_of_random", "explained of random"),
        ("mep_users@10_gain", "MEP by users@10 gain"),
        ("mep_items@10_of_popularity", "MEP by items@10 of popularity"),
        ("held_out_r2_p10", "held-out R², 10 % quantile"),
        ("sampled_100_ndcg@10", "nDCG@10 (100 negatives)"),
        ("something_new@5", "something_new@5"),
    ],
)
def test_labels(metric: str, text: str) -> None:
    assert label(metric) == text


def test_names_are_taken_apart() -> None:
    assert parse("pos@10/auc/random") == Name("", "pos", "@10", True, "", "random")
    assert parse("sampled_100_ndcg@10") == Name("100", "ndcg", "@10", False, "", "")
    assert parse("no metric at all!").base == "no metric at all!"


def test_known_columns_are_defined() -> None:
    for metric in COLUMNS.split():
        known = look_up(metric)
        assert known is not None, metric
        assert known.definition.endswith(".")


def test_unknown_columns_keep_their_name() -> None:
    assert look_up("unheard_of") is None
    assert describe("unheard_of").title == "unheard_of"
    assert describe("n_unheard_of").form == "count"


def test_directions() -> None:
    assert {metric: describe(metric).better for metric in ("ndcg@10", "rmse", "length")} == {
        "ndcg@10": "high",
        "rmse": "low",
        "length": "",
    }
    assert [describe(m).better for m in ("pos@10,3", "ps@10,3", "del@3", "ins@3", "cdcg@3")] == [
        "low",
        "high",
        "low",
        "high",
        "low",
    ]
