"""What columns of metrics are called."""

from __future__ import annotations

from explainable_recsys.metrics.records import Column
from explainable_recsys.wording.phrases import later, phrase

_ADDED = {
    ("is_area", True): later("{metric} AUC"),
    ("is_gain", True): later("{metric} gain"),
    ("lists", "popularity"): later("{metric}, most-popular lists"),
    ("lists", "random"): later("{metric}, random lists"),
    ("history", "own"): later("{metric}, own history"),
    ("history", "null"): later("{metric}, another's history"),
    ("control", "random"): later("{metric}, random evidence"),
    ("control", "popular"): later("{metric}, popular evidence"),
    ("choice", "greedy"): later("{metric}, greedy evidence"),
    ("choice", "strongest"): later("{metric}, strongest evidence"),
}


def label(column: Column) -> str:
    """What a column is called: nDCG@10, POS@10,3, random evidence."""
    text = phrase(column.metric.label) + column.at
    for (kind, value), added in _ADDED.items():
        if getattr(column, kind) == value:
            text = phrase(added, metric=text)
    if column.sampled:
        text = phrase("{metric} ({n} negatives)", metric=text, n=column.sampled)
    return text
