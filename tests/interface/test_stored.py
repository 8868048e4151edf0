"""What is stored by complete, mixed, damaged and interrupted runs."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kedro.io import DataCatalog

from explainable_recsys.errors import InputError
from explainable_recsys.interface.messages import user_message
from explainable_recsys.interface.stored import check_approach, load_lists, stored_approaches
from tests.conftest import open_catalog

EXPLAINING = {
    "fm",
    "intrinsic_als",
    "intrinsic_ar",
    "intrinsic_ease",
    "intrinsic_mf",
    "item_knn",
    "knowledge_graph",
    "posthoc_ar",
    "posthoc_fm_lime",
    "posthoc_influence",
    "posthoc_knn",
}


@pytest.fixture(scope="module")
def catalog(full_run: Path) -> DataCatalog:
    with open_catalog(full_run) as opened:
        return opened


@pytest.fixture
def data_root(full_run: Path, tmp_path: Path) -> Path:
    """Results that a test may add to and remove from, but not write into."""
    root = tmp_path / "a[b] *"
    shutil.copytree(full_run, root, copy_function=os.link)
    return root


@pytest.fixture
def changeable(data_root: Path) -> Iterator[DataCatalog]:
    """The catalog of these results."""
    with open_catalog(data_root) as opened:
        yield opened


def replace(folder: Path, content: bytes) -> None:
    """Put something else into the latest version; the file may be linked to one of another run."""
    file = sorted(folder.glob(f"*/{folder.name}"))[-1]
    file.unlink()
    file.write_bytes(content)


def message_of(catalog: DataCatalog, approach: str) -> str:
    """The one line that somebody reads who asks for the approach's lists."""
    with pytest.raises(Exception) as error:  # noqa: PT011
        load_lists(catalog, approach)
    message = user_message(error.value)
    assert message is not None
    assert "\n" not in message
    return message


def ndcg(catalog: DataCatalog, approach: str) -> float:
    metrics = catalog.load(f"{approach}.metrics")
    (found,) = (metrics[key] for key in metrics if key.startswith("ndcg@") and "/" not in key)
    return float(found)


def test_approaches_that_explain_the_most_accurate_first(catalog: DataCatalog) -> None:
    names = stored_approaches(catalog)
    assert set(names) == EXPLAINING
    values = [ndcg(catalog, name) for name in names]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("approach", sorted(EXPLAINING))
def test_everybodys_lists_belong_together(approach: str, catalog: DataCatalog) -> None:
    lists = load_lists(catalog, approach)
    assert lists.approach == approach
    recommended = set(lists.recommendations["user_id"])
    for user in lists.histories.user_ids[:30]:
        if user in recommended:
            found = lists.of(user)
            own = lists.recommendations.query("user_id == @user")
            assert found.recommendations["item_id"].tolist() == own["item_id"].tolist()
        else:
            with pytest.raises(InputError, match=f"{approach} recommends nothing to user {user}"):
                lists.of(user)


def test_an_approach_without_explained_lists(catalog: DataCatalog) -> None:
    for name in EXPLAINING:
        check_approach(catalog, name)
    with pytest.raises(InputError, match="svd recommends, but explains nothing; explained lists"):
        check_approach(catalog, "svd")
    with pytest.raises(
        InputError, match=r"'intrinsic_asl'; did you mean 'intrinsic_als'\? explain"
    ):
        check_approach(catalog, "intrinsic_asl")
    for name in ("", "nothing like it", "../posthoc_ar", "*", "any", "a.b", "[", "params:als"):
        with pytest.raises(InputError, match=r"nothing is stored of an approach .* stored of: "):
            load_lists(catalog, name)


def test_nothing_is_stored_yet(tmp_path: Path) -> None:
    with (
        open_catalog(tmp_path / "nothing") as empty,
        pytest.raises(InputError, match=r"nothing/07_model_output: no explanations .* kedro run"),
    ):
        stored_approaches(empty)
    assert not (tmp_path / "nothing").exists()


def test_an_approach_without_an_accuracy_comes_last(
    changeable: DataCatalog, data_root: Path
) -> None:
    first, second, *_ = stored_approaches(changeable)
    shutil.rmtree(data_root / f"08_reporting/{first}/metrics.json")
    replace(data_root / f"08_reporting/{second}/metrics.json", b'{"ndcg@10": null, "users": 3}')
    assert stored_approaches(changeable)[-2:] == sorted([first, second])


def test_lists_made_from_other_data(changeable: DataCatalog, data_root: Path) -> None:
    """As after a run of one approach with another seed of the split."""
    first, second, *_ = stored_approaches(changeable)
    other = json.dumps({"name": "movielens-small", "version": "0123456789ab"}).encode()
    replace(data_root / f"07_model_output/{first}/made_from.json", other)
    assert stored_approaches(changeable)[0] == second
    assert stored_approaches(changeable)[-1] == first
    message = message_of(changeable, first)
    assert message.startswith(f"{first}'s stored lists were made from movielens-small version 0123")
    assert "different runs" in message


def test_explanations_of_other_lists(changeable: DataCatalog, data_root: Path) -> None:
    """As after a run that was interrupted before it explained its lists."""
    lists = load_lists(changeable, "item_knn")
    user = lists.histories.user_ids[0]
    others = lists.recommendations[lists.recommendations["rank"] > 1]
    with pytest.raises(InputError, match=r"item_knn's stored explanations are not of .*runs"):
        dataclasses.replace(lists, recommendations=others).of(user)


def test_tables_that_were_removed(changeable: DataCatalog, data_root: Path) -> None:
    for file in ("made_from.json", "recommendations.parquet", "explanations.parquet"):
        folder = data_root / "07_model_output/posthoc_ar" / file
        (version,) = folder.iterdir()
        elsewhere = version.rename(data_root / "elsewhere")
        assert message_of(changeable, "posthoc_ar") == (
            f"{folder}: nothing is stored there yet; first kedro run --pipelines posthoc_ar"
        )
        elsewhere.rename(version)
    shutil.rmtree(data_root / "07_model_output/posthoc_ar/sentences.parquet")
    assert "posthoc_ar recommends, but explains nothing" in message_of(changeable, "posthoc_ar")


def test_damaged_tables(changeable: DataCatalog, data_root: Path) -> None:
    for name in ("sentences", "explanations", "recommendations"):  # read in the other order
        folder = data_root / f"07_model_output/posthoc_ar/{name}.parquet"
        (file,) = folder.glob("*/*")
        replace(folder, file.read_bytes()[:200])
        assert message_of(changeable, "posthoc_ar").startswith(f"{file}: damaged")
