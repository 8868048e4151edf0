"""Wiring of the analysis of a study: it needs the answers only, and no run's models."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.steps import node
from explainable_recsys.pipelines.study_analysis import nodes, telling
from explainable_recsys.reporting.content import STUDY_FIGURES

STUDY = "study"
"""Namespace of all entries."""


def create_pipeline(**_: Any) -> Pipeline:
    """Who took part, what they answered, what differs between kinds of reasons; figures; words."""
    plan, manifest, people = _of("plan"), _of("manifest"), _of("people")
    export = {name: f"study.raw_{name}" for name in ("participants", "trials", "answers")}
    drawn = ("flow", "descriptives", "answer_counts", "contrasts", "task_results", "popularity")
    told = _of("flow", "descriptives", "omnibus", "contrasts", "models", "terms", "popularity")
    told |= {"tasks": "study.task_results", "forecast": "study.forecast_effect"}
    told |= {"forms": "study.form_contrasts", **_of("interactions"), **people}
    figures = [f"study.{name}_figure" for name in STUDY_FIGURES]
    return Pipeline(
        [
            _node(
                nodes.gather_answers,
                {**plan, **export, "study": "params:study"},
                ["people", "flow", "answers"],
            ),
            _node(
                nodes.compare_kinds,
                {**plan, **_of("answers"), **people},
                [
                    "descriptives",
                    "answer_counts",
                    "omnibus",
                    "contrasts",
                    "form_contrasts",
                    "interactions",
                ],
            ),
            _node(nodes.fit_models, {**_of("answers"), **people}, ["models", "terms"]),
            _node(
                nodes.judge_tasks,
                {**plan, **export, "done": "study.raw_tasks", **people},
                ["task_results", "forecast_effect", "scales", "popularity"],
            ),
            _node(
                telling.draw_study,
                {**plan, **manifest, **_of(*drawn)},
                [f"{name}_figure" for name in STUDY_FIGURES],
            ),
            _node(
                telling.tell_study,
                {**plan, **manifest, **told, **_of("scales"), "folder": "params:study.folder"},
                ["findings"],
            ),
            _node(
                telling.write_page,
                {**_of("findings"), **{name.removeprefix("study."): name for name in figures}},
                ["page"],
            ),
        ]
    )


def _of(*names: str) -> dict[str, str]:
    return {name: f"{STUDY}.{name}" for name in names}


def _node(run: Any, inputs: dict[str, str], outputs: list[str]) -> Node:
    return node(run, inputs, [f"{STUDY}.{name}" for name in outputs], namespace=STUDY)
