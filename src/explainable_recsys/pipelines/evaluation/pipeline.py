"""Wiring of the evaluation: finds the approaches by itself."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.discovery import approach_names, every_approach
from explainable_recsys.pipelines.evaluation import comparison
from explainable_recsys.pipelines.evaluation.stability import stability_node

EVALUATION, FAITHFULNESS = "params:evaluation", "params:faithfulness"
FIGURES = ("trade_off_figure", "faithfulness_figure", "faithfulness_curves_figure")


def create_pipeline(**_: Any) -> Pipeline:
    """Evaluate the stored results of every approach again, compare them, write the report."""
    from explainable_recsys.pipelines.approach import EVALUATION_TAG

    approaches = every_approach()
    evaluations = approaches.only_nodes_with_tags(EVALUATION_TAG)
    compared = Pipeline(
        [*_comparison(evaluations), stability_node(approaches), *_report(approaches)],
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
    return evaluations + compared


def _comparison(evaluations: Pipeline) -> list[Node]:
    faithful = _of(evaluations, "faithfulness", "faithfulness_curves")
    return [
        Node(
            comparison.compare,
            _of(evaluations, "metrics", "evaluated_on"),
            "comparison",
            name="compare",
        ),
        Node(
            comparison.gather_faithfulness,
            faithful | _of(evaluations, "metrics"),
            ["faithfulness", "faithfulness_curves", "faithfulness_scope"],
            name="gather_faithfulness",
        ),
        Node(
            comparison.test_differences,
            {
                "evaluation": EVALUATION,
                "faithfulness": FAITHFULNESS,
                "parameters": "params:comparison",
            }
            | _of(evaluations, "user_metrics"),
            ["paired_tests", "control_tests"],
            name="test_differences",
        ),
        Node(
            comparison.draw_comparison,
            ["comparison", "faithfulness", "faithfulness_curves", EVALUATION, FAITHFULNESS],
            list(FIGURES),
            name="draw_comparison",
        ),
    ]


def _report(approaches: Pipeline) -> list[Node]:
    explained = _of(approaches, "sentences")
    lists = {name.replace(".sentences", ".recommendations") for name in explained}
    names = approach_names(approaches)
    made = {name for name in approaches.all_outputs() if name.endswith("_figure")}
    figures = {name for name in made if name.partition(".")[0] in names}
    tables = [
        "comparison",
        "faithfulness_scope",
        "paired_tests",
        "control_tests",
        "stability",
        "example_lists",
        "example_histories",
        "dataset_card",
        "provenance",
        "data_version",
    ]
    parameters = {
        "evaluation": EVALUATION,
        "faithfulness": FAITHFULNESS,
        "tests": "params:comparison",
    }
    return [
        Node(
            comparison.choose_examples,
            {"items": "items", "histories": "histories", "parameters": "params:report"}
            | explained
            | {name: name for name in sorted(lists)},
            ["example_lists", "example_histories"],
            name="choose_examples",
        ),
        Node(
            comparison.note_provenance,
            ["run", "data_version"],
            "provenance",
            name="note_provenance",
        ),
        Node(
            comparison.write_report,
            parameters | {name: name for name in [*tables, *FIGURES, *sorted(figures)]},
            ["report", "report_markdown", "findings"],
            name="write_report",
        ),
    ]


def _of(pipeline: Pipeline, *datasets: str) -> dict[str, str]:
    """Datasets of every approach that makes them, by their full names."""
    names = {f"{approach}.{name}" for approach in approach_names(pipeline) for name in datasets}
    return {name: name for name in sorted(names & pipeline.all_outputs())}
