"""The function of the nodes that explain lists."""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd

from explainable_recsys.answers.answer import FittedPair, answer
from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import knowledge_inputs
from explainable_recsys.answers.records import Pair
from explainable_recsys.data import Data, Lists
from explainable_recsys.metrics.null import what_is_asked
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters


class Explain:
    """The node function that answers for a pair, with the types of the pair's own parameters."""

    def __init__(self, pair: Pair, control: bool = False, null: bool = False) -> None:
        """Prepare.

        Args:
            pair: Who answers.
            control: Whether the lists are a control's, of which only some users' are explained.
            null: Whether some users' lists are explained to others, who have histories as long.
        """
        self.pair, self.control, self.null = pair, control, null
        self.__name__ = "explain"
        explainer = EXPLAINERS[pair.explainer]
        known = inspect.signature(explainer.explain, eval_str=True).parameters
        kinds: dict[str, Any] = {
            "model": Recommender,
            "data": Data,
            "recommendations": pd.DataFrame,
            "parameters": explainer.parameters,
            "recommendation": RecommendationParameters,
            **{name: known[name].annotation for name in knowledge_inputs(pair)},
        }
        if control:
            kinds["evaluation"] = EvaluationParameters
        if null:
            of_null = inspect.signature(what_is_asked, eval_str=True)
            kinds["faithfulness"] = of_null.parameters["parameters"].annotation
        self.__annotations__ = kinds
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
                for name, kind in kinds.items()
            ]
        )

    def __call__(
        self,
        model: Recommender,
        data: Data,
        recommendations: pd.DataFrame,
        parameters: Parameters,
        recommendation: RecommendationParameters,
        evaluation: EvaluationParameters | None = None,
        faithfulness: Any = None,
        **knowledge: Any,
    ) -> pd.DataFrame | tuple[pd.DataFrame, ...]:
        """Explain stored lists: evidence, sentences, details; of controls only what is read.

        Of the null the evidence alone.
        """
        explainer = EXPLAINERS[self.pair.explainer]
        parameters = explainer.parameters.model_validate(parameters)  # {} of an approach without
        if evaluation is not None:
            recommendations = of_control_users(recommendations, evaluation)
        lists = Lists.of(data.histories, recommendations)
        if faithfulness is not None:
            lists = what_is_asked(lists, faithfulness).others
        pair = FittedPair(self.pair, model, parameters, knowledge)
        said = answer(pair, data, lists=lists, recommendation=recommendation)
        if self.null:
            return said.explanations
        if not self.control:
            details = (said.details[name] for name in explainer.details)
            return (said.explanations, said.sentences, *details)
        compared = tuple(said.details[name] for name in explainer.compared)
        return (said.explanations, *compared) if compared else said.explanations
