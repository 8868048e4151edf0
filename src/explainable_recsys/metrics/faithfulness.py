"""Faithfulness: does a recommendation hang on the rated items that are said to explain it?"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.data import LIST_COLUMNS, Data, Lists, check_lists
from explainable_recsys.errors import require_columns
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.beyond_accuracy import item_popularity
from explainable_recsys.metrics.bootstrap import mean_with_interval, ratio_with_interval
from explainable_recsys.metrics.counterfactual_ranks import (
    MaskedHistories,
    Orders,
    counterfactual_ranks,
)
from explainable_recsys.metrics.greedy import ranks_without, take_away
from explainable_recsys.metrics.projected_evidence import Cited, projected_evidence
from explainable_recsys.metrics.ranking import top_k
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks, expand, place_in_run
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker
from explainable_recsys.threads import n_threads, one_blas_thread

RATINGS_AT_ONCE = 4_000
"""Ratings of the users who are looked at together."""

EVIDENCE = ("own", "random", "popular")
"""The explanation's own evidence, and its two controls."""

GREEDY = "greedy"
"""The ratings that hold a recommendation up most: as far as it can fall."""

STRONGEST = "strongest"
"""The strongest supporting pieces, where what is told first is not the strongest."""

SMALLEST_DROP = 0.02
"""Of POS, between random and greedy choice: nothing is a share of less than this."""

BY_REMOVAL = ("pos", "del", "cdcg")
BY_KEEPING = ("ps", "ins")
METRICS = (*BY_REMOVAL, *BY_KEEPING)
UNCITED = 1e6
"""Key of items that are not cited: beyond every place in an explanation."""

ENDS = ("", "/low", "/high", "/n")
TABLE_COLUMNS = (
    "metric",
    "evidence",
    "n_cited",
    "value",
    "low",
    "high",
    "n_users",
    "n_recommendations",
)


logger = logging.getLogger(__name__)


class FaithfulnessParameters(Parameters):
    """How many cited items are taken away, and of how many users.

    `n_cited` are the Ke; `reported` is the one that summaries show. The same `n_users` (None: all)
    are drawn for every approach, and `random_draws` random choices of items are averaged. Curves
    take away 0 to 100 % of the histories of the first `curve_users` drawn, in equal steps. The
    first `sample_users` (None: all of these) are those of whom more is asked: how far their
    recommendations can fall at all, and what is said of them on another person's history (the
    null). Ratios
    are taken where the personal part of a score is at least `least_personal` times as large as it
    is on average, in absolute terms.
    """

    n_cited: tuple[int, ...] = (1, 2, 3, 4, 5)
    reported: int = Field(3, ge=1)
    n_users: int | None = Field(100, ge=1)
    random_draws: int = Field(1, ge=1)
    sample_users: int | None = Field(60, ge=1)
    curve_users: int = Field(20, ge=0)
    curve_steps: int = Field(10, ge=2)
    least_personal: float = Field(0.1, gt=0)
    seed: Seed = 0

    @field_validator("n_cited")
    @classmethod
    def _rising(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if not sizes or sizes[0] < 1 or any(a >= b for a, b in pairwise(sizes)):
            raise ValueError("accepted: rising numbers from 1, such as [1, 2, 3]")
        return sizes

    @model_validator(mode="after")
    def _reported_is_measured(self) -> FaithfulnessParameters:
        if self.reported not in self.n_cited:
            raise ValueError(f"reported: {self.reported} is not among n_cited {self.n_cited}")
        return self


def reported_columns(k: int, parameters: FaithfulnessParameters) -> list[str]:
    """Names of the metrics that summaries show: the reported Ke, and the areas of POS and PS.

    And POS without what a greedy choice takes away.
    """
    sizes: list[tuple[str, int | str]] = [(metric, parameters.reported) for metric in METRICS]
    sizes += [("pos", "auc"), ("ps", "auc")]
    names = [column_name(metric, k, size, e) for metric, size in sizes for e in EVIDENCE]
    return [*names, *(column_name("pos", k, parameters.reported, e) for e in (GREEDY, STRONGEST))]


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """What taking evidence away does.

    Attributes:
        by_user: `user_id`, and a column for each metric, Ke and evidence: `pos@10,3` (K, Ke),
            `del@3` (Ke), those of the controls with `/random` or `/popular`; areas under the
            curves as `pos@10/auc`, `pos@10/auc/random`; `pos@10,3/greedy` of the reported Ke, of
            users for whom it is known; `pos@10,3/strongest` where the evidence has views. NaN where
            not defined for the user.
        table: The means over users: `metric`, `evidence`, `n_cited`, `value`, `low`, `high`,
            `n_users`, `n_recommendations`.
        curves: `metric`, `evidence`, `share` (of the history removed, or kept for ps and ins),
            `value`, `low`, `high`, `n_users`.
    """

    by_user: pd.DataFrame
    table: pd.DataFrame
    curves: pd.DataFrame


def measure_faithfulness(
    model: Recommender,
    data: Data,
    lists: Lists,
    evidence: pd.DataFrame,
    k: int,
    parameters: FaithfulnessParameters,
    n_resamples: int = 1000,
    min_ratings: int = 0,
) -> Faithfulness:
    """Take the cited items out of the histories, or everything else, and recommend again.

    For a recommended item y, with E the first Ke items cited for it, f_y(h) its score for the
    history h, and f_y(0) that for the empty history, the part that is not about the user:

    - pos: share of recommendations still in the top K without E (Baklanov et al. 2025; it is
      1 - PN of Tan et al. 2021); lower is more faithful
    - ps: share still in the top K if E is all there is; higher is better
    - del: mean of (f_y(x - E) - f_y(0)) / (f_y(x) - f_y(0)); lower is better
    - ins: the same with f_y(E); higher is better
    - cdcg: mean of 1 / log2(1 + rank of y without E); lower is better

    Ranks are among the items not in the full history x, in both cases: what is taken away does
    not come back as a candidate. The item side of the model stays as it was trained. Where an
    explanation cites fewer than Ke items, E is all of them. A score of -inf (nothing leads to the
    item) is the score of the empty history for the ratios, and no rank at all. Ratios leave out
    recommendations whose personal part f_y(x) - f_y(0) is negative or small (`least_personal`),
    where a ratio says nothing; how many are left is in the table.

    The controls take as many items as the explanation does: random ones of the user's history, and
    the most popular. Both are the same for all recommendations of a user, and random ones depend on
    the ids of user and item and the seed alone. In the curves, cited
    items that speak for the recommendation go first, those that speak against it last, and the
    others in between in random order.

    Args:
        model: The recommender whose lists are explained.
        data: What it learned from; says which items are popular.
        lists: What is explained, with ranks and scores; the top K count.
        evidence: Columns `user_id`, `item_id`, `rated_item_id`, `weight`; see
            `projected_evidence`.
        k: K.
        parameters: Ke, sample and curves.
        n_resamples: Bootstrap resamples of the users behind each interval; 0 for none.
        min_ratings: Items with fewer training ratings are never recommended.

    Raises:
        InputError: If K is below 1, or lists or evidence lack a column.
    """
    require_columns("recommendations", lists.table, LIST_COLUMNS)
    check_lists(lists.table)
    order = sampled_users(lists.histories, parameters)
    sample = np.sort(order)
    lists = lists.take(top_k(lists.table, k).index.to_numpy()).of_users(sample)
    cited = projected_evidence(lists, evidence)
    _mention_what_is_left_out(lists, evidence, len(cited.columns))
    nothing = _scores_of_nothing(model)
    personal = lists.table["score"] - nothing[lists.items]
    prober = _Prober(
        ranker=Ranker.of(model, data.interactions, min_ratings),
        histories=lists.histories,
        has_curves=np.isin(sample, order[: parameters.curve_users]),
        popularity=item_popularity(data.interactions),
        nothing=nothing,
        cited=cited,
        least=parameters.least_personal * float(personal.abs().mean()),
        k=k,
        parameters=parameters,
    )
    sums, counts = prober.run()
    users = np.unique(cited.users)
    ids = lists.histories.user_ids[users]
    found = _results(ids, sums[:, users], counts[:, users], k, parameters, n_resamples)
    probed = np.isin(sample, order[: parameters.sample_users])
    asked = prober.ranker, lists, cited, evidence, probed, k, parameters.reported
    more = {
        column_name("pos", k, parameters.reported, chosen): kept[users]
        for chosen, kept in _kept_otherwise(*asked).items()
    }
    return replace(found, by_user=found.by_user.assign(**more))


def possible_drop(
    by_user: pd.DataFrame, k: int, n_cited: int, n_resamples: int, seed: int
) -> dict[str, float]:
    """How much of the drop of POS that is possible the cited items bring about.

    (random - own) / (random - greedy), over the users of whom the greedy choice is known: a raw
    drop mixes how brittle a list is with how true the reason is.

    Args:
        by_user: As in `Faithfulness`.
        k: K.
        n_cited: Ke.
        n_resamples: Bootstrap resamples of the users; 0 for no interval.
        seed: Seed of the bootstrap.

    Returns:
        `possible_drop@K,Ke` with its interval and the number of users; nothing where greedy is not
        known, or no more than .02 below random.
    """
    names = [column_name("pos", k, n_cited, e) for e in ("own", "random", GREEDY)]
    if not set(names) <= set(by_user):
        return {}
    own, random, greedy = (by_user[name] for name in names)
    known = greedy.notna() & own.notna()
    possible = (random - greedy)[known]
    if not known.any() or possible.mean() < SMALLEST_DROP:
        return {}
    name = column_name("possible_drop", k, n_cited, "own")
    drop, most = (column[known].to_frame(name) for column in (random - own, random - greedy))
    return ratio_with_interval(drop, most, n_resamples, seed) | {f"{name}/n": float(known.sum())}


def _kept_otherwise(
    ranker: Ranker,
    lists: Lists,
    cited: Cited,
    evidence: pd.DataFrame,
    probed: NDArray[np.bool_],
    k: int,
    n_cited: int,
) -> dict[str, NDArray[np.float64]]:
    """Each user's share (n,) still in the top K without items that are not chosen as cited.

    They are chosen greedily, for users who are probed; and, where the evidence is ordered by
    something else, by their weights.
    """
    histories = lists.histories
    kept = {GREEDY: _kept_by_greedy(ranker, histories, cited, probed, k, n_cited)}
    if {"position", "lead"} <= set(evidence):
        by_strength = evidence.sort_values("weight", ascending=False, kind="stable")
        strongest = projected_evidence(lists, by_strength.drop(columns="position"))
        kept[STRONGEST] = _kept_without(ranker, histories, strongest, k, n_cited)
    return kept


def _kept_by_greedy(
    ranker: Ranker,
    histories: Interactions,
    cited: Cited,
    probed: NDArray[np.bool_],
    k: int,
    n_cited: int,
) -> NDArray[np.float64]:
    """Share (n,) of each user's explained recommendations that greedy choice leaves in the top K.

    As many ratings go as the explanation cites. NaN for users who are not probed (n,) or have none.
    """
    chosen = np.flatnonzero(probed[cited.users])
    of, items = cited.users[chosen], cited.items[chosen]
    users, rows = np.unique(of, return_inverse=True)
    _, ranks = take_away(ranker, histories.ratings[users], rows, items, k, n_cited)
    n_pieces = np.bincount(cited.recommendations, minlength=len(cited.users))[chosen]
    ranks = ranks[np.arange(len(chosen)), np.minimum(n_pieces, n_cited) - 1]
    kept, counts = (ranks > 0) & (ranks <= k), np.bincount(of, minlength=len(probed))
    shares: NDArray[np.float64] = np.full(len(probed), np.nan)
    np.divide(np.bincount(of, kept, len(probed)), counts, out=shares, where=counts > 0)
    return shares


def _kept_without(
    ranker: Ranker, histories: Interactions, cited: Cited, k: int, n_cited: int
) -> NDArray[np.float64]:
    """Share (n,) of each user's explained recommendations in the top K without their first Ke."""
    place = place_in_run(cited.recommendations)
    removed = np.full((len(cited.users), n_cited), -1, np.int64)
    first = place < n_cited
    removed[cited.recommendations[first], place[first]] = cited.columns[first]
    ranks = ranks_without(ranker, histories.ratings, cited.users, cited.items, removed, k)
    counts = np.bincount(cited.users, minlength=histories.n_users)
    kept = np.bincount(cited.users, (ranks > 0) & (ranks <= k), histories.n_users)
    shares: NDArray[np.float64] = np.full(histories.n_users, np.nan)
    np.divide(kept, counts, out=shares, where=counts > 0)
    return shares


def greedy_users(histories: Interactions, parameters: FaithfulnessParameters) -> NDArray[np.int64]:
    """Rows of the users of whom more is asked, the first of `sampled_users`."""
    return sampled_users(histories, parameters)[: parameters.sample_users]


def sampled_users(histories: Interactions, parameters: FaithfulnessParameters) -> NDArray[np.int64]:
    """Rows of the users whose recommendations are probed, in random order."""
    order = draws.random_order(histories.user_ids, parameters.seed, "faithfulness: users")
    return order if parameters.n_users is None else order[: parameters.n_users]


def column_name(metric: str, k: int, n_cited: int | str, evidence: str) -> str:
    """Name of a metric: `pos@10,3`, `del@3/random`, `pos@10/auc`."""
    at = [str(k)] if metric in ("pos", "ps", "possible_drop") else []
    if n_cited == "auc":
        name = "@".join([metric, *at]) + "/auc"
    else:
        name = f"{metric}@{','.join([*at, str(n_cited)])}"
    return name if evidence == "own" else f"{name}/{evidence}"


class _Prober:
    """Takes evidence away from blocks of users."""

    def __init__(
        self,
        ranker: Ranker,
        histories: Interactions,
        has_curves: NDArray[np.bool_],
        popularity: NDArray[np.int64],
        nothing: NDArray[np.float64],
        cited: Cited,
        least: float,
        k: int,
        parameters: FaithfulnessParameters,
    ) -> None:
        """Prepare what the blocks share.

        Args:
            ranker: The recommender, and what it recommends.
            histories: (n, n_items) those of the sampled users.
            has_curves: (n,) whose curves are asked for.
            popularity: (n_items,) how popular items are.
            nothing: (n_items,) scores of the empty history.
            cited: What is cited to the sampled users.
            least: Smallest personal part of a score that ratios are taken of.
            k: K.
            parameters: Ke, draws, curves.
        """
        self.ranker = ranker
        self._histories = histories.ratings
        self._has_curves = has_curves
        self._nothing = nothing
        self._cited = cited
        self._least = least
        self._k = k
        self._sizes = np.array(parameters.n_cited)
        self._shares = np.linspace(0, 1, parameters.curve_steps + 1)
        self._item_numbers = draws.hashes(
            histories.item_ids, seed=parameters.seed, purpose="faithfulness: fingerprints"
        )
        self._random_keys = _random_keys(histories, parameters)
        self._popular_keys = -popularity[self._histories.indices].astype(np.float64)

    def run(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums and counts (metrics, n, slots) over the recommendations of each user."""
        lengths = np.diff(self._histories.indptr).astype(np.int64)
        parts = list(blocks(lengths, RATINGS_AT_ONCE))
        with one_blas_thread(), ThreadPoolExecutor(n_threads()) as pool:
            found = list(
                progress(pool.map(self._block, parts), "take evidence away", total=len(parts))
            )
        return (
            np.concatenate([sums for sums, _ in found], axis=1),
            np.concatenate([counts for _, counts in found], axis=1),
        )

    def _block(self, part: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums and counts of some users."""
        block = _Block.of(self._cited, self._histories, part)
        orders = self._orders(block, part)
        queries, recommendations, slots = self._queries(block, part)
        ranks, scores = counterfactual_ranks(self.ranker, block.histories, orders, queries, self._k)
        values = self._values(queries, recommendations, ranks, scores, len(block.items))
        n_users, n_slots = part.stop - part.start, len(EVIDENCE) * self._n_steps
        cells = block.users[recommendations] * n_slots + slots
        sums = np.zeros((len(METRICS), n_users * n_slots))
        counts = np.zeros_like(sums)
        for number, metric in enumerate(METRICS):
            counted = (slots >= 0) & (queries.kept == (metric in BY_KEEPING))
            counted &= ~np.isnan(values[metric])
            of, size = cells[counted], sums.shape[1]
            sums[number] = np.bincount(of, weights=values[metric][counted], minlength=size)
            counts[number] = np.bincount(of, minlength=size)
        shape = (len(METRICS), n_users, n_slots)
        return sums.reshape(shape), counts.reshape(shape)

    @property
    def _n_steps(self) -> int:
        """Sizes and shares that are taken away."""
        return len(self._sizes) + len(self._shares)

    def _orders(self, block: _Block, part: slice) -> Orders:
        """Own orders, random ones, popular ones, and own orders for curves, one after another."""
        h = block.histories
        lengths = np.diff(h.indptr).astype(np.int64)
        users = np.arange(h.shape[0])
        of_part = slice(self._histories.indptr[part.start], self._histories.indptr[part.stop])
        random, popular = self._random_keys[:, of_part], self._popular_keys[of_part]
        own = block.keys(np.full(h.nnz, UNCITED), opposing_last=False)
        for_curves = block.keys(UNCITED + random[0], opposing_last=True)
        with_curve = self._has_curves[part][block.users]
        drawn = with_curve[np.repeat(np.arange(len(with_curve)), lengths[block.users])]
        return Orders.by_keys(
            h,
            np.concatenate([block.users, np.tile(users, len(random) + 1), block.users[with_curve]]),
            np.concatenate([own, random.ravel(), popular, for_curves[drawn]]),
            self._item_numbers,
        )

    def _queries(
        self, block: _Block, part: slice
    ) -> tuple[MaskedHistories, NDArray[np.int64], NDArray[np.int64]]:
        """What is asked about the recommendations of a block.

        Returns:
            The queries; the recommendation (q,) of each in the block, and the slot (q,) its answer
            counts in, -1 for the whole and the empty history.
        """
        n, n_users = len(block.users), part.stop - part.start
        everything = np.arange(n)
        n_draws = len(self._random_keys)
        cited = [everything]
        drawn = [n + draw * n_users + block.users for draw in range(n_draws)]
        popular = [n + n_draws * n_users + block.users]
        for_curves = (
            n + (n_draws + 1) * n_users + np.cumsum(self._has_curves[part][block.users]) - 1
        )
        lengths = np.diff(block.histories.indptr)[block.users]
        with_curve = np.flatnonzero(self._has_curves[part][block.users])
        asked = [(everything, everything, np.zeros(n, np.int64), -1)]
        for place, own in enumerate((cited, drawn, popular)):
            first = place * self._n_steps
            for order in own:
                for step, size in enumerate(self._sizes):
                    asked.append((everything, order, np.minimum(size, block.n_cited), first + step))
            for order in [for_curves] if place == 0 else own:
                for step, share in enumerate(self._shares, len(self._sizes)):
                    size = np.floor(share * lengths + 0.5).astype(np.int64)
                    asked.append((with_curve, order[with_curve], size[with_curve], first + step))
        recommendations, orders, sizes = (
            np.concatenate([np.concatenate([query[i] for query in asked])] * 2) for i in range(3)
        )
        slots = np.concatenate([np.full(len(query[0]), query[3]) for query in asked] * 2)
        kept = np.repeat([False, True], len(slots) // 2)
        items = block.items[recommendations]
        return MaskedHistories(items, orders, sizes, kept), recommendations, slots

    def _values(
        self,
        queries: MaskedHistories,
        recommendations: NDArray[np.int64],
        ranks: NDArray[np.int64],
        scores: NDArray[np.float64],
        n: int,
    ) -> dict[str, NDArray[np.float64]]:
        """What each answer says of each metric, (q,)."""
        base = self._nothing[queries.items]
        personal = np.where(ranks > 0, scores, base) - base
        whole = personal[:n]  # the first queries remove nothing
        ratio = np.full(len(ranks), np.nan)
        of = whole[recommendations]
        np.divide(personal, of, out=ratio, where=of >= max(self._least, np.finfo(float).tiny))
        survived = ((ranks > 0) & (ranks <= self._k)).astype(np.float64)
        gain = np.where(ranks > 0, 1 / np.log2(1 + np.maximum(ranks, 1)), 0.0)
        return {"pos": survived, "ps": survived, "cdcg": gain, "del": ratio, "ins": ratio}


@dataclass(frozen=True, eq=False)
class _Block:
    """Some users, what is recommended to them and why.

    Attributes:
        histories: (b, n_items) CSR.
        users: (n,) row of each recommendation's user, ascending.
        items: (n,) column of the recommended item.
        n_cited: (n,) how many items are cited for it.
        pieces: (p,) where each cited item is among the items of all recommendations' histories,
            written out one recommendation after another.
        places: (p,) place of the piece in its explanation, from 0.
        supports: (p,)
        entries: (sum of lengths,) position in `histories.indices` of what `pieces` points to.
    """

    histories: sparse.csr_array
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    n_cited: NDArray[np.int64]
    pieces: NDArray[np.int64]
    places: NDArray[np.int64]
    supports: NDArray[np.bool_]
    entries: NDArray[np.int64]

    @classmethod
    def of(cls, cited: Cited, histories: sparse.csr_array, part: slice) -> _Block:
        first, last = np.searchsorted(cited.users, [part.start, part.stop])
        own = slice(*np.searchsorted(cited.recommendations, [first, last]))
        numbers = cited.recommendations[own] - first
        users = cited.users[first:last] - part.start
        h = histories[part]
        lengths = np.diff(h.indptr).astype(np.int64)
        recommendations, entries = expand(h.indptr[users].astype(np.int64), lengths[users])
        items = recommendations * histories.shape[1] + h.indices[entries]  # ascending
        wanted = numbers * histories.shape[1] + cited.columns[own]
        return cls(
            histories=h,
            users=users,
            items=cited.items[first:last],
            n_cited=np.bincount(numbers, minlength=last - first),
            pieces=np.searchsorted(items, wanted),
            places=place_in_run(numbers),
            supports=cited.supports[own],
            entries=entries,
        )

    def keys(self, uncited: NDArray[np.float64], opposing_last: bool) -> NDArray[np.float64]:
        """Keys that sort each recommendation's history: cited items first, in their order.

        Args:
            uncited: (nnz,) keys of the other items.
            opposing_last: Whether cited items that speak against come last, the strongest at the
                very end.
        """
        keys = uncited[self.entries]
        last = opposing_last & ~self.supports
        keys[self.pieces] = np.where(last, 3 * UNCITED - self.places, self.places)
        return keys


def _random_keys(
    histories: Interactions, parameters: FaithfulnessParameters
) -> NDArray[np.float64]:
    """Keys (random_draws, nnz) that put each history's items in random orders."""
    users, items = draws.numbers(histories.user_ids), draws.numbers(histories.item_ids)
    return draws.uniforms(
        np.repeat(users, np.diff(histories.ratings.indptr)),
        items[histories.ratings.indices],
        np.arange(parameters.random_draws)[:, None],
        seed=parameters.seed,
        purpose="faithfulness: random evidence",
    )


def _mention_what_is_left_out(lists: Lists, evidence: pd.DataFrame, n_found: int) -> None:
    """Warn of cited items that are in nobody's history, and so cannot be taken away."""
    of_lists = evidence[lists.positions_of(evidence) >= 0].dropna(subset="rated_item_id")
    n_cited = len(of_lists.drop_duplicates(["user_id", "item_id", "rated_item_id"]))
    if n_found < n_cited or (not n_found and evidence["rated_item_id"].notna().any()):
        logger.warning(
            "of %d cited items (rated_item_id) of recommendations %d are in the history of the "
            "person to whom they are cited: the others cannot be taken away",
            n_cited,
            n_found,
        )


def _scores_of_nothing(model: Recommender) -> NDArray[np.float64]:
    """Scores (n_items,) of the empty history, 0 where that is -inf."""
    scores = model.scores_of_nothing.astype(np.float64)
    return np.where(np.isfinite(scores), scores, 0.0)


def _results(
    user_ids: NDArray[Any],
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    k: int,
    parameters: FaithfulnessParameters,
    n_resamples: int,
) -> Faithfulness:
    """Name the means of the slots."""
    means = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    n_sizes, n_shares = len(parameters.n_cited), parameters.curve_steps + 1
    by_evidence = (len(METRICS), len(user_ids), len(EVIDENCE), n_sizes + n_shares)
    means, counts = means.reshape(by_evidence), counts.reshape(by_evidence)
    curves = means[..., n_sizes:]
    areas = np.trapezoid(curves, dx=1 / parameters.curve_steps, axis=3)
    draws = {"random": parameters.random_draws}
    columns: dict[str, NDArray[np.float64]] = {}
    rows, points = [], []
    for e, evidence in enumerate(EVIDENCE):
        for m, metric in enumerate(METRICS):
            for i, size in enumerate(parameters.n_cited):
                name = column_name(metric, k, size, evidence)
                columns[name] = means[m, :, e, i]
                n = counts[m, :, e, i].sum() / draws.get(evidence, 1)
                rows.append((metric, evidence, size, name, round(n)))
            columns[column_name(metric, k, "auc", evidence)] = areas[m, :, e]
            for i, share in enumerate(np.linspace(0, 1, n_shares)):
                points.append((metric, evidence, share, curves[m, :, e, i]))
    by_user = pd.DataFrame(columns)
    found = mean_with_interval(by_user, n_resamples, parameters.seed)
    table = pd.DataFrame(
        [
            (metric, evidence, size, *(found.get(name + end, np.nan) for end in ENDS), n)
            for metric, evidence, size, name, n in rows
        ],
        columns=list(TABLE_COLUMNS),
    )
    return Faithfulness(
        by_user.assign(user_id=user_ids)[["user_id", *by_user.columns]],
        table.astype({"n_users": np.int64}),
        _curve_table(points, n_resamples, parameters.seed),
    )


def _curve_table(
    points: list[tuple[str, str, float, NDArray[np.float64]]], n_resamples: int, seed: int
) -> pd.DataFrame:
    """Mean of every point of the curves over the users who have one."""
    by_user = pd.DataFrame({str(place): values for place, (*_, values) in enumerate(points)})
    found = mean_with_interval(by_user, n_resamples, seed)
    rows = [
        (*point, *(found.get(f"{place}{end}", np.nan) for end in ENDS))
        for place, (*point, _) in enumerate(points)
    ]
    columns = ["metric", "evidence", "share", "value", "low", "high", "n_users"]
    return pd.DataFrame(rows, columns=columns).astype({"n_users": np.int64})
