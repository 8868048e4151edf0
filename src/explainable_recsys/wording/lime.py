"""Sentences about features (or ratings) that speak for and against an item."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import signed
from explainable_recsys.wording.phrases import later, phrase

SENTENCES = {
    "item": (
        later("{item} is recommended although being {opposing} counts against it ({weight})."),
        later("{item} fits you because it is {supporting}."),
        later(
            "{item} fits you because it is {supporting}; being {opposing} counts against it "
            "({weight})."
        ),
    ),
    "user": (
        later(
            "{item} is recommended although that you are {opposing} counts against it ({weight})."
        ),
        later("{item} fits you because you are {supporting}."),
        later(
            "{item} fits you because you are {supporting}; that you are {opposing} counts against "
            "it ({weight})."
        ),
    ),
    "history": (
        later(
            "{item} is recommended although having rated {opposing} counts against it ({weight})."
        ),
        later("{item} fits you because you rated {supporting}."),
        later(
            "{item} fits you because you rated {supporting}; having rated {opposing} counts "
            "against it ({weight})."
        ),
    ),
}
"""By whose features they are: where all oppose, where all support, and where some do either."""


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
    cited = pieces.take(pa.array(sides.cited))
    supporting = columns.enumerate_runs(cited, sides.starts, with_and=True)
    sentences = columns.fill_each(
        [phrase(sentence) for sentence in SENTENCES[subject]],
        sides.case,
        item=columns.items_of(data, sides.evidence["item_id"].iloc[sides.first]),
        supporting=sides.of_cited(supporting),
        opposing=sides.of_opposed(named),
        weight=sides.of_opposed(weights),
    )
    return sides.table(sentences)
