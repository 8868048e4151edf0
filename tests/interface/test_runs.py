"""Which run made what is stored, and what it is called."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.interface.runs import (
    given_parameters,
    local_time,
    runs_behind,
    runs_of,
    version_of,
)
from tests.conftest import open_catalog, run_project


def test_parameters_have_their_full_names_and_a_folder_is_none() -> None:
    given = {"als": {"model": {"factors": 8}}, "evaluation": {"k": 5}, "data_root": "elsewhere"}
    assert given_parameters(given) == {"als.model.factors": 8, "evaluation.k": 5}
    assert given_parameters(None) == {}


def test_a_time_is_that_of_the_clock_here_with_the_day_unless_it_is_today() -> None:
    now = datetime.datetime.now(datetime.UTC)
    today = now.strftime("%Y-%m-%dT%H.%M.%S.000Z")
    assert local_time(today) == f"{now.astimezone():%H:%M}"
    noon = datetime.datetime(2001, 2, 3, 12, 30, tzinfo=datetime.UTC).astimezone()
    assert local_time("2001-02-03T12.30.00.000Z") == f"{noon:%Y-%m-%d %H:%M}"
    assert local_time("my version") == "my version"


def test_runs_know_their_parameters_unless_they_were_interrupted(tmp_path: Path) -> None:
    run_project(tmp_path, ["data_processing"])
    run_project(tmp_path, ["intrinsic_als"], als={"model": {"factors": 3}})
    names = ["dataset_card", "als.recommendations", "als.metrics", "svd.metrics", "raw_ratings"]
    with open_catalog(tmp_path) as catalog:
        (run,) = runs_of(catalog, names)
        assert version_of(catalog, "svd.metrics") is None
        assert version_of(catalog, "raw_ratings") is None
        (behind,) = runs_behind(catalog, APPROACHES["intrinsic_als"], "als")
    assert run.given == behind.given == {"als.model.factors": 3}
    assert run.made == ["als"]
    assert str(run) == f"run of {local_time(run.id)}, with als.model.factors=3"
    assert "als" in behind.made
    shutil.rmtree(tmp_path / "08_reporting/run_manifest.json" / run.id)
    with open_catalog(tmp_path) as catalog:
        (run,) = runs_of(catalog, names)
    assert run.given is None
    assert "did not end" in str(run)
