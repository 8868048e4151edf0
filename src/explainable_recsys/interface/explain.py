"""`kedro explain`: a user's history, list and reasons, from what the last run stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from kedro.io import DataCatalog
from rich.console import Group

from explainable_recsys.answers.pairs import APPROACHES, explainers_for, pair_of, record_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.counterfactuals import minimal_counterfactual
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.replies import Changed, Reply, as_json, drawn
from explainable_recsys.interface.runs import named, runs_behind
from explainable_recsys.interface.stored import (
    Stored,
    load_stored,
    quick_catalog,
    ratings_of,
    stored_approach,
    stored_approaches,
    why_chosen,
)
from explainable_recsys.interface.terminal import print_json, print_plainly
from explainable_recsys.interface.what_if import compared, wanted_changes, words_of
from explainable_recsys.reporting.people import find_item, find_user
from explainable_recsys.wording.phrases import phrase

MOST_REMOVED = 10
"""Ratings that the smallest change may take away."""


@dataclass(frozen=True)
class Question:
    """What to explain.

    Attributes:
        user: Id of a user, as typed.
        item: Id or title of an item, as typed; None for the whole list.
        approach: Name; None for the approach that `stored_approach` chooses.
        recommender: Name, to ask for a pair that need not be an approach.
        explainer: Name; None: that of the recommender's first approach.
        lists: Recommender whose list is to be explained; None: the pair's own.
        min_ratings: Items with fewer training ratings are not recommended; None: as in the run.
        without: Titles or ids of rated items, to ask for the list without these ratings.
        rate: Titles or ids with a rating each, such as `Alien=2`, to ask for the list with it.
        smallest_change: Whether to look for the fewest ratings without which the item (None: the
            first of the list) is not recommended.
    """

    user: str
    item: str | None = None
    approach: str | None = None
    recommender: str | None = None
    explainer: str | None = None
    lists: str | None = None
    min_ratings: int | None = None
    without: tuple[str, ...] = ()
    rate: tuple[str, ...] = ()
    smallest_change: bool = False


def explain(project: Path, env: str | None, question: Question, form: str) -> None:
    """Answer a question on the terminal.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        question: What to explain.
        form: `table` or `json`.

    Raises:
        InputError: If the user, item or approach is not known, or nothing is stored.
    """
    catalog = quick_catalog(project, env)
    reply = answer(catalog, question)
    runs = runs_behind(catalog, reply.pair, reply.lists)
    if form == "json":
        print_json(as_json(reply) | {"runs": [run._asdict() for run in runs]})
    else:
        print_plainly(Group(*map(named, runs), drawn(reply)))


def answer(catalog: DataCatalog, question: Question) -> Reply:
    """Ask the pair that is meant, with what its last run left.

    Raises:
        InputError: As `explain`.
    """
    pair, is_named = chosen_pair(catalog, question), bool(question.approach or question.recommender)
    stored = load_stored(catalog, pair, question.lists)
    data = str(catalog.load("data_version")["name"])
    user_id = find_user(question.user, stored.data.histories.user_ids, data)
    item_id = None if question.item is None else find_item(question.item, stored.data.items)
    if question.min_ratings is not None:
        stored = stored.with_min_ratings(user_id, question.min_ratings)
    one, listed = stored.history(user_id), stored.of(user_id)
    changes = wanted_changes(question.without, question.rate, stored.data.items, listed)
    if question.smallest_change and changes:
        raise InputError(
            "--smallest-change finds out itself what to take away; accepted: it alone, or "
            "--without and --rate"
        )
    if question.smallest_change and item_id is None:
        item_id = listed.recommendations["item_id"].iloc[0]
    whole = Reply(
        data=data,
        pair=pair,
        lists=stored.whose,
        others=tuple(name for name in stored_approaches(catalog) if name != pair.name),
        person=listed,
        n_listed=len(listed.recommendations),
        item_id=item_id,
        title="" if item_id is None else stored.titled(item_id),
        silence=stored.pair.silence,
        chosen="" if is_named else why_chosen(catalog, pair.name),
    )
    if question.smallest_change:
        return _smallest_change(whole, stored, one)
    if changes:
        return _what_if(whole, stored, one, changes)
    reply = _about_item(whole, stored, one)
    if reply.refused:
        raise InputError(reply.refused)
    return reply


def _about_item(whole: Reply, stored: Stored, one: Interactions) -> Reply:
    """Of the reply with the whole list what concerns the item asked for, if one is."""
    person, item_id, refused = whole.person, whole.item_id, ""
    if item_id is None:
        return whole
    listed = person.recommendations
    own = listed[listed["item_id"] == item_id].reset_index(drop=True)
    try:
        person = (
            replace(person, recommendations=own, reasons=person.reasons_for(item_id))
            if len(own)
            else stored.about(one, item_id)
        )
    except InputError as error:
        person, refused = replace(person, recommendations=own), str(error)
    return replace(whole, person=person, refused=refused)


def _what_if(
    whole: Reply,
    stored: Stored,
    one: Interactions,
    changes: Sequence[Change],
    minimal: bool | None = None,
) -> Reply:
    """The reply about a history, with the one about the changed history.

    Raises:
        InputError: If the changes contradict each other or rate the item asked for, or it is not
            recommended either way.
    """
    if any(item_id == whole.item_id and rating is not None for item_id, rating in changes):
        raise InputError(
            f"{whole.title} is what is asked about, and only what is not rated is recommended; "
            "accepted: ratings of other items"
        )
    changed, rated = stored.changed(one, changes), ratings_of(one)
    then = stored.asked(changed)
    after = replace(whole, person=then, n_listed=len(then.recommendations))
    before, after = _about_item(whole, stored, one), _about_item(after, stored, changed)
    if before.refused and after.refused:
        raise InputError(after.refused)
    table = pd.DataFrame(changes, columns=["item_id", "rating"])
    said = Changed(
        table.assign(
            title=table["item_id"].map(stored.titled),
            old_rating=table["item_id"].map(rated),
        ),
        words_of(stored, one, changes),
        after,
        compared(stored, one, changes, whole.person, then),
        minimal,
    )
    return replace(before, changed=said)


def _smallest_change(whole: Reply, stored: Stored, one: Interactions) -> Reply:
    """What becomes of it without the fewest ratings that keep the item on the list.

    Raises:
        InputError: If the item is not recommended at all.
    """
    reply, asked = _about_item(whole, stored, one), stored.recommendation
    if reply.refused:
        raise InputError(reply.refused)
    if reply.person.recommendations["rank"].iloc[0] > reply.n_listed:
        nothing = phrase("It is not on the list, so no change of the ratings takes it off.")
        return replace(reply, no_change=nothing)
    found = minimal_counterfactual(
        stored.lister,
        stored.data,
        ratings_of(one),
        whole.item_id,
        asked.n,
        MOST_REMOVED,
        min_ratings=asked.min_ratings,
    )
    if found is None:
        nothing = phrase(
            "No {n} or fewer of the ratings were found without which it is off the list.",
            n=MOST_REMOVED,
        )
        return replace(reply, no_change=nothing)
    changes = [Change(item_id, None) for item_id in found.removed]
    return _what_if(whole, stored, one, changes, found.minimal)


def chosen_pair(catalog: DataCatalog, question: Question) -> Pair:
    """The approach or pair that a question is for.

    Raises:
        InputError: If it is not known, not stored, or does not fit, or both are named.
    """
    if question.recommender is None and question.explainer is None:
        return stored_approach(catalog, question.approach)
    if question.approach is not None:
        raise InputError(
            "--approach names both a recommender and an explainer; accepted: it alone, or "
            "--recommender with or without --explainer"
        )
    if question.recommender is None:
        raise InputError("--explainer needs a --recommender to explain")
    record_of(RECOMMENDERS, question.recommender, "recommender")
    own = [pair for pair in APPROACHES.values() if pair.recommender == question.recommender]
    usual = own[0].explainer if own else explainers_for(question.recommender)[0]
    return pair_of(question.recommender, question.explainer or usual)
