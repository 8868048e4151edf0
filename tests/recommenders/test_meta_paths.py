"""Scores against loops over all paths, and learned weights against the conditions of an optimum."""

import io
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import optimize, sparse

from explainable_recsys.interactions import padded_blocks
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders import base, meta_paths
from explainable_recsys.recommenders.base import AdditiveRecommender, load_recommender
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.meta_paths import (
    LearningParameters,
    MetaPathParameters,
    MetaPaths,
    fit_meta_paths,
    learn_weights,
    weigh_relations,
)
from tests.lists_of import data_of
from tests.recommenders.small_graph import (
    N_ITEMS,
    all_links,
    features_of,
    history,
    interactions_of,
    liked_of,
    paths_to,
    random_links,
    random_rows,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

LIKED_FROM = 3.0
WEIGHTS = {PEOPLE: 1.5, "genre": 0.25, "actor": 2.0, "director": 0.0}
EXPONENTS = st.sampled_from([0.0, 0.5, 1.0, 2.0])


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "source_exponent": 1.0,
        "hub_exponent": 1.0,
        "target_exponent": 0.0,
    }
    return MetaPathParameters(**(values | changed))


def case(seed=0):
    rng = np.random.default_rng(seed)
    data, links = interactions_of(random_rows(rng), N_ITEMS), random_links(rng)
    return data, links, interactions_of(random_rows(rng, 7), N_ITEMS).ratings


def fit(data, links, given_parameters, weights=WEIGHTS, liked_from=LIKED_FROM):
    entities, liking = features_of(links, data.n_items), Liking(liked_from)
    return MetaPaths.fit(data, entities, weights, given_parameters, liking)


def brute_force(data, links, given_parameters, histories, weights=WEIGHTS, liked_from=LIKED_FROM):
    """(n, n_items) sums over all paths, one at a time."""
    everything = all_links(data, links, liked_from)
    scores = np.zeros(histories.shape)
    for user, item in np.ndindex(*histories.shape):
        rated = history(histories, user)
        of = paths_to(everything, weights, given_parameters, rated, item, liked_from)
        scores[user, item] = math.fsum(path.weight for path in of)
    return scores


HAND_ROWS = [{0: 5, 1: 4}, {1: 3, 2: 5, 3: 1}]
HAND_LINKS = {
    ("director", "Scott"): {0, 2},
    ("genre", "Horror"): {0, 1, 2},
    ("genre", "War"): {1, 3},
}
HAND_WEIGHTS = {PEOPLE: 1.0, "director": 2.0, "genre": 3.0}


@pytest.mark.parametrize(
    ("exponents", "expected"),
    [
        # over the first person, Scott and Horror; the others have not all of these
        ((0, 0, 0), [1 + 2 + 3, 1 + 3, 2 + 3, 0]),
        ((0, 1, 0), [1 / 2 + 2 / 2 + 3 / 3, 1 / 2 + 3 / 3, 2 / 2 + 3 / 3, 0]),
        # item 1 is liked by two people and has two genres, item 0 one of each
        ((2, 0, 1), [1 + 2 + 3, 1 / 2 + 3 / 2, 2 + 3, 0]),
    ],
)
def test_scores_by_hand(exponents, expected):
    names = ("source_exponent", "hub_exponent", "target_exponent")
    given_parameters = parameters(**dict(zip(names, exponents, strict=True)))
    model = fit(interactions_of(HAND_ROWS, 4), HAND_LINKS, given_parameters, HAND_WEIGHTS)
    scores = model.scores(interactions_of([{0: 4, 3: 2}], 4).ratings)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [expected], rtol=1e-6)


def test_the_degree_of_the_start_by_hand():
    """From item 1 (two people, two genres) and item 3 (nobody liked it), added up."""
    given_parameters = parameters(source_exponent=1, hub_exponent=0)
    model = fit(interactions_of(HAND_ROWS, 4), HAND_LINKS, given_parameters, HAND_WEIGHTS)
    scores = model.scores(interactions_of([{1: 4, 3: 3}], 4).ratings)
    np.testing.assert_allclose(scores[0, 0], 1 / 2 + 3 / 2, rtol=1e-6)
    np.testing.assert_allclose(scores[0, 3], 3 / 2 + 3, rtol=1e-6)


def test_the_scores_of_liked_items_add_up():
    """They are not divided by how many there are."""
    data, links, _ = case()
    model = fit(data, links, parameters())
    rows = [{0: 5}, {4: 5}, {5: 5}, {0: 5, 4: 5, 5: 5}]
    *alone, together = model.scores(interactions_of(rows, N_ITEMS).ratings)
    assert all(scores.any() for scores in alone)
    np.testing.assert_allclose(together, sum(alone), rtol=1e-5)


@settings(max_examples=13, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    liked_from=st.sampled_from([-math.inf, 3.0, math.nan, 9.0]),
    source_exponent=EXPONENTS,
    hub_exponent=EXPONENTS,
    target_exponent=EXPONENTS,
)
def test_scores_and_contributions_equal_sums_over_paths(seed, liked_from, **changed):
    data, links, histories = case(seed)
    given_parameters = parameters(**changed)
    model = fit(data, links, given_parameters, liked_from=liked_from)
    expected = brute_force(data, links, given_parameters, histories, liked_from=liked_from)
    scores = model.scores(histories)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    everything = all_links(data, links, liked_from)
    items = np.tile(np.arange(N_ITEMS)[::-1], (histories.shape[0], 1))
    for block in padded_blocks(histories, cells=12):
        parts = model.contributions(block, items[block.rows])
        assert parts.dtype == np.float64
        assert parts.shape == (len(block.rows), N_ITEMS, block.columns.shape[1])
        assert not parts[np.broadcast_to(~block.filled[:, None, :], parts.shape)].any()
        sums = parts.sum(axis=2)[:, ::-1]
        np.testing.assert_allclose(sums, scores[block.rows], rtol=1e-5)
        for place, k, cell in np.ndindex(parts.shape):
            if block.filled[place, cell]:
                user = block.rows[place]
                rated, item = history(histories, user), items[user, k]
                paths = paths_to(everything, WEIGHTS, given_parameters, rated, item, liked_from)
                start = block.columns[place, cell]
                of_start = math.fsum(path.weight for path in paths if path.start == start)
                assert parts[place, k, cell] == pytest.approx(of_start, rel=1e-5)


def test_the_model_is_additive():
    assert isinstance(fit(*case()[:2], parameters()), AdditiveRecommender)


def test_an_item_that_is_not_liked_contributes_nothing():
    data, links, _ = case()
    model = fit(data, links, parameters())
    (block,) = padded_blocks(interactions_of([{0: 5, 3: 2.5, 4: 3}], N_ITEMS).ratings)
    parts = model.contributions(block, np.arange(N_ITEMS)[None, :])
    assert parts[:, :, [0, 2]].any(axis=1).all()
    assert not parts[:, :, 1].any()


def test_only_the_order_of_ratings_counts_and_no_scale():
    """Whoever likes nothing is judged by all that was rated, however low or strange the ratings."""
    data, links, _ = case()
    model = fit(data, links, parameters())
    rows = [{0: 1.0, 4: 2.0}, {0: -7.0, 4: 0.0}, {0: 90.0, 4: 100.0}, {0: 3.0, 4: 3.0}]
    scores = model.scores(interactions_of(rows, N_ITEMS).ratings)
    assert scores.any()
    for row in scores[1:]:
        np.testing.assert_array_equal(row, scores[0])


def test_the_strength_of_a_liking_does_not_count():
    data, links, _ = case()
    model = fit(data, links, parameters())
    rows = [{0: 3.0, 4: 5.0, 5: 1.0}, {0: 5.0, 4: 3.5, 5: 2.5}]
    scores = model.scores(interactions_of(rows, N_ITEMS).ratings)
    np.testing.assert_array_equal(scores[1], scores[0])


def test_empty_histories():
    data, links, _ = case()
    model = fit(data, links, parameters())
    empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    np.testing.assert_array_equal(model.scores(empty), np.zeros((2, N_ITEMS)))
    assert model.scores(empty[:0]).shape == (0, N_ITEMS)
    (block,) = padded_blocks(empty)
    assert model.contributions(block, np.zeros((2, 3), np.int64)).shape == (2, 3, 0)


def test_contributions_to_no_items():
    data, links, histories = case()
    block = next(padded_blocks(histories))
    nothing = np.zeros((len(block.rows), 0), np.int64)
    parts = fit(data, links, parameters()).contributions(block, nothing)
    assert parts.shape == (len(block.rows), 0, block.columns.shape[1])


@pytest.mark.parametrize("cells", [1, 45])
def test_users_in_blocks_get_the_same(cells, monkeypatch):
    data, links, histories = case()
    model = fit(data, links, parameters())
    at_once = model.scores(histories)
    block = next(padded_blocks(histories))
    wanted = np.tile(np.arange(N_ITEMS), (len(block.rows), 1))
    parts = model.contributions(block, wanted)
    monkeypatch.setattr(base, "BLOCK", cells)
    np.testing.assert_array_equal(model.scores(histories), at_once)
    np.testing.assert_array_equal(model.contributions(block, wanted), parts)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_permuting_users_and_items_permutes(seed):
    data, links, histories = case(seed)
    rng = np.random.default_rng(seed)
    model = fit(data, links, parameters())
    expected = model.scores(histories)
    users, items = rng.permutation(histories.shape[0]), rng.permutation(N_ITEMS)
    np.testing.assert_array_equal(model.scores(histories[users]), expected[users])
    place = np.argsort(items)
    people = rng.permutation(data.n_users)
    rows = [
        {int(place[item]): value for item, value in history(data.ratings, user).items()}
        for user in people
    ]
    moved = {name: {int(place[item]) for item in of} for name, of in links.items()}
    mixed = sparse.csr_array(histories[:, items])
    mixed.sort_indices()
    permuted = fit(interactions_of(rows, N_ITEMS), moved, parameters()).scores(mixed)
    np.testing.assert_allclose(permuted, expected[:, items], rtol=1e-5)


def test_what_is_given_stays_as_it_is():
    data, links, histories = case()
    before = data.ratings.copy(), histories.copy()
    model = fit(data, links, parameters())
    model.scores(histories)[:] = -np.inf
    for matrix, copy in zip((data.ratings, histories), before, strict=True):
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(matrix, name), getattr(copy, name))
    assert np.isfinite(model.scores(histories)).all()


@pytest.mark.parametrize("liked_from", [-math.inf, 3.5, math.nan])
def test_round_trip_through_a_file(liked_from):
    data, links, histories = case()
    model = fit(data, links, parameters(hub_exponent=0.3), liked_from=liked_from)
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_recommender(dict(stored))
    assert type(loaded) is MetaPaths
    assert loaded.parameters == model.parameters
    for held in (loaded, model):
        np.testing.assert_equal(held.liked_from, liked_from)
    np.testing.assert_array_equal(loaded.scores(histories), model.scores(histories))
    for name, array in model.to_arrays().items():
        assert loaded.to_arrays()[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.to_arrays()[name], array)


@pytest.mark.parametrize("name", ["source_exponent", "hub_exponent", "target_exponent"])
@pytest.mark.parametrize("value", [-0.1, 3.1, np.nan])
def test_exponents_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})


# Learned weights.


def learning(**changed):
    values = {"n_users": 100, "n_candidates": 100, "ridge": 0.01, "floor": 0.0, "seed": 0}
    return LearningParameters(**(values | changed))


def held_out_of(data, seed=0, share=0.3):
    """Some items that the users did not rate."""
    rng = np.random.default_rng(seed)
    rows = [
        (data.user_ids[user], data.item_ids[item])
        for user in range(data.n_users)
        for item in range(data.n_items)
        if item not in history(data.ratings, user) and rng.random() < share
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


def learn(data, links, held_out, given_learning, **changed):
    features = features_of(links, data.n_items)
    given_parameters = parameters(**changed)
    return learn_weights(
        data, features, held_out, given_parameters, given_learning, Liking(LIKED_FROM)
    )


def loss_of(data, relation_scores, held_out, strengths, ridge):
    """Mean over users of -log softmax of the held-out items among the unrated, and the penalty."""
    scores = sum(part * strength for part, strength in zip(relation_scores, strengths, strict=True))
    losses = []
    for user, group in held_out.groupby("user_id"):
        row = int(user) - 1
        unrated = [item for item in range(N_ITEMS) if item not in history(data.ratings, row)]
        total = math.log(math.fsum(math.exp(scores[row, item]) for item in unrated))
        losses.append(-np.mean([scores[row, item - 100] - total for item in group["item_id"]]))
    return np.mean(losses) + ridge * sum(strength**2 for strength in strengths)


@pytest.mark.parametrize("seed", range(6))
def test_strengths_are_an_optimum_of_the_loss(seed):
    """All slopes are 0, by finite differences, or upwards where the strength is 0.

    What a relation says of an item is divided by the number of liked items here.
    """
    data, links, _ = case(seed)
    held_out = held_out_of(data, seed)
    table = learn(data, links, held_out, learning())
    strengths = table["strength"].to_numpy()
    assert (strengths >= 0).all()
    with_some = np.isin(data.user_ids, held_out["user_id"])
    none = dict.fromkeys(table["relation"], 0.0)
    likes = [liked_of(history(data.ratings, user), 3.0) for user in range(data.n_users)]
    n_liked = np.array([[max(1, len(liked))] for liked in likes])
    parts = [
        brute_force(data, links, parameters(), data.ratings, none | {relation: 1.0}) / n_liked
        for relation in table["relation"]
    ]
    spreads = [part[with_some].std() for part in parts]
    np.testing.assert_allclose(table["weight"], strengths / spreads, rtol=1e-4)
    scaled = [part / spread for part, spread in zip(parts, spreads, strict=True)]
    for place in range(len(strengths)):
        step = np.eye(len(strengths))[place] * 1e-4
        up = loss_of(data, scaled, held_out, strengths + step, 0.01)
        down = loss_of(data, scaled, held_out, strengths - step, 0.01)
        slope = (up - down) / 2e-4
        if strengths[place] > 1e-6:
            assert slope == pytest.approx(0, abs=1e-3)
        else:
            assert slope > -1e-3


@pytest.mark.parametrize("liked_from", [-math.inf, 3.0, math.nan])
def test_what_is_liked_in_the_data_decides(liked_from):
    """Of weights and of the model; histories of weights are the training ratings."""
    interactions, links, histories = case()
    data, features = data_of(interactions, liked_from=liked_from), features_of(links, N_ITEMS)
    held_out, liking = held_out_of(interactions), Liking(liked_from)
    coordinates = interactions.ratings.tocoo()
    train = pd.DataFrame(
        {
            "user_id": interactions.user_ids[coordinates.row],
            "item_id": interactions.item_ids[coordinates.col],
            "rating": coordinates.data,
        }
    )
    table = weigh_relations(data, train, held_out, features, parameters(), learning())
    known = interactions.histories(train)
    expected = learn_weights(known, features, held_out, parameters(), learning(), liking)
    pd.testing.assert_frame_equal(table, expected)
    model = fit_meta_paths(data, features, table, parameters())
    weights = dict(zip(table["relation"], table["weight"], strict=True))
    scores = brute_force(interactions, links, parameters(), histories, weights, liked_from)
    np.testing.assert_allclose(model.scores(histories), scores, rtol=1e-5)


def test_a_known_optimum():
    """One user, one relation that says 1 of the held-out item and 0 of the other: by bisection."""
    parts = np.array([[[1.0], [0.0]]])
    wanted, open_to = np.array([[True, False]]), np.ones((1, 2), bool)
    found = meta_paths._softmax_regression(parts, wanted, open_to, 0.05)
    expected = optimize.brentq(lambda weight: 0.1 * weight - 1 / (1 + math.exp(weight)), 0, 10)
    assert found == pytest.approx([expected], rel=1e-4)


def test_what_misleads_gets_nothing():
    parts = np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 5.0]]])
    wanted, open_to = np.array([[True, False, False]]), np.ones((1, 3), bool)
    found = meta_paths._softmax_regression(parts, wanted, open_to, 0.05)
    assert found[0] > 0.5
    assert found[1] == 0
    closed = np.array([[True, True, False]])
    assert meta_paths._softmax_regression(parts, wanted, closed, 0.05)[1] == 0


def told_by(relation, n=30):
    """Who likes item 2k has item 2k + 1 held out; only one relation links the two."""
    rng = np.random.default_rng(1)
    rows = [{2 * user: 5.0} for user in range(n)]
    links = {(relation, f"t{user}"): {2 * user, 2 * user + 1} for user in range(n)}
    for name in range(20):
        links["noise", f"n{name}"] = set(rng.permutation(2 * n)[:9].tolist())
    held_out = pd.DataFrame({"user_id": np.arange(n) + 1, "item_id": 101 + 2 * np.arange(n)})
    return interactions_of(rows, 2 * n), links, held_out


def test_a_relation_that_says_everything_gets_the_weight():
    data, links, held_out = told_by("twin")
    strengths = learn(data, links, held_out, learning()).set_index("relation")["strength"]
    assert strengths["twin"] > 10 * strengths["noise"]
    assert strengths["twin"] > 0.2
    model = fit(data, links, parameters(), strengths)
    best = np.where(data.ratings.toarray() > 0, -1, model.scores(data.ratings)).argmax(axis=1)
    assert (best + 100).tolist() == held_out["item_id"].tolist()


def test_the_table_of_weights():
    data, links, _ = case()
    table = learn(data, links, held_out_of(data), learning(floor=0.1))
    assert table.columns.tolist() == ["relation", "weight", "strength", "n_links", "n_items"]
    assert table["relation"].tolist() == [PEOPLE, "genre", "actor", "director"]
    everything = all_links(data, links, 3.0)
    for row in table.itertuples():
        of = [holders for (relation, _), holders in everything.items() if relation == row.relation]
        assert row.n_links == len(of)
        assert row.n_items == len(set().union(*of))


def test_no_relation_gets_less_than_the_floor():
    data, links, held_out = told_by("twin")
    free = learn(data, links, held_out, learning())
    floored = learn(data, links, held_out, learning(floor=0.25))
    expected = np.maximum(free["strength"], 0.25)
    np.testing.assert_array_equal(floored["strength"], expected)
    assert (free["strength"] < 0.25).any()
    spread = free["strength"] / free["weight"]
    known = free["weight"] > 0
    np.testing.assert_allclose((floored["strength"] / floored["weight"])[known], spread[known])


def test_a_relation_that_reaches_no_candidate_is_worth_little():
    """Its spread is 0, so the floor per standard deviation would be infinite."""
    data, links, held_out = told_by("twin")
    links["rare", "r"] = {1, 3}
    table = learn(data, links, held_out, learning(floor=0.02)).set_index("relation")
    assert table.loc["rare", "strength"] == pytest.approx(0.02, abs=1e-3)
    assert table.loc["rare", "weight"] == pytest.approx(0.02, abs=1e-3)
    assert table.loc["rare", "weight"] < table.loc["twin", "weight"]


def nothing_held_out(data):
    return held_out_of(data)[:0]


def only_unknown(data):
    return pd.DataFrame({"user_id": [999, data.user_ids[0]], "item_id": [data.item_ids[0], 999]})


@pytest.mark.parametrize("make", [nothing_held_out, only_unknown])
def test_without_held_out_ratings_all_weights_are_one(make):
    data, links, _ = case()
    table = learn(data, links, make(data), learning(floor=3.0))
    assert table["weight"].tolist() == table["strength"].tolist() == [1.0] * 4


def test_unknown_held_out_users_and_items_do_not_count():
    data, links, _ = case()
    held_out = held_out_of(data)
    unknown = pd.DataFrame({"user_id": [999, 1, 998], "item_id": [100, 999, 999]})
    expected = learn(data, links, held_out, learning())
    found = learn(data, links, pd.concat([unknown, held_out]), learning())
    pd.testing.assert_frame_equal(found, expected)


def test_the_order_of_held_out_ratings_does_not_count():
    data, links, _ = case()
    held_out = held_out_of(data)
    expected = learn(data, links, held_out, learning())
    shuffled = held_out.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(learn(data, links, shuffled, learning()), expected)


def test_fewer_users_are_sampled():
    data, links, _ = case()
    held_out = held_out_of(data)
    found = learn(data, links, held_out, learning(n_users=2))["strength"]
    of_pairs = [
        learn(data, links, held_out[held_out["user_id"].isin(pair)], learning())["strength"]
        for pair in itertools.combinations(held_out["user_id"].unique(), 2)
    ]
    same = [np.array_equal(found, of_pair) for of_pair in of_pairs]
    assert any(same)
    assert not all(same)


def test_fewer_candidates_are_sampled():
    """The held-out items always are candidates, the others as far as there is room."""
    data, links, _ = case()
    held_out = held_out_of(data)
    held_out = held_out[held_out["item_id"].isin(held_out["item_id"].unique()[:3])]
    few, some, many = (
        learn(data, links, held_out, learning(n_candidates=n)) for n in (1, 3, N_ITEMS)
    )
    pd.testing.assert_frame_equal(few, some)
    assert not np.allclose(some["strength"], many["strength"])
    pd.testing.assert_frame_equal(many, learn(data, links, held_out, learning()))


def test_the_same_seed_gives_the_same_bytes():
    data, links, _ = case()
    held_out = held_out_of(data)
    sampled = [learning(n_users=3, n_candidates=7, seed=seed) for seed in (0, 0, 1, 2, 3)]
    weights = [learn(data, links, held_out, given)["weight"] for given in sampled]
    assert weights[0].to_numpy().tobytes() == weights[1].to_numpy().tobytes()
    assert any(not np.array_equal(weights[0], other) for other in weights[2:])


def test_a_rating_of_zero_is_one_too():
    """An item rated 0 is not open to be recommended, so its score does not count."""
    data, links, _ = case()
    liked = [liked_of(history(data.ratings, user), 3.0) for user in range(data.n_users)]
    low, high = (
        interactions_of([dict.fromkeys(items, rating) for items in liked], N_ITEMS)
        for rating in (0.0, 5.0)
    )
    held_out = held_out_of(high)
    expected = learn(high, links, held_out, learning())
    pd.testing.assert_frame_equal(learn(low, links, held_out, learning()), expected)
