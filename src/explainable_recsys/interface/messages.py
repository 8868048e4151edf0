"""What people are told about errors that are theirs to mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from explainable_recsys.errors import InputError
from explainable_recsys.pipelines.judging import earlier_results
from explainable_recsys.pipelines.parameters import parameter_message


def user_message(error: BaseException) -> str | None:
    """What to tell the user about an error; None for one that is the program's fault."""
    from kedro.io.core import DatasetNotFoundError, VersionNotFoundError
    from kedro.validation import ParameterValidationError
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    for cause in _chain(error):
        if isinstance(cause, InputError | DatasetNotFoundError):
            return str(cause)
        if isinstance(cause, ParameterValidationError):
            return parameter_message(str(cause))
        if isinstance(cause, VersionNotFoundError):
            return missing_message(str(cause))
        if isinstance(cause, MemoryError):
            reason = str(cause).rstrip(".") or "no details"
            return f"not enough memory ({reason}); choose smaller parameters or less data"
        if isinstance(cause, OmegaConfBaseException | YAMLError):
            return f"configuration: {' '.join(str(cause).split())}"
        if isinstance(cause, ValueError) and str(cause).startswith("Pipeline"):
            return str(cause)
        # With ParallelRunner only the text of another process' error is left.
        if remote := re.search(r"^explainable_recsys\.errors\.InputError: (.*)", str(cause), re.M):
            return remote[1]
    return None


def missing_message(text: str) -> str:
    """Which command makes the dataset that Kedro found no version of, or which file it lacks."""
    found = re.search(r"filepath='(.*?)'", text)
    path = Path(found[1] if found else text)
    owner = path.parent.name
    if owner.startswith("params:"):
        return f"parameters {owner.removeprefix('params:')}.{path.stem} are missing in conf/base"
    if earlier := next(filter(None, map(earlier_results, path.parents[1:3])), None):
        return earlier
    maker = pipeline_of(owner)
    command = f"kedro run --pipelines {maker}" if maker else "kedro run"
    return f"{path}: nothing is stored there yet; first {command}"


def pipeline_of(name: str) -> str | None:
    """The smallest pipeline that makes what is stored under a name; None where none does."""
    from explainable_recsys.answers.knowledge import KNOWLEDGE
    from explainable_recsys.answers.pairs import APPROACHES
    from explainable_recsys.answers.recommenders import RECOMMENDERS

    if name in RECOMMENDERS:
        approaches = (pair.name for pair in APPROACHES.values() if pair.recommender == name)
        return next(approaches, "recommenders")
    if name in KNOWLEDGE:
        return "knowledge"
    return name if name in pipeline_folders() else None


def pipeline_folders() -> list[str]:
    """Names of the pipelines, found without importing them."""
    folders = Path(__file__).parents[1].joinpath("pipelines").iterdir()
    return sorted(folder.name for folder in folders if (folder / "__init__.py").exists())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
