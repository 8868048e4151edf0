"""Sentences about association rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import fixed, percentage
from explainable_recsys.wording.phrases import later, phrase

SENTENCES = {
    ("liked", "global"): later(
        "People who liked {cited} also liked {item} (confidence {confidence}, {lift} × more than "
        "chance)."
    ),
    ("liked", "cluster"): later(
        "People with a taste like yours who liked {cited} also liked {item} (confidence "
        "{confidence}, {lift} × more than chance)."
    ),
    ("liked", "local"): later(
        "Of the people nearest to you in taste, those who liked {cited} also liked {item} "
        "(confidence {confidence}, {lift} × more than chance)."
    ),
    ("rated", "global"): later(
        "People who rated {cited} also rated {item} (confidence {confidence}, {lift} × more than "
        "chance)."
    ),
    ("rated", "cluster"): later(
        "People with a taste like yours who rated {cited} also rated {item} (confidence "
        "{confidence}, {lift} × more than chance)."
    ),
    ("rated", "local"): later(
        "Of the people nearest to you in taste, those who rated {cited} also rated {item} "
        "(confidence {confidence}, {lift} × more than chance)."
    ),
    ("lists", "global"): later(
        "People to whom we recommend {cited} are also recommended {item} (confidence {confidence}, "
        "{lift} × more than chance)."
    ),
    ("lists", "cluster"): later(
        "People with a taste like yours to whom we recommend {cited} are also recommended {item} "
        "(confidence {confidence}, {lift} × more than chance)."
    ),
    ("lists", "local"): later(
        "Of the people nearest to you in taste, those to whom we recommend {cited} are also "
        "recommended {item} (confidence {confidence}, {lift} × more than chance)."
    ),
}
"""By what the rules were mined from, and among whom."""


def rule_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: Any, **knowledge: Any
) -> pd.DataFrame:
    """Put the best rule of each recommendation into words.

    For example "People who liked ⟨Alien⟩ and ⟨The Terminator⟩ also liked ⟨Aliens⟩ (confidence
    71 %, 3.2 × more than chance)."

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
    relation, scopes = explained.facts["relation"], best["scope"].cat
    sentences = columns.fill_each(
        [phrase(SENTENCES[relation, scope]) for scope in scopes.categories],
        scopes.codes.to_numpy(),
        cited=columns.enumerate_runs(columns.items(pieces["evidence"]), starts, with_and=True),
        item=columns.items_of(data, best["item_id"]),
        confidence=columns.written(confidences, percentage),
        lift=columns.written(lifts, lambda lift: fixed(lift, decimals=1)),
    )
    return columns.sentence_table(best, sentences)
