"""What a run is, for nodes that have to say where their numbers come from."""

from __future__ import annotations

from typing import Any

from kedro.io import AbstractDataset

from explainable_recsys.datasets.atomic import JSONPreview
from explainable_recsys.errors import InputError


class RunDataset(AbstractDataset[None, dict[str, Any]]):
    """Facts about the run under way; `hooks.ManifestHook` tells them before the first node."""

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """Know nothing yet.

        Args:
            metadata: For plugins such as kedro-viz.
        """
        self.metadata = metadata
        self._facts: dict[str, Any] | None = None

    def tell(self, facts: dict[str, Any]) -> None:
        """Say what the run is."""
        self._facts = facts

    def load(self) -> dict[str, Any]:
        """The facts.

        Raises:
            InputError: Outside of a run.
        """
        if self._facts is None:
            raise InputError("run: there is none under way; stored runs are in provenance")
        return self._facts

    def preview(self) -> JSONPreview:
        """Where to look instead, for kedro-viz."""
        return JSONPreview('["told when a run starts; see provenance"]')

    def save(self, data: None) -> None:
        """Nothing is there to be saved, and Kedro refuses it."""

    def _describe(self) -> dict[str, Any]:
        return {}
