"""What lives as long as a run: not stored, but in the lineage, and for every runner."""

from __future__ import annotations

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
