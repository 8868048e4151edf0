"""What stands for a result that a run does without: nothing is stored."""

from __future__ import annotations

from enum import Enum
from typing import Any

from kedro.io import AbstractDataset


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
