"""Ids become rows and columns, and back; blocks lose nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks


def ratings_table(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])


@pytest.fixture
def interactions():
    """Users 3, 7, 9 over items 10, 20, 30, 40."""
    rows = [(7, 30, 4.0), (3, 20, 0.0), (7, 10, 2.5), (3, 40, 5.0), (9, 30, 1.0)]
    return Interactions.from_frame(ratings_table(rows))


def test_from_frame_sorts_ids_and_keeps_a_rating_of_zero(interactions):
    assert interactions.user_ids.tolist() == [3, 7, 9]
    assert interactions.item_ids.tolist() == [10, 20, 30, 40]
    assert (interactions.n_users, interactions.n_items) == (3, 4)
    expected = [[0, 0, 0, 5], [2.5, 0, 4, 0], [0, 0, 1, 0]]
    np.testing.assert_array_equal(interactions.ratings.toarray(), expected)
    assert interactions.ratings.nnz == 5
    assert interactions.ratings.indices.tolist() == [1, 3, 0, 2, 2]
    assert interactions.ratings.dtype == np.float32


def test_from_frame_with_text_ids():
    rows = [("bob", "Ö", 1.0), ("Ann", "b", 2.0), ("bob", "B", 3.0)]
    interactions = Interactions.from_frame(ratings_table(rows))
    assert interactions.user_ids.tolist() == ["Ann", "bob"]
    assert interactions.item_ids.tolist() == ["B", "b", "Ö"]
    assert interactions.user_ids.dtype.kind == interactions.item_ids.dtype.kind == "U"
    np.testing.assert_array_equal(interactions.ratings.toarray(), [[0, 2, 0], [3, 0, 1]])


def test_from_frame_does_not_depend_on_the_order_of_the_table():
    rng = np.random.default_rng(0)
    pairs = rng.permutation(60)[:30]
    table = ratings_table({"user_id": pairs // 10, "item_id": pairs % 10, "rating": pairs / 9})
    first = Interactions.from_frame(table)
    second = Interactions.from_frame(table.sample(frac=1, random_state=1))
    np.testing.assert_array_equal(first.ratings.toarray(), second.ratings.toarray())
    np.testing.assert_array_equal(first.ratings.indices, second.ratings.indices)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"user_id": [1], "item": [2]}), "no column item_id, rating; found user_id"),
        (ratings_table([]), "no rows"),
        (ratings_table([("a", 1, 1.0), (None, 2, 1.0)]), "column user_id has empty values"),
        (ratings_table([(1, "x", 1.0), (1, None, 1.0)]), "column item_id has empty values"),
    ],
)
def test_from_frame_refuses(table, message):
    with pytest.raises(InputError, match=message):
        Interactions.from_frame(table)


def test_from_frame_names_the_duplicate_pair():
    table = ratings_table([(1, 2, 3.0), (1, 3, 3.0), (1, 3, 4.0)])
    with pytest.raises(InputError, match="user 1 rated item 3 more than once"):
        Interactions.from_frame(table)
    with pytest.raises(InputError, match="user 1 rated item 3 more than once"):
        Interactions.from_frame(table.assign(timestamp=pd.Timestamp("2020-01-01")))


def test_user_rows_and_item_columns(interactions):
    assert interactions.user_rows(pd.Series([9, 4, 3, 100, -5])).tolist() == [2, -1, 0, -1, -1]
    assert interactions.item_columns(np.array([40, 10, 41])).tolist() == [3, 0, -1]
    assert interactions.user_rows(np.array([], dtype=object)).tolist() == []


def test_text_ids_are_found():
    interactions = Interactions.from_frame(ratings_table([("u", "né", 1.0), ("v", "nez", 1.0)]))
    wanted = pd.Series(["nez", "n", "né", "a much longer title than any"])
    assert interactions.item_columns(wanted).tolist() == [0, -1, 1, -1]


@pytest.mark.parametrize("wrong", ["3", 3.0])
def test_ids_of_the_wrong_type_are_an_error(interactions, wrong):
    with pytest.raises(InputError, match=r"must be integers.*found .*3"):
        interactions.user_rows(pd.Series([wrong]))


def test_histories_bring_new_users_into_the_catalogue(interactions):
    rows = [(500, 40, 3.0), (500, 99, 5.0), (2, 99, 5.0), (2, 11, 1.0), (3, 20, 0.0), (500, 10, 1)]
    new = interactions.histories(ratings_table(rows))
    assert new.user_ids.tolist() == [2, 3, 500]
    assert new.item_ids.tolist() == [10, 20, 30, 40]
    expected = [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 3]]
    np.testing.assert_array_equal(new.ratings.toarray(), expected)
    assert np.diff(new.ratings.indptr).tolist() == [0, 1, 2]
    assert new.ratings.indices.tolist() == [1, 0, 3]


def test_histories_with_ids_of_another_type_are_an_error(interactions):
    with pytest.raises(InputError, match="must be integers"):
        interactions.histories(ratings_table([(1, "10", 3.0)]))


@settings(max_examples=26, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=30),
    cells=st.integers(1, 60),
    least=st.integers(1, 9),
    seed=st.integers(0, 9),
)
def test_padded_blocks_cover_every_entry_once(lengths, cells, least, seed):
    rng = np.random.default_rng(seed)
    indices = [np.sort(rng.permutation(12)[:length]) for length in lengths]
    indptr = np.cumsum([0, *lengths])
    values = rng.integers(0, 6, indptr[-1]).astype(np.float32)
    shape = (len(lengths), 12)
    matrix = sparse.csr_array((values, np.concatenate(indices).astype(int), indptr), shape=shape)
    seen = []
    for block in padded_blocks(matrix, cells, least):
        b, length = block.columns.shape
        values = block.values  # noqa: PD011
        assert values.shape == block.filled.shape == (b, length)
        assert b * max(length, least) <= cells or b == 1
        assert length == max(lengths[row] for row in block.rows)
        assert not block.columns[~block.filled].any()
        assert not values[~block.filled].any()
        for row, columns, ratings, filled in zip(
            block.rows, block.columns, values, block.filled, strict=True
        ):
            assert columns[filled].tolist() == indices[row].tolist()
            assert ratings[filled].tolist() == matrix.data[indptr[row] : indptr[row + 1]].tolist()
        seen.extend(block.rows.tolist())
    assert sorted(seen) == list(range(len(lengths)))


def test_padded_blocks_of_rows_without_entries():
    blocks = list(padded_blocks(sparse.csr_array((3, 5), dtype=np.float32)))
    assert [block.rows.tolist() for block in blocks] == [[0, 1, 2]]
    assert blocks[0].columns.shape == blocks[0].filled.shape == (3, 0)
