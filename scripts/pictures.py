"""Take the pictures of README and docs/ anew, from what the last run stored; needs Chromium.

Run it from the project folder:

    python scripts/pictures.py                     all of them
    python scripts/pictures.py recommendation      some, by name

`docs/speed.png` shows what `benchmarks/peers.py --page` measured. `docs/lineage.png` comes from
`scripts/lineage.py draw`, `docs/notebook.png` from a notebook.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pandas as pd
from kedro.io import DataCatalog
from lineage import find_browser
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from explainable_recsys import Change, answer, what_if
from explainable_recsys.figures import draw
from explainable_recsys.figures.rows import Panel, rows_figure
from explainable_recsys.figures.style import Figure
from explainable_recsys.figures.texts import label
from explainable_recsys.interface.stored import load_stored, open_catalog, stored_approach
from explainable_recsys.reporting.people import find_item
from explainable_recsys.titles import short_titles
from explainable_recsys.wording.markup import html

FIGURES = {
    "evidence": "posthoc_fm_lime.evidence_figure",
    "explainability_sweep": "emf.explainability_sweep_figure",
    "exploration": "exploration.concentration_figure",
    "rule_network": "rules.network_figure",
    "study": "study.means_figure",
    "surroundings": "graph.surroundings_figure",
    "trade_off": "trade_off_figure",
}
"""Pictures that are figures of a run, and where in the catalog they are."""

ITEM, APPROACH = "The Lord of the Rings: The Two Towers", "intrinsic_ease"
N_BARS, N_CITED = 5, 3
"""What is recommended to the example person; how much evidence, and how much is taken away."""

APP = {
    "app": ("/", 1024, 720, "light"),
    "app_reasons": ("/?u={user}&a=posthoc_influence&open={item}", 1024, 1000, "light"),
    "app_dark": ("/?u={user}&a=intrinsic_als", 1024, 640, "dark"),
    "app_phone": ("/?r=260:5&r=2571:4.5&r=1:2&a=intrinsic_als", 390, 844, "light"),
}
"""Pictures of the app: the address, what is seen of it, and in which colours."""

PORT, OPENED = 8173, 1580
"""Where the app is started, and the film whose card is open."""

WIDTH, COLOURS, COLOURS_OF_APP = 800, 64, 24
STYLE = """
body { margin: 0; background: white; color: #222; font: 15px Arial, Liberation Sans, sans-serif }
section { padding: 14px 18px } h1 { font-size: 20px; margin: 0 } h2 { font-size: 16px }
p { line-height: 1.4 } div.row { display: flex; gap: 20px }
i.bar { display: inline-block; height: 12px; background: #009E73; margin-right: 6px }
td { padding: 1px 8px 1px 0; white-space: nowrap; font-size: 13px }
s { color: #888 } b { color: #0072B2 }
"""


def main() -> None:
    """Take the pictures that are asked for."""
    names = ["recommendation", "speed", *FIGURES, *APP]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*names, []], help="default: all")
    wanted = parser.parse_args().names or names
    catalog = open_catalog()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 420}, device_scale_factor=1.5)
        for name in wanted:
            if name not in APP:
                take(page, shown(name, catalog), Path("docs", f"{name}.png"))
        if of_app := [name for name in wanted if name in APP]:
            user = catalog.load("params:source").example_user
            with app_started() as address:
                for name in of_app:
                    take_app(browser, name, address, user)
        browser.close()


@contextlib.contextmanager
def app_started() -> Iterator[str]:
    """The app on the last run, and its address."""
    kedro = Path(sys.executable).with_name("kedro")
    command = [str(kedro), "app", "--port", str(PORT)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    address = f"http://127.0.0.1:{PORT}"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), urlopen(f"{address}/api/v1/ready"):
                break
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def take_app(browser: Browser, name: str, address: str, user: Any) -> None:
    """Take one picture of the app."""
    path, width, height, colours = APP[name]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if colours == "dark" else "light",
        device_scale_factor=1 if width > WIDTH else 2,
    )
    page.goto(address + path.format(user=user, item=OPENED))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)  # parts that arrive move into place
    save(page.screenshot(), Path("docs", f"{name}.png"), COLOURS_OF_APP)
    page.close()


def shown(name: str, catalog: DataCatalog) -> str:
    """What a picture is of, as HTML."""
    if name == "recommendation":
        return told(catalog)
    return as_html(speed() if name == "speed" else catalog.load(FIGURES[name]))


def speed() -> Figure:
    """How many times as long as this project others take, a row for each model and step."""
    measured = pd.read_json(Path("docs", "speed.json"), lines=True)
    steps = {"lists x": "{}", "explain x": "{}: explain"}
    parts = [
        measured.assign(row=measured["model"].map(text.format), value=measured[step])
        for step, text in steps.items()
    ]
    every = pd.concat(parts).dropna(subset="value")
    others = every[every["library"] != "this project"]
    rows = list(dict.fromkeys(others["row"]))
    low, high = np.log10([others["value"].min(), others["value"].max()])
    ends = draw.padded(low, high, 0.05)
    axis = {"type": "log", "dtick": 1, "tickformat": "~g", "range": ends}
    panels = []
    for data in others["data"].unique():
        table = others[others["data"] == data].set_index("row")
        series = {
            name: table[table["library"] == name][["value"]].reindex(rows)
            for name in others["library"].unique()
        }
        title = f"times as long: {data.partition(' by')[0]}"
        panels.append(Panel(title, series, axis))
    figure = rows_figure(
        rows,
        panels,
        "How many times as long as this project other libraries take",
        "To fit and make lists of ten for everybody, or to explain them; on one core. Right of the "
        "line this project is faster.",
    )
    for place in range(len(panels)):
        draw.line_at(figure, "x", 1, "", draw.suffix_of(place), dash="dash", width=1.5)
    return figure


def told(catalog: DataCatalog) -> str:
    """One recommendation: the sentence, the evidence, and the list without the ratings cited."""
    stored = load_stored(catalog, stored_approach(catalog, APPROACH))
    data, item_id = stored.data, find_item(ITEM, stored.data.items)
    user = catalog.load("params:source").example_user
    someone = stored.of(user)
    rated = dict(zip(someone.history["item_id"], someone.history["rating"], strict=True))
    one = data.histories.histories(
        pd.DataFrame(rated.items(), columns=["item_id", "rating"]).assign(user_id=user)
    )
    said = answer(stored.pair, data, one)
    supporting = said.details["totals"].set_index("item_id")["supporting"]
    reasons = said.explanations.query("item_id == @item_id").head(N_BARS)
    cited = reasons["rated_item_id"].head(N_CITED)
    found = what_if(stored.lister, data, rated, [Change(item, None) for item in cited])
    places = found.affected.set_index("item_id").loc[item_id]
    titles = short_titles(data.items).set_axis(data.items["item_id"])
    sentence = said.sentences.set_index("item_id")["sentence"].loc[item_id]
    heading = f"User {user} is recommended {titles[item_id]}. Why?"
    shares = reasons["weight"] / supporting[item_id]
    return f"""<section><h1>{escape(heading)}</h1><p>{html(sentence)}</p><div class=row>
    <div><h2>What it rests on</h2><table>{bars(reasons["evidence"], shares)}</table>
    <p>In %: of all that speaks for it.</p></div>
    <div><h2>Without the first {N_CITED} of these ratings</h2>
    <p>it would be number {places["new_rank"]:.0f} instead of {places["old_rank"]:.0f}:
    struck out is what leaves the list, blue what enters it.</p>
    <table>{beside(found.before["item_id"], found.after["item_id"], titles)}</table>
    </div></div></section>"""


def bars(texts: Iterable[str], shares: Iterable[float]) -> str:
    """Rows of a table with a bar for each piece of evidence."""
    return "".join(
        f"<tr><td>{escape(text)}<br><i class=bar style='width:{800 * share:.0f}px'></i>"
        f"{100 * share:.0f} %"
        for text, share in zip(texts, shares, strict=True)
    )


def beside(before: Iterable[Any], after: Iterable[Any], titles: pd.Series[Any]) -> str:
    """Rows of a table with two lists; what leaves is struck out, what enters is set off."""
    left, right = list(before), list(after)
    rows = []
    for place, (old, new) in enumerate(zip(left, right, strict=True), start=1):
        marks = ("s" if old not in right else "span", "b" if new not in left else "span")
        shown = [
            f"<td><{mark}>{label(titles[item], 30)}</{mark}>"
            for mark, item in zip(marks, (old, new), strict=True)
        ]
        rows.append(f"<tr><td>{place}{''.join(shown)}")
    return "".join(rows)


def as_html(figure: Any) -> str:
    """A figure, without the script that draws it."""
    return str(figure.to_html(full_html=False, include_plotlyjs=False))


def take(page: Page, content: str, picture: Path) -> None:
    """Write what Chromium shows of some HTML."""
    from plotly.offline import get_plotlyjs

    page.set_content(f"<style>{STYLE}</style><script>{get_plotlyjs()}</script>{content}")
    page.wait_for_timeout(1000)  # figures are drawn after the page has loaded
    save(page.locator("body").screenshot(), picture)


def save(shot: bytes, picture: Path, colours: int = COLOURS) -> None:
    """Write a picture with few colours."""
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(colours).save(picture, optimize=True)
    print(f"{picture}: {picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
