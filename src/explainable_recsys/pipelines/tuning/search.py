"""The search itself: Optuna proposes, the objective measures, a journal remembers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from explainable_recsys.errors import InputError
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.pipelines.tuning.folds import mixed_seed
from explainable_recsys.pipelines.tuning.objective import UnfitMetricError
from explainable_recsys.pipelines.tuning.space import Range
from explainable_recsys.progress import progress

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import BaseStorage

logger = logging.getLogger(__name__)

Evaluate = Callable[[Mapping[str, Any]], Iterator[float]]


class TuningParameters(Parameters):
    """Which approach is tuned, and how long."""

    approach: str | None = None
    n_trials: int = Field(30, ge=1)
    n_folds: int = Field(3, ge=1)
    n_startup_trials: int = Field(10, ge=1)
    seed: Seed = 0


@dataclass(frozen=True)
class Outcome:
    """What a trial came to.

    Attributes:
        state: `complete`, `pruned` (stopped after some folds, being worse than most) or
            `failed` (the approach refuses these parameters).
        parameters: Their values by path.
        folds: Value on each fold that was measured.
        message: Why it failed.
    """

    state: str
    parameters: dict[str, Any]
    folds: list[float] = field(default_factory=list)
    message: str | None = None

    @property
    def value(self) -> float | None:
        """Mean over all folds; None if they were not all measured."""
        return float(np.mean(self.folds)) if self.state == "complete" else None


def search(
    storage: BaseStorage,
    name: str,
    ranges: Mapping[str, Range],
    present: Mapping[str, Any],
    evaluate: Evaluate,
    settings: TuningParameters,
    maximize: bool,
) -> list[Outcome]:
    """Try parameters until there are as many trials as asked for; stored ones count.

    The first trial is the present parameters. Each of the others is proposed by Optuna's TPE
    (Bergstra et al. 2011; the first few at random) with a random state of its own, which
    depends on nothing but the seed and the number of finished trials: whether a search was
    interrupted does not show in what it finds. A trial that an interruption cut off is
    forgotten. Pruning is by the median of the other trials' means over as many folds.

    Args:
        storage: Where the study is, or will be.
        name: Name of the study.
        ranges: What may be proposed, by path.
        present: Present values, by path.
        evaluate: Value on one fold after the other, of parameters by path.
        settings: Number of trials and folds, seed.
        maximize: Whether larger values are better.

    Raises:
        UnfitMetricError: If `evaluate` does; any other `InputError` fails the trial only.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        # Of values between two steps, and of arguments that are new in some versions.
        warnings.simplefilter("ignore")
        pruner = optuna.pruners.MedianPruner(n_startup_trials=settings.n_startup_trials)
        if name in optuna.get_all_study_names(storage):
            study = optuna.load_study(study_name=name, storage=storage, pruner=pruner)
        else:
            study = optuna.create_study(
                storage=storage,
                study_name=name,
                direction="maximize" if maximize else "minimize",
                pruner=pruner,
            )
        _forget_unfinished(study)
        n_stored = len(finished(study))
        if n_stored:
            logger.info(
                "%d of %d trials are stored", min(n_stored, settings.n_trials), settings.n_trials
            )
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
    except UnfitMetricError:
        raise
    except InputError as error:
        trial.set_user_attr("message", str(error))
        study.tell(trial, state=TrialState.FAIL)


def finished(study: Study) -> list[Outcome]:
    """Trials that came to an end, in order; not those that an interruption cut off."""
    from optuna.trial import TrialState

    names = {
        TrialState.COMPLETE: "complete",
        TrialState.PRUNED: "pruned",
        TrialState.FAIL: "failed",
    }
    return [
        Outcome(names[trial.state], **trial.user_attrs)
        for trial in study.get_trials(deepcopy=False)
        if trial.state in names
        and (trial.state != TrialState.FAIL or "message" in trial.user_attrs)
    ]


def _forget_unfinished(study: Study) -> None:
    """Fail the trials that were running when a search was interrupted."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)


def best_outcome(outcomes: list[Outcome], maximize: bool) -> int:
    """Number of the best complete trial, the first of several equals.

    Raises:
        InputError: If all failed.
    """
    values = {n: o.value for n, o in enumerate(outcomes) if o.value is not None}
    if not values:
        reason = next((o.message for o in outcomes if o.message), "none was complete")
        raise InputError(f"all {len(outcomes)} trials failed; the first: {reason}")
    sign = -1 if maximize else 1
    return min(values, key=lambda number: (sign * values[number], number))
