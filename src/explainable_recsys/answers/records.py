"""What a record of a recommender, of knowledge, of an explainer and of an approach says.

Datasets are called by the names that they have in the catalog; `params:` marks parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explainable_recsys.explainers.tables import Explained
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender


@dataclass(frozen=True)
class Step:
    """A function, the datasets that it reads by argument, and those that it makes.

    In the steps of an explainer `{approach}` and `{recommender}` stand for the names of the pair.
    A step that `chooses` sets hyper-parameters on validation data, and is not repeated when a
    model is trained again.
    """

    run: Callable[..., Any]
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    chooses: bool = False


@dataclass(frozen=True)
class RecommenderRecord:
    """A recommender.

    Attributes:
        name: In code, tables and parameters.
        title: For people.
        about: What it is, in a line.
        model: Its class.
        fit: Makes `<name>.model`.
        inputs: What `fit` reads, by argument; None: `interactions`, and `params:<name>.model` as
            `parameters`.
        steps: What is made besides, before or after.
    """

    name: str
    title: str
    about: str
    model: type[Recommender]
    fit: Callable[..., Recommender]
    inputs: Mapping[str, str] | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class KnowledgeRecord:
    """Something prepared once that recommenders and explainers read.

    Attributes:
        name: In code, datasets and parameters.
        title: For people.
        about: What it is, in a line.
        steps: How it is prepared.
        provides: What explainers get of it, by argument.
        on_request: Whether `kedro run` leaves it out.
    """

    name: str
    title: str
    about: str
    steps: tuple[Step, ...]
    provides: Mapping[str, str] = field(default_factory=dict)
    on_request: bool = False


@dataclass(frozen=True)
class ExplainerRecord:
    """A way of explaining.

    Attributes:
        name: In code and on the command line.
        title: For people.
        about: What it says, in a line.
        explain: (model, data, lists, parameters, **knowledge) -> `Explained`.
        phrase: (explained, data, lists, parameters, **knowledge) -> table of sentences.
        parameters: Of both.
        needs: What a recommender has to be; None: any.
        knowledge: Names of the knowledge that it reads.
        details: Tables that it makes besides the evidence.
        adds_up: Whether the weights of all pieces sum to the score.
        on_controls: Whether it may find no reason, so that it is tried on the controls' lists too.
        asks_model: Whether what it says depends on the model; if not, it says the same of a
            control's list for whichever recommender it explains.
        measure: Makes `{approach}.approach_metrics`, figures of this way of explaining alone.
    """

    name: str
    title: str
    about: str
    explain: Callable[..., Explained]
    phrase: Callable[..., Any]
    parameters: type[Parameters]
    needs: type | None = None
    knowledge: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    adds_up: bool = False
    on_controls: bool = False
    asks_model: bool = True
    measure: Step | None = None


@dataclass(frozen=True)
class Pair:
    """A recommender and an explainer; with a name of its own it is an approach.

    Attributes:
        name: Of the approach: its pipeline, the prefix of its datasets and parameters.
        recommender: Name of the recommender.
        explainer: Name of the explainer.
        title: For people.
        about: What it is, in a line.
        intrinsic: Whether the reason is how the score was made; else it is found post hoc.
        exact: Whether the weights are parts of the score, or changes of it without a rating,
            without approximation.
        knowledge: Names of the knowledge; None: what the explainer usually reads.
        on_request: Whether `kedro run` leaves it out.
    """

    name: str
    recommender: str
    explainer: str
    title: str
    about: str
    intrinsic: bool
    exact: bool
    knowledge: tuple[str, ...] | None = None
    on_request: bool = False
