"""How large the influences of ratings are, and by how much single ones do not add up."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.metrics.bootstrap import mean_with_interval, ratio_with_interval
from explainable_recsys.metrics.parameters import EvaluationParameters


def influence_metrics(
    cited_groups: pd.DataFrame, explanations: pd.DataFrame, evaluation: EvaluationParameters
) -> dict[str, float]:
    """Summarise influences on what is explained, in the unit of the score.

    Args:
        cited_groups: Columns `user_id`, `item_id`, `sum_of_influences`, `group_influence`, one row
            per recommendation with supporting ratings, also where these are noise.
        explanations: The explanations.
        evaluation: Intervals.

    Returns:
        `top_influence`, the mean of each recommendation's strongest support; `group_influence`, the
        mean of what the cited ratings are worth together; `additivity_gap`, by which share of
        that their single influences miss it in sum. Each with its interval.
    """
    pairs = ["user_id", "item_id"]
    cited = cited_groups.merge(explanations[pairs].drop_duplicates(), on=pairs)
    groups = cited.assign(
        gap=(cited["sum_of_influences"] - cited["group_influence"]).abs(),
        size=cited["group_influence"].abs(),
    ).groupby("user_id", sort=True)
    strongest = explanations[(explanations["position"] == 1) & (explanations["weight"] > 0)]
    top = strongest.groupby("user_id", sort=True)["weight"].mean().rename("top_influence")
    sums = groups[["gap", "size"]].sum()
    return {
        **mean_with_interval(top.to_frame(), *evaluation.resampling),
        **mean_with_interval(groups[["group_influence"]].mean(), *evaluation.resampling),
        **ratio_with_interval(
            sums[["gap"]].rename(columns={"gap": "additivity_gap"}),
            sums[["size"]].rename(columns={"size": "additivity_gap"}),
            *evaluation.resampling,
        ),
    }
