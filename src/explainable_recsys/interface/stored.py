"""What the last runs left in the catalog, ready to answer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.utils import find_kedro_project
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from explainable_recsys.answers.answer import (
    Answer,
    FittedPair,
    answer,
    place_among_all,
    why_silent,
)
from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES, knowledge_inputs, record_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.data import LIST_COLUMNS, Data, Lists
from explainable_recsys.datasets.source import parse_source
from explainable_recsys.errors import InputError, did_you_mean, require_columns
from explainable_recsys.explainers.what_if import Change, changed_history, history_row
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.data_processing.nodes import gather_data
from explainable_recsys.pipelines.judging import earlier_results, is_absent, results_root
from explainable_recsys.pipelines.parameters import parameter_message
from explainable_recsys.preprocessing.card import check_same_data
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import (
    Ranker,
    RecommendationParameters,
    check_made_by,
    recommend,
)
from explainable_recsys.reporting.people import Person, example_user, find_item, person, titled
from explainable_recsys.wording.numbers import number
from explainable_recsys.wording.phrases import later, phrase

EXPLAINED = 0.5
"""An approach that explains a smaller share of its lists is asked only by name."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A pair as its last run left it, and the lists that it is to explain.

    Attributes:
        pair: Who answers.
        data: What it learned from.
        whose: Name of the recommender that made the lists.
        lists: Columns `user_id`, `item_id`, `rank`, `score`.
        lister: The model that made them.
        recommendation: How long lists are, and what may be on them.
        only: Ids of the items that may be recommended; None: all that are not in the history.
        exclude: Ids of items that may not.
    """

    pair: FittedPair
    data: Data
    whose: str
    lists: pd.DataFrame
    lister: Recommender
    recommendation: RecommendationParameters
    only: NDArray[Any] | None = None
    exclude: NDArray[Any] | None = None

    def of(self, user_id: Any) -> Person:
        """History, stored list and reasons of a user.

        Raises:
            InputError: If the user has no history or is recommended nothing, or the list is not
                that of the stored model.
        """
        one = self.history(user_id)
        listed = self.lists[self.lists["user_id"] == user_id]
        if listed.empty:
            raise InputError(f"{self.title} recommends nothing to user {user_id}")
        check_made_by(self.lister, one, listed)
        return self._person(one, Lists.of(one, listed))

    def with_min_ratings(self, user_id: Any, min_ratings: int) -> Stored:
        """The same, with the list of one user made anew of items with so few training ratings."""
        recommendation = self.recommendation.model_copy(update={"min_ratings": min_ratings})
        one, known = self.history(user_id), self.data.interactions
        lists = recommend(self.lister, one, recommendation, catalogue=known)
        return replace(self, lists=lists, recommendation=recommendation)

    def offering(
        self,
        n: int | None = None,
        only: NDArray[Any] | None = None,
        exclude: NDArray[Any] | None = None,
    ) -> Stored:
        """The same, asked for lists of another length, or of fewer items.

        Raises:
            InputError: If there are not so many items.
        """
        most, wanted = self.data.interactions.n_items, self.recommendation.n if n is None else n
        if not 1 <= wanted <= most:
            raise InputError(f"n: {wanted} items; accepted: 1 to {most}")
        recommendation = self.recommendation.model_copy(update={"n": wanted})
        return replace(self, recommendation=recommendation, only=only, exclude=exclude)

    def about(self, one: Interactions, item_id: Any) -> Person:
        """A history, and one item, in the list or not, with its place among all and its reason.

        Raises:
            InputError: As `place`.
        """
        return self._person(one, self.place(one, item_id))

    def place(self, one: Interactions, item_id: Any) -> Lists:
        """One item, in the list or not, with its place among all.

        Raises:
            InputError: If the item is rated, it has too few ratings, or nothing leads to it.
        """
        title = self.titled(item_id)
        (column,) = one.item_columns(np.array([item_id]))
        if column < 0:
            raise InputError(f"{title} has no rating to learn from, so nothing can recommend it")
        if item_id in (rated := ratings_of(one)):
            raise InputError(
                f"user {one.user_ids[0]} rated {title} {rated[item_id]:g}; only what is not rated "
                "is recommended"
            )
        ranker, min_ratings = self.ranker(), self.recommendation.min_ratings
        n_ratings = ranker.n_ratings[column]
        if ranker.barred[column] and n_ratings >= min_ratings:
            raise InputError(f"{title} is not among what is asked for")
        if ranker.barred[column]:
            raise InputError(
                f"{title} has fewer ratings to learn from ({n_ratings}) than what is recommended "
                f"(recommendation.min_ratings, {min_ratings}); to ask all the same: --min-ratings "
                f"{n_ratings}"
            )
        asked = place_among_all(ranker, one, int(column), self.recommendation.n)
        if not np.isfinite(asked.table["score"].iloc[0]):
            raise InputError(
                f"{self.title} would never recommend {title} to user {one.user_ids[0]}; "
                "nothing in the history leads to it"
            )
        return asked

    def asked(self, one: Interactions) -> Person:
        """A list with reasons for any history; nothing is listed for one without ratings."""
        return self._person(one, self.listed(one))

    def listed(self, one: Interactions) -> Lists:
        """A list for any history, without reasons."""
        asked, known = self.recommendation, self.data.interactions
        return Lists.of(one, recommend(self.lister, one, asked, self.only, self.exclude, known))

    def ranker(self) -> Ranker:
        """Who makes the lists, and what may be on them."""
        known, least = self.data.interactions, self.recommendation.min_ratings
        return Ranker.of(self.lister, known, least, self.only, self.exclude)

    def ask(self, ratings: Mapping[Any, float]) -> Person:
        """A list with reasons for somebody who rated this, whether the data know them or not.

        Args:
            ratings: By title or id of the items, such as `{"Alien": 5, "Toy Story (1995)": 2.5}`.

        Raises:
            InputError: If there is no such item, or as `changed`.
        """
        items = self.data.items
        changes = [Change(find_item(name, items), value) for name, value in ratings.items()]
        return self.asked(self.changed(self.nobody(), changes))

    def nobody(self) -> Interactions:
        """The history of somebody who rated nothing yet."""
        known = self.data.interactions
        return Interactions(history_row(known, {}), np.array(["you"]), known.item_ids)

    def changed(self, one: Interactions, changes: Iterable[Change]) -> Interactions:
        """A history with ratings added, replaced or taken back; see `changed_history`.

        Raises:
            InputError: If an item is changed twice, or to be taken back and not rated, or a rating
                is off the scale or of what nothing was learned of.
        """
        wanted: dict[Any, float | None] = {}
        rated, scale = ratings_of(one), self.data.scale
        for item_id, rating in changes:
            if item_id in wanted:
                title = self.titled(item_id)
                raise InputError(f"{title} is changed twice; accepted: one change per item")
            if rating is None and item_id not in rated:
                raise InputError(f"{self.titled(item_id)} is to be removed, but it is not rated")
            if rating is not None and not scale.minimum <= rating <= scale.maximum:
                raise InputError(
                    f"{self.titled(item_id)} rated {rating:g} is off the scale; accepted: "
                    f"{scale.minimum:g} to {scale.maximum:g}"
                )
            if one.item_columns(np.array([item_id]))[0] < 0:
                title = self.titled(item_id)
                raise InputError(f"{title} has no rating to learn from, so rating it says nothing")
            wanted[item_id] = rating
        ratings = changed_history(rated, map(Change._make, wanted.items()))
        return Interactions(history_row(one, ratings), one.user_ids, one.item_ids)

    def history(self, user_id: Any) -> Interactions:
        """What a user rated, as the only row."""
        known = self.data.histories
        row = known.known_rows(np.array([user_id]))
        return Interactions(known.ratings[row], known.user_ids[row], known.item_ids)

    def titled(self, item_id: Any) -> str:
        """Title and year of an item, as far as they are known."""
        items = self.data.items
        place = int(np.flatnonzero((items["item_id"] == item_id).to_numpy())[0])
        return titled(items["title"].iloc[place], items["year"].iloc[place], item_id)

    @property
    def title(self) -> str:
        """What the recommender is called that made the lists."""
        return RECOMMENDERS[self.whose].title

    def answered(self, one: Interactions, lists: Lists) -> Answer:
        """The reasons for a list."""
        asked = self.recommendation, self.only, self.exclude
        return answer(self.pair, self.data, one, lists, *asked)

    def _person(self, one: Interactions, lists: Lists) -> Person:
        said = self.answered(one, lists)
        tables = said.recommendations, said.explanations, said.sentences
        someone = person(one.user_ids[0], one, *tables, self.data.items)
        known, listed = self.data.interactions, someone.recommendations
        n_ratings = known.n_ratings[known.item_columns(listed["item_id"].to_numpy())]
        return replace(someone, recommendations=listed.assign(n_ratings=n_ratings))


def open_catalog(folder: Path | str = ".", env: str | None = None) -> DataCatalog:
    """What the last runs left, for Python outside of a run.

    Args:
        folder: In the project.
        env: Environment, a folder of `conf/`; None: the data that comes with the project.

    Raises:
        InputError: If the folder is not in a Kedro project.
    """
    project = find_kedro_project(Path(folder).resolve())
    if project is None:
        raise InputError(f"{Path(folder).resolve()} lies in no Kedro project")
    bootstrap_project(project)
    session = KedroSession.create(project, env=env)
    with session:
        catalog = session.load_context().catalog
    assert isinstance(catalog, DataCatalog)  # settings.py chooses no other
    return catalog


def quick_catalog(project: Path, env: str | None) -> DataCatalog:
    """The same without making all pipelines: of most parameters nobody has checked the types."""
    pipelines.set_requested(["data_processing"])
    try:
        return open_catalog(project, env)
    finally:
        pipelines.set_requested(None)


def load_run(
    approach: str | None = None, folder: Path | str = ".", env: str | None = None
) -> Stored:
    """An approach as its last run left it, for Python outside of a run.

    Args:
        approach: Name; None for the one that `stored_approach` chooses.
        folder: See `open_catalog`.
        env: See `open_catalog`.

    Raises:
        InputError: As `open_catalog`, `stored_approach` and `load_stored`.
    """
    catalog = open_catalog(folder, env)
    return load_stored(catalog, stored_approach(catalog, approach))


def ratings_of(one: Interactions) -> dict[Any, float]:
    """What is rated in a single history, by item id.

    >>> table = pd.DataFrame({"user_id": [1, 1], "item_id": [7, 9], "rating": [4.0, 2.0]})
    >>> {item: float(rating) for item, rating in ratings_of(Interactions.from_frame(table)).items()}
    {7: 4.0, 9: 2.0}
    """
    return dict(zip(one.item_ids[one.ratings.indices].tolist(), one.ratings.data, strict=True))


def stored_approaches(catalog: DataCatalog) -> list[str]:
    """Approaches whose explained lists are stored: those of the data at hand, highest nDCG first.

    Those whose lists were made from other data come last.
    """
    names = [name for name in APPROACHES if catalog.exists(f"{name}.sentences")]
    return by_accuracy(dict.fromkeys(names, catalog))


def by_accuracy(catalogs: Mapping[str, DataCatalog]) -> list[str]:
    """Approaches by the nDCG of their lists, the highest first; those of other data come last.

    Args:
        catalogs: Where the results of each are.
    """
    each = {id(catalog): catalog for catalog in catalogs.values()}
    at_hand = {key: catalog.load("data_version") for key, catalog in each.items()}

    def place(name: str) -> tuple[bool, float]:
        catalog = catalogs[name]
        return _place(catalog, APPROACHES[name].recommender, at_hand[id(catalog)])

    return sorted(catalogs, key=place)


def stored_example(catalog: DataCatalog, histories: Interactions) -> Any | None:
    """The user whom terminal and notebooks show first; None if nobody is explained anything.

    Whom the data name; without, the same one after every run: see `example_user`, of all approaches
    that are stored.

    Args:
        catalog: Where the results of runs are.
        histories: What everybody rated.
    """
    wanted = parse_source(catalog.load("params:source")).example_user
    user = example_user(wanted, [], histories)
    if user is not None:
        return user
    names = [f"{name}.sentences" for name in APPROACHES]
    told = [
        catalog.load(name)
        for name in names
        if catalog.exists(name) and not is_absent(catalog, name)
    ]
    return example_user(None, [table["user_id"] for table in told if len(table)], histories)


def stored_approach(catalog: DataCatalog, approach: str | None) -> Pair:
    """An approach that has left explained lists.

    Args:
        catalog: Where the results of a run are.
        approach: Name; None for the one with the highest nDCG of those that explain at least half
            of their lists, as far as it is known.

    Raises:
        InputError: Naming those that have, or if none has.
    """
    names = stored_approaches(catalog)
    if not names:
        root = results_root(catalog)
        raise InputError(
            earlier_results(root)
            or f"{root}: no explanations are stored there yet; first kedro run in this environment"
        )
    if approach is None:
        approach = next((name for name in names if _explains_enough(catalog, name)), names[0])
    if approach in names:
        return APPROACHES[approach]
    known = f"explained lists are stored of: {', '.join(names)}"
    if approach in RECOMMENDERS:
        raise InputError(f"{approach} recommends, but explains nothing by itself; {known}")
    hint = did_you_mean(approach, names)
    raise InputError(f"nothing is stored of an approach '{approach}'; {hint}{known}")


def why_chosen(catalog: DataCatalog, approach: str) -> str:
    """Why `stored_approach` chooses an approach where nobody names one."""
    recommender, at_hand = APPROACHES[approach].recommender, catalog.load("data_version")
    ndcg = -_place(catalog, recommender, at_hand)[1]
    if ndcg < 0:
        return phrase("{approach} answers: no nDCG is stored to choose by", approach=approach)
    text = (
        later(
            "{approach} answers, with the highest nDCG ({ndcg}) of those that explain at least "
            "half of their lists"
        )
        if _explains_enough(catalog, approach)
        else later(
            "{approach} answers, with the highest nDCG ({ndcg}): none explains half of its lists"
        )
    )
    return phrase(text, approach=approach, ndcg=number(ndcg))


def _explains_enough(catalog: DataCatalog, approach: str) -> bool:
    """Whether an approach explains at least `EXPLAINED` of its lists, or nobody measured it."""
    entry = f"{approach}.metrics"
    coverage = catalog.load(entry).get("coverage") if catalog.exists(entry) else None
    return coverage is None or coverage >= EXPLAINED


def load_stored(
    catalog: DataCatalog, pair: Pair, whose: str | None = None, data: Data | None = None
) -> Stored:
    """A pair with its fitted model and knowledge, and stored lists.

    Args:
        catalog: Where the results of a run are.
        pair: Who is to answer.
        whose: Recommender whose lists are to be explained; None: the pair's own.
        data: What `load_data` loads, if that has been done.

    Raises:
        InputError: If there is no such recommender, or lists were made from other data than are
            stored.
        kedro.io.DatasetError: If something is not stored.
    """
    whose = pair.recommender if whose is None else whose
    record_of(RECOMMENDERS, whose, "recommender")
    at_hand = catalog.load("data_version")
    for name in dict.fromkeys((whose, pair.recommender)):
        fingerprint = catalog.load(f"{name}.data_fingerprint")
        check_same_data(fingerprint, at_hand, f"{name}'s stored")
    lists = catalog.load(f"{whose}.recommendations")
    require_columns("recommendations", lists, LIST_COLUMNS)
    fitted = load_pair(catalog, pair)
    own = whose == pair.recommender
    lister = fitted.model if own else catalog.load(f"{whose}.model")
    usual = _parameters(catalog, "recommendation", RecommendationParameters)
    length = {} if lists.empty else {"n": int(lists["rank"].max())}  # of the run, whatever is usual
    recommendation = usual.model_copy(update=length)
    known = load_data(catalog) if data is None else data
    return Stored(fitted.prepared(known), known, whose, lists, lister, recommendation)


def load_pair(catalog: DataCatalog, pair: Pair) -> FittedPair:
    """A pair's model, parameters and knowledge; a pair without a name has an approach's.

    Raises:
        kedro.io.DatasetError: If something is not stored.
    """
    return FittedPair(
        pair,
        catalog.load(f"{pair.recommender}.model"),
        _parameters_of(catalog, pair),
        _known(catalog, pair, knowledge_inputs(pair)),
    )


def silence_of(catalog: DataCatalog, pair: Pair) -> str:
    """Why a pair has no reason where it has none; its model is not loaded."""
    near = {k: e for k, e in knowledge_inputs(pair).items() if e.startswith("params:")}
    known = _known(catalog, pair, near)
    return why_silent(EXPLAINERS[pair.explainer], _parameters_of(catalog, pair), known)


def _known(catalog: DataCatalog, pair: Pair, entries: Mapping[str, str]) -> dict[str, Any]:
    """What is stored of a pair's knowledge, by argument; its parameters with their types."""
    arguments = inspect.signature(EXPLAINERS[pair.explainer].explain, eval_str=True).parameters
    return {
        argument: _parameters(
            catalog, entry.removeprefix("params:"), arguments[argument].annotation
        )
        if entry.startswith("params:")
        else catalog.load(entry)
        for argument, entry in entries.items()
    }


def _parameters_of(catalog: DataCatalog, pair: Pair) -> Parameters:
    """The explainer's, of the pair or of an approach by the same explainer."""
    named = [pair, *(other for other in APPROACHES.values() if other.explainer == pair.explainer)]
    name = next(other.name for other in named if other.name in APPROACHES)
    kind = EXPLAINERS[pair.explainer].parameters
    found: Parameters = _parameters(catalog, f"{name}.explanation", kind)
    return found


def load_data(catalog: DataCatalog) -> Data:
    """The data of the last run.

    Raises:
        kedro.io.DatasetError: If it is not stored.
    """
    return gather_data(
        catalog.load("interactions"),
        catalog.load("fold_in_ratings"),
        catalog.load("items"),
        catalog.load("users"),
        parse_source(catalog.load("params:source")),
    )


def _parameters(catalog: DataCatalog, name: str, kind: Any) -> Any:
    """Parameters of a type, which the catalog may have as they stand in `conf/`.

    Raises:
        InputError: If a value is not accepted.
    """
    try:
        return TypeAdapter(kind).validate_python(catalog.load(f"params:{name}"))
    except ValidationError as error:
        report = f"- Parameter '{name}': Failed to instantiate\n{error}"
        raise InputError(parameter_message(report)) from None


def _place(catalog: DataCatalog, recommender: str, at_hand: Any) -> tuple[bool, float]:
    """Whether a recommender's lists are of other data, and its nDCG (the highest comes first)."""
    fingerprint, metrics = (
        catalog.load(entry) if catalog.exists(entry) else {}
        for entry in (f"{recommender}.data_fingerprint", f"{recommender}.metrics")
    )
    values = (metrics[key] for key in metrics if key.startswith("ndcg@") and "/" not in key)
    return fingerprint != at_hand, -next((value for value in values if value is not None), -1.0)
