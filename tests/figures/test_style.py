"""One look; and plotly is not imported before something is drawn."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from explainable_recsys import figures
from explainable_recsys.figures.style import PALETTE, finish, message_figure, new_figure


def test_nothing_heavy_is_imported_with_the_modules() -> None:
    """Every command of the project imports them."""
    modules = ["datasets.files"]
    modules += [f"figures.{module.name}" for module in pkgutil.iter_modules(figures.__path__)]
    imports = "; ".join(f"import explainable_recsys.{module}" for module in modules)
    code = f"import sys; {imports}; assert not {{'plotly', 'networkx'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_colours() -> None:
    assert len(set(PALETTE)) == 8
    assert list(new_figure().layout.template.layout.colorway) == PALETTE


def test_texts_and_background() -> None:
    figure = finish(new_figure(), "Found " + "that " * 30, "How", "Weight (kg)", "Height (m)")
    assert figure.layout.title.text.count("<br>") == 3
    assert figure.layout.title.subtitle.text == "How"
    assert figure.layout.xaxis.title.text == "Weight (kg)"
    assert figure.layout.yaxis.title.text == "Height (m)"
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "white"


def test_longer_titles_get_more_room() -> None:
    short, long = (finish(new_figure(), "word " * n, "How") for n in (1, 50))
    assert short.layout.margin.t < long.layout.margin.t


def test_message() -> None:
    figure = message_figure("Nothing")
    assert [note.text for note in figure.layout.annotations] == ["Nothing"]
    assert not figure.layout.xaxis.visible
    assert not figure.data


def test_texts_fit_a_phone() -> None:
    figure = finish(new_figure(), "<i>word</i> " * 30, "10 % " * 30, "x", "y", room=40)
    title = figure.layout.title
    assert max(line.count("word") for line in title.text.split("<br>")) == 9
    assert max(map(len, title.subtitle.text.split("<br>"))) <= 58
    assert not any(line.startswith("%") for line in title.subtitle.text.split("<br>"))
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("x", "y")
    less = finish(new_figure(), "word", "", room=40)
    assert less.layout.margin.t < figure.layout.margin.t
