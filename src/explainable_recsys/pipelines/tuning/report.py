"""What a search found: a table, a parameters file, a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures.tuning import best_trial, parameter_columns
from explainable_recsys.metrics.records import lower_is_better
from explainable_recsys.pipelines.parameters import with_values
from explainable_recsys.pipelines.tuning.search import Outcome


def trials_table(approach: str, metric: str, outcomes: list[Outcome], n_folds: int) -> pd.DataFrame:
    """One row per trial.

    Args:
        approach: What was tuned.
        metric: Name of the values.
        outcomes: The trials, that with the present parameters first.
        n_folds: Number of folds.

    Returns:
        Columns `approach`, `metric`, `trial` (from 0, the present parameters), `state`
        (`complete`, `pruned`, `failed`), `value` (mean over the folds; missing unless
        complete), `fold_1`, …, one column per parameter and `message`.
    """
    table = pd.DataFrame(
        {
            "approach": approach,
            "metric": metric,
            "trial": np.arange(len(outcomes)),
            "state": [outcome.state for outcome in outcomes],
            "value": np.array([outcome.value for outcome in outcomes], dtype=np.float64),
        }
    )
    for fold in range(n_folds):
        of_fold = [o.folds[fold] if fold < len(o.folds) else None for o in outcomes]
        table[f"fold_{fold + 1}"] = np.array(of_fold, dtype=np.float64)
    for path in outcomes[0].parameters:
        table[path] = _column([outcome.parameters[path] for outcome in outcomes])
    return table.assign(message=pd.Series([o.message for o in outcomes], dtype="str"))


def parameters_file(
    trials: pd.DataFrame, values: Mapping[str, Any], best: int, data: str, seed: int
) -> str:
    """A parameters file with the best values, as it is copied into `conf/`.

    Args:
        trials: From `trials_table`.
        values: The best values by full path.
        best: Their trial.
        data: Name of the data set.
        seed: Seed of the search.
    """
    import yaml

    approach, metric = trials["approach"].iloc[0], trials["metric"].iloc[0]
    present, found = trials["value"].iloc[0], trials["value"].iloc[best]
    n_folds = sum(str(column).startswith("fold_") for column in trials)
    result = (
        "No trial was better than the present parameters, which these are."
        if best == 0
        else f"Trial {best} was the best; being the best of many, it looks a little too good here."
    )
    lines = [
        f"{approach}: {metric} on validation ratings of {data}, mean of {n_folds} fold(s)",
        f"  present parameters  {present:.5f}",
        f"  these               {found:.5f}",
        f"{len(trials)} trials, seed {seed}. {result}",
        f"To use them copy this file to conf/local/parameters_{approach}.yml (with --env NAME to",
        "conf/NAME/), or its keys into the file that is there.",
    ]
    comment = "".join(f"# {line}\n" for line in lines)
    return comment + str(yaml.safe_dump(with_values({}, values), sort_keys=False))


def tuning_text(trials: pd.DataFrame, file: str, env: str | None) -> str:
    """What to know after a search, and how to use it.

    Args:
        trials: From `trials_table`.
        file: Where the parameters file is.
        env: Environment of the run.
    """
    approach, metric = trials["approach"].iloc[0], trials["metric"].iloc[0]
    best = best_trial(trials)
    present, found = trials["value"].iloc[0], trials["value"].iloc[best]
    counts = ", ".join(f"{n} {state}" for state, n in trials["state"].value_counts().items())
    better = "lower" if lower_is_better(metric) else "higher"
    lines = [
        f"  {approach}: {metric} on validation ratings, {better} is better",
        f"  present    {present:.4f}",
        f"  best       {found:.4f}, trial {best} of {len(trials) - 1} ({counts})",
    ]
    if best == 0:
        return "\n".join(
            [*lines[:1], f"  best       {found:.4f}, the present parameters ({counts})"]
        )
    names = parameter_columns(trials)
    lines += [f"             {name}: {trials[name].iloc[best]}" for name in names]
    target = Path("conf") / (env or "local") / f"parameters_{approach}.yml"
    use = f"put the keys of {file} into {target}" if target.exists() else f"cp {file} {target}"
    return "\n".join([*lines, f"  use it     {use}"])


def _column(values: list[Any]) -> pd.Series[Any]:
    """Numbers or flags as they are; anything else, or of several kinds, as text."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} or kinds == {bool}:
        return pd.Series(values)
    return pd.Series([None if value is None else str(value) for value in values], dtype="str")
