"""All that somebody in a study is shown and asked to do, made once, when their ratings are done."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.app.service import Service
from explainable_recsys.app.study.reasons import Prepared, Reason, asked, lister_of
from explainable_recsys.app.study.store import Listed, Shown, Task
from explainable_recsys.draws import hashes
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.greedy import ranks_without, take_away
from explainable_recsys.recommenders.lists import Ranker
from explainable_recsys.study.assignment import Trial, assign
from explainable_recsys.study.plan import Kind, Plan
from explainable_recsys.wording.phrases import nearest, speaking

SIDE_BY_SIDE, FORECAST, CORRECTION = "side_by_side", "forecast", "correction"
"""The tasks, as the store calls them."""

DRAWN = "drawn"
"""The form of a reason that is no sentence."""

N_CITED = 3
"""Pieces of a reason that are taken away to see how true it is."""

TOP = 10
"""The best of a list, out of which a film is to be moved."""

NOTHING: Reason = {"sentence": "", "evidence": [], "cited": []}
"""The reason of who is shown none."""


@dataclass(frozen=True)
class Made:
    """All that is shown to somebody, as the store keeps it."""

    listed: tuple[Listed, ...]
    trials: tuple[Shown, ...]
    tasks: tuple[Task, ...]


def made(service: Service, plan: Plan, one: Interactions, number: int, language: str) -> Made:
    """Make what somebody is shown; the same ratings, number and language get the same.

    A task has in its `options`, besides the reason that is shown with it:
    of `side_by_side` the reasons as `choices`, each with its `kind`;
    of `forecast` the `rank`, and ratings as `choices`: `item_id`, `rating`, and the `rank` without
    it, of which the greatest is right;
    of `correction` the `rank`, and how many are the best (`top`), out of which it is to be moved.

    Args:
        service: The approaches of the study's run.
        plan: The study.
        one: A single history.
        number: Of the participant, from 0.
        language: Of the plan's texts, and of the reasons if there is a catalog of it.

    Raises:
        NotHereError: If an approach of the plan is not here.
    """
    with speaking(nearest(language)):
        return _made(service, plan, one, number, language)


def _made(service: Service, plan: Plan, one: Interactions, number: int, language: str) -> Made:
    """The same, in the language that is spoken here."""
    prepared = asked(service, plan, one)
    trials = assign(plan, number, prepared.pool)
    ranker = lister_of(service, plan).ranker()
    maker = _Maker(plan, one, number, language, prepared, ranker, {t.item_id for t in trials})
    return Made(
        tuple(_listed(prepared)),
        tuple(map(maker.shown, trials)),
        (*maker.side_by_side(), *maker.forecasts(), *maker.corrections()),
    )


def _listed(prepared: Prepared) -> Iterator[Listed]:
    """The list, and which kinds of reasons explain each item: from these items are assigned."""
    pool, kinds = prepared.pool, [kind.name for kind in prepared.plan.explained]
    explained = pool[kinds].to_numpy(bool)
    rows = zip(pool["rank"], pool["item_id"], pool["score"], explained, strict=True)
    for rank, item, score, by in rows:
        named = [kind for kind, is_by in zip(kinds, by, strict=True) if is_by]
        yield Listed(int(rank), str(item), float(score), named)


@dataclass(frozen=True, eq=False)
class _Maker:
    """Makes the parts, one from what the others left.

    Attributes:
        plan: The study.
        one: A single history.
        number: Of the participant.
        language: Of the plan's texts.
        prepared: The list, and what can be said of it.
        ranker: Of the recommender.
        seen: Items of the trials.
    """

    plan: Plan
    one: Interactions
    number: int
    language: str
    prepared: Prepared
    ranker: Ranker
    seen: set[Any]

    @cached_property
    def ranks(self) -> dict[Any, int]:
        """Of the items on the list."""
        table = self.prepared.lists.table
        return dict(zip(table["item_id"].tolist(), table["rank"].tolist(), strict=True))

    @cached_property
    def left(self) -> list[Any]:
        """Items for tasks in random order, those first that were not seen yet."""
        return sorted(self._shuffled(self.ranks), key=lambda item: item in self.seen)

    def reason(self, kind: Kind, item: Any) -> Reason:
        """What a kind says of an item; without a sentence if nothing."""
        if kind.says is not None:
            return {**NOTHING, "sentence": kind.says.said(self.language)}
        return {**self.prepared.reasons.get(kind.name, {}).get(item, NOTHING)}

    def drawn(self, form: str, kind: str, item: Any) -> dict[str, Any] | None:
        """The evidence as a drawing, where that is the form."""
        return self.prepared.drawn(kind, item) if form == DRAWN else None

    def shown(self, trial: Trial) -> Shown:
        """A recommendation as it is shown."""
        kind = next(kind for kind in self.plan.kinds if kind.name == trial.kind)
        reason = self.reason(kind, trial.item_id)
        table = self.prepared.lists.table
        return Shown(
            position=trial.position,
            kind=trial.kind,
            form=trial.form,
            item_id=str(trial.item_id),
            rank=int(trial.rank),
            score=float(table["score"][table["item_id"] == trial.item_id].iloc[0]),
            stratum=int(trial.stratum),
            sentence=reason.pop("sentence"),
            reason={
                **reason,
                "drawing": self.drawn(trial.form, trial.kind, trial.item_id),
                "faithfulness": self.faithfulness(trial.item_id, reason["cited"]),
            },
        )

    def side_by_side(self) -> Iterator[Task]:
        """Items of which each kind says something, with all of it in random order."""
        kinds = [kind for kind in self.plan.kinds if kind.approach or kind.says]
        for number in range(1, self.plan.blocks.side_by_side + 1):
            item = self._take(lambda _: True, *kinds)
            if item is None:
                return
            said = {kind.name: self.reason(kind, item) for kind in kinds}
            form = self.plan.forms[0]
            choices = [
                {
                    "kind": kind,
                    **said[kind],
                    "drawing": self.drawn(form, kind, item),
                    "faithfulness": self.faithfulness(item, said[kind]["cited"]),
                }
                for kind in self._shuffled(said, item)
            ]
            options = {"rank": self.ranks[item], "choices": choices}
            yield Task(SIDE_BY_SIDE, number, str(item), "", options)

    def forecasts(self) -> Iterator[Task]:
        """Items which one rating holds up more than others."""
        number = 0
        for kind in self._kinds(self.plan.blocks.forecast):
            item = self._take(self._choices, kind)
            if item is not None:
                number += 1
                options = {**self._facts(kind, item), "choices": self._choices(item)}
                yield Task(FORECAST, number, str(item), kind.name, options)

    def corrections(self) -> Iterator[Task]:
        """Items among the best."""
        number = 0
        for kind in self._kinds(self.plan.blocks.correction):
            item = self._take(lambda item: self.ranks[item] <= TOP, kind)
            if item is not None:
                number += 1
                options = {**self._facts(kind, item), "top": TOP}
                yield Task(CORRECTION, number, str(item), kind.name, options)

    def faithfulness(self, item: Any, cited: list[Any]) -> float | None:
        """How far an item falls without what its reason cites first, of how far it could fall.

        Both are falls of log rank, without up to three ratings. None without a reason, or where
        nothing makes it fall.
        """
        if not cited:
            return None
        columns = self.one.item_columns(np.array(cited[:N_CITED]))
        after = ranks_without(
            self.ranker,
            self.one.ratings,
            np.zeros(1, np.int64),
            self.one.item_columns(np.array([item])),
            columns[None, :],
            self.plan.pool.length,
        )
        own = math.log(self._last(after)[0] / self.ranks[item])
        most = max(own, math.log(self.lowest(item) / self.ranks[item]))
        return max(own, 0.0) / most if most > 0 else None

    def lowest(self, item: Any) -> int:
        """The rank to which an item falls without the ratings that hold it up most."""
        if item not in self._lowest:  # of a task
            self._lowest[item] = self._fallen([item])[item]
        return self._lowest[item]

    @cached_property
    def _lowest(self) -> dict[Any, int]:
        return self._fallen(sorted(self.seen, key=self.ranks.__getitem__)) if self.seen else {}

    def _fallen(self, items: list[Any]) -> dict[Any, int]:
        columns = self.one.item_columns(np.array(items))
        rows, n = np.zeros(len(items), np.int64), self.plan.pool.length
        _, ranks = take_away(self.ranker, self.one.ratings, rows, columns, n, N_CITED)
        return dict(zip(items, self._last(ranks).max(axis=1).tolist(), strict=True))

    @cached_property
    def falls(self) -> dict[Any, NDArray[np.int64]]:
        """Ranks of each item of the list without each of the ratings, by what if."""
        row, columns = self.one.ratings, self.prepared.lists.items
        n, others = row.nnz, ~np.eye(row.nnz, dtype=bool)
        each = sparse.csr_array(
            (
                np.tile(row.data, (n, 1))[others],
                np.tile(row.indices, (n, 1))[others],
                np.arange(n + 1) * (n - 1),
            ),
            shape=(n, row.shape[1]),
        )
        scores = self.ranker.scores(each)
        ranks = [self.ranker.ranks(own, columns, self.plan.pool.length) for own in scores]
        return dict(zip(self.ranks, self._last(np.array(ranks)).T, strict=True))

    def _choices(self, item: Any) -> list[dict[str, Any]]:
        """Ratings to choose from, one of which holds the item up most; none if no one does."""
        falls, rated, n = self.falls[item], self.one.ratings, self.plan.blocks.forecast_options
        best = int(falls.argmax())
        others = self._shuffled(np.flatnonzero(falls < falls[best]).tolist(), item)[: n - 1]
        if falls[best] <= self.ranks[item] or len(others) < n - 1:
            return []
        return [
            {
                "item_id": str(self.one.item_ids[rated.indices[place]]),
                "rating": float(rated.data[place]),
                "rank": int(falls[place]),
            }
            for place in self._shuffled([best, *others], item)
        ]

    def _facts(self, kind: Kind, item: Any) -> dict[str, Any]:
        reason = self.reason(kind, item)
        return {
            "rank": self.ranks[item],
            **reason,
            "drawing": self.drawn(self.plan.forms[0], kind.name, item),
            "faithfulness": self.faithfulness(item, reason["cited"]),
        }

    def _kinds(self, n: int) -> Iterator[Kind]:
        """Kinds with an approach in turn, from another one on for each participant."""
        kinds = self.plan.explained
        return (kinds[(self.number + turn) % len(kinds)] for turn in range(n if kinds else 0))

    def _take(self, fits: Callable[[Any], object], *kinds: Kind) -> Any:
        """The first item left that fits and that kinds explain; None without one.

        It is not left then.
        """
        explained = (
            item for item in self.left if all(self.reason(kind, item)["sentence"] for kind in kinds)
        )
        item = next((item for item in explained if fits(item)), None)
        if item is not None:
            self.left.remove(item)
        return item

    def _last(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ranks, where what is not recommended any more has the last one."""
        return np.where(ranks == 0, len(self.one.item_ids), ranks)

    def _shuffled(self, some: Iterable[Any], *about: Any) -> list[Any]:
        """In an order that depends on the participant, and on what it is about."""
        items = list(some)
        ids = [np.array([str(one)]) for one in (self.number, *about)]
        names = pd.Index(items).astype(str)
        drawn = hashes(*ids, names, seed=self.plan.seed, purpose="tasks of a study")
        return [items[place] for place in np.argsort(drawn, kind="stable")]
