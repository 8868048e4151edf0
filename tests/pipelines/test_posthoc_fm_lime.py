"""Real Kedro sessions of the factorization machine explained by LIME, on good and bad input."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from explainable_recsys.explainers.lime import LimeParameters
from explainable_recsys.interface.messages import user_message
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.pipelines.posthoc_fm_lime.nodes import measure_surrogates
from explainable_recsys.wording.markup import marked
from tests.conftest import PROJECT, open_catalog, run_project
from tests.figures.texts import title_of

NAME = "posthoc_fm_lime"
PAIR = ["user_id", "item_id"]
SURROGATES = [
    *PAIR,
    "intercept",
    "prediction",
    "local_r2",
    "held_out_r2",
    "effective_samples",
    "n_samples",
    "kernel_width",
    "widened",
]


def test_tables_have_their_columns(full_run: Path) -> None:
    evidence = ["position", "style", "evidence_id", "evidence", "weight", "group"]
    expected = {
        "explanations": [*PAIR, *evidence],
        "explanations_of_random": [*PAIR, *evidence],
        "sentences": [*PAIR, "sentence"],
        "surrogates": SURROGATES,
        "stability": [
            "neighbourhood",
            "n_samples",
            "top3_jaccard",
            "coefficient_spread",
            "held_out_r2",
            "effective_samples",
            "n_explanations",
        ],
    }
    with open_catalog(full_run) as catalog:
        for name, columns in expected.items():
            table = catalog.load(f"{NAME}.{name}")
            assert list(table.columns) == columns, name
            assert len(table), name
        stability = catalog.load(f"{NAME}.stability")
    tried = list(zip(stability["neighbourhood"], stability["n_samples"], strict=True))
    assert tried == [(kind, n) for kind in ("item", "user", "history") for n in (50, 200)]
    assert (stability["n_explanations"] == 30).all()
    assert stability["top3_jaccard"].between(0, 1).all()


@pytest.mark.parametrize("approach", [NAME, "fm"])
def test_every_recommendation_has_one_surrogate(approach: str, full_run: Path) -> None:
    suffixes = ["", "_of_popularity", "_of_random"] if approach == NAME else [""]
    with open_catalog(full_run) as catalog:
        for suffix in suffixes:
            lists = catalog.load(f"{approach}.recommendations{suffix}")
            surrogates = catalog.load(f"{approach}.surrogates{suffix}")
            reasons = catalog.load(f"{approach}.explanations{suffix}")
            pd.testing.assert_frame_equal(surrogates[PAIR], lists[PAIR])
            assert (surrogates["n_samples"] == 200).all()
            assert (surrogates["effective_samples"] >= 30).all()
            assert (surrogates["widened"] == (surrogates["kernel_width"] > 0.3)).all()
            assert surrogates["local_r2"].between(0, 1).all()
            assert len(reasons[PAIR].drop_duplicates()) == len(lists)
            # No movie has more features than pieces of evidence are listed.
            sums = reasons.groupby(PAIR)["weight"].sum()
            told = surrogates.set_index(PAIR)
            expected = told["intercept"] + sums
            np.testing.assert_allclose(told["prediction"], expected[told.index], atol=1e-5)


def test_evidence_is_what_the_item_has(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        reasons = catalog.load(f"{NAME}.explanations")
        items = catalog.load("items").set_index("item_id")
        interactions = catalog.load("interactions")
    assert (reasons["style"] == "feature").all()
    assert np.isfinite(reasons["weight"]).all()
    assert (reasons["weight"] != 0).all()
    counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
    at_least = (counts[:, None] <= counts).sum(axis=1) / len(counts)
    shares = dict(zip(interactions.item_ids.tolist(), at_least, strict=True))
    least = {"top 1 %": 0, "top 5 %": 0.01, "top 20 %": 0.05, "top 50 %": 0.2, "rest": 0.5}
    most = {"top 1 %": 0.01, "top 5 %": 0.05, "top 20 %": 0.2, "top 50 %": 0.5, "rest": 1}
    found = set()
    for row in reasons.itertuples():
        group, name = row.evidence_id.split("=")
        item = items.loc[row.item_id]
        found.add(group)
        if group == "genres":
            assert name in item["genres"].split("|")
            assert row.evidence == name
        elif group == "decade":
            assert item["year"] // 10 * 10 == int(name)
            assert row.evidence == f"from the {name}s"
        else:
            assert group == "popularity"
            assert least[name] < shares[row.item_id] <= most[name]
    assert found == {"genres", "decade", "popularity"}


@pytest.mark.parametrize("approach", [NAME, "fm"])
def test_every_sentence_names_its_strongest_reasons(approach: str, full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        reasons = catalog.load(f"{approach}.explanations")
        sentences = catalog.load(f"{approach}.sentences").set_index(PAIR)["sentence"]
        titles = catalog.load("items").set_index("item_id")["title"]
    best = reasons[(reasons["position"] == 1) & (reasons["weight"] > 0)]
    assert len(sentences) == 600
    assert len(best) > 300
    for row in best.head(50).itertuples():
        sentence = sentences[row.user_id, row.item_id]
        assert f"\u2069 fits you because it is {row.evidence} (+" in sentence
        assert sentence.startswith(marked(titles[row.item_id]))


def test_metrics_say_how_far_to_trust_the_reasons(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        metrics = catalog.load(f"{NAME}.metrics")
        surrogates = catalog.load(f"{NAME}.surrogates")
        stability = catalog.load(f"{NAME}.stability")
        controls = {
            control: catalog.load(f"{NAME}.surrogates_of_{control}")
            for control in ("popularity", "random")
        }
        comparison = catalog.load("comparison").set_index("approach")
    fits = surrogates.groupby("user_id")["held_out_r2"].mean()
    assert metrics["held_out_r2"] == pytest.approx(fits.mean())
    assert metrics["held_out_r2/low"] < metrics["held_out_r2"] < metrics["held_out_r2/high"]
    assert metrics["held_out_r2/n"] == 60
    for name, share in {"p10": 0.1, "median": 0.5, "p90": 0.9}.items():
        quantile = np.quantile(surrogates["held_out_r2"], share)
        assert metrics[f"held_out_r2_{name}"] == pytest.approx(quantile)
    good = (surrogates["held_out_r2"] > 0.5).mean()
    assert metrics["share_held_out_r2_above_half"] == pytest.approx(good)
    assert metrics["n_widened"] == surrogates["widened"].sum()
    for control, table in controls.items():
        mean = table["held_out_r2"].mean()
        assert metrics[f"held_out_r2_of_{control}"] == pytest.approx(mean)
        assert metrics[f"coverage_of_{control}"] == 1
    (in_use,) = stability.query("neighbourhood == 'item' and n_samples == 200").to_dict("records")
    assert metrics["top3_jaccard"] == in_use["top3_jaccard"]
    assert metrics["coefficient_spread"] == in_use["coefficient_spread"]
    assert metrics["coverage"] == 1
    assert comparison.loc[NAME, "held_out_r2"] == metrics["held_out_r2"]


def test_the_model_without_the_prior_is_the_same_model(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        models = {name: catalog.load(f"{name}.model") for name in (NAME, "fm")}
        metrics = {name: catalog.load(f"{name}.metrics") for name in models}
        lists = {name: catalog.load(f"{name}.recommendations") for name in models}
        interactions = catalog.load("interactions")
    np.testing.assert_array_equal(models["fm"].item_factors, models[NAME].item_factors)
    assert models["fm"].parameters.popularity_weight == 0
    assert models[NAME].parameters.popularity_weight == 2
    assert metrics["fm"]["rmse"] == metrics[NAME]["rmse"]
    assert metrics["fm"]["coverage"] == 1
    assert "held_out_r2/low" in metrics["fm"]
    assert "top3_jaccard" not in metrics["fm"]
    predicted = models[NAME].predict_ratings(
        interactions.ratings,
        interactions.known_rows(lists["fm"]["user_id"]),
        interactions.known_columns(lists["fm"]["item_id"]),
    )
    np.testing.assert_allclose(lists["fm"]["score"], predicted, atol=1e-5)


def test_figures_are_drawn(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        figures = {
            name: catalog.load(f"{NAME}.{name}_figure")
            for name in ("evidence", "stability", "surrogate_fit")
        }
        reasons = catalog.load(f"{NAME}.explanations")
    assert all(len(figure.data) for figure in figures.values())
    titles = {name: title_of(figure) for name, figure in figures.items()}
    shown = int(titles["evidence"].split(":")[0].removeprefix("User "))
    assert shown in set(reasons["user_id"])
    assert "Jaccard" in titles["stability"]
    assert "variance" in titles["surrogate_fit"]
    names = [trace.name.split(" ")[0] for trace in figures["surrogate_fit"].data]
    assert names == [NAME, "popularity", "random"]


SMALL: dict[str, Any] = {
    "model": {"rank": 2, "iterations": 12, "burn_in": 2, "kept_samples": 3},
    "lime": {"n_samples": 50, "min_held_out_r2": -1e9},
    "stability": {"neighbourhoods": ["item"], "n_samples": [20], "n_users": 2, "n_seeds": 2},
}


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Nested dictionaries on top of each other."""
    both = {key: one.get(key, other.get(key)) for key in {**one, **other}}
    for key, value in other.items():
        nested = isinstance(value, dict) and isinstance(one.get(key), dict)
        both[key] = merged(one[key], value) if nested else value
    return both


@pytest.mark.parametrize("kind", ["user", "history"])
def test_other_neighbourhoods(kind: str, tmp_path: Path) -> None:
    settings = {"neighbourhood": kind, "n_evidence": 3}
    parameters = {NAME: merged(SMALL, {"lime": settings})}
    run_project(tmp_path, [NAME], cleaning={"sample_users": 20}, **parameters)
    with open_catalog(tmp_path) as catalog:
        reasons = catalog.load(f"{NAME}.explanations")
        surrogates = catalog.load(f"{NAME}.surrogates")
        sentences = catalog.load(f"{NAME}.sentences")
        metrics = catalog.load(f"{NAME}.metrics")
        features = catalog.load(f"{NAME}.user_features")
        interactions = catalog.load("interactions")
    assert len(surrogates) == 200
    assert metrics["coverage"] == 1
    assert (reasons.groupby(PAIR, observed=True).size() <= 3).all()
    # Stability was measured for items alone.
    assert metrics["top3_jaccard"] is None
    rows = interactions.known_rows(reasons["user_id"])
    if kind == "user":
        assert (reasons["style"] == "feature").all()
        columns = [features.ids.tolist().index(name) for name in reasons["evidence_id"]]
        assert (features.matrix[rows, columns] == 1).all()
        assert set(features.groups) == {"mean_rating", "taste"}
        assert sentences["sentence"].str.contains("you are ").mean() > 0.5
    else:
        assert (reasons["style"] == "item").all()
        evidence = pd.to_numeric(reasons["evidence_id"])
        columns = interactions.known_columns(evidence)
        assert (interactions.ratings[rows, columns] > 0).all()
        assert sentences["sentence"].str.contains("you rated ").mean() > 0.5


@pytest.mark.slow
def test_the_package_lime_gives_the_same_explanations(tmp_path: Path) -> None:
    tables = {}
    for engine in ("batched", "lime"):
        settings = {"n_samples": 40, "n_evidence": 100, "engine": engine}
        run_project(
            tmp_path / engine,
            [NAME],
            cleaning={"sample_users": 6},
            recommendation={"n": 3},
            evaluation={"k": 3},
            **{NAME: merged(SMALL, {"lime": settings, "stability": {"n_users": 1}})},
        )
        with open_catalog(tmp_path / engine) as catalog:
            found = {
                name: catalog.load(f"{NAME}.{name}") for name in ("explanations", "surrogates")
            }
        tables[engine] = found
    keys = [*PAIR, "evidence_id"]
    weights = [
        found["explanations"].astype({"evidence_id": str}).set_index(keys)["weight"]
        for found in tables.values()
    ]
    together = pd.concat(weights, axis=1).fillna(0.0).to_numpy()
    assert len(together) > 60
    np.testing.assert_allclose(together[:, 0], together[:, 1], atol=1e-9)
    batched, lime = (found["surrogates"] for found in tables.values())
    pd.testing.assert_frame_equal(batched, lime, rtol=1e-6)


ITEMS = ["A", "A|B", "B|C", "C"]
RATINGS = [
    (user, item, 1 + (7 * user + 3 * item + user * item) % 5)
    for user in range(12)
    for item in range(15)
    if (user * item + user + item) % 3
]
"""Twelve users and fifteen items, none of which has been rated by everybody."""


def own_data(
    folder: Path,
    ratings: list[tuple[Any, ...]],
    items: list[tuple[Any, ...]] | None,
    source: dict[str, Any] | None = None,
    parameters: dict[str, Any] | None = None,
) -> Path:
    """Write somebody's own data and the environment `own` that describes it; its conf folder.

    `items` are ids, titles and genres; None: there is no items file.
    """
    conf = folder / "conf"
    shutil.copytree(PROJECT / "conf", conf)
    (conf / "own").mkdir()
    description: dict[str, Any] = {
        "name": "own",
        "folder": str(folder),
        "rating_scale": {"minimum": 1, "maximum": 5},
        "ratings": {
            "file": "ratings.csv",
            "columns": {"user_id": "user", "item_id": "item", "rating": "rating"},
        },
    }
    pd.DataFrame(ratings, columns=["user", "item", "rating"]).to_csv(
        folder / "ratings.csv", index=False
    )
    if items is not None:
        columns = {"item_id": "item", "title": "title", "genres": "genres"}
        description["items"] = {"file": "items.csv", "columns": columns}
        pd.DataFrame(items, columns=["item", "title", "genres"]).to_csv(
            folder / "items.csv", index=False
        )
    settings = {"data_root": str(folder / "data"), "source": merged(description, source or {})}
    (conf / "own" / "globals.yml").write_text(yaml.safe_dump(settings))
    small = {
        "recommendation": {"n": 3},
        "evaluation": {"k": 3, "n_resamples": 10},
        NAME: SMALL,
    }
    text = yaml.safe_dump(merged(small, parameters or {}))
    (conf / "own" / "parameters.yml").write_text(text)
    return conf


def run_own(conf: Path) -> None:
    """Run the approach on somebody's own data."""
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env="own", conf_source=str(conf)) as session:
        session.run(pipeline_names=[NAME])


def stored(conf: Path, name: str) -> Any:
    """One result of `run_own`: a table, or the metrics."""
    (file,) = (conf.parent / "data").glob(f"*/{NAME}/{name}/*/{name}")
    return pd.read_parquet(file) if file.suffix == ".parquet" else json.loads(file.read_text())


def titled(title: str = "Thing {} (19{}3)", genres: bool = True) -> list[tuple[Any, ...]]:
    """Items of three decades and three genres, if their titles have a year."""
    return [
        (item, title.format(item, 7 + item % 3), ITEMS[item % 4] if genres else "")
        for item in range(15)
    ]


@pytest.mark.parametrize(
    ("items", "groups"),
    [
        (titled(), {"genres", "decade", "popularity"}),
        (titled(genres=False), {"decade", "popularity"}),
        (titled("Thing {}"), {"genres", "popularity"}),
        (titled("Thing {}", genres=False), {"popularity"}),
        (None, {"popularity"}),
    ],
    ids=["all", "no genres", "no years", "only titles", "no items file"],
)
def test_whatever_the_data_has_is_used(
    items: list[tuple[Any, ...]] | None, groups: set[str], tmp_path: Path
) -> None:
    conf = own_data(tmp_path, RATINGS, items)
    run_own(conf)
    reasons = stored(conf, "explanations.parquet")
    metrics = stored(conf, "metrics.json")
    assert set(reasons["evidence_id"].astype(str).str.split("=").str[0]) == groups
    assert metrics["coverage"] == 1
    assert math.isfinite(metrics["rmse"])
    stability = stored(conf, "stability.parquet")
    assert stability["n_samples"].tolist() == [20, 50]
    for name in ("top3_jaccard", "coefficient_spread"):
        assert metrics[name] == stability[name].iloc[1]
    # There are fewer items than perturbations were asked for.
    assert (stored(conf, "surrogates.parquet")["n_samples"] == 15).all()


@pytest.mark.parametrize("least", [-0.5, 1.0])
def test_surrogates_that_are_too_poor_are_kept_but_explain_nothing(
    least: float, tmp_path: Path
) -> None:
    lime = {NAME: {"lime": {"min_held_out_r2": least}}}
    conf = own_data(tmp_path, RATINGS, titled("Thing {}"), parameters=lime)
    run_own(conf)
    surrogates = stored(conf, "surrogates.parquet")
    lists = stored(conf, "recommendations.parquet")
    pd.testing.assert_frame_equal(surrogates[PAIR], lists[PAIR])
    poor = surrogates["held_out_r2"] < least
    assert poor.any()
    assert poor.all() == (least == 1)
    good = set(surrogates.loc[~poor, PAIR].itertuples(index=False, name=None))
    for name in ("explanations.parquet", "sentences.parquet"):
        assert set(stored(conf, name)[PAIR].itertuples(index=False, name=None)) == good
    metrics = stored(conf, "metrics.json")
    assert metrics["coverage"] == pytest.approx((~poor).mean())
    assert metrics["n_samples"] == 15


def test_the_stability_in_use_is_the_one_that_metrics_tell() -> None:
    rows = [("item", 50), ("item", 60), ("user", 60), ("history", 60), ("user", 50)]
    stability = pd.DataFrame(rows, columns=["neighbourhood", "n_samples"]).assign(
        top3_jaccard=[0.1, 0.2, 0.3, 0.4, 0.5], coefficient_spread=[1.0, 2.0, 3.0, 4.0, 5.0]
    )
    surrogates = pd.DataFrame(
        {
            "user_id": [1],
            "item_id": [1],
            **dict.fromkeys(SURROGATES[2:], 1.0),
        }
    )
    for kind, n_samples, expected in (("item", 60, 0.2), ("user", 50, 0.5), ("history", 60, 0.4)):
        lime = LimeParameters.model_validate({"neighbourhood": kind, "n_samples": n_samples})
        metrics = measure_surrogates(
            lime, EvaluationParameters(n_resamples=0), surrogates, stability
        )
        assert metrics["top3_jaccard"] == expected
        assert metrics["coefficient_spread"] == 10 * expected
    unmeasured = measure_surrogates(
        LimeParameters(neighbourhood="history", n_samples=50),
        EvaluationParameters(n_resamples=0),
        surrogates,
        stability,
    )
    assert math.isnan(unmeasured["top3_jaccard"])


def test_what_all_items_have_is_no_reason(tmp_path: Path) -> None:
    items = [(item, f"Thing {item} (1999)", ITEMS[item % 4]) for item in range(15)]
    conf = own_data(tmp_path, RATINGS, items)
    run_own(conf)
    reasons = stored(conf, "explanations.parquet")
    assert len(reasons)
    assert "decade=1990" not in set(reasons["evidence_id"].astype(str))


def test_a_kernel_that_is_too_narrow_is_widened_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    narrow = {"lime": {"n_samples": 10, "kernel_width": {"item": 1e-6}}}
    conf = own_data(tmp_path, RATINGS, titled(), parameters={NAME: narrow})
    run_own(conf)
    surrogates = stored(conf, "surrogates.parquet")
    assert (surrogates["kernel_width"] > 0.01).all()
    assert (surrogates["effective_samples"] >= 9).all()
    assert stored(conf, "metrics.json")["n_widened"] == len(surrogates)
    warning = f"around {len(surrogates)} of {len(surrogates)} recommendations the kernel of width"
    assert warning in caplog.text
    assert "1e-06 (kernel_width.item)" in caplog.text
    assert np.isfinite(stored(conf, "explanations.parquet")["weight"]).all()


def test_negative_ratings(tmp_path: Path) -> None:
    shifted = [(user, item, rating - 4) for user, item, rating in RATINGS]
    source = {"rating_scale": {"minimum": -3, "maximum": 1}}
    lime = {NAME: {"lime": {"neighbourhood": "user"}}}
    conf = own_data(tmp_path, shifted, titled(), source, lime)
    run_own(conf)
    reasons = stored(conf, "explanations.parquet")
    means = reasons["evidence"].astype(str).str.extract(r"rating (\S+) to (\S+) on average")
    low, high = means.dropna().astype(float).to_numpy().T
    assert len(low)
    np.testing.assert_allclose(high - low, 0.5)
    assert (low < 0).any()
    assert ((low >= -3) & (low <= 1)).all()
    assert 0 < stored(conf, "metrics.json")["rmse"] < 4


SINGLE = [*RATINGS, *((user, user % 15, 3) for user in range(20, 24))]
"""Four more users, with one rating each."""


@pytest.mark.parametrize("kind", ["item", "user", "history"])
def test_users_with_a_single_rating(kind: str, tmp_path: Path) -> None:
    parameters = {"split": {"too_short": "train"}, NAME: {"lime": {"neighbourhood": kind}}}
    conf = own_data(tmp_path, SINGLE, titled(), parameters=parameters)
    run_own(conf)
    surrogates = stored(conf, "surrogates.parquet")
    assert surrogates["user_id"].isin(range(20, 24)).sum() == 4 * 3
    assert set(range(20, 24)) <= set(stored(conf, "explanations.parquet")["user_id"])
    assert stored(conf, "metrics.json")["coverage"] == 1


@pytest.mark.parametrize("kind", ["item", "history"])
def test_text_ids(kind: str, tmp_path: Path) -> None:
    ratings = [(f"anna {user}", f"i-{item}", rating) for user, item, rating in RATINGS]
    items = [(f"i-{item}", *rest) for item, *rest in titled()]
    parameters = {NAME: {"lime": {"neighbourhood": kind}}}
    conf = own_data(tmp_path, ratings, items, {"ratings": {"ids": "text"}}, parameters)
    run_own(conf)
    reasons = stored(conf, "explanations.parquet")
    assert set(reasons["user_id"]) == {f"anna {user}" for user in range(12)}
    if kind == "history":
        rated = {(user, item) for user, item, _ in ratings}
        assert set(zip(reasons["user_id"], reasons["evidence_id"], strict=True)) <= rated
    else:
        assert reasons["evidence_id"].astype(str).str.contains("=").all()


LISTS = [f"recommendations{of}.parquet" for of in ("", "_of_popularity", "_of_random")]

WITHOUT_FEATURES = {
    "item features": ({"features": {"item": ["genres"]}}, ["features.item", "genres"]),
    "user features": ({"features": {"user": ["age"]}}, ["features.user", "age", "mean_rating"]),
    "learned features": (
        {"learned_features": {"item": ["genres"]}},
        ["learned_features.item", "genres", "accepted: popularity"],
    ),
    "features that are not described": (
        {"features": {"user": ["mean_rating"]}, "learned_features": {"user": ["taste"]}},
        ["learned_features.user", "taste", "accepted: mean_rating"],
    ),
    "no item features at all": (
        {"features": {"item": []}},
        [f"{NAME}.features.item: ", "at least 1 item", "found []"],
    ),
    "no user features at all": (
        {"features": {"user": []}},
        [f"{NAME}.features.user: ", "at least 1 item", "found []"],
    ),
}


@pytest.mark.parametrize("case", WITHOUT_FEATURES)
def test_features_that_the_data_lacks(case: str, tmp_path: Path) -> None:
    parameters, parts = WITHOUT_FEATURES[case]
    conf = own_data(tmp_path, RATINGS, titled("Thing {}", False), parameters={NAME: parameters})
    with pytest.raises(Exception, match=r"feature|asked for") as caught:
        run_own(conf)
    message = user_message(caught.value)
    assert message is not None
    assert "\n" not in message
    assert message.startswith("parameter ")
    for part in parts:
        assert part in message
    assert not list((tmp_path / "data").rglob("*.tmp"))
    made = {path.name for path in (tmp_path / "data").glob(f"*/{NAME}/*")}
    assert made <= {
        "item_features.npz",
        "user_features.npz",
        "history_features.npz",
        "model.npz",
        *LISTS,
    }


OUT_OF_RANGE: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {
            "model": {"kept_samples": 11},
            "lime": {
                "neighbourhood": "planet",
                "n_samples": 5,
                "penalty": 0,
                "min_held_out_r2": 1.5,
                "removed": 1.5,
                "kernel_width": {"item": 0},
                "engine": "fast",
            },
            "features": {"popularity_bins": [0.5, 0.2]},
            "learned_features": {"user": ["height"]},
            "stability": {"n_samples": [5]},
            "explanation": {"n_cited": 0},
        },
        {
            "model": "kept_samples 11 of 12 iterations with burn_in 2; accepted: 1 to 10",
            "lime.neighbourhood": "'item', 'user' or 'history', found 'planet'",
            "lime.n_samples": "greater than or equal to 10, found 5",
            "lime.penalty": "greater than or equal to 0.000001, found 0",
            "lime.min_held_out_r2": "less than or equal to 1, found 1.5",
            "lime.removed": "less than or equal to 1, found 1.5",
            "lime.kernel_width.item": "found 0",
            "lime.engine": "'batched' or 'lime', found 'fast'",
            "features.popularity_bins": "between 0 and 1, rising, found [0.5, 0.2]",
            "learned_features.user.0": "found 'height'",
            "stability.n_samples": "accepted: numbers from 10, found [5]",
            "explanation.n_cited": "greater than or equal to 1, found 0",
        },
    ),
    (
        {
            "model": {"kept_samples": 0, "popularity_weight": 2000},
            "lime": {"n_evidence": 0, "kernel_width": {"user": -1}},
            "features": {"item": ["director"], "years_per_bin": 0, "rating_bin": 0.001},
            "learned_features": {"item": ["genres", "age"]},
            "stability": {"n_seeds": 1, "neighbourhoods": ["movie"]},
        },
        {
            "model.kept_samples": "greater than or equal to 1, found 0",
            "model.popularity_weight": "less than or equal to 1000, found 2000",
            "lime.n_evidence": "greater than or equal to 1, found 0",
            "lime.kernel_width.user": "found -1",
            "features.item.0": "found 'director'",
            "features.rating_bin": "greater than or equal to 0.01, found 0.001",
            "features.years_per_bin": "greater than or equal to 1, found 0",
            "learned_features.item.1": "found 'age'",
            "stability.n_seeds": "greater than or equal to 2, found 1",
            "stability.neighbourhoods.0": "found 'movie'",
        },
    ),
]


@pytest.mark.parametrize(("wrong", "problems"), OUT_OF_RANGE)
def test_parameters_out_of_range_are_refused_before_anything_runs(
    wrong: dict[str, Any], problems: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=NAME) as caught:
        run_project(tmp_path, [NAME], **{NAME: merged(SMALL, wrong)})
    message = user_message(caught.value)
    assert message is not None
    assert "\n" not in message
    found = message.removeprefix("parameter ").split("; parameter ")
    for key, part in problems.items():
        (problem,) = [text for text in found if text.startswith(f"{NAME}.{key}: ")]
        assert part in problem
    assert not list(tmp_path.rglob("*.*"))


def test_an_unknown_parameter_is_named_with_the_one_that_may_be_meant(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=NAME) as caught:
        run_project(tmp_path, [NAME], **{NAME: {"lime": {"kernel_width": {"items": 1}}}})
    message = user_message(caught.value)
    assert message is not None
    assert f"{NAME}.lime.kernel_width.items" in message
    assert "kernel_width.item'" in message


def test_the_command_line_says_what_is_wrong(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    conf = own_data(tmp_path, RATINGS, None)
    (project_copy / "conf" / "own").mkdir()
    for file in (conf / "own").iterdir():
        shutil.copy(file, project_copy / "conf" / "own")
    run = ("run", "--env", "own", "--pipelines", NAME, "--params")
    for parameters, parts in {
        f"{NAME}.features.item=[genres]": [f"{NAME}.features.item", "accepted: popularity, or"],
        f"{NAME}.lime.penalty=0": [f"{NAME}.lime.penalty", "greater than or equal to 0.000001"],
    }.items():
        result = kedro(project_copy, *run, parameters)
        assert result.returncode == 1, result.stdout + result.stderr
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        assert "Traceback" not in result.stderr
        assert all(part in line for part in parts)
    assert not list((tmp_path / "data").rglob("*.tmp"))
