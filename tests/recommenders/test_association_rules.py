"""Rules as a recommender, against a loop over users and rules."""

import dataclasses
import io
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Lists
from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    Rules,
    TransactionParameters,
    mine,
    rules_table,
    take,
)
from explainable_recsys.liking import Liking
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.recommenders import association_rules as module
from explainable_recsys.recommenders.association_rules import AssociationRules, collect_rules
from explainable_recsys.recommenders.base import load_recommender
from explainable_recsys.recommenders.lists import (
    RecommendationParameters,
    check_made_by,
    recommend,
)
from tests.lists_of import data_of

N_ITEMS = 12
WITHOUT_A_RULE = [0, 9, 11]
FIRST_ID = 100


def rules_of(rows):
    """Rules from [(antecedent columns, consequent column, confidence), …]."""
    antecedents = np.full((len(rows), 3), -1, np.int32)
    for place, (columns, _, _) in enumerate(rows):
        antecedents[place, : len(columns)] = columns
    measures = np.ones((4, len(rows)))
    measures[2] = [confidence for _, _, confidence in rows]
    consequents = np.array([consequent for _, consequent, _ in rows], np.int32)
    return Rules(antecedents, consequents, measures[0].astype(np.int64), *measures[1:])


@pytest.fixture(scope="module")
def rules():
    """Sixty rules with one to three antecedents, in no order, some of them twice."""
    rng = np.random.default_rng(5)
    rows = []
    while len(rows) < 60:
        *antecedents, consequent = rng.permutation(N_ITEMS)[: rng.integers(2, 5)]
        if consequent not in WITHOUT_A_RULE:
            rows.append((sorted(antecedents), consequent, rng.integers(1, 100) / 100))
    return rules_of(rows + rows[:3])


@pytest.fixture(scope="module")
def interactions():
    """Ratings from 0 to 5 (0 is a rating); the last user likes nothing from 1 on."""
    rng = np.random.default_rng(6)
    users, items = np.nonzero(rng.random((40, N_ITEMS)) < np.linspace(0.1, 0.9, 40)[:, None])
    ratings = rng.integers(0, 6, len(users)).astype(np.float32)
    ratings[users == 39] = 0
    matrix = sparse.csr_array((ratings, (users, items)), shape=(40, N_ITEMS))
    return Interactions(matrix, np.arange(40) + 7, np.arange(N_ITEMS) + FIRST_ID)


def model_of(rules, liked_from=3.0, n_items=N_ITEMS):
    return AssociationRules.from_rules(rules, n_items, Liking(liked_from))


def slow_scores(rules, histories, liked_from):
    """Rule by rule and user by user."""
    scores = np.full(histories.shape, -np.inf)
    for user in range(histories.shape[0]):
        start, stop = histories.indptr[user : user + 2]
        rated = list(zip(histories.indices[start:stop], histories.data[start:stop], strict=True))
        least = liked_from
        if math.isnan(liked_from) and rated:
            least = math.fsum(rating for _, rating in rated) / len(rated)
        liked = {column for column, rating in rated if rating >= least}
        rows = zip(rules.antecedents, rules.consequents, rules.confidence, strict=True)
        for antecedents, consequent, confidence in rows:
            if {column for column in antecedents if column >= 0} <= liked:
                scores[user, consequent] = max(scores[user, consequent], confidence)
    return scores


@pytest.mark.parametrize("max_antecedents", [1, 2, 3])
@pytest.mark.parametrize("liked_from", [-math.inf, 0.0, 1.0, 3.0, 5.0, 5.5, math.nan])
def test_scores_equal_a_loop_over_the_rules(rules, interactions, liked_from, max_antecedents):
    rules = take(rules, (rules.antecedents >= 0).sum(axis=1) <= max_antecedents)
    assert (rules.antecedents >= 0).sum(axis=1).max() == max_antecedents
    scores = model_of(rules, liked_from).scores(interactions.ratings)
    expected = slow_scores(rules, interactions.ratings, liked_from)
    assert np.isfinite(expected).any() == (liked_from != 5.5)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert np.isneginf(scores[:, WITHOUT_A_RULE]).all()


def test_the_threshold_decides_which_rules_apply(interactions):
    """One rule; it applies to whoever rated its antecedent high enough, and to nobody else."""
    model = model_of(rules_of([([2], 4, 0.6)]), 3.0)
    dense = np.full(interactions.ratings.shape, np.nan)
    coordinates = interactions.ratings.tocoo()
    dense[coordinates.row, coordinates.col] = coordinates.data
    applies = np.isfinite(model.scores(interactions.ratings)[:, 4])
    np.testing.assert_array_equal(applies, dense[:, 2] >= 3)
    assert 0 < applies.sum() < np.isfinite(dense[:, 2]).sum()


@pytest.mark.parametrize("cells", [1, 7, 75, 200, 1000])
@pytest.mark.parametrize("liked_from", [-math.inf, 3.0, math.nan])
def test_small_blocks_give_the_same(rules, interactions, liked_from, cells, monkeypatch):
    expected = slow_scores(rules, interactions.ratings, liked_from)
    monkeypatch.setattr(module, "RULES_AT_ONCE", cells)
    scores = model_of(rules, liked_from).scores(interactions.ratings)
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@pytest.mark.parametrize("cells", [1, 4_000_000])
def test_users_between_those_who_like_nothing(rules, interactions, cells, monkeypatch):
    """Also before the first and after the last, where blocks begin and end."""
    monkeypatch.setattr(module, "RULES_AT_ONCE", cells)
    empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    rows = [empty, interactions.ratings[[30]], empty, interactions.ratings[[35]], empty]
    scores = model_of(rules).scores(sparse.csr_array(sparse.vstack(rows, format="csr")))
    alone = model_of(rules).scores(interactions.ratings)
    np.testing.assert_array_equal(scores[[2, 5]], alone[[30, 35]])
    assert np.isneginf(np.delete(scores, [2, 5], axis=0)).all()


def test_the_order_of_the_rules_does_not_matter(rules, interactions):
    """Nor which of the antecedents of a rule is named first."""
    order = np.random.default_rng(1).permutation(len(rules.consequents))
    turned = take(rules, order)
    antecedents = turned.antecedents.copy()
    for row in antecedents:
        given = row[row >= 0]
        row[: len(given)] = given[::-1]
    turned = dataclasses.replace(turned, antecedents=antecedents)
    expected = model_of(rules).scores(interactions.ratings)
    np.testing.assert_array_equal(model_of(turned).scores(interactions.ratings), expected)


def test_only_rules_of_all_users_are_collected(rules, interactions):
    """And what counts as liked is that of the data."""
    table = pd.concat(
        [
            rules_table(take(rules, np.arange(40)), interactions),
            rules_table(take(rules, np.arange(40, 60)), interactions, 2),
        ]
    )
    for liked_from in (-math.inf, 2.0, math.nan):
        found = collect_rules(table, data_of(interactions, liked_from=liked_from))
        np.testing.assert_equal(found.liked_from, liked_from)
        expected = slow_scores(take(rules, np.arange(40)), interactions.ratings, liked_from)
        np.testing.assert_allclose(found.scores(interactions.ratings), expected, rtol=1e-6)


def test_no_rules_recommend_nothing(interactions):
    model = model_of(Rules.none())
    assert np.isneginf(model.scores(interactions.ratings)).all()
    lists = recommend(model, interactions, RecommendationParameters(n=3))
    assert lists.empty
    assert lists.columns.tolist() == ["user_id", "item_id", "rank", "score"]
    check_made_by(model, interactions, lists)


def test_who_likes_nothing_gets_nothing(rules, interactions):
    scores = model_of(rules, 1.0).scores(interactions.ratings)
    assert np.isneginf(scores[39]).all()
    assert np.isfinite(scores[30]).any()
    empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    assert np.isneginf(model_of(rules, -math.inf).scores(empty)).all()
    assert model_of(rules).scores(empty[:0]).shape == (0, N_ITEMS)


@pytest.mark.parametrize("block_size", [7, 512])
def test_lists_hold_what_rules_lead_to_and_nothing_else(rules, interactions, block_size):
    lists = recommend(
        model_of(rules), interactions, RecommendationParameters(n=4, block_size=block_size)
    )
    expected = []
    for user, scores in enumerate(slow_scores(rules, interactions.ratings, 3.0)):
        start, stop = interactions.ratings.indptr[user : user + 2]
        scores[interactions.ratings.indices[start:stop]] = -np.inf
        best = sorted(np.flatnonzero(scores > -np.inf), key=lambda item: (-scores[item], item))
        expected += [(user + 7, item + FIRST_ID, rank) for rank, item in enumerate(best[:4], 1)]
    found = lists[["user_id", "item_id", "rank"]].itertuples(index=False, name=None)
    assert list(found) == expected
    lengths = lists.groupby("user_id").size().reindex(interactions.user_ids, fill_value=0)
    assert set(lengths) == {0, 1, 2, 3, 4}
    assert not set(lists["item_id"]) & {FIRST_ID + item for item in WITHOUT_A_RULE}
    assert np.isfinite(lists["score"]).all()


def test_a_new_user_scores_as_a_known_one(rules, interactions):
    model, row = model_of(rules), 30
    coordinates = interactions.ratings[[row]].tocoo()
    frame = pd.DataFrame(
        {"user_id": -1, "item_id": coordinates.col + FIRST_ID, "rating": coordinates.data}
    )
    unknown = pd.DataFrame({"user_id": [-1], "item_id": [1], "rating": [5.0]})
    new = interactions.histories(pd.concat([frame, unknown]))
    expected = model.scores(interactions.ratings)[[row]]
    np.testing.assert_array_equal(model.scores(new.ratings), expected)


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("liked_from", [-math.inf, 3.5, math.nan])
def test_round_trip(rules, interactions, empty, liked_from):
    model = model_of(Rules.none() if empty else rules, liked_from)
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_recommender(dict(stored))
    assert type(loaded) is AssociationRules
    np.testing.assert_equal(loaded.liked_from, liked_from)
    assert loaded.n_items == N_ITEMS
    assert isinstance(loaded.n_items, int)
    np.testing.assert_array_equal(
        loaded.scores(interactions.ratings), model.scores(interactions.ratings)
    )


@pytest.mark.parametrize(
    ("liked_from", "max_antecedents"), [(-math.inf, 1), (2.0, 2), (1.0, 3), (math.nan, 2)]
)
def test_the_score_is_the_confidence_of_the_first_cited_rule(
    interactions, liked_from, max_antecedents
):
    liked = Liking(liked_from).interactions(interactions)
    thresholds = RuleParameters(
        min_support=0.05, min_confidence=0.2, min_lift=0, max_antecedents=max_antecedents
    )
    rules, _ = mine(liked.ratings, thresholds)
    lists = recommend(model_of(rules, liked_from), interactions, RecommendationParameters(n=5))
    found = explain_by_rules(
        None,
        data_of(interactions, liked_from=liked_from),
        Lists.of(interactions, lists),
        RuleExplanationParameters(),
        rules=rules_table(rules, interactions),
        transactions=TransactionParameters(),
    )
    explanations, cited = found.evidence, found.details["cited_rules"]
    first = cited[cited["group"] == 1]
    matched = lists.merge(first, on=["user_id", "item_id"], how="left", validate="one_to_one")
    assert len(matched) > 50
    assert set(matched["n_antecedents"]) == set(range(1, max_antecedents + 1))
    assert np.abs(matched["score"] - matched["confidence"]).max() < 1e-6
    assert matched["confidence"].notna().all()
    likes = set(
        zip(
            np.repeat(interactions.user_ids, np.diff(liked.ratings.indptr)),
            interactions.item_ids[liked.ratings.indices],
            strict=True,
        )
    )
    cites = zip(explanations["user_id"], explanations["rated_item_id"], strict=True)
    assert set(cites) <= likes


def test_an_empty_list_counts_as_zero(interactions):
    """Rule {0} => 1 recommends item 1 to whoever liked item 0; all held-out items are item 1."""
    ratings = sparse.csr_array(np.array([[5, 0, 4], [1, 0, 5], [4, 0, 0]], np.float32))
    some = Interactions(ratings, np.array([1, 2, 3]), np.array([10, 11, 12]))
    lists = recommend(
        model_of(rules_of([([0], 1, 0.5)]), 4.0, 3),
        some,
        RecommendationParameters(n=2, min_ratings=0),
    )
    assert lists["user_id"].tolist() == [1, 3]
    held_out = pd.DataFrame({"user_id": [1, 2], "item_id": [11, 11], "rating": [5.0, 5.0]})
    per_user = ranking_per_user(lists, held_out, 2)
    assert per_user.index.tolist() == [1, 2]
    for name, k in itertools.product(["recall", "hit_rate", "ndcg", "map", "mrr"], [2]):
        assert per_user[f"{name}@{k}"].tolist() == [1, 0]
    nothing = ranking_per_user(lists[:0], held_out, 2)
    assert nothing.to_numpy().tolist() == [[0.0] * 6] * 2
