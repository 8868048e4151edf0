"""Reasons of the content-based recommender against loops over its features and rated items."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from explainable_recsys.explainers import features
from explainable_recsys.explainers.features import FeatureExplanationParameters, explain_by_features
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.content import ContentParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from tests.lists_of import assert_is_evidence, data_of, lists_of
from tests.recommenders.small_content import ByHand, fit, interactions_of, random_case

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def everything(histories):
    """Every user with every item, rated or not."""
    return lists_of(
        histories, [(user, item) for user in histories.user_ids for item in histories.item_ids]
    )


def explain(model, histories, lists, liked_from=-math.inf, **changed):
    data, parameters = data_of(histories, liked_from=liked_from), changed
    return explain_by_features(model, data, lists, FeatureExplanationParameters(**parameters))


def pieces_by_hand(truth, own, item, liked_from=-math.inf):
    """[(id, weight, columns of the rated items that may be named), …] as they are told.

    Only liked items may be, whatever the others add, and only for features that are liked: what
    has them is rated no lower on average than the rest. Where none may be, nothing is told.
    """
    pieces = []
    mean = math.fsum(own.values()) / max(len(own), 1)
    for name in truth.vectors[item]:
        parts = {j: truth.part(j, rating, item, name) for j, rating in own.items()}
        if math.fsum(parts.values()) > 0:
            having = [rating for j, rating in own.items() if name in truth.vectors[j]]
            likes = math.fsum(having) / len(having) >= mean - 1e-9
            may = {j for j, rating in own.items() if rating >= liked_from and likes}
            liked = {j: part for j, part in parts.items() if part > 0 and j in may}
            most = [j for j in liked if liked[j] > max(liked.values()) - 1e-12]
            known = max((truth.popularity[j] for j in most), default=0.0)
            carriers = [j for j in most if truth.popularity[j] > known - 1e-12]
            pieces.append((f"kind={name}", math.fsum(parts.values()), carriers))
    if not any(carriers for _, _, carriers in pieces):
        return []
    popular = math.fsum(weight for _, weight, _ in pieces) * (truth.boost(item) - 1)
    if popular > 0:
        pieces.append(("popularity", popular, []))
    return sorted(pieces, key=lambda p: (-np.float32(p[1]), p[0] == "popularity", p))


@given(
    seed=st.integers(0, 10_000),
    rating_weight=st.sampled_from([0.0, 0.5]),
    popularity_weight=st.sampled_from([0.0, 0.1, 1.0]),
    liked_from=st.sampled_from([-math.inf, 3.0, 4.0, 9.0]),
)
@example(  # adds as much as a feature
    seed=173, rating_weight=0.0, popularity_weight=1.0, liked_from=-math.inf
)
def test_evidence_equals_loops_and_sums_to_the_score(seed, liked_from, **changed):
    learned_from, described = random_case(seed)
    asked, _ = random_case(seed + 1, n_users=6)
    histories, model = interactions_of(asked, 10), fit(learned_from, described, **changed)
    truth = ByHand(learned_from, described, ContentParameters(**changed))
    found = explain(model, histories, everything(histories), liked_from, n_evidence=3)
    assert_is_evidence(found.evidence)
    own_table = dict(list(found.evidence.groupby(["user_id", "item_id"])))
    projected = dict(list(found.details["projected_evidence"].groupby(["user_id", "item_id"])))
    for user, own in enumerate(asked):
        for item in range(10):
            expected = pieces_by_hand(truth, own, item, liked_from)
            pair = user + 1, item + 100
            assert (pair in own_table) == (pair in projected) == bool(expected)
            if not expected:
                continue
            table = own_table[pair]
            assert table["position"].tolist() == list(range(1, len(expected) + 1))
            for named, (_, _, carriers) in zip(table["rated_item_id"], expected, strict=True):
                assert (named - 100 in carriers) if carriers else (named is pd.NA)
            ids, weights = ([piece[place] for piece in expected] for place in (0, 1))
            assert table["evidence_id"].tolist() == ids
            np.testing.assert_allclose(table["weight"], weights, rtol=1e-6)
            score = truth.score(own, item)
            np.testing.assert_allclose(table["weight"].astype(float).sum(), score, rtol=1e-6)
            parts = {j + 100: truth.contribution(j, own[j], item) for j in own}
            strongest = sorted(filter(None, parts.values()), reverse=True)[:3]
            np.testing.assert_allclose(projected[pair]["weight"], strongest, rtol=1e-6)
            named = [parts[j] for j in projected[pair]["rated_item_id"]]
            np.testing.assert_allclose(named, strongest, rtol=1e-6)


DESCRIBED = [{"a"}, {"a", "b"}, {"b"}, {"a", "b"}, {"c"}, set()]


def test_by_hand():
    """Half of the items are a, half b; item 0 carries a (loved).

    What is b is rated 3.5 on average, below the 4 of all: it is not liked, so that no item is
    named.
    """
    own = {0: 5.0, 1: 3.0, 2: 4.0}
    histories = interactions_of([own], 6)
    model = fit([own], DESCRIBED, rating_weight=0.5, popularity_weight=0.1)
    table = explain(model, histories, lists_of(histories, [(1, 103), (1, 104), (1, 105)])).evidence
    half = math.sqrt(0.5)
    expected = [
        (1, 103, 1, "feature", "kind=a", "of kind a", 1.5 * half + 0.5 / 2, 1, 100),
        (1, 103, 2, "feature", "kind=b", "of kind b", half + 0.5 / 2, 1, None),
    ]
    found = table.drop(columns="weight").astype("object")
    assert found.where(found.notna(), None).to_numpy().tolist() == [
        [*piece[:6], *piece[7:]] for piece in expected
    ]
    np.testing.assert_allclose(table["weight"], [piece[6] for piece in expected], rtol=1e-6)


def test_of_equal_carriers_the_most_popular_is_named():
    """User 1 rated items 0 and 1 alike, which are alike; more people rated item 1."""
    described = [{"a"}, {"a"}, {"a", "b"}, {"c"}]
    learned_from = [{0: 4.0, 1: 4.0}, {1: 4.0}]
    histories = interactions_of(learned_from, 4)
    table = explain(fit(learned_from, described), histories, lists_of(histories, [(1, 102)]))
    assert table.evidence["rated_item_id"].tolist() == [101]


def test_only_what_is_liked_carries_a_feature():
    """Of what is a, item 0 adds most and was rated 2; of what is b, nothing was liked.

    Nor is b where every rating is: it is rated lowest.
    """
    described = [{"a"}, {"a", "c"}, {"b"}, {"a", "b"}]
    own = {0: 2.0, 1: 5.0, 2: 1.0}
    histories = interactions_of([own], 4)
    model = fit([own], described, rating_weight=0.0)
    lists = lists_of(histories, [(1, 103)])
    ids = ["kind=a", "kind=b"]
    for liked_from, named in ((-math.inf, 100), (4.0, 101)):
        table = explain(model, histories, lists, liked_from).evidence
        table = table.set_index(table["evidence_id"].astype("str")).loc[ids]
        assert table["rated_item_id"].iloc[0] == named
        assert table["rated_item_id"].isna().tolist() == [False, True]


def test_what_popularity_adds_rests_on_no_rated_item():
    described = [{"a"}, {"a", "b"}, {"c"}]
    learned_from = [{0: 4.0}, {1: 4.0}]
    histories = interactions_of(learned_from, 3)
    model = fit(learned_from, described, popularity_weight=0.1)
    table = explain(model, histories, lists_of(histories, [(1, 101)])).evidence
    assert table["evidence"].tolist() == ["of kind a", "popular"]
    assert table["rated_item_id"].isna().tolist() == [False, True]
    np.testing.assert_allclose(table["weight"][1] / table["weight"][0], 0.1, rtol=1e-6)


def test_order_follows_the_lists():
    learned_from, described = random_case(1)
    histories, model = interactions_of(learned_from, 10), fit(learned_from, described)
    lists = lists_of(histories, recommend(model, histories, RecommendationParameters(n=4)))
    mixed = lists.take(np.random.default_rng(0).permutation(len(lists)))
    for table in (
        (found := explain(model, histories, mixed)).evidence,
        found.details["projected_evidence"],
    ):
        pairs = table[["user_id", "item_id"]].drop_duplicates(ignore_index=True)
        listed = mixed.table[["user_id", "item_id"]].to_numpy().tolist()
        explained = pairs.to_numpy().tolist()
        assert explained == [pair for pair in listed if pair in explained]
        assert len(explained) > len(listed) / 2


@pytest.mark.parametrize("cells", [1, 17])
def test_users_in_blocks_are_told_the_same(cells, monkeypatch):
    learned_from, described = random_case(2)
    histories, model = interactions_of(learned_from, 10), fit(learned_from, described)
    lists = everything(histories)
    at_once = explain(model, histories, lists).evidence
    monkeypatch.setattr(features, "FEATURES_AT_ONCE", cells)
    assert explain(model, histories, lists).evidence.equals(at_once)


def test_permuting_users_changes_no_reason():
    learned_from, described = random_case(3)
    model, histories = fit(learned_from, described), interactions_of(learned_from, 10)
    order = np.random.default_rng(0).permutation(len(learned_from))
    # Who is called 1 in one is called order[0] + 1 in the other.
    mixed = Interactions(histories.ratings[order], histories.user_ids, histories.item_ids)
    ours = explain(model, histories, everything(histories)).evidence
    theirs = explain(model, mixed, everything(mixed)).evidence
    theirs["user_id"] = order[theirs["user_id"] - 1] + 1
    theirs = theirs.sort_values(["user_id", "item_id", "position"], ignore_index=True)
    assert theirs.equals(ours)


def test_nothing_in_common_is_explained_by_nothing():
    learned_from = [{0: 5.0}, {5: 5.0}]
    histories, model = interactions_of([*learned_from, {}], 6), fit(learned_from, DESCRIBED)
    lists = lists_of(histories, [(1, 104), (1, 105), (2, 101), (3, 101)])
    found = explain(model, histories, lists)
    assert found.evidence.empty
    assert found.details["projected_evidence"].empty
    assert_is_evidence(found.evidence)
    assert explain(model, histories, lists_of(histories, [])).evidence.empty


@pytest.mark.parametrize("changed", [{"n_evidence": 0}, {"n_cited": 0}])
def test_parameters_out_of_range(changed):
    with pytest.raises(ValidationError):
        FeatureExplanationParameters(**changed)


def test_what_rests_on_nothing_liked_has_no_reason():
    """The second user only shares what got a 2 with the item: a score, and no reason."""
    described = [{"a"}, {"a", "b"}, {"c"}]
    learned_from = [{0: 4.0}, {0: 2.0}]
    histories = interactions_of(learned_from, 3)
    model = fit(learned_from, described, rating_weight=0.0)
    lists = lists_of(histories, [(1, 101), (2, 101)])
    data = data_of(histories, liked_from=4.0)
    found = explain_by_features(model, data, lists, FeatureExplanationParameters())
    assert model.scores(histories.ratings)[1, 1] > 0
    assert found.evidence["user_id"].tolist() == [1]
