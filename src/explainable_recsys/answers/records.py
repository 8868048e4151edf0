"""What a record of a recommender, of knowledge, of an explainer and of an approach says.

Datasets are called by the names that they have in the catalog; `params:` marks parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explainable_recsys.explainers.tables import Explained
from explainable_recsys.explainers.views import View
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender

USUAL = {
    **{name: name for name in ("data", "interactions", "items", "users", "links", "raw_triples")},
    **{name: name for name in ("train_ratings", "validation_ratings", "test_ratings")},
    "data_version": "data_version",
    "tags": "raw_tags",
    **{name: f"params:{name}" for name in ("evaluation", "faithfulness", "recommendation")},
    "rules": "rules.rules",
    "transactions": "params:rules.transactions",
    "neighbourhood": "params:neighbours",
    "explainability_by_users": "neighbours.explainability_by_users",
    "explainability_by_items": "neighbours.explainability_by_items",
    "item_features": "features.item",
    "user_features": "features.user",
    "triples": "graph.triples",
    "entities": "graph.item_entities",
    "relation_weights": "meta_paths.relation_weights",
    "parameters": "params:{recommender}.model",
    "sweep": "params:{recommender}.sweep",
    **{
        name: f"{{recommender}}.{name}" for name in ("model", "recommendations", "data_fingerprint")
    },
    **{
        name: f"{{approach}}.{name}"
        for name in ("explanations", "cited_rules", "cited_groups", "surrogates", "paths")
    },
}
"""The dataset that an argument of this name reads, where a record gives it no other.

`{recommender}` and `{approach}` stand for the names of whom the function is run for.
"""


@dataclass(frozen=True)
class Step:
    """A function, the datasets that it makes, and those that it reads.

    In the steps of recommenders and explainers, names stand in braces as in `USUAL`.

    Attributes:
        run: The function.
        outputs: What it makes, in order.
        reads: What it reads, by argument, besides what is `USUAL`.
        chooses: Whether it sets hyper-parameters on validation data, and so is not repeated when
            a model is trained again.
        diagnostic: Whether it only tries something out, so that the pipeline `diagnostics` runs it
            and `kedro run` does not.
    """

    run: Callable[..., Any]
    outputs: tuple[str, ...]
    reads: Mapping[str, str] = field(default_factory=dict)
    chooses: bool = False
    diagnostic: bool = False

    @property
    def inputs(self) -> dict[str, str]:
        """All that it reads, by argument."""
        arguments = inspect.signature(self.run).parameters
        return {name: USUAL[name] for name in arguments if name in USUAL} | dict(self.reads)


@dataclass(frozen=True)
class RecommenderRecord:
    """A recommender.

    Attributes:
        name: In code, tables and parameters.
        title: For people.
        about: What it is, in a line.
        model: Its class.
        fit: Makes `<name>.model`.
        reads: What `fit` reads, by argument, besides what is `USUAL`.
        steps: What is made besides, before or after.
        refuses: Explainers that its class could do with, but not as it is trained.
    """

    name: str
    title: str
    about: str
    model: type[Recommender]
    fit: Callable[..., Recommender]
    reads: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    refuses: tuple[str, ...] = ()

    @property
    def training(self) -> Step:
        """The step that makes the model."""
        return Step(self.fit, ("{recommender}.model",), self.reads)


@dataclass(frozen=True)
class KnowledgeRecord:
    """Something prepared once that recommenders and explainers read.

    Attributes:
        name: In code, datasets and parameters.
        steps: How it is prepared.
        provides: What explainers get of it, by argument.
        on_request: Whether `kedro run` leaves it out.
    """

    name: str
    steps: tuple[Step, ...]
    provides: Mapping[str, str] = field(default_factory=dict)
    on_request: bool = False


@dataclass(frozen=True)
class ExplainerRecord:
    """A way of explaining.

    Attributes:
        name: In code and on the command line.
        explain: (model, data, lists, parameters, **knowledge) -> `Explained`.
        phrase: (explained, data, lists, parameters, **knowledge) -> table of sentences.
        knowledge: Names of the knowledge that it reads.
        details: Tables that it makes besides the evidence.
        adds_up: Whether the weights of all pieces sum to the score, or if it has views the shares.
        on_controls: Whether it may find no reason, so that it is tried on the controls' lists too.
        measure: Makes `{approach}.approach_metrics`, figures of this way of explaining alone.
        silence: Why it has no reason for some recommendations, to be said after a colon; parameters
            that are shares may stand there in braces.
        prepare: What is made of its knowledge once for many questions, by argument:
            (knowledge, data, parameters) -> what `explain` takes in its place.
    """

    name: str
    explain: Callable[..., Explained]
    phrase: Callable[..., Any]
    knowledge: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    adds_up: bool = False
    on_controls: bool = False
    measure: Step | None = None
    silence: str = ""
    prepare: Mapping[str, Callable[[Any, Any, Any], Any]] = field(default_factory=dict)

    @property
    def compared(self) -> tuple[str, ...]:
        """Those details that `measure` compares with the same of the controls' lists."""
        read = () if self.measure is None else tuple(self.measure.reads)
        return tuple(
            name for name in self.details if any(of.startswith(f"{name}_of_") for of in read)
        )

    @property
    def parameters(self) -> type[Parameters]:
        """Of `explain` and `phrase`, as `explain` declares them."""
        return self._declared("parameters")

    @property
    def needs(self) -> type:
        """What a recommender has to be, as `explain` declares its model."""
        return self._declared("model")

    @property
    def asks_model(self) -> bool:
        """Whether what it says depends on the model, so that it declares one.

        If not, it says the same of a control's list for whichever recommender it explains.
        """
        return self.needs is not object

    def _declared(self, argument: str) -> type[Any]:
        kind: type[Any] = inspect.get_annotations(self.explain, eval_str=True)[argument]
        return kind


@dataclass(frozen=True)
class Pair:
    """A recommender and an explainer; with a name of its own it is an approach.

    Attributes:
        name: Of the approach: its pipeline, the prefix of its datasets and parameters.
        recommender: Name of the recommender.
        explainer: Name of the explainer.
        title: For people.
        about: What it is, in a line, if it has a name of its own.
        intrinsic: Whether the reason is how the score was made; else it is found post hoc.
        exact: Whether the weights are parts of the score, or changes of it without a rating,
            without approximation.
        knowledge: Names of the knowledge; None: what the explainer usually reads.
        on_request: Whether `kedro run` leaves it out.
        order: The view of what a rating is worth that orders the evidence and is its weight,
            chosen on validation histories; None: the explainer's usual one, or it has no views.
    """

    name: str
    recommender: str
    explainer: str
    title: str
    about: str = ""
    intrinsic: bool = False
    exact: bool = False
    knowledge: tuple[str, ...] | None = None
    on_request: bool = False
    order: View | None = None
