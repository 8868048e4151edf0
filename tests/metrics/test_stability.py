"""Overlap of explanations, against sets."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.metrics.stability import explanation_overlap

Rows = list[tuple[int, int, str | None]]

ROWS = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(1, 3), st.one_of(st.none(), st.sampled_from("abcdefg"))
    ),
    max_size=25,
)


def table(rows: Rows) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["user_id", "item_id", "evidence_id"])
    made["position"] = made.groupby(["user_id", "item_id"]).cumcount() + 1
    return made


def cited(rows: Rows, pair: tuple[int, int], n: int) -> set[str]:
    distinct = dict.fromkeys(e for u, i, e in rows if (u, i) == pair and e is not None)
    return set(list(distinct)[:n])


@settings(deadline=None)
@given(ROWS, ROWS, st.integers(1, 4))
def test_equals_sets(first: Rows, second: Rows, n: int) -> None:
    expected = {}
    for pair in sorted({(u, i) for u, i, _ in first + second}):
        one, other = cited(first, pair, n), cited(second, pair, n)
        if one | other:
            expected[pair] = len(one & other) / len(one | other)
    shuffled = table(first).sample(frac=1, random_state=0)
    found = explanation_overlap(shuffled, table(second), n)
    assert list(found.columns) == ["user_id", "item_id", "jaccard"]
    pairs = zip(found["user_id"], found["item_id"], strict=True)
    assert dict(zip(pairs, found["jaccard"], strict=True)) == expected
    assert list(expected) == list(zip(found["user_id"], found["item_id"], strict=True))


def test_by_hand() -> None:
    first = table([(1, 1, "a"), (1, 1, "b"), (1, 1, "c"), (2, 1, "a")])
    second = table([(1, 1, "c"), (1, 1, "b"), (1, 1, "x"), (3, 1, "a")])
    by_user = explanation_overlap(first, second, 3).set_index("user_id")["jaccard"]
    assert by_user.to_dict() == {1: 2 / 4, 2: 0, 3: 0}
    assert explanation_overlap(first, second, 1)["jaccard"].iloc[0] == 0
    assert explanation_overlap(first, second, 2)["jaccard"].iloc[0] == 1 / 3


def test_ids_are_compared_as_text() -> None:
    first = table([(1, 1, "5"), (1, 1, "7")])
    second = first.assign(evidence_id=[5, 7])
    assert explanation_overlap(first, second, 3)["jaccard"].tolist() == [1]


def test_nothing_explained() -> None:
    assert explanation_overlap(table([]), table([]), 3).empty
