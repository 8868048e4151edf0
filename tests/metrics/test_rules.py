"""Measures of cited rules by hand; the coverage frontier against mining at every threshold anew."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.experiments.coverage_frontier import (
    FrontierParameters,
    coverage_frontier,
)
from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    TransactionParameters,
    mine,
    rules_table,
)
from explainable_recsys.liking import Liking
from explainable_recsys.metrics.explanations import coverage
from explainable_recsys.metrics.rules import cited_rule_metrics
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from tests.lists_of import data_of, lists_of

N_USERS, N_ITEMS = 60, 14


@pytest.fixture(scope="module")
def interactions():
    """Users of two tastes, so that some rules are strong; popularity falls with the column."""
    rng = np.random.default_rng(2)
    taste = rng.integers(0, 2, N_USERS)[:, None] == np.arange(N_ITEMS) % 2
    rated = rng.random((N_USERS, N_ITEMS)) < np.linspace(0.9, 0.2, N_ITEMS)
    ratings = np.where(taste, rng.integers(3, 6, rated.shape), rng.integers(1, 5, rated.shape))
    ratings = sparse.csr_array(np.where(rated, ratings, 0).astype(np.float32))
    return Interactions(ratings, np.arange(N_USERS) + 1000, np.arange(N_ITEMS) + 50)


@pytest.fixture(scope="module")
def lists(interactions):
    """Two recommenders' lists, and one of arbitrary pairs in arbitrary order, history included."""
    pairs = pd.MultiIndex.from_product(
        [interactions.user_ids, interactions.item_ids], names=["user_id", "item_id"]
    )
    models = {
        "own": RandomScores.fit(interactions, RandomScoresParameters(seed=1)),
        "popularity": Popularity.fit(interactions),
    }
    parameters = RecommendationParameters(n=4)
    tables = {name: recommend(model, interactions, parameters) for name, model in models.items()}
    tables["any"] = pairs.to_frame(index=False).sample(150, random_state=1)
    return {name: lists_of(interactions, table) for name, table in tables.items()}


def mined_anew(transactions, liked, lists, thresholds):
    """Size, coverages and median lift by mining and explaining at these thresholds."""
    rules, _ = mine(transactions, thresholds)
    parameters = RuleExplanationParameters(n_rules=1, order_by="confidence")
    row = {
        "min_support": thresholds.min_support,
        "min_confidence": thresholds.min_confidence,
        "n_rules": len(rules),
    }
    for name, made in lists.items():
        found = explain_by_rules(
            None,
            data_of(liked),
            dataclasses.replace(made, histories=liked),
            parameters,
            rules=rules_table(rules, liked),
            transactions=TransactionParameters(),
        )
        if name == "own":
            row["coverage"] = coverage(made, found.evidence)
            row["median_lift"] = cited_rule_metrics(found.details["cited_rules"])["median_lift"]
        else:
            row[f"coverage_of_{name}"] = coverage(made, found.evidence)
    return row


@pytest.mark.parametrize(
    ("max_antecedents", "min_lift", "min_count", "liked_from"),
    [(1, 1.0, 1, 4.0), (2, 1.1, 8, 3.0), (3, 0.0, 3, -math.inf)],
)
def test_the_frontier_equals_mining_at_every_pair_of_thresholds(
    interactions, lists, max_antecedents, min_lift, min_count, liked_from
):
    liked = Liking(liked_from).interactions(interactions)
    thresholds = RuleParameters(min_lift=min_lift, min_count=min_count)
    parameters = FrontierParameters(
        min_supports=(0.3, 0.05, 0.1, 0.95),
        min_confidences=(0.8, 0.2, 0.5, 1.0),
        max_antecedents=max_antecedents,
    )
    frontier = coverage_frontier(liked.ratings, liked, lists, thresholds, parameters)
    expected = pd.DataFrame(
        mined_anew(
            liked.ratings,
            liked,
            lists,
            thresholds.model_copy(
                update={
                    "min_support": min_support,
                    "min_confidence": min_confidence,
                    "max_antecedents": max_antecedents,
                }
            ),
        )
        for min_support in (0.05, 0.1, 0.3, 0.95)
        for min_confidence in (0.2, 0.5, 0.8, 1.0)
    )
    pd.testing.assert_frame_equal(frontier, expected, rtol=1e-12)
    assert frontier["coverage"].nunique() > 3
    assert frontier["median_lift"].nunique() > 3
    assert frontier["median_lift"].isna().any()


def test_transactions_other_than_the_liked_items(interactions, lists):
    """Rules mined from lists; the antecedents still have to be liked."""
    liked = Liking(4.0).interactions(interactions)
    table = recommend(Popularity.fit(interactions), interactions, RecommendationParameters(n=6))
    rows = interactions.user_rows(table["user_id"])
    columns = interactions.item_columns(table["item_id"])
    ones = np.ones(len(table), np.float32)
    transactions = sparse.csr_array((ones, (rows, columns)), shape=liked.ratings.shape)
    thresholds = RuleParameters(min_lift=0.5, max_antecedents=1)
    parameters = FrontierParameters(min_supports=(0.1, 0.2), min_confidences=(0.3, 0.6))
    frontier = coverage_frontier(transactions, liked, lists, thresholds, parameters)
    expected = [
        mined_anew(
            transactions,
            liked,
            lists,
            thresholds.model_copy(update={"min_support": s, "min_confidence": c}),
        )
        for s in (0.1, 0.2)
        for c in (0.3, 0.6)
    ]
    pd.testing.assert_frame_equal(frontier, pd.DataFrame(expected), rtol=1e-12)


def test_the_least_thresholds_of_the_frontier_replace_those_of_the_rules(interactions, lists):
    """What the shipped rules ask for must not cut off the lower end of the grid."""
    liked = Liking(4.0).interactions(interactions)
    parameters = FrontierParameters(min_supports=(0.05,), min_confidences=(0.1,))
    frontiers = [
        coverage_frontier(liked.ratings, liked, lists, thresholds, parameters)
        for thresholds in (
            RuleParameters(min_support=0.05, min_confidence=0.1, max_antecedents=1),
            RuleParameters(min_support=0.5, min_confidence=0.9, max_antecedents=3),
        )
    ]
    pd.testing.assert_frame_equal(*frontiers)


def test_measures_are_those_of_the_first_rules():
    cited = pd.DataFrame(
        [(1, 1, 0.1, 0.5, 2.0), (2, 3, 9, 9, 9), (1, 2, 0.3, 0.4, 1.0), (1, 1, 0.2, 0.9, 6.0)],
        columns=["group", "n_antecedents", "support", "confidence", "lift"],
    )
    assert cited_rule_metrics(cited) == pytest.approx(
        {
            "median_support": 0.2,
            "median_confidence": 0.5,
            "median_lift": 2.0,
            "mean_antecedents": 4 / 3,
        }
    )


def test_nothing_cited_has_no_measures():
    columns = ["group", "n_antecedents", "support", "confidence", "lift"]
    measures = cited_rule_metrics(pd.DataFrame(columns=columns, dtype="float64"))
    assert list(measures) == [
        "median_support",
        "median_confidence",
        "median_lift",
        "mean_antecedents",
    ]
    assert np.isnan(list(measures.values())).all()


@pytest.mark.parametrize("name", ["min_supports", "min_confidences"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.1, 0], "accepted: numbers above 0 and up to 1"),
        ([1.5, 0.1], "accepted: numbers above"),
        ([-0.1], "accepted: numbers above"),
        ([], "at least 1 item"),
        ([float("nan")], "finite number"),
    ],
)
def test_thresholds_that_are_no_shares_are_refused(name, values, message):
    with pytest.raises(ValidationError, match=message):
        FrontierParameters(**{name: values})


def test_thresholds_are_sorted_and_1_is_accepted():
    parameters = FrontierParameters(min_supports=[1, 0.2], min_confidences=[0.5, 0.1, 1.0])
    assert parameters.min_supports == (0.2, 1)
    assert parameters.min_confidences == (0.1, 0.5, 1.0)


def test_supports_that_cannot_be_counted_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    everything = sparse.csr_array(np.tril(np.ones((10, 8), np.float32)))
    liked = Interactions(everything, np.arange(10), np.arange(8))
    lists = {"own": lists_of(liked, [(0, 7)])}
    thresholds = RuleParameters(min_lift=0, min_count=1, max_candidates=10)
    grid = FrontierParameters(min_supports=(0.1, 0.7), min_confidences=(0.5,))
    table = coverage_frontier(everything, liked, lists, thresholds, grid)
    assert table["min_support"].tolist() == [0.7]
    assert "left out support 0.1" in caplog.text
    grid = FrontierParameters(min_supports=(0.1,), min_confidences=(0.5,))
    with pytest.raises(InputError, match=r"frontier\.min_supports"):
        coverage_frontier(everything, liked, lists, thresholds, grid)
