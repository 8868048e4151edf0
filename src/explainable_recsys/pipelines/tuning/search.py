"""The search itself: Optuna proposes, the objective measures, Optuna's storage remembers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.errors import InputError
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.pipelines.tuning.folds import mixed_seed
from explainable_recsys.pipelines.tuning.objective import Evaluate
from explainable_recsys.pipelines.tuning.space import Range
from explainable_recsys.progress import progress

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

logger = logging.getLogger(__name__)

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


class TuningParameters(Parameters):
    """Which recommender is tuned, and how long."""

    recommender: str | None = None
    n_trials: int = Field(30, ge=1)
    n_folds: int = Field(3, ge=1)
    n_startup_trials: int = Field(10, ge=1)
    seed: Seed = 0


def search(
    storage: BaseStorage,
    name: str,
    ranges: Mapping[str, Range],
    present: Mapping[str, Any],
    evaluate: Evaluate,
    settings: TuningParameters,
    maximize: bool,
) -> list[FrozenTrial]:
    """Try parameters until there are as many trials as asked for; stored ones count.

    The first trial is the present parameters. Each of the others is proposed by Optuna's TPE
    (Bergstra et al. 2011; the first few at random) with a random state of its own, which
    depends on nothing but the seed and the number of finished trials: whether a search was
    interrupted does not show in what it finds. A trial that an interruption cut off is
    forgotten. Pruning is by the median of the other trials' means over as many folds.

    Args:
        storage: Where the study is, or will be.
        name: Name of the study.
        ranges: What may be proposed, by path, such as `als.model.factors`.
        present: Present values, by path.
        evaluate: Value on one fold after the other, of parameters by path.
        settings: Number of trials and folds, seed.
        maximize: Whether larger values are better.

    Returns:
        The trials that came to an end. Of their `user_attrs`, `parameters` are the values by
        path, `folds` the values on each fold that was measured, `message` why one failed.
        An `InputError` of `evaluate` fails the trial only.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        # Of values between two steps, and of arguments that are new in some versions.
        warnings.simplefilter("ignore")
        if name not in optuna.get_all_study_names(storage):
            direction: Any = "maximize" if maximize else "minimize"
            optuna.create_study(storage=storage, study_name=name, direction=direction)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=settings.n_startup_trials)
        study = optuna.load_study(study_name=name, storage=storage, pruner=pruner)
        for cut_off in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
            study.tell(cut_off.number, state=optuna.trial.TrialState.FAIL)
        n_stored = min(len(finished(study)), settings.n_trials)
        if n_stored:
            logger.info("%d of %d trials are stored", n_stored, settings.n_trials)
        elif not study.get_trials(states=[optuna.trial.TrialState.WAITING]):
            study.enqueue_trial(dict(present))
        for number in progress(range(n_stored, settings.n_trials), "tuning", "trial"):
            study.sampler = optuna.samplers.TPESampler(
                n_startup_trials=settings.n_startup_trials,
                multivariate=True,
                constant_liar=False,
                seed=mixed_seed(settings.seed, number),
            )
            trial = study.ask({path: found.distribution() for path, found in ranges.items()})
            values = {path: ranges[path].readable(value) for path, value in trial.params.items()}
            trial.set_user_attr("parameters", dict(present) if number == 0 else values)
            _try(study, trial, evaluate, settings)
        return finished(study)[: settings.n_trials]


def _try(study: Study, trial: Trial, evaluate: Evaluate, settings: TuningParameters) -> None:
    """Evaluate the values of a trial and write down what comes out."""
    from optuna.trial import TrialState

    folds: list[float] = []
    try:
        for value in evaluate(trial.user_attrs["parameters"]):
            folds.append(value)
            trial.set_user_attr("folds", folds)
            trial.report(float(np.mean(folds)), len(folds) - 1)
            if len(folds) < settings.n_folds and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                return
        study.tell(trial, float(np.mean(folds)))
    except InputError as error:
        trial.set_user_attr("message", str(error))
        study.tell(trial, state=TrialState.FAIL)


def finished(study: Study) -> list[FrozenTrial]:
    """Trials that came to an end, in order; not those that an interruption cut off."""
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state.name in ("COMPLETE", "PRUNED") or "message" in trial.user_attrs
    ]


def trials_table(
    recommender: str, metric: str, trials: list[FrozenTrial], n_folds: int
) -> pd.DataFrame:
    """One row per trial.

    Args:
        recommender: What was tuned.
        metric: Name of the values.
        trials: From `search`.
        n_folds: Number of folds.

    Returns:
        Columns `recommender`, `metric`, `trial` (from 0, the present parameters), `state`
        (`complete`; `pruned`: stopped after some folds, being worse than most; `failed`: the
        recommender refuses these parameters), `value` (mean over the folds; missing unless
        complete), `fold_1`, …, one column per parameter (by its path below the recommender), and
        `message` (why it failed).

    Raises:
        InputError: If none is complete, with the first reason.
    """
    states = [STATES[trial.state.name] for trial in trials]
    noted = [trial.user_attrs for trial in trials]
    messages = [notes.get("message") for notes in noted]
    if "complete" not in states:
        reason = next(filter(None, messages), "none was complete")
        raise InputError(f"all {len(trials)} trials failed; the first: {reason}")
    names = [f"fold_{fold}" for fold in range(1, n_folds + 1)]
    measured = [dict(zip(names, notes.get("folds", []), strict=False)) for notes in noted]
    folds = pd.DataFrame(measured, columns=names, dtype="float64")
    table = pd.DataFrame(
        {
            "recommender": recommender,
            "metric": metric,
            "trial": range(len(trials)),
            "state": states,
            "value": folds.mean(axis=1, skipna=False),
        }
    )
    for path in noted[0]["parameters"]:
        column = _column([notes["parameters"][path] for notes in noted])
        folds[path.removeprefix(f"{recommender}.")] = column
    return table.join(folds).assign(message=pd.Series(messages, dtype="str"))


def _column(values: list[Any]) -> pd.Series[Any]:
    """Numbers or flags as they are; anything else, or of several kinds, as text."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} or kinds == {bool}:
        return pd.Series(values)
    return pd.Series([None if value is None else str(value) for value in values], dtype="str")
