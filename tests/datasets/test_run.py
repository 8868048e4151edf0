from __future__ import annotations

import pytest
from kedro.io import DatasetError

from explainable_recsys.datasets.run import RunDataset


def test_facts_are_there_once_told() -> None:
    dataset = RunDataset()
    with pytest.raises(DatasetError, match="none under way"):
        dataset.load()
    dataset.tell({"run": "now"})
    assert dataset.load() == {"run": "now"}
