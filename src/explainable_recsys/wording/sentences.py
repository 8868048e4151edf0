"""Explanations as sentences (Markdown, titles in italics), built column-wise."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from explainable_recsys.explainers.tables import item_titles
from explainable_recsys.interactions import Interactions

WHO = {
    "global": "People",
    "cluster": "People with a taste like yours",
    "local": "Of the people nearest to you in taste, those",
}
RELATION = {
    "liked": (" who liked ", " also liked "),
    "rated": (" who rated ", " also rated "),
    "lists": (" to whom we recommend ", " are also recommended "),
}

_OF_SUBJECT = {
    "item": ("it is", "being "),
    "user": ("you are", "that you are "),
    "history": ("you rated", "having rated "),
}
"""What stands before supporting and before opposing evidence."""


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
    return _sentence_table(cited.iloc[starts][keys], sentences)


def rule_sentences(
    explanations: pd.DataFrame,
    cited_rules: pd.DataFrame,
    items: pd.DataFrame,
    transactions: Literal["liked", "rated", "lists"] = "liked",
) -> pd.DataFrame:
    """Put the best rule of each recommendation into words.

    For example "People who liked *Alien* and *The Terminator* also liked *Aliens* (confidence
    71 %, 3.2 × more than chance)."

    Args:
        explanations: Style `rule`, sorted by recommendation and position.
        cited_rules: One row per recommendation and `group`, in the order of the explanations;
            columns `scope`, `confidence`, `lift`.
        items: Columns `item_id`, `title`.
        transactions: What the rules were mined from: what people liked, all that they rated, or
            their top lists.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    keys = ["user_id", "item_id"]
    best = cited_rules[cited_rules["group"] == 1]
    pieces = explanations[explanations["group"] == 1]
    starts = np.flatnonzero(pieces["position"].to_numpy() == 1)
    antecedents = enumerate_runs(italic(pieces["evidence"]), starts, last=" and ")
    titles = item_titles(items, best["item_id"].to_numpy())
    who = pa.array([WHO[scope] for scope in best["scope"].cat.categories], pa.large_string())
    before, between = RELATION[transactions]
    sentences = concatenate(
        who.take(pa.array(best["scope"].cat.codes.to_numpy())),
        before,
        antecedents,
        between,
        italic(pd.Series(titles)),
        " (confidence ",
        _rounded(100 * best["confidence"].to_numpy(np.float64), 0),
        " %, ",
        _rounded(best["lift"].to_numpy(np.float64), 1),
        " × more than chance).",
    )
    return _sentence_table(best[keys], sentences)


def neighbour_sentences(
    explanations: pd.DataFrame, k: int, relevance_threshold: float | None, n_cited: int = 3
) -> pd.DataFrame:
    """Say how many of the nearest people liked an item, or which similar items the user liked.

    For example "7 of the 10 people whose taste is nearest to yours rated it 4 or more (★5 × 3,
    ★4 × 4, ★2 × 1)." or "You rated similar movies highly: *Alien*, *Aliens*."

    Args:
        explanations: Style `neighbour` or `item`, sorted by recommendation and position.
        k: Number of neighbours.
        relevance_threshold: From which rating on they speak for the item; None for any.
        n_cited: Largest number of similar items named.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    keys = ["user_id", "item_id"]
    if (explanations["style"] == "item").all():
        cited = explanations[explanations["position"] <= n_cited]
        starts = np.flatnonzero(cited["position"].to_numpy() == 1)
        named = enumerate_runs(italic(cited["evidence"]), starts)
        highly = "" if relevance_threshold is None else " highly"
        sentences = concatenate(f"You rated similar items{highly}: ", named, ".")
        return _sentence_table(cited.iloc[starts][keys], sentences)
    positions = explanations["position"].to_numpy()
    starts = np.flatnonzero(positions == 1)
    counts = explanations["weight"].to_numpy(np.int64)
    spoken = counts.copy()
    at_least = ""
    if relevance_threshold is not None:
        spoken[explanations["evidence_id"].to_numpy(np.float64) < relevance_threshold] = 0
        at_least = f" {relevance_threshold:g} or more"
    n_spoken = np.add.reduceat(spoken, starts) if len(starts) else spoken
    pieces = concatenate(
        pa.array(explanations["evidence"].astype("str"), pa.large_string()),
        " × ",
        pa.array(counts).cast(pa.large_string()),
    )
    sentences = concatenate(
        pa.array(n_spoken).cast(pa.large_string()),
        f" of the {k} people whose taste is nearest to yours rated it{at_least} (",
        enumerate_runs(pieces, starts),
        ").",
    )
    return _sentence_table(explanations.iloc[starts][keys], sentences)


def feature_sentences(
    explanations: pd.DataFrame,
    items: pd.DataFrame,
    subject: Literal["item", "user", "history"] = "item",
    n_cited: int = 3,
) -> pd.DataFrame:
    """Say which features (or ratings) speak for an item, which one against it, and how strongly.

    For example "*Alien* fits you because it is Sci-Fi (+0.41) and Horror (+0.22); being from the
    1970s counts against it (\u22120.05)."

    Args:
        explanations: Style `feature` or `item`, signed, sorted by recommendation and position.
        items: Columns `item_id`, `title`.
        subject: Whose features they are: the item's, the user's, or ratings of the user.
        n_cited: Largest number of supporting pieces named; of opposing ones the strongest is.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    before, opposing = _OF_SUBJECT[subject]
    table = explanations.reset_index(drop=True)
    keys = ["user_id", "item_id"]
    first = table.index[table["position"] == 1].to_numpy()
    number = np.cumsum(table["position"].to_numpy() == 1) - 1
    supports = table["weight"].to_numpy() > 0
    titles = italic(pd.Series(item_titles(items, table["item_id"].to_numpy()[first])))
    evidence = italic(table["evidence"]) if subject == "history" else escaped(table["evidence"])
    strength = concatenate(" (", _signed(table["weight"].to_numpy(np.float64)), ")")
    pieces = concatenate(evidence, strength)

    cited = np.flatnonzero(supports & (table["position"].to_numpy() <= n_cited))
    reasons = np.full(len(first), "", dtype=object)
    starts = np.flatnonzero(np.diff(number[cited], prepend=-1))
    joined = enumerate_runs(pieces.take(pa.array(cited)), starts, last=" and ")
    reasons[number[cited][starts]] = concatenate(f" fits you because {before} ", joined).to_pylist()

    against = np.flatnonzero(~supports)
    against = against[np.diff(number[against], prepend=-1) > 0]
    contrasts = np.full(len(first), "", dtype=object)
    what, how_much = (part.take(pa.array(against)) for part in (evidence, strength))
    alone = reasons[number[against]] == ""
    joints = np.where(alone, " is recommended although ", "; ").astype(object)
    contrasts[number[against]] = concatenate(
        pa.array(joints, pa.large_string()), opposing, what, " counts against it", how_much
    ).to_pylist()
    sentences = concatenate(
        titles, pa.array(reasons, pa.large_string()), pa.array(contrasts, pa.large_string()), "."
    )
    return _sentence_table(table.loc[first, keys], sentences)


def influence_sentences(explanations: pd.DataFrame, n_cited: int = 3) -> pd.DataFrame:
    """Say which ratings raise a score, which one lowers it, and by how much.

    For example "*Aliens* raises your predicted rating by 0.18, *Alien* by 0.12; *Grease* lowers
    it by 0.04."

    Args:
        explanations: Style `item`, signed, sorted by recommendation and position.
        n_cited: Largest number of supporting items named; of opposing ones the strongest is.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    table = explanations.reset_index(drop=True)
    begins = table["position"].to_numpy() == 1
    first, number = np.flatnonzero(begins), np.cumsum(begins) - 1
    weights = table["weight"].to_numpy(np.float64)
    titles, sizes = italic(table["evidence"]), _significant(np.abs(weights))

    cited = np.flatnonzero((weights > 0) & (table["position"].to_numpy() <= n_cited))
    starts = np.flatnonzero(np.diff(number[cited], prepend=-1))
    verbs = np.full(len(cited), " by ", dtype=object)
    verbs[starts] = " raises your predicted rating by "
    raised = concatenate(
        titles.take(pa.array(cited)),
        pa.array(verbs, pa.large_string()),
        sizes.take(pa.array(cited)),
    )
    reasons = np.full(len(first), "", dtype=object)
    reasons[number[cited][starts]] = enumerate_runs(raised, starts).to_pylist()

    against = np.flatnonzero(weights < 0)
    against = against[np.diff(number[against], prepend=-1) > 0]
    alone = reasons[number[against]] == ""
    joints = pa.array(np.where(alone, "", "; ").astype(object), pa.large_string())
    what = pa.array(
        np.where(alone, "your predicted rating", "it").astype(object), pa.large_string()
    )
    lowered = concatenate(
        joints,
        titles.take(pa.array(against)),
        " lowers ",
        what,
        " by ",
        sizes.take(pa.array(against)),
    )
    contrasts = np.full(len(first), "", dtype=object)
    contrasts[number[against]] = lowered.to_pylist()
    sentences = concatenate(
        pa.array(reasons, pa.large_string()), pa.array(contrasts, pa.large_string()), "."
    )
    return _sentence_table(table.loc[first, ["user_id", "item_id"]], sentences)


def path_sentences(
    paths: pd.DataFrame, items: pd.DataFrame, n_cited: int = 3, verb: str = "liked"
) -> pd.DataFrame:
    """Say from which liked items paths lead to a recommendation, and over what.

    For example "Because you liked *Alien* (same director: Ridley Scott) and *Brazil* (liked by
    the same 34 people)."

    Args:
        paths: From `explain_by_paths`.
        items: Columns `item_id`, `title`.
        n_cited: Largest number of items named, each with its best path.
        verb: What the user did to these items; "rated" if paths start at all of these.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    keys = ["user_id", "item_id"]
    best = paths.drop_duplicates([*keys, "from_item"])
    new = (best[keys] != best[keys].shift()).any(axis=1).to_numpy()
    place = np.arange(len(best)) - np.flatnonzero(new)[np.cumsum(new) - 1] if len(best) else new
    best = best[place < n_cited]
    starts = np.flatnonzero(np.asarray(place[place < n_cited]) == 0)
    titles = pd.Series(item_titles(items, best["from_item"].to_numpy()))
    pieces = concatenate(italic(titles), " (", escaped(best["label"]), ")")
    cited = enumerate_runs(pieces, starts, last=" and ")
    sentences = concatenate(f"Because you {verb} ", cited, ".")
    table = best.iloc[starts][keys].reset_index(drop=True)
    return table.assign(sentence=pd.Series(sentences.to_pandas(), dtype="str"))


def _sentence_table(recommendations: pd.DataFrame, sentences: pa.LargeStringArray) -> pd.DataFrame:
    table = recommendations.reset_index(drop=True)
    return table.assign(sentence=pd.Series(sentences.to_pandas(), dtype="str"))


def concatenate(*parts: pa.Array | str) -> pa.LargeStringArray:
    """Concatenate columns of text row by row; a plain string stands in every row."""
    texts = [
        pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts
    ]
    return pc.binary_join_element_wise(*texts, pa.scalar("", pa.large_string()))


def italic(titles: pd.Series[Any]) -> pa.LargeStringArray:
    """Titles between asterisks, with their own asterisks and backslashes escaped."""
    return concatenate("*", escaped(titles), "*")


def enumerate_runs(
    texts: pa.LargeStringArray, starts: NDArray[np.int64], last: str = ", "
) -> pa.LargeStringArray:
    """Join runs of consecutive texts; a run begins at each start.

    Args:
        texts: (m,) texts.
        starts: (n,) where the runs begin, ascending from 0.
        last: What stands before the last text of a run; a comma before the others.
    """
    offsets = np.append(starts, len(texts))
    joints = np.full(len(texts), ", ", dtype=object)
    joints[offsets[1:] - 1] = last
    joints[starts] = ""
    joined = concatenate(pa.array(joints, pa.large_string()), texts)
    return pc.binary_join(
        pa.LargeListArray.from_arrays(pa.array(offsets), joined), pa.scalar("", pa.large_string())
    )


def escaped(values: pd.Series[Any]) -> pa.LargeStringArray:
    """Texts with a backslash before what Markdown would take for italics."""
    texts = pa.array(values.astype("str"), pa.large_string())
    return pc.replace_substring_regex(texts, r"([\\*])", r"\\\1")


def _signed(values: NDArray[np.float64]) -> pa.LargeStringArray:
    """Numbers with their sign: +0.41, \u22120.05, +1,234."""
    signs = np.where(values < 0, "\u2212", "+").astype(object)
    return concatenate(pa.array(signs, pa.large_string()), _significant(np.abs(values)))


def _significant(values: NDArray[np.float64]) -> pa.LargeStringArray:
    """Numbers from 0 on as text, with two significant digits or more: 0.41, 0.05, 1,234."""
    sizes = np.maximum(values, np.finfo(np.float64).tiny)
    unit = 10.0 ** np.minimum(np.floor(np.log10(sizes)) - 1, 0)
    shown, codes = np.unique(np.rint(values / unit) * unit, return_inverse=True)
    texts = [format(value, ".2g" if value < 99.5 else ",.0f") for value in shown.tolist()]
    exponents = pc.replace_substring(pa.array(texts, pa.large_string()), "-", "\u2212")
    return exponents.take(pa.array(codes))


def _rounded(values: NDArray[np.float64], decimals: int) -> pa.LargeStringArray:
    """Numbers as text with a fixed number of decimals."""
    shown, codes = np.unique(np.round(values, decimals), return_inverse=True)
    texts = pa.array([f"{value:.{decimals}f}" for value in shown], pa.large_string())
    return texts.take(pa.array(codes))


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
