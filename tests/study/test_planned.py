"""Planned contrasts are corrected for themselves alone, and know what was expected."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.study.plan import Hypothesis
from explainable_recsys.study.planned import mark_planned


def test_only_planned_contrasts_are_corrected_and_in_either_order() -> None:
    contrasts = pd.DataFrame(
        {
            "measure": ["trust", "trust", "interest"],
            "first": ["fixed", "fixed", "fixed"],
            "second": ["rules", "none", "rules"],
            "p": [0.02, 0.001, 0.03],
        }
    )
    hypotheses = (
        Hypothesis(measure="trust", kinds=("rules", "fixed")),
        Hypothesis(measure="interest", kinds=("fixed", "rules")),
    )
    table = mark_planned(contrasts, hypotheses)
    assert table["expected"].tolist() == ["rules", "", "fixed"]
    # Holm over two tests: twice the smaller, and no less for the other.
    assert np.allclose(table["p_planned"], [0.04, np.nan, 0.04], equal_nan=True)
    nothing = mark_planned(contrasts, ())
    assert set(nothing["expected"]) == {""}
    assert nothing["p_planned"].isna().all()
