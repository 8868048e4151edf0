"""What a search found: a parameters file, and a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from explainable_recsys.figures.tuning import best_trial, parameter_columns
from explainable_recsys.metrics.records import lower_is_better
from explainable_recsys.pipelines.parameters import with_values


def parameters_file(
    trials: pd.DataFrame, values: Sequence[Mapping[str, Any]], data: str, seed: int
) -> str:
    """A parameters file with the best values, as it is copied into `conf/`.

    Args:
        trials: What was tried, the present parameters first.
        values: Those of each trial by full path.
        data: Name of the data set.
        seed: Seed of the search.
    """
    import yaml

    recommender, metric, best = _facts(trials)
    n_folds = sum(str(column).startswith("fold_") for column in trials)
    result = (
        f"Trial {best} was the best; being the best of many, it looks a little too good here."
        if best
        else "No trial was better than the present parameters, which these are."
    )
    lines = [
        f"{recommender}: {metric} on validation ratings of {data}, mean of {n_folds} fold(s)",
        f"  present parameters  {trials['value'].iloc[0]:.5f}",
        f"  these               {trials['value'].iloc[best]:.5f}",
        f"{len(trials)} trials, seed {seed}. {result}",
        f"To use them copy this file to conf/local/parameters_{recommender}.yml (with --env NAME",
        "to conf/NAME/), or its keys into the file that is there.",
    ]
    comment = "".join(f"# {line}\n" for line in lines)
    return comment + str(yaml.safe_dump(with_values({}, values[best]), sort_keys=False))


def tuning_text(trials: pd.DataFrame, file: str, env: str | None) -> str:
    """What to know after a search, and how to use it.

    Args:
        trials: What was tried, the present parameters first.
        file: Where the parameters file is.
        env: Environment of the run.
    """
    recommender, metric, best = _facts(trials)
    counts = ", ".join(f"{n} {state}" for state, n in trials["state"].value_counts().items())
    better = "lower" if lower_is_better(metric) else "higher"
    first = f"  {recommender}: {metric} on validation ratings, {better} is better"
    found = f"  best       {trials['value'].iloc[best]:.4f},"
    if best == 0:
        return f"{first}\n{found} the present parameters ({counts})"
    parameters = trials[parameter_columns(trials)]
    target = Path("conf") / (env or "local") / f"parameters_{recommender}.yml"
    use = f"put the keys of {file} into {target}" if target.exists() else f"cp {file} {target}"
    return "\n".join(
        [
            first,
            f"  present    {trials['value'].iloc[0]:.4f}",
            f"{found} trial {best} of {len(trials) - 1} ({counts})",
            *(f"{'':13}{name}: {values.iloc[best]}" for name, values in parameters.items()),
            f"  use it     {use}",
        ]
    )


def _facts(trials: pd.DataFrame) -> tuple[str, str, int]:
    """What was tuned, by which metric, and the row of the best trial."""
    return trials["recommender"].iloc[0], trials["metric"].iloc[0], best_trial(trials)
