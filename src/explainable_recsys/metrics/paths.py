"""Path quality: how recent, how popular, how varied (Balloccu et al. 2022; measured by hopwise)."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.knowledge.features import Features
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.parameters import EvaluationParameters

DECAY = 0.3
"""Weight of the newest value in the running means of recency and popularity (Balloccu et al.)."""


def path_metrics(
    paths: pd.DataFrame,
    ratings: pd.DataFrame,
    degrees: pd.DataFrame,
    n_relations: int,
    n_resamples: int,
    seed: int,
) -> dict[str, float]:
    """Measure the paths of every user's list, and average over users.

    Recency of a rating is an exponentially weighted running mean of the times of the user's
    ratings, scaled to 0 for the oldest and 1 for the newest; popularity of an entity the same
    over the entities of its relation, from the rarest to the most frequent. Paths over people
    pass no entity, and have no popularity.

    Args:
        paths: Columns `user_id`, `item_id`, `position`, `from_item`, `relation`, `entity`.
        ratings: Columns `user_id`, `item_id`, `timestamp` (may be absent or missing).
        degrees: Columns `relation`, `entity`, `degree` of all entities of the graph.
        n_relations: How many relations there are.
        n_resamples: Of the bootstrap over users.
        seed: Of the bootstrap.

    Returns:
        `linking_interaction_recency` (LIR), `shared_entity_popularity` (SEP),
        `path_type_diversity` (PTD: relations of the list's best paths, among as many as there
        could be), `path_type_concentration` (PTC: Simpson's index, the probability that two of
        these have the same relation), each with its interval; absent where nothing defines it.
    """
    best = paths[paths["position"] == 1]
    of_paths = pd.DataFrame(index=pd.Index(paths["user_id"].unique(), name="user_id").sort_values())
    recency = paths.merge(
        interaction_recency(ratings),
        left_on=["user_id", "from_item"],
        right_on=["user_id", "item_id"],
        how="left",
    )
    known = entity_popularity(degrees)
    names = known["relation"].astype("str") + "\0" + known["entity"].astype("str")
    entities = paths["relation"].astype("str") + "\0" + paths["entity"].astype("str")
    popularity = entities.map(pd.Series(known["popularity"].to_numpy(), names)).astype("float64")
    of_paths["linking_interaction_recency"] = recency.groupby("user_id")["recency"].mean()
    of_paths["shared_entity_popularity"] = popularity.groupby(paths["user_id"]).mean()
    counts = best.groupby(["user_id", "relation"], observed=True).size()
    n = counts.groupby("user_id").sum()
    of_paths["path_type_diversity"] = counts.groupby("user_id").size() / n.clip(upper=n_relations)
    pairs = (counts * (counts - 1)).groupby("user_id").sum()
    of_paths["path_type_concentration"] = pairs / (n * (n - 1)).where(n > 1)
    measured = of_paths.dropna(axis="columns", how="all")
    return mean_with_interval(measured, n_resamples, seed)


def interaction_recency(ratings: pd.DataFrame) -> pd.DataFrame:
    """Recency (0 to 1) of each rating among those of the user, missing without times.

    With times t in order, r_1 = t_1 and r_i = (1 - decay) r_(i-1) + decay t_i, then scaled to
    0 .. 1 by user.

    Returns:
        `user_id`, `item_id`, `recency`.
    """
    if "timestamp" not in ratings:
        return ratings[["user_id", "item_id"]].iloc[:0].assign(recency=1.0)
    known = ratings[ratings["timestamp"].notna()].sort_values(["user_id", "timestamp", "item_id"])
    seconds = known["timestamp"].astype("int64").astype("float64")
    return known[["user_id", "item_id"]].assign(recency=_scaled(seconds, known["user_id"]))


def entity_popularity(degrees: pd.DataFrame) -> pd.DataFrame:
    """Popularity (0 to 1) of each entity among those of its relation, by its degree.

    Returns:
        `relation`, `entity`, `popularity`.
    """
    known = degrees.sort_values(["relation", "degree", "entity"])
    values = _scaled(known["degree"].astype("float64"), known["relation"].astype("str"))
    return known[["relation", "entity"]].assign(popularity=values)


def _scaled(values: pd.Series[float], groups: pd.Series) -> pd.Series[float]:
    """Running mean within each group, in order, scaled to 0 .. 1 (1 where all are equal).

    The values of a group stand one after another.
    """
    running = values.groupby(groups, sort=False).ewm(alpha=DECAY, adjust=False).mean()
    means = pd.Series(running.to_numpy(), values.index)
    least = means.groupby(groups, sort=False).transform("min")
    spread = means.groupby(groups, sort=False).transform("max") - least
    return ((means - least) / spread.where(spread > 0)).fillna(1.0)


def measure_paths(
    paths: pd.DataFrame,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    entities: Features,
    relation_weights: pd.DataFrame,
    evaluation: EvaluationParameters,
) -> dict[str, float]:
    """`path_metrics` of an approach, from what is stored of it."""
    degrees = pd.DataFrame(
        {
            "relation": entities.groups,
            "entity": entities.names,
            "degree": entities.matrix.sum(axis=0),
        }
    )
    ratings = pd.concat([train_ratings, validation_ratings])
    return path_metrics(paths, ratings, degrees, len(relation_weights), *evaluation.resampling)
