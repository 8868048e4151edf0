"""What every approach is made of: its own nodes, the data, the baselines, its evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from kedro.pipeline import Node, Pipeline

from explainable_recsys.interactions import Interactions
from explainable_recsys.pipelines.data_processing import prepare_data
from explainable_recsys.pipelines.evaluation import nodes as evaluation
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

RAW_TABLES = frozenset({"raw_items", "raw_tags", "raw_triples", "raw_links", "raw_linked_items"})
"""What the data set's files say of items, for approaches that read more than titles and genres."""

SHARED_DATA = RAW_TABLES | frozenset(
    {
        "interactions",
        "histories",
        "items",
        "users",
        "train_ratings",
        "validation_ratings",
        "data_version",
    }
)
EVALUATION_DATA = frozenset({"test_ratings", *SHARED_DATA})
SHARED_PARAMETERS = frozenset(
    f"params:{name}" for name in ("recommendation", "evaluation", "faithfulness", "source")
)

EVALUATION_TAG = "evaluation"

CONTROLS = ("popularity", "random")
"""Baselines whose lists an explainer is tried on, to see what its coverage is worth."""


def approach_pipeline(
    name: str,
    nodes: Iterable[Node],
    borrowed: Mapping[str, str] | None = None,
    explain_controls: bool = False,
) -> Pipeline:
    """Everything `kedro run --pipelines <name>` does, from the raw files on.

    Args:
        name: Name of the approach, the namespace of its datasets and parameters.
        nodes: Nodes that make `model` (and `explanations`, `sentences` if it explains) from
            the shared tables, without namespace. What they make as `own_metrics`, a flat
            JSON object, is reported with the metrics. The list of recommendations and the
            evaluation are added here, the same for every approach.
        borrowed: Datasets and parameters of other approaches that the nodes read: the name in
            the nodes, and the full name, such as `{"rules": "posthoc_ar.rules"}`.
        explain_controls: Let the node that makes `explanations` also explain the most popular
            and the random list: `recommendations_of_popularity`, `explanations_of_popularity`,
            and the same of `random`.
    """
    from explainable_recsys.pipelines import baselines

    approach = evaluated_approach(name, nodes, borrowed, explain_controls)
    return baselines.create_pipeline() + approach


def evaluated_approach(
    name: str,
    nodes: Iterable[Node],
    borrowed: Mapping[str, str] | None = None,
    explain_controls: bool = False,
) -> Pipeline:
    """Data processing and one approach with its recommendations and metrics."""
    made = Pipeline([*nodes, _lists_node()])
    borrowed = dict(borrowed or {})
    if explain_controls:
        made += Pipeline([node for control in CONTROLS for node in _control_nodes(made, control)])
        borrowed |= {f"{control}_model": f"{control}.model" for control in CONTROLS}
    judge = evaluation.evaluate_post_hoc if "model" in borrowed else evaluation.evaluate
    judged = Pipeline(_evaluation_nodes(judge, made.all_outputs()), tags=EVALUATION_TAG)
    approach = made + judged
    inputs = approach.inputs()
    names = {name: name for name in inputs & (EVALUATION_DATA | SHARED_PARAMETERS)} | borrowed
    parameters = {name: full for name, full in names.items() if name.startswith("params:")}
    namespaced = Pipeline(
        approach,
        namespace=name,
        inputs={name: full for name, full in names.items() if name not in parameters},
        parameters=parameters,
    )
    return prepare_data() + namespaced


def make_lists(
    model: Recommender,
    histories: Interactions,
    data_version: dict[str, Any],
    parameters: RecommendationParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Recommend, and keep with the lists which data they were made from."""
    return recommend(model, histories, parameters), data_version


def make_control_lists(
    model: Recommender,
    histories: Interactions,
    parameters: RecommendationParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """A baseline's lists for `control_users` of the users, to try an explainer on."""
    chosen = np.arange(histories.n_users)
    if evaluation.control_users is not None:
        rng = np.random.default_rng(evaluation.seed)
        chosen = np.sort(rng.permutation(chosen)[: evaluation.control_users])
    some = Interactions(histories.ratings[chosen], histories.user_ids[chosen], histories.item_ids)
    return recommend(model, some, parameters)


def _lists_node() -> Node:
    return Node(
        make_lists,
        ["model", "histories", "data_version", "params:recommendation"],
        ["recommendations", "made_from"],
        name="recommend",
    )


def _control_nodes(made: Pipeline, control: str) -> list[Node]:
    """A baseline's list, and the node that makes the explanations put to work on it.

    The list is made here again: borrowed as it is, the model output of one approach would come
    before the model of another, and kedro-viz would have no order of layers.
    """
    (node,) = (node for node in made.nodes if "explanations" in node.outputs)
    lists = f"recommendations_of_{control}"
    inputs = [lists if name == "recommendations" else name for name in node.inputs]
    outputs = [f"{output}_of_{control}" for output in node.outputs]
    return [
        Node(
            make_control_lists,
            [f"{control}_model", "histories", "params:recommendation", "params:evaluation"],
            lists,
            name=f"recommend_{control}",
        ),
        Node(
            node.func,
            inputs,
            outputs if len(outputs) > 1 else outputs[0],
            name=f"{node.name}_{control}",
        ),
    ]


def _evaluation_nodes(judge: Callable[..., Any], available: set[str]) -> list[Node]:
    """Evaluate with everything that this approach makes."""
    nodes = []
    parameters = {
        "parameters": "params:evaluation",
        "recommendation": "params:recommendation",
        "source": "params:source",
    }
    if "explanations" in available:
        nodes.append(_faithfulness_node(available))
        available = available | {"faithfulness_by_user"}
        parameters["faithfulness_parameters"] = "params:faithfulness"
    required = [
        "model",
        "recommendations",
        "interactions",
        "histories",
        "items",
        "test_ratings",
        "made_from",
        "data_version",
    ]
    optional = {"explanations", "own_metrics", "faithfulness_by_user"}
    for control in CONTROLS:
        optional |= {f"recommendations_of_{control}", f"explanations_of_{control}"}
    inputs = {name: name for name in [*required, *sorted(optional & available)]}
    outputs = ["metrics", "user_metrics", "evaluated_on"]
    return [*nodes, Node(judge, inputs | parameters, outputs, name="evaluate")]


def _faithfulness_node(available: set[str]) -> Node:
    inputs = ["model", "interactions", "histories", "recommendations", "explanations"]
    inputs += sorted({"history_evidence"} & available)
    return Node(
        evaluation.take_evidence_away,
        {name: name for name in inputs}
        | {"evaluation": "params:evaluation", "parameters": "params:faithfulness"},
        ["faithfulness", "faithfulness_curves", "faithfulness_by_user"],
        name="take_evidence_away",
    )
