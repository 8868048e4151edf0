"""Who sees what: counted by brute force."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.study.assignment import (
    Trial,
    assign,
    design_size,
    order_of_kinds,
    strata_of,
    williams,
)
from explainable_recsys.study.plan import Plan
from tests.study.plans import small_plan

EXPLAINED = ("a", "b", "c")


def plan_of(n_kinds: int, n_items: int, **changes: Any) -> Plan:
    """A plan with up to three explained kinds, controls besides."""
    kinds: list[dict[str, Any]] = [
        {"name": name, "approach": "posthoc_ar"} for name in EXPLAINED[:n_kinds]
    ]
    kinds += [{"name": f"control_{n}"} for n in range(n_kinds - len(kinds))]
    pool = {"strata": 3, "length": 100}
    return small_plan(kinds=kinds, items_per_kind=n_items, **{"pool": pool} | changes)


def list_of(n: int, **explains: set[int]) -> pd.DataFrame:
    """A list of n items, of which a kind explains some ranks; all where it is not named."""
    ranks = np.arange(1, n + 1)
    table = pd.DataFrame({"item_id": ranks * 10, "rank": ranks})
    for kind in EXPLAINED:
        table[kind] = [rank in explains.get(kind, set(ranks.tolist())) for rank in ranks]
    return table


def kinds_of(trials: tuple[Trial, ...]) -> list[str]:
    return [trial.kind for trial in trials]


@pytest.mark.parametrize("n", range(1, 9))
def test_a_williams_design_is_balanced_for_what_came_before(n: int) -> None:
    orders = [
        tuple((letter + shift) % n for letter in row) for row in williams(n) for shift in range(n)
    ]
    assert len(orders) == design_size(n)
    places = Counter((place, letter) for order in orders for place, letter in enumerate(order))
    assert set(places.values()) == {len(orders) // n}
    follows = Counter(pair for order in orders for pair in pairwise(order))
    assert len(follows) == n * (n - 1)
    assert len(set(follows.values())) <= 1


@pytest.mark.parametrize("n", range(2, 7))
@pytest.mark.parametrize("n_blocks", range(1, 6))
def test_with_several_items_of_a_kind_too_as_far_as_can_be(n: int, n_blocks: int) -> None:
    size = design_size(n)
    for group in range(n - 1):
        orders = [order_of_kinds(n, n_blocks, size * group + place) for place in range(size)]
        flat = [[letter for row in order for letter in row] for order in orders]
        places = Counter(pair for one in flat for pair in enumerate(one))
        assert set(places.values()) == {size // n}, "each kind in each position equally often"
        within = Counter(pair for order in orders for row in order for pair in pairwise(row))
        assert set(within.values()) == {n_blocks * size // n}
        follows = Counter(pair for one in flat for pair in pairwise(one))
        assert all(first != second for first, second in follows)
        assert max(follows.values()) - min(follows.values()) <= 1
    everybody = [order_of_kinds(n, n_blocks, place) for place in range(size * (n - 1))]
    follows = Counter(p for one in everybody for p in pairwise([x for row in one for x in row]))
    assert len(set(follows.values())) == 1, "over all groups each follows each equally often"


@pytest.mark.parametrize("n_kinds", [2, 3, 4, 5])
@pytest.mark.parametrize("n_items", [2, 3, 5])
def test_kinds_are_balanced_over_positions_and_strata(n_kinds: int, n_items: int) -> None:
    plan = plan_of(n_kinds, n_items)
    size = design_size(n_kinds)
    people = [assign(plan, number, list_of(40)) for number in range(2 * size)]
    for half in (people[:size], people[size:]):
        places = Counter((t.position, t.kind) for trials in half for t in trials)
        assert set(places.values()) == {size // n_kinds}
    for trials in people:
        assert len({t.item_id for t in trials}) == n_kinds * n_items
        assert all(t.item_id == 10 * t.rank for t in trials)
        strata = Counter((t.stratum, t.kind) for t in trials)
        for stratum in range(1, 4):
            assert len({strata[stratum, kind.name] for kind in plan.kinds}) == 1
        last = [max((t.rank for t in trials if t.stratum == s), default=0) for s in (1, 2, 3)]
        first = [min((t.rank for t in trials if t.stratum == s), default=99) for s in (1, 2, 3)]
        assert last[0] < first[1]
        assert last[1] < first[2]


def test_over_people_no_kind_has_better_ranks() -> None:
    plan = plan_of(3, 3)
    trials = [t for number in range(300) for t in assign(plan, number, list_of(40))]
    means = pd.DataFrame(trials).groupby("kind")["rank"].agg(["mean", "sem"])
    assert means["mean"].max() - means["mean"].min() < 4 * means["sem"].mean()
    seen = Counter(t.item_id for t in trials)
    assert len(seen) == 40, "all of the pool is shown to somebody"


def test_only_what_all_can_explain_is_shown_and_as_many_of_each_kind() -> None:
    plan = plan_of(5, 3)
    pool = list_of(40, a=set(range(1, 31)), b=set(range(15, 41)), c=set(range(1, 40, 2)))
    matched = set(range(15, 31, 2))
    trials = assign(plan, 4, pool)
    assert {t.rank for t in trials} <= matched
    assert Counter(kinds_of(trials)) == dict.fromkeys([kind.name for kind in plan.kinds], 1)
    assert [t.position for t in trials] == [1, 2, 3, 4, 5]
    assert assign(plan, 4, list_of(40, a={1, 2}, b={2, 3})) == ()


def test_controls_alone_need_no_reason() -> None:
    plan = small_plan(kinds=[{"name": "none"}, {"name": "fixed", "says": "Others liked it."}])
    trials = assign(plan, 0, list_of(20))
    assert Counter(kinds_of(trials)) == {"none": 2, "fixed": 2}


def test_the_best_of_each_kind_in_the_order_of_the_plan() -> None:
    kinds = [
        {"name": "a", "approach": "posthoc_ar"},
        {"name": "fixed", "says": "Similar users liked it."},
        {"name": "b", "approach": "posthoc_influence"},
    ]
    pool = {"choice": "best_of_each_kind", "length": 100}
    plan = small_plan(kinds=kinds, pool=pool, confounded="As in the article.")
    trials = assign(plan, 3, list_of(9, a={2, 5, 7}, b={1, 5, 6, 9}))
    ranks = {kind: {t.rank for t in trials if t.kind == kind} for kind in kinds_of(trials)}
    assert ranks == {"a": {2, 5}, "fixed": {1, 3}, "b": {6, 9}}
    assert {t.stratum for t in trials} == {0}
    few = assign(plan, 3, list_of(9, a=set(), b={6}))
    assert Counter(kinds_of(few)) == {"fixed": 2, "b": 1}
    assert [t.position for t in few] == [1, 2, 3]


@pytest.mark.parametrize("n_items", [2, 3])
def test_two_forms_are_crossed_with_the_kinds(n_items: int) -> None:
    plan = plan_of(3, n_items, forms=["sentence", "drawn"])
    for number in range(0, 12, 2):
        two = [t for one in (number, number + 1) for t in assign(plan, one, list_of(40))]
        crossed = Counter((t.kind, t.form) for t in two)
        assert len(crossed) == 6
        assert set(crossed.values()) == {n_items}


def test_the_seed_changes_what_is_drawn_and_nothing_else_does() -> None:
    pool = list_of(40)
    first = [assign(plan_of(3, 3), number, pool) for number in range(6)]
    assert first == [assign(plan_of(3, 3), number, pool.sample(frac=1)) for number in range(6)]
    text = pool.assign(item_id=pool["item_id"].astype("str"))
    ranks = [[t.rank for t in assign(plan_of(3, 3), number, text)] for number in range(6)]
    assert ranks == [[t.rank for t in trials] for trials in first], "ids may be text or numbers"
    assert first != [assign(plan_of(3, 3, seed=1), number, pool) for number in range(6)]
    assert len(set(first)) == 6


@given(
    st.integers(0, 10_000),
    st.integers(2, 6),
    st.integers(1, 4),
    st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=50),
)
def test_whatever_the_pool_kinds_are_equal_and_items_match(
    number: int, n_kinds: int, n_items: int, explains: list[tuple[bool, bool, bool]]
) -> None:
    plan = plan_of(n_kinds, n_items)
    pool = list_of(len(explains))
    pool[list(EXPLAINED)] = np.array(explains)
    trials = assign(plan, number, pool)
    names = [kind.name for kind in plan.explained]
    matched = set(pool["item_id"][pool[names].all(axis=1)])
    counts = Counter(kinds_of(trials))
    assert {t.item_id for t in trials} <= matched
    assert len({t.item_id for t in trials}) == len(trials)
    assert len(trials) == n_kinds * min(n_items, len(matched) // n_kinds)
    assert len(set(counts.values())) <= 1
    assert all(first != second for first, second in pairwise(kinds_of(trials)))
    assert trials == assign(plan, number, pool)


@given(st.integers(1, 60), st.integers(1, 6), st.integers(1, 6))
def test_strata_hold_what_is_taken_from_them(n_items: int, n_blocks: int, n_strata: int) -> None:
    per_block = n_items // n_blocks
    strata = strata_of(n_items, n_blocks, n_strata)
    assert strata[0][0] == 0
    assert strata[-1][1] == n_items
    taken = np.bincount(np.arange(n_blocks) % len(strata), minlength=len(strata))
    for (start, stop), blocks in zip(strata, taken, strict=True):
        assert stop - start >= blocks * per_block
