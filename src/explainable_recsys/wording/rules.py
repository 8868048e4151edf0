"""Sentences about association rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import fixed, percentage
from explainable_recsys.wording.phrases import later, phrase

SENTENCES = {
    "liked": later("{who} who liked {cited}, as you did, also liked {item} ({measures})."),
    "rated": later("{who} who rated {cited}, as you did, also rated {item} ({measures})."),
    "lists": later("{who} to whom we recommend {cited} are also recommended {item} ({measures})."),
}
"""By what the rules were mined from."""

PEOPLE = {
    "global": later("People"),
    "cluster": later("People with a taste like yours"),
    "local": later("Of the people nearest to you in taste, those"),
}
"""By among whom they were mined."""


def rule_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: Any, **knowledge: Any
) -> pd.DataFrame:
    """Put the best rule of each recommendation into words.

    For example "People who liked ⟨Alien⟩ and ⟨The Terminator⟩, as you did, also liked ⟨Aliens⟩
    (71 % of them, 3.2 times as often as everybody)."

    Args:
        explained: Style `rule`. Its details `cited_rules` have one row per recommendation and
            `group`, in the order of the evidence: `scope`, `confidence`, `lift`. Its fact
            `relation` is what the rules were mined from: what people `liked`, all that they
            `rated`, or their top `lists`.
        data: With the titles.
        lists: Not needed, nor are parameters and knowledge.
        parameters: See lists.
        knowledge: See lists.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    rules = explained.details["cited_rules"]
    best = rules[rules["group"] == 1]
    pieces = explained.evidence[explained.evidence["group"] == 1]
    starts = np.flatnonzero(pieces["position"].to_numpy() == 1)
    confidences = np.round(100 * best["confidence"].to_numpy(np.float64))
    lifts = np.round(best["lift"].to_numpy(np.float64), 1)
    scopes, relation = best["scope"].cat, explained.facts["relation"]
    people = pa.array([phrase(PEOPLE[scope]) for scope in scopes.categories], pa.large_string())
    sentences = columns.fill(
        phrase(SENTENCES[relation]),
        who=people.take(pa.array(scopes.codes)),
        cited=columns.enumerate_runs(columns.items(pieces["evidence"]), starts, with_and=True),
        item=columns.items_of(data, best["item_id"]),
        measures=columns.fill(
            phrase("{confidence} of them, {lift} times as often as everybody"),
            confidence=columns.written(confidences, percentage),
            lift=columns.written(lifts, lambda lift: fixed(lift, decimals=1)),
        ),
    )
    return columns.sentence_table(best, sentences)
