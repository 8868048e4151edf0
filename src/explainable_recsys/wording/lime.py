"""Sentences about features (or ratings) that speak for and against an item."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.groups import SLIGHT
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.ragged import place_in_run
from explainable_recsys.wording import columns
from explainable_recsys.wording.phrases import later, phrase

CLAUSES = {
    "item": (later("it is {supporting}"), later("being {opposing}")),
    "user": (later("you are {supporting}"), later("that you are {opposing}")),
}
"""What speaks for an item, and what against it, by whose features they are."""


def lime_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say which parts of a history (or which features) speak for an item, and which against it.

    For example "⟨Alien⟩ is recommended because of what you rated, above all in Sci-Fi (⟨Aliens⟩ ★5,
    ⟨Dune⟩ ★4.5) and in Horror (⟨The Thing⟩ ★4); what you rated in Romance speaks against it."

    Args:
        explained: Style `feature` or `item`, signed. Its fact `subject` says what was perturbed:
            the `groups` of a history or its single ratings (`history`), or whose features they
            are: those of the `item` or of the `user`. Its details `projected_evidence` have the
            examples of each group.
        data: With the titles.
        lists: With the histories, for the ratings.
        parameters: How many supporting pieces are named; of opposing ones the strongest is.
        knowledge: Not needed.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    subject, evidence = explained.facts["subject"], explained.evidence
    if subject not in CLAUSES:
        return _by_history(explained, data, lists, parameters.n_cited)
    return _popularity_last(evidence, data, subject, parameters.n_cited)


def _by_history(explained: Explained, data: Data, lists: Lists, n_cited: int) -> pd.DataFrame:
    """What was rated that speaks for an item, and what against it."""
    sides = columns.Sides(explained.evidence, n_cited)
    evidence = sides.evidence
    genre = evidence["evidence_id"].astype(str).str.startswith("genres=").to_numpy()
    single = (evidence["style"] == "item").to_numpy()
    kinds = np.where(single, 2, np.where(genre, 1, 0))
    rated = np.flatnonzero(single)
    named = columns.fill_each(
        ["{part}", phrase("in {genre}"), "{rating}"],
        kinds,
        part=columns.labels(evidence["evidence"]),
        genre=columns.labels(evidence["evidence"]),
        rating=columns.spread(_rated(evidence.iloc[rated], data, lists), rated, len(evidence)),
    )
    examples = _examples(explained.details["projected_evidence"], evidence, data, lists)
    shown = ~single & examples.is_valid().to_numpy(zero_copy_only=False)
    pieces = columns.fill_each(
        ["{part}", phrase("{part} ({examples})")], shown, part=named, examples=examples
    )
    return sides.sentences(
        phrase("{item} is recommended although {opposing} speaks against it."),
        phrase("{item} is recommended because of what you rated, above all {supporting}."),
        phrase(
            "{item} is recommended because of what you rated, above all {supporting}; {opposing} "
            "speaks against it."
        ),
        item=columns.items_of(data, evidence["item_id"].iloc[sides.first]),
        supporting=columns.enumerate_runs(sides.cited_of(pieces), sides.starts, with_and=True),
        opposing=columns.fill_each(
            [phrase("what you rated {opposing}"), phrase("that you rated {opposing}")],
            single,
            opposing=named,
        ),
    )


def _rated(table: pd.DataFrame, data: Data, lists: Lists) -> pa.LargeStringArray:
    """The rated items of a table's rows, with their stars."""
    return columns.fill(
        phrase("{item} ★{rating}"),
        item=columns.items_of(data, table["rated_item_id"]),
        rating=columns.ratings(lists.histories, table),
    )


def _examples(
    examples: pd.DataFrame, evidence: pd.DataFrame, data: Data, lists: Lists
) -> pa.LargeStringArray:
    """Examples of each row of the evidence, in the order of which they are; missing without any."""
    key = [*columns.KEYS, "position"]
    pieces = pd.MultiIndex.from_frame(evidence[key])
    of_piece = pieces.get_indexer(pd.MultiIndex.from_frame(examples[key]))
    starts = np.flatnonzero(np.diff(of_piece, prepend=-1))
    enumerated = columns.enumerate_runs(_rated(examples, data, lists), starts)
    return columns.spread(enumerated, of_piece[starts], len(evidence))


def _by_features(evidence: pd.DataFrame, data: Data, subject: str, n_cited: int) -> pd.DataFrame:
    """Which features speak for an item, and which one against it."""
    sides = columns.Sides(evidence, n_cited)
    named = columns.labels(sides.evidence["evidence"])
    cited = columns.enumerate_runs(sides.cited_of(named), sides.starts, with_and=True)
    speaks_for, speaks_against = map(phrase, CLAUSES[subject])
    return sides.sentences(
        phrase("{item} is recommended although {opposing} counts against it."),
        phrase("{item} fits you because {supporting}."),
        phrase("{item} fits you because {supporting}; {opposing} counts against it."),
        item=columns.items_of(data, sides.evidence["item_id"].iloc[sides.first]),
        supporting=columns.fill(speaks_for, supporting=cited),
        opposing=columns.fill(speaks_against, opposing=named),
    )


def _popularity_last(
    evidence: pd.DataFrame, data: Data, subject: str, n_cited: int
) -> pd.DataFrame:
    """The same of what is a matter of taste; and apart that an item is popular, if that adds.

    That an item is popular, or when it is from, counts for or against it, but nobody likes it for
    that: where there is more to tell, that is told.
    """
    first = (evidence["position"] == 1).to_numpy()
    number, n = np.cumsum(first) - 1, int(first.sum())
    ids, adds = evidence["evidence_id"].astype(str), (evidence["weight"] > 0).to_numpy()
    popular = ids.str.startswith("popularity=").to_numpy() & adds
    slight = ids.str.startswith(tuple(f"{group}=" for group in SLIGHT)).to_numpy()
    taste = np.bincount(number, ~slight & adds, n) > 0
    told = ~popular & ~(slight & taste[number])
    others = evidence[told].assign(position=place_in_run(number[told]) + 1)
    of_taste = _by_features(others, data, subject, n_cited)
    apart, having = evidence[popular], np.zeros((2, n), bool)
    having[0, number[told]], having[1, number[popular]] = True, True
    weights = np.maximum(evidence["weight"].to_numpy(np.float64), 0.0)
    of_popularity, of_others = (np.bincount(number, weights * of, n) for of in (popular, ~popular))
    sentences = columns.fill_each(
        [
            "{told}",
            phrase("{told} Besides, it is {popular}."),
            phrase("{told} Besides, and more than all of that, it is {popular}."),
            phrase("{item} is recommended because it is {popular}."),
        ],
        np.where(having[1], np.where(having[0], 1 + (of_popularity > of_others), 3), 0),
        told=columns.spread(
            pa.array(of_taste["sentence"], pa.large_string()), np.flatnonzero(having[0]), n
        ),
        popular=columns.spread(columns.labels(apart["evidence"]), number[popular], n),
        item=columns.items_of(data, evidence["item_id"][first]),
    )
    return columns.sentence_table(evidence[first], sentences)
