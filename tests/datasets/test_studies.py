"""Journals of searches, whole or cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError
from optuna import create_study

from explainable_recsys.datasets.studies import StudiesDataset, open_study
from explainable_recsys.errors import InputError


def test_a_study_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    dataset = StudiesDataset(filepath=str(tmp_path / "deep" / "studies"))
    assert not dataset.exists()
    with dataset.load()("one") as storage:
        create_study(storage=storage, study_name="one").enqueue_trial({"x": 1})
    assert dataset.exists()
    assert dataset.preview() == '[\n  "one"\n]'
    with dataset.load()("one") as storage:
        study = create_study(storage=storage, study_name="one", load_if_exists=True)
        assert len(study.trials) == 1
    with pytest.raises(DatasetError, match="by the search"):
        dataset.save("trials")  # type: ignore[arg-type]


def test_a_cut_off_line_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with open_study(tmp_path, "a") as storage:
        create_study(storage=storage, study_name="a")
    whole = path.read_bytes()
    assert whole.count(b"\n") > 0
    for torn in (b'{"op_code":', b'{"op_code":3}', b"\x00\x00"):
        path.write_bytes(whole + torn)
        with open_study(tmp_path, "a"):
            assert path.read_bytes() == whole


def test_another_damage_is_named(tmp_path: Path) -> None:
    with open_study(tmp_path, "a") as storage:
        create_study(storage=storage, study_name="a")
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"op_code"\n' + path.read_bytes())
    with (
        pytest.raises(InputError, match=r"a\.jsonl: damaged .*remove it to search anew"),
        open_study(tmp_path, "a"),
    ):
        pass


def test_one_search_at_a_time(tmp_path: Path) -> None:
    with (
        open_study(tmp_path, "one"),
        open_study(tmp_path, "other"),
        pytest.raises(InputError, match="another search is writing"),
        open_study(tmp_path, "one"),
    ):
        pass
    with open_study(tmp_path, "one"):
        pass


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"), open_study(tmp_path / "file", "one"):
        pass
