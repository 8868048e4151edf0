"""How far LIME's surrogates can be trusted: fit on held-out perturbations, and stability."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.metrics.bootstrap import mean_with_interval, ratio_with_interval
from explainable_recsys.metrics.parameters import EvaluationParameters

GOOD_FIT = 0.5
"""R^2 above which a surrogate says more than it leaves out."""


QUANTILES = {"p10": 0.1, "median": 0.5, "p90": 0.9}


def surrogate_metrics(
    surrogates: pd.DataFrame, evaluation: EvaluationParameters, **of_controls: pd.DataFrame
) -> dict[str, float]:
    """Summarise the surrogates of an approach.

    Args:
        surrogates: As `explain_by_lime`.
        evaluation: Intervals.
        of_controls: `surrogates_of_<control>`, those around the controls' lists.

    Returns:
        Means over users of `local_r2` and `held_out_r2` with intervals; of the latter the
        quantiles over explanations and the share above 0.5; mean `effective_samples`,
        `n_samples`, and the number of explanations with a widened kernel; of the controls
        `held_out_r2_of_<control>`, over explanations, with its interval over users.
    """
    fits = ["local_r2", "held_out_r2"]
    per_user = surrogates.groupby("user_id", sort=True)[fits].mean()
    held_out = surrogates["held_out_r2"].dropna()
    around: dict[str, float] = {}
    for table_name, table in of_controls.items():
        name = f"held_out_r2_of_{table_name.removeprefix('surrogates_of_')}"
        by_user = table.groupby("user_id", sort=True)["held_out_r2"]
        sums, counts = by_user.sum().to_frame(name), by_user.count().to_frame(name)
        around |= ratio_with_interval(sums, counts, *evaluation.resampling)
    return {
        **around,
        **mean_with_interval(per_user, *evaluation.resampling),
        **{f"held_out_r2_{name}": float(held_out.quantile(q)) for name, q in QUANTILES.items()},
        "share_held_out_r2_above_half": float((held_out > GOOD_FIT).mean()),
        "effective_samples": float(surrogates["effective_samples"].mean()),
        "n_samples": float(surrogates["n_samples"].mean()),
        "n_widened": float(surrogates["widened"].sum()),
    }
