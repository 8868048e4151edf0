"""Where searches for hyper-parameters remember their trials: Optuna's own journals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from kedro.io import AbstractDataset

from explainable_recsys.datasets.atomic import JSONPreview, json_preview
from explainable_recsys.errors import InputError

if TYPE_CHECKING:
    from optuna.storages import JournalStorage

OpenStudy = Callable[[str], AbstractContextManager[Any]]
"""Opens Optuna's storage of the study of a name; of any type, so that Kedro can read the hint."""


@contextmanager
def open_study(folder: Path, name: str) -> Iterator[JournalStorage]:
    """The storage of one study, a file to which every event is added at once.

    It is open to one search at a time. A last line that an interruption cut off is removed.

    Raises:
        InputError: If the file is damaged or cannot be written to, or another search is at it.
    """
    import fcntl

    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = folder / f"{name}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        journal = path.open("ab+")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    with journal:
        try:
            # The system gives the lock back when the process ends, however it ends.
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{path}: another search is writing to it") from None
        journal.seek(0)
        journal.truncate(journal.read().rfind(b"\n") + 1)
        no_other: Any = threading.Lock()  # Optuna's lock files would outlive a killed process
        try:
            storage = JournalStorage(JournalFileBackend(str(path), no_other))
        except (KeyError, ValueError) as error:
            raise InputError(f"{path}: damaged ({error}); remove it to search anew") from None
        yield storage


class StudiesDataset(AbstractDataset[NoReturn, OpenStudy]):
    """The folder of all studies; what is added to one is there at once, not when a run ends."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Create the dataset.

        Args:
            filepath: The folder, which need not be there.
            metadata: For plugins such as kedro-viz.
        """
        self._folder = Path(filepath)
        self.metadata = metadata

    def preview(self) -> JSONPreview:
        """Names of the studies, for kedro-viz."""
        return json_preview(sorted(path.stem for path in self._folder.glob("*.jsonl")))

    def load(self) -> OpenStudy:
        """What opens a study by its name."""
        return partial(open_study, self._folder)

    def save(self, data: NoReturn) -> NoReturn:
        """Studies write by themselves."""
        raise InputError(f"{self._folder}: trials are written by the search, not by a run")

    def _exists(self) -> bool:
        return any(self._folder.glob("*.jsonl"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
