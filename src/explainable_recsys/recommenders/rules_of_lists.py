"""What a recommender's own lists, and its view of the users, add to the mining of rules."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.data import Data
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    TransactionParameters,
    user_clusters,
    user_transactions,
)
from explainable_recsys.knowledge.local_rules import nearest_by_factors
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.recommenders.base import FactorRecommender, Recommender
from explainable_recsys.recommenders.lists import best_columns


class ScopeParameters(Parameters):
    """Among whom rules are mined besides all users; 0 is nowhere else."""

    n_clusters: int = Field(0, ge=0)
    n_neighbours: int = Field(0, ge=0)
    seed: Seed = 0


def build_baskets_of(
    model: Recommender, data: Data, transactions: TransactionParameters
) -> Interactions:
    """One transaction per user: the recommender's best items, or what the user liked.

    Raises:
        InputError: If no rating counts as liked.
    """
    lists, interactions = None, data.interactions
    if transactions.source == "lists":
        lists = best_columns(model, interactions, transactions.list_length)
    held = user_transactions(data, transactions, lists)
    return Interactions(held, interactions.user_ids, interactions.item_ids)


def group_users(
    model: FactorRecommender, interactions: Interactions, parameters: ScopeParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cluster of each user, and nearest users; no rows where the scope is not asked for.

    Returns:
        Columns `user_id`, `cluster`; and `user_id`, `neighbour_id`.
    """
    ids = interactions.user_ids
    clusters = pd.DataFrame({"user_id": ids[:0], "cluster": np.empty(0, np.int32)})
    neighbours = pd.DataFrame({"user_id": ids[:0], "neighbour_id": ids[:0]})
    if parameters.n_clusters or parameters.n_neighbours:
        vectors = model.user_factors(interactions.ratings)
    if parameters.n_clusters:
        of_users = user_clusters(vectors, parameters.n_clusters, parameters.seed)
        clusters = pd.DataFrame({"user_id": ids, "cluster": of_users})
    if parameters.n_neighbours:
        nearest = nearest_by_factors(vectors, parameters.n_neighbours)
        neighbours = pd.DataFrame(
            {"user_id": np.repeat(ids, nearest.shape[1]), "neighbour_id": ids[nearest.ravel()]}
        )
    return clusters, neighbours
