"""Draws by hash: against the same in plain Python, in any order, and as chance has it."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explainable_recsys import draws

SEEDS = st.integers(0, 2**32 - 1)
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30, unique=True)
LETTERS = st.characters(codec="utf8", exclude_characters="\0")  # which numpy's text cannot end with
TEXT = st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=30, unique=True)
IDS = st.one_of(INTEGERS, TEXT)
WORD = 2**64


def next_by_hand(start, number):
    """Number of SplitMix64's stream, as Steele, Lea and Flood have it."""
    value = (start + (number + 1) * 0x9E3779B97F4A7C15) % WORD
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) % WORD
    return value ^ (value >> 31)


def hash_by_hand(*ids, seed, purpose):
    found = next_by_hand(int(draws.numbers(purpose)[0]), seed)
    for number in ids:
        found = next_by_hand(found, number)
    return found


def hashed(*ids, seed=0, purpose="test"):
    return draws.hashes(*ids, seed=seed, purpose=purpose)


def test_the_published_numbers_of_splitmix64():
    stream = [next_by_hand(1234567, place) for place in range(3)]
    assert stream == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(
    pairs=st.lists(st.tuples(st.integers(-99, 99), st.integers(-9, 2**63 - 1)), max_size=20),
    s=SEEDS,
)
def test_equals_plain_integers(pairs, s):
    first, second = np.array(pairs, np.int64).reshape(-1, 2).T
    found = hashed(first, second, seed=s, purpose="pairs")
    assert found.dtype == np.uint64
    assert found.tolist() == [hash_by_hand(*pair, seed=s, purpose="pairs") for pair in pairs]


def test_long_arrays_equal_their_parts(monkeypatch):
    ids = np.arange(100_000)
    whole = hashed(ids, ids[::-1])
    assert whole.tolist()[99_990:] == [
        hash_by_hand(n, 99_999 - n, seed=0, purpose="test") for n in range(99_990, 100_000)
    ]
    monkeypatch.setattr(draws, "_AT_ONCE", 7)
    np.testing.assert_array_equal(hashed(ids[:1000], ids[::-1][:1000]), whole[:1000])


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "i4", "u4", "i8", "u8", ">i4", "O", "Int64"])
def test_integers_of_any_type_are_the_same(kind):
    ids = [3, 1, 100, 0, 3]
    expected = hashed(ids)
    np.testing.assert_array_equal(hashed(pd.Series(ids, dtype=kind)), expected)
    if kind != "Int64":
        np.testing.assert_array_equal(hashed(np.array(ids, dtype=kind)), expected)
    np.testing.assert_array_equal(hashed(pd.Index(ids)), expected)
    assert [hashed(number).tolist() for number in ids] == expected[:, None].tolist()


@pytest.mark.parametrize("kind", ["str", "O", "category", "string"])
def test_text_of_any_type_is_the_same(kind):
    ids = ["u2", "ü1", "", "u2", "七"]
    expected = hashed(ids)
    series = pd.Series(ids, dtype=kind)
    for given_ in (series, series.to_numpy(), np.array(ids), np.array(ids, object)):
        np.testing.assert_array_equal(hashed(given_), expected)
    np.testing.assert_array_equal(hashed(series.unique()), expected[[0, 1, 2, 4]])
    assert [hashed(text).tolist() for text in ids] == expected[:, None].tolist()
    assert expected[0] == expected[3]
    assert len(set(expected.tolist())) == 4


def test_values_stay_what_they_are():
    """Changed values change every split: that is a decision, not a refactoring."""
    assert hashed([1, 2], [30, 40]).tolist() == [4245657412508002884, 6952432214509205166]
    assert hashed(["a", "ü"]).tolist() == [7840116529659189885, 12935867187918972330]
    assert draws.uniforms([1], seed=4, purpose="other").tolist() == [0.6098256788185107]


def test_another_process_hashes_alike():
    code = (
        "import json; from explainable_recsys import draws; "
        "print(json.dumps(draws.hashes(['a', 'b'], [1, 2], seed=5, purpose='x').tolist()))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == hashed(["a", "b"], [1, 2], seed=5, purpose="x").tolist()


@given(ids=IDS, data=st.data(), s=SEEDS)
def test_the_order_and_the_company_of_ids_do_not_matter(ids, data, s):
    order = data.draw(st.permutations(range(len(ids))))
    n = data.draw(st.integers(0, len(ids)))
    whole = hashed(ids, seed=s)
    some = [ids[place] for place in order[:n]]
    np.testing.assert_array_equal(hashed(some, seed=s), whole[order[:n]])
    expected = [ids[place] for place in draws.random_order(ids, s, "order")]
    again = [ids[place] for place in order]
    assert [again[place] for place in draws.random_order(again, s, "order")] == expected
    kept = set(some)
    of_some = [some[place] for place in draws.random_order(some, s, "order")]
    assert of_some == [one for one in expected if one in kept]


@given(ids=IDS, n=st.integers(0, 40), data=st.data(), s=SEEDS)
def test_a_sample_is_the_start_of_the_order_sorted(ids, n, data, s):
    repeated = data.draw(st.permutations(ids + ids[::2]))
    expected = sorted([ids[place] for place in draws.random_order(ids, s, "x")][:n])
    assert draws.sample(repeated, n, s, "x").tolist() == expected
    assert draws.sample(pd.Series(repeated), n, s, "x").tolist() == expected
    assert len(expected) == min(n, len(ids))


@given(ids=st.sets(st.integers(0, 60), min_size=2), new=st.integers(61, 99), n=st.integers(1, 9))
def test_one_more_id_takes_the_place_of_one_at_most(ids, new, n):
    before = set(draws.sample(list(ids), n, 0, "x").tolist())
    after = set(draws.sample([*ids, new], n, 0, "x").tolist())
    assert after - before <= {new}
    assert len(before - after) <= 1


def test_nobody():
    for ids in (
        [],
        np.empty(0, np.int64),
        pd.Series([], dtype="str"),
        pd.Series([], dtype="int64"),
    ):
        assert hashed(ids).shape == (0,)
        assert draws.random_order(ids, 0, "x").tolist() == []
        assert draws.sample(ids, 3, 0, "x").tolist() == []


def test_shapes_broadcast():
    users, items, number = np.arange(3), np.array(["a", "b"]), np.arange(4)
    found = hashed(users[:, None], items, number[:, None, None])
    assert found.shape == (4, 3, 2)
    assert found[1, 2, 0] == hashed(2, "a", 1)[0]
    assert hashed(5, users).tolist() == hashed(np.full(3, 5), users).tolist()
    assert hashed(np.array([["a", "b"], ["b", "c"]]))[1, 0] == hashed("b")[0]


@pytest.mark.parametrize("ids", [np.arange(9), pd.Series(["a", "b"]), pd.Series([1, 2])])
def test_numbers_of_numbers_and_what_is_given_stay(ids):
    before = ids.copy()
    numbers = draws.numbers(ids)
    kept = numbers.copy()
    assert numbers.dtype == np.uint64
    np.testing.assert_array_equal(draws.numbers(numbers), numbers)
    np.testing.assert_array_equal(hashed(numbers, numbers), hashed(ids, ids))
    np.testing.assert_array_equal(numbers, kept)
    np.testing.assert_array_equal(ids, before)


def test_different_ids_never_share_a_hash():
    """Of numbers of 32 bits, 18 pairs of as many would be alike."""
    assert len(np.unique(hashed(np.arange(-200_000, 200_000)))) == 400_000
    assert len(np.unique(hashed(7, np.arange(400_000)))) == 400_000


N = 100_000
ONES = {
    "ids": lambda: draws.uniforms(np.arange(N), seed=0, purpose="x"),
    "far apart": lambda: draws.uniforms(np.arange(N) * 2**40, seed=0, purpose="x"),
    "negative": lambda: draws.uniforms(-np.arange(N), seed=0, purpose="x"),
    "text": lambda: draws.uniforms(np.arange(N).astype(str), seed=0, purpose="x"),
    "of one user": lambda: draws.uniforms(3, np.arange(N), seed=0, purpose="x"),
    "of one item": lambda: draws.uniforms(np.arange(N), 3, seed=0, purpose="x"),
    "own item": lambda: draws.uniforms(np.arange(N), np.arange(N), seed=0, purpose="x"),
    "pairs": lambda: draws.uniforms(
        np.arange(500)[:, None], np.arange(200), seed=0, purpose="x"
    ).ravel(),
    "seeds": lambda: np.array([draws.uniforms(1, seed=s, purpose="x")[0] for s in range(5000)]),
}


@pytest.mark.parametrize("name", ONES)
def test_evenly_spread_and_no_neighbours_alike(name):
    found = ONES[name]()
    assert found.dtype == np.float64
    assert found.min() >= 0
    assert found.max() < 1
    assert stats.kstest(found, "uniform").pvalue > 1e-3
    for lag in (1, 2, 200):
        assert abs(np.corrcoef(found[lag:], found[:-lag])[0, 1]) < 4 / np.sqrt(len(found))


def test_every_bit_is_set_half_of_the_time():
    found = hashed(np.arange(N))
    bits = found[:, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=4 * 0.5 / np.sqrt(N))


def test_seeds_purposes_draws_and_roles_differ():
    ids = np.arange(10_000)
    others = [
        draws.uniforms(ids, seed=0, purpose="one"),
        draws.uniforms(ids, seed=1, purpose="one"),
        draws.uniforms(ids, seed=0, purpose="other"),
        draws.uniforms(ids, 0, seed=0, purpose="one"),
        draws.uniforms(ids, 1, seed=0, purpose="one"),
        draws.uniforms(0, ids, seed=0, purpose="one"),
        draws.uniforms(ids.astype(str), seed=0, purpose="one"),
        draws.uniforms(ids + 1, seed=0, purpose="one"),
    ]
    correlations = np.corrcoef(others)[np.triu_indices(len(others), 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(len(ids))


def test_samples_take_everybody_alike():
    counts = np.zeros(20)
    for seed in range(2000):
        counts[draws.sample(np.arange(20), 5, seed, "x")] += 1
    assert counts.sum() == 10_000
    assert np.abs(counts - 500).max() < 4 * np.sqrt(2000 * 0.25 * 0.75)
