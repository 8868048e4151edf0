"""The stored reasons of every approach are true, recomputed one recommendation at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.data import Data
from explainable_recsys.recommenders.base import Recommender
from tests.figures.texts import title_of

Stored = Callable[[str], Any]

PAIR = ["user_id", "item_id"]
FLOATS = {"rtol": 1e-3, "atol": 2e-6}  # scores are float32
LIKED = 4  # on half stars from .5 to 5, what is at least .75 of the way up


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


def liked_enough(weights: NDArray[np.float64], liked: NDArray[np.bool_]) -> bool:
    """Whether what is liked is a quarter or more of all that supports."""
    supports = [float(weight) for weight in weights if weight > 0]
    of_liked = [float(w) for w, likes in zip(weights, liked, strict=True) if w > 0 and likes]
    return bool(supports) and sum(of_liked) >= sum(supports) / 3


def fond_users(stored: Stored) -> NDArray[np.int64]:
    """Who likes enough of what they rated to have reasons for nearly everything."""
    known = stored("interactions")
    rows = [row for row, own in enumerate(known.ratings) if (own.data >= LIKED).mean() > 0.4]
    assert len(rows) > 40
    return np.asarray(known.user_ids[rows])


def raised(score: float, worth: float) -> tuple[float, float]:
    """A predicted rating without and with something, told as an end of the scale beyond it."""
    return min(max(score - worth, 0.5), 5.0), min(max(score, 0.5), 5.0)


def told_by_hand(
    weights: NDArray[np.float64],
    liked: NDArray[np.bool_],
    floor: float,
    members: NDArray[np.bool_] | None = None,
) -> tuple[list[int], list[int]]:
    """Which ratings of a history are told, in order, and which of them are named as support.

    Ten pieces: the first three to be told of what supports, and of the others the strongest. A
    group that stands out comes first, then what is liked, then what else supports, then what
    opposes. What is below the floor is left out, and so is everything where nothing liked is left,
    or where what is liked is less than a quarter of what supports.
    """
    if not liked_enough(weights, liked):
        return [], []
    rank = np.where(liked, 1, 2)
    rank = np.where(liked & (False if members is None else members), 0, rank)
    rank = np.where(weights > 0, rank, 3)
    order = [of for of in np.lexsort((-np.abs(weights), rank)).tolist() if weights[of]]
    first = [of for of in order if weights[of] > 0][:3]
    rest = sorted(set(order) - set(first), key=lambda of: -abs(weights[of]))[: 10 - len(first)]
    told = [of for of in order if of in {*first, *rest} and abs(weights[of]) >= floor]
    cited = [of for of in first if liked[of]]
    return (told, cited) if any(liked[of] and weights[of] > 0 for of in told) else ([], cited)


def floor_by_hand(model: Recommender, train: sparse.csr_array, row: int) -> float:
    """A hundredth of the spread of what a user could be recommended: below it all is noise."""
    scores = model.scores(train[[row]])[0].astype(np.float64)
    could_be = np.bincount(train.indices, minlength=train.shape[1]) >= 3
    could_be[train[[row]].indices] = False
    return 0.01 * float(np.std(scores[could_be]))


@pytest.mark.parametrize("approach", ["posthoc_influence", "posthoc_influence_ratings"])
def test_influences_are_what_scoring_without_the_ratings_gives(
    approach: str, stored: Stored
) -> None:
    model = stored("svd.model" if approach == "posthoc_influence" else "svd_ratings.model")
    interactions = stored("interactions")
    reasons = stored(f"{approach}.explanations").set_index(PAIR)
    cited = stored(f"{approach}.cited_groups").set_index(PAIR)
    lists = stored(f"{APPROACHES[approach].recommender}.recommendations")
    lengths = np.diff(interactions.ratings.indptr)
    users = interactions.user_ids[np.argsort(lengths)[[0, 1, 10, 20, 30, 40]]]
    told_of: Counter[bool] = Counter()
    for user, item_id in lists.loc[lists["user_id"].isin(users), PAIR].to_numpy()[::3]:
        rows, columns = (interactions.user_rows([user]), interactions.item_columns([item_id]))
        ratings, item = interactions.ratings[rows], int(columns[0])
        every = changes_by_brute_force(model, ratings, item, [[of] for of in ratings.indices])
        floor = floor_by_hand(model, interactions.ratings, int(rows[0]))
        told, strongest = told_by_hand(every, ratings.data >= LIKED, floor)
        if strongest:
            named = [ratings.indices[strongest].tolist()]
            (together,) = changes_by_brute_force(model, ratings, item, named)
            before, now = raised(float(model.scores(ratings)[0, item]), together)
            if approach == "posthoc_influence_ratings" and now - before < 0.02 * 4.5:
                told = []
        if told:
            group = cited.loc[(user, item_id)]
            assert group["n_cited"] == len(strongest)
            assert group["sum_of_influences"] == pytest.approx(every[strongest].sum(), rel=1e-3)
            np.testing.assert_allclose(group["group_influence"], together, **FLOATS)
        elif approach == "posthoc_influence_ratings" or not strongest:
            assert (user, item_id) not in cited.index
        told_of[bool(told)] += 1
        if not told:
            assert (user, item_id) not in reasons.index
            continue
        found = reasons.loc[[(user, item_id)]]
        evidence = interactions.item_columns(found["rated_item_id"])
        places = [ratings.indices.tolist().index(of) for of in evidence]
        assert sorted(places) == sorted(told)
        np.testing.assert_allclose(found["weight"], every[told], **FLOATS)  # ties may swap
        np.testing.assert_allclose(found["weight"], every[places], **FLOATS)
    assert told_of[True] > 6
    assert told_of[False] > 0


def test_metrics_of_influence(stored: Stored) -> None:
    reasons, cited = (stored(f"posthoc_influence.{t}") for t in ("explanations", "cited_groups"))
    metrics, lists = (stored(name) for name in ("posthoc_influence.metrics", "svd.recommendations"))
    top = reasons[(reasons["position"] == 1) & (reasons["weight"] > 0)]
    cited = cited.merge(top[PAIR])  # of what is explained
    assert len(top) == len(cited) == len(reasons[PAIR].drop_duplicates())
    gaps = (cited["sum_of_influences"] - cited["group_influence"]).abs()
    expected = {
        "top_influence": top.groupby("user_id")["weight"].mean().mean(),
        "group_influence": cited.groupby("user_id")["group_influence"].mean().mean(),
        "additivity_gap": gaps.sum() / cited["group_influence"].abs().sum(),
    }
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, rel=1e-5)
        assert metrics[f"{name}/low"] < metrics[name] < metrics[f"{name}/high"]
        assert metrics[f"{name}/n"] == cited["user_id"].nunique()
    assert metrics["coverage"] == pytest.approx(len(top) / len(lists))
    fond = fond_users(stored)
    assert len(top[top["user_id"].isin(fond)]) > 0.95 * lists["user_id"].isin(fond).sum()


def test_influence_in_words_is_that_of_the_table(stored: Stored) -> None:
    sentences = stored("posthoc_influence_ratings.sentences")["sentence"]
    scores = stored("svd_ratings.recommendations").set_index(PAIR)["score"]
    worth = stored("posthoc_influence_ratings.cited_groups").set_index(PAIR)["group_influence"]
    reasons, ratings = (
        stored(n) for n in ("posthoc_influence_ratings.explanations", "interactions")
    )
    for sentence, (pair, found) in zip(sentences, reasons.groupby(PAIR, sort=False), strict=True):
        rated = ratings.user_rows(found["user_id"]), ratings.item_columns(found["rated_item_id"])
        liked = ratings.ratings[rated] >= LIKED
        supports = found[(found["loss"] > 0) & (found["position"] <= 3) & liked]
        opposes = found[(found["loss"] < 0) & ~liked].head(1)
        named = re.findall("\u2068(.*?)\u2069", sentence)
        assert len(named) == len(supports) + len(opposes)
        for title, cited in zip(named, [*supports["evidence"], *opposes["evidence"]], strict=True):
            assert title.startswith(cited.partition(" (")[0])
        ((before, now),) = re.findall(r"from (\d\.\d+) to (\d\.\d+)", sentence)
        assert float(before) < float(now)
        expected = raised(scores[pair], worth[pair])
        assert [float(before), float(now)] == pytest.approx(expected, abs=0.0051)


def test_places_in_words_are_those_of_the_table(stored: Stored) -> None:
    sentences, places = (stored(f"posthoc_influence.{t}") for t in ("sentences", "ranks_without"))
    lists = stored("svd.recommendations")
    said = sentences.set_index(PAIR)["sentence"]
    told = stored("posthoc_influence.explanations")[[*PAIR, "rated_item_id"]]
    places = places.astype({"rated_item_id": "Int64"}).merge(told)  # what is noise is not told
    both = places.merge(lists, on=PAIR, suffixes=("", "_listed"))
    assert len(both) == len(places)
    assert (both["rank"] == both["rank_listed"]).all()
    assert not said.str.contains("predicted rating").any()
    n_moved = [0, 0]
    for pair, found in places.groupby(PAIR):
        numbers = [int(n.replace(",", "")) for n in re.findall(r"number ([\d,]+)", said[pair])]
        falls = found[found["rank_without"] >= found["rank"] + 2]  # one place is nothing to feel
        assert set(numbers) == set(falls["rank_without"])
        out = found[found["rank_without"] == 0]
        assert said[pair].count("would not be recommended") == len(out)
        moved = len(falls) + len(out)
        assert ("hang on" in said[pair]) == (moved == 0)
        n_moved[min(moved, 1)] += 1
    assert min(n_moved) > 10


def test_percentages_are_of_all_that_supports(stored: Stored) -> None:
    ratings, n_told = stored("interactions"), Counter[str]()
    for name in ("intrinsic_als", "intrinsic_ease", "intrinsic_knn"):
        tables = ("sentences", "totals", "explanations")
        sentences, totals, reasons = (stored(f"{name}.{table}") for table in tables)
        totals = totals.set_index(PAIR)
        rated = (
            ratings.user_rows(reasons["user_id"]),
            ratings.item_columns(reasons["rated_item_id"]),
        )
        liked = ratings.ratings[rated] >= LIKED
        cited = reasons[(reasons["position"] <= 3) & (reasons["weight"] > 0) & liked]
        weights = cited.groupby(PAIR)["weight"].agg(list)
        assert len(weights) == len(sentences)
        for user, item, sentence in sentences.itertuples(index=False):
            total = totals.loc[(user, item)]
            lower = total["lower"] / total["supporting"]
            mostly_lower = lower > 0.5
            grouped = not pd.isna(total["shared"]) and not mostly_lower
            # Where no rating stands out, the part of the group that does, or of all that is liked;
            # else that of each rating that is named.
            named = weights[user, item]
            diffuse = max(named) < 0.05 * total["supporting"] and total["n_liked"] > 3
            diffuse &= not mostly_lower
            together = total["of_sharing"] if grouped else total["supporting"] - total["lower"]
            parts = [together] if grouped or diffuse else list(named)
            n_told["grouped" if grouped else "diffuse" if diffuse else "single"] += 1
            parts += [total["lower"]] if lower >= 0.05 else []
            assert ("rests on what you rated below ★4" in sentence) == (lower >= 0.05)
            numbers = [int(n) for n in re.findall(r"(\d+) %", sentence)]
            expected = 100 * np.array(parts) / total["supporting"]
            np.testing.assert_allclose(numbers, expected, atol=0.51)
            assert sum(numbers) <= 102  # rounded
            assert f"the {total['n_sharing']} you liked" in sentence or not grouped
            assert (f"all {total['n_liked']} you liked" in sentence) == (diffuse and not grouped)
    assert min(n_told[form] for form in ("grouped", "diffuse", "single")) > 10


def adjusted_cosines(ratings: sparse.csr_array, item: int, shrinkage: float) -> NDArray[np.float64]:
    """Similarity of an item to all others, user by user."""
    table, rated = ratings.toarray().astype(float), np.zeros(ratings.shape, bool)
    rated[np.repeat(np.arange(len(table)), np.diff(ratings.indptr)), ratings.indices] = True
    means = table.sum(axis=1, keepdims=True) / rated.sum(axis=1)[:, None]
    centred = np.where(rated, table - means, 0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    cosines = centred[:, item] @ centred / np.maximum(lengths[item] * lengths, 1e-12)
    common = (rated[:, [item]] & rated).sum(axis=0)
    cosines[item] = -np.inf
    return cosines * common / (common + shrinkage)


@pytest.mark.parametrize("whose", ["als", *CONTROLS])
def test_similar_items_are_the_nearest_that_the_user_likes(whose: str, stored: Stored) -> None:
    lists, interactions = stored(f"{whose}.recommendations"), stored("interactions")
    name = (
        "posthoc_knn.explanations" if whose == "als" else f"similar_items.explanations_of_{whose}"
    )
    reasons = stored(name).set_index(PAIR)
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
        assert found["rated_item_id"].tolist() == interactions.item_ids[expected].tolist()
        np.testing.assert_allclose(found["weight"], similar[expected], rtol=1e-6)


@pytest.mark.parametrize(
    ("approach", "knowledge"),
    [
        ("posthoc_ar", "rules"),
        ("intrinsic_ar", "rules"),
        ("intrinsic_mf", "neighbours"),
        ("posthoc_knn", "similar_items"),
        ("posthoc_fm_lime", "posthoc_fm_lime"),
    ],
)
def test_coverage_stands_beside_that_of_trivial_lists(
    approach: str, knowledge: str, stored: Stored
) -> None:
    metrics = stored(f"{approach}.metrics")
    for control in CONTROLS:
        lists = stored(f"{control}.recommendations")
        reasons = stored(f"{knowledge}.explanations_of_{control}")
        share = len(reasons[PAIR].drop_duplicates()) / len(lists)
        assert metrics[f"coverage_of_{control}"] == pytest.approx(share)
    if not EXPLAINERS[APPROACHES[approach].explainer].asks_model:  # but counts who rated what
        assert metrics["coverage_of_random"] <= metrics["coverage_of_popularity"]


def test_parts_of_the_score_sum_to_it(stored: Stored) -> None:
    fond = fond_users(stored)
    for name in ("intrinsic_als", "intrinsic_ease", "intrinsic_knn", "knowledge_graph"):
        metrics, lists = (
            stored(n)
            for n in (f"{name}.metrics", f"{APPROACHES[name].recommender}.recommendations")
        )
        explained = stored(f"{name}.explanations")[PAIR].drop_duplicates()
        assert metrics["coverage"] == pytest.approx(len(explained) / len(lists)), name
        # The rest is noise, or over paths of too few of so few people.
        least = 0.9 if name == "knowledge_graph" else 0.95
        assert explained["user_id"].isin(fond).sum() > least * lists["user_id"].isin(fond).sum()
        assert metrics["additivity_error_relative"] < 1e-4, name
    # Of content all pieces are listed, where one of them is of a feature that the user likes.
    lists = stored("content.recommendations").set_index(PAIR)["score"]
    sums = stored("intrinsic_content.explanations").groupby(PAIR)["weight"].sum()
    assert len(sums) > 0.9 * len(lists)
    np.testing.assert_allclose(sums, lists[sums.index], rtol=1e-5)
    for name in ("posthoc_knn", "posthoc_influence", "posthoc_ar"):
        assert "additivity_error" not in stored(f"{name}.metrics")


def in_groups(items: pd.DataFrame, ids: NDArray[Any]) -> dict[str, NDArray[np.bool_]]:
    """Which items have each genre, and are of each decade."""
    items = items.set_index("item_id").loc[ids]
    genres = items["genres"].fillna("").str.split("|")
    decades = items["year"] // 10 * 10
    found = {
        f"genres={genre}": np.array([genre in of for of in genres]) for genre in set(genres.sum())
    }
    for decade in decades.dropna().unique():
        found[f"decade={decade}"] = (decades == decade).fillna(False).to_numpy(bool)
    return found


def test_weights_of_ease_are_those_of_the_formula(stored: Stored) -> None:
    model, interactions = stored("ease.model"), stored("interactions")
    lists, reasons = stored("ease.recommendations"), stored("intrinsic_ease.explanations")
    totals = stored("intrinsic_ease.totals").set_index(PAIR)
    having = in_groups(stored("items"), interactions.item_ids)
    p, ratings = model.parameters, interactions.ratings
    counted = np.maximum(1 + p.rating_weight * (ratings.data.astype(float) - model.mean), 0)
    lengths = np.diff(ratings.indptr)
    x = sparse.csr_array((counted, ratings.indices, ratings.indptr), shape=ratings.shape).toarray()
    trained = x * ((lengths / lengths.mean()) ** -p.length_damping)[:, None]
    # (X'X + lambda I)^-1 of the 200 most rated items would be another model; the whole is inverted
    # by Woodbury, as thousands of items square are too many here.
    kernel = np.linalg.inv(trained @ trained.T + p.regularization * np.eye(len(trained)))
    popular = np.bincount(ratings.indices, minlength=ratings.shape[1])
    told_of: Counter[bool] = Counter()
    for user, item in lists[PAIR].iloc[::40].itertuples(index=False):
        row = int(interactions.user_rows([user])[0])
        column = int(interactions.item_columns([item])[0])
        inverse = np.eye(1, ratings.shape[1], column)[0] - trained.T @ (kernel @ trained[:, column])
        weights = -inverse / inverse[column] * max(popular[column], 1) ** -p.popularity_damping
        weights[column] = 0
        terms = x[row] * weights
        score = lists.set_index(PAIR).loc[(user, item), "score"]
        assert score == pytest.approx(terms.sum(), rel=1e-4)
        likes = ratings[[row]].toarray()[0] >= LIKED
        told_of[liked_enough(terms, likes)] += 1
        if not liked_enough(terms, likes):
            assert (user, item) not in totals.index
            assert not ((reasons["user_id"] == user) & (reasons["item_id"] == item)).any()
            continue
        found = reasons[(reasons["user_id"] == user) & (reasons["item_id"] == item)]
        evidence = interactions.item_columns(found["rated_item_id"])
        np.testing.assert_allclose(found["weight"], terms[evidence], rtol=1e-4, atol=1e-8)
        total = totals.loc[(user, item)]
        shared = None if pd.isna(total["shared"]) else having[total["shared"]]
        told, _ = told_by_hand(terms, likes, floor_by_hand(model, ratings, row), shared)
        assert told == evidence.tolist()
        supports = np.maximum(terms, 0)
        assert total["supporting"] == pytest.approx(supports.sum(), rel=1e-4)
        assert total["opposing"] == pytest.approx(np.minimum(terms, 0).sum(), rel=1e-4)
        assert total["lower"] == pytest.approx(supports[~likes].sum(), rel=1e-4)
        of_group = supports[likes & shared] if shared is not None else np.empty(0)
        assert total["of_sharing"] == pytest.approx(of_group.sum(), rel=1e-4)
        assert total["n_sharing"] == (of_group > 0).sum()
        assert total["n_liked"] == (supports[likes] > 0).sum()
        assert shared is None or supports.max() < 0.05 * supports.sum()
        assert shared is None or shared[column]
    assert min(told_of[True], told_of[False]) > 0


@pytest.mark.parametrize("approach", ["posthoc_ar", "intrinsic_ar"])
def test_every_cited_rule_is_a_mined_one_whose_antecedents_are_liked(
    approach: str, stored: Stored
) -> None:
    reasons, cited = (stored(f"{approach}.{table}") for table in ("explanations", "cited_rules"))
    rules, interactions = stored("rules.rules"), stored("interactions")
    rows = interactions.known_rows(reasons["user_id"])
    columns = interactions.known_columns(reasons["rated_item_id"])
    assert (interactions.ratings[rows, columns] >= 4).all()
    assert (reasons["style"] == "rule").all()
    keys = [*PAIR, "group"]
    evidence = reasons.groupby(keys)["rated_item_id"].agg(lambda ids: tuple(sorted(ids)))
    antecedents = rules[["antecedent_1", "antecedent_2", "antecedent_3"]]
    mined = {
        (tuple(row.dropna().astype(int)), consequent): confidence
        for (_, row), consequent, confidence in zip(
            antecedents.iterrows(), rules["consequent"], rules["confidence"], strict=True
        )
    }
    for row in cited.itertuples():
        rule = (evidence[row.user_id, row.item_id, row.group], row.item_id)
        assert mined[rule] == row.confidence
    assert stored(f"{approach}.metrics")["median_lift"] >= 1.2


def test_rules_recommend_what_they_explain(stored: Stored) -> None:
    lists, cited = stored("ar.recommendations"), stored("intrinsic_ar.cited_rules")
    best = lists.merge(cited[cited["group"] == 1], on=PAIR)
    assert len(best) == len(lists) == len(stored("intrinsic_ar.sentences"))
    np.testing.assert_allclose(best["score"], best["confidence"], atol=1e-6)
    assert stored("intrinsic_ar.metrics")["coverage"] == 1


def test_evidence_of_neighbours_is_what_they_gave(stored: Stored) -> None:
    reasons, shares = (
        stored(name) for name in ("intrinsic_mf.explanations", "neighbours.explainability_by_users")
    )
    lists, metrics = stored("emf.recommendations"), stored("intrinsic_mf.metrics")
    assert (reasons["style"] == "neighbour").all()
    rated = reasons["evidence_id"].astype(float)
    spoken = reasons.assign(n=reasons["weight"].where(rated >= 4, 0))
    counts = spoken.groupby(PAIR)["n"].sum().reset_index()
    rows = shares.known_rows(counts["user_id"])
    columns = shares.known_columns(counts["item_id"])
    np.testing.assert_allclose(counts["n"] / 5, shares.ratings[rows, columns], atol=1e-6)
    of_lists = shares.ratings[
        shares.known_rows(lists["user_id"]), shares.known_columns(lists["item_id"])
    ]
    # An explanation needs two of five, .3 of them, and .6 of those who rated it; MEP by definition
    # a single one.
    ratings = stored("interactions").ratings.toarray().astype(float)
    lengths = np.sqrt((ratings**2).sum(axis=1))
    cosines = ratings @ ratings.T / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, -np.inf)
    near = np.argsort(-cosines, axis=1)[:, :5]
    given = ratings[
        near[shares.known_rows(lists["user_id"])].T, shares.known_columns(lists["item_id"])
    ]
    agreed, n_rated = (given >= LIKED).sum(axis=0), (given > 0).sum(axis=0)
    np.testing.assert_allclose(agreed / 5, of_lists, atol=1e-6)
    enough = (agreed >= 2) & (agreed / np.maximum(n_rated, 1) >= 0.6)
    assert (agreed >= 2).sum() > enough.sum() > 0
    found = counts.merge(lists[enough][PAIR])
    assert len(found) == len(counts) == enough.sum()
    assert metrics["coverage"] == pytest.approx(len(counts) / len(lists))
    assert (lists.groupby("user_id").size() == 10).all()
    assert metrics["mep_users@10"] == pytest.approx((of_lists > 0).mean())


def test_paths_lead_over_what_both_items_have(stored: Stored, data: Data) -> None:
    paths, triples = stored("knowledge_graph.paths"), stored("graph.triples")
    reasons, lists = stored("knowledge_graph.explanations"), stored("meta_paths.recommendations")
    keys = [*PAIR, "position"]
    told = reasons.drop(columns="position").rename(columns={"group": "position"})
    told = told.merge(paths, on=keys, suffixes=("", "_of_path"))
    assert len(told) == len(reasons) > 0.95 * len(paths)  # a few are noise
    assert (told["from_item"] == told["rated_item_id"]).all()
    np.testing.assert_allclose(told["weight_of_path"], told["weight"], rtol=1e-6)
    having = triples.groupby("tail")["head"].agg(set).to_dict()
    catalogue = {f"item:{item}" for item in data.interactions.item_ids}
    liked = data.interactions.ratings.toarray() >= LIKED
    columns = {key: data.interactions.known_columns(paths[key]) for key in ("from_item", "item_id")}
    for place, path in enumerate(paths.itertuples()):
        start, end = (columns[key][place] for key in ("from_item", "item_id"))
        if path.relation == "liked by the same people":
            assert (liked[:, start] & liked[:, end]).sum() == path.n_sharing > 0
        else:
            assert {f"item:{path.from_item}", f"item:{path.item_id}"} <= having[path.entity]
            assert len(having[path.entity] & catalogue) == path.n_sharing
    sums = paths.groupby(PAIR)["weight"].sum()
    scores = lists.set_index(PAIR)["score"][sums.index]
    assert (sums <= scores * (1 + 1e-5)).all()


@pytest.mark.parametrize("approach", ["posthoc_fm_lime", "posthoc_fm_lime_ratings"])
def test_every_recommendation_has_one_surrogate(approach: str, stored: Stored) -> None:
    recommender = approach.removeprefix("posthoc_").replace("_lime", "")
    for whose in (recommender, *CONTROLS):
        suffix = "" if whose == recommender else f"_of_{whose}"
        lists = stored(f"{whose}.recommendations")
        surrogates = stored(f"{approach}.surrogates{suffix}")
        reasons = stored(f"{approach}.explanations{suffix}")
        pd.testing.assert_frame_equal(surrogates[PAIR], lists[PAIR])
        assert (surrogates["n_samples"] == 200).all()
        assert (surrogates["effective_samples"] >= 30).all()
        width = 0.3 if approach == "posthoc_fm_lime_ratings" else 0.25  # of items, of groups
        assert (surrogates["widened"] == (surrogates["kernel_width"] > width)).all()
        assert surrogates["local_r2"].between(0, 1).all()
        good = surrogates[surrogates["held_out_r2"] >= 0.3]
        explained = reasons[PAIR].drop_duplicates()
        assert len(explained.merge(good[PAIR])) == len(explained) > 0.3 * len(lists)


def test_groups_are_those_of_the_users_ratings(stored: Stored) -> None:
    reasons, items = stored("posthoc_fm_lime.explanations"), stored("items").set_index("item_id")
    genres = items["genres"].str.split("|")
    ratings = stored("interactions")
    rows = ratings.user_rows(reasons["user_id"])
    of_users = [set(ratings.item_ids[ratings.ratings[[row]].indices]) for row in range(60)]
    grouped = reasons[reasons["style"] == "feature"]
    assert len(grouped) > 0.9 * len(reasons)
    assert (
        grouped["evidence_id"].astype("str") == "genres=" + grouped["evidence"].astype("str")
    ).all()
    cited = grouped.assign(row=rows[grouped.index]).dropna()
    assert len(cited) > 0.8 * len(grouped)
    for piece in cited.itertuples():
        assert piece.rated_item_id in of_users[piece.row]
        assert piece.evidence in genres[piece.rated_item_id]


def test_metrics_say_how_far_to_trust_surrogates(stored: Stored) -> None:
    metrics, surrogates = (stored(f"posthoc_fm_lime.{t}") for t in ("metrics", "surrogates"))
    r2 = surrogates["held_out_r2"]
    assert metrics["held_out_r2"] == pytest.approx(r2.groupby(surrogates["user_id"]).mean().mean())
    assert metrics["held_out_r2/low"] < metrics["held_out_r2"] < metrics["held_out_r2/high"]
    assert metrics["held_out_r2/n"] == 60
    for name, share in {"p10": 0.1, "median": 0.5, "p90": 0.9}.items():
        assert metrics[f"held_out_r2_{name}"] == pytest.approx(np.quantile(r2, share))
    assert metrics["share_held_out_r2_above_half"] == pytest.approx((r2 > 0.5).mean())
    assert metrics["n_widened"] == surrogates["widened"].sum()
    for control in CONTROLS:
        of_control = stored(f"posthoc_fm_lime.surrogates_of_{control}")
        mean = of_control["held_out_r2"].mean()
        assert metrics[f"held_out_r2_of_{control}"] == pytest.approx(mean)


def test_lime_is_repeated_under_other_seeds(stored: Stored) -> None:
    stability = stored("posthoc_fm_lime.stability")
    tried = list(zip(stability["neighbourhood"], stability["n_samples"], strict=True))
    assert tried == [(kind, n) for kind in ("groups", "history", "item", "user") for n in (50, 200)]
    assert (stability["n_explanations"] == 30).all()
    assert stability["top3_jaccard"].between(0, 1).all()
    figures = {name: stored(f"posthoc_fm_lime.{name}_figure") for name in FIGURES_OF_LIME}
    assert all(len(figure.data) for figure in figures.values())
    shown = int(title_of(figures["evidence"]).split(":")[0].removeprefix("User "))
    assert shown in set(stored("posthoc_fm_lime.explanations")["user_id"])
    names = list(figures["surrogate_fit"].layout.yaxis.ticktext)
    assert names == ["posthoc_fm_lime", *CONTROLS]


FIGURES_OF_LIME = ("evidence", "stability", "surrogate_fit")
