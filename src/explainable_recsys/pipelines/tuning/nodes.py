"""Nodes of the search for hyper-parameters."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import pandas as pd

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.datasets.studies import OpenStudy
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.pipelines.tuning import space
from explainable_recsys.pipelines.tuning.folds import make_folds, mixed_seed, shared_data
from explainable_recsys.pipelines.tuning.objective import measured_by, objective
from explainable_recsys.pipelines.tuning.report import parameters_file
from explainable_recsys.pipelines.tuning.search import TuningParameters, search, trials_table
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.recommenders.lists import RecommendationParameters

logger = logging.getLogger(__name__)


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
    name = space.chosen_recommender(tuning.recommender, parameters)
    wanted = space.read_search(name, parameters[name]["search"])
    folds = make_folds(train_ratings, validation_ratings, split, tuning.n_folds, tuning.seed)
    objective_of = parameters[name].get("model", {}).get("objective", "rating")
    space.check_metric(name, wanted.metric, objective_of)
    if len(folds) < tuning.n_folds:
        logger.info("the split is not random: there is one fold, not %d", tuning.n_folds)

    def given(fold: int) -> dict[str, Any]:
        seed = mixed_seed(tuning.seed, fold)
        return shared_data(folds[fold].train, tables, split.fraction, seed)

    part = space.training_part(name, tables)
    known = space.known_parameters(part, parameters)
    ranges = space.check_ranges(name, wanted.space, known)
    present = {path: known[path] for path in ranges}
    settings = tuning.model_copy(update={"n_folds": len(folds)})
    study = f"{name}-" + fingerprint(
        ranges,
        (wanted.metric, evaluation.k, evaluation.relevance, source.rating_scale, source.liked),
        settings.model_dump(exclude={"n_trials"}),
        known,
        [digest(table) for table in (*(t for fold in folds for t in fold), *tables.values())],
    )
    evaluate = objective(
        f"{name}.model",
        part,
        parameters,
        ranges,
        given,
        [fold.validation for fold in folds],
        measured_by(wanted.metric, source, evaluation, recommendation),
    )
    maximize = wanted.metric != "rmse"
    with studies(study) as storage:
        tried = search(storage, study, ranges, present, evaluate, settings, maximize)
    metric = f"{wanted.metric}@{evaluation.k}" if maximize else wanted.metric
    trials = trials_table(name, metric, tried, len(folds))
    values = [trial.user_attrs["parameters"] for trial in tried]
    return trials, parameters_file(trials, values, source.name, tuning.seed)


def digest(table: pd.DataFrame) -> str:
    """A short text that differs between tables with different content."""
    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashlib.sha256(",".join(table.columns).encode() + hashes.tobytes()).hexdigest()


def fingerprint(*what: Any) -> str:
    """A short text that differs between searches that must not be mixed."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:12]
