"""Sentences about ratings that raise and lower a score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

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
    first = pa.array(sides.cited[sides.starts])
    is_other = np.ones(len(sides.cited), bool)
    is_other[sides.starts] = False
    others = pa.array(sides.cited[is_other])
    pieces = columns.fill(phrase("{item} by {change}"), item=titles, change=sizes).take(others)
    n_others = np.diff(np.append(sides.starts, len(sides.cited))) - 1
    several = sides.supported[n_others > 0]
    runs = (np.cumsum(n_others) - n_others)[n_others > 0]
    case = sides.case
    case[several] += 2
    sentences = columns.fill_each(
        [
            phrase("{opposing} lowers your predicted rating by {loss}."),
            phrase("{item} raises your predicted rating by {change}."),
            phrase(
                "{item} raises your predicted rating by {change}; {opposing} lowers it by {loss}."
            ),
            phrase("{item} raises your predicted rating by {change}, {others}."),
            phrase(
                "{item} raises your predicted rating by {change}, {others}; {opposing} lowers it "
                "by {loss}."
            ),
        ],
        case,
        item=sides.of_cited(titles.take(first)),
        change=sides.of_cited(sizes.take(first)),
        others=columns.spread(columns.enumerate_runs(pieces, runs), several, len(case)),
        opposing=sides.of_opposed(titles),
        loss=sides.of_opposed(sizes),
    )
    return sides.table(sentences)
