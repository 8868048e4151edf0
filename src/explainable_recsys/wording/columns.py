"""Columns of text: many sentences of one kind written at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from string import Formatter
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from explainable_recsys.data import Data
from explainable_recsys.interactions import Interactions
from explainable_recsys.wording.labels import said_label
from explainable_recsys.wording.markup import END, ITEM, MARKS
from explainable_recsys.wording.numbers import joints, short

KEYS = ["user_id", "item_id"]


class Citing(Protocol):
    """Parameters of an explainer that say how much of the evidence a sentence names."""

    @property
    def n_cited(self) -> int:
        """Most supporting pieces in one sentence."""


def fill(template: str, **columns: pa.Array | str) -> pa.LargeStringArray:
    """Fill the {named} places of a phrase row by row; a plain string stands in every row."""
    pieces: list[Any] = []
    for text, name, _, _ in Formatter().parse(template):
        pieces += [text] if name is None else [text, columns[name]]
    texts = [pa.scalar(p, pa.large_string()) if isinstance(p, str) else p for p in pieces]
    return pc.binary_join_element_wise(*texts, pa.scalar("", pa.large_string()))


def fill_each(
    templates: Sequence[str], which: NDArray[Any], **columns: pa.Array | str
) -> pa.LargeStringArray:
    """Fill in every row one of several phrases.

    Args:
        templates: The phrases.
        which: (n,) position of each row's phrase among them.
        columns: (n,) what stands in the places; missing where the row's phrase has no such place.
    """
    order = np.argsort(which, kind="stable")
    bounds = np.searchsorted(which[order], np.arange(len(templates) + 1))
    filled = []
    for template, (first, end) in zip(templates, pairwise(bounds), strict=True):
        chosen = pa.array(order[first:end])
        some = {n: c if isinstance(c, str) else c.take(chosen) for n, c in columns.items()}
        filled.append(fill(template, **some))
    texts = pa.chunked_array(filled, pa.large_string()).combine_chunks()
    return texts.take(pa.array(np.argsort(order)))


def names(values: pd.Series[Any]) -> pa.LargeStringArray:
    """Texts, such as names of features, without the characters that mark items."""
    codes, kinds = pd.factorize(values, use_na_sentinel=False)
    texts = pa.array(map(str, kinds), pa.large_string())
    return pc.replace_substring_regex(texts, MARKS, "").take(pa.array(codes))


def labels(values: pd.Series[Any]) -> pa.LargeStringArray:
    """Names of features, in the reader's language."""
    codes, kinds = pd.factorize(values, use_na_sentinel=False)
    return names(pd.Series([said_label(str(kind)) for kind in kinds], dtype=object)).take(
        pa.array(codes)
    )


def items(titles: pd.Series[Any]) -> pa.LargeStringArray:
    """Titles, marked as items."""
    return fill(ITEM + "{title}" + END, title=names(titles))


def items_of(data: Data, item_ids: pd.Series[Any]) -> pa.LargeStringArray:
    """Titles of items, marked as such.

    Raises:
        InputError: If the items table lacks one of them.
    """
    return items(pd.Series(data.titles(data.interactions.known_columns(item_ids))))


def written(values: NDArray[Any], write: Callable[[Any], str]) -> pa.LargeStringArray:
    """Numbers as text; equal ones are written once."""
    shown, codes = np.unique(values, return_inverse=True)
    return pa.array(map(write, shown.tolist()), pa.large_string()).take(pa.array(codes.ravel()))


def ratings(histories: Interactions, cited: pd.DataFrame) -> pa.LargeStringArray:
    """The user's rating of each cited item, column `rated_item_id`."""
    rows = histories.user_rows(cited["user_id"])
    columns = histories.item_columns(cited["rated_item_id"])
    return written(histories.ratings[rows, columns] if len(rows) else np.empty(0), short)


def liked(data: Data, histories: Interactions, cited: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of the cited items, column `rated_item_id`, the user likes."""
    marked = data.liking.items(histories.ratings)
    rows = histories.user_rows(cited["user_id"])
    columns = histories.item_columns(cited["rated_item_id"])
    found = marked[rows, columns] if len(rows) else np.empty(0)
    return np.asarray(found > 0).ravel()


def enumerate_runs(
    texts: pa.LargeStringArray, starts: NDArray[np.int64], with_and: bool = False
) -> pa.LargeStringArray:
    """Join runs of consecutive texts; a run begins at each start.

    Args:
        texts: (m,) texts.
        starts: (n,) where the runs begin, ascending from 0.
        with_and: Whether an "and" stands before the last text of a run instead of a comma.
    """
    comma, last = joints()
    offsets = np.append(starts, len(texts))
    before = np.full(len(texts), comma, dtype=object)
    before[offsets[1:] - 1] = last if with_and else comma
    before[starts] = ""
    joined = fill("{before}{text}", before=pa.array(before, pa.large_string()), text=texts)
    return pc.binary_join(
        pa.LargeListArray.from_arrays(pa.array(offsets), joined), pa.scalar("", pa.large_string())
    )


def spread(texts: pa.Array, rows: NDArray[np.int64], n: int) -> pa.Array:
    """Texts in their rows of a column of length n, which is missing elsewhere."""
    places = np.full(n, -1)
    places[rows] = np.arange(len(rows))
    return texts.take(pa.array(places, mask=places < 0))


class Sides:
    """What speaks for and against each recommendation in signed evidence.

    Attributes:
        evidence: The table, numbered from 0.
        weights: (m,) of its rows.
        first: (n,) rows that begin a recommendation.
        number: (m,) which recommendation each row is about.
        cited: Rows that support one, the first of each recommendation.
        starts: Where the rows of the next recommendation begin among those cited.
        supported: Number of the recommendation of each start.
        against: Rows of what most opposes a recommendation.
        opposed: Number of the recommendation of each.
    """

    def __init__(
        self, evidence: pd.DataFrame, n_cited: int, liked: NDArray[np.bool_] | None = None
    ) -> None:
        """Sort the evidence, which is in the order of telling, by side.

        Args:
            evidence: The table.
            n_cited: Most supporting pieces of a recommendation.
            liked: (m,) which rows may be named as support; the others may be named as opposing.
                None: all.
        """
        self.evidence = evidence.reset_index(drop=True)
        self.weights = evidence["weight"].to_numpy(np.float64)
        position = evidence["position"].to_numpy()
        self.first = np.flatnonzero(position == 1)
        self.number = np.cumsum(position == 1) - 1
        named = (self.weights > 0) & (position <= n_cited)
        self.cited = np.flatnonzero(named if liked is None else named & liked)
        self.starts = np.flatnonzero(np.diff(self.number[self.cited], prepend=-1))
        self.supported = self.number[self.cited][self.starts]
        opposes = self.weights <= 0
        against = np.flatnonzero(opposes if liked is None else opposes & ~liked)
        self.against = against[np.diff(self.number[against], prepend=-1) > 0]
        self.opposed = self.number[self.against]

    def cited_of(self, texts: pa.Array) -> pa.Array:
        """From a text for each row, those of the rows that are cited."""
        return texts.take(pa.array(self.cited))

    def sentences(
        self,
        *templates: str,
        supporting: pa.Array,
        opposing: pa.Array,
        weight: pa.Array | None = None,
        **others: pa.Array,
    ) -> pd.DataFrame:
        """Write a sentence on each recommendation, from all that supports and what most opposes it.

        Args:
            templates: Phrases for what is only opposed, for what is only supported, and for both.
            supporting: Text of all that supports, for each recommendation that anything does.
            opposing: (m,) text of each row.
            weight: (m,) text of its weight, if the phrases say it.
            others: (n,) what else stands in the phrases.
        """
        n, strongest = len(self.first), pa.array(self.against)
        if weight is not None:
            others["weight"] = spread(weight.take(strongest), self.opposed, n)
        case = np.full(n, -1)
        case[self.supported] += 2
        case[self.opposed] += 1
        sentences = fill_each(
            templates,
            case,
            supporting=spread(supporting, self.supported, n),
            opposing=spread(opposing.take(strongest), self.opposed, n),
            **others,
        )
        return sentence_table(self.evidence.iloc[self.first], sentences)


def sentence_table(recommendations: pd.DataFrame, sentences: pa.LargeStringArray) -> pd.DataFrame:
    """Columns `user_id`, `item_id`, `sentence`."""
    pairs = {name: recommendations[name].array for name in KEYS}
    return pd.DataFrame(pairs | {"sentence": pd.array(sentences, dtype="str")})
