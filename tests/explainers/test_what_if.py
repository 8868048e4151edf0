"""What-if against recommending from scratch with the changed history, for every recommender."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers import what_if as module
from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.explainers.influence import InfluenceParameters, explain_by_influence
from explainable_recsys.explainers.neighbours import (
    SimilarItemsParameters,
    explain_by_similar_items,
)
from explainable_recsys.explainers.paths import PathParameters, explain_by_paths
from explainable_recsys.explainers.what_if import Change, WhatIf, changed_history
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity
from tests.explainers.small_models import FITS, KINDS, N_ITEMS, history_of, small_catalogue
from tests.lists_of import data_of, lists_of


def what_if(
    model: Recommender, catalogue: Interactions, *arguments: Any, min_ratings: int = 0
) -> WhatIf:
    return module.what_if(model, data_of(catalogue), *arguments, min_ratings=min_ratings)


@pytest.fixture(scope="module")
def catalogue() -> Interactions:
    return small_catalogue()


@pytest.fixture(scope="module")
def models(catalogue: Interactions) -> dict[str, Recommender]:
    return {kind: fit(catalogue) for kind, fit in FITS.items()}


def from_scratch(
    model: Recommender,
    catalogue: Interactions,
    ratings: dict[Any, float],
    n: int,
    min_ratings: int = 0,
) -> pd.DataFrame:
    user = history_of(catalogue, ratings)
    if user.ratings.nnz == 0:
        model = Popularity.fit(catalogue)
    parameters = RecommendationParameters(n=n, min_ratings=min_ratings)
    return recommend(model, user, parameters, catalogue=catalogue).drop(columns="user_id")


def counts_of(catalogue: Interactions) -> list[int]:
    return np.diff(catalogue.ratings.tocsc().indptr).tolist()


def ranks_by_brute_force(
    model: Recommender,
    catalogue: Interactions,
    ratings: dict[Any, float],
    n: int,
    min_ratings: int = 0,
) -> dict[Any, tuple[int | None, float]]:
    """Rank (None: rated, or never recommended) and score of every item, one by one.

    The more rated goes first. What ties in that too at the end of the list comes after it.
    """
    user = history_of(catalogue, ratings)
    model = model if user.ratings.nnz else Popularity.fit(catalogue)
    scores = model.scores(user.ratings)[0].tolist()
    nothing = model.scores(sparse.csr_array((1, catalogue.n_items), dtype=np.float32))[0].tolist()
    ids, counts = catalogue.item_ids.tolist(), counts_of(catalogue)
    there = [
        place
        for place, item in enumerate(ids)
        if item not in ratings
        and counts[place] >= min_ratings
        and scores[place] > -np.inf
        and not (model.is_personal and scores[place] == nothing[place])
    ]
    order = sorted(there, key=lambda place: (-scores[place], -counts[place], place))
    alike = [(scores[place], counts[place]) for place in order]
    ranks = {ids[place]: rank for rank, place in enumerate(order, 1)}
    if len(order) > n and alike[n - 1] == alike[n]:
        tied = [place for place, of in zip(order, alike, strict=True) if of == alike[n]]
        ranks |= {ids[place]: ranks[ids[tied[-1]]] for place in tied}
    return {item: (ranks.get(item), scores[place]) for place, item in enumerate(ids)}


def random_case(
    seed: int, catalogue: Interactions
) -> tuple[dict[Any, float], list[Change], dict[Any, float]]:
    """A history, several removals, additions and other ratings, and the history after them."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(catalogue.item_ids).tolist()
    ratings = rng.integers(1, 6, len(ids)).astype(float).tolist()
    history = dict(zip(ids[:7], ratings, strict=False))
    removed, rerated, added = ids[:2], ids[2:5], ids[7:9]
    changes = [
        *(Change(item, None) for item in removed),
        *(Change(item, 5.5 - history[item]) for item in rerated),
        *(Change(item, 5.0) for item in added),
    ]
    after = {item: rating for item, rating in history.items() if item not in removed}
    after |= {item: 5.5 - history[item] for item in rerated} | dict.fromkeys(added, 5.0)
    return history, [changes[place] for place in rng.permutation(len(changes))], after


def assert_same_list(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.columns) == ["item_id", "rank", "score"]
    assert found["item_id"].tolist() == expected["item_id"].tolist()
    assert found["rank"].tolist() == expected["rank"].tolist()
    np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [1, 5, N_ITEMS])
@pytest.mark.parametrize("kind", KINDS)
def test_several_changes_at_once_are_recommending_from_scratch(
    kind: str, n: int, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    for seed in range(6):
        history, changes, changed = random_case(seed, catalogue)
        found = what_if(model, catalogue, history, changes, n)
        assert_same_list(found.before, from_scratch(model, catalogue, history, n))
        assert_same_list(found.after, from_scratch(model, catalogue, changed, n))
        assert found.personal
        assert found.ignored == ()
        assert found.evidence is None


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_and_scores_of_what_is_affected(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    for seed in range(6):
        history, changes, changed = random_case(seed, catalogue)
        found = what_if(model, catalogue, history, changes, 4)
        both = [ranks_by_brute_force(model, catalogue, of, 4) for of in (history, changed)]
        table = found.affected
        shown = {*found.before["item_id"], *found.after["item_id"], *(of for of, _ in changes)}
        assert sorted(table["item_id"]) == sorted(shown)
        for row in table.itertuples():
            for side, expected in zip(("old", "new"), both, strict=True):
                rank, score = expected[row.item_id]
                own = getattr(row, f"{side}_rank")
                assert (None if own is pd.NA else own) == rank
                assert getattr(row, f"{side}_score") == pytest.approx(score, rel=1e-4, abs=1e-5)
        order = table[["new_rank", "old_rank"]].astype(float).fillna(np.inf)
        assert order.apply(tuple, axis=1).is_monotonic_increasing
    assert list(table.columns) == ["item_id", "old_rank", "new_rank", "old_score", "new_score"]
    assert table["old_rank"].dtype == table["new_rank"].dtype == "Int64"


def rated_times(*counts: int) -> Interactions:
    """Item i has been rated by so many users."""
    rows = [(user, item, 3.0) for item, count in enumerate(counts) for user in range(count)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def test_of_equal_scores_the_more_rated_goes_first() -> None:
    """Items 2, 5 and 6 score 9, others 3: of these 4 and 3 are rated most, 1 and 7 alike."""
    catalogue = rated_times(1, 2, 1, 3, 4, 2, 3, 2)
    model = Popularity(np.array([3, 3, 9, 3, 3, 9, 9, 3], np.float32))
    changes = [Change(2, None), Change(5, 1.0), Change(0, 5.0)]
    found = what_if(model, catalogue, {2: 4.0, 0: 2.0}, changes, 4)
    assert found.before["item_id"].tolist() == [6, 5, 4, 3]
    assert found.after["item_id"].tolist() == [6, 2, 4, 3]
    ranks = found.affected.set_index("item_id")[["old_rank", "new_rank"]]
    expected = {6: (1, 1), 2: (pd.NA, 2), 4: (3, 3), 3: (4, 4), 5: (2, pd.NA), 0: (pd.NA, pd.NA)}
    assert ranks.index.tolist()[:4] == [6, 2, 4, 3]
    for item, (old, new) in expected.items():
        assert ranks.loc[item].tolist() == [old, new]


def test_what_ties_at_the_end_of_the_list_is_left_out() -> None:
    """Items 1 and 2 have the same score and as many ratings; only one would be on a list of 2."""
    catalogue = rated_times(2, 3, 3, 1, 2)
    model = Popularity(np.array([9, 5, 5, 1, 2], np.float32))
    found = what_if(model, catalogue, {4: 3.0}, [Change(1, 1.0), Change(4, None)], 2)
    assert found.before["item_id"].tolist() == [0]
    assert found.after["item_id"].tolist() == [0, 2]
    ranks = found.affected.set_index("item_id")[["old_rank", "new_rank"]]
    assert ranks.loc[2].tolist() == [3, 2]
    assert ranks.loc[1].tolist() == [3, pd.NA]
    longer = what_if(model, catalogue, {4: 3.0}, [], 3)
    assert longer.before["item_id"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("history", [{}, {0: 3.0}], ids=["nobody", "somebody"])
def test_items_with_few_ratings_are_on_no_list(history: dict[Any, float]) -> None:
    """Popular items, too, which somebody gets who has rated nothing."""
    catalogue = rated_times(5, 4, 2, 3)
    model = Popularity(np.array([1, 2, 9, 4], np.float32))
    for min_ratings, expected in ((0, {1, 2, 3}), (3, {1, 3}), (4, {1})):
        found = what_if(model, catalogue, history, [], 4, min_ratings=min_ratings)
        assert set(found.before["item_id"]) - {0} == expected
        assert_same_list(found.before, from_scratch(model, catalogue, history, 4, min_ratings))
    usual = module.what_if(model, data_of(catalogue), history, [], 4)
    assert set(usual.before["item_id"]) - {0} == {1, 3}
    added = what_if(model, catalogue, history, [Change(2, 3.0)], 4, min_ratings=3)
    (of_2,) = added.affected[added.affected["item_id"] == 2].itertuples()
    assert of_2.old_rank is pd.NA
    assert of_2.old_score == (2 if history == {} else 9)


def test_a_history_that_counts_for_nothing_gets_no_list() -> None:
    model = Table([[9, 8, 7], [9, 8, 7], [9, 8, 8]])
    found = what_if(model, small(3), {0: 3.0}, [Change(1, 3.0)], 2)
    assert found.before.empty
    assert found.after["item_id"].tolist() == [2]
    assert found.affected.set_index("item_id").loc[2].tolist() == [pd.NA, 1, 7, 8]
    assert found.personal


class Table(Recommender):
    """Scores that are made up: of a history, one row per number of ratings."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.rows = np.array(rows, np.float32)

    @property
    def n_items(self) -> int:
        return self.rows.shape[1]

    def scores(self, histories: sparse.csr_array) -> np.ndarray:
        return self.rows[np.diff(histories.indptr)]


def small(n_items: int) -> Interactions:
    rows = pd.DataFrame({"user_id": 1, "item_id": np.arange(n_items), "rating": 3.0})
    return Interactions.from_frame(rows)


def test_an_item_that_can_never_be_recommended_has_no_rank() -> None:
    out = -np.inf
    model = Table([[0] * 4, [9, 1, out, 2], [9, out, 5, 5]])
    found = what_if(model, small(4), {0: 3.0}, [Change(1, 3.0)], 3)
    assert found.before["item_id"].tolist() == [3, 1]
    assert found.before["rank"].tolist() == [1, 2]
    assert found.after["item_id"].tolist() == [2, 3]
    table = found.affected.set_index("item_id")
    assert table.index.tolist() == [2, 3, 1]
    assert table["old_rank"].tolist() == [pd.NA, 1, 2]
    assert table["new_rank"].tolist() == [1, 2, pd.NA]
    assert table["old_score"].tolist() == [out, 2, 1]


def test_a_rating_of_zero_is_a_rating() -> None:
    model = Table([[9, 8, 7], [1, 2, 3], [5, 4, 6]])
    found = what_if(model, small(3), {0: 3.0}, [Change(1, 0.0)], 3)
    assert found.after["item_id"].tolist() == [2]
    assert found.affected.set_index("item_id").loc[1].tolist()[:2] == [2, pd.NA]
    assert changed_history({0: 0.0, 1: -2.0}, [Change(1, 0.0), Change(0, None)]) == {1: 0.0}


@pytest.mark.parametrize("kind", KINDS)
def test_items_that_the_model_has_never_seen_are_ignored_and_reported(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    history, changes, _ = random_case(3, catalogue)
    unknown = {101: 5.0, 9: 1.0}
    with_unknown = {101: unknown[101], **history, 9: unknown[9]}
    more = [Change(9, None), *changes, Change(5000, 4.0), Change(101, 2.0)]
    expected = what_if(model, catalogue, history, changes, 5)
    found = what_if(model, catalogue, with_unknown, more, 5)
    for name in ("before", "after", "affected"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
    assert sorted(found.ignored) == [9, 101, 5000]
    assert found.personal
    nothing_new = what_if(model, catalogue, with_unknown, [], 5)
    assert nothing_new.ignored == (101, 9)
    pd.testing.assert_frame_equal(nothing_new.after, expected.before)


REFUSED: dict[str, tuple[dict[int, float], list[tuple[int, float | None]], list[str]]] = {
    "two ratings": (
        {100: 3.0},
        [(103, 4.0), (103, 2.5)],
        ["contradict", "item 103", "rated 4", "rated 2.5", "one change per item"],
    ),
    "removed and rated": (
        {100: 3.0},
        [(100, None), (100, 4.0)],
        ["contradict", "item 100", "removed", "rated 4"],
    ),
    "rated and removed": (
        {100: 3.0},
        [(100, 4.0), (103, 1.0), (100, None)],
        ["contradict", "item 100", "rated 4", "removed"],
    ),
    "removed without being rated": (
        {100: 3.0},
        [(103, None)],
        ["item 103", "removed", "not rated"],
    ),
    "unknown and removed without being rated": (
        {100: 3.0},
        [(9, None)],
        ["item 9", "removed", "not rated"],
    ),
    "nan": ({100: 3.0}, [(103, np.nan)], ["rating nan", "item 103", "not a number"]),
    "infinite": ({100: 3.0}, [(103, -np.inf)], ["rating -inf", "item 103", "not a number"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_changes_that_make_no_sense(
    case: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    history, changes, parts = REFUSED[case]
    with pytest.raises(InputError) as caught:
        what_if(models["ALS"], catalogue, history, [Change(*change) for change in changes])
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("rating", [np.nan, np.inf])
def test_a_history_with_a_rating_that_is_not_a_number(
    rating: float, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    with pytest.raises(InputError, match=r"item 100.*not a number"):
        what_if(models["SVD"], catalogue, {100: rating, 103: 4.0}, [Change(103, 5.0)])


@pytest.mark.parametrize("n", [0, -1, N_ITEMS + 1])
def test_lists_longer_than_the_catalogue_or_without_items(
    n: int, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    with pytest.raises(InputError, match=rf"n: {n} items; accepted: 1 to {N_ITEMS}"):
        what_if(models["ALS"], catalogue, {100: 3.0}, [], n)


def test_the_model_of_another_catalogue(models: dict[str, Recommender]) -> None:
    with pytest.raises(InputError, match=rf"knows {N_ITEMS} items, the interactions have 4"):
        what_if(models["ALS"], small(4), {0: 3.0}, [], 2)


def test_ids_of_another_type(catalogue: Interactions, models: dict[str, Recommender]) -> None:
    with pytest.raises(InputError, match="ids must be integers"):
        what_if(models["ALS"], catalogue, {"100": 3.0}, [])


def test_the_same_change_twice_is_one_change(
    catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    history = {100: 3.0, 106: 5.0}
    once = [Change(100, None), Change(103, 4.0), Change(106, 2.0)]
    twice = [*once, Change(106, np.float32(2)), Change(103, 4), (100, None)]
    expected, found = (
        what_if(models["ALS"], catalogue, history, changes) for changes in (once, iter(twice))
    )
    pd.testing.assert_frame_equal(found.after, expected.after)
    pd.testing.assert_frame_equal(found.affected, expected.affected)
    assert changed_history(history, twice) == {103: 4.0, 106: 2.0}


@pytest.mark.parametrize("kind", KINDS)
def test_no_changes_give_the_same_lists(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    history, _, _ = random_case(1, catalogue)
    same = [Change(item, rating) for item, rating in history.items()]
    for changes in ([], same):
        found = what_if(models[kind], catalogue, history, changes, 5)
        pd.testing.assert_frame_equal(found.after, found.before)
        assert found.affected["item_id"].tolist() == found.before["item_id"].tolist()
        assert found.affected["old_rank"].tolist() == found.before["rank"].tolist()
        for name in ("rank", "score"):
            old, new = (found.affected[f"{side}_{name}"] for side in ("old", "new"))
            assert old.tolist() == new.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_without_ratings_the_list_is_what_is_most_popular(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    asked: list[Any] = []

    def explain(lists: Lists) -> pd.DataFrame:
        asked.append(lists)
        return lists.table

    history = {100: 3.0, 106: 5.0}
    none_left = [Change(item, None) for item in history]
    counts = pd.Series(counts_of(catalogue), catalogue.item_ids)
    popular = counts.sort_values(ascending=False, kind="stable").head(5)
    assert popular.iloc[-1] > counts.drop(popular.index).max()
    for changes in (none_left, [*none_left, Change(101, 5.0)]):
        found = what_if(models[kind], catalogue, history, changes, 5, explain)
        assert not found.personal
        assert found.evidence is None
        assert found.after["item_id"].tolist() == popular.index.tolist()
        assert found.after["score"].tolist() == popular.tolist()
        expected = from_scratch(models[kind], catalogue, history, 5)
        assert_same_list(found.before, expected)
        ranks = ranks_by_brute_force(models[kind], catalogue, {}, 5)
        for row in found.affected.itertuples():
            assert (row.new_rank, row.new_score) == ranks[row.item_id]
    assert asked == []
    for nothing in ({}, {101: 4.0}):
        found = what_if(models[kind], catalogue, nothing, [Change(100, 3.0)], 5, explain)
        assert found.before["item_id"].tolist() == popular.index.tolist()
        assert found.before["score"].tolist() == popular.tolist()
        assert found.personal
        assert_same_list(found.after, from_scratch(models[kind], catalogue, {100: 3.0}, 5))
    assert len(asked) == 2


def test_nothing_at_all(catalogue: Interactions, models: dict[str, Recommender]) -> None:
    found = what_if(models["ALS"], catalogue, {}, [], 3)
    assert not found.personal
    assert found.ignored == ()
    pd.testing.assert_frame_equal(found.before, found.after)
    assert found.after["item_id"].tolist() == found.affected["item_id"].tolist()


def test_the_explainer_gets_the_changed_history_and_its_list(
    catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    asked: list[Lists] = []

    def explain(lists: Lists) -> pd.DataFrame:
        asked.append(lists)
        return pd.DataFrame({"because": ["of it"]})

    history, changes, changed = random_case(2, catalogue)
    changes = [*changes, Change(101, 5.0)]
    found = what_if(models["SVD"], catalogue, history, changes, 5, explain)
    (made,) = asked
    interactions, lists = made.histories, made.table
    assert found.evidence is not None
    assert found.evidence["because"].tolist() == ["of it"]
    expected = history_of(catalogue, changed)
    assert interactions.user_ids.tolist() == [0]
    assert interactions.item_ids.tolist() == catalogue.item_ids.tolist()
    assert interactions.ratings.has_canonical_format
    assert interactions.ratings.dtype == np.float32
    assert interactions.ratings.indptr.tolist() == expected.ratings.indptr.tolist()
    assert interactions.ratings.indices.tolist() == expected.ratings.indices.tolist()
    assert interactions.ratings.data.tolist() == expected.ratings.data.tolist()
    assert (lists["user_id"] == 0).all()
    pd.testing.assert_frame_equal(lists[["item_id", "rank", "score"]], found.after)
    assert list(found.after.columns) == ["item_id", "rank", "score"]


def explainer(kind: str, model: Any, catalogue: Interactions) -> Any:
    """The real explainer that belongs to a recommender."""
    data = data_of(catalogue)

    def explain(lists: Lists) -> pd.DataFrame:
        given = (model, data, lists)
        if kind == "similar items":
            parameters = SimilarItemsParameters()
            return explain_by_similar_items(*given, parameters, similar_items=model).evidence
        if kind == "influence":
            return explain_by_influence(*given, InfluenceParameters()).evidence
        if kind == "paths":
            return explain_by_paths(*given, PathParameters(max_share=1.0)).evidence
        return explain_by_contributions(*given, ContributionParameters()).evidence

    return explain


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("contributions", "ALS"),
        ("contributions", "EASE"),
        ("contributions", "ItemKNN"),
        ("influence", "SVD"),
        ("influence", "SVD of ratings"),
        ("influence", "FM"),
        ("similar items", "ItemKNN"),
        ("contributions", "meta-paths"),
        ("paths", "meta-paths"),
    ],
)
def test_real_explainers_explain_what_if(
    kind: str, name: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    explain = explainer(kind, models[name], catalogue)
    history, changes, changed = random_case(4, catalogue)
    found = what_if(models[name], catalogue, history, changes, 5, explain)
    alone = history_of(catalogue, changed)
    parameters = RecommendationParameters(n=5, min_ratings=0)
    lists = recommend(models[name], alone, parameters, catalogue=catalogue)
    expected = explain(lists_of(alone, lists))
    assert found.evidence is not None
    assert len(expected)
    pd.testing.assert_frame_equal(found.evidence, expected, rtol=1e-4)
    assert set(found.evidence["rated_item_id"]) <= set(changed)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("contributions", "ALS"),
        ("influence", "SVD"),
        ("similar items", "ItemKNN"),
        ("contributions", "meta-paths"),
        ("paths", "meta-paths"),
    ],
)
def test_real_explainers_of_an_empty_list(
    kind: str, name: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    explain = explainer(kind, models[name], catalogue)
    everything = dict.fromkeys(catalogue.item_ids.tolist()[1:], 4.0)
    last = catalogue.item_ids.tolist()[0]
    found = what_if(models[name], catalogue, everything, [Change(last, 4.0)], 5, explain)
    assert found.before["item_id"].tolist() == [last]
    assert len(found.after) == 0
    assert found.affected["item_id"].tolist() == [last]
    assert found.evidence is not None
    assert len(found.evidence) == 0


@pytest.mark.parametrize("kind", ["SVD", "ALS", "ItemKNN", "rules"])
def test_text_ids(kind: str, catalogue: Interactions, models: dict[str, Recommender]) -> None:
    texts = small_catalogue(text=True)
    assert texts.item_ids.tolist() == [f"i {item}" for item in catalogue.item_ids]
    history, changes, _ = random_case(6, catalogue)
    expected = what_if(models[kind], catalogue, {**history, 9: 1.0}, changes, 5)
    found = what_if(
        models[kind],
        texts,
        {**{f"i {item}": rating for item, rating in history.items()}, "i 9": 1.0},
        [Change(f"i {item}", rating) for item, rating in changes],
        5,
    )
    for name in ("before", "after", "affected"):
        table = getattr(expected, name)
        table["item_id"] = np.array([f"i {item}" for item in table["item_id"]])
        pd.testing.assert_frame_equal(getattr(found, name), table)
    assert found.ignored == ("i 9",)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_given_is_changed(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    history, changes, _ = random_case(0, catalogue)
    copies = copy.deepcopy((history, changes, catalogue, model.to_arrays()))

    def explain(lists: Lists) -> pd.DataFrame:
        lists.histories.ratings.data[:] = 0
        lists.table["score"] = 0
        return lists.table

    first = what_if(model, catalogue, history, changes, 5)
    again = what_if(model, catalogue, history, changes, 5, explain)
    pd.testing.assert_frame_equal(first.after, again.after)
    assert history == copies[0]
    assert list(history) == list(copies[0])
    assert changes == copies[1]
    for name in ("data", "indices", "indptr"):
        now, then = (getattr(of.ratings, name) for of in (catalogue, copies[2]))
        np.testing.assert_array_equal(now, then)
    for name, array in model.to_arrays().items():
        np.testing.assert_array_equal(array, copies[3][name])


def test_what_ease_left_out_is_not_recommended(catalogue: Interactions) -> None:
    model = EASE.fit(catalogue, EASEParameters(regularization=1, max_size=6))
    left_out = catalogue.item_ids[~model.known]
    for seed in range(6):
        history, changes, changed = random_case(seed, catalogue)
        found = what_if(model, catalogue, history, changes, N_ITEMS)
        assert not set(left_out) & set(found.after["item_id"])  # nothing speaks for them
        assert_same_list(found.before, from_scratch(model, catalogue, history, N_ITEMS))
        assert_same_list(found.after, from_scratch(model, catalogue, changed, N_ITEMS))


def test_the_lists_can_be_written_as_json(
    catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    history, changes, _ = random_case(0, catalogue)
    found = what_if(models["EASE"], catalogue, history, changes, 3)
    written = json.loads(found.affected.to_json(orient="records"))
    assert written[0]["new_rank"] == 1
    assert {row["new_rank"] for row in written if row["item_id"] in dict(changes)} >= {None}
