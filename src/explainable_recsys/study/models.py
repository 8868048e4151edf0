"""What moves single answers: ordinal models of every measure, as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.study.long_form import COVARIATES, check_answers
from explainable_recsys.study.ordinal import OrdinalFit, cumulative_logit

MOST_CATEGORIES = 20
"""A measure with more different answers than these is no scale for an ordinal model."""


_MODEL_TYPES = {
    "measure": "str", "model": "str", "n": "int64", "n_participants": "int64", "n_items": "Int64",
    "log_likelihood": "float64", "likelihood_ratio": "float64", "df": "int64", "p": "float64",
    "sd_participants": "float64", "sd_items": "float64", "converged": "bool",
}  # fmt: skip
_TERM_TYPES = {
    **dict.fromkeys(("measure", "model", "term", "against"), "str"),
    **dict.fromkeys(("estimate", "error", "z", "p", "low", "high"), "float64"),
}


class OrdinalTables(NamedTuple):
    """The models, one row each, and the terms of each."""

    models: pd.DataFrame
    terms: pd.DataFrame


def ordinal_models(table: pd.DataFrame) -> OrdinalTables:
    """Cumulative logit models of the single answers, with a random intercept of participants.

    The model `conditions` says how much further up the scale answers are than in the first
    condition; `covariates` asks it again with the covariates that the table has, all answers
    counted that have them, and without those that say nothing new. Where people share items, each
    is there once more with items crossed. A measure with more than `MOST_CATEGORIES` different
    answers, or one only, has none.

    Args:
        table: Answers in long form.

    Returns:
        `models`: `measure`, `model` ("conditions", "covariates", and both followed by ", items"),
        `n` answers, `n_participants`, `n_items` (missing unless crossed), `log_likelihood`,
        `likelihood_ratio` against no predictors with `df` and `p`, `sd_participants`, `sd_items`,
        `converged`. `terms`: `measure`, `model`, `term` (a condition or a covariate, the popularity
        rank as its logarithm), `against` (the first condition; empty for covariates), `estimate` in
        logits, positive where answers are higher, `error`, `z`, `p`, `low`, `high`.

    Raises:
        InputError: As `check_answers`, and as `cumulative_logit`, with the measure named.

    >>> rng = np.random.default_rng(0)
    >>> answers = pd.DataFrame({"participant": np.repeat(range(20), 6), "measure": "trust",
    ...     "condition": ["fixed", "rules"] * 60, "value": rng.integers(1, 6, 120)})
    >>> models, terms = ordinal_models(answers)
    >>> models["model"].item(), terms["term"].item(), terms["against"].item()
    ('conditions', 'rules', 'fixed')
    """
    models, terms = [], []
    for measure, part in check_answers(table).groupby("measure", observed=True):
        for model, answers, design, crossed in _models(part):
            try:
                fit = _fit(answers, design, crossed)
            except InputError as problem:
                raise InputError(f"measure {measure}, model of {model}: {problem}") from None
            models.append([str(measure), model, *_model_row(fit, answers, crossed)])
            first = _conditions(answers)[0]
            terms += [
                [str(measure), model, term, "" if term in COVARIATES else first, *numbers]
                for term, *numbers in zip(
                    design, fit.coefficients, fit.errors, fit.z, fit.p, fit.low, fit.high,
                    strict=True,
                )
            ]  # fmt: skip
    return OrdinalTables(
        pd.DataFrame(models, columns=list(_MODEL_TYPES)).astype(_MODEL_TYPES),
        pd.DataFrame(terms, columns=list(_TERM_TYPES)).astype(_TERM_TYPES),
    )


def _models(part: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, list[str]]]:
    """Of a measure's answers each model's name, answers, design and crossed groupings."""
    known = [name for name in COVARIATES if name in part and part[name].notna().any()]
    items = ["item_id"] if "item_id" in part and part["item_id"].dropna().duplicated().any() else []
    for model, covariates, crossed in (
        ("conditions", [], []),
        ("conditions, items", [], items),
        ("covariates", known, []),
        ("covariates, items", known, items),
    ):
        answers = part.dropna(subset=[*covariates, *crossed])
        design = _design(answers, covariates)
        on_scale = 1 < answers["value"].nunique() <= MOST_CATEGORIES
        says = ("conditions" in model or set(design) & set(covariates)) and len(design.columns)
        if on_scale and says and ("items" not in model or crossed):
            yield model, answers, design, crossed


def _conditions(answers: pd.DataFrame) -> list[str]:
    return list(answers["condition"].cat.remove_unused_categories().cat.categories)


def _design(answers: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """A column for each condition but the first, and for each covariate that says something new."""
    columns = {name: answers["condition"] == name for name in _conditions(answers)[1:]}
    design = pd.DataFrame(columns, index=answers.index, dtype="float64")
    for name in covariates:
        values = answers[name]
        wider = design.assign(**{name: np.log(values) if name == "popularity_rank" else values})
        centred = (wider - wider.mean()).to_numpy()
        if np.linalg.matrix_rank(centred) == wider.shape[1]:
            design = wider
    return design


def _fit(answers: pd.DataFrame, design: pd.DataFrame, crossed: list[str]) -> OrdinalFit:
    groupings = [pd.factorize(answers[name])[0] for name in ("participant", *crossed)]
    codes = pd.factorize(answers["value"], sort=True)[0]
    return cumulative_logit(codes, design.to_numpy(), *groupings)


def _model_row(fit: OrdinalFit, answers: pd.DataFrame, crossed: list[str]) -> list[object]:
    sizes = answers[["participant", *crossed]].nunique()
    n_items, sd_items = (sizes.iloc[1], fit.deviations[1]) if crossed else (None, None)
    return [
        fit.n, sizes.iloc[0], n_items, fit.log_likelihood, fit.likelihood_ratio, fit.df,
        fit.ratio_p, fit.deviations[0], sd_items, fit.converged,
    ]  # fmt: skip
