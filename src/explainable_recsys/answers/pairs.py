"""The approaches: pairs with a name of their own, one record each; and any other pair."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TypeVar

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import provided
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.errors import InputError, did_you_mean

Record = TypeVar("Record")

_ALL = (
    Pair(
        "intrinsic_als",
        "als",
        "contributions",
        "ALS by its contributions",
        "What the score loses without each of the rated items that it is made of.",
        intrinsic=True,
        exact=True,
        order="loss",
    ),
    Pair(
        "intrinsic_ar",
        "ar",
        "rules",
        "Association rules by themselves",
        "The rules that make the score.",
        intrinsic=True,
        exact=True,
    ),
    Pair(
        "intrinsic_content",
        "content",
        "features",
        "Content by its features",
        "The score taken apart into the features that it is made of.",
        intrinsic=True,
        exact=True,
    ),
    Pair(
        "intrinsic_ease",
        "ease",
        "contributions",
        "EASE by its contributions",
        "The score taken apart into the rated items that it is made of.",
        intrinsic=True,
        exact=True,
        order="share",
    ),
    Pair(
        "intrinsic_knn",
        "item_knn",
        "contributions",
        "Item neighbours by their contributions",
        "Which similar items put it on the list, of those that its score is made of.",
        intrinsic=True,
        exact=True,
        order="lead",
    ),
    Pair(
        "intrinsic_mf",
        "emf",
        "neighbours",
        "Explainable MF by neighbours",
        "How the people rated it whose taste the model was drawn to.",
        intrinsic=True,
    ),
    Pair(
        "knowledge_graph",
        "meta_paths",
        "paths",
        "Meta-paths by their paths",
        "The paths through the knowledge graph that carry the score.",
        intrinsic=True,
        exact=True,
    ),
    Pair(
        "posthoc_ar",
        "svd",
        "rules",
        "SVD by association rules",
        "Rules mined from everybody's likes that lead to what SVD recommends.",
    ),
    Pair(
        "posthoc_ar_of_lists",
        "svd",
        "rules",
        "SVD by rules of its own lists",
        "Rules mined from SVD's own lists, or among users whom it takes for alike.",
        knowledge=("rules_of_svd",),
        on_request=True,
    ),
    Pair(
        "posthoc_fm_lime",
        "fm",
        "lime",
        "Factorization machine by LIME",
        "A linear model of the machine's scores around each recommendation.",
    ),
    Pair(
        "posthoc_fm_lime_ratings",
        "fm_ratings",
        "lime",
        "Factorization machine's ratings by LIME",
        "A linear model of the predicted ratings around each recommendation.",
    ),
    Pair(
        "posthoc_influence",
        "svd",
        "influence",
        "SVD by influence",
        "How much SVD's score changes without a rating.",
        exact=True,
        order="loss",
    ),
    Pair(
        "posthoc_influence_ratings",
        "svd_ratings",
        "influence",
        "SVD's ratings by influence",
        "How much the predicted rating changes without a rating.",
        exact=True,
        order="loss",
    ),
    Pair(
        "posthoc_knn",
        "als",
        "similar_items",
        "ALS by similar items",
        "Which of the liked items are similar to what ALS recommends.",
    ),
)

APPROACHES = {pair.name: pair for pair in _ALL}


def record_of(records: Mapping[str, Record], name: str, what: str) -> Record:
    """The record of a name.

    Raises:
        InputError: If there is none, naming those that there are.
    """
    if name not in records:
        hint = did_you_mean(name, records)
        raise InputError(f"there is no {what} '{name}'; {hint}there are: {', '.join(records)}")
    return records[name]


def knowledge_of(pair: Pair) -> tuple[str, ...]:
    """Names of the knowledge that a pair's explainer reads."""
    return EXPLAINERS[pair.explainer].knowledge if pair.knowledge is None else pair.knowledge


def knowledge_inputs(pair: Pair) -> dict[str, str]:
    """The datasets of the knowledge that a pair's explainer reads, by its arguments."""
    asked = inspect.signature(EXPLAINERS[pair.explainer].explain).parameters
    return {k: v for k, v in provided(knowledge_of(pair)).items() if k in asked}


def explainers_for(recommender: str) -> list[str]:
    """Names of the explainers that can explain a recommender."""
    of = RECOMMENDERS[recommender]
    return [
        name
        for name, record in EXPLAINERS.items()
        if issubclass(of.model, record.needs) and name not in of.refuses
    ]


def pair_of(recommender: str, explainer: str) -> Pair:
    """The approach of a recommender and an explainer, or a pair without a name of its own.

    Raises:
        InputError: If there is no such recommender or explainer, or they do not fit.
    """
    record_of(RECOMMENDERS, recommender, "recommender")
    record_of(EXPLAINERS, explainer, "explainer")
    for pair in APPROACHES.values():
        if (pair.recommender, pair.explainer) == (recommender, explainer):
            return pair
    fitting = explainers_for(recommender)
    if explainer not in fitting:
        raise InputError(
            f"explainer '{explainer}' cannot explain recommender '{recommender}', which has: "
            f"{', '.join(fitting)}"
        )
    name = f"{recommender} by {explainer}"
    return Pair(name, recommender, explainer, name)
