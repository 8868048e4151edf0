"""The null: does an explanation depend on whose history it is, or is it said to anybody?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys import draws
from explainable_recsys.data import Lists
from explainable_recsys.explainers.tables import check_evidence
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.bootstrap import ratio_with_interval
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters, greedy_users
from explainable_recsys.metrics.projected_evidence import is_rated
from explainable_recsys.ragged import expand


@dataclass(frozen=True, eq=False)
class Asked:
    """Recommendations that are asked about twice: given the own history, and another's.

    Attributes:
        rows: (m,) of the people's own lists.
        others: The same items as lists of the other people; where two people have one other
            person in common, what is asked of both stands there once.
        places: (m,) row there of each.
    """

    rows: NDArray[np.int64]
    others: Lists
    places: NDArray[np.int64]


def what_is_asked(lists: Lists, parameters: FaithfulnessParameters) -> Asked:
    """The recommendations of some users, but those of what the other person has rated.

    Who has rated an item needs no reason for it. So both answers are about the same
    recommendations, and from whole histories.

    Args:
        lists: Own lists.
        parameters: Of how many users, and the seed.
    """
    histories = lists.histories
    users = greedy_users(histories, parameters)
    other = np.full(histories.n_users, -1, np.int64)
    other[users] = nearest_in_length(histories, users, parameters.seed)
    rows = np.flatnonzero(other[lists.users] >= 0)
    rows = rows[~is_rated(histories, other[lists.users[rows]], lists.items[rows])]
    pairs = other[lists.users[rows]] * histories.n_items + lists.items[rows]
    _, first, places = np.unique(pairs, return_index=True, return_inverse=True)
    table = lists.table.iloc[rows[first]].reset_index(drop=True)
    table["user_id"] = histories.user_ids[other[lists.users[rows[first]]]]
    return Asked(rows, replace(Lists.of(histories, table), barred=lists.barred, n=lists.n), places)


def null_metrics(
    lists: Lists,
    evidence: pd.DataFrame,
    of_others: pd.DataFrame,
    parameters: FaithfulnessParameters,
    n_resamples: int,
    seed: int,
) -> dict[str, float]:
    """Coverage and strength of the reasons, on the own histories and on those of others.

    Coverage is the share of the recommendations asked about that are explained; the strength of an
    explanation is the sum of the weights of its pieces, in which what speaks against the
    recommendation counts against it. Both are pooled over users.

    Args:
        lists: Own lists.
        evidence: Of the own lists.
        of_others: Of the same explainer, of `Asked.others`.
        parameters: As `what_is_asked`.
        n_resamples: Bootstrap resamples of the users; 0 for no intervals, and no verdict.
        seed: Seed of the bootstrap.

    Returns:
        `coverage_of_own`, `coverage_of_null`, `strength_of_own`, `strength_of_null`, each with
        its interval and number of users; and `above_null`, 1 if coverage or strength on the own
        histories is above the interval of that on others', else 0: then the reasons say nothing
        about the person. Nothing if nothing is asked, no verdict if nothing is explained.
    """
    asked = what_is_asked(lists, parameters)
    if not len(asked.rows):
        return {}
    users = np.unique(lists.users[asked.rows], return_inverse=True)[1]
    over, under = pd.DataFrame(), pd.DataFrame()
    for of, values in (
        ("own", strengths(lists, evidence)[asked.rows]),
        ("null", strengths(asked.others, of_others)[asked.places]),
    ):
        explained = np.bincount(users, weights=~np.isnan(values))
        over[f"coverage_of_{of}"], under[f"coverage_of_{of}"] = explained, np.bincount(users)
        over[f"strength_of_{of}"] = np.bincount(users, weights=np.nan_to_num(values))
        under[f"strength_of_{of}"] = explained
    found = ratio_with_interval(over, under, n_resamples, seed)
    if not n_resamples or not found["coverage_of_own"]:
        return found
    above = [found[f"{m}_of_own"] > found[f"{m}_of_null/high"] for m in ("coverage", "strength")]
    return found | {"above_null": float(any(above))}


def strengths(lists: Lists, evidence: pd.DataFrame) -> NDArray[np.float64]:
    """Sum (n,) of the weights of each recommendation's pieces; NaN where there are none."""
    check_evidence(evidence, "weight")
    rows = lists.positions_of(evidence)
    weights = evidence["weight"].to_numpy(np.float64)[rows >= 0]
    rows = rows[rows >= 0]
    sums = np.bincount(rows, weights=weights, minlength=len(lists))
    return np.where(np.bincount(rows, minlength=len(lists)) > 0, sums, np.nan)


def nearest_in_length(
    histories: Interactions, users: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """For each user (m,), whose history is the nearest to the user's in length; ties by hash.

    Args:
        histories: Of everybody.
        users: Rows.
        seed: Of the hash.

    Returns:
        Rows (m,) of others; -1 where there is nobody else.
    """
    lengths = np.diff(histories.ratings.indptr)
    order = np.argsort(lengths, kind="stable")
    different, starts, counts = np.unique(lengths[order], return_index=True, return_counts=True)
    distances = np.abs(different - lengths[users, None]).astype(np.float64)
    distances[(counts == 1) & (distances == 0)] = np.inf  # nobody but oneself
    near = (distances == distances.min(axis=1, keepdims=True)) & np.isfinite(distances)
    asked, of_length = np.nonzero(near)
    origin, places = expand(starts[of_length], counts[of_length])
    asked, others = asked[origin], order[places]
    asked, others = asked[others != users[asked]], others[others != users[asked]]
    ids = draws.numbers(histories.user_ids)
    keys = draws.hashes(ids[users[asked]], ids[others], seed=seed, purpose="null: other person")
    by_hash = np.lexsort((keys, asked))
    asked, first = np.unique(asked[by_hash], return_index=True)
    found = np.full(len(users), -1, np.int64)
    found[asked] = others[by_hash][first]
    return found
