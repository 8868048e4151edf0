"""Nodes of the search for hyper-parameters."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from kedro.pipeline import Pipeline

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.datasets.studies import Studies
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.figures.tuning import tuning_history_figure, tuning_parameters_figure
from explainable_recsys.metrics.records import lower_is_better
from explainable_recsys.pipelines.approach import SHARED_DATA
from explainable_recsys.pipelines.discovery import approach_names, every_approach
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.pipelines.parameters import PREFIX, plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part
from explainable_recsys.pipelines.tuning.folds import make_folds, mixed_seed, shared_data
from explainable_recsys.pipelines.tuning.objective import Objective, Protocol
from explainable_recsys.pipelines.tuning.report import parameters_file, trials_table
from explainable_recsys.pipelines.tuning.search import TuningParameters, best_outcome, search
from explainable_recsys.pipelines.tuning.space import check_ranges, read_search
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.recommenders.lists import RecommendationParameters

logger = logging.getLogger(__name__)


def search_parameters(
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.DataFrame,
    studies: Studies,
    parameters: dict[str, Any],
    tuning: TuningParameters,
    split: SplitParameters,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
    **raw_tables: pd.DataFrame,
) -> tuple[pd.DataFrame, str]:
    """Search; return the trials and a parameters file with the best of them.

    Args:
        train_ratings: Training part.
        validation_ratings: Validation part.
        items: Titles and genres.
        users: What is known of the users.
        studies: Where trials are kept, so that a search can go on after an interruption.
        parameters: All parameters.
        tuning: Approach and length of the search.
        split: How the parts were cut.
        evaluation: Length of the lists and what counts as a hit.
        recommendation: Users scored at once.
        source: Name and rating scale of the data.
        raw_tables: What else the data set says of items.

    Raises:
        InputError: If the approach cannot be tuned, its search space cannot be used, there are
            no validation ratings, or no trial succeeds.
    """
    approaches = every_approach()
    approach = chosen_approach(tuning.approach, approaches, parameters)
    model = f"{approach}.model"
    metric, ranges = read_search(approach, parameters[approach]["search"])
    part = needed_part(approaches, SHARED_DATA, {model})
    known = known_parameters(approach, part, parameters, approach_names(approaches))
    present = check_ranges(approach, ranges, known)
    folds = make_folds(train_ratings, validation_ratings, split, tuning.n_folds, tuning.seed)
    if len(folds) < tuning.n_folds:
        logger.info("the split is not random: there is one fold, not %d", tuning.n_folds)
    data = [
        shared_data(
            fold,
            {"items": items, "users": users, **raw_tables},
            split.fraction,
            mixed_seed(tuning.seed, number),
        )
        for number, fold in enumerate(folds)
    ]
    protocol = Protocol(
        metric=metric,
        k=evaluation.k,
        relevance_threshold=evaluation.relevance_threshold,
        block_size=recommendation.block_size,
        minimum=source.rating_scale.minimum,
        maximum=source.rating_scale.maximum,
    )
    objective = Objective(model, part, parameters, folds, data, protocol)
    full = {path: full_path(approach, path, approach_names(approaches)) for path in ranges}

    def evaluate(values: Mapping[str, Any]) -> Iterator[float]:
        return objective({full[path]: value for path, value in values.items()})

    settings = tuning.model_copy(update={"n_folds": len(folds)})
    maximize = not lower_is_better(metric)
    what = {
        "space": {path: found.model_dump() for path, found in ranges.items()},
        "metric": metric,
        "evaluation": [evaluation.k, evaluation.relevance_threshold],
        "scale": [protocol.minimum, protocol.maximum],
        "settings": settings.model_dump(exclude={"n_trials"}),
        "known": known,
        "data": [digest(table) for fold in folds for table in fold]
        + [digest(items), digest(users)],
    }
    study = f"{approach}-{fingerprint(what)}"
    with studies.open(study) as storage:
        outcomes = search(storage, study, ranges, present, evaluate, settings, maximize)
    best = best_outcome(outcomes, maximize)
    measured = f"{metric}@{evaluation.k}" if maximize else metric
    trials = trials_table(approach, measured, outcomes, len(folds))
    values = {full[path]: value for path, value in outcomes[best].parameters.items()}
    return trials, parameters_file(trials, values, best, source.name, tuning.seed)


def draw_trials(trials: pd.DataFrame) -> tuple[go.Figure, go.Figure]:
    """The course of the search, and what each parameter does."""
    return tuning_history_figure(trials), tuning_parameters_figure(trials)


def chosen_approach(name: str | None, approaches: Pipeline, parameters: Mapping[str, Any]) -> str:
    """The approach to tune.

    Raises:
        InputError: If there is no such approach, or it brings no search, or its model is that of
            another; naming those that can be tuned.
    """
    makers = {output: node for node in approaches.nodes for output in node.outputs}
    brings = {
        name
        for name in approach_names(approaches)
        if f"{name}.model" in makers and _search_of(name, parameters) is not None
    }
    accepted = f"accepted: {', '.join(sorted(brings)) or 'none'}"
    if name is None:
        raise InputError(
            f"parameter tuning.approach: which one? {accepted}; for example --params "
            f"tuning.approach={min(brings, default='NAME')}"
        )
    if name in brings:
        return name
    if name not in approach_names(approaches):
        hint = did_you_mean(name, sorted(brings))
        raise InputError(f"parameter tuning.approach: no approach '{name}'; {hint}{accepted}")
    part = needed_part(approaches, SHARED_DATA, {f"{name}.recommendations"})
    owners = sorted(brings & {str(node.namespace) for node in part.nodes} - {name})
    reason = (
        f"it recommends with the model of {owners[0]}; tune that"
        if owners
        else (f"it brings no search; add a block {name}.search with metric and space")
    )
    raise InputError(f"parameter tuning.approach: '{name}' cannot be tuned, {reason}; {accepted}")


def known_parameters(
    approach: str, part: Pipeline, parameters: Mapping[str, Any], approaches: set[str]
) -> dict[str, Any]:
    """Present values of the parameters of approaches that some nodes read, by path.

    Paths are below the approach, those of parameters of others below everything.
    """
    known: dict[str, Any] = {}
    for name, value in typed_parameters(part, parameters).items():
        path = name.removeprefix(PREFIX)
        if path.partition(".")[0] in approaches:
            known |= dict(_leaves(path, plain_parameters({"": value})[""]))
    return {path.removeprefix(f"{approach}."): value for path, value in sorted(known.items())}


def full_path(approach: str, path: str, approaches: set[str]) -> str:
    """A path below an approach, or below another, as a path below everything."""
    return path if path.partition(".")[0] in approaches else f"{approach}.{path}"


def digest(table: pd.DataFrame) -> str:
    """A short text that differs between tables with different content."""
    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashlib.sha256(",".join(table.columns).encode() + hashes.tobytes()).hexdigest()


def fingerprint(what: Mapping[str, Any]) -> str:
    """A short text that differs between searches that must not be mixed."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _search_of(name: str, parameters: Mapping[str, Any]) -> Any:
    block = parameters.get(name)
    return block.get("search") if isinstance(block, Mapping) else None


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    else:
        yield path, value
