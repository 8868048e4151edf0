"""Ordinal models of tables of answers: which there are, and what they are asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.study.models import MOST_CATEGORIES, ordinal_models
from explainable_recsys.study.ordinal import cumulative_logit

ALL = [
    "conditions", "conditions by participant", "conditions, items", "covariates",
    "covariates, items",
]  # fmt: skip


def study(seed: int = 0, people: int = 30) -> pd.DataFrame:
    """Nine answers each; rules raise them, and known and popular items do."""
    rng = np.random.default_rng(seed)
    n = people * 9
    item = np.argsort(rng.random((people, 40)))[:, :9].ravel()
    table = pd.DataFrame(
        {
            "participant": np.repeat(np.arange(people), 9),
            "condition": np.tile(["fixed", "rules", "als"], people * 3),
            "measure": "trust",
            "item_id": item,
            "popularity_rank": 1 + 10 * item,
            "known": rng.integers(0, 2, n),
        }
    )
    felt = rng.logistic(size=n) + rng.normal(size=people)[table["participant"]]
    felt += 1.5 * (table["condition"] == "rules") + table["known"]
    felt -= 0.5 * (np.log(table["popularity_rank"]) - 5)
    return table.assign(value=1 + np.digitize(felt, [-1, 0, 1, 2]))


def test_models_and_their_terms() -> None:
    table = study()
    models, terms = ordinal_models(table)
    assert models["model"].tolist() == ALL
    assert models["converged"].all()
    assert models["n_items"].notna().tolist() == [False, False, True, False, True]
    assert models["sd_items"].notna().tolist() == [False, False, True, False, True]
    assert models["sd_conditions"].notna().tolist() == [False, True, False, False, False]
    first = terms[terms["model"] == "covariates"]
    assert (first["term"] + " " + first["against"]).tolist() == [
        "fixed als", "rules als", "rules fixed", "popularity_rank ", "known ",
    ]  # fmt: skip
    true = np.array([0, 1.5, 1.5, -0.5, 1])
    assert ((first["estimate"] - true).abs() < 3 * first["error"]).all()
    design = np.stack([table["condition"] == "fixed", table["condition"] == "rules"], axis=1)
    fit = cumulative_logit(table["value"], design, table["participant"])
    found = terms[terms["model"] == "conditions"]
    assert found["estimate"][:2].tolist() == pytest.approx(fit.coefficients.tolist())
    assert found["p"][:2].tolist() == pytest.approx(fit.p.tolist())
    assert models["p"][0] == pytest.approx(fit.ratio_p)


def test_the_first_condition_is_what_others_are_compared_with() -> None:
    table = study().drop(columns=["item_id", "known", "popularity_rank"])
    order = pd.CategoricalDtype(["rules", "none", "fixed", "als"])
    models, terms = ordinal_models(table.astype({"condition": order}))
    assert models["model"].tolist() == ALL[:2]
    assert terms["term"].tolist() == ["fixed", "als", "als"] * 2
    assert terms["against"].tolist() == ["rules", "rules", "fixed"] * 2
    by_alphabet = ordinal_models(table).terms  # the same pairs, turned, the other way round
    turned = -by_alphabet["estimate"][2::-1]
    assert terms["estimate"][:3].tolist() == pytest.approx(turned.tolist(), abs=1e-5)


def test_what_says_nothing_new_is_left_out() -> None:
    table = study().drop(columns="item_id").assign(known=1.0, rank=range(270), position=range(270))
    terms = ordinal_models(table).terms
    covariates = terms.loc[terms["against"] == "", "term"].tolist()
    assert covariates == ["popularity_rank", "rank"]
    only = table.drop(columns=["popularity_rank", "rank", "position"])
    assert ordinal_models(only).models["model"].tolist() == ALL[:2]


def test_answers_without_covariates_do_not_count_there() -> None:
    table = study()
    table.loc[table.index < 27, "known"] = np.nan
    table.loc[table.index >= 261, "item_id"] = np.nan
    models = ordinal_models(table).models
    assert models["n"].tolist() == [270, 270, 261, 243, 234]
    assert models["n_participants"].tolist() == [30, 30, 29, 27, 26]
    table.loc[table.index >= 36, "known"] = np.nan  # one participant is left
    assert ordinal_models(table).models["model"].tolist() == ALL[:3]


def test_items_that_nobody_shares_are_not_crossed() -> None:
    models = ordinal_models(study().assign(item_id=range(270))).models
    assert models["model"].tolist() == [*ALL[:2], "covariates"]


def test_one_answer_of_each_kind_is_no_ground_for_own_conditions() -> None:
    table = study().drop_duplicates(["participant", "condition"])
    assert ALL[1] not in set(ordinal_models(table).models["model"])


def test_what_is_no_scale_has_no_model() -> None:
    table = study().assign(value=np.arange(270) % (MOST_CATEGORIES + 1))
    models, terms = ordinal_models(pd.concat([table, table.assign(measure="alike", value=3)]))
    assert models.empty
    assert terms.empty
    assert models.columns.tolist() == ordinal_models(study()).models.columns.tolist()
    assert models.dtypes.equals(ordinal_models(study()).models.dtypes)
