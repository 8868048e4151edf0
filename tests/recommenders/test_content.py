"""The content-based recommender against loops over dictionaries, and what its lists are like."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import padded_blocks
from explainable_recsys.knowledge.features import FeatureParameters, describe
from explainable_recsys.recommenders import base
from explainable_recsys.recommenders.base import AdditiveRecommender, load_recommender
from explainable_recsys.recommenders.content import Content, ContentParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from tests.recommenders.small_content import (
    ByHand,
    features_of,
    fit,
    interactions_of,
    random_case,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

weights = {
    "rating_weight": st.sampled_from([0.0, 0.5, 2.0]),
    "popularity_weight": st.sampled_from([0.0, 0.1, 1.0]),
}


def matrix_of(histories, n_items=10):
    return interactions_of(histories, n_items).ratings


def contributions_of(model, histories, items):
    """(n, k, n_items): the contributions to items (n, k), spread over the catalogue."""
    dense = np.zeros((histories.shape[0], items.shape[1], model.n_items))
    for block in padded_blocks(histories, cells=20):
        parts = model.contributions(block, items[block.rows])
        assert parts.dtype == np.float64
        assert not parts[np.broadcast_to(~block.filled[:, None, :], parts.shape)].any()
        for place, user in enumerate(block.rows):
            kept = block.filled[place]
            dense[user][:, block.columns[place, kept]] = parts[place][:, kept]
    return dense


@given(seed=st.integers(0, 10_000), **weights)
def test_scores_and_contributions_equal_loops(seed, **changed):
    learned_from, described = random_case(seed)
    asked, _ = random_case(seed + 1, n_users=7)
    model = fit(learned_from, described, **changed)
    assert isinstance(model, AdditiveRecommender)
    truth = ByHand(learned_from, described, ContentParameters(**changed))
    expected = [[truth.score(own, item) for item in range(10)] for own in asked]
    scores = model.scores(matrix_of(asked))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    items = np.tile(np.arange(10), (7, 1))
    found = contributions_of(model, matrix_of(asked), items)
    for user, own in enumerate(asked):
        parts = [
            [truth.contribution(j, own[j], item) if j in own else 0.0 for j in range(10)]
            for item in range(10)
        ]
        np.testing.assert_allclose(found[user], parts, rtol=1e-12, atol=1e-15)
    listed = np.isfinite(scores)
    np.testing.assert_allclose(found.sum(axis=2)[listed], scores[listed], rtol=1e-6)
    assert not found.sum(axis=2)[~listed].any()


def test_by_hand():
    """Of 4 items 2 are a and 1 is b: idf log 2 and log 4; item 1 is both, of length √5 log 2."""
    described = [{"a"}, {"a", "b"}, {"c"}, {"d"}]
    model = fit([{0: 4.0, 2: 2.0}], described, rating_weight=0.5, popularity_weight=0.0)
    np.testing.assert_allclose(model.idf, np.log([2, 4, 4, 4]))
    np.testing.assert_allclose(model.vectors.toarray()[1], [5**-0.5, 2 * 5**-0.5, 0, 0])
    scores = model.scores(matrix_of([{0: 5.0}, {1: 3.0}, {2: 1.0, 1: 2.0}], 4))
    part, nothing = np.sqrt(0.2), -np.inf
    expected = [
        [2, 2 * part, nothing, nothing],
        [part, 1, nothing, nothing],
        [part / 2, 0.5, nothing, nothing],
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@given(seed=st.integers(0, 10_000))
def test_a_rating_of_an_item_without_common_features_changes_nothing(seed):
    learned_from, described = random_case(seed)
    model = fit(learned_from, described)
    own = {item: 3.0 for item in range(10) if item != seed % 10}
    more = own | {seed % 10: 4.0}
    before, after = model.scores(matrix_of([own, more]))
    apart = [item for item in range(10) if not described[item] & described[seed % 10]]
    np.testing.assert_array_equal(before[apart], after[apart])


@given(seed=st.integers(0, 10_000), order=st.permutations(range(12)))
def test_permuting_users_permutes_rows(seed, order):
    learned_from, described = random_case(seed)
    expected = fit(learned_from, described).scores(matrix_of(learned_from))
    moved = [learned_from[user] for user in order]
    found = fit(moved, described).scores(matrix_of(moved))
    np.testing.assert_allclose(found, expected[order], rtol=1e-6)


@given(seed=st.integers(0, 10_000), order=st.permutations(range(10)))
def test_permuting_items_permutes_columns(seed, order):
    learned_from, described = random_case(seed)
    expected = fit(learned_from, described).scores(matrix_of(learned_from))
    moved = [{order.index(item): own[item] for item in own} for own in learned_from]
    model = fit(moved, [described[item] for item in order])
    np.testing.assert_allclose(model.scores(matrix_of(moved)), expected[:, order], rtol=1e-6)


@pytest.mark.parametrize("cells", [1, 13])
def test_users_in_blocks_get_the_same(cells, monkeypatch):
    learned_from, described = random_case(0)
    model, histories = fit(learned_from, described), matrix_of(learned_from)
    at_once = model.scores(histories)
    monkeypatch.setattr(base, "BLOCK", cells)
    np.testing.assert_array_equal(model.scores(histories), at_once)


def test_popularity_decides_among_items_with_the_same_features_and_hardly_else():
    """Items 1 to 3 are alike; 3 has two good ratings, 2 a good one, 1 a bad one, 4 is popular."""
    described = [{"a"}, {"a", "b"}, {"a", "b"}, {"a", "b"}, {"b", "c"}, {"d"}]
    learned_from = [{1: 1.0, 3: 5.0, 4: 5.0}, {2: 5.0, 3: 5.0, 4: 5.0}, {4: 5.0}]
    histories = matrix_of([{0: 5.0}], 6)
    model = fit(learned_from, described, popularity_weight=0.1)
    scores = model.scores(histories)[0]
    assert np.argsort(-scores[1:4]).tolist() == [2, 1, 0]
    without = fit(learned_from, described, popularity_weight=0.0).scores(histories)[0]
    assert len(set(without[1:4])) == 1
    np.testing.assert_allclose(
        scores[:4], without[:4] * (1 + 0.1 * model.popularity[:4]), rtol=1e-6
    )
    assert (model.popularity[4], model.popularity[5]) == (1, 0)


def test_without_features_in_the_history_there_is_no_list():
    """Item 3 has no features: who rated nothing else gets no list, and nobody gets item 3."""
    described = [{"a"}, {"a"}, {"a", "b"}, set(), {"b"}]
    learned_from = [{0: 5.0}, {3: 5.0}, {4: 3.0, 3: 4.0}]
    data = interactions_of(learned_from, 5)
    model = Content.fit(data, features_of(described), ContentParameters())
    table = recommend(model, data, RecommendationParameters(n=5, min_ratings=0))
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [[1, 101], [1, 102], [3, 102]]
    empty = sparse.csr_array((2, 5), dtype=np.float32)
    assert np.isneginf(model.scores(empty)).all()
    assert model.scores(empty[:0]).shape == (0, 5)
    (block,) = padded_blocks(empty)
    assert model.contributions(block, np.zeros((2, 3), np.int64)).shape == (2, 3, 0)


def test_round_trip_through_a_file():
    learned_from, described = random_case(0)
    model = fit(learned_from, described, popularity_weight=0.3)
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        found = load_recommender(dict(arrays))
    assert isinstance(found, Content)
    assert found.parameters == model.parameters
    histories = matrix_of(learned_from)
    np.testing.assert_array_equal(found.scores(histories), model.scores(histories))


MOVIES = pd.DataFrame(
    [
        (10, "Space", 1995, "Sci-Fi"),
        (20, "Laughs", 1995, "Comedy"),
        (30, "Tears", 1995, "Drama"),
        (40, "Guns", 1965, "Western"),
        (50, "More tears", 1995, "Drama|Comedy"),
    ],
    columns=["item_id", "title", "year", "genres"],
)
NEW = pd.DataFrame(
    [
        (5, "New laughs", 1995, "Comedy"),
        (45, "New guns", 1968, "Western"),
        (60, "Ghosts", 2015, "Horror|Comedy"),
        (70, "Nothing known", None, ""),
    ],
    columns=MOVIES.columns,
)


def movie_features(data):
    return describe(data, FeatureParameters())[0]


@pytest.fixture
def data():
    rows = [(1, 40, 5.0), (1, 20, 3.0), (2, 20, 4.0), (2, 30, 4.0), (3, 10, 2.0), (3, 50, 4.0)]
    ratings = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    return Data.from_frames(ratings, MOVIES)


def test_an_item_nobody_rated_is_recommended_to_who_likes_its_rare_features(data):
    model = Content.fit(data.interactions, movie_features(data), ContentParameters())
    more = data.with_items(NEW)
    ids = more.interactions.item_ids
    extended = model.extended(more.interactions, movie_features(more))
    table = recommend(extended, more.histories, RecommendationParameters(n=2, min_ratings=0))
    assert table.groupby("user_id")["item_id"].first().to_dict() == {1: 45, 2: 50, 3: 20}
    assert extended.popularity[ids == 45] == 0
    found = dict(zip(ids.tolist(), extended.scores(more.histories.ratings).T, strict=True))
    old = model.scores(data.histories.ratings).T
    for item, scores in zip(data.interactions.item_ids.tolist(), old, strict=True):
        np.testing.assert_array_equal(found[item], scores)
    assert np.isneginf(found[70]).all()
    np.testing.assert_allclose(found[5], found[20] / (1 + model.boosts[1]), rtol=1e-6)
    assert np.isfinite(found[60]).all()  # a comedy, although nothing is known of its horror


def test_groups_of_features(data):
    """All but popularity, or those asked for."""
    described = movie_features(data)
    assert set(described.groups) == {"genres", "decade", "popularity"}

    def groups_of(**changed):
        model = Content.fit(data.interactions, described, ContentParameters(**changed))
        return set(model.feature_groups.tolist())

    assert groups_of() == {"genres", "decade"}
    assert groups_of(groups=("popularity", "genres")) == {"genres", "popularity"}
    with pytest.raises(InputError, match=r"content\.model\.groups: .*'actors'; accepted: genres"):
        groups_of(groups=("actors",))


def test_features_of_other_items(data):
    few = features_of([{"a"}, {"b"}])
    with pytest.raises(InputError, match="describe 2 items, the ratings have 5"):
        Content.fit(data.interactions, few, ContentParameters())
    model = Content.fit(data.interactions, movie_features(data), ContentParameters())
    with pytest.raises(InputError, match="describe 5 items, the ratings have 9"):
        model.extended(data.with_items(NEW).interactions, movie_features(data))


@pytest.mark.parametrize("described", [[set(), set()], [{"a"}, {"a"}]])
def test_features_that_tell_nothing_apart(described, caplog):
    """Data without genres and years can be run like any other."""
    model = fit([{0: 4.0, 1: 3.0}], described)
    assert "no feature tells items apart" in caplog.text
    assert np.isneginf(model.scores(matrix_of([{0: 4.0}, {}], 2))).all()


@pytest.mark.parametrize(
    "changed",
    [
        {"groups": ()},
        {"rating_weight": -0.1},
        {"popularity_weight": 1.1},
        {"popularity_weight": -0.1},
    ],
)
def test_parameters_out_of_range(changed):
    with pytest.raises(ValidationError):
        ContentParameters(**changed)
