"""What moves single answers: ordinal models of every measure, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.study.long_form import COVARIATES, check_answers
from explainable_recsys.study.ordinal import OrdinalFit, cumulative_logit, wald
from explainable_recsys.wording.phrases import later

MOST_CATEGORIES = 20
"""A measure with more different answers than these is no scale for an ordinal model."""


BY_PARTICIPANT = later("conditions by participant")
"""The model on which claims about conditions rest."""

_MODEL_TYPES = {
    "measure": "str", "model": "str", "n": "int64", "n_participants": "int64", "n_items": "Int64",
    "log_likelihood": "float64", "likelihood_ratio": "float64", "df": "int64", "p": "float64",
    "sd_participants": "float64", "sd_conditions": "float64", "sd_items": "float64",
    "converged": "bool",
}  # fmt: skip
_TERM_TYPES = {
    **dict.fromkeys(("measure", "model", "term", "against"), "str"),
    **dict.fromkeys(("estimate", "error", "z", "p", "low", "high"), "float64"),
}


class _Model(NamedTuple):
    """Answers and their design, and what they are grouped by besides participants."""

    name: str
    conditions: list[str]
    answers: pd.DataFrame
    design: pd.DataFrame
    crossed: list[str]

    def fit(self) -> OrdinalFit:
        """The model, fitted; own conditions are groups of answers of a participant."""
        participant = pd.factorize(self.answers["participant"])[0]
        groups = [pd.factorize(self.answers[name])[0] for name in self.crossed]
        if "condition" in self.crossed:
            groups = [participant * len(self.conditions) + groups[0]]
        values = pd.factorize(self.answers["value"], sort=True)[0]
        return cumulative_logit(values, self.design.to_numpy(), participant, *groups)


class OrdinalTables(NamedTuple):
    """The models, one row each, and the terms of each."""

    models: pd.DataFrame
    terms: pd.DataFrame


def ordinal_models(table: pd.DataFrame) -> OrdinalTables:
    """Cumulative logit models of the single answers, with a random intercept of participants.

    Which model is which:

    * `conditions` says how much further up the scale answers are in one condition than in another,
      if everybody thinks of the conditions alike;
    * `conditions by participant` does not assume that: participants have intercepts of their own in
      each condition. Where they do differ, only this model keeps its level (Barr, Levy, Scheepers &
      Tily 2013), so that claims about conditions are made from it, or from the tests of means;
    * `covariates` has those of the table beside the conditions, but none that says nothing new, and
      the answers that have them all;
    * followed by `, items` there is an intercept for each item too, where people share items.

    A measure with one answer only, or more than `MOST_CATEGORIES` different ones, has none.

    Args:
        table: Answers in long form.

    Returns:
        `models`: `measure`, `model`, `n` answers, `n_participants`, `n_items` (missing unless they
        have an intercept), `log_likelihood`, `likelihood_ratio` against no predictors with `df`
        and `p`, the deviations of intercepts `sd_participants`, `sd_conditions` (of participants'
        own) and `sd_items`, missing where there are none, and `converged`.
        `terms`: `measure`, `model`, `term` (a condition or a covariate, the popularity rank as its
        logarithm), `against` (another condition, empty for covariates; all pairs are there),
        `estimate` in logits, positive where answers are higher, `error`, `z`, `p`, `low`, `high`.

    Raises:
        InputError: As `check_answers`, and as `cumulative_logit`, with the measure named.

    >>> rng = np.random.default_rng(0)
    >>> answers = pd.DataFrame({"participant": np.repeat(range(20), 6), "measure": "trust",
    ...     "condition": ["fixed", "rules"] * 60, "value": rng.integers(1, 6, 120)})
    >>> models, terms = ordinal_models(answers)
    >>> models["model"].tolist(), terms["term"][0], terms["against"][0]
    (['conditions', 'conditions by participant'], 'rules', 'fixed')
    """
    models, terms = [], []
    for measure, part in check_answers(table).groupby("measure", observed=True):
        for model in _models(part):
            try:
                fit = model.fit()
            except InputError as problem:
                raise InputError(f"measure {measure}, model of {model.name}: {problem}") from None
            models.append([str(measure), model.name, *_model_row(model, fit)])
            terms += [[str(measure), model.name, *row] for row in _term_rows(model, fit)]
    return OrdinalTables(
        pd.DataFrame(models, columns=list(_MODEL_TYPES)).astype(_MODEL_TYPES),
        pd.DataFrame(terms, columns=list(_TERM_TYPES)).astype(_TERM_TYPES),
    )


def _models(part: pd.DataFrame) -> Iterator[_Model]:
    """The models of a measure's answers."""
    known = [name for name in COVARIATES if name in part and part[name].notna().any()]
    items = "item_id" in part and part["item_id"].dropna().duplicated().any()
    several = part.duplicated(["participant", "condition"]).any()
    for name, covariates, crossed, there in (
        (later("conditions"), [], [], True),
        (BY_PARTICIPANT, [], ["condition"], several),
        (later("conditions, items"), [], ["item_id"], items),
        (later("covariates"), known, [], known),
        (later("covariates, items"), known, ["item_id"], known and items),
    ):
        if there:
            answers = part.dropna(subset=[*covariates, *crossed])
            conditions = answers["condition"].cat.remove_unused_categories().cat.categories
            design = _design(answers, conditions[1:], covariates)
            on_scale = 1 < answers["value"].nunique() <= MOST_CATEGORIES
            says_something = len(design.columns) and (set(design) & set(known) or not covariates)
            people = answers["participant"].unique()
            if on_scale and says_something and len(people) > 1:
                yield _Model(name, list(conditions), answers, design, crossed)


def _design(
    answers: pd.DataFrame, conditions: Iterable[str], covariates: list[str]
) -> pd.DataFrame:
    """A column for each of these conditions, and for each covariate that says something new."""
    columns = {name: answers["condition"] == name for name in conditions}
    design = pd.DataFrame(columns, index=answers.index, dtype="float64")
    for name in covariates:
        values = answers[name]
        wider = design.assign(**{name: np.log(values) if name == "popularity_rank" else values})
        centred = (wider - wider.mean()).to_numpy()
        if np.linalg.matrix_rank(centred) == wider.shape[1]:
            design = wider
    return design


def _model_row(model: _Model, fit: OrdinalFit) -> list[object]:
    deviations = dict(zip(model.crossed, fit.deviations[1:], strict=True))
    n_items = model.answers["item_id"].nunique() if "item_id" in deviations else None
    return [
        fit.n, model.answers["participant"].nunique(), n_items, fit.log_likelihood,
        fit.likelihood_ratio, fit.df, fit.ratio_p, fit.deviations[0],
        deviations.get("condition"), deviations.get("item_id"), fit.converged,
    ]  # fmt: skip


def _term_rows(model: _Model, fit: OrdinalFit) -> list[tuple[object, ...]]:
    """Every two conditions, and every covariate: term, against, and Wald's figures."""
    n_conditions, names = len(model.conditions), [model.conditions[0], *model.design]
    weights = np.eye(len(names))[:, 1:]  # of the first condition: none
    pairs = [(after, before) for before, after in combinations(range(n_conditions), 2)]
    rows = [weights[after] - weights[before] for after, before in pairs]
    contrasts = np.array([*rows, *weights[n_conditions:]])
    errors = np.sqrt(np.diag(contrasts @ fit.covariance @ contrasts.T))
    estimates = contrasts @ fit.coefficients
    named = [(names[after], names[before]) for after, before in pairs]
    named += [(name, "") for name in names[n_conditions:]]
    figures = zip(estimates, errors, *wald(estimates, errors), strict=True)
    return [(*name, *numbers) for name, numbers in zip(named, figures, strict=True)]
