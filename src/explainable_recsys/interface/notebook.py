"""For notebooks: errors in one line, and a browser of users, recommendations and reasons.

`%load_ext explainable_recsys.interface.notebook` comes before `%load_ext kedro.ipython`.
"""

from __future__ import annotations

import logging
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import pandas as pd
from IPython.display import display
from kedro.framework.project import LOGGING
from kedro.io import DataCatalog, DatasetError
from kedro.utils import find_kedro_project

from explainable_recsys.draws import random_order
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.figures.reasons import reasons_figure
from explainable_recsys.figures.what_if import what_if_figure
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.configuration import read_block
from explainable_recsys.interface.lesson import example
from explainable_recsys.interface.messages import user_message
from explainable_recsys.interface.stored import load_stored, stored_approach
from explainable_recsys.interface.terminal import title_of
from explainable_recsys.interface.what_if import words_of
from explainable_recsys.reporting.people import Person, find_item, find_user
from explainable_recsys.wording import markup
from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import later, phrase, plural

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from IPython.core.interactiveshell import InteractiveShell

N_RATED = 10
MOST_STARS = 20
TAKE_BACK = later("not rated")
NO_CHANGE = ""

_LINES = "line-height: 1.5; margin-right: 1em"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Log as a run does, and say in one line what is missing instead of a traceback.

    Raises:
        InputError: If the notebook lies in no Kedro project.
    """
    project = find_kedro_project(Path.cwd())
    if project is None:
        raise InputError(f"{Path.cwd()} lies in no Kedro project; open the project's notebooks")
    LOGGING.configure(read_block(project / "conf" / "logging.yml"))
    logging.getLogger("kedro").setLevel(logging.WARNING)
    shell.set_custom_exc((Exception,), _one_line)


def _one_line(
    shell: InteractiveShell, kind: type[Exception], error: Exception, trace: Any, **_: Any
) -> None:
    # Kedro's extension imports the package anew when it loads, so its errors are new classes.
    from explainable_recsys.interface.messages import user_message

    message = user_message(error)
    if message is None:
        shell.showtraceback((kind, error, trace))
    else:
        print(f"Error: {message}", file=sys.stderr)  # noqa: T201


class Browser(ipywidgets.VBox):  # type: ignore[misc]
    """Choose a user and a recommendation; see the reasons; change a rating and see what happens.

    Attributes:
        user: Id of the user, to type.
        another: Button that draws another user.
        listed: The recommendations, to choose from.
        change: What was rated, to choose what to change.
        other: Title or id of something else to rate.
        rating: What the rating is to be.
        unknown: What was wrong with the last user asked for.
        message: What was wrong with the last change asked for.
        reasons: The figure with the reasons.
        comparison: The figure with the lists before and after the change.
    """

    def __init__(
        self, catalog: DataCatalog, approach: str, user: Any = None, seed: int = 0
    ) -> None:
        """Show one approach.

        Args:
            catalog: Where the results of a run are.
            approach: Name of the approach.
            user: Whom to show first; None: whom terminal and report show first.
            seed: Of the order in which `another` shows users.

        Raises:
            InputError: If the approach has left no lists, or there is no such user.
            kedro.io.DatasetError: If something is not stored.
        """
        self._stored = load_stored(catalog, stored_approach(catalog, approach))
        self._items, self._histories = self._stored.data.items, self._stored.data.histories
        users = np.sort(catalog.load(f"{approach}.explanations")["user_id"].unique())
        self._order = iter(users[random_order(users, seed, "users browsed")])
        first = example(catalog)[0] if user is None else user
        self._person = self._stored.of(find_user(first, self._histories.user_ids))
        self._make_widgets()
        super().__init__(self._layout_of_widgets())
        self._show_person()
        self.user.observe(self._on_user, "value")
        self.another.on_click(self._on_another)
        self.listed.observe(self._on_listed, "value")
        for widget in (self.change, self.other, self.rating):
            widget.observe(self._on_change, "value")

    def _make_widgets(self) -> None:
        field = {"style": {"description_width": "60px"}, "layout": {"width": "98%"}}
        self.user = ipywidgets.Text(description=phrase("User"), continuous_update=False, **field)
        self.another = ipywidgets.Button(description=phrase("Another user"))
        self.unknown, self.message = ipywidgets.HTML(), ipywidgets.HTML()
        self.listed = ipywidgets.Select(rows=10, layout={"width": "98%"})
        nothing = [(phrase("nothing"), NO_CHANGE)]
        self.change = ipywidgets.Dropdown(description=phrase("Change"), options=nothing, **field)
        self.other = ipywidgets.Text(
            description=phrase("or rate"),
            placeholder=phrase("title or id"),
            continuous_update=False,
            **field,
        )
        stars = [phrase(TAKE_BACK), *_stars(self._histories)]
        self.rating = ipywidgets.Dropdown(description=phrase("to be"), options=stars, **field)
        self.reasons, self.comparison = ipywidgets.Output(), ipywidgets.Output()
        self._history, self._sentence = ipywidgets.HTML(), ipywidgets.HTML()

    def _layout_of_widgets(self) -> list[Any]:
        rated = [_heading(phrase("Rated")), self._history]
        recommended = [_heading(phrase("Recommended")), self.listed]
        return [
            _side_by_side([self.user], [self.another]),
            self.unknown,
            _side_by_side(rated, recommended),
            self._sentence,
            self.reasons,
            _heading(phrase("What if …"), phrase("one rating were different?")),
            _side_by_side([self.change, self.other], [self.rating]),
            self.message,
            self.comparison,
        ]

    def _on_user(self, _: Any) -> None:
        shown = str(self._person.user_id)
        if self.user.value == shown:
            return
        try:
            self._person = self._stored.of(find_user(self.user.value, self._histories.user_ids))
        except InputError as error:
            self.unknown.value, self.user.value = escape(str(error)), shown
        else:
            self.unknown.value = ""
            self._show_person()

    def _on_another(self, _: Any) -> None:
        wanted = next(self._order, None)
        if wanted is None:
            self.unknown.value = phrase("That was everybody with explanations.")
        else:
            self.user.value = str(wanted)

    def _on_listed(self, change: Any) -> None:
        if change["new"] is not None:
            self._show_reasons(self._person, change["new"])

    def _on_change(self, event: dict[str, Any]) -> None:
        # One change at a time: what is typed replaces what is chosen, and the other way round.
        if event["owner"] is self.other and self.other.value.strip():
            self.change.value = NO_CHANGE
        elif event["owner"] is self.change and self.change.value != NO_CHANGE:
            self.other.value = ""
        self.message.value = ""
        try:
            self._show_change()
        except (InputError, DatasetError) as error:
            self.comparison.clear_output()
            self.message.value = escape(user_message(error) or str(error))

    def _show_person(self) -> None:
        someone = self._person
        self.change.value, self.other.value = NO_CHANGE, ""
        self.user.value = str(someone.user_id)
        self._history.value = _history(someone)
        listed = someone.recommendations
        self.listed.options = [
            (f"{row['rank']}. {title_of(row)}", row["item_id"]) for row in listed.to_dict("records")
        ]
        self.listed.value = listed["item_id"].iloc[0]
        self._show_reasons(someone, self.listed.value)
        self.comparison.clear_output()

    def _offer_changes(self, someone: Person, item_id: Any) -> None:
        """Let what was rated be changed, what the reason of a recommendation cites first."""
        cited = someone.reasons_for(item_id)["rated_item_id"].dropna().tolist()
        rows = someone.history.set_index("item_id", drop=False)
        order = [item for item in dict.fromkeys([*cited, *rows.index]) if item in rows.index]
        rated = rows.loc[order].to_dict("records")
        options = [(f"{title_of(row)} (★{short(row['rating'])})", row["item_id"]) for row in rated]
        chosen = self.change.value if self.change.value in order else NO_CHANGE
        self.change.options = [(phrase("nothing"), NO_CHANGE), *options]
        self.change.value = chosen

    def _show_reasons(self, someone: Person, item_id: Any) -> None:
        self._offer_changes(someone, item_id)
        row = someone.recommendations.set_index("item_id", drop=False).loc[item_id]
        self._sentence.value = _sentence(row["sentence"], self._stored.pair.silence)
        title = str(row["title"]) if markup.is_text(row["title"]) else f"item {item_id}"
        pair = self._stored.pair
        parts = pair.explainer.adds_up and pair.record.order in (None, "share")
        score = float(row["score"]) if parts else None
        reasons = someone.reasons_for(item_id)
        _draw(self.reasons, reasons_figure(reasons, title, score=score))

    def _show_change(self) -> None:
        wanted = self._wanted_change()
        if wanted is None:
            self.comparison.clear_output()
            return
        before, one = self._person.recommendations, self._stored.history(self._person.user_id)
        after = self._stored.asked(self._stored.changed(one, [wanted]))
        words = words_of(self._stored, one, [wanted])
        figure = what_if_figure(before, after.recommendations, words)
        told = _reasons_after(before, after, self._stored.pair.silence)
        _draw(self.comparison, figure, told)

    def _wanted_change(self) -> Change | None:
        """What is to be different; None for nothing.

        Raises:
            InputError: If there is no such item.
        """
        item_id = self.change.value
        if self.other.value.strip():
            item_id = find_item(self.other.value, self._items)
        elif isinstance(item_id, str) and item_id == NO_CHANGE:
            return None
        value = self.rating.value
        return Change(item_id, None if value == phrase(TAKE_BACK) else float(value))


browse = Browser


def _side_by_side(left: list[Any], right: list[Any]) -> ipywidgets.HBox:
    columns = [ipywidgets.VBox(widgets, layout={"width": "50%"}) for widgets in (left, right)]
    return ipywidgets.HBox(columns)


def _heading(text: str, more: str = "") -> ipywidgets.HTML:
    return ipywidgets.HTML(f"<b>{text}</b> {more}")


def _stars(histories: Interactions) -> list[str]:
    """Ratings to choose from: those that occur, or as many between their ends."""
    values = np.unique(histories.ratings.data)
    if len(values) > MOST_STARS:
        values = np.linspace(values[0], values[-1], MOST_STARS)
    return [f"{value:g}" for value in values]


def _draw(output: ipywidgets.Output, figure: go.Figure, table: str = "") -> None:
    output.clear_output(wait=True)
    with output:
        display(figure)
        if table:
            display(ipywidgets.HTML(table))


def _history(someone: Person) -> str:
    rows = someone.history.head(N_RATED).to_dict("records")
    lines = [f"★{short(row['rating'])} {escape(title_of(row))}" for row in rows]
    n_more = len(someone.history) - len(rows)
    more = [plural(n_more, "and {n} more", "and {n} more")] if n_more > 0 else []
    return f'<div style="{_LINES}">{"<br>".join([*lines, *more])}</div>'


def _reasons_after(before: pd.DataFrame, after: Person, silence: str) -> str:
    """The sentences of what the change brings into the list."""
    listed = after.recommendations
    new = listed[~listed["item_id"].isin(before["item_id"])].to_dict("records")
    lines = [f"<b>{escape(title_of(row))}</b>{_sentence(row['sentence'], silence)}" for row in new]
    return "".join([phrase("New in the list:"), "<br>", *lines]) if lines else ""


def _sentence(sentence: Any, silence: str) -> str:
    if not markup.is_text(sentence):
        return escape(phrase("No explanation: {why}.", why=silence))
    return f'<div style="{_LINES}">{markup.html(sentence)}</div>'
