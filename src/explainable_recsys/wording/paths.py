"""Sentences about paths from liked items to recommended ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import percentage
from explainable_recsys.wording.phrases import later, phrase, plural

SENTENCES = {
    "liked": later("Because you liked {items}{part}."),
    "rated": later("Because you rated {items}{part}."),
}

SAID_BELOW = 0.25
"""What the named items carry is said where it is a smaller share of the score."""


def path_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say from which liked items paths lead to a recommendation, and over what.

    For example "Because you liked ⟨Alien⟩ (same director: Ridley Scott) and ⟨Brazil⟩ (34 people
    liked both), the strongest of many such links (together 7 % of its score)."

    Args:
        explained: Its details `paths` are those of `explain_by_paths`; its fact `relation` says
            whether paths start at items that the user `liked`, or at all that were `rated`.
        data: With the titles.
        lists: With the scores. Knowledge is not needed.
        parameters: How many items are named, each with its best path.
        knowledge: See lists.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    told = explained.evidence[[*columns.KEYS, "group"]].rename(columns={"group": "position"})
    paths = explained.details["paths"].merge(told, on=[*columns.KEYS, "position"])
    best = paths.drop_duplicates([*columns.KEYS, "from_item"])
    place = best.groupby(columns.KEYS, sort=False).cumcount().to_numpy()
    best = best[place < parameters.n_cited]
    starts = np.flatnonzero(place[place < parameters.n_cited] == 0)
    pieces = columns.fill(
        phrase("{item} ({link})"),
        item=columns.items_of(data, best["from_item"]),
        link=_links(best, explained.facts["relation"]),
    )
    named = columns.enumerate_runs(pieces, starts, with_and=True)
    relation = explained.facts["relation"]
    run = np.cumsum(np.isin(np.arange(len(best)), starts)) - 1
    carried = np.bincount(run, best["weight"].to_numpy(np.float64), minlength=len(starts))
    shares = carried / lists.table["score"].to_numpy()[lists.positions_of(best.iloc[starts])]
    said = columns.fill(
        phrase(", the strongest of many such links (together {share} of its score)"),
        share=columns.written(np.maximum(np.rint(100 * shares), 1), percentage),
    )
    part = pc.if_else(pa.array(shares < SAID_BELOW), said, "")
    sentences = columns.fill(phrase(SENTENCES[relation]), items=named, part=part)
    return columns.sentence_table(best.iloc[starts], sentences)


def _links(paths: pd.DataFrame, relation: str) -> pa.LargeStringArray:
    """What both items of a path have in common: an entity, or people who liked (rated) both."""
    said = _likers if relation == "liked" else _raters
    people = columns.written(paths["n_sharing"].to_numpy(), said)
    over_people = pa.array((paths["entity"].astype("str") == "").to_numpy())
    return pc.if_else(over_people, people, columns.labels(paths["label"]))


def _likers(n: int) -> str:
    return plural(n, "one person liked both", "{n} people liked both")


def _raters(n: int) -> str:
    return plural(n, "one person rated both", "{n} people rated both")
