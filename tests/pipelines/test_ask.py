"""Asking the approaches of a real run about histories and items."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.pipelines.ask import ANSWERS, Answer, ask, model_entry
from tests.conftest import open_catalog

APPROACHES = (
    "bias",
    "emf",
    "fm",
    "intrinsic_als",
    "intrinsic_ar",
    "intrinsic_ease",
    "intrinsic_mf",
    "item_knn",
    "knowledge_graph",
    "mf",
    "popularity",
    "posthoc_ar",
    "posthoc_fm_lime",
    "posthoc_influence",
    "posthoc_knn",
    "random",
    "random_walk",
    "svd",
)
ANSWERING_NODES = {"recommend", "explain", "phrase", "build_features"}
NEW_USER = 0  # no user of the data has this id


@pytest.fixture(scope="module")
def catalog(full_run: Path) -> DataCatalog:
    with open_catalog(full_run) as opened:
        return opened


@pytest.fixture(scope="module")
def histories(catalog: DataCatalog) -> Interactions:
    found: Interactions = catalog.load("histories")
    return found


def of_users(histories: Interactions, rows: list[int], ids: Any = None) -> Interactions:
    """Some users' histories, under their own or other ids."""
    user_ids = histories.user_ids[rows] if ids is None else np.asarray(ids)
    return Interactions(histories.ratings[rows], user_ids, histories.item_ids)


def stored(catalog: DataCatalog, approach: str, users: Any) -> dict[str, pd.DataFrame]:
    """Rows of some users in what the run stored; nothing for what it did not make."""
    names = [name for name in ANSWERS if catalog.exists(f"{approach}.{name}")]
    tables = {name: catalog.load(f"{approach}.{name}") for name in names}
    return {name: table[table["user_id"].isin(users)] for name, table in tables.items()}


def assert_same(answer: Answer, expected: dict[str, pd.DataFrame]) -> None:
    """The same rows; scores may differ in the last digits, since other users were scored too."""
    for name in ANSWERS:
        found = getattr(answer, name)
        if name not in expected:
            assert found.empty
            continue
        assert list(found.columns) == list(expected[name].columns)
        of_both = [table.reset_index(drop=True) for table in (found, expected[name])]
        for table in of_both:
            texts = table.columns[table.dtypes == "category"]
            table[texts] = table[texts].astype("str")
        pd.testing.assert_frame_equal(*of_both, rtol=1e-4, atol=1e-6, check_dtype=False)


def files_below(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(file.relative_to(folder)): (file.stat().st_size, file.stat().st_mtime_ns)
        for file in folder.rglob("*")
    }


def test_these_are_all_approaches_with_lists(full_run: Path) -> None:
    assert set(APPROACHES) == {folder.name for folder in (full_run / "07_model_output").iterdir()}


@pytest.mark.parametrize("approach", APPROACHES)
def test_known_users_get_what_is_stored_and_nothing_is_trained_or_written(
    approach: str,
    catalog: DataCatalog,
    histories: Interactions,
    full_run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = files_below(full_run)
    ran: list[Node] = []
    run = Node.run
    monkeypatch.setattr(Node, "run", lambda node, inputs: (ran.append(node), run(node, inputs))[1])
    rows = [0, 7, 41]
    answer = ask(catalog, approach, of_users(histories, rows))
    expected = stored(catalog, approach, histories.user_ids[rows])
    assert len(expected["recommendations"])
    assert_same(answer, expected)
    assert {node.name.rpartition(".")[2] for node in ran} <= ANSWERING_NODES
    assert not [name for node in ran for name in node.outputs if name.endswith(".model")]
    assert files_below(full_run) == before


@pytest.mark.parametrize("approach", APPROACHES)
def test_a_new_user_with_the_ratings_of_a_known_one_gets_the_same(
    approach: str, catalog: DataCatalog, histories: Interactions
) -> None:
    assert NEW_USER not in histories.user_ids
    answer = ask(catalog, approach, of_users(histories, [7], [NEW_USER]))
    expected = stored(catalog, approach, histories.user_ids[[7]])
    assert_same(answer, {name: table.assign(user_id=0) for name, table in expected.items()})


@pytest.mark.parametrize("approach", APPROACHES)
def test_an_empty_history(approach: str, catalog: DataCatalog, histories: Interactions) -> None:
    nothing = sparse.csr_array((1, histories.n_items), dtype=np.float32)
    somebody = Interactions(nothing, np.array([NEW_USER]), histories.item_ids)
    answer = ask(catalog, approach, somebody)
    # Rules need something to start from; everybody else ranks all items somehow.
    assert len(answer.recommendations) == (0 if approach == "intrinsic_ar" else 10)
    for table in (answer.recommendations, answer.explanations, answer.sentences):
        assert set(table["user_id"]) <= {NEW_USER}
    assert set(answer.explanations["item_id"]) <= set(answer.recommendations["item_id"])
    if "style" in answer.explanations:
        assert not (answer.explanations["style"] == "item").any()


@pytest.mark.parametrize("approach", APPROACHES)
def test_just_the_recommendations_that_are_given_are_explained(
    approach: str, catalog: DataCatalog, histories: Interactions
) -> None:
    user = histories.user_ids[[7]]
    expected = stored(catalog, approach, user)
    given = expected["recommendations"].query("rank == 2")
    items = set(given["item_id"])
    answer = ask(catalog, approach, of_users(histories, [7]), given)
    assert answer.recommendations is given
    assert_same(
        answer, {name: table[table["item_id"].isin(items)] for name, table in expected.items()}
    )


def test_the_model_behind_a_list() -> None:
    assert model_entry("intrinsic_als") == "intrinsic_als.model"
    assert model_entry("posthoc_knn") == "intrinsic_als.model"
    for approach in APPROACHES:
        assert model_entry(approach).endswith(".model")


def test_an_approach_that_does_not_exist(catalog: DataCatalog, histories: Interactions) -> None:
    for name in ("intrinsic_alss", "", "posthoc"):
        with pytest.raises(InputError, match=f"no approach '{name}'; there are: bias, .*svd"):
            ask(catalog, name, histories)
        with pytest.raises(InputError, match=f"no approach '{name}'"):
            model_entry(name)


@pytest.mark.parametrize(
    ("approach", "missing"),
    [
        ("posthoc_knn", "06_models/posthoc_knn/neighbours.npz"),
        ("posthoc_knn", "06_models/intrinsic_als/model.npz"),
        ("posthoc_ar", "06_models/posthoc_ar/rules.parquet"),
    ],
)
def test_something_that_is_not_stored(
    approach: str, missing: str, full_run: Path, histories: Interactions, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(full_run, copy, copy_function=os.link)
    shutil.rmtree(copy / missing)
    with (
        open_catalog(copy) as incomplete,
        pytest.raises(DatasetError, match=f"filepath='{copy}/{missing}'"),
    ):
        ask(incomplete, approach, of_users(histories, [0]))
