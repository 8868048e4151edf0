"""Cited items of the history against plain loops, and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.projected_evidence import (
    NO_EXPLANATIONS,
    NOT_APPLICABLE,
    faithfulness_scope,
    projected_evidence,
    rated_columns,
)
from tests.lists_of import lists_of as lists_in

RATED = {1: [10, 20, 30, 40], 2: [20, 30], 3: [50, 60], 4: []}
ITEM_IDS = np.array([10, 20, 30, 40, 50, 60])


def histories_of(rated, item_ids):
    """Users and the items they rated; a user may have none."""
    users = sorted(rated)
    columns = [np.searchsorted(item_ids, sorted(rated[user])) for user in users]
    starts = np.cumsum([0, *map(len, columns)])
    values = np.full(starts[-1], 4, np.float32)
    matrix = sparse.csr_array(
        (values, np.concatenate(columns).astype(np.int32), starts),
        shape=(len(users), len(item_ids)),
    )
    return Interactions(matrix, np.array(users), np.asarray(item_ids))


HISTORIES = histories_of(RATED, ITEM_IDS)


def lists_of(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])


def evidence_of(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rated_item_id", "weight"])


def readable(cited, histories):
    """[(user, item, [(cited item, whether it supports), …]), …]"""
    assert [part.dtype.kind for part in (cited.users, cited.items, cited.columns)] == ["i"] * 3
    assert cited.supports.dtype == bool
    found = [
        (histories.user_ids[user].item(), histories.item_ids[item].item(), [])
        for user, item in zip(cited.users, cited.items, strict=True)
    ]
    for number, column, supports in zip(
        cited.recommendations, cited.columns, cited.supports, strict=True
    ):
        found[number][2].append((histories.item_ids[column].item(), bool(supports)))
    return found


def find(lists, evidence, histories=HISTORIES):
    return readable(projected_evidence(lists_in(histories, lists), evidence), histories)


def test_by_hand():
    """In the order of the table, whatever the weights; what is not rated is left out."""
    lists = lists_of([(1, 50, 2), (1, 60, 1), (2, 10, 1), (3, 10, 1), (3, 20, 2)])
    evidence = evidence_of(
        [
            (1, 50, 40, 0.5),
            (1, 50, 10, -3.0),
            (1, 50, 30, 2.0),
            (1, 50, 20, -4.0),
            (1, 60, 20, 1.0),
            (1, 60, 50, 9.0),  # not rated by user 1
            (2, 10, 10, 1.0),  # nor this by user 2
            (3, 20, 60, -1.0),
        ]
    )
    assert find(lists, evidence) == [
        (1, 60, [(20, True)]),
        (1, 50, [(40, True), (10, False), (30, True), (20, False)]),
        (3, 20, [(60, False)]),
    ]


def test_positions_say_the_order_of_telling():
    evidence = evidence_of([(1, 50, 10, 9.0), (1, 60, 20, 1.0), (1, 50, 30, 1.0), (1, 60, 10, 0.5)])
    found = find(lists_of([(1, 50, 1), (1, 60, 2)]), evidence.assign(position=[2, 1, 1, 2]))
    assert found == [(1, 50, [(30, True), (10, True)]), (1, 60, [(20, True), (10, True)])]


def test_a_weight_of_zero_does_not_support():
    evidence = evidence_of([(1, 50, 10, 0.0), (1, 50, 20, 0.5), (1, 50, 30, -0.5)])
    assert find(lists_of([(1, 50, 1)]), evidence) == [
        (1, 50, [(10, False), (20, True), (30, False)])
    ]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(10, 1.0), (20, 2.0), (10, 3.0)], [(10, True), (20, True)]),
        ([(10, 3.0), (20, 2.0), (10, 3.0)], [(10, True), (20, True)]),
        ([(10, -3.0), (20, 2.0), (10, 1.0)], [(10, False), (20, True)]),
        ([(20, -1.0), (10, -3.0), (10, -2.0)], [(20, False), (10, False)]),
    ],
)
def test_of_pieces_that_cite_the_same_item_the_first_in_order_counts(pieces, expected):
    evidence = evidence_of([(1, 50, item, weight) for item, weight in pieces])
    assert find(lists_of([(1, 50, 1)]), evidence) == [(1, 50, expected)]


def test_the_same_item_may_be_cited_for_several_recommendations():
    lists = lists_of([(1, 50, 1), (1, 60, 2), (2, 50, 1)])
    evidence = evidence_of([(1, 50, 20, 1.0), (1, 60, 20, 1.0), (2, 50, 20, 1.0)])
    assert find(lists, evidence) == [(u, i, [(20, True)]) for u, i in [(1, 50), (1, 60), (2, 50)]]


@pytest.mark.parametrize("missing", [[0], [1, 2], [0, 1, 2, 3]])
def test_pieces_that_rest_on_no_rated_item_are_left_out(missing):
    items = pd.array([10, 20, 30, 40], dtype="Int64")
    items[missing] = pd.NA
    evidence = evidence_of([(1, 50, item, 1.0) for item in items]).astype(
        {"rated_item_id": "Int64"}
    )
    found = find(lists_of([(1, 50, 1)]), evidence)
    cited = [(10 * place, True) for place in range(1, 5) if place - 1 not in missing]
    assert found == ([(1, 50, cited)] if cited else [])


def test_items_with_text_ids():
    histories = histories_of({"u": ["a", "c"], "v": ["b"]}, np.array(["a", "b", "c", "d"]))
    lists = lists_of([("v", "d", 1), ("u", "d", 2), ("u", "b", 1)])
    evidence = evidence_of([("u", "d", "c", 1.0), ("v", "d", "b", 1.0), ("u", "b", "d", 1.0)])
    assert find(lists, evidence, histories) == [
        ("u", "d", [("c", True)]),
        ("v", "d", [("b", True)]),
    ]


def test_recommendations_come_by_user_and_rank_whatever_the_rows():
    lists = lists_of([(2, 40, 1), (1, 60, 3), (2, 10, 2), (1, 50, 7)]).set_axis([5, 5, 1, 0])
    evidence = evidence_of([(1, 50, 10, 1.0), (2, 10, 20, 1.0), (1, 60, 20, 1.0), (2, 40, 30, 1.0)])
    expected = [(1, 60), (1, 50), (2, 40), (2, 10)]
    assert [found[:2] for found in find(lists, evidence)] == expected
    assert [found[:2] for found in find(lists[::-1], evidence[::-1])] == expected


def test_evidence_of_what_is_not_recommended_is_left_out():
    lists = lists_of([(1, 50, 1)])
    evidence = evidence_of([(1, 60, 10, 1.0), (2, 50, 20, 1.0), (7, 50, 20, 1.0), (1, 50, 10, 1.0)])
    assert find(lists, evidence) == [(1, 50, [(10, True)])]


@pytest.mark.parametrize(
    ("lists", "evidence"),
    [
        ([], []),
        ([(1, 50, 1)], []),
        ([], [(1, 50, 10, 1.0)]),
        ([(4, 50, 1)], [(4, 50, 10, 1.0)]),  # user 4 rated nothing
    ],
)
def test_nothing_cited(lists, evidence):
    lists = lists_of(lists).astype({"user_id": "int64", "item_id": "int64"})
    evidence = evidence_of(evidence).astype({"user_id": "int64", "item_id": "int64"})
    cited = projected_evidence(lists_in(HISTORIES, lists), evidence)
    assert readable(cited, HISTORIES) == []


def test_histories_without_any_rating():
    nobody = histories_of({1: [], 2: []}, ITEM_IDS)
    assert find(lists_of([(1, 50, 1)]), evidence_of([(1, 50, 10, 1.0)]), nobody) == []


@pytest.mark.parametrize(("user", "item", "named"), [(9, 50, "user_id 9"), (1, 99, "item_id 99")])
def test_lists_of_another_run_are_refused(user, item, named):
    with pytest.raises(InputError, match=named):
        find(lists_of([(user, item, 1)]), evidence_of([(1, 50, 10, 1.0)]))


def test_counts_and_places():
    lists = lists_of([(1, 50, 1), (1, 60, 2), (3, 10, 1)])
    evidence = evidence_of(
        [(1, 50, 10, 1.0), (1, 50, 20, 2.0), (1, 50, 30, -3.0), (3, 10, 50, 1.0), (3, 10, 60, 1.0)]
    )
    cited = projected_evidence(lists_in(HISTORIES, lists), evidence)
    assert cited.recommendations.tolist() == [0, 0, 0, 1, 1]


def slowly(lists, evidence, rated):
    """The docstring, one recommendation at a time."""
    found = []
    for row in lists.sort_values(["user_id", "rank"]).itertuples():
        pieces = [
            (piece.weight <= 0, piece.rated_item_id)
            for piece in evidence.itertuples()
            if (piece.user_id, piece.item_id) == (row.user_id, row.item_id)
            and piece.rated_item_id in rated[row.user_id]
        ]
        cited = {}
        for opposes, item in pieces:
            cited.setdefault(item, not opposes)
        if cited:
            found.append((row.user_id, row.item_id, list(cited.items())))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_equals_plain_loops(seed):
    rng = np.random.default_rng(seed)
    ids = np.arange(12) * 5
    rated = {user: rng.choice(ids, rng.integers(1, 9), replace=False).tolist() for user in range(8)}
    lists = lists_of(
        [
            (user, item, rank)
            for user in rated
            for rank, item in enumerate(rng.permutation(np.setdiff1d(ids, rated[user]))[:4], 1)
        ]
    ).sample(frac=1, random_state=seed)
    rows = [
        (user, item, rng.choice(ids), rng.integers(-3, 4) / 2)
        for user, item in zip(lists["user_id"], lists["item_id"], strict=True)
        for _ in range(rng.integers(0, 9))
    ]
    evidence = evidence_of(rows).sample(frac=1, random_state=seed)
    expected = slowly(lists, evidence, rated)
    assert find(lists, evidence, histories_of(rated, ids)) == expected
    assert len(expected) > 10


def test_columns_of_rated_items():
    ids = pd.Series([30, None, 10, 30, 31], dtype="Int64")
    assert rated_columns(ids, HISTORIES).tolist() == [2, -1, 0, 2, -1]
    assert rated_columns(pd.Series([60, 10, 61]), HISTORIES).tolist() == [5, 0, -1]
    assert rated_columns(ids[:0], HISTORIES).tolist() == []
    texts = histories_of({"u": ["a", "ü"]}, np.array(["a", "b", "ü"]))
    named = pd.Series(["ü", None, "a", "z"], dtype="str")
    for kind in ("str", "category", object):
        assert rated_columns(named.astype(kind), texts).tolist() == [2, -1, 0, -1]


@pytest.mark.parametrize(
    ("styles", "projected", "expected"),
    [
        (["item"], False, ["item"]),
        (["rule", "item", "rule"], False, ["item", "rule"]),
        (["path"], False, ["path"]),
        (["neighbour"], True, ["neighbour"]),
        (["feature", "item"], False, ["item"]),
        (["item", "neighbour"], False, ["item"]),
    ],
)
def test_scope_in_words(styles, projected, expected):
    found = faithfulness_scope(evidence_in(styles), projected)
    assert found == "; ".join(STYLES[style].taken_away for style in expected)
    assert [word.startswith("projection") for word in found.split("; ")] == [
        style != "item" for style in expected
    ]


def evidence_in(styles):
    """Pieces of these styles, of which features and ratings of neighbours rest on no item."""
    rated = pd.array([None if s in ("feature", "neighbour") else 1 for s in styles], dtype="Int64")
    names = pd.Categorical(styles, categories=list(STYLES))
    return pd.DataFrame({"style": names, "rated_item_id": rated})


@pytest.mark.parametrize("styles", [["feature"], ["neighbour"], ["feature", "neighbour"]])
def test_scope_of_what_is_no_part_of_the_history(styles):
    assert faithfulness_scope(evidence_in(styles), False) == NOT_APPLICABLE


def test_scope_without_explanations():
    assert faithfulness_scope(None, False) == NO_EXPLANATIONS
    assert faithfulness_scope(evidence_in([]), True) == NO_EXPLANATIONS


def test_evidence_of_an_unknown_item_is_nobody_elses():
    """User 2's evidence for an item that is not in the catalogue; user 1 has the last item."""
    lists = lists_of([(1, 60, 1), (2, 50, 1)])
    try:
        found = find(lists, evidence_of([(2, 99, 20, 1.0)]))
    except InputError:
        found = []
    assert found == []
