"""Where searches for hyper-parameters remember their trials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from explainable_recsys.datasets.atomic import JSONPreview
from explainable_recsys.errors import InputError

if TYPE_CHECKING:
    from optuna.storages import JournalStorage


class Studies:
    """A folder with one journal per study, JSON lines to which every event is added at once."""

    def __init__(self, folder: Path) -> None:
        """Name the folder, which need not be there."""
        self.folder = folder

    @contextmanager
    def open(self, name: str) -> Iterator[JournalStorage]:
        """The storage of one study, for one search at a time.

        A last line that an interruption cut off is removed.

        Raises:
            InputError: If the journal is damaged or cannot be written to, or another search
                is writing to it.
        """
        import fcntl

        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        path = self.folder / f"{name}.jsonl"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            journal = path.open("ab+")
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or error}") from error
        with journal:
            try:
                # The system gives the lock back when the process ends, however it ends.
                fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(f"{path}: another search is writing to it") from None
            repair(path)
            no_lock: Any = _Locked()
            yield JournalStorage(JournalFileBackend(str(path), no_lock))


class StudiesDataset(AbstractDataset[Any, Studies]):
    """The folder of all studies; what is added to it is there at once, not when a run ends."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Create the dataset.

        Args:
            filepath: The folder.
            metadata: For plugins such as kedro-viz.
        """
        self._filepath = PurePosixPath(filepath)
        self.metadata = metadata

    def preview(self) -> JSONPreview:
        """Names of the studies, for kedro-viz."""
        return JSONPreview(json.dumps(sorted(path.stem for path in self._journals()), indent=2))

    def load(self) -> Studies:
        """The folder, whether or not there is anything in it."""
        return Studies(Path(self._filepath))

    def save(self, data: Any) -> None:
        """Studies write by themselves."""
        raise InputError(f"{self._filepath}: trials are written by the search, not by a run")

    def _journals(self) -> list[Path]:
        return list(Path(self._filepath).glob("*.jsonl"))

    def _exists(self) -> bool:
        return bool(self._journals())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def repair(path: Path) -> None:
    """Remove a last line that was not written completely.

    Raises:
        InputError: If another line is no JSON.
    """
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        try:
            json.loads(line)
            complete = line.endswith(b"\n")
        except ValueError:
            complete = False
        if complete:
            continue
        if number < len(lines):
            raise InputError(f"{path}, line {number}: damaged; remove the file to search anew")
        with path.open("r+b") as file:
            file.truncate(len(content) - len(line))


class _Locked:
    """Optuna's lock, where the whole journal is locked already."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass
