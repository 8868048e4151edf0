"""An exported study, table by table, and a file of anybody's answers in its place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from explainable_recsys.datasets.study_export import COLUMNS, StudyFacts, StudyTable
from tests.study.exported import by_hand, plan, write

LONG = pd.DataFrame(
    {"participant": [1, 1], "condition": ["a", "b"], "measure": "trust", "value": [3, 4]}
)


def test_tables_and_facts_of_a_folder(tmp_path: Path) -> None:
    folder = str(write(tmp_path / "study", by_hand(), plan(), simulated=True))
    for name in COLUMNS:
        dataset = StudyTable(filepath=folder, table=name)
        assert len(dataset.load()) == len(by_hand()[name])
        assert dataset.exists()
        assert len(dataset.preview(2)["index"]) == 2
    assert StudyFacts(filepath=folder, table="plan").load()["slug"] == "tried"
    assert StudyFacts(filepath=folder, table="manifest").load() == {"simulated": True}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_has_answers_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine.{suffix}"
    LONG.to_csv(path, index=False) if suffix == "csv" else LONG.to_parquet(path)
    assert StudyTable(filepath=str(path), table="answers").load().equals(LONG)
    for name in set(COLUMNS) - {"answers"}:
        table = StudyTable(filepath=str(path), table=name).load()
        assert table.empty
        assert "participant" in table
    assert StudyFacts(filepath=str(path), table="plan").load() == {}


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"nowhere: not there; parameter study\.folder accepts"):
        StudyTable(filepath=nowhere, table="answers").load()
    assert not StudyTable(filepath=nowhere, table="answers").exists()
    folder = write(tmp_path / "study", by_hand(), plan())
    (folder / "tasks.parquet").unlink()
    with pytest.raises(DatasetError, match=r"tasks\.parquet: not there"):
        StudyTable(filepath=str(folder), table="tasks").load()
    by_hand()["trials"].drop(columns="rank").to_parquet(folder / "trials.parquet")
    with pytest.raises(DatasetError, match=r"trials\.parquet: no column rank"):
        StudyTable(filepath=str(folder), table="trials").load()
    (folder / "plan.json").write_text("{")
    with pytest.raises(DatasetError, match=r"plan\.json: no JSON"):
        StudyFacts(filepath=str(folder), table="plan").load()
    (folder / "plan.json").write_text("[]")
    with pytest.raises(DatasetError, match=r"plan\.json: no JSON object"):
        StudyFacts(filepath=str(folder), table="plan").load()
    for name, text in {"mine.parquet": "no", "mine.xlsx": "no"}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(DatasetError, match=name):
            StudyTable(filepath=str(tmp_path / name), table="answers").load()


def test_an_export_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="read only"):
        StudyTable(filepath=str(tmp_path), table="answers").save(LONG)
