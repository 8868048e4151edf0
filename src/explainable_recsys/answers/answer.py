"""The one way in which a question is answered, by nodes, terminal, notebooks and whatever comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.records import ExplainerRecord, Pair
from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.noise import noise_floor, what_is_said
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters, recommend
from explainable_recsys.wording.numbers import percentage
from explainable_recsys.wording.phrases import phrase


@dataclass(frozen=True, eq=False)
class FittedPair:
    """A pair with all that it needs to answer.

    Attributes:
        record: Which pair.
        model: The fitted recommender.
        parameters: Of the explainer.
        knowledge: What the explainer reads, by argument.
    """

    record: Pair
    model: Recommender
    parameters: Parameters
    knowledge: Mapping[str, Any]

    @property
    def explainer(self) -> ExplainerRecord:
        """The explainer's record."""
        return EXPLAINERS[self.record.explainer]

    def prepared(self, data: Data) -> FittedPair:
        """The same, ready for many questions: what can be made of its knowledge once is made."""
        made = {
            name: make(self.knowledge[name], data, self.parameters)
            for name, make in self.explainer.prepare.items()
        }
        return replace(self, knowledge={**self.knowledge, **made})

    @property
    def silence(self) -> str:
        """Why it has no reason for a recommendation for which it has none, after a colon."""
        return why_silent(self.explainer, self.parameters, self.knowledge)


@dataclass(frozen=True, eq=False)
class Answer:
    """Who is recommended what, and why.

    Attributes:
        recommendations: Columns `user_id`, `item_id`, `rank`, `score`.
        explanations: The evidence, in the order of telling; see `explainers.tables`.
        sentences: Columns `user_id`, `item_id`, `sentence`; no row where nothing explains.
        details: Other tables of the explainer, by name.
    """

    recommendations: pd.DataFrame
    explanations: pd.DataFrame
    sentences: pd.DataFrame
    details: Mapping[str, pd.DataFrame]


def answer(
    pair: FittedPair,
    data: Data,
    histories: Interactions | None = None,
    lists: Lists | None = None,
    recommendation: RecommendationParameters | None = None,
    only: NDArray[Any] | None = None,
    exclude: NDArray[Any] | None = None,
) -> Answer:
    """Recommend and explain; nothing is trained, and the same question has the same answer.

    Args:
        pair: Who answers.
        data: What the models learned from.
        histories: Who asks, known users or new ones, over the catalogue's columns; None: those
            of the data.
        lists: What to explain, by whomever it is recommended; None: the recommender's own lists.
        recommendation: How long lists are, and what may be on them; None: the usual. Given lists
            are explained as chosen from what may be, as parts of lists of that length.
        only: Ids of the items that may be recommended; None: all that are not in the history.
        exclude: Ids of items that may not.

    Raises:
        InputError: If an id is not known, or the pair cannot explain what it is asked for.
    """
    parameters = recommendation or RecommendationParameters()
    if lists is None:
        who = data.histories if histories is None else histories
        table = recommend(pair.model, who, parameters, only, exclude, data.interactions)
        lists = Lists.of(who, table)
    ranker = Ranker.of(pair.model, data.interactions, parameters.min_ratings, only, exclude)
    lists = replace(lists, barred=ranker.barred, n=parameters.n)
    order = {} if pair.record.order is None else {"order": pair.record.order}
    found = pair.explainer.explain(
        pair.model, data, lists, pair.parameters, **order, **pair.knowledge
    )
    if pair.explainer.asks_model:
        asked = lists.without_others()
        told = what_is_said(found.evidence, asked, noise_floor(ranker, asked), data.liking)
        found = replace(found, evidence=told)
    sentences = pair.explainer.phrase(found, data, lists, pair.parameters, **pair.knowledge)
    return Answer(lists.table, found.evidence, sentences, found.details)


def why_silent(
    explainer: ExplainerRecord, parameters: Parameters, knowledge: Mapping[str, Any]
) -> str:
    """Why an explainer has no reason where it has none, with its thresholds.

    Args:
        explainer: Its record.
        parameters: Of it.
        knowledge: By argument; only `neighbourhood` is read, where it has one.
    """
    near = knowledge.get("neighbourhood")
    of_items = near is not None and near.form == "items"
    record = EXPLAINERS["similar_items"] if of_items else explainer
    given = {name: value for name, value in parameters if isinstance(value, float)}
    shares = {name: percentage(100 * value) for name, value in given.items()}
    return phrase(record.silence, **shares)


def place_among_all(ranker: Ranker, one: Interactions, column: int, n: int) -> Lists:
    """One item as a list: its score, and its rank among all that may be recommended to one user.

    The rank is 0 where the item may not, and the score -inf.

    Args:
        ranker: The recommender, and what it recommends.
        one: A single history.
        column: The item's column.
        n: Length of the lists; see `Ranker.ranks`.
    """
    scores, columns = ranker.scores(one.ratings), np.array([column])
    table = pd.DataFrame(
        {
            "user_id": one.user_ids,
            "item_id": one.item_ids[columns],
            "rank": ranker.ranks(scores, columns, n).astype(np.int32),
            "score": scores[0, columns],
        }
    )
    return Lists.of(one, table)
