"""All approaches on data that is small, poor or odd, and on parameters that it does not allow."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.errors import InputError
from explainable_recsys.pipelines.parameters import typed_parameters
from explainable_recsys.pipelines.wiring import everything
from tests.in_memory import RATINGS, SINGLE, configured, merged, run_small, titled
from tests.lists_of import assert_lists_end_with_ties

MadeOf = Callable[[str], dict[str, Any]]

PAIR = ["user_id", "item_id"]
ALL = [*RECOMMENDERS, *APPROACHES]
TEXT = [(f"anna {user}", f"i-{item}", rating) for user, item, rating in RATINGS]
TEXT_ITEMS = [(f"i-{item}", *rest) for item, *rest in titled()]
LOW = [(user, item, 1 + (user + item) % 2) for user, item, _ in RATINGS]
"""Nobody gives more than 2 of 5."""

RUNS: dict[str, dict[str, Any]] = {
    "text ids": {
        "ratings": TEXT,
        "items": TEXT_ITEMS,
        "source": {
            "ratings": {
                "file": "ratings.csv",
                "ids": "text",
                "columns": {name: name for name in (*PAIR, "rating")},
            }
        },
    },
    "no items file": {},
    "users with a single rating": {
        "ratings": SINGLE,
        "items": titled(),
        "changed": {"split": {"too_short": "train"}},
    },
    "ratings below zero": {
        "ratings": [(user, item, rating - 4) for user, item, rating in RATINGS],
        "items": titled(),
        "source": {"rating_scale": {"minimum": -3, "maximum": 1}, "liked": 0.0},
        "changed": {
            "als": {"model": {"confidence": "binary", "relevance_threshold": 0}},
            "posthoc_fm_lime": {"explanation": {"neighbourhood": "user"}},
            "emf": {"model": {"objective": "rating"}},
        },
    },
    "all ratings equal": {
        "ratings": [(user, item, 4) for user, item, _ in RATINGS],
        "items": titled(),
    },
}


@pytest.fixture(scope="module")
def made_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Runs everything on one kind of data, once."""

    @cache
    def run(kind: str) -> dict[str, Any]:
        case = RUNS[kind]
        given = {
            name: case[name] for name in ("ratings", "items", "changed", "source") if name in case
        }
        return run_small(tmp_path_factory.mktemp("small"), ALL, **given)

    return run


def explained(made: Mapping[str, Any], name: str) -> pd.DataFrame:
    found: pd.DataFrame = made[f"{name}.explanations"]
    return found


def assert_explained_where_something_supports(made: Mapping[str, Any], name: str) -> None:
    """Some are, and of those each has a piece that speaks for it."""
    evidence, listed = (
        explained(made, name),
        made[f"{APPROACHES[name].recommender}.recommendations"],
    )
    strongest = evidence.groupby(PAIR)["weight"].max()
    assert len(strongest)
    assert (strongest > 0).all()
    assert made[f"{name}.metrics"]["coverage"] == pytest.approx(len(strongest) / len(listed))


@pytest.mark.parametrize("kind", RUNS)
def test_everything_runs_on(kind: str, made_of: MadeOf) -> None:
    made = made_of(kind)
    known = made["interactions"]
    rated = {
        (user, known.item_ids[column])
        for user, row in zip(known.user_ids, known.ratings, strict=True)
        for column in row.indices
    }
    for name in RECOMMENDERS:
        lists = made[f"{name}.recommendations"]
        assert not rated & set(lists[PAIR].itertuples(index=False, name=None)), name
        assert np.isfinite(lists["score"]).all(), name
        assert_lists_end_with_ties(lists, made[f"{name}.model"], made["data"], 3, 1)
        if name not in ("ar", "content") and not (kind == "all ratings equal" and name == "mf"):
            assert len(lists), name  # of the three nothing may lead to any item
    for name, pair in APPROACHES.items():
        evidence, sentences = explained(made, name), made[f"{name}.sentences"]
        listed = made[f"{pair.recommender}.recommendations"][PAIR]
        assert len(evidence.merge(listed)) == len(evidence), name
        assert np.isfinite(evidence["weight"]).all(), name
        cited = evidence[evidence["rated_item_id"].notna()]
        assert set(zip(cited["user_id"], cited["rated_item_id"], strict=True)) <= rated, name
        if kind != "ratings below zero":  # where what was rated may speak against everything
            assert len(evidence.merge(sentences[PAIR])) == len(evidence), name
        coverage = made[f"{name}.metrics"]["coverage"]
        shares = len(evidence[PAIR].drop_duplicates()) / max(len(listed), 1)
        if pair.recommender not in ("ar", "content"):
            assert coverage == pytest.approx(shares), name
        if EXPLAINERS[pair.explainer].adds_up:
            assert made[f"{name}.metrics"]["additivity_error_relative"] < 1e-4, name


def test_a_single_rating_is_the_whole_reason(made_of: MadeOf) -> None:
    made = made_of("users with a single rating")
    rated = {user: item for user, item, _ in SINGLE if user >= 20}
    for name in ("intrinsic_als", "intrinsic_ease", "intrinsic_knn", "posthoc_influence"):
        reasons = explained(made, name)
        of_single = reasons[reasons["user_id"].isin(rated)]
        assert (of_single["rated_item_id"] == of_single["user_id"].map(rated)).all()
        assert not of_single.duplicated(PAIR).any()
        assert len(of_single), name
        if name != "posthoc_influence":
            lists = made[f"{APPROACHES[name].recommender}.recommendations"].set_index(PAIR)
            scores = lists["score"].loc[of_single[PAIR].apply(tuple, axis=1)]
            np.testing.assert_allclose(of_single["share"], scores, rtol=1e-4, atol=1e-7)
    groups = made["posthoc_influence.cited_groups"]
    alone = groups[groups["user_id"].isin(rated)]
    assert (alone["n_cited"] == 1).all()
    np.testing.assert_allclose(alone["sum_of_influences"], alone["group_influence"], rtol=1e-5)


def test_where_all_ratings_are_equal_nothing_is_near_or_moves_a_prediction(
    made_of: MadeOf,
) -> None:
    made = made_of("all ratings equal")
    assert explained(made, "posthoc_influence_ratings").empty
    assert explained(made, "posthoc_fm_lime_ratings").empty
    assert made["svd_ratings.metrics"]["rmse"] < 0.05
    # Ratings minus the user's mean are all 0: no item is similar to any.
    assert explained(made, "posthoc_knn").empty
    assert made["posthoc_knn.sentences"].empty
    metrics = made["posthoc_knn.metrics"]
    assert [metrics[f"coverage{of}"] for of in ("", *(f"_of_{c}" for c in CONTROLS))] == [0, 0, 0]
    for name in ("intrinsic_knn", "intrinsic_ease"):
        assert made[f"{name}.metrics"]["coverage"] > 0.5


def test_means_of_ratings_below_zero(made_of: MadeOf) -> None:
    made = made_of("ratings below zero")
    evidence = explained(made, "posthoc_fm_lime")["evidence"].astype(str)
    means = evidence.str.extract(r"rating (\S+) to (\S+) on average").dropna()
    low, high = means.map(lambda text: float(text.replace("\u2212", "-"))).to_numpy().T
    assert len(low)
    np.testing.assert_allclose(high - low, 0.5)
    assert (low < 0).any()
    assert ((low >= -3) & (low <= 1)).all()
    assert 0 < made["fm_ratings.metrics"]["rmse"] < 4


def test_nothing_can_be_explained(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    strict = {
        "rules": {"mining": {"min_support": 0.99}},
        "posthoc_fm_lime": {"explanation": {"min_held_out_r2": 1.0}},
        "emf": {"model": {"explainability_weight": 0}},
        "neighbours": {"similarity": "pearson", "k": 1},
    }
    with caplog.at_level(logging.WARNING):
        made = run_small(tmp_path, ALL, strict, items=titled(), source={"liked": 5.0})
    assert "min_support 0.99 (and min_count 3) left out" in caplog.text
    for name in ("posthoc_ar", "posthoc_fm_lime"):
        assert explained(made, name).empty
        assert made[f"{name}.sentences"].empty
        metrics, table = made[f"{name}.metrics"], made[f"{name}.faithfulness"]
        assert metrics["coverage"] == 0
        assert not any(key.startswith("pos@") for key in metrics)
        assert set(table["scope"]) == {"no explanations"}
        assert table["value"].isna().all()
    assert np.isnan(made["posthoc_ar.metrics"]["median_lift"])
    assert made["ar.recommendations"].empty
    assert made["ar.metrics"]["ndcg@3"] == 0
    assert len(made["posthoc_fm_lime.surrogates"]) == len(made["fm.recommendations"])
    shares = made["neighbours.explainability_by_users"]
    alone = int((np.diff(shares.ratings.indptr) == 0).sum())
    assert made["intrinsic_mf.metrics"]["n_users_without_neighbours"] == alone


def test_where_nothing_is_liked_no_approach_says_so(tmp_path: Path) -> None:
    of_rules = ("ar", "rules")
    names = [name for name, pair in APPROACHES.items() if pair.explainer not in of_rules]
    made = run_small(tmp_path, names, ratings=LOW, items=titled())
    for name in names:
        assert len(made[f"{APPROACHES[name].recommender}.recommendations"]), name
        if name != "posthoc_fm_lime_ratings":  # which speaks of features of items
            assert made[f"{name}.metrics"]["coverage"] == 0, name
            assert explained(made, name).empty, name
            assert made[f"{name}.sentences"].empty, name


def test_where_everything_is_liked_reasons_are_what_was_rated(tmp_path: Path) -> None:
    """Low ratings are liked only if the data set says so; by `all` they are just ratings."""
    for liked in (1.0, "all"):
        folder = tmp_path / str(liked)
        folder.mkdir()
        made = run_small(folder, list(APPROACHES), {}, LOW, titled(), {"liked": liked})
        said = pd.concat([made[f"{name}.sentences"] for name in APPROACHES])["sentence"]
        assert len(said)
        assert not said.str.contains("rated lower").any()
        assert said.str.contains("liked").any() == (liked == 1.0)


def test_nobody_is_near(tmp_path: Path) -> None:
    """Of two users none rated what the other did, so nothing is shared with anybody."""
    apart = [(user, 6 * user + item, 5 - item % 3) for user in range(5) for item in range(6)]
    names = [name for name in APPROACHES if APPROACHES[name].explainer != "rules"]
    items = [(item, f"Thing {item}", "") for item in range(30)]
    made = run_small(tmp_path, names, {"split": {"fraction": 0.2}}, apart, items)
    for name in ("posthoc_knn", "intrinsic_mf", "knowledge_graph"):
        assert explained(made, name).empty, name
    for name in names:
        scores = made[f"{APPROACHES[name].recommender}.recommendations"]["score"]
        assert np.isfinite(scores).all(), name


def test_neighbours_who_all_disliked_it(tmp_path: Path) -> None:
    """Users 0 to 4 agree on items 0 to 5; 1 to 4 also rated item 6, low, and item 7, high."""
    agreed = [(user, item, 5 - item % 2) for user in range(5) for item in range(6)]
    others = [(user, item, rating) for user in range(1, 5) for item, rating in ((6, 1), (7, 5))]
    # Of their ten ratings one is held out; of histories as short as the others' none is.
    strangers = [(user, item, 3) for user in range(5, 15) for item in range(8, 18)]
    changed = {"neighbours": {"k": 3}, "recommendation": {"n": 12}}
    made = run_small(tmp_path, ["intrinsic_mf"], changed, [*agreed, *others, *strangers])
    reasons, listed = explained(made, "intrinsic_mf"), made["emf.recommendations"]
    assert {6, 7} <= set(listed.loc[listed["user_id"] == 0, "item_id"])
    about = set(reasons.loc[reasons["user_id"] == 0, "item_id"])
    assert 7 in about
    assert 6 not in about


def test_two_items_of_one_title_and_year_are_told_apart(tmp_path: Path) -> None:
    twins = [(item, f"Thing {item // 2} (1973)", "A|B") for item in range(15)]
    said = run_small(tmp_path, ["intrinsic_als"], items=twins)["intrinsic_als.sentences"]
    named = set(said["sentence"].str.findall("\u2068(.*?)\u2069").sum())
    several = {f"Thing {item // 2} (1973) [{item}]" for item in range(14)}
    assert named <= {"Thing 7", *several}
    assert named & several


def test_who_rated_nearly_everything_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    full = [(user, item, 1 + (user + item) % 5) for user in range(6) for item in range(15)]
    with caplog.at_level(logging.WARNING):
        made = run_small(
            tmp_path,
            ["posthoc_influence"],
            ratings=[*full, (6, 0, 5), (6, 1, 4)],
            changed={"split": {"too_short": "train"}},
        )
    told = [text for text in caplog.messages if "more than half of all items" in text]
    assert len(told) == 1
    assert "fewer zeros" in told[0]
    assert np.isfinite(made["svd.recommendations"]["score"]).all()


def test_percentages_of_scores_below_zero_are_percentages(made_of: MadeOf) -> None:
    made = made_of("ratings below zero")
    below = [
        name
        for name, pair in APPROACHES.items()
        if (made[f"{pair.recommender}.recommendations"]["score"] <= 0).any()
    ]
    assert below
    for name in APPROACHES:
        said = made[f"{name}.sentences"]["sentence"]
        found = said.str.findall(r"([\u2212-]?[\d,]+) %").explode().dropna()
        assert found.str.fullmatch(r"\d\d?|100").all(), name


FEATURES = {
    "all": (titled(), {"genres", "decade", "popularity"}),
    "no genres": (titled(genres=False), {"decade", "popularity"}),
    "no years": (titled("Thing {}"), {"genres", "popularity"}),
    "only titles": (titled("Thing {}", genres=False), {"popularity"}),
    "no items file": (None, {"popularity"}),
    "one decade": (titled("Thing {} (1999)"), {"genres", "popularity"}),
}


@pytest.mark.parametrize("kind", FEATURES)
def test_features_are_whatever_the_data_has(kind: str, tmp_path: Path) -> None:
    items, groups = FEATURES[kind]
    changed = {"posthoc_fm_lime": {"explanation": {"neighbourhood": "item"}}}
    made = run_small(tmp_path, ["posthoc_fm_lime", "fm", "fm_ratings"], changed, items=items)
    ids = explained(made, "posthoc_fm_lime")["evidence_id"].astype(str)
    if groups == {"popularity"}:  # which is no reason by itself
        assert ids.empty
    else:
        assert set(ids.str.split("=").str[0]) <= groups
        if kind != "one decade":  # there, what opposes outweighs what supports
            assert_explained_where_something_supports(made, "posthoc_fm_lime")
    assert groups <= set(made["features.item"].groups)
    assert made["fm_ratings.metrics"]["rmse"] > 0
    # There are fewer items than perturbations were asked for.
    assert (made["posthoc_fm_lime.surrogates"]["n_samples"] == 15).all()


@pytest.mark.parametrize("kind", ["user", "history"])
def test_other_neighbourhoods(kind: str, tmp_path: Path) -> None:
    lime = {"posthoc_fm_lime": {"explanation": {"neighbourhood": kind, "n_evidence": 3}}}
    changed = lime | {"split": {"too_short": "train"}}
    made = run_small(tmp_path, ["posthoc_fm_lime"], changed, SINGLE, titled())
    reasons, sentences = explained(made, "posthoc_fm_lime"), made["posthoc_fm_lime.sentences"]
    assert (reasons.groupby(PAIR).size() <= 3).all()
    assert_explained_where_something_supports(made, "posthoc_fm_lime")
    features, known = made["features.user"], made["interactions"]
    rows = known.known_rows(reasons["user_id"])
    if kind == "user":
        columns = [features.ids.tolist().index(name) for name in reasons["evidence_id"]]
        assert (features.matrix.toarray()[rows, columns] == 1).all()
        assert sentences["sentence"].str.contains("you are |you like ").any()
    else:
        # User 21 gave a single rating, 3, and likes nothing; everybody else likes something.
        listed = made["fm.recommendations"]
        explicable = listed[listed["user_id"] != 21]
        assert len(reasons[PAIR].drop_duplicates()) == len(explicable) < len(listed)
        columns = known.known_columns(reasons["rated_item_id"])
        assert (known.ratings.toarray()[rows, columns] > 0).all()
        assert sentences["sentence"].str.contains("★").mean() > 0.5  # single ratings are named


def test_neighbours_of_items_name_rated_items(tmp_path: Path) -> None:
    made = run_small(tmp_path, ["intrinsic_mf"], {"neighbours": {"form": "items"}}, items=titled())
    reasons, known = explained(made, "intrinsic_mf"), made["interactions"]
    rows, columns = (
        known.known_rows(reasons["user_id"]),
        known.known_columns(reasons["rated_item_id"]),
    )
    assert len(reasons)
    assert (known.ratings.toarray()[rows, columns] >= 4).all()
    said = made["intrinsic_mf.sentences"]["sentence"]
    assert said.str.contains("rate \u2068").all()
    assert said.str.contains("you liked").all()


def test_similar_items_of_any_rating_are_not_said_to_be_liked(tmp_path: Path) -> None:
    all_of_them = {"liked": "all"}
    made = run_small(tmp_path, ["posthoc_knn"], {}, LOW, source=all_of_them)
    said = made["posthoc_knn.sentences"]["sentence"]
    assert len(said)
    assert not said.str.contains("liked").any()


def test_without_validation_ratings_nothing_is_chosen(tmp_path: Path) -> None:
    names = ["svd", "svd_ratings", "meta_paths", "posthoc_ar"]
    made = run_small(tmp_path, names, {"split": {"validation": False}}, items=titled())
    assert made["svd_ratings.model"].user_penalty == 1.0
    assert len(made["posthoc_ar.sentences"])


def test_rules_of_own_lists(tmp_path: Path) -> None:
    changed = {"rules_of_svd": {"transactions": {"list_length": 6}, "mining": {"min_lift": 0.5}}}
    made = run_small(tmp_path, ["posthoc_ar_of_lists"], changed, items=titled())
    assert (np.diff(made["rules_of_svd.baskets"].ratings.indptr) == 6).all()
    said = made["posthoc_ar_of_lists.sentences"]["sentence"]
    assert len(said)
    assert said.str.startswith("People to whom we recommend").all()


def test_one_user_is_enough_for_rules(tmp_path: Path) -> None:
    alone = [(1, item, 5 - item % 2) for item in range(15)]
    made = run_small(tmp_path, ["posthoc_ar", "intrinsic_ar", "ar"], ratings=alone)
    assert isinstance(made["rules.rules"], pd.DataFrame)
    assert isinstance(made["ar.recommendations"], pd.DataFrame)


def test_a_small_matrix_of_ease_leaves_items_out_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small = {"ease": {"model": {"max_size": 11}}, "recommendation": {"block_size": 7}}
    with caplog.at_level(logging.WARNING):
        made = run_small(tmp_path, ["intrinsic_ease", "ease"], small)
    assert "of 15 items only the 11 most rated take part" in caplog.text
    assert "max_size" in caplog.text
    reasons = explained(made, "intrinsic_ease")
    assert 0 < reasons["item_id"].nunique() <= 11
    assert reasons["rated_item_id"].nunique() <= 11


def test_a_kernel_that_is_too_narrow_is_widened_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    width = {"neighbourhood": "item", "kernel_width": {"item": 1e-6}}
    narrow = {"explanation": {"n_samples": 10, **width}}
    made = run_small(tmp_path, ["posthoc_fm_lime"], {"posthoc_fm_lime": narrow}, items=titled())
    surrogates = made["posthoc_fm_lime.surrogates"]
    assert (surrogates["kernel_width"] > 0.01).all()
    assert made["posthoc_fm_lime.metrics"]["n_widened"] == len(surrogates)
    n = len(surrogates)
    assert f"around {n} of {n} recommendations the kernel of width 1e-06" in caplog.text
    assert "(kernel_width.item)" in caplog.text


def test_as_many_neighbours_as_there_are(tmp_path: Path) -> None:
    most = {"item_knn": {"model": {"k": 14}}, "similar_items": {"k": 14}, "neighbours": {"k": 11}}
    for similarity in ("cosine", "pearson"):
        changed = merged(most, {"similar_items": {"similarity": similarity}})
        changed = merged(changed, {"item_knn": {"model": {"similarity": similarity}}})
        names = ["posthoc_knn", "intrinsic_knn", "intrinsic_mf"]
        made = run_small(tmp_path, names, changed, source={"liked": 2.0})
        assert made["intrinsic_knn.metrics"]["coverage"] > 0.9
        assert made["posthoc_knn.explanations"]["weight"].between(0, 1).all()


NOT_ALLOWED: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "too many similar items": (
        ["similar_items"],
        {"similar_items": {"k": 15}},
        r"15 neighbours were asked for, there are 15 items; accepted: 1 to 14.*similar_items\.k",
    ),
    "too many items nearby": (
        ["item_knn"],
        {"item_knn": {"model": {"k": 15}}},
        r"15 neighbours were asked for, there are 15 items; accepted: 1 to 14.*item_knn\.model\.k",
    ),
    "too many neighbours": (
        ["neighbours"],
        {"neighbours": {"k": 12}},
        r"neighbours\.k.*12 neighbours",
    ),
    "nearest users": (
        ["rules_of_svd"],
        {"rules_of_svd": {"scopes": {"n_neighbours": 12}}},
        "n_neighbours: 12",
    ),
    "clusters": (
        ["rules_of_svd"],
        {"rules_of_svd": {"scopes": {"n_clusters": 13}}},
        "n_clusters: 13",
    ),
    "nothing is liked": (
        ["rules"],
        {"source": {"rating_scale": {"minimum": 1, "maximum": 9}, "liked": 6.0}},
        r"^parameter source\.liked: no rating reaches 6; accepted: up to 5",
    ),
    "above the scale": (
        ["popularity"],
        {"source": {"liked": 6.0}},
        r"^parameter source\.liked: 6, but the highest rating is 5; accepted: .* up to 5",
    ),
    "nobody's lists": (
        ["rules"],
        {"rules": {"transactions": {"source": "lists"}}},
        "--pipelines posthoc_ar_of_lists",
    ),
    "an explosion": (
        ["rules"],
        {"rules": {"mining": {"max_candidates": 10, "min_support": 0.1}}},
        "max_candidates = 10",
    ),
    "no such package": (["emf"], {"emf": {"map": {"method": "umap"}}}, "umap-learn"),
    "no genres of items": (
        ["features"],
        {"features": {"item": ["genres"]}},
        r"^parameter features\.item: .*genres",
    ),
    "no ages": (
        ["features"],
        {"features": {"user": ["age"]}},
        r"^parameter features\.user: .*age.*mean_rating",
    ),
    "nothing to learn from": (
        ["fm"],
        {"fm": {"learned_features": {"item": ["genres"]}}},
        r"^parameter fm\.learned_features\.item: .*genres.*accepted: popularity",
    ),
    "not described": (
        ["fm"],
        {"features": {"user": ["mean_rating"]}, "fm": {"learned_features": {"user": ["taste"]}}},
        r"^parameter fm\.learned_features\.user: .*taste.*accepted: mean_rating",
    ),
    "long lists": (
        ["popularity"],
        {"recommendation": {"n": 99}},
        r"recommendation\.n: 99.*1 to 15",
    ),
}


@pytest.mark.parametrize("case", NOT_ALLOWED)
def test_what_the_data_does_not_allow(case: str, tmp_path: Path) -> None:
    (names, changed, message), items = NOT_ALLOWED[case], titled("Thing {}", genres=False)
    with pytest.raises(InputError, match=message) as caught:
        run_small(tmp_path, names, changed, items=items, source=changed.get("source"))
    assert "\n" not in str(caught.value)


OUT_OF_RANGE = {
    "als.model.factors": (0, "greater than or equal to 1, found 0"),
    "ease.model.regularization": (0, "greater than 0, found 0"),
    "ease.model.rating_weight": (-1, "found -1"),
    "ease.model.max_size": (1, "found 1"),
    "ease.model.length_damping": (1.5, "found 1.5"),
    "ease.model.popularity_damping": (-0.1, "found -0.1"),
    "item_knn.model.similarity": ("Cosine", "found 'Cosine'"),
    "similar_items.similarity": ("jaccard", "'adjusted_cosine' or 'pearson', found 'jaccard'"),
    "similar_items.k": (0, "found 0"),
    "similar_items.shrinkage": (-1, "found -1"),
    "similar_items.amplification": (0, "found 0"),
    "neighbours.k": (0, "found 0"),
    "neighbours.shrinkage": (-1, "found -1"),
    "emf.model.explainability_weight": (-1, "found -1"),
    "emf.model.factor_damping": (0, "found 0"),
    "emf.model.objective": ("stars", "'ranking' or 'rating', found 'stars'"),
    "emf_ratings.model.regularization": (-0.1, "found -0.1"),
    "recommendation.min_ratings": (-1, "found -1"),
    "svd.model.unrated_weight": (1.5, "less than or equal to 1, found 1.5"),
    "emf.model.target": (0, "found 0"),
    "emf.sweep.weights": ([-1], "found [-1]"),
    "fm.model.zeros": (0, "found 0"),
    "fm.learned_features.user": (["height"], "found 'height'"),
    "features.popularity_bins": ([0.5, 0.2], "between 0 and 1, rising, found [0.5, 0.2]"),
    "features.item": ([], "at least 1 item"),
    "features.years_per_bin": (0, "found 0"),
    "features.rating_bin": (0.001, "greater than or equal to 0.01, found 0.001"),
    "posthoc_fm_lime.explanation.neighbourhood": ("planet", "'user', found 'planet'"),
    "posthoc_fm_lime.explanation.n_samples": (5, "greater than or equal to 10, found 5"),
    "posthoc_fm_lime.explanation.penalty": (0, "greater than or equal to 0.000001, found 0"),
    "posthoc_fm_lime.explanation.min_held_out_r2": (1.5, "less than or equal to 1, found 1.5"),
    "posthoc_fm_lime.explanation.removed": (1.5, "found 1.5"),
    "posthoc_fm_lime.explanation.kernel_width.item": (0, "found 0"),
    "posthoc_fm_lime.explanation.engine": ("fast", "'batched' or 'lime', found 'fast'"),
    "posthoc_fm_lime.explanation.n_cited": (0, "found 0"),
    "posthoc_fm_lime.stability.n_samples": ([5], "accepted: numbers from 10, found [5]"),
    "posthoc_fm_lime.stability.n_seeds": (1, "greater than or equal to 2, found 1"),
    "posthoc_influence.explanation.n_cited": (0, "found 0"),
    "posthoc_influence.explanation.n_cite": (2, "Extra inputs are not permitted"),
    "posthoc_influence.explanation.n_evidence": (0, "found 0"),
    "evaluation.k": (0, "found 0"),
    "faithfulness.n_cited": ([3, 2], "[3, 2]"),
}


def test_parameters_out_of_range_are_all_named_in_one_line() -> None:
    wrong: dict[str, Any] = {}
    for path, (value, _) in OUT_OF_RANGE.items():
        *blocks, last = path.split(".")
        block: dict[str, Any] = {last: value}
        for name in reversed(blocks):
            block = {name: block}
        wrong = merged(wrong, block)
    with pytest.raises(InputError) as caught:
        typed_parameters(everything(), merged(configured(), wrong))
    message = str(caught.value)
    assert "\n" not in message
    problems = message.removeprefix("parameter ").split("; parameter ")
    for path, (_, part) in OUT_OF_RANGE.items():
        found = [problem for problem in problems if re.match(rf"{path}[:.]", problem)]
        assert len(found) == 1, path
        assert part in found[0], path


def test_samples_that_do_not_fit_each_other() -> None:
    changed = merged(configured(), {"fm": {"model": {"kept_samples": 31}}})
    with pytest.raises(InputError, match=r"fm\.model: kept_samples 31 of 12 iterations with burn"):
        typed_parameters(everything(), changed)
