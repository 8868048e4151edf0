"""Paths by hand, and against all paths of a small graph, one at a time."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from explainable_recsys.errors import InputError
from explainable_recsys.explainers import paths as module
from explainable_recsys.explainers.paths import (
    PATH_COLUMNS,
    PathParameters,
    explain_by_paths,
    link_texts,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.meta_paths import MetaPathParameters, MetaPaths
from tests.lists_of import assert_is_evidence, data_of, items_of, lists_of
from tests.recommenders.small_graph import (
    N_ITEMS,
    all_links,
    features_of,
    history,
    interactions_of,
    paths_to,
    random_links,
    random_rows,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

LIKED_FROM = 3.0
WEIGHTS = {PEOPLE: 0.5, "genre": 0.25, "actor": 1.0, "director": 2.0}
EXACT = MetaPathParameters(source_exponent=0, hub_exponent=0, target_exponent=0)
"""All weights are multiples of the smallest, so ties are frequent and exact."""
EVERYTHING = PathParameters(n_paths=10_000, max_per_relation=10_000, max_share=1.0, min_people=1)


def model_of(data, links, weights=WEIGHTS, parameters=EXACT, liked_from=LIKED_FROM):
    entities = features_of(links, data.n_items)
    return MetaPaths.fit(data, entities, weights, parameters, Liking(liked_from))


def explain(model, histories, recommendations, parameters, items=None):
    data = data_of(histories, items, model.liked_from)
    found = explain_by_paths(model, data, lists_of(histories, recommendations), parameters)
    return found.evidence, found.details["paths"]


def lists(rows):
    """(user_id, item_id) in the order of the lists."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id"]).astype("int64")
    return table.assign(rank=table.groupby("user_id").cumcount() + 1)


# By hand: three items of Scott, four of horror; two people liked 100 and 103.

DATA = interactions_of([{0: 5, 1: 4, 3: 4}, {0: 3, 3: 5}, {4: 4}], 6)
LINKS = {
    ("director", "Scott"): {0, 1, 3},
    ("genre", "Horror"): {0, 1, 3, 4},
    ("genre", "War"): {2, 5},
}
USERS = interactions_of([{0: 5, 1: 3, 4: 1}, {2: 4}, {}, {5: 1}], 6)
BY_HAND = PathParameters(n_paths=9, max_per_relation=9, max_share=1.0, min_people=1)


def explain_by_hand(recommendations, parameters=BY_HAND, weights=WEIGHTS):
    model = model_of(DATA, LINKS, weights)
    return explain(model, USERS, recommendations, parameters)


def test_by_hand():
    """From 100 and 101; 104 is rated too, but not liked."""
    explanations, paths = explain_by_hand(lists([(1, 103), (1, 105), (2, 105)]))
    assert paths.columns.tolist() == PATH_COLUMNS
    people = "liked by the same"
    expected = [
        (1, 103, 1, 100, "director", "Scott", "same director: Scott", 3, 2.0),
        (1, 103, 2, 101, "director", "Scott", "same director: Scott", 3, 2.0),
        (1, 103, 3, 100, PEOPLE, "", f"{people} 2 people", 2, 1.0),
        (1, 103, 4, 101, PEOPLE, "", f"{people} person", 1, 0.5),
        (1, 103, 5, 100, "genre", "Horror", "same genre: Horror", 4, 0.25),
        (1, 103, 6, 101, "genre", "Horror", "same genre: Horror", 4, 0.25),
        (2, 105, 1, 102, "genre", "War", "same genre: War", 2, 0.25),
    ]
    assert list(paths.itertuples(index=False, name=None)) == expected
    assert_is_evidence(explanations)
    assert explanations["rated_item_id"].tolist() == [row[3] for row in expected]
    assert explanations["evidence"].tolist()[2:4] == [
        "Title 100 → liked by the same 2 people",
        "Title 101 → liked by the same person",
    ]


def test_types_of_the_tables():
    explanations, paths = explain_by_hand(lists([(1, 103)]))
    assert_is_evidence(explanations)
    assert isinstance(paths.index, pd.RangeIndex)
    assert paths.dtypes.astype(str).to_dict() == {
        "user_id": "int64",
        "item_id": "int64",
        "position": "int32",
        "from_item": "int64",
        "relation": "category",
        "entity": "category",
        "label": "category",
        "n_sharing": "int32",
        "weight": "float32",
    }


def test_by_default_no_path_is_shown_over_a_decade_alone():
    """Nor over fewer than five people."""
    links = LINKS | {("decade", "1970"): {0, 1, 3}}
    model = model_of(DATA, links, WEIGHTS | {"decade": 8.0})
    for hidden, relations in ((PathParameters().hidden, ["director"]), ((), ["decade"])):
        parameters = PathParameters(n_paths=1, max_share=1.0, hidden=hidden)
        _, paths = explain(model, USERS, lists([(1, 103)]), parameters)
        assert paths["relation"].tolist() == relations
    _, paths = explain_by_hand(lists([(1, 103)]), PathParameters(max_share=1.0))
    assert PEOPLE not in set(paths["relation"])


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"n_paths": 3}, [0, 1, 2]),
        ({"max_per_relation": 1}, [0, 2, 4]),
        ({"max_per_relation": 1, "n_paths": 2}, [0, 2]),
        ({"max_share": 0.65}, [0, 1, 2, 3]),
        ({"max_share": 0.5}, [0, 1, 2, 3]),
        ({"max_share": 0.49}, [2, 3]),
        ({"min_people": 2}, [0, 1, 2, 4, 5]),
        ({"min_people": 3}, [0, 1, 4, 5]),
        ({"min_people": 3, "n_paths": 3}, [0, 1, 4]),
        ({"hidden": ("genre",)}, [0, 1, 2, 3]),
        ({"hidden": ("genre", "director")}, [2, 3]),
        ({"hidden": ("director",), "n_paths": 3}, [2, 3, 4]),  # others take their places
        ({"hidden": ("decade",)}, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_what_is_shown(changed, places):
    """Scott has half of the six items, horror two thirds."""
    every = explain_by_hand(lists([(1, 103)]))[1]
    _, paths = explain_by_hand(lists([(1, 103)]), BY_HAND.model_copy(update=changed))
    shown = ["from_item", "relation", "entity", "n_sharing", "weight"]
    expected = every.iloc[places][shown].astype({"relation": "str", "entity": "str"})
    found = paths[shown].astype({"relation": "str", "entity": "str"})
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))
    assert paths["position"].tolist() == list(range(1, len(places) + 1))


def test_what_two_items_share_is_never_too_common():
    _, paths = explain_by_hand(lists([(2, 105)]), PathParameters(max_share=1e-6))
    assert paths["entity"].tolist() == ["War"]


def test_a_relation_without_weight_has_no_paths():
    weights = WEIGHTS | {PEOPLE: 0.0, "director": 0.0}
    _, paths = explain_by_hand(lists([(1, 103)]), weights=weights)
    assert paths["relation"].tolist() == ["genre", "genre"]


def test_only_paths_over_people():
    explanations, paths = explain(
        model_of(DATA, {}, {PEOPLE: 1.0}), USERS, lists([(1, 103)]), BY_HAND
    )
    assert paths["relation"].tolist() == [PEOPLE, PEOPLE]
    assert paths["entity"].tolist() == ["", ""]
    assert explanations["weight"].tolist() == [2.0, 1.0]


@pytest.mark.parametrize("rows", [[], [(3, 103)], [(2, 103)]])
def test_nothing_to_explain(rows):
    """No recommendations, a user without a history, and a recommendation no path leads to."""
    explanations, paths = explain_by_hand(lists(rows))
    full = explain_by_hand(lists([(1, 103)]))
    for found, expected in zip((explanations, paths), full, strict=True):
        assert found.columns.tolist() == expected.columns.tolist()
        assert len(found) == 0
        numbers = expected.dtypes.astype(str) != "category"
        pd.testing.assert_series_equal(found.dtypes[numbers], expected.dtypes[numbers])


def test_who_likes_nothing_gets_no_explanation_although_there_is_a_score():
    """What was rated ★1 is no reason, although the model starts from it."""
    assert model_of(DATA, LINKS).scores(USERS.ratings)[3, 2] > 0
    evidence, paths = explain_by_hand(lists([(4, 102)]))
    assert evidence.empty
    assert paths.empty


@pytest.mark.parametrize(("user", "item"), [(1, 999), (9, 103)])
def test_recommendation_of_another_run(user, item):
    with pytest.raises(InputError, match=r"(user|item)_id \d+ is not among the interactions"):
        explain_by_hand(lists([(user, item)]))


def test_an_item_without_title_is_named():
    items = items_of(USERS).query("item_id != 100")
    with pytest.raises(InputError, match="no item 100"):
        explain(model_of(DATA, LINKS), USERS, lists([(1, 103)]), BY_HAND, items)


# Against all paths.

SEED = 0
LIMITED = PathParameters(n_paths=5, max_per_relation=2, max_share=1.0, min_people=1)


def case(seed):
    """Training data, links, other people's histories, and recommendations for some of them."""
    rng = np.random.default_rng(seed)
    data, links = interactions_of(random_rows(rng), N_ITEMS), random_links(rng)
    histories = interactions_of(random_rows(rng, 7), N_ITEMS)
    rows = [
        (user + 1, item + 100)
        for user in range(7)
        for item in rng.permutation(N_ITEMS).tolist()
        if item not in history(histories.ratings, user) and user % 3 and rng.random() < 0.6
    ]
    return data, links, histories, lists(rows)


def all_rows(data, links, histories, user, item, weights, given_model, liked_from=LIKED_FROM):
    """(start, relation, entity, n_sharing, weight) of all paths, people together; best first.

    There are none of those who like nothing.
    """
    everything = all_links(data, links, liked_from)
    places = {name: place for place, name in enumerate(everything)}
    rated = history(histories.ratings, user)
    found = []
    if liked_from is not None and max(rated.values(), default=0.0) < liked_from:
        return found
    paths = paths_to(everything, weights, given_model, rated, item, liked_from)
    for start in range(N_ITEMS):
        over_people = [path for path in paths if path[:2] == (start, PEOPLE)]
        if over_people:
            total = math.fsum(path.weight for path in over_people)
            found.append((start, PEOPLE, "", len(over_people), total, -1))
    for path in paths:
        if path.relation != PEOPLE:
            key = path.relation, path.entity
            found.append((*path[:3], len(everything[key]), path.weight, places[key]))
    return sorted(found, key=lambda row: (-row[4], row[0], row[5]))


def chosen_of(rows, parameters):
    """Those that are shown."""
    shown = []
    for row in rows:
        of_relation = sum(row[1] == other[1] for other in shown)
        common = row[1] != PEOPLE and row[3] > max(2, parameters.max_share * N_ITEMS)
        few = row[1] == PEOPLE and row[3] < parameters.min_people
        open_to_more = of_relation < parameters.max_per_relation
        told = row[1] not in parameters.hidden and not common and not few
        if row[4] > 0 and told and open_to_more:
            shown.append(row)
    return shown[: parameters.n_paths]


LIMITS = st.builds(
    PathParameters,
    n_paths=st.integers(1, 8),
    max_per_relation=st.integers(1, 4),
    max_share=st.sampled_from([0.1, 0.4, 1.0]),
    min_people=st.integers(1, 4),
    hidden=st.sampled_from([(), ("genre",), ("decade", "actor")]),
)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), parameters=LIMITS)
def test_the_best_of_all_paths_are_shown(seed, parameters):
    """With many ties; half the weight of people and no degrees, so that all sums are exact."""
    data, links, histories, made = case(seed)
    model = model_of(data, links)
    _, paths = explain(model, histories, made, parameters)
    expected = []
    for user, item in made[["user_id", "item_id"]].itertuples(index=False):
        rows = all_rows(data, links, histories, user - 1, item - 100, WEIGHTS, EXACT)
        shown = chosen_of([(*row[:4], np.float32(row[4]), row[5]) for row in rows], parameters)
        expected += [
            (user, item, place, row[0] + 100, *row[1:5]) for place, row in enumerate(shown, 1)
        ]
    found = paths.drop(columns="label").itertuples(index=False, name=None)
    assert list(found) == [(*row[:-1], pytest.approx(row[-1], rel=1e-6)) for row in expected]


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    parameters=LIMITS,
    liked_from=st.sampled_from([None, 3.0]),
    exponents=st.tuples(*[st.sampled_from([0.0, 0.5, 1.3])] * 3),
)
def test_the_best_of_all_paths_are_shown_whatever_the_degrees(
    seed, parameters, liked_from, exponents
):
    data, links, histories, made = case(seed)
    names = ("source_exponent", "hub_exponent", "target_exponent")
    powers = dict(zip(names, exponents, strict=True))
    given_model = MetaPathParameters(**powers)
    weights = WEIGHTS | {"director": 0.0}
    model = model_of(data, links, weights, given_model, -math.inf if liked_from is None else 3.0)
    explanations, paths = explain(model, histories, made, parameters)
    pd.testing.assert_series_equal(explanations["weight"], paths["weight"])
    by_pair = dict(list(paths.groupby(["user_id", "item_id"])))
    for user, item in made[["user_id", "item_id"]].itertuples(index=False):
        given_ = (data, links, histories, user - 1, item - 100, weights, given_model, liked_from)
        rows = all_rows(*given_)
        found = by_pair.get((user, item), paths[:0])
        shown = chosen_of(rows, parameters)
        np.testing.assert_allclose(found["weight"], [row[4] for row in shown], rtol=1e-5)
        known = {row[:3]: row[3:5] for row in rows}
        for path in found.itertuples():
            n_sharing, weight = known.pop((path.from_item - 100, path.relation, path.entity))
            assert path.n_sharing == n_sharing
            assert path.weight == pytest.approx(weight, rel=1e-5)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_all_paths_of_who_likes_something_sum_to_the_score(seed):
    data, links, histories, made = case(seed)
    likes = [max(history(histories.ratings, user).values(), default=0) >= 3 for user in range(7)]
    model = model_of(data, links, parameters=MetaPathParameters())
    explanations, _ = explain(model, histories, made, EVERYTHING)
    sums = explanations.groupby(["user_id", "item_id"])["weight"].sum()
    scores = model.scores(histories.ratings)
    for user, item in made[["user_id", "item_id"]].itertuples(index=False):
        expected = scores[user - 1, item - 100] if likes[user - 1] else 0.0
        assert sums.get((user, item), 0.0) == pytest.approx(expected, rel=1e-5)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_path_starts_at_a_liked_item(seed):
    data, links, histories, made = case(seed)
    model = model_of(data, links)
    explanations, paths = explain(model, histories, made, EVERYTHING)
    assert explanations["rated_item_id"].tolist() == paths["from_item"].tolist()
    assert explanations["evidence_id"].tolist() == paths["from_item"].astype(str).tolist()
    assert explanations["group"].equals(paths["position"])
    assert explanations["position"].equals(paths["position"])
    for user, evidence in explanations[["user_id", "rated_item_id"]].itertuples(index=False):
        assert history(histories.ratings, user - 1)[evidence - 100] >= LIKED_FROM


@pytest.mark.parametrize("cells", [1, 30, 200])
def test_small_blocks_give_the_same(cells, monkeypatch):
    data, links, histories, made = case(SEED)
    given_ = (model_of(data, links, parameters=MetaPathParameters()), histories, made)
    expected = explain(*given_, LIMITED)
    assert len(expected[0]) > 20
    monkeypatch.setattr(module, "PATHS_AT_ONCE", cells)
    for found, table in zip(explain(*given_, LIMITED), expected, strict=True):
        pd.testing.assert_frame_equal(found, table)


def test_the_order_of_the_tables_does_not_matter():
    data, links, histories, made = case(SEED)
    model, items = model_of(data, links), items_of(histories)
    expected = explain(model, histories, made, LIMITED, items)
    mixed = made.sample(frac=1, random_state=0), items.sample(frac=1, random_state=1)
    before = [table.copy() for table in mixed]
    found = explain(model, histories, mixed[0], LIMITED, mixed[1])
    for table, other in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(table.astype({"user_id": "int64"}), other)
    for table, other in zip(mixed, before, strict=True):
        pd.testing.assert_frame_equal(table, other)


def test_recommendations_of_some_users_only():
    data, links, histories, made = case(SEED)
    model = model_of(data, links)
    _, every = explain(model, histories, made, LIMITED)
    for user in made["user_id"].unique():
        _, alone = explain(model, histories, made[made["user_id"] == user], LIMITED)
        as_text = {"relation": "str", "entity": "str", "label": "str"}
        expected = every[every["user_id"] == user].reset_index(drop=True).astype(as_text)
        pd.testing.assert_frame_equal(alone.astype(as_text), expected)


def test_text_ids():
    data, links, histories, made = case(SEED)
    model, items = model_of(data, links), items_of(histories)
    _, expected = explain(model, histories, made, LIMITED, items)
    texts = Interactions(
        histories.ratings,
        np.array([f"u{user}" for user in histories.user_ids]),
        np.array([f"i{item}" for item in histories.item_ids]),
    )
    named = {"user_id": lambda t: "u" + t["user_id"].astype("str")}
    named["item_id"] = lambda t: "i" + t["item_id"].astype("str")
    items = items.assign(item_id=named["item_id"])
    _, found = explain(model, texts, made.assign(**named), LIMITED, items)
    from_items = "i" + expected["from_item"].astype("str")
    expected = expected.assign(**named, from_item=from_items)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_users_in_another_order_than_their_rows():
    """As numbers 9 comes before 10, as text after it."""
    ids = np.array(["10", "11", "9"])
    liked = interactions_of([{0: 5}, {2: 4}, {5: 4}], 6)
    users = Interactions(liked.ratings, ids, USERS.item_ids)
    made = pd.DataFrame({"user_id": [9, 10, 11], "item_id": [102, 103, 105], "rank": 1})
    _, paths = explain(model_of(DATA, LINKS), users, made, BY_HAND)
    assert paths.groupby("user_id")["from_item"].first().to_dict() == {9: 105, 10: 100, 11: 102}


# Words.


def test_what_two_items_have_in_common_in_words():
    links = {
        ("genre", "Sci-Fi"): {0},
        ("decade", "1970"): {0},
        ("subject", "m.02vxxgs"): {0},
        ("topic", "g.11_pkybj5"): {0},
        ("tag", "m.a.s.h"): {0},
        ("comic", "g.i. joe"): {0},
        ("director", "M. Night"): {0},
    }
    features = features_of(links, 2)
    labels = (
        "genre Sci-Fi",
        "from the 1970s",
        "subject m.02vxxgs",
        "topic g.11_pkybj5",
        "tag m.a.s.h",
        "comic g.i. joe",
        "M. Night",
    )
    named = type(features)(features.matrix, features.groups, features.names, labels)
    weights = dict.fromkeys([PEOPLE, *features.groups], 1.0)
    model = MetaPaths.fit(interactions_of([{0: 5}], 2), named, weights, EXACT, Liking(LIKED_FROM))
    expected = [
        "",
        "same genre: Sci-Fi",
        "both from the 1970s",
        "same subject",
        "same topic",
        "same tag: m.a.s.h",
        "same comic: g.i. joe",
        "same director: M. Night",
    ]
    assert link_texts(model).tolist() == expected


@pytest.mark.parametrize(("liked_from", "verb"), [(-math.inf, "rated"), (1.0, "liked")])
def test_who_may_have_rated_low_did_not_like(liked_from, verb):
    """Paths start at all rated items, or only at those that were liked."""
    model, data = model_of(DATA, LINKS), data_of(USERS, liked_from=liked_from)
    found = explain_by_paths(model, data, lists_of(USERS, lists([(2, 105)])), BY_HAND)
    assert found.facts == {"relation": verb}


def test_one_person_and_a_thousand():
    """Item 0 is liked together with item 1 by one person, with item 2 by all."""
    rows = [{0: 5, 1: 5, 2: 5}, *itertools.repeat({0: 5, 2: 5}, 1233)]
    data, users = interactions_of(rows, 3), interactions_of([{0: 5}], 3)
    model = model_of(data, {}, {PEOPLE: 1.0})
    _, paths = explain(model, users, lists([(1, 101), (1, 102)]), BY_HAND)
    assert paths["n_sharing"].tolist() == [1, 1234]
    assert paths["label"].tolist() == ["liked by the same person", "liked by the same 1,234 people"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_paths", 0),
        ("max_per_relation", 0),
        ("max_share", 0),
        ("max_share", 1.1),
        ("min_people", 0),
        ("n_cited", 0),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        PathParameters(**{name: value})
