"""Versioned files that are there completely or not at all."""

from __future__ import annotations

import contextlib
import glob
import json
from abc import abstractmethod
from pathlib import Path, PurePosixPath
from typing import IO, Any, NewType, TypeVar

from kedro.io import AbstractVersionedDataset, Version

from explainable_recsys.datasets.leftovers import temporary
from explainable_recsys.errors import InputError

T = TypeVar("T")

TablePreview = NewType("TablePreview", dict[str, Any])
JSONPreview = NewType("JSONPreview", str)
PlotlyPreview = NewType("PlotlyPreview", dict[str, Any])


class AtomicDataset(AbstractVersionedDataset[T, T]):
    """A local file, versioned on request, written under a temporary name and then renamed.

    An interrupted or failed save leaves neither a half-written file nor an empty version
    behind, and never touches what was there before. Subclasses say how to write and read.
    """

    def __init__(
        self,
        *,
        filepath: str,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create the dataset.

        Args:
            filepath: Local path; with versions, the folder that holds them.
            version: Versions to load and save, given by the catalog.
            metadata: For plugins such as kedro-viz.
        """
        super().__init__(PurePosixPath(filepath), version, glob_function=self._find_versions)
        self.metadata = metadata

    @abstractmethod
    def _write(self, file: IO[bytes], data: T) -> None:
        """Write the data to an open file."""

    @abstractmethod
    def _read(self, file: IO[bytes]) -> T:
        """Read the data from an open file."""

    def load(self) -> T:
        """Read the pinned or latest version.

        Raises:
            InputError: If there is no such version or its file is damaged.
        """
        path = self._load_file()
        try:
            with path.open("rb") as file:
                return self._read(file)
        except InputError:
            raise
        except FileNotFoundError as error:
            stored = ", ".join(self.list_versions(full_path=False)) or "none"
            raise InputError(f"{path}: no such version is stored; there are: {stored}") from error
        except Exception as error:
            raise InputError(
                f"{path}: damaged, or not written by this project ({error}); remove this version, "
                "or run the pipeline that makes it again"
            ) from error

    def save(self, data: T) -> None:
        """Write a new version, all or nothing.

        Raises:
            InputError: If the folder cannot be written to or the disk is full.
        """
        path = Path(self._get_save_path())
        unfinished = temporary(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                self._write(file, data)
            unfinished.replace(path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
                path.parent.rmdir()
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
                raise InputError(f"cannot write {path}: {reason}; nothing was changed") from error
            raise

    def statistics(self) -> dict[str, int]:
        """What kedro-viz tells of the version that is loaded: its size in bytes."""
        return {"file_size": self._load_file().stat().st_size}

    def _find_versions(self, _: str) -> list[str]:
        """Files of all versions; unlike a plain glob, also below a folder named `a[b]`."""
        folder = Path(self._filepath)
        return [str(path) for path in folder.glob(f"*/{glob.escape(folder.name)}")]

    def _load_file(self) -> Path:
        return Path(self._get_load_path())

    def _exists(self) -> bool:
        return self._load_file().exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}


def json_preview(content: Any) -> JSONPreview:
    """What kedro-viz shows as JSON."""
    return JSONPreview(json.dumps(content, indent=2, ensure_ascii=False))


def readable(text: str) -> Any:
    """What JSON says, for a preview: fractions with five significant digits."""
    return json.loads(text, parse_float=_rounded)


def _rounded(number: str) -> float:
    value = float(number)
    return value if value.is_integer() else float(f"{value:.5g}")
