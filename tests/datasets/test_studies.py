"""Journals of searches, whole or cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError
from optuna import create_study

from explainable_recsys.datasets.files import TextDataset
from explainable_recsys.datasets.studies import Studies, StudiesDataset, repair
from explainable_recsys.errors import InputError


def test_a_study_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    dataset = StudiesDataset(filepath=str(tmp_path / "deep" / "studies"))
    assert not dataset.exists()
    with dataset.load().open("one") as storage:
        create_study(storage=storage, study_name="one").enqueue_trial({"x": 1})
    assert dataset.exists()
    assert dataset.preview() == '[\n  "one"\n]'
    with dataset.load().open("one") as storage:
        study = create_study(storage=storage, study_name="one", load_if_exists=True)
        assert len(study.trials) == 1
    with pytest.raises(DatasetError, match="by the search"):
        dataset.save("trials")


def test_a_cut_off_line_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for torn in (b'{"c":', b'{"c":3}', b'{"c":\n', b"\x00\x00"):
        path.write_bytes(b'{"a":1}\n{"b":2}\n' + torn)
        repair(path)
        assert path.read_bytes() == b'{"a":1}\n{"b":2}\n'
    path.write_bytes(b'{"a":1}\n{"b"\n{"c":3}\n')
    with pytest.raises(InputError, match="line 2: damaged"):
        repair(path)


def test_one_search_at_a_time(tmp_path: Path) -> None:
    studies = Studies(tmp_path)
    with (
        studies.open("one"),
        studies.open("other"),
        pytest.raises(InputError, match="another search is writing"),
        studies.open("one"),
    ):
        pass
    with studies.open("one"):
        pass


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"), Studies(tmp_path / "file").open("one"):
        pass


def test_text(tmp_path: Path) -> None:
    dataset = TextDataset(filepath=str(tmp_path / "a.yml"))
    dataset.save("# ★\na: 1\n")
    assert dataset.load() == "# ★\na: 1\n"
    assert dataset.preview() == '[\n  "# ★",\n  "a: 1"\n]'
