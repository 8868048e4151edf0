"""What the notebooks of all approaches do alike, each a function that shows its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown, display
from kedro.io import DataCatalog
from numpy.typing import ArrayLike

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.errors import InputError
from explainable_recsys.figures import draw, style
from explainable_recsys.interface.stored import (
    load_data,
    load_stored,
    stored_approach,
    stored_example,
)
from explainable_recsys.interface.terminal import title_of
from explainable_recsys.metrics.parameters import relevant_of
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.recommenders.lists import Ranker
from explainable_recsys.reporting.people import find_item, users_histories
from explainable_recsys.wording import markup
from explainable_recsys.wording.phrases import later, phrase

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHOWN = 5

_TAKEN = {
    "own": later("what the reason rests on"),
    "random": later("random ones"),
    "popular": later("the most popular ones"),
}
_LEFT = {
    "pos": later("recommendations that stay in the list (pos)"),
    "del": later("what is left of the personal part of the score (del)"),
}
_FAITHFUL = later(
    "A reason is **faithful** if the recommendation hangs on it. So {n} rated items that it rests "
    "on are taken out of the history, and others, to compare; then the same model recommends "
    "again. Less is more faithful. (The personal part of a score is what it has above the score of "
    "somebody who rated nothing.)"
)
_WORDS = {
    "ndcg": later("right ones high up in the list (ndcg@{k})"),
    "recall": later("right ones in the list (recall@{k})"),
    "catalogue_coverage": later("of all items, shown to anybody (catalogue_coverage@{k})"),
}


def example(catalog: DataCatalog) -> tuple[Any, pd.DataFrame]:
    """Whom terminal, report and notebooks follow, and what they rated, best first.

    Returns:
        The id, and columns `item_id`, `title`, `year`, `rating`.

    Raises:
        kedro.io.DatasetError: If no data are stored.
    """
    data = load_data(catalog)
    user = stored_example(catalog, data.histories)
    user = data.histories.user_ids[0] if user is None else user
    rated = users_histories(data.histories, data.items, np.array([user]), data.histories.n_items)
    return user, rated.drop(columns="user_id")


def show(catalog: DataCatalog, name: str) -> Any:
    """What is stored under a name, or how to get it where `kedro run` leaves it out."""
    if catalog.exists(name):
        return catalog.load(name)
    return Markdown(
        phrase(
            "*Not stored: `{name}` only tries something out, which takes a while. In a terminal: "
            "`kedro run --pipelines diagnostics`, then run this cell again.*",
            name=name,
        )
    )


def by_hand(catalog: DataCatalog, recommender: str, scores: ArrayLike) -> pd.DataFrame:
    """How near a recommender made by hand comes to the library's.

    Args:
        catalog: Where the results of a run are.
        recommender: Name of the library's.
        scores: (n_users, n_items) by hand, rows and columns as in `interactions`.

    Returns:
        Two rows, by hand and stored: how good the lists are, and which share of them is the same.
    """
    data, model = load_data(catalog), catalog.load(f"{recommender}.model")
    evaluation, k = catalog.load("params:evaluation"), catalog.load("params:evaluation").k
    known, least = data.interactions, catalog.load("params:recommendation").min_ratings
    ranker = Ranker.of(model, known, least)
    own = ranker.open_to(np.array(scores, np.float32), known.ratings)
    columns, _ = ranker.best(np.nan_to_num(own, nan=-np.inf, neginf=-np.inf), k)
    rows, places = np.nonzero(columns >= 0)
    users, items = known.user_ids[rows], known.item_ids[columns[rows, places]]
    mine = pd.DataFrame({"user_id": users, "item_id": items, "rank": places + 1})
    stored = catalog.load(f"{recommender}.recommendations")
    stored = stored[(stored["rank"] <= k) & stored["user_id"].isin(known.user_ids)]
    relevant = relevant_of(catalog.load("test_ratings"), data.histories, data.liking, evaluation)
    both = {phrase("by hand"): mine, phrase("the library's"): stored}
    table = pd.DataFrame(
        {name: ranking_per_user(lists, relevant, k).mean() for name, lists in both.items()}
    ).T[[f"ndcg@{k}", f"recall@{k}"]]
    table.columns = pd.Index([phrase(_WORDS[name], k=k) for name in ("ndcg", "recall")])
    same = len(mine.merge(stored, on=["user_id", "item_id"])) / max(len(stored), 1)
    table[phrase("the same films as the library's")] = [f"{same:.1%}", ""]
    return table.round(3)


def you(catalog: DataCatalog, approach: str, ratings: Mapping[Any, float], n: int = SHOWN) -> HTML:
    """What an approach recommends to somebody new, and why; nothing is trained.

    Args:
        catalog: Where the results of a run are.
        approach: Name of the approach.
        ratings: Titles (or ids) and ratings. What is not found is named and left out.
        n: How many recommendations are shown.

    Raises:
        InputError: If the approach has left no lists, or as `Stored.changed`.
    """
    stored = load_stored(catalog, stored_approach(catalog, approach))
    found, lines = {}, []
    for title, rating in ratings.items():
        try:
            found[find_item(title, stored.data.items)] = rating
        except InputError as error:
            lines.append(f"<p><i>{escape(str(error))}</i></p>")
    if found:
        lines.append(_listed(stored.ask(found).recommendations.head(n), stored.pair.silence))
    return HTML("".join(lines) or phrase("Rate something first."))


def evaluate(catalog: DataCatalog, approach: str) -> None:
    """Show how good an approach's lists are, which share is explained, and whether reasons hold."""
    k, own = catalog.load("params:evaluation").k, catalog.load(f"{approach}.metrics")
    coverage = {APPROACHES[approach].recommender: own["coverage"]}
    coverage |= {name: own.get(f"coverage_of_{name}") for name in CONTROLS}
    rows = {}
    for name, share in coverage.items():
        metrics = catalog.load(f"{name}.metrics")
        row = {phrase(word, k=k): metrics[f"{key}@{k}"] for key, word in _WORDS.items()}
        row[phrase("explained (coverage)")] = share
        rows[f"{RECOMMENDERS[name].title} ({name})"] = row
    display(_shown(pd.DataFrame(rows).T, "{:.3f}"))
    n = catalog.load("params:faithfulness").reported
    display(Markdown(phrase(_FAITHFUL, n=n)))
    display(_faithful(catalog.load(f"{approach}.faithfulness"), n))


def learning_curve(losses: Sequence[float], what: str) -> go.Figure:
    """Draw how an error falls while a model learns.

    Args:
        losses: After each step.
        what: What the error is.
    """
    figure, steps = style.new_figure(), np.arange(1, len(losses) + 1)
    draw.points(figure, steps, losses, what, mode="lines+markers", showlegend=False)
    return style.finish(figure, phrase("The learning curve"), what, phrase("step"), drawn=200)


def _faithful(faithfulness: pd.DataFrame, n: int) -> pd.DataFrame:
    """What becomes of recommendations without what they are said to rest on, and two controls."""
    wide = faithfulness[faithfulness["n_cited"] == n].pivot_table("value", "evidence", "metric")
    wide = wide.reindex(index=list(_TAKEN), columns=list(_LEFT))
    wide.index = pd.Index([phrase(word) for word in _TAKEN.values()], name=phrase("without"))
    wide.columns = pd.Index([phrase(word) for word in _LEFT.values()])
    return _shown(wide, "{:.0%}")


def _shown(numbers: pd.DataFrame, form: str) -> pd.DataFrame:
    return numbers.map(lambda number: form.format(number) if pd.notna(number) else "")


def _listed(recommendations: pd.DataFrame, silence: str) -> str:
    """A list with its reasons, in HTML."""
    none = escape(phrase("No explanation: {why}.", why=silence))
    lines = []
    for row in recommendations.to_dict("records"):
        said = row["sentence"]
        why = markup.html(said) if markup.is_text(said) else none
        lines.append(f"<li><b>{escape(title_of(row))}</b>: {why}</li>")
    return f"<ol>{''.join(lines)}</ol>"
