"""In a browser, at every width that figures are shown at: no text over another, none cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plotly
import pytest

from explainable_recsys.figures.style import fit
from tests.figures.examples import EXAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (270, 360, 720, 1200)
"""In pixels: kedro-viz' preview, a phone, a notebook, a wide screen."""

MEASURE = """
async ([figure, width]) => {
  const div = document.getElementById("figure");
  await Plotly.newPlot(div, figure.data, {...figure.layout, width}, {staticPlot: true});
  const drawn = [...div.querySelectorAll("svg text")];
  const boxes = drawn.flatMap(text => {
    const style = getComputedStyle(text);
    if (style.opacity == 0 || style.display == "none" || style.fill == "none") return [];
    const lines = text.querySelectorAll("tspan.line");
    return [...(lines.length ? lines : [text])].map(line => {
      const box = line.getBoundingClientRect();
      return [line.textContent, box.left, box.top, box.right, box.bottom];
    });
  });
  const areas = Object.values(div._fullLayout._plots).map(({xaxis, yaxis}) =>
    [xaxis._offset, yaxis._offset, xaxis._offset + xaxis._length, yaxis._offset + yaxis._length]);
  const outside = [".gtitle", ".gtitle-subtitle", ".legendtext", ".legendtitletext", ".xtitle",
    ".ytitle", ".x2title", ".y2title", ".cbtitle text"].flatMap(kind =>
    [...div.querySelectorAll(kind)].map(text => {
      const box = text.getBoundingClientRect();
      return [text.textContent, box.left, box.top, box.right, box.bottom];
    }));
  return {boxes, areas, outside, height: div._fullLayout.height};
}
"""
"""Draws a figure; gives the boxes of its texts, line by line, its areas, and what is beside."""

Box = list[float]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with plotly."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_content('<body style="margin: 0"><div id="figure"></div>')
    page.add_script_tag(path=Path(plotly.__file__).parent / "package_data" / "plotly.min.js")
    yield page
    page.close()


def problems(page: Page, figure: Any, width: int) -> list[str]:
    """Texts that are cut, or over one another, or over what is drawn though they are beside."""
    drawn = page.evaluate(MEASURE, [json.loads(fit(figure, width).to_json()), width])
    frame = [0, 0, width, drawn["height"]]
    texts = [(text, box) for text, *box in drawn["boxes"] if text.strip() and box[2] > box[0]]
    found = [f"cut: {text}" for text, box in texts if not is_within(box, frame)]
    found += [
        f"overlap: {text} | {other}"
        for place, (text, box) in enumerate(texts)
        for other, second in texts[:place]
        if meet(box, second)
    ]
    return found + [
        f"over the area: {text}"
        for text, *box in drawn["outside"]
        if any(meet(box, area) for area in drawn["areas"])
    ]


def is_within(box: Box, frame: Box, slack: float = 1) -> bool:
    low = box[0] >= frame[0] - slack and box[1] >= frame[1] - slack
    return low and box[2] <= frame[2] + slack and box[3] <= frame[3] + slack


def meet(box: Box, other: Box, across: float = 2, up: float = 3) -> bool:
    """Whether boxes overlap by more than the empty edges of their letters."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    return wide > across and high > up


@pytest.mark.parametrize("function", EXAMPLES)
def test_no_text_is_cut_or_over_another(page: Page, function: str) -> None:
    found = {
        f"{kind}, {width} px": wrong
        for kind, figure in EXAMPLES[function]().items()
        for width in WIDTHS
        if (wrong := problems(page, figure, width))
    }
    assert not found
