"""Nodes of the search for hyper-parameters."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.datasets.studies import OpenStudy
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.figures.tuning import best_trial
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.pipelines.parameters import PREFIX, plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part
from explainable_recsys.pipelines.tuning.folds import (
    LEARNED_FROM,
    Fold,
    make_folds,
    mixed_seed,
    shared_data,
)
from explainable_recsys.pipelines.tuning.objective import measured_by, objective
from explainable_recsys.pipelines.tuning.report import parameters_file
from explainable_recsys.pipelines.tuning.search import TuningParameters, search, trials_table
from explainable_recsys.pipelines.tuning.space import Metric, check_ranges, read_search
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.recommenders.base import RatingPredictor
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
    name = chosen_recommender(tuning.recommender, parameters)
    metric, ranges = read_search(name, parameters[name]["search"])
    folds = make_folds(train_ratings, validation_ratings, split, tuning.n_folds, tuning.seed)
    check_metric(name, metric, folds, evaluation.relevance_threshold)
    if len(folds) < tuning.n_folds:
        logger.info("the split is not random: there is one fold, not %d", tuning.n_folds)

    def given(fold: int) -> dict[str, Any]:
        seed = mixed_seed(tuning.seed, fold)
        return shared_data(folds[fold], tables, source.rating_scale, split.fraction, seed)

    part = needed_part(everything(), {*LEARNED_FROM, *tables}, {name + MODEL})
    known, full = known_parameters(name, part, parameters)
    present = check_ranges(name, ranges, known)
    settings = tuning.model_copy(update={"n_folds": len(folds)})
    study = f"{name}-" + fingerprint(
        ranges,
        (metric, evaluation.k, evaluation.relevance_threshold, source.rating_scale),
        settings.model_dump(exclude={"n_trials"}),
        known,
        [digest(table) for table in (*(t for fold in folds for t in fold), *tables.values())],
    )
    searched = {path: full[path] for path in ranges}
    evaluate = objective(
        name + MODEL,
        part,
        parameters,
        searched,
        given,
        [fold.validation for fold in folds],
        measured_by(metric, source.rating_scale, evaluation, recommendation),
    )
    maximize = metric != "rmse"
    with studies(study) as storage:
        tried = search(storage, study, ranges, present, evaluate, settings, maximize)
    named = f"{metric}@{evaluation.k}" if maximize else metric
    trials = trials_table(name, named, tried, len(folds))
    best = tried[best_trial(trials)].user_attrs["parameters"]
    values = {searched[path]: value for path, value in best.items()}
    return trials, parameters_file(trials, values, source.name, tuning.seed)


def chosen_recommender(name: str | None, parameters: Mapping[str, Any]) -> str:
    """The recommender to tune.

    Raises:
        InputError: If there is no such recommender, or it brings no search; naming those that
            can be tuned.
    """
    tunable = sorted(each for each in RECOMMENDERS if "search" in (parameters.get(each) or {}))
    if name in tunable:
        return name
    accepted = f"accepted: {', '.join(tunable) or 'none'}"
    if name is None:
        example = min(tunable, default="NAME")
        problem = f"which one? {accepted}; for example --params tuning.recommender={example}"
    elif name in RECOMMENDERS:
        add = f"add a block {name}.search with metric and space"
        problem = f"'{name}' brings no search; {add}; {accepted}"
    else:
        problem = f"no recommender '{name}'; {did_you_mean(name, tunable)}{accepted}"
    raise InputError(f"parameter tuning.recommender: {problem}")


def check_metric(name: str, metric: Metric, folds: list[Fold], threshold: float | None) -> None:
    """Make sure that a metric can be measured, whatever the parameters.

    Raises:
        InputError: If the recommender predicts no ratings, or no validation rating is relevant.
    """
    if metric == "rmse":
        if not issubclass(RECOMMENDERS[name].model, RatingPredictor):
            raise InputError(
                f"parameter {name}.search.metric: rmse needs a model that predicts ratings, and "
                "this one does not; accepted: ndcg, recall"
            )
    elif threshold is not None and any(max(f.validation["rating"]) < threshold for f in folds):
        raise InputError(
            f"parameter evaluation.relevance_threshold: no validation rating reaches {threshold:g}"
        )


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


def fingerprint(*what: Any) -> str:
    """A short text that differs between searches that must not be mixed."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:12]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    else:
        yield path, value
