"""The walk against dense matrices of probabilities, and by hand."""

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.recommenders import base
from explainable_recsys.recommenders.base import load_recommender
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.random_walk import RandomWalk, RandomWalkParameters
from tests.lists_of import data_of
from tests.recommenders.small_graph import (
    N_ITEMS,
    all_links,
    degree,
    features_of,
    history,
    interactions_of,
    liked_of,
    random_links,
    random_rows,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


LIKED_FROM = 3.0


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "restart": 0.4,
        "n_hops": 2,
        "people": 0.7,
        "popularity_exponent": 0.0,
    }
    return RandomWalkParameters(**(values | changed))


def case(seed=0):
    rng = np.random.default_rng(seed)
    data, links = interactions_of(random_rows(rng), N_ITEMS), random_links(rng)
    return data, links, interactions_of(random_rows(rng, 7), N_ITEMS).ratings


def fit(data, links, given_parameters, liked_from=LIKED_FROM):
    known = data_of(data, liked_from=liked_from)
    return RandomWalk.fit(known, features_of(links, data.n_items), given_parameters)


def steps_of(everything, given_parameters):
    """(n_items, n_items) probability to go from one item over any entity to another."""
    relations = list(dict.fromkeys(relation for relation, _ in everything))
    shares = dict.fromkeys(relations, (1 - given_parameters.people) / 3)
    shares[PEOPLE] = given_parameters.people
    steps = np.zeros((N_ITEMS, N_ITEMS))
    for start in range(N_ITEMS):
        n_links = {relation: degree(everything, relation, start) for relation in relations}
        total = sum(shares[relation] for relation in relations if n_links[relation])
        for (relation, _), holders in everything.items():
            if start in holders and total:
                go = shares[relation] / total / n_links[relation]
                steps[start, sorted(holders)] += go / len(holders)
    return steps


def brute_force(data, links, given_parameters, histories, liked_from):
    """(n, n_items) sums over the hops."""
    steps = steps_of(all_links(data, links, liked_from), given_parameters)
    likes = [liked_of(history(data.ratings, u), liked_from) for u in range(10)]
    n_people = np.array([sum(item in of for of in likes) for item in range(N_ITEMS)])
    scores = np.zeros(histories.shape)
    for user in range(len(scores)):
        liked = liked_of(history(histories, user), liked_from)
        here = np.isin(np.arange(N_ITEMS), liked) / max(1, len(liked))
        for _ in range(given_parameters.n_hops):
            here = (1 - given_parameters.restart) * here @ steps
            scores[user] += here
    return scores / np.maximum(n_people, 1) ** given_parameters.popularity_exponent


@settings(max_examples=13, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    liked_from=st.sampled_from([-math.inf, 3.0, math.nan, 9.0]),
    restart=st.sampled_from([0.1, 0.5, 0.9]),
    n_hops=st.integers(1, 4),
    people=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    popularity_exponent=st.sampled_from([0.0, 0.5, 2.0]),
)
def test_scores_equal_dense_probabilities(seed, liked_from, **changed):
    data, links, histories = case(seed)
    given_parameters = parameters(**changed)
    scores = fit(data, links, given_parameters, liked_from).scores(histories)
    assert scores.dtype == np.float32
    expected = brute_force(data, links, given_parameters, histories, liked_from)
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-9)


def test_by_hand():
    """From item 0 by 3/4 over its one person to 0 or 1, by 1/4 over Scott to 0 or 2."""
    data = interactions_of([{0: 5, 1: 4}, {1: 3, 2: 5}], 3)
    links = {("director", "Scott"): {0, 2}}
    given_parameters = parameters(people=0.75, restart=0.5, n_hops=1)
    scores = fit(data, links, given_parameters).scores(interactions_of([{0: 3}], 3).ratings)
    np.testing.assert_allclose(scores, [[1 / 4, 3 / 16, 1 / 16]], rtol=1e-6)
    damped = fit(data, links, given_parameters.model_copy(update={"popularity_exponent": 1.0}))
    scores = damped.scores(interactions_of([{0: 3}], 3).ratings)
    np.testing.assert_allclose(scores, [[1 / 4, 3 / 32, 1 / 16]], rtol=1e-6)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_hop_over_people_is_the_walk_of_three_steps(seed):
    """P3 of Cooper et al. 2014, times the probability not to start again."""
    data, links, histories = case(seed)
    model = fit(data, links, parameters(n_hops=1, people=1.0, restart=0.4))
    likes = np.zeros((data.n_users, N_ITEMS))
    for user in range(data.n_users):
        likes[user, liked_of(history(data.ratings, user), 3.0)] = 1
    to_people = likes.T / np.maximum(likes.sum(axis=0), 1)[:, None]
    to_items = likes / np.maximum(likes.sum(axis=1), 1)[:, None]
    liked = model.starts(histories).toarray()
    starts = liked / np.maximum(liked.sum(axis=1), 1)[:, None]
    expected = 0.6 * starts @ to_people @ to_items
    np.testing.assert_allclose(model.scores(histories), expected, rtol=1e-5, atol=1e-9)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), people=st.sampled_from([0.0, 0.5, 1.0]))
def test_no_probability_is_made_and_none_lost(seed, people):
    """Every item has the genre of all, so nothing is lost unless people are all that counts."""
    data, links, histories = case(seed)
    sums = fit(data, links, parameters(people=people, n_hops=3)).scores(histories).sum(axis=1)
    all_of_it = 0.6 + 0.6**2 + 0.6**3
    assert (sums <= all_of_it + 1e-5).all()
    if people < 1:
        some = np.diff(histories.indptr) > 0
        np.testing.assert_allclose(sums[some], all_of_it, rtol=1e-5)
    half = fit(data, links, parameters(people=people, restart=0.5, n_hops=30)).scores(histories)
    assert (half.sum(axis=1) <= 1 + 1e-5).all()


@pytest.mark.parametrize("people", [0.0, 0.3, 1.0])
def test_without_entities_all_steps_are_over_people(people):
    data, _, histories = case()
    scores = fit(data, {}, parameters(people=people)).scores(histories)
    if people:
        expected = fit(data, {}, parameters(people=1.0)).scores(histories)
        np.testing.assert_allclose(scores, expected, rtol=1e-6)
    else:
        assert not scores.any()


@pytest.mark.parametrize(("liked_from", "starts"), [(3.0, [0, 4]), (math.nan, [4])])
def test_who_likes_nothing_starts_from_all(liked_from, starts):
    """Nothing is rated 3 or more; but one of the two is above the mean of both."""
    data, links, _ = case()
    model = fit(data, links, parameters(), liked_from)
    low, high = (
        interactions_of([row], N_ITEMS).ratings
        for row in ({0: 1.0, 4: 2.0}, dict.fromkeys(starts, 5.0))
    )
    assert model.scores(low).any()
    np.testing.assert_array_equal(model.scores(low), model.scores(high))


def test_empty_histories():
    data, links, _ = case()
    model = fit(data, links, parameters())
    empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    np.testing.assert_array_equal(model.scores(empty), np.zeros((2, N_ITEMS)))
    assert model.scores(empty[:0]).shape == (0, N_ITEMS)


@pytest.mark.parametrize("cells", [1, 45])
def test_users_in_blocks_get_the_same(cells, monkeypatch):
    data, links, histories = case()
    model = fit(data, links, parameters(popularity_exponent=0.5))
    at_once = model.scores(histories)
    monkeypatch.setattr(base, "BLOCK", cells)
    np.testing.assert_array_equal(model.scores(histories), at_once)


def test_permuting_users_permutes():
    data, links, histories = case()
    model = fit(data, links, parameters())
    order = np.random.default_rng(0).permutation(histories.shape[0])
    np.testing.assert_array_equal(model.scores(histories[order]), model.scores(histories)[order])


def test_round_trip_through_a_file():
    data, links, histories = case()
    model = fit(data, links, parameters(popularity_exponent=0.5))
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_recommender(dict(stored))
    assert type(loaded) is RandomWalk
    assert loaded.parameters == model.parameters
    np.testing.assert_array_equal(loaded.scores(histories), model.scores(histories))


def test_a_graph_of_other_items():
    data, links, _ = case()
    with pytest.raises(InputError, match="the graph has 12 items, the ratings have 9"):
        RandomWalk.fit(data_of(data), features_of(links, 12), parameters())


@pytest.mark.parametrize(
    ("name", "value"),
    [("restart", 0), ("restart", 1), ("n_hops", 0), ("people", 1.1), ("popularity_exponent", -1)],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})
