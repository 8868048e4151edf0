"""Wiring of the evaluation: compares what is stored, writes the report."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.pipelines.evaluation import (
    comparison,
    examples,
    gathering,
    oversight,
    report,
)
from explainable_recsys.pipelines.judging import EVALUATION_TAG, IfStored, judges_of
from explainable_recsys.pipelines.steps import node
from explainable_recsys.pipelines.wiring import everything

K, KE = {"evaluation": "params:evaluation"}, {"faithfulness": "params:faithfulness"}
COMPARED = {name: name for name in ("accuracy", "explanation_quality")}
TESTS = ("accuracy_tests", "explanation_tests", "control_tests")
OVERSIGHT = ("evidence_told", "weak_reasons", "reasons_by_group", "items_reached")
FIGURES = ("trade_off_figure", "faithfulness_figure", "faithfulness_curves_figure")

FOLD_IN = ("fold_in", "fold_in_seconds", "fold_in_figure", "fold_in_seconds_figure")
"""What the diagnostics found of people who are folded in."""


def create_pipeline(**_: Any) -> Pipeline:
    """Compare what everybody's own pipeline has stored, write the report."""
    usual = [pair.name for pair in APPROACHES.values() if not pair.on_request]
    members = {*RECOMMENDERS, *usual}
    overseers = [_oversee(name) for name in sorted(usual)]
    gather = everything().only_nodes("data_processing.gather_data")
    seen = {name: name for name in map(_oversight, sorted(usual))}
    compare = [
        node(
            comparison.compare,
            {"data_version": "data_version"}
            | _of("metrics", members)
            | _of("evaluated_on", members),
            list(COMPARED),
        ),
        node(
            gathering.gather_faithfulness,
            _of("faithfulness", usual) | _of("faithfulness_curves", usual) | _of("metrics", usual),
            ["faithfulness", "faithfulness_curves", "faithfulness_scope"],
        ),
        node(
            comparison.test_differences,
            K | KE | {"parameters": "params:comparison"} | _of("user_metrics", members),
            TESTS,
        ),
        node(oversight.gather_oversight, seen, OVERSIGHT),
        node(
            gathering.draw_comparison,
            COMPARED | {"curves": "faithfulness_curves", "table": "faithfulness", **KE} | K,
            FIGURES,
        ),
    ]
    about_all = Pipeline(
        [*compare, *_report(usual)], namespace=EVALUATION_TAG, prefix_datasets_with_namespace=False
    )
    return gather + Pipeline(overseers) + about_all


def _oversight(approach: str) -> str:
    """What the owner sees of an approach: in the box of the evaluation, where it stays."""
    return f"{judges_of(approach)}.oversight"


def _oversee(approach: str) -> Node:
    """The node that looks at all reasons of an approach."""
    names = {"explanations": f"{approach}.explanations", "totals": f"{approach}.totals"}
    known = {key: name for key, name in names.items() if name in everything().all_outputs()}
    return node(
        IfStored(oversight.oversee_reasons),
        {
            "data": "data",
            "recommendations": f"{APPROACHES[approach].recommender}.recommendations",
            "recommendation": "params:recommendation",
            **known,
            **KE,
        },
        [_oversight(approach)],
        name="oversee",
        namespace=judges_of(approach),
        tags=EVALUATION_TAG,
    )


def _report(approaches: list[str]) -> list[Node]:
    drawn = {
        name
        for name in everything().all_outputs()
        if name.endswith("_figure") and name.partition(".")[0] in {*RECOMMENDERS, *approaches}
    }
    lists = {f"{APPROACHES[name].recommender}.recommendations" for name in approaches}
    facts = [*TESTS, "faithfulness_scope", "stability", "example_lists", "example_histories"]
    facts += [name for name in OVERSIGHT if name != "weak_reasons"]
    facts += ["dataset_card", "provenance", "data_version", "run", *FIGURES, *FOLD_IN]
    facts += sorted(drawn)
    return [
        node(
            examples.choose_examples,
            {"data": "data", "source": "params:source", "parameters": "params:report"}
            | _of("sentences", approaches)
            | {name: name for name in sorted(lists)},
            ["example_lists", "example_histories"],
        ),
        node(
            report.note_provenance,
            {"run": "run", "data_version": "data_version"},
            ["provenance"],
        ),
        node(
            report.write_report,
            COMPARED | K | KE | {"tests": "params:comparison"} | {name: name for name in facts},
            ["report", "findings"],
        ),
    ]


def _of(dataset: str, names: Any) -> dict[str, str]:
    """A dataset of several recommenders or approaches, by its full names."""
    return {full: full for full in (f"{name}.{dataset}" for name in sorted(names))}
