"""What the rules that explain recommendations are like, and what thresholds cost."""

from __future__ import annotations

import pandas as pd


def cited_rule_metrics(cited_rules: pd.DataFrame) -> dict[str, float]:
    """Medians over the explained recommendations of the best rule's measures.

    Args:
        cited_rules: Columns `group`, `n_antecedents`, `support`, `confidence`, `lift`.

    Returns:
        `median_support`, `median_confidence`, `median_lift`, and `mean_antecedents`; NaN if
        no recommendation is explained.
    """
    best = cited_rules[cited_rules["group"] == 1]
    medians = {f"median_{name}": best[name].median() for name in ("support", "confidence", "lift")}
    return {**medians, "mean_antecedents": best["n_antecedents"].mean()}
