"""Explanations as sentences (Markdown, titles in italics), built column-wise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from explainable_recsys.interactions import Interactions


def contribution_sentences(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    n_cited: int = 3,
) -> pd.DataFrame:
    """Say which ratings a recommendation rests on, and how much of its score they make up.

    For example "Recommended because you rated *Aliens* ★5 (42 %), *Alien* ★4 (31 %)."

    Args:
        explanations: Style `item`, sorted by recommendation and position.
        recommendations: Columns `user_id`, `item_id`, `score`.
        interactions: The histories, for the ratings.
        n_cited: Largest number of supporting items named in one sentence.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per recommendation that at least
        one rated item supports.
    """
    cited = explanations[(explanations["position"] <= n_cited) & (explanations["weight"] > 0)]
    keys = ["user_id", "item_id"]
    scores = cited[keys].merge(recommendations[[*keys, "score"]], on=keys, how="left")["score"]
    shares = _shares(cited["weight"].to_numpy(np.float64), scores.to_numpy(np.float64))
    pieces = concatenate(italic(cited["evidence"]), " ★", _ratings(cited, interactions), shares)
    starts = np.flatnonzero(cited["position"].to_numpy() == 1)
    sentences = concatenate("Recommended because you rated ", enumerate_runs(pieces, starts), ".")
    table = cited.iloc[starts][keys].reset_index(drop=True)
    return table.assign(sentence=pd.Series(sentences.to_pandas(), dtype="str"))


def concatenate(*parts: pa.Array | str) -> pa.LargeStringArray:
    """Concatenate columns of text row by row; a plain string stands in every row."""
    texts = [
        pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts
    ]
    return pc.binary_join_element_wise(*texts, pa.scalar("", pa.large_string()))


def italic(titles: pd.Series[Any]) -> pa.LargeStringArray:
    """Titles between asterisks, with their own asterisks and backslashes escaped."""
    texts = pa.array(titles.astype("str"), pa.large_string())
    return concatenate("*", pc.replace_substring_regex(texts, r"([\\*])", r"\\\1"), "*")


def enumerate_runs(texts: pa.LargeStringArray, starts: NDArray[np.int64]) -> pa.LargeStringArray:
    """Join runs of consecutive texts with commas; a run begins at each start."""
    offsets = pa.array(np.append(starts, len(texts)))
    runs = pa.LargeListArray.from_arrays(offsets, texts)
    return pc.binary_join(runs, pa.scalar(", ", pa.large_string()))


def _shares(weights: NDArray[np.float64], scores: NDArray[np.float64]) -> pa.LargeStringArray:
    """Text " (42 %)", or nothing where the score is not positive and has no shares."""
    positive = scores > 0
    shares = np.divide(100 * weights, scores, out=np.zeros_like(weights), where=positive)
    percents = pa.array(np.rint(shares).astype(np.int64)).cast(pa.large_string())
    texts = concatenate(" (", percents, " %)")
    return pc.if_else(pa.array(positive), texts, pa.scalar("", pa.large_string()))


def _ratings(cited: pd.DataFrame, interactions: Interactions) -> pa.LargeStringArray:
    """The user's rating of each cited item, as short as it can be written: 4, 4.5."""
    rows = interactions.user_rows(cited["user_id"])
    columns = interactions.item_columns(cited["evidence_id"])
    ratings = interactions.ratings[rows, columns] if len(rows) else np.empty(0)
    values, codes = np.unique(ratings, return_inverse=True)
    texts = pa.array([f"{value:g}" for value in values], pa.large_string())
    return texts.take(pa.array(codes.ravel()))
