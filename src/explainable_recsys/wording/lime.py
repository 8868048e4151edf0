"""Sentences about features (or ratings) that speak for and against an item."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import signed
from explainable_recsys.wording.phrases import later, phrase

CLAUSES = {
    "item": (later("it is {supporting}"), later("being {opposing}")),
    "user": (later("you are {supporting}"), later("that you are {opposing}")),
    "history": (later("you rated {supporting}"), later("having rated {opposing}")),
}
"""What speaks for an item, and what against it, by whose features they are."""


def lime_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say which features (or ratings) speak for an item, which one against it, and how strongly.

    For example "⟨Alien⟩ fits you because it is Sci-Fi (+0.41) and Horror (+0.22); being from the
    1970s counts against it (\u22120.05)."

    Args:
        explained: Style `feature` or `item`, signed. Its fact `subject` says whose features they
            are: those of the `item`, of the `user`, or ratings of the user (`history`).
        data: With the titles.
        lists: Not needed, nor is knowledge.
        parameters: How many supporting pieces are named; of opposing ones the strongest is.
        knowledge: See lists.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    subject = explained.facts["subject"]
    sides = columns.Sides(explained.evidence, parameters.n_cited)
    named = (columns.items if subject == "history" else columns.names)(sides.evidence["evidence"])
    weights = columns.two_digits(sides.weights, signed)
    pieces = columns.fill(phrase("{feature} ({weight})"), feature=named, weight=weights)
    cited = columns.enumerate_runs(sides.cited_of(pieces), sides.starts, with_and=True)
    speaks_for, speaks_against = map(phrase, CLAUSES[subject])
    return sides.sentences(
        phrase("{item} is recommended although {opposing} counts against it ({weight})."),
        phrase("{item} fits you because {supporting}."),
        phrase("{item} fits you because {supporting}; {opposing} counts against it ({weight})."),
        item=columns.items_of(data, sides.evidence["item_id"].iloc[sides.first]),
        supporting=columns.fill(speaks_for, supporting=cited),
        opposing=columns.fill(speaks_against, opposing=named),
        weight=weights,
    )
