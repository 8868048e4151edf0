"""What nodes the records make, and which of them a pipeline has."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import get_type_hints

import pandas as pd
import pytest
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.answers.pairs import APPROACHES, knowledge_of
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.data import Data
from explainable_recsys.explainers.lime import LimeParameters
from explainable_recsys.knowledge.features import FeatureParameters, Features
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.pipelines import ON_REQUEST
from explainable_recsys.pipelines.family_nodes import control_nodes, explain_node, null_node
from explainable_recsys.pipelines.judging import SHOWN, judges_of, whose
from explainable_recsys.pipelines.parameters import PREFIX
from explainable_recsys.pipelines.wiring import everything, part
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters
from tests.conftest import PROJECT, open_catalog

NEEDED = {
    "intrinsic_als": {"als", "features"},
    "intrinsic_ar": {"ar", "rules"},
    "intrinsic_content": {"content", "features"},
    "intrinsic_ease": {"ease", "features"},
    "intrinsic_knn": {"item_knn", "features"},
    "intrinsic_mf": {"emf", "neighbours"},
    "knowledge_graph": {"meta_paths", "graph"},
    "posthoc_ar": {"svd", "rules"},
    "posthoc_ar_of_lists": {"svd", "rules_of_svd"},
    "posthoc_fm_lime": {"fm", "features"},
    "posthoc_fm_lime_ratings": {"fm_ratings", "features"},
    "posthoc_influence": {"svd"},
    "posthoc_influence_ratings": {"svd_ratings"},
    "posthoc_knn": {"als", "similar_items"},
}
"""Recommenders and knowledge that an approach cannot do without, but for the controls."""


@pytest.fixture(scope="module")
def registered() -> dict[str, Pipeline]:
    bootstrap_project(PROJECT)
    return dict(pipelines)


def namespaces(pipeline: Pipeline) -> set[str]:
    return {whose(node) for node in pipeline.nodes}


def of(pipeline: Pipeline, namespace: str) -> set[str]:
    return {node.name for node in pipeline.nodes if whose(node) == namespace}


def test_an_approach_has_all_that_it_needs_and_no_more(registered: dict[str, Pipeline]) -> None:
    assert NEEDED.keys() == APPROACHES.keys()
    for name, needed in NEEDED.items():
        found = registered[name]
        on_controls = EXPLAINERS[APPROACHES[name].explainer].on_controls
        tried = {"controls"} if on_controls else set()
        assert namespaces(found) == {name, *needed, *CONTROLS, *tried, "data_processing"}, name
        # Its recommender is judged, and what it stands beside; what only lends a model is not.
        judges = (node for node in found.nodes if str(node.namespace).startswith(judges_of("")))
        judged = {whose(node) for node in judges}
        assert judged == {name, APPROACHES[name].recommender, *CONTROLS}, name
        for whole in (name, APPROACHES[name].recommender, *knowledge_of(APPROACHES[name])):
            tried_out = of(registered["diagnostics"], whole)
            assert of(found, whole) == of(everything(), whole) - tried_out, name
        assert not [out for out in found.all_outputs() if out.startswith("exploration.")]


def test_every_pipeline_but_the_evaluation_starts_from_the_raw_files(
    registered: dict[str, Pipeline],
) -> None:
    for name in registered.keys() - {"evaluation", "diagnostics", "__default__", "tuning"}:
        inputs = {i for i in registered[name].inputs() if not i.startswith(PREFIX)}
        files = ("raw_", "study.raw_", "study.plan", "study.manifest")
        assert all(i.startswith(files) for i in inputs), name
    assert registered["__default__"].inputs() & registered["evaluation"].inputs() <= {
        name
        for name in registered["evaluation"].inputs()
        if name.startswith(("params:", "run")) or name.endswith(SHOWN)
    }


def test_parts_by_family(registered: dict[str, Pipeline]) -> None:
    assert namespaces(registered["recommenders"]) >= set(RECOMMENDERS)
    assert namespaces(registered["knowledge"]) & {*KNOWLEDGE, *RECOMMENDERS} == {
        name
        for name in KNOWLEDGE
        if name != "rules_of_svd"  # made on request
    }
    assert namespaces(part("popularity")) == {"popularity", "data_processing"}
    judged = "evaluation.popularity.evaluate"
    nodes = {"popularity.fit", "popularity.recommend", judged}
    assert of(part("popularity"), "popularity") == nodes


def test_everything_usual_runs_by_default(registered: dict[str, Pipeline]) -> None:
    requested = {name for name, pair in APPROACHES.items() if pair.on_request}
    assert requested < ON_REQUEST < set(registered)
    found = namespaces(registered["__default__"])
    of_all = {"data_processing", "exploration", "controls", "evaluation"}
    assert found - set(KNOWLEDGE) == {*RECOMMENDERS, *APPROACHES, *of_all} - requested


def test_every_result_has_a_place_in_the_catalog(
    registered: dict[str, Pipeline], tmp_path: Path
) -> None:
    with open_catalog(tmp_path) as catalog:
        assert isinstance(catalog, DataCatalog)
        homeless = {
            name
            for pipeline in registered.values()
            for node in pipeline.nodes
            for name in node.outputs
            if name not in catalog
        }
    assert homeless == set()


def test_the_node_that_explains_says_what_it_takes() -> None:
    _, node = control_nodes(APPROACHES["posthoc_fm_lime"])
    kinds = get_type_hints(node.func)
    assert kinds == {
        "model": Recommender,
        "data": Data,
        "recommendations": pd.DataFrame,
        "parameters": LimeParameters,
        "recommendation": RecommendationParameters,
        "item_features": Features | None,
        "feature_parameters": FeatureParameters | None,
        "evaluation": EvaluationParameters,
    }
    assert list(inspect.signature(node.func).parameters) == list(kinds)
    assert node.outputs == [
        "posthoc_fm_lime.explanations_of_random",
        "posthoc_fm_lime.surrogates_of_random",
    ]


def test_controls_are_the_same_pair_on_other_lists() -> None:
    for pair in APPROACHES.values():
        own, explainer = explain_node(pair), EXPLAINERS[pair.explainer]
        nodes = list(control_nodes(pair))
        assert len(nodes) == (len(CONTROLS) if explainer.on_controls else 0)
        for control, node in zip(CONTROLS, nodes, strict=False):
            # Who does not ask the model says the same of a list for whomever it explains.
            asked = pair.recommender if explainer.asks_model else control
            changed = {f"{pair.recommender}.recommendations", f"{control}.recommendations"}
            changed |= {f"{pair.recommender}.model"} ^ {f"{asked}.model"} | {"params:evaluation"}
            assert set(node.inputs) ^ set(own.inputs) == changed, node.name


def test_what_is_said_of_a_control_list_is_made_once() -> None:
    made = [
        name
        for node in everything().nodes
        for name in node.outputs
        if name.rpartition(".")[2].startswith("explanations_of_")
    ]
    owners = {"rules", "rules_of_svd", "neighbours", "similar_items"}
    owners |= {"posthoc_fm_lime", "posthoc_fm_lime_ratings"}
    own = [f"evaluation.{name}.explanations_of_null" for name in APPROACHES]
    of_controls = [f"{o}.explanations_of_{c}" for o in owners for c in CONTROLS]
    assert sorted(made) == sorted(own + of_controls)


def test_the_null_is_the_same_pair_asked_of_others() -> None:
    for pair in APPROACHES.values():
        own, null = explain_node(pair), null_node(pair)
        assert set(null.inputs) == {*own.inputs, "params:faithfulness"}
        assert null.outputs == [f"evaluation.{pair.name}.explanations_of_null"]
        assert get_type_hints(null.func)["faithfulness"] is FaithfulnessParameters
