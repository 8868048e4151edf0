"""Every approach of the project with its shipped parameters, outside of Kedro.

Parameters come from conf/base, so that a default changed there is the one that is measured.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from data import calibrated
from explainable_recsys.explainers.contributions import explain_by_contributions
from explainable_recsys.explainers.lime import LimeParameters
from explainable_recsys.explainers.neighbours import explain_by_neighbours
from explainable_recsys.explainers.rule_explanations import RuleExplanationParameters
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import RuleParameters, TransactionParameters
from explainable_recsys.knowledge.features import FeatureParameters, Features
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.intrinsic_ar.nodes import collect_rules
from explainable_recsys.pipelines.posthoc_ar import nodes as posthoc_ar
from explainable_recsys.pipelines.posthoc_fm_lime import nodes as posthoc_fm_lime
from explainable_recsys.pipelines.posthoc_knn import nodes as posthoc_knn
from explainable_recsys.preprocessing.splits import Split
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import AdditiveRecommender, Recommender
from explainable_recsys.recommenders.bias import Bias, BiasParameters
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.fm import FM, FMParameters
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from explainable_recsys.recommenders.rating_factors import RatingFactors
from explainable_recsys.recommenders.svd import SVD, SVDParameters

# Where the parameters stand that are not a model's.
FM_BLOCK = posthoc_fm_lime.NAME
TRANSACTIONS = ("posthoc_ar", "transactions")
THRESHOLDS = ("posthoc_ar", "rules")

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False)
class Experiment:
    """One split of the ratings, what is known of users and items, and the shipped parameters."""

    split: Split
    train: Interactions
    items: pd.DataFrame
    users: pd.DataFrame
    scale: tuple[float, float]
    shipped: dict[str, Any]

    def parameters(self, kind: type[P], approach: str, block: str = "model", **changes: Any) -> P:
        """A block of the shipped parameters, with some changes."""
        return kind.model_validate(self.shipped[approach][block] | changes)


Fit = Callable[[Experiment], Recommender]
Explain = Callable[[Experiment, Recommender, pd.DataFrame], pd.DataFrame]
"""Lists in, explanations out."""


def fit_als(one: Experiment) -> ALS:
    """ALS."""
    return ALS.fit(one.train, one.parameters(ALSParameters, "intrinsic_als"))


def fit_bias(one: Experiment) -> Bias:
    """Biases of users and items."""
    return Bias.fit(one.train, one.parameters(BiasParameters, "bias"))


def fit_ease(one: Experiment, **changes: Any) -> EASE:
    """EASE."""
    return EASE.fit(one.train, one.parameters(EASEParameters, "intrinsic_ease", **changes))


def fit_emf(one: Experiment) -> EMF:
    """Explainable matrix factorization."""
    return EMF.fit(one.train, one.parameters(EMFParameters, "intrinsic_mf"), neighbourhood(one))


def fit_fm(
    one: Experiment,
    train: Interactions,
    learned: posthoc_fm_lime.LearnedFeatures | None = None,
    **changes: Any,
) -> FM:
    """The factorization machine, from the shipped features if no others are named."""
    learned = learned or one.parameters(
        posthoc_fm_lime.LearnedFeatures, FM_BLOCK, "learned_features"
    )
    parameters = one.parameters(FMParameters, FM_BLOCK, **changes)
    model = posthoc_fm_lime.fit_fm(train, *features(one, train), parameters, learned)
    assert isinstance(model, FM)
    return model


def fit_list_fm(one: Experiment) -> FM:
    """The factorization machine over the items that somebody rated."""
    return fit_fm(one, one.train)


def fit_item_knn(one: Experiment) -> ItemKNN:
    """Item-kNN."""
    return ItemKNN.fit(one.train, one.parameters(ItemSimilarityParameters, "item_knn"))


def fit_popular(one: Experiment) -> Popularity:
    """The most popular items."""
    return Popularity.fit(one.train)


def fit_random(one: Experiment) -> RandomScores:
    """Random items."""
    return RandomScores.fit(one.train, one.parameters(RandomScoresParameters, "random"))


def fit_rules(one: Experiment) -> Recommender:
    """The rules that explain SVD, as a recommender."""
    transaction = one.parameters(TransactionParameters, *TRANSACTIONS)
    return collect_rules(mined(one, fit_svd(one)).rules, one.train, transaction)


@functools.cache
def fit_svd(one: Experiment, **changes: Any) -> SVD:
    """SVD with the user penalty that is best on the validation part; never timed, so kept."""
    parameters = one.parameters(SVDParameters, "posthoc_ar", **changes)
    return calibrated(one.split, parameters, one.scale)[1]


def features(one: Experiment, train: Interactions) -> tuple[Features, Features]:
    """What items and users are like."""
    parameters = one.parameters(FeatureParameters, FM_BLOCK, "features")
    return posthoc_fm_lime.build_features(train, train, one.items, one.users, parameters)[:2]


def neighbourhood(one: Experiment) -> NeighbourhoodParameters:
    """Whose ratings explain an item in explainable matrix factorization."""
    return one.parameters(NeighbourhoodParameters, "intrinsic_mf", "neighbourhood")


class Mined(NamedTuple):
    """What posthoc_ar explains by."""

    rules: pd.DataFrame
    transactions: Interactions
    clusters: pd.DataFrame
    neighbours: pd.DataFrame


def mined(one: Experiment, model: ALS | SVD) -> Mined:
    """Transactions, groups of users, and rules."""
    transaction = one.parameters(TransactionParameters, *TRANSACTIONS)
    transactions = posthoc_ar.build_transactions(model, one.train, transaction)
    scopes = one.parameters(posthoc_ar.ScopeParameters, "posthoc_ar", "scopes")
    clusters, neighbours = posthoc_ar.group_users(model, one.train, scopes)
    thresholds = one.parameters(RuleParameters, *THRESHOLDS)
    rules, *_ = posthoc_ar.mine_rules(transactions, clusters, one.items, thresholds)
    return Mined(rules, transactions, clusters, neighbours)


def without_prior(fit: Callable[[Experiment], RatingFactors]) -> Fit:
    """The same model ranking by predicted ratings alone."""
    return lambda one: fit(one).with_popularity_weight(0.0)


def by_contributions(one: Experiment, model: Recommender, lists: pd.DataFrame) -> pd.DataFrame:
    """What each rated item contributes to the score."""
    assert isinstance(model, AdditiveRecommender)
    n_evidence = one.shipped["intrinsic_als"]["explanation"]["n_evidence"]
    return explain_by_contributions(model, one.train, lists, one.items, n_evidence)


def by_neighbours(one: Experiment, _: Recommender, lists: pd.DataFrame) -> pd.DataFrame:
    """How the nearest users rated it, looking for them included."""
    return explain_by_neighbours(one.train, one.train, lists, one.items, neighbourhood(one))


def by_similar_items(one: Experiment, _: Recommender, lists: pd.DataFrame) -> pd.DataFrame:
    """Similar items that the user rated highly, looking for them included."""
    near = ItemKNN.fit(
        one.train, one.parameters(ItemSimilarityParameters, "posthoc_knn", "neighbours")
    )
    parameters = one.parameters(posthoc_knn.SimilarItemsParameters, "posthoc_knn", "explanation")
    return posthoc_knn.explain(near, one.train, lists, one.items, parameters)


def by_rules(one: Experiment, model: Recommender, lists: pd.DataFrame) -> pd.DataFrame:
    """Association rules, mining included; lists that no factors made get the rules of SVD."""
    found = mined(one, model if isinstance(model, ALS | SVD) else fit_svd(one))
    explanations, _ = posthoc_ar.explain(
        found.rules,
        one.train,
        one.train,
        found.transactions,
        found.clusters,
        found.neighbours,
        lists,
        one.items,
        one.parameters(TransactionParameters, *TRANSACTIONS),
        one.parameters(RuleParameters, *THRESHOLDS),
        one.parameters(RuleExplanationParameters, "posthoc_ar", "explanation"),
    )
    return explanations


def by_lime(one: Experiment, model: Recommender, lists: pd.DataFrame) -> pd.DataFrame:
    """LIME, describing users and items included."""
    return lime(one, model, lists)[0]


def lime(
    one: Experiment, model: Recommender, lists: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explanations and surrogates."""
    parameters = one.parameters(LimeParameters, FM_BLOCK, "lime")
    described = features(one, one.train)
    return posthoc_fm_lime.explain(model, one.train, lists, one.items, *described, parameters)
