"""Sentences about ratings that raise and lower a score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import significant
from explainable_recsys.wording.phrases import phrase


def influence_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say which ratings raise a score, which one lowers it, and by how much.

    For example "⟨Aliens⟩ raises your predicted rating by 0.18, ⟨Alien⟩ by 0.12; ⟨Grease⟩ lowers
    it by 0.04."

    Args:
        explained: Style `item`, signed.
        data: Not needed, nor are lists and knowledge.
        lists: See data.
        parameters: How many supporting items are named; of opposing ones the strongest is.
        knowledge: See data.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    sides = columns.Sides(explained.evidence, parameters.n_cited)
    titles = columns.items(sides.evidence["evidence"])
    sizes = columns.two_digits(np.abs(sides.weights), significant)
    is_first = np.isin(np.arange(len(sides.cited)), sides.starts)
    pieces = columns.fill_each(
        [phrase("{item} by {change}"), phrase("{item} raises your predicted rating by {change}")],
        is_first,
        item=sides.cited_of(titles),
        change=sides.cited_of(sizes),
    )
    return sides.sentences(
        phrase("{opposing} lowers your predicted rating by {weight}."),
        phrase("{supporting}."),
        phrase("{supporting}; {opposing} lowers it by {weight}."),
        supporting=columns.enumerate_runs(pieces, sides.starts),
        opposing=titles,
        weight=sizes,
    )
