"""The card of a knowledge graph: what it holds, and how its entities are spread over items."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.knowledge.graph import (
    GraphParameters,
    in_order,
    item_name,
)

QUANTILES = {"median": 0.5, "q90": 0.9, "q99": 0.99, "max": 1.0}


def graph_card(
    triples: pd.DataFrame,
    items: pd.DataFrame,
    raw_triples: pd.DataFrame,
    links: pd.DataFrame,
    parameters: GraphParameters,
) -> dict[str, Any]:
    """Describe the graph.

    Args:
        triples: From `build_triples`.
        items: Column `item_id`: all items.
        raw_triples: Columns `head`, `tail`: what the graph was made of.
        links: Columns `item_id`, `entity_id`.
        parameters: From how many items on an entity is a link.

    Returns:
        A JSON object: number of triples, entities of each type, every relation with its
        triples and the degrees of its entities (how many items, or users, have one), the items
        and how many entities they have, and how much of the raw triples is about no item.
    """
    of_items = triples[triples["head_type"] == "item"]
    per_item = of_items.groupby("head")["tail"].nunique()
    per_item = per_item.reindex(item_name(items["item_id"]), fill_value=0)
    known = links[links["item_id"].isin(items["item_id"])]
    about = raw_triples["head"].isin(known["entity_id"])
    about |= raw_triples["tail"].isin(known["entity_id"])
    n_raw, n_without = len(raw_triples), int((~about).sum())
    return {
        "triples": len(triples),
        "entities": _entities_by_type(triples),
        "relations": {
            relation: _relation(triples[triples["relation"] == relation], parameters.min_degree)
            for relation in in_order(triples["relation"])
        },
        "items": {
            "items": len(items),
            "linked_to_raw_triples": len(known),
            "without_entity": int((per_item == 0).sum()),
            "entities_per_item": _spread(per_item),
        },
        "raw_triples": {
            "triples": n_raw,
            "about_no_item": n_without,
            "share_about_no_item": n_without / n_raw if n_raw else None,
        },
    }


def _entities_by_type(triples: pd.DataFrame) -> dict[str, int]:
    """Number of items and users with a triple, and of entities, by type."""
    ends = [
        triples[[end, f"{end}_type"]].drop_duplicates(end).set_axis(["id", "type"], axis=1)
        for end in ("head", "tail")
    ]
    counts = pd.concat(ends)["type"].value_counts(sort=False)
    return {str(kind): int(count) for kind, count in counts.sort_index().items()}


def _relation(triples: pd.DataFrame, min_degree: int) -> dict[str, Any]:
    degrees = triples["tail"].value_counts()
    return {
        "triples": len(triples),
        "entities": len(degrees),
        "entities_that_link": int((degrees >= min_degree).sum()),
        "degree": _spread(degrees),
    }


def _spread(numbers: pd.Series[Any]) -> dict[str, float | None]:
    """Mean and quantiles; null without numbers."""
    if numbers.empty:
        return dict.fromkeys(["mean", *QUANTILES])
    quantiles = {
        name: float(numbers.quantile(q, interpolation="lower")) for name, q in QUANTILES.items()
    }
    return {"mean": float(numbers.mean()), **quantiles}
