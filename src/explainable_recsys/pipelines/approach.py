"""What every approach is made of: its own nodes, the data, the baselines, its evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines import data_processing
from explainable_recsys.pipelines.evaluation import nodes as evaluation
from explainable_recsys.recommenders.top_n import recommend

SHARED_DATA = frozenset({"interactions", "items", "users", "train_ratings", "validation_ratings"})
EVALUATION_DATA = frozenset({"test_ratings", *SHARED_DATA})
SHARED_PARAMETERS = frozenset({"params:recommendation", "params:evaluation", "params:source"})

EVALUATION_TAG = "evaluation"


def approach_pipeline(name: str, nodes: Iterable[Node]) -> Pipeline:
    """Everything `kedro run --pipelines <name>` does, from the raw files on.

    Args:
        name: Name of the approach, the namespace of its datasets and parameters.
        nodes: Nodes that make `model` (and `explanations`, `sentences` if it explains) from
            the shared tables, without namespace. The list of recommendations and the
            evaluation are added here, the same for every approach.
    """
    from explainable_recsys.pipelines import baselines

    return baselines.create_pipeline() + evaluated_approach(name, nodes)


def evaluated_approach(name: str, nodes: Iterable[Node]) -> Pipeline:
    """Data processing and one approach with its recommendations and metrics."""
    made = Pipeline(
        [
            *nodes,
            Node(
                recommend,
                ["model", "interactions", "params:recommendation"],
                "recommendations",
                name="recommend",
            ),
        ]
    )
    explained = "explanations" in made.all_outputs()
    approach = made + Pipeline([_evaluation_node(explained)], tags=EVALUATION_TAG)
    inputs = approach.inputs()
    return data_processing.create_pipeline() + Pipeline(
        approach,
        namespace=name,
        inputs=set(inputs & EVALUATION_DATA),
        parameters=set(inputs & SHARED_PARAMETERS),
    )


def _evaluation_node(explained: bool) -> Node:
    inputs = ["model", "recommendations", "interactions", "items", "test_ratings"]
    parameters = ["params:evaluation", "params:recommendation", "params:source"]
    if explained:
        return Node(
            evaluation.evaluate_with_explanations,
            [*inputs, "explanations", *parameters],
            "metrics",
            name="evaluate",
        )
    return Node(evaluation.evaluate, [*inputs, *parameters], "metrics", name="evaluate")
