"""What is stored by complete, mixed, damaged and interrupted runs."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kedro.io import DataCatalog

from explainable_recsys.answers.pairs import APPROACHES, pair_of
from explainable_recsys.errors import InputError
from explainable_recsys.interface import stored as module
from explainable_recsys.interface.messages import user_message
from explainable_recsys.interface.stored import (
    load_stored,
    stored_approach,
    stored_approaches,
    why_chosen,
)
from tests.conftest import PROJECT, open_catalog

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
EXPLAINING = sorted(name for name, pair in APPROACHES.items() if not pair.on_request)


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
    """The one line that somebody reads who asks the approach."""
    with pytest.raises(Exception) as error:  # noqa: PT011
        load_stored(catalog, APPROACHES[approach])
    message = user_message(error.value)
    assert message is not None
    assert "\n" not in message
    return message


def ndcg(catalog: DataCatalog, approach: str) -> float:
    metrics = catalog.load(f"{APPROACHES[approach].recommender}.metrics")
    (found,) = (metrics[key] for key in metrics if key.startswith("ndcg@") and "/" not in key)
    return float(found)


def test_approaches_that_explain_the_most_accurate_first(catalog: DataCatalog) -> None:
    names = stored_approaches(catalog)
    assert sorted(names) == EXPLAINING
    values = [ndcg(catalog, name) for name in names]
    assert values == sorted(values, reverse=True)
    enough = [name for name in names if catalog.load(f"{name}.metrics")["coverage"] >= 0.5]
    assert stored_approach(catalog, None).name == enough[0]
    why = why_chosen(catalog, enough[0])
    assert why.startswith(enough[0])
    assert f"{ndcg(catalog, enough[0]):.3f}" in why
    assert "at least half" in why


def test_who_explains_little_is_asked_only_by_name(
    changeable: DataCatalog, data_root: Path
) -> None:
    first = stored_approach(changeable, None).name
    folder = data_root / "08_reporting" / first / "metrics.json"
    metrics = changeable.load(f"{first}.metrics")
    replace(folder, json.dumps(metrics | {"coverage": 0.49}).encode())
    assert "none explains half" in why_chosen(changeable, first)  # as if it were chosen
    enough = [
        name
        for name in stored_approaches(changeable)
        if changeable.load(f"{name}.metrics")["coverage"] >= 0.5
    ]
    assert stored_approach(changeable, None).name == enough[0] != first
    assert stored_approach(changeable, first).name == first
    folder.rename(folder.with_name("gone"))  # nobody measured it: it is not left out for that
    assert stored_approach(changeable, None).name == first


@pytest.mark.parametrize("approach", EXPLAINING)
def test_the_stored_explanations_are_said_again(approach: str, catalog: DataCatalog) -> None:
    """One user at a time, the pair says what its nodes said about everybody's stored lists."""
    stored = load_stored(catalog, APPROACHES[approach])
    tables = [catalog.load(f"{approach}.{name}") for name in ("explanations", "sentences")]
    recommended = set(stored.lists["user_id"])
    for user in stored.data.histories.user_ids[:6]:
        if user not in recommended:
            with pytest.raises(InputError, match=f"{re.escape(stored.title)} recommends nothing"):
                stored.of(user)
            continue
        found = stored.of(user)
        own = stored.lists.query("user_id == @user")
        assert found.recommendations["item_id"].tolist() == own["item_id"].tolist()
        evidence, sentences = (t[t["user_id"] == user].set_index("item_id") for t in tables)
        said = found.recommendations.set_index("item_id")["sentence"].dropna()
        assert said.index.equals(sentences.index)
        for sentence, expected in zip(said, sentences["sentence"], strict=True):
            assert NUMBER.sub("#", sentence) == NUMBER.sub("#", expected)
            numbers = [
                [float(n.replace(",", "")) for n in NUMBER.findall(text)]
                for text in (sentence, expected)
            ]
            assert numbers[0] == pytest.approx(numbers[1], rel=0.03)  # two digits, rounded
        for item in said.index:
            pieces = found.reasons_for(item)
            assert pieces["evidence"].tolist() == evidence.loc[[item], "evidence"].tolist()
            weights = evidence.loc[[item], "weight"].tolist()
            assert pieces["weight"].tolist() == pytest.approx(weights, rel=1e-4, abs=1e-6)


def test_an_approach_without_explained_lists(catalog: DataCatalog) -> None:
    for name in EXPLAINING:
        assert stored_approach(catalog, name) == APPROACHES[name]
    with pytest.raises(InputError, match="svd recommends, but explains nothing by itself; expl"):
        stored_approach(catalog, "svd")
    with pytest.raises(InputError, match=r"'intrinsic_asl'; did you mean 'intrinsic_als'\? expl"):
        stored_approach(catalog, "intrinsic_asl")
    for name in ("", "nothing like it", "../posthoc_ar", "*", "any", "a.b", "[", "params:als"):
        with pytest.raises(InputError, match=r"nothing is stored of an approach .* stored of: "):
            stored_approach(catalog, name)


def test_nothing_is_stored_yet(tmp_path: Path) -> None:
    with open_catalog(tmp_path / "nothing") as empty:
        assert stored_approaches(empty) == []
        with pytest.raises(
            InputError, match=r"nothing: no explanations .* first kedro run in this"
        ):
            stored_approach(empty, None)
    assert not (tmp_path / "nothing").exists()


def test_an_approach_without_an_accuracy_comes_last(
    changeable: DataCatalog, data_root: Path
) -> None:
    first, second, *_ = stored_approaches(changeable)
    of_first, of_second = (APPROACHES[name].recommender for name in (first, second))
    shutil.rmtree(data_root / f"08_reporting/{of_first}/metrics.json")
    replace(data_root / f"08_reporting/{of_second}/metrics.json", b'{"ndcg@10": null, "users": 3}')
    assert stored_approaches(changeable)[-2:] == sorted([first, second])
    for name in (first, second):
        assert "no nDCG" in why_chosen(changeable, name)


def test_lists_made_from_other_data(changeable: DataCatalog, data_root: Path) -> None:
    """As after a run of one approach with another seed of the split."""
    first, second, *_ = stored_approaches(changeable)
    whose = APPROACHES[first].recommender
    other = json.dumps({"name": "movielens-small", "version": "0123456789ab"}).encode()
    replace(data_root / f"07_model_output/{whose}/data_fingerprint.json", other)
    assert stored_approaches(changeable)[0] == second
    assert stored_approaches(changeable)[-1] == first
    message = message_of(changeable, first)
    assert message.startswith(f"{whose}'s stored lists were made from movielens-small version 0123")
    assert "different runs" in message


def test_lists_of_another_model(changeable: DataCatalog, data_root: Path) -> None:
    """As after training a model again without making the lists again."""
    (lists,) = data_root.glob("07_model_output/als/recommendations.parquet/*/*")
    replace(data_root / "07_model_output/ease/recommendations.parquet", lists.read_bytes())
    stored = load_stored(changeable, APPROACHES["intrinsic_ease"])
    with pytest.raises(InputError, match=r"not those of the stored model: .* different runs"):
        stored.of(stored.data.histories.user_ids[0])


def test_lists_of_another_length(changeable: DataCatalog) -> None:
    """As after a run with another `recommendation.n`: what is asked anew is as long."""
    lists = changeable.load("ease.recommendations")
    changeable.save("ease.recommendations", lists[lists["rank"] <= 4])
    stored = load_stored(changeable, APPROACHES["intrinsic_ease"])
    user = stored.data.histories.user_ids[0]
    found = stored.asked(stored.history(user)).recommendations
    assert found["item_id"].tolist() == stored.of(user).recommendations["item_id"].tolist()
    assert len(found) == 4


def test_files_that_were_damaged_or_removed(changeable: DataCatalog, data_root: Path) -> None:
    for file, maker in (  # in the order in which they are read
        ("07_model_output/svd/data_fingerprint.json", "posthoc_ar"),
        ("07_model_output/svd/recommendations.parquet", "posthoc_ar"),
        ("06_models/svd/model.npz", "posthoc_ar"),
        ("05_model_input/rules/rules.parquet", "knowledge"),
    ):
        folder = data_root / file
        (stored,) = folder.glob("*/*")
        whole = stored.read_bytes()
        if folder.suffix != ".json":
            replace(folder, whole[:200])
            assert message_of(changeable, "posthoc_ar").startswith(f"{stored}: damaged")
            stored.write_bytes(whole)
            changeable.release(f"{folder.parent.name}.{folder.stem}")
        elsewhere = folder.rename(data_root / "elsewhere")
        assert message_of(changeable, "posthoc_ar") == (
            f"{folder}: nothing is stored there yet; first kedro run --pipelines {maker}"
        )
        elsewhere.rename(folder)
    shutil.rmtree(data_root / "06_models/random_walk")
    with pytest.raises(Exception, match="random_walk") as error:
        load_stored(changeable, pair_of("random_walk", "rules"))
    assert str(user_message(error.value)).endswith("first kedro run --pipelines recommenders")


def test_an_approach_that_was_not_run_is_not_offered(
    changeable: DataCatalog, data_root: Path
) -> None:
    """But its pair can still be asked, with what others have left."""
    shutil.rmtree(data_root / "07_model_output/posthoc_knn")
    assert "posthoc_knn" not in stored_approaches(changeable)
    stored = load_stored(changeable, pair_of("als", "similar_items"))
    assert any(len(stored.of(user).reasons) for user in stored.lists["user_id"].unique()[:9])


def test_results_of_the_version_before(tmp_path: Path) -> None:
    """They are refused wherever they are looked for, until something is stored that is not."""
    old = tmp_path / "07_model_output/intrinsic_als/made_from.json/2025-01-01T00.00.00.000Z"
    old.mkdir(parents=True)
    (old / "made_from.json").write_text("{}")
    said = f"{tmp_path}: these results are of an earlier version, .* run again: kedro run"
    with open_catalog(tmp_path) as catalog:
        with pytest.raises(InputError, match=said):
            stored_approach(catalog, None)
        for name in ("accuracy", "svd.model", "intrinsic_als.sentences"):
            with pytest.raises(Exception, match="versions") as error:
                catalog.load(name)
            assert "of an earlier version" in str(user_message(error.value))
        catalog.save("als.data_fingerprint", {})
        with pytest.raises(InputError, match="no explanations are stored there yet"):
            stored_approach(catalog, None)


def test_the_catalog_of_a_folder_that_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lies in no Kedro project"):
        module.open_catalog(tmp_path)
    assert module.open_catalog(PROJECT / "docs").exists("params:recommendation")
