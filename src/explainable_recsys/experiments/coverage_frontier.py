"""How many recommendations rules explain at other thresholds: coverage against lift."""

from __future__ import annotations

import logging
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.rule_explanations import RuleIndex, look_up
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    Rules,
    mine,
    take,
)
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.parameters import Parameters, each
from explainable_recsys.progress import progress

logger = logging.getLogger(__name__)

Shares = Annotated[
    tuple[float, ...],
    each(lambda share: 0 < share <= 1, "numbers above 0 and up to 1"),
    AfterValidator(lambda shares: tuple(sorted(shares))),
]


class FrontierParameters(Parameters):
    """The thresholds to try; `max_antecedents` bounds the work where support is low."""

    min_supports: Shares = Field((0.01, 0.02, 0.05, 0.1, 0.2), min_length=1)
    min_confidences: Shares = Field((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), min_length=1)
    max_antecedents: int = Field(1, ge=1, le=3)


def find_frontier(
    baskets: Interactions,
    data: Data,
    recommendations: pd.DataFrame,
    thresholds: RuleParameters,
    parameters: FrontierParameters,
    evaluation: EvaluationParameters,
    **of_controls: pd.DataFrame,
) -> pd.DataFrame:
    """Coverage and lift of rules at other thresholds, to choose by."""
    liked = data.liking.interactions(data.histories)
    tables = {"own": recommendations} | {
        name: of_control_users(table, evaluation) for name, table in of_controls.items()
    }
    lists = {name: Lists.of(data.histories, table) for name, table in tables.items()}
    return coverage_frontier(baskets.ratings, liked, lists, thresholds, parameters)


def coverage_frontier(
    transactions: sparse.csr_array,
    liked: Interactions,
    lists: dict[str, Lists],
    thresholds: RuleParameters,
    parameters: FrontierParameters,
) -> pd.DataFrame:
    """Coverage and median lift as functions of the support and confidence asked of a rule.

    A recommendation is covered if some rule of all users leads to it from what the user likes;
    the lift is that of the most confident such rule.

    Args:
        transactions: (n_users, n_items) CSR of ones.
        liked: What each user likes.
        lists: Recommendations by name; of the first the lift is reported too.
        thresholds: `min_lift`, engine and limit of the mining.
        parameters: The grid.

    Returns:
        Supports that are too low to be counted are left out with a warning. Columns
        `min_support`, `min_confidence`, `n_rules`, `coverage` and `median_lift` of
        the first list, and `coverage_of_<name>` of each other; a row per pair of thresholds.
    """
    rules, min_supports = _loosest_rules(transactions, thresholds, parameters)
    rows, everyone = [], np.zeros(liked.n_users, np.int32)  # in the same cluster
    for min_support in progress(min_supports, "coverage frontier", "support"):
        frequent = take(rules, rules.support >= min_support)
        clusters = np.zeros(len(frequent), np.int32)
        index = RuleIndex.build(frequent, clusters, liked.n_items, "confidence")
        best = {
            name: look_up(index, liked.ratings, made.users, made.items, everyone, 1).rules
            for name, made in lists.items()
        }
        for min_confidence in parameters.min_confidences:
            n_rules = int((frequent.confidence >= min_confidence).sum())
            row = {"min_support": min_support, "min_confidence": min_confidence}
            rows.append(row | {"n_rules": n_rules} | _at_confidence(best, lists, min_confidence))
    return pd.DataFrame(rows)


def _loosest_rules(
    transactions: sparse.csr_array, thresholds: RuleParameters, parameters: FrontierParameters
) -> tuple[Rules, tuple[float, ...]]:
    """The rules at the lowest support that can be counted, and the supports from there on.

    Raises:
        InputError: If none can.
    """
    for place, min_support in enumerate(parameters.min_supports):
        loosest = {
            "min_support": min_support,
            "min_confidence": parameters.min_confidences[0],
            "max_antecedents": parameters.max_antecedents,
        }
        try:
            rules, _ = mine(transactions, thresholds.model_copy(update=loosest))
        except InputError as error:
            logger.warning("coverage frontier: left out support %g: %s", min_support, error)
            continue
        return rules, parameters.min_supports[place:]
    raise InputError(
        f"parameter frontier.min_supports: no support can be counted with "
        f"frontier.max_antecedents = {parameters.max_antecedents}; see the warnings above"
    )


def _at_confidence(
    best: dict[str, Rules], lists: dict[str, Lists], min_confidence: float
) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, rules in best.items():
        kept = rules.confidence >= min_confidence
        coverage = kept.sum() / max(1, len(lists[name]))
        if row:
            row[f"coverage_of_{name}"] = coverage
        else:
            row = {"coverage": coverage, "median_lift": pd.Series(rules.lift[kept]).median()}
    return row
