"""Explanations by neighbours against plain loops over the neighbours' ratings."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.explainers import neighbours as module
from explainable_recsys.explainers.neighbours import (
    NeighbourExplanationParameters,
    SimilarItemsParameters,
    explain_by_neighbours,
    explain_by_similar_items,
)
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import (
    NeighbourhoodParameters,
    explainability,
    nearest_items,
    nearest_users,
)
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters, SimilarItems
from explainable_recsys.liking import Liking
from tests.lists_of import assert_is_evidence, data_of, lists_of

RNG = np.random.default_rng(0)
RATED = RNG.random((25, 12)) < 0.5
RATINGS = np.where(RATED, RNG.integers(1, 11, RATED.shape) / 2, 0).astype(np.float32)
TRAIN = Interactions(sparse.csr_array(RATINGS), np.arange(25) + 1, np.arange(12) + 100)
USERS, COLUMNS = np.nonzero(RATINGS == 0)
LISTS = pd.DataFrame({"user_id": USERS + 1, "item_id": COLUMNS + 100})
LIKED_FROM, EVERYTHING = 4.0, -math.inf


def explained(
    histories: Interactions,
    training: Interactions,
    lists: pd.DataFrame,
    neighbourhood: NeighbourhoodParameters,
    liked_from: float = LIKED_FROM,
    min_agreement: float = 0.0,
) -> Explained:
    return explain_by_neighbours(
        None,
        data_of(training, liked_from=liked_from),
        lists_of(histories, lists),
        NeighbourExplanationParameters(min_share=0, min_agreement=min_agreement),
        neighbourhood=neighbourhood,
    )


def by_neighbours(*arguments: Any) -> pd.DataFrame:
    return explained(*arguments).evidence


def co_rated(*arguments: Any) -> pd.DataFrame:
    return explained(*arguments).details["projected_evidence"]


def by_similar_items(
    neighbours: NDArray[Any],
    similarities: NDArray[Any],
    histories: Interactions,
    lists: pd.DataFrame,
    liked_from: float,
) -> pd.DataFrame:
    found = explain_by_similar_items(
        None,
        data_of(histories, liked_from=liked_from),
        lists_of(histories, lists),
        SimilarItemsParameters(),
        similar_items=SimilarItems(neighbours, similarities, ItemSimilarityParameters()),
    )
    assert found.details == {}
    return found.evidence


def least_liked(person: int, liked_from: float) -> float:
    """NaN: the mean of what the person rated."""
    own = RATINGS[person][RATINGS[person] > 0]
    return float(own.astype(float).mean()) if math.isnan(liked_from) else liked_from


@pytest.mark.parametrize("min_agreement", [0.0, 0.6])
@pytest.mark.parametrize("liked_from", [LIKED_FROM, EVERYTHING, math.nan])
def test_users_form_counts_the_neighbours_ratings(liked_from: float, min_agreement: float) -> None:
    """Who liked the item speaks for it and comes first; who rated it lower speaks against it."""
    parameters = NeighbourhoodParameters(k=6)
    near, _ = nearest_users(TRAIN.ratings, TRAIN.ratings, parameters)
    expected = []
    for user, column in zip(USERS, COLUMNS, strict=True):
        given = [
            (RATINGS[v, column] >= least_liked(v, liked_from), RATINGS[v, column])
            for v in near[user]
            if v >= 0 and RATINGS[v, column] > 0
        ]
        n_likes = sum(likes for likes, _ in given)
        if not n_likes or n_likes / len(given) < min_agreement:
            continue
        counted = sorted(Counter(given).items(), reverse=True)
        for place, ((likes, rating), n) in enumerate(counted, 1):
            stars = f"★{rating:g}", f"{rating:g}"
            expected.append((user + 1, column + 100, place, *stars, n if likes else -n))
    table = by_neighbours(TRAIN, TRAIN, LISTS, parameters, liked_from, min_agreement)
    assert (table["weight"] < 0).any() == (liked_from != EVERYTHING)
    columns = ["user_id", "item_id", "position", "evidence", "evidence_id", "weight"]
    assert list(table[columns].itertuples(index=False, name=None)) == expected
    assert (table["style"] == "neighbour").all()
    assert table["rated_item_id"].isna().all()
    assert_is_evidence(table)
    assert len(table) > (100 if min_agreement == 0 else 30)


def test_items_form_names_similar_items_that_were_liked() -> None:
    parameters = NeighbourhoodParameters(form="items", k=4)
    near, similarity = nearest_items(TRAIN.ratings, parameters)
    expected = [
        (user + 1, column + 100, other + 100, np.float32(similarity[column, place]))
        for user, column in zip(USERS, COLUMNS, strict=True)
        for place, other in enumerate(near[column])
        if RATINGS[user, other] >= 4
    ]
    table = by_neighbours(TRAIN, TRAIN, LISTS, parameters)
    columns = ["user_id", "item_id", "rated_item_id", "weight"]
    assert list(table[columns].itertuples(index=False, name=None)) == expected
    assert (table["style"] == "item").all()
    assert table["evidence"].iloc[0] == f"Title {table['evidence_id'].iloc[0]}"


@pytest.mark.parametrize("form", ["users", "items"])
def test_what_is_explained_is_what_is_explainable(form: str) -> None:
    parameters = NeighbourhoodParameters.model_validate({"form": form, "k": 3})
    shares = explainability(TRAIN.ratings, TRAIN.ratings, parameters, Liking(LIKED_FROM)).toarray()
    table = by_neighbours(TRAIN, TRAIN, LISTS, parameters)
    found = set(zip(table["user_id"], table["item_id"], strict=True))
    explainable = {
        (user + 1, column + 100)
        for user, column in zip(USERS, COLUMNS, strict=True)
        if shares[user, column] > 0
    }
    assert found == explainable
    assert 0 < len(found) < len(LISTS)


def test_nothing_to_explain() -> None:
    for form in ("users", "items"):
        parameters = NeighbourhoodParameters.model_validate({"form": form, "k": 3})
        table = by_neighbours(TRAIN, TRAIN, LISTS.iloc[:0], parameters)
        assert table.empty
        assert_is_evidence(table)


def test_tables_of_another_run_are_refused() -> None:
    unknown = pd.DataFrame({"user_id": [99], "item_id": [100]})
    with pytest.raises(InputError, match="user_id 99"):
        by_neighbours(TRAIN, TRAIN, unknown, NeighbourhoodParameters(k=3))


NEAR = np.array([[1, 3], [0, -1], [3, 0], [-1, -1]], np.int32)
SIMILAR = np.array([[0.5, 0.25], [1.5, 0], [0.75, 0.5], [0, 0]], np.float32)


def four_items(ratings: list[list[float]]) -> Interactions:
    """Everything that is not NaN is rated, also with 0 or less."""
    values = np.array(ratings, np.float32)
    users, items = np.nonzero(~np.isnan(values))
    matrix = sparse.csr_array((values[users, items], (users, items)), shape=values.shape)
    return Interactions(matrix, np.arange(len(values)), np.arange(7, 11))


def named(table: pd.DataFrame) -> list[tuple[int, int, int, int, float]]:
    columns = ["user_id", "item_id", "position", "rated_item_id", "weight"]
    return list(table[columns].itertuples(index=False, name=None))


def test_similar_items_by_hand() -> None:
    """Item 7 is near 8 and 10, item 8 near 7, item 9 near 10 and 7, item 10 near none."""
    nan = np.nan
    data = four_items([[nan, 4, nan, 5], [3, nan, nan, 4.5], [nan, nan, 2, nan]])
    lists = pd.DataFrame(
        {"user_id": [1, 0, 0, 1, 2, 2, 0], "item_id": [9, 7, 9, 8, 7, 10, 8]}, index=[3] * 7
    )
    found = by_similar_items(NEAR, SIMILAR, data, lists, EVERYTHING)
    assert named(found) == [
        (1, 9, 1, 10, 0.75),
        (1, 9, 2, 7, 0.5),
        (0, 7, 1, 8, 0.5),
        (0, 7, 2, 10, 0.25),
        (0, 9, 1, 10, 0.75),
        (1, 8, 1, 7, 1.5),
    ]
    assert found["evidence"].tolist() == [f"Title {item}" for item in (10, 7, 8, 10, 10, 7)]
    assert (found["style"] == "item").all()
    assert_is_evidence(found)
    liked = by_similar_items(NEAR, SIMILAR, data, lists, 4.0)
    assert named(liked) == [row for row in named(found) if row[3] != 7]
    none = by_similar_items(NEAR, SIMILAR, data, lists, 5.5)
    assert none.empty
    assert_is_evidence(none)


def test_places_are_counted_among_what_is_named() -> None:
    data = four_items([[3.0, np.nan, np.nan, 5.0], [5.0, np.nan, np.nan, 3.0]])
    lists = pd.DataFrame({"user_id": [0, 1], "item_id": [9, 9]})
    found = by_similar_items(NEAR, SIMILAR, data, lists, 4.0)
    assert named(found) == [(0, 9, 1, 10, 0.75), (1, 9, 1, 7, 0.5)]


def test_ratings_of_zero_and_below_are_ratings() -> None:
    data = four_items([[0.0, np.nan, np.nan, -2.0]])
    lists = pd.DataFrame({"user_id": [0], "item_id": [9]})
    for threshold, expected in ((EVERYTHING, [10, 7]), (0.0, [7]), (-2.0, [10, 7]), (0.5, [])):
        found = by_similar_items(NEAR, SIMILAR, data, lists, threshold)
        assert found["rated_item_id"].tolist() == expected


@pytest.mark.parametrize("form", ["users", "items"])
def test_a_rating_equal_to_the_threshold_reaches_it_in_single_precision(form: str) -> None:
    nan = np.nan
    data = four_items([[3.3, 3.3, 3.3, nan], [3.3, 3.3, nan, 3.3], [3.3, nan, 3.3, 3.3]])
    parameters = NeighbourhoodParameters.model_validate({"form": form, "k": 1})
    assert explainability(data.ratings, data.ratings, parameters, Liking(3.3))[0, 3] == 1
    lists = pd.DataFrame({"user_id": [0], "item_id": [10]})
    assert len(by_neighbours(data, data, lists, parameters, 3.3)) == 1


def test_similar_items_are_those_of_the_items_form() -> None:
    parameters = NeighbourhoodParameters(form="items", k=9, similarity="pearson")
    expected = by_neighbours(TRAIN, TRAIN, LISTS, parameters)
    near, similarity = nearest_items(TRAIN.ratings, parameters)
    assert (near < 0).any()
    found = by_similar_items(near, similarity, TRAIN, LISTS, 4.0)
    pd.testing.assert_frame_equal(found, expected)
    narrow = by_similar_items(
        near.astype(np.int32), similarity.astype(np.float32), TRAIN, LISTS, 4.0
    )
    pd.testing.assert_frame_equal(narrow, expected)
    assert len(found) > 50


def test_no_similar_items_to_explain_with() -> None:
    nothing = by_similar_items(NEAR, SIMILAR, four_items([[5, 5, 5, 5]]), LISTS[:0], 4)
    assert nothing.empty
    data = four_items([[5, 5, 5, np.nan], [np.nan] * 4])
    for user, item in ((0, 10), (1, 7)):  # near to nothing, and who rated nothing
        lists = pd.DataFrame({"user_id": [user], "item_id": [item]})
        assert by_similar_items(NEAR, SIMILAR, data, lists, EVERYTHING).empty


def test_similar_items_of_another_run_are_refused() -> None:
    data = four_items([[5, 5, 5, 5]])
    for user, item, says in ((9, 7, "user_id 9"), (0, 99, "item_id 99")):
        lists = pd.DataFrame({"user_id": [user], "item_id": [item]})
        with pytest.raises(InputError, match=says):
            by_similar_items(NEAR, SIMILAR, data, lists, EVERYTHING)


CO_RATED = ["user_id", "item_id", "rated_item_id", "weight"]


def share_of(user: NDArray[Any], other: NDArray[Any], parameters: NeighbourhoodParameters) -> Any:
    """What each item adds to the similarity of two rows of ratings, 0 where one has none."""
    common = (user > 0) & (other > 0)
    a, b = user.astype(float), other.astype(float)
    if parameters.similarity == "pearson":
        a, b = (np.where(row > 0, row - row[row > 0].mean(), 0) for row in (a, b))
        lengths = np.sqrt((a[common] ** 2).sum() * (b[common] ** 2).sum())
    else:
        lengths = np.sqrt((a**2).sum() * (b**2).sum())
    n = common.sum()
    return np.where(common, a * b, 0) / lengths * n / (n + parameters.shrinkage)


def slowly_co_rated(
    ratings: NDArray[Any],
    lists: pd.DataFrame,
    parameters: NeighbourhoodParameters,
    n: int,
    liked_from: float = LIKED_FROM,
    min_agreement: float = 0.0,
) -> dict[tuple[int, int], list[tuple[int, float]]]:
    """The strongest items and what they add to the similarities with who speaks for each item."""
    found = {}
    near, _ = nearest_users(sparse.csr_array(ratings), TRAIN.ratings, parameters)
    for user, item in zip(lists["user_id"] - 1, lists["item_id"] - 100, strict=True):
        given = {v: RATINGS[v, item] for v in near[user] if v >= 0 and RATINGS[v, item] > 0}
        speaks = [v for v, rating in given.items() if rating >= least_liked(v, liked_from)]
        if not speaks or len(speaks) / len(given) < min_agreement:
            continue
        weights = sum(share_of(ratings[user], RATINGS[v], parameters) for v in speaks)
        weighed = [(100 + int(column), weights[column]) for column in np.flatnonzero(weights)]
        found[user + 1, item + 100] = sorted(weighed, key=lambda piece: -piece[1])[:n]
    return found


@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
@pytest.mark.parametrize("shrinkage", [0.0, 3.0])
@pytest.mark.parametrize(
    ("liked_from", "n", "min_agreement"),
    [(4.0, 3, 0.0), (3.0, 3, 0.6), (EVERYTHING, 10, 1.0), (2.5, 1, 0.7), (math.nan, 3, 0.5)],
)
def test_co_rated_items_are_those_that_make_neighbours(
    monkeypatch: pytest.MonkeyPatch,
    similarity: str,
    shrinkage: float,
    liked_from: float,
    n: int,
    min_agreement: float,
) -> None:
    parameters = NeighbourhoodParameters.model_validate(
        {"k": 5, "similarity": similarity, "shrinkage": shrinkage}
    )
    monkeypatch.setattr(module, "N_PROJECTED", n)
    table = co_rated(TRAIN, TRAIN, LISTS, parameters, liked_from, min_agreement)
    assert table.columns.tolist() == CO_RATED
    assert table["weight"].dtype == np.float32
    every_weight = slowly_co_rated(RATINGS, LISTS, parameters, 12, liked_from, min_agreement)
    expected = {pair: weights[:n] for pair, weights in every_weight.items()}
    found = {
        pair: list(zip(pieces["rated_item_id"], pieces["weight"], strict=True))
        for pair, pieces in table.groupby(["user_id", "item_id"], sort=False)
    }
    assert list(found) == list(expected)  # in the order of the lists
    for pair, pieces in expected.items():
        np.testing.assert_allclose(
            [w for _, w in found[pair]], [w for _, w in pieces], rtol=1e-5, atol=1e-7
        )
        weights = dict(every_weight[pair])
        for item, weight in found[pair]:  # equal weights may come in any order
            assert weights[item] == pytest.approx(weight, rel=1e-5, abs=1e-7)
        assert len({item for item, _ in found[pair]}) == len(pieces)
    assert len(expected) > 50


def test_co_rated_items_by_hand() -> None:
    """User 1 speaks for item 9 (rated 5), user 2 does not (rated 1); both rated what 0 did."""
    nan = np.nan
    data = four_items([[3, 4, nan, nan], [4, 3, 5, nan], [4, 4, 1, 5], [nan, nan, nan, 2]])
    lists = pd.DataFrame({"user_id": [0, 0], "item_id": [9, 10]})
    found = co_rated(data, data, lists, NeighbourhoodParameters(k=2))
    assert found[CO_RATED[:3]].to_numpy().tolist() == [[0, 9, 7], [0, 9, 8], [0, 10, 8], [0, 10, 7]]
    lengths = {1: np.sqrt(25 * 50), 2: np.sqrt(25 * 58)}
    np.testing.assert_allclose(
        found["weight"],
        [12 / lengths[1], 12 / lengths[1], 16 / lengths[2], 12 / lengths[2]],
        rtol=1e-6,
    )
    everybody = co_rated(data, data, lists, NeighbourhoodParameters(k=2), EVERYTHING)
    np.testing.assert_allclose(
        everybody["weight"][:2],
        [12 / lengths[1] + 16 / lengths[2], 12 / lengths[1] + 12 / lengths[2]],
        rtol=1e-6,
    )


def test_what_rests_on_co_rated_items_is_what_is_explained() -> None:
    """And they are of the user's own history, so that faithfulness can take them away."""
    for similarity in ("cosine", "pearson"):
        parameters = NeighbourhoodParameters.model_validate({"k": 4, "similarity": similarity})
        found = explained(TRAIN, TRAIN, LISTS, parameters)
        table = found.details["projected_evidence"]
        both = (found.evidence, table)
        pairs = [set(map(tuple, t[["user_id", "item_id"]].to_numpy())) for t in both]
        assert pairs[0] == pairs[1]
        assert (RATINGS[table["user_id"] - 1, table["rated_item_id"] - 100] > 0).all()


def test_co_rated_items_of_new_users() -> None:
    """Histories that training has not seen, under ids of their own."""
    parameters = NeighbourhoodParameters(k=4)
    rng = np.random.default_rng(9)
    ratings = np.where(rng.random((6, 12)) < 0.5, rng.integers(1, 6, (6, 12)), 0)
    new = Interactions(
        sparse.csr_array(ratings.astype(np.float32)), np.arange(6) + 1, TRAIN.item_ids
    )
    users, columns = np.nonzero(ratings == 0)
    lists = pd.DataFrame({"user_id": users + 1, "item_id": columns + 100})
    table = co_rated(new, TRAIN, lists, parameters)
    expected = slowly_co_rated(ratings, lists, parameters, 10)
    pairs = table[["user_id", "item_id"]].drop_duplicates()
    assert list(pairs.itertuples(index=False, name=None)) == list(expected)
    weights = [weight for pieces in expected.values() for _, weight in pieces]
    np.testing.assert_allclose(table["weight"], weights, rtol=1e-5)


def test_how_many_lists_are_compared_at_once_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parameters = NeighbourhoodParameters(k=6, similarity="pearson", shrinkage=1.0)
    expected = co_rated(TRAIN, TRAIN, LISTS, parameters)
    for at_once in (1, 7):
        monkeypatch.setattr(module, "LISTS_AT_ONCE", at_once)
        found = co_rated(TRAIN, TRAIN, LISTS, parameters)
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("lists", "changed", "liked_from"),
    [
        (LISTS, {"form": "items"}, LIKED_FROM),
        (LISTS[:0], {}, LIKED_FROM),
        (LISTS, {}, 9.0),  # nobody speaks
    ],
)
def test_nothing_rests_on_co_rated(
    lists: pd.DataFrame, changed: dict[str, Any], liked_from: float
) -> None:
    parameters = NeighbourhoodParameters.model_validate({"k": 4} | changed)
    table = co_rated(TRAIN, TRAIN, lists, parameters, liked_from)
    assert table.empty
    usual = co_rated(TRAIN, TRAIN, LISTS, NeighbourhoodParameters(k=4))
    assert table.dtypes.to_dict() == usual.dtypes.to_dict()


def test_co_rated_items_of_another_run_are_refused() -> None:
    for user, item, says in ((99, 100, "user_id 99"), (1, 999, "item_id 999")):
        lists = pd.DataFrame({"user_id": [user], "item_id": [item]})
        for form in ("users", "items"):
            parameters = NeighbourhoodParameters.model_validate({"k": 3, "form": form})
            with pytest.raises(InputError, match=says):
                co_rated(TRAIN, TRAIN, lists, parameters)
    with pytest.raises(InputError, match=r"neighbours\.k: 25 neighbours"):
        co_rated(TRAIN, TRAIN, LISTS, NeighbourhoodParameters(k=25))


def test_few_of_the_nearest_people_are_no_reason() -> None:
    """All three nearest people rated the first item highly, one of them each of the others."""
    people = [[5, 5, 4, 4, 0], [5, 5, 4, 0, 4], [5, 5, 4, 1, 0], [5, 4, 0, 0, 0]]
    ratings = sparse.csr_array(np.array(people, dtype=np.float32))
    catalogue = Interactions(ratings, np.arange(4), np.arange(5))
    lists = lists_of(catalogue, pd.DataFrame({"user_id": 3, "item_id": [2, 3, 4]}))
    neighbourhood, data = NeighbourhoodParameters(k=3), data_of(catalogue, liked_from=4.0)
    for share, explained_items in ((0.0, {2, 3, 4}), (0.5, {2}), (1.0, {2})):
        parameters = NeighbourExplanationParameters(min_share=share, min_agreement=0)
        found = explain_by_neighbours(None, data, lists, parameters, neighbourhood=neighbourhood)
        assert set(found.evidence["item_id"]) == explained_items
        assert set(found.details["projected_evidence"]["item_id"]) == explained_items


@pytest.mark.parametrize(
    ("least", "told"),
    [(0.0, {4, 5, 6}), (0.5, {4, 5, 6}), (0.6, {4, 5}), (0.75, {4}), (1.0, {4})],
)
def test_neighbours_who_disagree_are_no_reason(least: float, told: set[int]) -> None:
    """Of who rated the items 4, 5 and 6, all 2, 2 of 3, and 2 of 4 people liked them."""
    people = [[5, 5, 4, 3, 5, 5, 5], [5, 4, 5, 3, 4, 4, 1], [4, 5, 5, 3, 0, 2, 2]]
    people += [[4, 4, 4, 3, 0, 0, 4], [5, 5, 5, 3, 0, 0, 0]]
    ratings = sparse.csr_array(np.array(people, dtype=np.float32))
    catalogue = Interactions(ratings, np.arange(5), np.arange(7))
    found = explain_by_neighbours(
        None,
        data_of(catalogue, liked_from=4.0),
        lists_of(catalogue, pd.DataFrame({"user_id": 4, "item_id": [4, 5, 6]})),
        NeighbourExplanationParameters(min_share=0.5, min_agreement=least),
        neighbourhood=NeighbourhoodParameters(k=4),
    )
    assert set(found.evidence["item_id"]) == told
    assert set(found.details["projected_evidence"]["item_id"]) == told
