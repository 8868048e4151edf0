"""Columns of metrics are called by what they measure, and how."""

from __future__ import annotations

import pytest

from explainable_recsys.metrics.records import read
from explainable_recsys.wording.metrics import label


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("ndcg@10", "nDCG@10"),
        ("pos@10,3", "POS@10,3"),
        ("pos@10,3/random", "POS@10,3, random evidence"),
        ("pos@10/auc", "POS@10 AUC"),
        ("pos@10/auc/popular", "POS@10 AUC, popular evidence"),
        ("coverage_of_popularity", "explained, most-popular lists"),
        ("mep_users@10_gain", "MEP by users@10 gain"),
        ("mep_items@10_of_random", "MEP by items@10, random lists"),
        ("held_out_r2_p10", "held-out R², 10 %"),
        ("sampled_100_ndcg@10", "nDCG@10 (100 negatives)"),
        ("something_new@5", "something_new@5"),
        ("no metric at all!", "no metric at all!"),
    ],
)
def test_names_of_columns(column: str, name: str) -> None:
    assert label(read(column)) == name
