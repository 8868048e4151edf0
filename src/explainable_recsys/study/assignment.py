"""Who sees which item with which kind of reason, in which order: drawn, and always the same.

The order of kinds follows Williams designs (1949): each kind stands equally often in each position,
and follows each other kind equally often, so that what one reason leaves behind cancels out. The
items of a kind are drawn within strata of rank, so that kind and rank are not confounded.
"""

from __future__ import annotations

from collections import deque
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.draws import hashes
from explainable_recsys.study.plan import Plan


class Trial(NamedTuple):
    """One recommendation that somebody sees.

    Attributes:
        position: From 1.
        kind: Of reason.
        form: How the reason is shown.
        item_id: As in the pool.
        rank: In the recommender's list.
        stratum: Of rank, from 1; 0 where the pool has none.
    """

    position: int
    kind: str
    form: str
    item_id: Any
    rank: int
    stratum: int


class Chosen(NamedTuple):
    """An item for a kind."""

    item_id: Any
    rank: int
    stratum: int


def assign(plan: Plan, number: int, pool: pd.DataFrame) -> tuple[Trial, ...]:
    """What somebody sees; the same number and pool give the same trials.

    If fewer items match than are needed, there are fewer of each kind, as many of one as of the
    other; where each kind takes its best items, a kind has as many as there are.

    Args:
        plan: The study.
        number: Of the participant, from 0.
        pool: The recommender's list as `matching.pool_of` gives it: columns `item_id`, `rank`, and
            for each kind with an approach whether it can explain the item.
    """
    listed = pool.sort_values("rank", kind="stable").reset_index(drop=True)
    matched = plan.pool.choice == "matched"
    chosen = _matched(plan, number, listed) if matched else _best(plan, listed)
    waiting = {kind: deque(items) for kind, items in chosen.items()}
    letters = [plan.kinds[place].name for place in _drawn(plan, "letters", len(plan.kinds))]
    longest = max(map(len, waiting.values()))
    trials: list[Trial] = []
    for block, row in enumerate(order_of_kinds(len(letters), longest, _place(plan, number))):
        for letter in row:
            kind = letters[letter]
            if waiting[kind]:
                form = plan.forms[(block + letter + number) % len(plan.forms)]
                trials.append(Trial(len(trials) + 1, kind, form, *waiting[kind].popleft()))
    return tuple(trials)


def williams(n: int) -> tuple[tuple[int, ...], ...]:
    """The first rows of a Williams design for n kinds; the others are these plus 1, 2, … modulo n.

    One row where n is even, two that mirror each other where it is odd (Williams 1949).

    >>> williams(4), williams(3)
    (((0, 1, 3, 2),), ((0, 1, 2), (2, 1, 0)))
    """
    row = tuple((step + 1) // 2 if step % 2 else -(step // 2) % n for step in range(n))
    return (row,) if n % 2 == 0 or n == 1 else (row, row[::-1])


def design_size(n: int) -> int:
    """For how many people in a row a design of n kinds is balanced.

    >>> [design_size(n) for n in (2, 3, 4, 5)]
    [2, 6, 4, 10]
    """
    return n * len(williams(n))


def order_of_kinds(n: int, n_blocks: int, place: int) -> tuple[tuple[int, ...], ...]:
    """The order in which somebody sees the kinds, block after block, each kind once in a block.

    Each block is a row of the Williams design. Over `design_size(n)` people in a row each kind
    stands equally often in each position of each block, and follows each other kind equally often
    within blocks. Where a block meets the next, the kind steps on by 1, 2, …, n - 1 in turn, so no
    kind follows itself, and no kind follows another more than one time oftener there; over n - 1
    times as many people that is equal too.

    Args:
        n: Number of kinds.
        n_blocks: How often each kind comes.
        place: Of the person in the design, from 0; goes on without end.

    >>> order_of_kinds(3, 2, 0)
    ((0, 1, 2), (0, 1, 2))
    """
    rows = williams(n)
    group, within = divmod(place, design_size(n))
    which, shift = divmod(within, n)
    base, blocks = np.array(rows[which]), []
    for block in range(n_blocks):
        row = (base + shift) % n
        blocks.append(tuple(row.tolist()))
        met = (group * len(rows) + which) * (n_blocks - 1) + block
        step = 1 + met % max(1, n - 1)
        shift = int(row[-1]) + step - int(base[0])
    return tuple(blocks)


def _place(plan: Plan, number: int) -> int:
    """Where a participant stands in the design: drawn among as many as it is balanced for."""
    size = design_size(len(plan.kinds))
    group, within = divmod(number, size)
    return group * size + int(_drawn(plan, "places", size, group)[within])


def _matched(plan: Plan, number: int, listed: pd.DataFrame) -> dict[str, list[Chosen]]:
    """Items that all can explain: equally many of each kind in each stratum, kinds at random."""
    explained = [kind.name for kind in plan.explained]
    pool = listed[listed[explained].all(axis=1)] if explained else listed
    ids, ranks = (pool[name].tolist() for name in ("item_id", "rank"))
    n = min(plan.items_per_kind, len(pool) // len(plan.kinds))
    strata = strata_of(len(pool), n, plan.pool.strata)
    texts = np.array([*map(str, ids)], object)
    drawn = hashes([number], texts, seed=plan.seed, purpose="items of a study")
    left = [deque(start + np.argsort(drawn[start:stop])) for start, stop in strata]
    blocks = np.arange(n) % max(1, len(strata))
    found: dict[str, list[Chosen]] = {kind.name: [] for kind in plan.kinds}
    for stratum in blocks[_drawn(plan, "strata", n, number)].tolist():
        for kind in plan.kinds:
            row = left[stratum].popleft()
            found[kind.name].append(Chosen(ids[row], ranks[row], stratum + 1))
    return found


def strata_of(n_items: int, n_blocks: int, n_strata: int) -> list[tuple[int, int]]:
    """Where the strata of a pool start and stop, each as long as what is taken from it wants.

    Args:
        n_items: In the pool, by rank.
        n_blocks: How many items each kind gets.
        n_strata: Wanted; there are no more than blocks.

    >>> strata_of(20, 3, 3), strata_of(20, 5, 3), strata_of(7, 1, 3)
    ([(0, 6), (6, 13), (13, 20)], [(0, 8), (8, 16), (16, 20)], [(0, 7)])
    """
    if not n_blocks:
        return []
    taken = np.bincount(np.arange(n_blocks) % min(n_strata, n_blocks))
    ends = [n_items * total // n_blocks for total in accumulate(taken.tolist(), initial=0)]
    return list(pairwise(ends))


def _best(plan: Plan, listed: pd.DataFrame) -> dict[str, list[Chosen]]:
    """For one kind after the other the first items that are left and that it can explain."""
    free = np.ones(len(listed), bool)
    found = {}
    for kind in plan.kinds:
        fits = free & (listed[kind.name].to_numpy(bool) if kind.approach is not None else True)
        rows = np.flatnonzero(fits)[: plan.items_of(kind)]
        free[rows] = False
        ids, ranks = (listed[name].iloc[rows].tolist() for name in ("item_id", "rank"))
        found[kind.name] = [Chosen(*one, 0) for one in zip(ids, ranks, strict=True)]
    return found


def _drawn(plan: Plan, what: str, n: int, number: int = 0) -> NDArray[np.int64]:
    """The numbers from 0 in random order."""
    drawn = hashes([number], np.arange(n), seed=plan.seed, purpose=f"{what} of a study")
    return np.argsort(drawn, kind="stable")
