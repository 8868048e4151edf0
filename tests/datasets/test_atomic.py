"""Saves are all or nothing."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import IO, Any

import pytest
from kedro.io import Version

from explainable_recsys.datasets.atomic import AtomicDataset
from explainable_recsys.datasets.files import JSONDataset
from explainable_recsys.errors import InputError


class Interrupted(AtomicDataset[bytes]):
    """Writes half of the data, then fails with what the data says."""

    def __init__(self, error: BaseException, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._error = error

    def _write(self, file: IO[bytes], data: bytes) -> None:
        file.write(data[: len(data) // 2])
        raise self._error

    def _read(self, file: IO[bytes]) -> bytes:
        return file.read()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a bug"), MemoryError()])
def test_an_interrupted_save_leaves_what_was_there(error: BaseException, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(b"before")
    with pytest.raises(BaseException):  # noqa: B017, PT011 - Kedro wraps some of them
        Interrupted(error, filepath=str(file)).save(b"afterwards")
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interrupted_save_leaves_no_version(tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    dataset = Interrupted(KeyboardInterrupt(), filepath=str(file), version=Version(None, "one"))
    with pytest.raises(KeyboardInterrupt):
        dataset.save(b"afterwards")
    assert not dataset.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_system_refuses_is_said_in_one_message(code: int, tmp_path: Path) -> None:
    file = tmp_path / "results" / "file.bin"
    dataset = Interrupted(OSError(code, "No way"), filepath=str(file))
    with pytest.raises(Exception, match=r"cannot write .*results/file\.bin: No way") as caught:
        dataset.save(b"afterwards")
    assert isinstance(caught.value.__cause__, InputError)
    assert not file.exists()


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    dataset = JSONDataset(filepath=str(tmp_path / "new" / "file.json"))
    with pytest.raises(Exception, match=r"cannot write .*Read-only file system"):
        dataset.save({})


def test_versions_are_kept_and_the_latest_is_loaded(tmp_path: Path) -> None:
    file = str(tmp_path / "file.json")
    for version in ("2026-01-01", "2026-01-02"):
        JSONDataset(filepath=file, version=Version(None, version)).save({"version": version})
    assert JSONDataset(filepath=file, version=Version(None, None)).load()["version"] == "2026-01-02"
    pinned = JSONDataset(filepath=file, version=Version("2026-01-01", None))
    assert pinned.load()["version"] == "2026-01-01"
