"""Which differences were planned, and whether they are more than chance gives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.study.contrasts import holm
from explainable_recsys.study.plan import Hypothesis


def mark_planned(contrasts: pd.DataFrame, hypotheses: tuple[Hypothesis, ...]) -> pd.DataFrame:
    """Add to contrasts which kind was expected to be higher, corrected for these alone.

    Args:
        contrasts: As of `outcomes.contrasts`.
        hypotheses: Of the plan.

    Returns:
        The same with `expected`, the kind that was expected to be higher, empty where nothing was
        planned, and `p_planned`, by Holm over the planned contrasts of all measures, missing for
        the others.
    """
    expected = {(one.measure, frozenset(one.kinds)): one.kinds[0] for one in hypotheses}
    keys = [
        (row["measure"], frozenset((row["first"], row["second"])))
        for row in contrasts.to_dict("records")
    ]
    table = contrasts.assign(expected=[expected.get(key, "") for key in keys], p_planned=np.nan)
    is_planned = table["expected"] != ""
    table.loc[is_planned, "p_planned"] = holm(table.loc[is_planned, "p"])
    return table
