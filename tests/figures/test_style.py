"""One look; and plotly is not imported before something is drawn."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from explainable_recsys import figures
from explainable_recsys.figures.style import (
    PALETTE,
    finish,
    fit,
    for_lineage,
    message_figure,
    new_figure,
)


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
    assert figure.layout.title.text.count("<br>") == 1
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
    made = finish(new_figure(), "<i>word</i> " * 30, "10 % " * 30, "x", "y", room=40)
    figure = fit(made, 380)
    drawn = {each.layout.height - each.layout.margin.t for each in (made, figure, fit(figure, 900))}
    assert len(drawn) == 1
    assert fit(figure, 720).layout == made.layout
    title = figure.layout.title
    assert max(line.count("word") for line in title.text.split("<br>")) == 8
    assert max(map(len, title.subtitle.text.split("<br>"))) <= 58
    assert not any(line.startswith("%") for line in title.subtitle.text.split("<br>"))
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("x", "y")
    less = finish(new_figure(), "word", "", room=40)
    assert less.layout.margin.t < figure.layout.margin.t


def test_kedro_viz_has_the_texts_in_a_legend_and_no_figure_that_is_too_high() -> None:
    """It puts titles over what is drawn, and gives every figure the height of its window."""
    figure = for_lineage(finish(new_figure(), "A finding", "How to read it"))
    assert figure.layout.title.text is None
    for text in ("A finding", "How to read it"):
        assert text in figure.layout.legend2.title.text
    assert figure.data[-1].legend == "legend2"
    (note,) = for_lineage(finish(new_figure(), "A finding", drawn=2000)).layout.annotations
    assert note.text.startswith("A finding")
