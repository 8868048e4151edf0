"""Nodes of the search for hyper-parameters."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from kedro.pipeline import Pipeline

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.datasets.studies import OpenStudy
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.figures.tuning import (
    best_trial,
    tuning_history_figure,
    tuning_parameters_figure,
)
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.pipelines.parameters import PREFIX, plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part
from explainable_recsys.pipelines.tuning.folds import make_folds, mixed_seed, shared_data
from explainable_recsys.pipelines.tuning.objective import Protocol, objective
from explainable_recsys.pipelines.tuning.report import parameters_file
from explainable_recsys.pipelines.tuning.search import TuningParameters, search, trials_table
from explainable_recsys.pipelines.tuning.space import check_ranges, read_search
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.recommenders.lists import RecommendationParameters

logger = logging.getLogger(__name__)

MODEL = ".model"
SETTINGS = ("tuning", "split", "evaluation", "recommendation", "source")
"""Parameters that a search is made with; they are not searched."""


def search_parameters(
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    studies: OpenStudy,
    parameters: dict[str, Any],
    tuning: TuningParameters,
    split: SplitParameters,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
    **tables: pd.DataFrame,
) -> tuple[pd.DataFrame, str]:
    """Search; return the trials and a parameters file with the best of them.

    Args:
        train_ratings: Training part.
        validation_ratings: Validation part.
        studies: Where trials are kept, so that a search can go on after an interruption.
        parameters: All parameters.
        tuning: Recommender and length of the search.
        split: How the parts were cut.
        evaluation: Length of the lists and what counts as a hit.
        recommendation: Users scored at once.
        source: Name and rating scale of the data.
        tables: What is known of items and users.

    Raises:
        InputError: If the recommender cannot be tuned, its search space cannot be used, there
            are no validation ratings, or no trial succeeds.
    """
    recommenders = everything()
    name = chosen_recommender(tuning.recommender, recommenders, parameters)
    metric, ranges = read_search(name, parameters[name]["search"])
    folds = make_folds(train_ratings, validation_ratings, split, tuning.n_folds, tuning.seed)
    if len(folds) < tuning.n_folds:
        logger.info("the split is not random: there is one fold, not %d", tuning.n_folds)

    @cache
    def given(fold: int) -> dict[str, Any]:
        seed = mixed_seed(tuning.seed, fold)
        return shared_data(folds[fold], tables, source.rating_scale, split.fraction, seed)

    part = needed_part(recommenders, given(0), {name + MODEL})
    known, full = known_parameters(name, part, parameters)
    present = check_ranges(name, ranges, known)
    protocol = Protocol(
        metric=metric,
        k=evaluation.k,
        relevance_threshold=evaluation.relevance_threshold,
        block_size=recommendation.block_size,
        scale=source.rating_scale,
    )
    settings = tuning.model_copy(update={"n_folds": len(folds)})
    what = {
        "space": {path: found.model_dump() for path, found in ranges.items()},
        "protocol": [metric, evaluation.k, evaluation.relevance_threshold, str(protocol.scale)],
        "settings": settings.model_dump(exclude={"n_trials"}),
        "known": known,
        "data": [digest(t) for t in (*(t for fold in folds for t in fold), *tables.values())],
    }
    measured = objective(
        name + MODEL,
        part,
        parameters,
        [full[path] for path in ranges],
        given,
        [fold.validation for fold in folds],
        protocol,
    )

    def evaluate(values: Mapping[str, Any]) -> Iterator[float]:
        return measured({full[path]: value for path, value in values.items()})

    study, maximize = f"{name}-{fingerprint(what)}", metric != "rmse"
    with studies(study) as storage:
        tried = search(storage, study, ranges, present, evaluate, settings, maximize)
    named = f"{metric}@{evaluation.k}" if maximize else metric
    trials = trials_table(name, named, tried, len(folds))
    best = tried[best_trial(trials)].user_attrs["parameters"]
    values = {full[path]: value for path, value in best.items()}
    return trials, parameters_file(trials, values, source.name, tuning.seed)


def draw_trials(trials: pd.DataFrame) -> tuple[go.Figure, go.Figure]:
    """The course of the search, and what each parameter does."""
    return tuning_history_figure(trials), tuning_parameters_figure(trials)


def chosen_recommender(
    name: str | None, recommenders: Pipeline, parameters: Mapping[str, Any]
) -> str:
    """The recommender to tune.

    Raises:
        InputError: If there is no such recommender, or it brings no search; naming those that
            can be tuned.
    """
    models = {
        output.removesuffix(MODEL)
        for output in recommenders.all_outputs()
        if output.endswith(MODEL)
    }
    tunable = sorted(name for name in models if "search" in (parameters.get(name) or {}))
    if name in tunable:
        return name
    accepted = f"accepted: {', '.join(tunable) or 'none'}"
    if name is None:
        problem = f"which one? {accepted}; for example --params tuning.recommender="
        problem += min(tunable, default="NAME")
    elif name in models:
        problem = f"'{name}' brings no search; add a block {name}.search with metric and space; "
        problem += accepted
    else:
        problem = f"no recommender '{name}'; {did_you_mean(name, tunable)}{accepted}"
    raise InputError(f"parameter tuning.recommender: {problem}")


def known_parameters(
    recommender: str, part: Pipeline, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Present values of the parameters that some nodes read, and their full paths.

    Both are by path: below the recommender for its own, below everything for others.
    """
    known: dict[str, Any] = {}
    for name, value in typed_parameters(part, parameters).items():
        path = name.removeprefix(PREFIX)
        if path.partition(".")[0] not in SETTINGS:
            known |= dict(_leaves(path, plain_parameters({"": value})[""]))
    full = {path.removeprefix(f"{recommender}."): path for path in sorted(known)}
    return {path: known[whole] for path, whole in full.items()}, full


def digest(table: pd.DataFrame) -> str:
    """A short text that differs between tables with different content."""
    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashlib.sha256(",".join(table.columns).encode() + hashes.tobytes()).hexdigest()


def fingerprint(what: Mapping[str, Any]) -> str:
    """A short text that differs between searches that must not be mixed."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    else:
        yield path, value
