"""Minimal counterfactuals against trying every set of ratings, on data where that is possible."""

from __future__ import annotations

import copy
import itertools
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.explainers import counterfactuals
from explainable_recsys.explainers.counterfactuals import Counterfactual
from explainable_recsys.explainers.what_if import Change, WhatIf
from explainable_recsys.explainers.what_if import what_if as what_if_in
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.association_rules import AssociationRules
from explainable_recsys.recommenders.base import Recommender, SideScorer
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from tests.explainers.small_models import FITS, KINDS, N_ITEMS, history_of, small_catalogue
from tests.lists_of import data_of

CLOSE = 1e-5
"""Leads that differ by less may come out in any order."""


def minimal_counterfactual(
    model: Recommender,
    catalogue: Interactions,
    *arguments: Any,
    min_ratings: int = 0,
    **limits: Any,
) -> Counterfactual | None:
    data = data_of(catalogue)
    return counterfactuals.minimal_counterfactual(
        model, data, *arguments, min_ratings=min_ratings, **limits
    )


def what_if(model: Recommender, catalogue: Interactions, *arguments: Any) -> WhatIf:
    return what_if_in(model, data_of(catalogue), *arguments, min_ratings=0)


def lists_of(
    model: Recommender, catalogue: Interactions, user: Interactions, n: int
) -> pd.DataFrame:
    parameters = RecommendationParameters(n=n, min_ratings=0)
    return recommend(model, user, parameters, catalogue=catalogue)


@pytest.fixture(scope="module")
def catalogue() -> Interactions:
    return small_catalogue()


@pytest.fixture(scope="module")
def models(catalogue: Interactions) -> dict[str, Recommender]:
    return {kind: fit(catalogue) for kind, fit in FITS.items()}


@cache
def scores_of(
    model: Recommender, catalogue: Interactions, history: tuple[tuple[Any, float], ...]
) -> list[float]:
    """Scores of all items for a history; the same are needed for each item of a list."""
    one = history_of(catalogue, dict(history)).ratings
    found: list[float] = model.scores(one)[0].astype(float).tolist()
    return found


def place_without(
    model: Recommender,
    catalogue: Interactions,
    history: dict[Any, float],
    removed: tuple[Any, ...],
    item: Any,
    n: int,
) -> tuple[int, float]:
    """Rank of an item among all that the whole history does not rate, and its lead.

    The lead is its score minus the n-th best of the other scores. Of equal scores the more rated
    comes first, and what ties in that too at the end of the list comes after it.
    """
    kept = tuple((other, rating) for other, rating in history.items() if other not in removed)
    scores, nothing = (scores_of(model, catalogue, of) for of in (kept, ()))
    ids, counts = catalogue.item_ids.tolist(), np.diff(catalogue.ratings.tocsc().indptr).tolist()
    places = [
        place
        for place, other in enumerate(ids)
        if other not in history
        and scores[place] > -np.inf
        and not (model.is_personal and scores[place] == nothing[place])
    ]
    order = sorted(places, key=lambda place: (-scores[place], -counts[place], place))
    own = ids.index(item)
    if own not in order:  # never recommended
        return max(n, len(order)) + 1, -np.inf
    alike = [(scores[place], counts[place]) for place in order]
    rank = 1 + order.index(own)
    if len(order) > n and alike[n - 1] == alike[n] == alike[rank - 1]:
        rank = max(place for place, of in enumerate(alike, 1) if of == alike[n])
    others = [scores[place] for place in order if place != own] + [-np.inf] * n
    return rank, scores[own] - others[n - 1]


def sets_that_work(
    model: Recommender,
    catalogue: Interactions,
    history: dict[Any, float],
    item: Any,
    n: int,
    size: int,
) -> dict[frozenset[Any], tuple[int, float]]:
    """All sets of a size without which the item is not among the first n."""
    known = sorted(of for of in history if of in catalogue.item_ids)
    found = {
        frozenset(removed): place_without(model, catalogue, history, removed, item, n)
        for removed in itertools.combinations(known, size)
        if size < len(known)
    }
    return {removed: place for removed, place in found.items() if place[0] > n}


def furthest_down(
    working: dict[frozenset[Any], tuple[int, float]],
) -> dict[frozenset[Any], tuple[int, float]]:
    """Those with the last rank, and of these the ones with the smallest lead."""
    last = max(rank for rank, _ in working.values())
    least = min(lead for rank, lead in working.values() if rank == last)
    return {
        removed: (rank, lead)
        for removed, (rank, lead) in working.items()
        if rank == last and lead <= least + CLOSE
    }


def random_history(seed: int, catalogue: Interactions, length: int) -> dict[Any, float]:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(catalogue.item_ids)[:length].tolist()
    return {
        item: float(rng.integers(3, 6) if item % 9 == 1 else rng.integers(1, 6)) for item in ids
    }


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "rules"])
def test_against_all_sets(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    sizes = []
    for seed, n in itertools.product(range(4), (1, 3)):
        history = random_history(seed, catalogue, 6)
        user = history_of(catalogue, history)
        lists = lists_of(model, catalogue, user, n)
        for item, rank in zip(lists["item_id"].tolist(), lists["rank"].tolist(), strict=True):
            found = minimal_counterfactual(model, catalogue, history, item, n)
            working = {
                size: sets_that_work(model, catalogue, history, item, n, size)
                for size in range(1, 6)
            }
            smallest = next((size for size, sets in working.items() if sets), None)
            if found is None:
                assert smallest is None or smallest > 2
                continue
            size = len(found.removed)
            sizes.append(size)
            assert found.old_rank == rank
            assert working[size][frozenset(found.removed)][0] == found.new_rank > n
            assert found.minimal == (size <= 3)
            if found.minimal:
                assert size == smallest
            if size <= 2:
                assert frozenset(found.removed) in furthest_down(working[size])
    if kind in ("popularity", "bias"):
        assert sizes == []
    elif kind == "random":
        assert 1 in sizes
    else:
        assert {1, 2} <= set(sizes)


@pytest.mark.parametrize("max_size", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", ["SVD", "EASE", "ItemKNN"])
def test_no_set_is_larger_than_asked_for(
    kind: str, max_size: int, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    outcomes = set()
    for seed in range(4):
        history = random_history(seed, catalogue, 6)
        user = history_of(catalogue, history)
        for item in lists_of(models[kind], catalogue, user, 3)["item_id"]:
            given = (models[kind], catalogue, history, item, 3)
            free = minimal_counterfactual(*given)
            found = minimal_counterfactual(*given, max_size=max_size)
            small_enough = free is not None and len(free.removed) <= max_size
            assert found == (free if small_enough else None)
            outcomes.add(small_enough)
    assert (True in outcomes) == (max_size > 0)
    assert False in outcomes or max_size > 1


class Linear(Recommender):
    """Score = base + ratings times weights; without a rating nothing is recommended."""

    def __init__(self, base: list[float], weights: NDArray[np.float64]) -> None:
        self.base, self.weights = np.array(base), np.array(weights, float)

    @property
    def n_items(self) -> int:
        return len(self.base)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        scores = np.asarray(self.base + histories @ self.weights, dtype=np.float32)
        scores[np.diff(histories.indptr) == 0] = -np.inf
        return scores


def items(n: int) -> Interactions:
    """Of equal scores item n - 1 goes last: every item has been rated once more than the next."""
    return rated_times(*range(n, 0, -1))


def rated_times(*counts: int) -> Interactions:
    rows = [(user, item, 1.0) for item, count in enumerate(counts) for user in range(count)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def supported(rival: float, length: int = 6) -> tuple[Linear, Interactions, dict[int, float]]:
    """The first `length` items are rated, each gives the next one a point; then a rival comes."""
    weights = np.zeros((length + 2, length + 2))
    weights[:length, length] = 1
    model = Linear([0] * (length + 1) + [rival], weights)
    return model, items(length + 2), dict.fromkeys(range(length), 1.0)


@pytest.mark.parametrize(
    ("rival", "size", "minimal"),
    [(5.5, 1, True), (4.5, 2, True), (3.5, 3, True), (2.5, 4, False), (1.5, 5, False)],
)
def test_size_and_whether_all_smaller_sets_were_tried(
    rival: float, size: int, minimal: bool
) -> None:
    model, catalogue, history = supported(rival)
    found = minimal_counterfactual(model, catalogue, history, 6, 1)
    assert found == Counterfactual(tuple(range(size)), minimal, 1, 2)
    assert minimal_counterfactual(model, catalogue, history, 6, 1, max_size=size) == found
    assert minimal_counterfactual(model, catalogue, history, 6, 1, max_size=size - 1) is None


@pytest.mark.parametrize("rival", [0.5, 0.0, -1.0])
def test_the_last_rating_is_not_taken_away(rival: float) -> None:
    model, catalogue, history = supported(rival)
    assert minimal_counterfactual(model, catalogue, history, 6, 1) is None


def test_by_hand() -> None:
    """Item 4 leads over 5 by 1; without 1 it trails by 1, without 3 by 2; 6 is never ahead."""
    weights = np.zeros((7, 7))
    weights[:4, 4] = [1, 2, 0.5, 3]
    model = Linear([0, 0, 0, 0, 0, 5.5, 0.25], weights)
    history = {3: 1.0, 0: 1.0, 2: 1.0, 1: 1.0}
    found = minimal_counterfactual(model, items(7), history, 4, 1)
    assert found == Counterfactual((3,), True, 1, 2)
    assert minimal_counterfactual(model, items(7), history, 4, 2) is None
    # Now either rating alone leaves a tie, which item 4 wins.
    longer = minimal_counterfactual(model, items(7), {**history, 0: 3.0}, 4, 1)
    assert longer == Counterfactual((0, 3), True, 1, 2)
    assert minimal_counterfactual(model, items(7), {3: 2.0, 1: 1.0}, 4, 1) == Counterfactual(
        (3,), True, 1, 2
    )


def test_of_one_size_the_item_goes_as_far_down_as_possible() -> None:
    """Without 0 one rival passes by a lot, without 1 three pass by little."""
    weights = np.zeros((6, 6))
    weights[0, 2:] = [3, 0, 5, 5]
    weights[1, 2:] = [2, 0, 0, 0]
    model = Linear([0, 0, 0, 4.9, -1.5, -1.6], weights)
    history = {0: 1.0, 1: 1.0}
    assert minimal_counterfactual(model, items(6), history, 2, 1) == Counterfactual(
        (1,), True, 1, 4
    )


def test_a_full_tie_at_the_end_of_the_list_takes_both_items_out() -> None:
    """Without rating 0 items 2 and 3, which are rated as often, both score 1."""
    weights = np.zeros((4, 4))
    weights[0, 2] = 2
    model, catalogue, history = Linear([0, 0, 1, 1], weights), rated_times(1, 1, 2, 2), {0: 1, 1: 1}
    found = minimal_counterfactual(model, catalogue, history, 2, 1)
    assert found == Counterfactual((0,), True, 1, 2)
    assert what_if(model, catalogue, history, [Change(0, None)], 1).after.empty
    assert minimal_counterfactual(model, catalogue, history, 2, 2) is None


def test_items_with_few_ratings_do_not_take_the_place() -> None:
    """Without rating 0 item 3 would be ahead, but it has one rating."""
    weights = np.zeros((4, 4))
    weights[0, 2] = 2
    model, catalogue, history = Linear([0, 0, 1, 2], weights), rated_times(1, 1, 4, 1), {0: 1, 1: 1}
    found = minimal_counterfactual(model, catalogue, history, 2, 1)
    assert found == Counterfactual((0,), True, 1, 2)
    assert minimal_counterfactual(model, catalogue, history, 2, 1, min_ratings=2) is None
    usual = counterfactuals.minimal_counterfactual(model, data_of(catalogue), history, 2, 1)
    assert usual is None
    with pytest.raises(InputError, match="item 3"):
        minimal_counterfactual(model, catalogue, history, 3, 2, min_ratings=2)


def test_ties_go_to_the_item_that_is_rated_more() -> None:
    """Without rating 0 both score 1: that takes out the less rated of the two items only."""
    weights = np.zeros((4, 4))
    weights[0, 2] = 2
    weights[0, 3] = 2
    before = Linear([0, 0, 1, 2], np.where(np.arange(4) == 2, weights, 0))
    found = minimal_counterfactual(before, items(4), {0: 1.0, 1: 1.0}, 2, 1)
    assert found == Counterfactual((0,), True, 1, 2)
    level = Linear([0, 0, 1, 1], np.where(np.arange(4) == 2, weights, 0))
    assert minimal_counterfactual(level, items(4), {0: 1.0, 1: 1.0}, 2, 1) is None
    later = Linear([0, 0, 1, 1], np.where(np.arange(4) == 3, weights, 0))
    found = minimal_counterfactual(later, items(4), {0: 1.0, 1: 1.0}, 3, 1)
    assert found == Counterfactual((0,), True, 1, 2)


def test_items_that_were_rated_do_not_take_the_place() -> None:
    """Item 0 would be the best if it were not rated; removing the rating does not put it there."""
    weights = np.zeros((4, 4))
    weights[1, 2] = 1
    model = Linear([99, 0, 5, 4], weights)
    history = {0: 1.0, 1: 1.0}
    assert minimal_counterfactual(model, items(4), history, 2, 1) is None
    after = what_if(model, items(4), history, [Change(0, None)], 1).after
    assert after["item_id"].tolist() == [0]


def test_larger_sets_grow_by_the_rating_that_costs_most() -> None:
    weights = np.zeros((8, 8))
    weights[:6, 6] = [1, 5, 2, 4, 3, 6]
    model = Linear([0] * 7 + [4], weights)
    history = dict.fromkeys(range(6), 1.0)
    found = minimal_counterfactual(model, items(8), history, 6, 1)
    assert found == Counterfactual((5, 1, 3, 4), False, 1, 2)
    assert minimal_counterfactual(model, items(8), history, 6, 1, max_size=3) is None


@pytest.mark.parametrize("kind", ["SVD", "ALS", "EASE", "ItemKNN", "FM", "EMF"])
def test_greedy_sets_take_the_item_out(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    n_larger = 0
    for seed in range(4):
        history = random_history(seed, catalogue, 9)
        user = history_of(catalogue, history)
        for item in lists_of(model, catalogue, user, 2)["item_id"].tolist():
            given = (model, catalogue, history, item, 2)
            found = minimal_counterfactual(*given, max_pairs=9)
            exhaustive = minimal_counterfactual(*given)
            if found is None:
                continue
            rank, _ = place_without(model, catalogue, history, found.removed, item, 2)
            assert rank == found.new_rank > 2
            assert len(set(found.removed)) == len(found.removed) < len(history)
            assert set(found.removed) < set(history)
            assert exhaustive is not None
            assert len(exhaustive.removed) <= len(found.removed)
            n_larger += len(found.removed) > 1
    assert n_larger


def test_too_many_pairs_are_not_tried() -> None:
    """15 pairs of 6 ratings; a greedy set of three or more is not known to be minimal then."""
    for rival, size in ((3.5, 3), (2.5, 4)):
        model, catalogue, history = supported(rival)
        given = (model, catalogue, history, 6, 1)
        tried = minimal_counterfactual(*given, max_pairs=15)
        skipped = minimal_counterfactual(*given, max_pairs=14)
        assert tried == Counterfactual(tuple(range(size)), size == 3, 1, 2)
        assert skipped == Counterfactual(tuple(range(size)), False, 1, 2)


def test_pairs_that_were_skipped_do_not_matter_to_single_ratings() -> None:
    model, catalogue, history = supported(5.5)
    found = minimal_counterfactual(model, catalogue, history, 6, 1, max_pairs=14)
    assert found == Counterfactual((0,), True, 1, 2)


def test_a_greedy_pair_is_minimal_if_single_ratings_were_tried() -> None:
    model, catalogue, history = supported(4.5)
    found = minimal_counterfactual(model, catalogue, history, 6, 1, max_pairs=14)
    assert found == Counterfactual((0, 1), True, 1, 2)


@pytest.mark.parametrize("max_pairs", [0, 1])
def test_single_ratings_are_tried_however_few_pairs_may_be(max_pairs: int) -> None:
    """Without 0 one rival passes by a lot, without 1 three pass by little."""
    weights = np.zeros((6, 6))
    weights[0, 2:] = [3, 0, 5, 5]
    weights[1, 2:] = [2, 0, 0, 0]
    model = Linear([0, 0, 0, 4.9, -1.5, -1.6], weights)
    history = {0: 1.0, 1: 1.0}
    found = minimal_counterfactual(model, items(6), history, 2, 1, max_pairs=max_pairs)
    assert found == Counterfactual((1,), True, 1, 4)


@pytest.mark.parametrize("at_once", [1, 3 * N_ITEMS])
@pytest.mark.parametrize("kind", ["SVD", "ALS", "EASE", "FM", "EMF"])
def test_how_many_scores_are_held_makes_no_difference(
    kind: str,
    at_once: int,
    catalogue: Interactions,
    models: dict[str, Recommender],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = []
    for seed in range(3):
        history = random_history(seed, catalogue, 7)
        user = history_of(catalogue, history)
        lists = lists_of(models[kind], catalogue, user, 3)["item_id"]
        cases += [(models[kind], catalogue, history, item, 3) for item in lists]
    expected = [minimal_counterfactual(*case) for case in cases]
    monkeypatch.setattr(counterfactuals, "SCORES_AT_ONCE", at_once)
    for case, whole in zip(cases, expected, strict=True):
        found = minimal_counterfactual(*case)
        assert (found is None) == (whole is None)
        if found is not None and whole is not None:
            assert (len(found.removed), found.minimal) == (len(whole.removed), whole.minimal)
            assert (found.old_rank, found.new_rank) == (whole.old_rank, whole.new_rank)


@pytest.mark.parametrize("at_once", [1, 16])
def test_how_many_scores_are_held_decides_no_tie(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every single rating takes the item to rank 2, the last one with the smallest lead."""
    weights = np.zeros((8, 8))
    weights[:6, 6] = [2, 3, 4, 5, 6, 7]
    model = Linear([0] * 7 + [26], weights)
    history = dict.fromkeys(range(6), 1.0)
    whole = minimal_counterfactual(model, items(8), history, 6, 1)
    assert whole == Counterfactual((5,), True, 1, 2)
    monkeypatch.setattr(counterfactuals, "SCORES_AT_ONCE", at_once)
    assert minimal_counterfactual(model, items(8), history, 6, 1) == whole


@pytest.mark.parametrize("kind", ["popularity", "bias"])
def test_what_ratings_do_not_decide_has_none(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    history = random_history(0, catalogue, 8)
    user = history_of(catalogue, history)
    for item in lists_of(models[kind], catalogue, user, 3)["item_id"]:
        assert minimal_counterfactual(models[kind], catalogue, history, item, 3) is None


@pytest.mark.parametrize("n", [2, 3, 99])
def test_lists_of_everything_cannot_be_left(n: int) -> None:
    model, catalogue, history = supported(5.5)
    assert minimal_counterfactual(model, catalogue, history, 6, n) is None


@pytest.mark.parametrize("kind", KINDS)
def test_one_rating_or_none(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    """What is left without any rating is not personal, so the last one stays."""
    for history in ({100: 5.0}, {9: 3.0, 100: 5.0}):
        user = history_of(catalogue, history)
        for item in lists_of(models[kind], catalogue, user, 2)["item_id"]:
            assert minimal_counterfactual(models[kind], catalogue, history, item, 2) is None
    best = catalogue.item_ids[models[kind].scores(sparse.csr_array((1, N_ITEMS)))[0].argmax()]
    if not models[kind].is_personal:
        assert minimal_counterfactual(models[kind], catalogue, {}, best, 1) is None
        return
    with pytest.raises(InputError, match=f"item {best} is not among the first 1 "):
        minimal_counterfactual(models[kind], catalogue, {}, best, 1)


def test_two_ratings() -> None:
    model, catalogue, history = supported(1.5, 2)
    found = minimal_counterfactual(model, catalogue, history, 2, 1)
    assert found == Counterfactual((0,), True, 1, 2)
    model, catalogue, history = supported(0.5, 2)
    assert minimal_counterfactual(model, catalogue, history, 2, 1) is None


def test_an_item_that_is_not_recommended() -> None:
    model, catalogue, history = supported(99)
    with pytest.raises(InputError, match=r"item 6 is not among the first 1 .*; accepted"):
        minimal_counterfactual(model, catalogue, history, 6, 1)
    with pytest.raises(InputError, match="not among the first 0"):
        minimal_counterfactual(model, catalogue, history, 7, 0)


@pytest.mark.parametrize(
    "limits", [{"exclude": [6]}, {"only": [0, 7]}, {"only": [6], "exclude": [6]}]
)
def test_an_item_that_may_not_be_recommended(limits: dict[str, list[int]]) -> None:
    model, catalogue, history = supported(5.5)
    given: dict[str, Any] = {name: np.array(ids) for name, ids in limits.items()}
    with pytest.raises(InputError, match="item 6 is not among the first 1"):
        minimal_counterfactual(model, catalogue, history, 6, 1, **given)


@pytest.mark.parametrize("kind", ["SVD", "ALS"])
@pytest.mark.parametrize("n", [1, 3])
def test_ratings_taken_out_of_a_solved_system_leave_what_a_new_one_gives(
    kind: str,
    n: int,
    catalogue: Interactions,
    models: dict[str, Recommender],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(models[kind], SideScorer)
    cases = []
    for seed in range(4):
        history = random_history(seed, catalogue, 9)
        lists = lists_of(models[kind], catalogue, history_of(catalogue, history), n)
        cases += [(models[kind], catalogue, history, item, n) for item in lists["item_id"]]
    found = [minimal_counterfactual(*case) for case in cases]
    monkeypatch.setattr(counterfactuals, "FEW", 0)
    assert [minimal_counterfactual(*case) for case in cases] == found


def test_ratings_that_count_for_nothing_leave_nothing_to_recommend(
    catalogue: Interactions,
) -> None:
    """Without the one rating that is liked, no item has a score."""
    liking = ALSParameters(
        factors=4, regularization=1.0, confidence="binary", relevance_threshold=4.0
    )
    model = ALS.fit(catalogue, liking)
    first, *others = catalogue.item_ids[:6].tolist()
    history = {first: 5.0, **dict.fromkeys(others, 2.0)}
    (item,) = lists_of(model, catalogue, history_of(catalogue, history), 1)["item_id"]
    found = minimal_counterfactual(model, catalogue, history, item, 1)
    assert found is not None
    assert found.removed == (first,)
    place = place_without(model, catalogue, history, found.removed, item, 1)
    assert (found.new_rank, found.minimal) == (place[0], True)


def test_an_item_that_is_rated() -> None:
    model, catalogue, history = supported(5.5)
    with pytest.raises(InputError, match="item 2 is rated, so it is not recommended"):
        minimal_counterfactual(model, catalogue, history, 2, 1)


def test_an_item_that_nobody_knows() -> None:
    model, catalogue, history = supported(5.5)
    with pytest.raises(InputError, match="item_id 77"):
        minimal_counterfactual(model, catalogue, history, 77, 1)


@pytest.mark.parametrize("n_items", [7, 9])
def test_the_model_of_another_catalogue(n_items: int) -> None:
    model, _, history = supported(5.5)
    with pytest.raises(InputError, match="knows 8 items, the interactions have"):
        minimal_counterfactual(model, items(n_items), history, 6, 1)


def test_a_rating_that_is_not_a_number() -> None:
    model, catalogue, history = supported(5.5)
    with pytest.raises(InputError, match="not a number"):
        minimal_counterfactual(model, catalogue, {**history, 3: np.nan}, 6, 1)


@pytest.mark.parametrize("kind", ["SVD", "ItemKNN", "EASE"])
def test_items_of_the_history_that_the_model_has_never_seen(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    for seed in range(3):
        history = random_history(seed, catalogue, 5)
        unknown = {5: 5.0, **history, 101: 1.0, 9999: 3.0}
        user = history_of(catalogue, history)
        for item in lists_of(models[kind], catalogue, user, 2)["item_id"]:
            expected = minimal_counterfactual(models[kind], catalogue, history, item, 2)
            assert minimal_counterfactual(models[kind], catalogue, unknown, item, 2) == expected


def test_the_order_of_the_history_does_not_matter(
    catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    history = random_history(2, catalogue, 8)
    user = history_of(catalogue, history)
    for item in lists_of(models["ALS"], catalogue, user, 3)["item_id"]:
        given = [history, dict(sorted(history.items())), dict(reversed(history.items()))]
        first, *others = (
            minimal_counterfactual(models["ALS"], catalogue, ratings, item, 3) for ratings in given
        )
        assert all(other == first for other in others)


def test_text_ids(catalogue: Interactions, models: dict[str, Recommender]) -> None:
    texts = small_catalogue(text=True)
    history = random_history(1, catalogue, 6)
    user = history_of(catalogue, history)
    in_words = {f"i {item}": rating for item, rating in history.items()}
    n_found = 0
    for item in lists_of(models["SVD"], catalogue, user, 4)["item_id"]:
        expected = minimal_counterfactual(models["SVD"], catalogue, history, item, 4)
        found = minimal_counterfactual(models["SVD"], texts, in_words, f"i {item}", 4)
        if expected is None:
            assert found is None
        else:
            n_found += 1
            assert found is not None
            assert found.removed == tuple(f"i {rated}" for rated in expected.removed)
            assert all(type(rated) is str for rated in found.removed)
            assert found.new_rank == expected.new_rank
    assert n_found


def rules_that_lead_to(catalogue_size: int, *rules: tuple[int, int, float]) -> AssociationRules:
    antecedents = np.array([[of, -1, -1] for of, _, _ in rules], np.int32)
    consequents = np.array([to for _, to, _ in rules], np.int32)
    confidence = np.array([how for _, _, how in rules], np.float32)
    order = np.argsort(consequents, kind="stable")
    return AssociationRules(
        antecedents[order],
        consequents[order],
        confidence[order],
        catalogue_size,
        4.0,
    )


def test_rules() -> None:
    """The lists are long enough for ranks to tell whether an item is in them."""
    model = rules_that_lead_to(6, (0, 3, 0.9), (1, 3, 0.8), (0, 4, 0.7), (2, 4, 0.6), (2, 5, 0.65))
    history = {0: 5.0, 1: 5.0, 2: 5.0}
    found = minimal_counterfactual(model, items(6), history, 3, 1)
    assert found == Counterfactual((0, 1), True, 1, 3)
    found = minimal_counterfactual(model, items(6), history, 4, 2)
    assert found == Counterfactual((0,), True, 2, 3)


@pytest.mark.filterwarnings("ignore:invalid value encountered in subtract")
def test_an_item_to_which_no_rule_leads_any_more_leaves_the_list() -> None:
    model = rules_that_lead_to(6, (0, 3, 0.9), (1, 4, 0.8))
    history = {0: 5.0, 1: 5.0}
    without = what_if(model, items(6), history, [Change(0, None)], 3)
    assert without.before["item_id"].tolist() == [3, 4]
    assert without.after["item_id"].tolist() == [4]
    found = minimal_counterfactual(model, items(6), history, 3, 3)
    assert found is not None
    assert found.removed == (0,)


@pytest.mark.filterwarnings("ignore:invalid value encountered in subtract")
def test_an_item_to_which_no_rule_leads_is_not_recommended() -> None:
    model = rules_that_lead_to(6, (0, 3, 0.9), (1, 4, 0.8))
    history = {0: 5.0, 1: 5.0}
    assert what_if(model, items(6), history, [], 3).before["item_id"].tolist() == [3, 4]
    with pytest.raises(InputError, match="item 2"):
        minimal_counterfactual(model, items(6), history, 2, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_given_is_changed(
    kind: str, catalogue: Interactions, models: dict[str, Recommender]
) -> None:
    model = models[kind]
    history = {5: 1.0, **random_history(0, catalogue, 6)}
    item = lists_of(model, catalogue, history_of(catalogue, history), 2)["item_id"].tolist()[0]
    copies = copy.deepcopy((history, catalogue, model.to_arrays()))
    first = minimal_counterfactual(model, catalogue, history, item, 2)
    assert minimal_counterfactual(model, catalogue, history, item, 2) == first
    assert list(history.items()) == list(copies[0].items())
    for name in ("data", "indices", "indptr"):
        now, then = (getattr(of.ratings, name) for of in (catalogue, copies[1]))
        np.testing.assert_array_equal(now, then)
    for name, array in model.to_arrays().items():
        np.testing.assert_array_equal(array, copies[2][name])
