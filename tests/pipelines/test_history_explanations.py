"""Real Kedro sessions of what explains by the history: influence, similar items, EASE's weights."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interface.messages import user_message
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.wording.markup import marked
from tests.conftest import PROJECT, open_catalog, run_project

PAIR = ["user_id", "item_id"]
EVIDENCE = [*PAIR, "position", "style", "evidence_id", "evidence", "weight", "group"]
APPROACHES = ("posthoc_influence", "posthoc_knn", "item_knn", "intrinsic_ease")


Load = Callable[[str], Any]


@pytest.fixture(scope="module")
def load(full_run: Path) -> Load:
    """Loads what the run of everything has stored."""
    with open_catalog(full_run) as catalog:
        return catalog.load


def test_tables_have_their_columns(load: Load) -> None:
    expected = {
        "recommendations": [*PAIR, "rank", "score"],
        "explanations": EVIDENCE,
        "sentences": [*PAIR, "sentence"],
    }
    more = {
        "posthoc_influence.cited_groups": [
            *PAIR,
            "n_cited",
            "sum_of_influences",
            "group_influence",
        ],
        **{f"posthoc_knn.explanations_of_{of}": EVIDENCE for of in ("popularity", "random")},
    }
    more |= {f"{of}.{name}": columns for of in APPROACHES for name, columns in expected.items()}
    for name, columns in more.items():
        table = load(name)
        assert list(table.columns) == columns, name
        assert len(table), name
        if columns == EVIDENCE:
            assert (table["style"] == "item").all()
            assert (table["group"] == 1).all()
            assert np.isfinite(table["weight"]).all()
            assert (table["weight"] != 0).all()


@pytest.mark.parametrize("name", APPROACHES)
def test_evidence_is_what_the_user_has_rated(name: str, load: Load) -> None:
    lists, reasons = (load(f"{name}.{of}") for of in ("recommendations", "explanations"))
    interactions = load("interactions")
    titles = load("items").set_index("item_id")["title"]
    rows = interactions.known_rows(reasons["user_id"])
    columns = interactions.known_columns(reasons["evidence_id"])
    assert (interactions.ratings[rows, columns] > 0).all()
    assert reasons["evidence"].astype(str).tolist() == titles[reasons["evidence_id"]].tolist()
    assert not reasons.duplicated([*PAIR, "evidence_id"]).any()
    places = reasons.groupby(PAIR, sort=False).cumcount() + 1
    assert reasons["position"].tolist() == places.tolist()
    explained = reasons[PAIR].drop_duplicates()
    assert explained.merge(lists[PAIR], on=PAIR).equals(explained.reset_index(drop=True))


def without(ratings: sparse.csr_array, columns: list[int]) -> sparse.csr_array:
    """One user's history with some items taken out of it."""
    kept = ~np.isin(ratings.indices, columns)
    arrays = ratings.data[kept], ratings.indices[kept], [0, int(kept.sum())]
    return sparse.csr_array(arrays, shape=ratings.shape)


def changes_by_brute_force(
    model: Recommender, ratings: sparse.csr_array, item: int, groups: list[list[int]]
) -> NDArray[np.float64]:
    """Score with everything minus score without each group."""
    full = model.scores(ratings)[0, item]
    rest = [model.scores(without(ratings, columns))[0, item] for columns in groups]
    return float(full) - np.array(rest, dtype=np.float64)


def test_influences_are_what_scoring_without_the_ratings_gives(load: Load) -> None:
    model = load("posthoc_ar.model")
    interactions = load("interactions")
    reasons = load("posthoc_influence.explanations").set_index(PAIR)
    cited = load("posthoc_influence.cited_groups").set_index(PAIR)
    lengths = np.diff(interactions.ratings.indptr)
    users = interactions.user_ids[np.argsort(lengths)[[0, 1, 20, 40]]]
    tolerance = {"rtol": 1e-3, "atol": 2e-6}  # scores are float32
    for pair in [pair for pair in reasons.index.unique() if pair[0] in users][::3]:
        rows, columns = (interactions.user_rows([pair[0]]), interactions.item_columns([pair[1]]))
        ratings = interactions.ratings[rows]
        found = reasons.loc[[pair]]
        evidence = interactions.item_columns(found["evidence_id"]).tolist()
        item = int(columns[0])
        every = changes_by_brute_force(model, ratings, item, [[of] for of in ratings.indices])
        of_each = dict(zip(ratings.indices.tolist(), every, strict=True))
        np.testing.assert_allclose(found["weight"], [of_each[of] for of in evidence], **tolerance)
        # The ten strongest, support first.
        assert len(found) == min(10, len(every))
        assert np.abs(found["weight"]).min() >= np.sort(np.abs(every))[-len(found)] - 2e-6
        signs = np.sign(found["weight"]).tolist()
        assert signs == sorted(signs, reverse=True)
        supports = found["weight"].to_numpy() > 0
        for side in (found["weight"][supports], -found["weight"][~supports]):
            assert side.is_monotonic_decreasing
        strongest = [of for of, weight in zip(evidence, supports, strict=True) if weight][:3]
        if not strongest:
            assert pair not in cited.index
            continue
        group = cited.loc[pair]
        assert group["n_cited"] == len(strongest)
        assert group["sum_of_influences"] == pytest.approx(
            found["weight"].iloc[:3][supports[:3]].sum()
        )
        (together,) = changes_by_brute_force(model, ratings, item, [strongest])
        np.testing.assert_allclose(group["group_influence"], together, **tolerance)


def test_influence_explains_the_lists_of_svd(load: Load, full_run: Path) -> None:
    lists = [load(f"{name}.recommendations") for name in ("posthoc_ar", "posthoc_influence")]
    metrics = [load(f"{name}.metrics") for name in ("posthoc_ar", "posthoc_influence")]
    pd.testing.assert_frame_equal(*lists)
    for name in ("ndcg@10", "recall@10", "rmse", "catalogue_coverage@10"):
        assert metrics[0][name] == metrics[1][name]
    assert not (full_run / "06_models" / "posthoc_influence").exists()


def test_metrics_of_influence(load: Load) -> None:
    reasons = load("posthoc_influence.explanations")
    cited = load("posthoc_influence.cited_groups")
    metrics = load("posthoc_influence.metrics")
    comparison = load("comparison").set_index("approach")
    top = reasons[(reasons["position"] == 1) & (reasons["weight"] > 0)]
    assert len(top) == len(cited)
    expected = {
        "top_influence": top.groupby("user_id")["weight"].mean().mean(),
        "group_influence": cited.groupby("user_id")["group_influence"].mean().mean(),
        "additivity_gap": (cited["sum_of_influences"] - cited["group_influence"]).abs().sum()
        / cited["group_influence"].abs().sum(),
    }
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, rel=1e-5)
        assert metrics[f"{name}/low"] < metrics[name] < metrics[f"{name}/high"]
        assert metrics[f"{name}/n"] == cited["user_id"].nunique()
        assert comparison.loc["posthoc_influence", name] == metrics[name]
    assert 0 < metrics["additivity_gap"] < 0.5
    assert metrics["coverage"] == 1
    assert "additivity_error" not in metrics


def adjusted_cosines(ratings: sparse.csr_array, item: int, shrinkage: float) -> NDArray[np.float64]:
    """Similarity of an item to all others, user by user."""
    table, rated = ratings.toarray().astype(float), np.zeros(ratings.shape, bool)
    rated[np.repeat(np.arange(len(table)), np.diff(ratings.indptr)), ratings.indices] = True
    centred = np.where(
        rated, table - table.sum(axis=1, keepdims=True) / rated.sum(axis=1)[:, None], 0
    )
    lengths = np.sqrt((centred**2).sum(axis=0))
    cosines = centred[:, item] @ centred / np.maximum(lengths[item] * lengths, 1e-12)
    common = (rated[:, [item]] & rated).sum(axis=0)
    cosines[item] = -np.inf
    return cosines * common / (common + shrinkage)


@pytest.mark.parametrize("suffix", ["", "_of_popularity", "_of_random"])
def test_similar_items_are_the_nearest_that_the_user_likes(suffix: str, load: Load) -> None:
    lists = load(f"posthoc_knn.recommendations{suffix}")
    reasons = load(f"posthoc_knn.explanations{suffix}").set_index(PAIR)
    interactions = load("interactions")
    explained = set(reasons.index)
    some = lists.iloc[:: len(lists) // 30]
    assert any(pair in explained for pair in zip(some["user_id"], some["item_id"], strict=True))
    for user, item in zip(some["user_id"], some["item_id"], strict=True):
        column = int(interactions.item_columns([item])[0])
        similar = np.round(adjusted_cosines(interactions.ratings, column, 10.0), 12)
        nearest = np.lexsort((np.arange(len(similar)), -similar))[:20]
        history = interactions.ratings[interactions.user_rows([user])].toarray()[0]
        expected = [of for of in nearest if similar[of] > 0 and history[of] >= 4]
        if not expected:
            assert (user, item) not in explained
            continue
        found = reasons.loc[[(user, item)]]
        assert found["evidence_id"].tolist() == interactions.item_ids[expected].tolist()
        np.testing.assert_allclose(found["weight"], similar[expected], rtol=1e-6)


def test_similar_items_explain_the_lists_of_als_and_the_controls(load: Load) -> None:
    of = {
        name: load(f"{name}.recommendations")
        for name in ("intrinsic_als", "posthoc_knn", "popularity", "random")
    }
    metrics = load("posthoc_knn.metrics")
    comparison = load("comparison").set_index("approach")
    coverage = {}
    for control in ("", "_of_popularity", "_of_random"):
        lists = load(f"posthoc_knn.recommendations{control}")
        reasons = load(f"posthoc_knn.explanations{control}")
        coverage[f"coverage{control}"] = len(reasons[PAIR].drop_duplicates()) / len(lists)
        if control:
            pd.testing.assert_frame_equal(lists, of[control.removeprefix("_of_")])
    pd.testing.assert_frame_equal(of["posthoc_knn"], of["intrinsic_als"])
    for name, share in coverage.items():
        assert metrics[name] == pytest.approx(share)
        assert comparison.loc["posthoc_knn", name] == metrics[name]
    assert metrics["coverage_of_random"] < metrics["coverage"] < 1


def test_similar_items_are_not_said_to_add_up(load: Load) -> None:
    assert load("posthoc_knn.metrics").get("additivity_error") is None


def test_weights_of_ease_are_those_of_the_formula(load: Load) -> None:
    model = load("intrinsic_ease.model")
    interactions = load("interactions")
    lists = load("intrinsic_ease.recommendations")
    reasons = load("intrinsic_ease.explanations")
    metrics = load("intrinsic_ease.metrics")
    assert metrics["additivity_error"] < 1e-5
    assert metrics["additivity_error_relative"] < 1e-5
    p = model.parameters
    ratings = interactions.ratings
    counted = np.maximum(1 + p.rating_weight * (ratings.data.astype(float) - model.mean), 0)
    lengths = np.diff(ratings.indptr)
    x = sparse.csr_array((counted, ratings.indices, ratings.indptr), shape=ratings.shape).toarray()
    trained = x * ((lengths / lengths.mean()) ** -p.length_damping)[:, None]
    # (X'X + lambda I)^-1 of the 200 most rated items would be another model; the whole is inverted
    # by Woodbury, as 4,700 items square are too many here.
    kernel = np.linalg.inv(trained @ trained.T + p.regularization * np.eye(len(trained)))
    popular = np.bincount(ratings.indices, minlength=ratings.shape[1])
    for user, item in lists[PAIR].iloc[::40].itertuples(index=False):
        row = int(interactions.user_rows([user])[0])
        column = int(interactions.item_columns([item])[0])
        inverse = np.eye(1, ratings.shape[1], column)[0] - trained.T @ (kernel @ trained[:, column])
        weights = -inverse / inverse[column] * max(popular[column], 1) ** -p.popularity_damping
        weights[column] = 0
        terms = x[row] * weights
        score = lists.set_index(PAIR).loc[(user, item), "score"]
        assert score == pytest.approx(terms.sum(), rel=1e-4)
        found = reasons[(reasons["user_id"] == user) & (reasons["item_id"] == item)]
        evidence = interactions.item_columns(found["evidence_id"])
        np.testing.assert_allclose(found["weight"], terms[evidence], rtol=1e-4, atol=1e-8)
        np.testing.assert_allclose(
            np.sort(found["weight"])[::-1], np.sort(terms)[::-1][: len(found)], rtol=1e-4, atol=1e-8
        )


TITLE = "\u2068[^\u2068\u2069]+\u2069"
SIZE = r"\d+(?:[.,]\d+)*(?:e\u2212\d+)?"
SENTENCES = {
    "posthoc_influence": (
        rf"(?:{TITLE} raises your predicted rating by {SIZE}(?:, {TITLE} by {SIZE}){{0,2}}"
        rf"(?:; {TITLE} lowers it by {SIZE})?|{TITLE} lowers your predicted rating by {SIZE})\."
    ),
    "posthoc_knn": rf"You rated similar items highly: {TITLE}(?:, {TITLE}){{0,2}}\.",
    "item_knn": (
        rf"Recommended because you rated {TITLE} ★\d(?:\.5)? \([\d,]+ %\)"
        rf"(?:, {TITLE} ★\d(?:\.5)? \([\d,]+ %\)){{0,2}}\."
    ),
}
SENTENCES["intrinsic_ease"] = SENTENCES["item_knn"]


@pytest.mark.parametrize("name", APPROACHES)
def test_sentences_read_well(name: str, load: Load) -> None:
    sentences = load(f"{name}.sentences")
    reasons = load(f"{name}.explanations")
    assert not sentences.duplicated(PAIR).any()
    pd.testing.assert_frame_equal(
        sentences[PAIR], reasons[PAIR].drop_duplicates().reset_index(drop=True)
    )
    for sentence in sentences["sentence"]:
        assert re.fullmatch(SENTENCES[name], sentence), sentence
    first = reasons[reasons["position"] == 1]
    for title, sentence in zip(first["evidence"], sentences["sentence"], strict=True):
        assert marked(str(title)) in sentence


def test_influence_in_words_is_that_of_the_table(load: Load) -> None:
    sentences = load("posthoc_influence.sentences")["sentence"]
    reasons = load("posthoc_influence.explanations")
    for sentence, (_, found) in zip(sentences, reasons.groupby(PAIR, sort=False), strict=True):
        supports = found[found["weight"] > 0].head(3)["weight"].tolist()
        opposes = found[found["weight"] < 0].head(1)["weight"].tolist()
        said = [float(number) for number in re.findall(rf"\u2069 (?:\w+ )*by ({SIZE})", sentence)]
        expected = [*supports, *(abs(weight) for weight in opposes)]
        assert said == pytest.approx(expected, rel=0.06)
        assert (" raises " in sentence) == bool(supports)
        assert (" lowers " in sentence) == bool(opposes)


REFUSED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "regularization 0": (
        "intrinsic_ease",
        {"intrinsic_ease": {"model": {"regularization": 0}}},
        ["intrinsic_ease.model.regularization", "greater than 0, found 0"],
    ),
    "negative weight": (
        "intrinsic_ease",
        {"intrinsic_ease": {"model": {"rating_weight": -1, "max_size": 1}}},
        ["intrinsic_ease.model.rating_weight", "found -1", "intrinsic_ease.model.max_size"],
    ),
    "damping": (
        "intrinsic_ease",
        {"intrinsic_ease": {"model": {"length_damping": 1.5, "popularity_damping": -0.1}}},
        ["model.length_damping", "found 1.5", "model.popularity_damping", "found -0.1"],
    ),
    "similarity": (
        "posthoc_knn",
        {
            "posthoc_knn": {"neighbours": {"similarity": "jaccard"}},
            "item_knn": {"model": {"similarity": "Cosine"}},
        },
        [
            "posthoc_knn.neighbours.similarity",
            "'cosine', 'adjusted_cosine' or 'pearson', found 'jaccard'",
            "item_knn.model.similarity",
            "found 'Cosine'",
        ],
    ),
    "no neighbours": (
        "posthoc_knn",
        {"posthoc_knn": {"neighbours": {"k": 0, "shrinkage": -1, "amplification": 0}}},
        ["neighbours.k", "found 0", "neighbours.shrinkage", "found -1", "neighbours.amplification"],
    ),
    "nothing cited": (
        "posthoc_influence",
        {"posthoc_influence": {"explanation": {"n_cited": 0, "n_evidence": 0}}},
        ["posthoc_influence.explanation.n_cited", "posthoc_influence.explanation.n_evidence"],
    ),
    "a misspelt parameter": (
        "posthoc_influence",
        {"posthoc_influence": {"explanation": {"n_cite": 2}}},
        ["posthoc_influence.explanation.n_cite", "explanation.n_cited'"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_parameters_out_of_range_are_refused_before_anything_runs(
    case: str, tmp_path: Path
) -> None:
    name, parameters, parts = REFUSED[case]
    with pytest.raises(Exception, match=name) as caught:
        run_project(tmp_path, [name], **parameters)
    message = user_message(caught.value)
    assert message is not None
    assert "\n" not in message
    for part in parts:
        assert part in message
    assert not list(tmp_path.rglob("*.*"))


def merged(given: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    result = dict(given)
    for key, value in changed.items():
        inner = result.get(key)
        both = isinstance(value, dict) and isinstance(inner, dict)
        result[key] = merged(inner, value) if both else value
    return result


OWN: dict[str, Any] = {
    "recommendation": {"n": 3},
    "evaluation": {"k": 3, "n_resamples": 10},
    "posthoc_ar": {"model": {"factors": 3, "epochs": 10}},
    "intrinsic_als": {"model": {"factors": 3, "iterations": 4, "regularization": 0.5}},
    "posthoc_knn": {"neighbours": {"k": 4, "shrinkage": 1.0}},
    "item_knn": {"model": {"k": 6}},
    "intrinsic_ease": {"model": {"regularization": 5.0}},
}


def run_own(
    folder: Path,
    names: list[str],
    ratings: list[tuple[Any, ...]],
    parameters: dict[str, Any] | None = None,
) -> None:
    """Run approaches on somebody's own ratings, described in the environment `own`."""
    conf = folder / "conf"
    shutil.copytree(PROJECT / "conf", conf)
    (conf / "own").mkdir()
    table = pd.DataFrame(ratings, columns=["user", "item", "rating"])
    table.to_csv(folder / "ratings.csv", index=False)
    columns = {"user_id": "user", "item_id": "item", "rating": "rating"}
    source = {
        "name": "own",
        "folder": str(folder),
        "rating_scale": {"minimum": 1, "maximum": 5},
        "ratings": {"file": "ratings.csv", "columns": columns},
    }
    settings = {"data_root": str(folder / "data"), "source": source}
    (conf / "own" / "globals.yml").write_text(yaml.safe_dump(settings))
    (conf / "own" / "parameters.yml").write_text(yaml.safe_dump(merged(OWN, parameters or {})))
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env="own", conf_source=str(conf)) as session:
        session.run(pipeline_names=names)


def stored(folder: Path, name: str) -> Any:
    """One result of `run_own`, such as posthoc_knn/metrics.json."""
    path = Path(name)
    (file,) = (folder / "data").glob(f"*/{name}/*/{path.name}")
    return pd.read_parquet(file) if file.suffix == ".parquet" else json.loads(file.read_text())


PIPELINES = ["posthoc_influence", "posthoc_knn", "intrinsic_ease"]
RATINGS = [
    (user, item, 1 + (7 * user + 3 * item + user * item) % 5)
    for user in range(12)
    for item in range(15)
    if (user * item + user + item) % 3
]
"""Twelve users and fifteen items, none of which has been rated by everybody."""

SINGLE = [*RATINGS, *((user, user % 15, 3 + user % 3) for user in range(20, 24))]
"""Four more users, with one rating each."""


NEEDED = {
    "posthoc_influence": {"posthoc_influence", "posthoc_ar"},
    "posthoc_knn": {"posthoc_knn", "item_knn", "intrinsic_als"},
    "intrinsic_ease": {"intrinsic_ease"},
}


@pytest.mark.parametrize("name", NEEDED)
def test_each_pipeline_runs_alone_with_the_models_that_it_borrows(
    name: str, tmp_path: Path
) -> None:
    run_own(tmp_path, [name], RATINGS)
    files = [
        path.relative_to(tmp_path / "data")
        for suffix in ("npz", "parquet", "json")
        for path in (tmp_path / "data").glob(f"*/*/*.{suffix}")
    ]
    assert {file.parts[1] for file in files} == {*NEEDED[name], "popularity", "random", "bias"}
    listed = {file.parts[1] for file in files if file.name == "recommendations.parquet"}
    assert not listed & {"posthoc_ar", "intrinsic_als"}
    explained = {file.parts[1] for file in files if file.name == "sentences.parquet"}
    assert explained == NEEDED[name] - {"posthoc_ar", "intrinsic_als"}


def test_explanations_of_item_knn_add_up(tmp_path: Path) -> None:
    everything = {"item_knn": {"explanation": {"n_evidence": 100}}}
    run_own(tmp_path, ["posthoc_knn"], RATINGS, everything)
    lists = stored(tmp_path, "item_knn/recommendations.parquet").set_index(PAIR)["score"]
    reasons = stored(tmp_path, "item_knn/explanations.parquet").astype({"weight": float})
    sums = reasons.groupby(PAIR)["weight"].sum().reindex(lists.index)
    np.testing.assert_allclose(sums, lists, rtol=1e-5)
    given = {(user, item): rating for user, item, rating in RATINGS}
    rated = [given[pair] for pair in reasons[["user_id", "evidence_id"]].apply(tuple, axis=1)]
    assert (reasons["weight"] / rated).between(0, 1).all()
    assert stored(tmp_path, "item_knn/metrics.json")["additivity_error_relative"] < 1e-5


def test_users_with_a_single_rating(tmp_path: Path) -> None:
    run_own(tmp_path, PIPELINES, SINGLE, {"split": {"too_short": "train"}})
    rated = {user: item for user, item, _ in SINGLE if user >= 20}
    for name in APPROACHES:
        reasons = stored(tmp_path, f"{name}/explanations.parquet")
        lists = stored(tmp_path, f"{name}/recommendations.parquet")
        assert (lists.groupby("user_id").size().loc[list(rated)] == 3).all()
        of_single = reasons[reasons["user_id"].isin(rated)]
        assert (of_single["evidence_id"] == of_single["user_id"].map(rated)).all()
        assert not of_single.duplicated(PAIR).any()
        assert np.isfinite(reasons["weight"]).all()
        if name in ("posthoc_influence", "intrinsic_ease"):
            assert set(of_single["user_id"]) == set(rated)
        if name in ("item_knn", "intrinsic_ease"):
            scores = lists.set_index(PAIR)["score"].loc[of_single[PAIR].apply(tuple, axis=1)]
            np.testing.assert_allclose(of_single["weight"], scores, rtol=1e-4, atol=1e-7)
    groups = stored(tmp_path, "posthoc_influence/cited_groups.parquet")
    alone = groups[groups["user_id"].isin(rated)]
    assert (alone["n_cited"] == 1).all()
    np.testing.assert_allclose(alone["sum_of_influences"], alone["group_influence"], rtol=1e-6)


def test_all_ratings_equal(tmp_path: Path) -> None:
    run_own(tmp_path, PIPELINES, [(user, item, 4) for user, item, _ in RATINGS])
    influences = stored(tmp_path, "posthoc_influence/explanations.parquet")
    assert (influences["weight"].abs() < 1e-2).all()
    metrics = stored(tmp_path, "posthoc_influence/metrics.json")
    assert metrics["rmse"] < 0.05
    # Ratings minus the user's mean are all 0: nothing is near to anything.
    similar = stored(tmp_path, "posthoc_knn/explanations.parquet")
    assert list(similar.columns) == EVIDENCE
    assert len(similar) == len(stored(tmp_path, "posthoc_knn/sentences.parquet")) == 0
    metrics = stored(tmp_path, "posthoc_knn/metrics.json")
    assert [metrics[f"coverage{of}"] for of in ("", "_of_popularity", "_of_random")] == [0, 0, 0]
    for name in ("item_knn", "intrinsic_ease"):
        assert stored(tmp_path, f"{name}/metrics.json")["coverage"] > 0.5
        assert len(stored(tmp_path, f"{name}/sentences.parquet"))


@pytest.mark.parametrize("similarity", ["cosine", "adjusted_cosine", "pearson"])
def test_every_similarity(similarity: str, tmp_path: Path) -> None:
    of = {"similarity": similarity, "shrinkage": 2.0}
    changed = {"posthoc_knn": {"neighbours": of}, "item_knn": {"model": of}}
    run_own(tmp_path, ["posthoc_knn"], RATINGS, changed)
    for name in ("posthoc_knn", "item_knn"):
        reasons = stored(tmp_path, f"{name}/explanations.parquet")
        assert len(reasons)
        assert (reasons["weight"] > 0).all()
    assert (stored(tmp_path, "posthoc_knn/explanations.parquet")["weight"] <= 1).all()
    assert stored(tmp_path, "item_knn/metrics.json")["additivity_error_relative"] < 1e-5


def message_of_too_many_neighbours(key: str, folder: Path) -> str:
    approach, block, name = key.split(".")
    with pytest.raises(Exception, match="neighbours were asked for") as caught:
        run_own(folder, ["posthoc_knn"], RATINGS, {approach: {block: {name: 15}}})
    assert not list((folder / "data").rglob("*.tmp"))
    return str(user_message(caught.value))


K_OF = ["posthoc_knn.neighbours.k", "item_knn.model.k"]


@pytest.mark.parametrize("key", K_OF)
def test_more_neighbours_than_there_are_items(key: str, tmp_path: Path) -> None:
    message = message_of_too_many_neighbours(key, tmp_path)
    assert "15 neighbours were asked for, there are 15 items; accepted: 1 to 14" in message


@pytest.mark.parametrize("key", K_OF)
def test_the_parameter_of_too_many_neighbours_is_named(key: str, tmp_path: Path) -> None:
    assert key in message_of_too_many_neighbours(key, tmp_path)


def test_as_many_neighbours_as_there_are(tmp_path: Path) -> None:
    most = {"posthoc_knn": {"neighbours": {"k": 14}}, "item_knn": {"model": {"k": 14}}}
    run_own(tmp_path, ["posthoc_knn"], RATINGS, most)
    assert stored(tmp_path, "item_knn/metrics.json")["coverage"] == 1


def test_a_small_matrix_of_ease_leaves_items_out_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        run_own(
            tmp_path, ["intrinsic_ease"], RATINGS, {"intrinsic_ease": {"model": {"max_size": 11}}}
        )
    warning = "of 15 items only the 11 most rated take part"
    assert warning in caplog.text
    assert "max_size" in caplog.text
    reasons = stored(tmp_path, "intrinsic_ease/explanations.parquet")
    assert len(reasons)
    assert reasons["item_id"].nunique() <= 11
    assert reasons["evidence_id"].nunique() <= 11


def test_a_small_matrix_of_ease_with_users_in_blocks(tmp_path: Path) -> None:
    changed = {
        "intrinsic_ease": {"model": {"max_size": 5, "regularization": 1}},
        "recommendation": {"block_size": 7},
    }
    run_project(tmp_path, ["intrinsic_ease"], **changed)


def test_similar_items_of_any_rating_are_not_said_to_be_rated_highly(tmp_path: Path) -> None:
    ratings = [(user, item, 1 + (user + item) % 2) for user, item, _ in RATINGS]  # 1 or 2 of 5
    changed = {"posthoc_knn": {"explanation": {"relevance_threshold": None}}}
    run_own(tmp_path, ["posthoc_knn"], ratings, changed)
    sentences = stored(tmp_path, "posthoc_knn/sentences.parquet")["sentence"]
    assert len(sentences)
    assert not sentences.str.contains("highly").any()


def test_a_threshold_that_nothing_reaches_explains_nothing(tmp_path: Path) -> None:
    changed = {"posthoc_knn": {"explanation": {"relevance_threshold": 6}}}
    run_own(tmp_path, ["posthoc_knn"], RATINGS, changed)
    assert len(stored(tmp_path, "posthoc_knn/sentences.parquet")) == 0
    assert stored(tmp_path, "posthoc_knn/metrics.json")["coverage"] == 0
