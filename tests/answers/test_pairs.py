"""Which recommender can be explained how, and what is said of what does not fit."""

from __future__ import annotations

import pytest

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import KNOWLEDGE, provided
from explainable_recsys.answers.pairs import (
    APPROACHES,
    explainers_for,
    knowledge_of,
    pair_of,
    record_of,
)
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.errors import InputError

ANY = {"rules", "neighbours", "similar_items", "lime"}
"""Explainers that ask a recommender for nothing but scores."""

OF_ITS_OWN = {
    "als": {"contributions", "influence"},
    "content": {"contributions", "features"},
    "ease": {"contributions"},
    "item_knn": {"contributions"},
    "meta_paths": {"contributions", "paths"},
    **{key: {"influence"} for key in ("svd", "svd_ratings", "mf")},
    **{key: {"influence"} for key in ("fm", "fm_ratings")},
}
"""Explainers that need more, and what has it."""


@pytest.mark.parametrize("recommender", RECOMMENDERS)
def test_explainers_of_a_recommender(recommender: str) -> None:
    assert set(explainers_for(recommender)) == ANY | OF_ITS_OWN.get(recommender, set())


def test_an_approach_is_found_by_its_parts() -> None:
    for name, pair in APPROACHES.items():
        found = pair_of(pair.recommender, pair.explainer)
        assert found.name == ("posthoc_ar" if name == "posthoc_ar_of_lists" else name)


def test_any_other_pair_has_a_name() -> None:
    pair = pair_of("ease", "rules")
    assert pair.name == pair.title == "ease by rules"
    assert (pair.recommender, pair.explainer) == ("ease", "rules")
    assert not pair.intrinsic
    assert not pair.exact
    assert knowledge_of(pair) == ("rules",)


@pytest.mark.parametrize(
    ("recommender", "explainer", "message"),
    [
        (
            "ease",
            "influence",
            "explainer 'influence' cannot explain recommender 'ease', which has: contributions, "
            "rules, neighbours, similar_items, lime",
        ),
        (
            "emf",
            "influence",
            "explainer 'influence' cannot explain recommender 'emf', which has: rules, neighbours, "
            "similar_items, lime",
        ),
        ("bias", "paths", "'paths' cannot explain recommender 'bias', which has: rules, neigh"),
        ("sdv", "rules", "no recommender 'sdv'; did you mean 'svd'.* there are: popularity, rand"),
        ("svd", "rule", "no explainer 'rule'; did you mean 'rules'.* there are: contributions, "),
        ("", "rules", "no recommender ''; there are: popularity"),
    ],
)
def test_pairs_that_are_not_there(recommender: str, explainer: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        pair_of(recommender, explainer)


def test_knowledge_is_the_explainers_unless_the_pair_says_otherwise() -> None:
    assert knowledge_of(APPROACHES["posthoc_ar"]) == ("rules",)
    assert knowledge_of(APPROACHES["posthoc_ar_of_lists"]) == ("rules_of_svd",)
    assert knowledge_of(APPROACHES["intrinsic_als"]) == ("features",)  # to group ratings by
    assert knowledge_of(APPROACHES["posthoc_influence"]) == ()


def test_knowledge_of_one_kind_gives_the_same_arguments() -> None:
    usual, of_lists = provided(["rules"]), provided(["rules_of_svd"])
    assert usual.keys() < of_lists.keys()
    assert provided([]) == {}
    for record in EXPLAINERS.values():
        assert set(record.knowledge) <= KNOWLEDGE.keys()


def test_records_by_name() -> None:
    assert record_of(EXPLAINERS, "lime", "explainer").details == (
        "surrogates",
        "projected_evidence",
    )
