"""What is linked to what, against sets; and which items paths start from."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.item_graph import PEOPLE, liked_or_all, per_item
from explainable_recsys.recommenders.meta_paths import MetaPathParameters, MetaPaths
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

WEIGHTS = {PEOPLE: 1.0, "genre": 0.5, "actor": 2.0, "director": 0.0}


def fit(data, links, liked_from=3.0, weights=WEIGHTS):
    entities = features_of(links, data.n_items)
    return MetaPaths.fit(data, entities, weights, MetaPathParameters(), Liking(liked_from))


def items_of(model, link):
    """Columns of the items that have a link."""
    return set(model.items_of_links[model.links == link].tolist())


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), liked_from=st.sampled_from([-math.inf, 3.0, math.nan, 9.0]))
def test_links_and_degrees_equal_loops(seed, liked_from):
    rng = np.random.default_rng(seed)
    data, links = interactions_of(random_rows(rng), N_ITEMS), random_links(rng)
    model = fit(data, links, liked_from)
    everything = all_links(data, links, liked_from)
    assert model.n_items == N_ITEMS
    assert [items_of(model, link) for link in range(len(everything))] == list(everything.values())
    names = [model.relation_names[relation] for relation in model.relations]
    assert names == [relation for relation, _ in everything]
    assert model.link_degrees.tolist() == [len(holders) for holders in everything.values()]
    of_items = [
        degree(everything, names[link], item)
        for item, link in zip(model.items_of_links.tolist(), model.links.tolist(), strict=True)
    ]
    assert model.item_degrees.tolist() == of_items


def test_names_weights_and_types():
    links = {("genre", "Horror"): {0, 1}, ("director", "Scott"): {0}, ("genre", "War"): {2}}
    data = interactions_of([{0: 5, 1: 4}, {2: 1}], 3)
    model = fit(data, links, weights={"director": 3.0, "genre": 2.0, PEOPLE: 1.0, "other": 9.0})
    assert model.relation_names.tolist() == [PEOPLE, "genre", "director"]
    assert model.relation_weights.tolist() == [1, 2, 3]
    assert model.relations.tolist() == [0, 0, 1, 2, 1]
    assert model.link_names.tolist() == ["", "", "Horror", "Scott", "War"]
    assert model.link_labels.tolist() == ["", "", "genre Horror", "director Scott", "genre War"]
    types = {name: array.dtype for name, array in model.to_arrays().items()}
    assert types["row_starts"] == np.int64
    assert types["links"] == types["relations"] == np.int32
    assert types["relation_weights"] == np.float64


def test_people_alone():
    data = interactions_of([{0: 5, 1: 4}, {1: 3}], 2)
    model = fit(data, {}, weights={PEOPLE: 1.0})
    assert model.relation_names.tolist() == [PEOPLE]
    assert model.link_degrees.tolist() == [2, 1]


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000), liked_from=st.sampled_from([-math.inf, 0.0, 3.0, math.nan, 9.0])
)
def test_paths_start_at_the_liked_items(seed, liked_from):
    rng = np.random.default_rng(seed)
    data = interactions_of(random_rows(rng), N_ITEMS)
    starts = fit(data, random_links(rng), liked_from).starts(data.ratings)
    assert starts.dtype == np.float32
    for user in range(data.n_users):
        liked = liked_of(history(data.ratings, user), liked_from)
        assert history(starts, user) == dict.fromkeys(liked, 1.0)


def test_liked_by_hand():
    """The second user likes nothing and the third has no ratings; a rating of 0 is one too."""
    rows = [{0: 3, 1: 2.5, 2: 5}, {0: 0, 2: 2}, {}, {1: 3}]
    found = liked_or_all(interactions_of(rows, 3).ratings, Liking(3.0))
    assert found.toarray().tolist() == [[1, 0, 1], [1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert found.nnz == 5


def test_the_mean_of_each_history_by_hand():
    """Means are 3.5, 1 (so all of that is liked) and 2.5; 2.5 itself is liked."""
    rows = [{0: 3, 1: 2.5, 2: 5}, {0: 1, 2: 1}, {}, {0: 1, 1: 2.5, 2: 4}]
    found = liked_or_all(interactions_of(rows, 3).ratings, Liking(math.nan))
    assert found.toarray().tolist() == [[0, 0, 1], [1, 0, 1], [0, 0, 0], [0, 1, 1]]


def test_rows_sum_to_one_per_item_by_hand():
    """But for the third, which is empty; what is given stays as it is."""
    liked = liked_or_all(interactions_of([{0: 3, 2: 5}, {1: 1}, {}], 3).ratings, Liking(3.0))
    found = per_item(liked)
    assert found.dtype == np.float32
    assert found.toarray().tolist() == [[0.5, 0, 0.5], [0, 1, 0], [0, 0, 0]]
    assert liked.data.tolist() == [1, 1, 1]


@pytest.mark.parametrize("liked_from", [-math.inf, 3.0, math.nan])
@pytest.mark.parametrize("n", [0, 2])
def test_nobody_likes_anything_in_empty_histories(n, liked_from):
    found = liked_or_all(sparse.csr_array((n, 4), dtype=np.float32), Liking(liked_from))
    assert found.shape == (n, 4)
    assert found.nnz == 0


def test_a_relation_without_weight_is_named():
    data = interactions_of([{0: 5}], 2)
    with pytest.raises(InputError, match=r"no weight of relation 'writer'; there are: .*genre"):
        fit(data, {("writer", "W"): {0}})


def test_a_graph_of_other_items():
    data = interactions_of([{0: 5}], 2)
    features = features_of({("genre", "Horror"): {0}}, 3)
    with pytest.raises(InputError, match="the graph has 3 items, the ratings have 2"):
        MetaPaths.fit(data, features, WEIGHTS, MetaPathParameters(), Liking())
