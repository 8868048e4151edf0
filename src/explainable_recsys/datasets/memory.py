"""What a run keeps to itself, and what stands for what it does without: nothing is stored."""

from __future__ import annotations

from enum import Enum
from multiprocessing.managers import SyncManager
from typing import Any

from kedro.io import AbstractDataset, MemoryDataset, SharedMemoryDataset


class RunDataset(SharedMemoryDataset):
    """Keeps a value while a run needs it, uncopied: nodes do not change what they read.

    Kedro's own `MemoryDataset` would copy it for every node, and would be empty in the other
    processes of a `ParallelRunner`; what the catalog does not name works with each runner, but
    has no layer, and kedro-viz shows no layers at all where one dataset has none.
    """

    def __init__(self, metadata: dict[str, Any] | None = None) -> None:
        """Prepare.

        Args:
            metadata: What kedro-viz shows of it, such as its layer.
        """
        super().__init__()
        self.metadata = metadata
        self.shared_memory_dataset: AbstractDataset[Any, Any] = MemoryDataset(copy_mode="assign")

    def set_manager(self, manager: SyncManager) -> None:
        """Hand what is already there to a process that serves others."""
        kept = self.shared_memory_dataset
        super().set_manager(manager)
        if kept.exists():
            self.shared_memory_dataset.save(kept.load())

    def release(self) -> None:
        """Forget it."""
        self.shared_memory_dataset.release()


class Absent(Enum):
    """What stands for a result that is not stored, where others are judged without it."""

    NOT_STORED = "not stored"


NOT_STORED = Absent.NOT_STORED


class AbsentDataset(AbstractDataset[Any, Any]):
    """Loads as `NOT_STORED`, and keeps nothing that is saved to it."""

    def load(self) -> Absent:
        """The mark."""
        return NOT_STORED

    def save(self, data: Any) -> None:
        """Nothing."""

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {}
