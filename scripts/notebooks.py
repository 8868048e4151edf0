"""Execute the notebooks and write them as pages with pictures, to be read on a code host.

Run it from the project folder, after `kedro run` (and `kedro run --pipelines diagnostics`):

    python scripts/notebooks.py [NAME ...]    docs/notebooks/NAME.md, of all notebooks by default
"""

from __future__ import annotations

import argparse
import base64
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage import find_browser

BOOKS, PAGES = Path("notebooks"), Path("docs/notebooks")
PLOTLY, WIDGET = "application/vnd.plotly.v1+json", "application/vnd.jupyter.widget-view+json"
WIDGETS = "application/vnd.jupyter.widget-state+json"
WIDTH, COLOURS = 760, 64
LONGEST = 900  # seconds of a notebook's cell

Draw = Callable[[dict[str, Any]], bytes]


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = sorted(path.stem for path in BOOKS.glob("*.ipynb"))
    parser.add_argument("name", nargs="*", choices=[[], *names], metavar="NAME", help="a notebook")
    chosen = parser.parse_args().name or names
    (PAGES / "images").mkdir(parents=True, exist_ok=True)
    with drawing() as draw:
        for name in chosen:
            page = Page(name, draw)
            page.write(execute(BOOKS / f"{name}.ipynb"))
            print(f"{page.path}: {page.n_bytes // 1000} kB")
    write_contents(names)


def write_contents(names: list[str]) -> None:
    """Write the list of the pages that there are."""
    made = "Made by `make notebook-pages`; `make lab` opens the notebooks themselves."
    lines = ["# The notebooks, executed", "", made, ""]
    for name in names:
        page = PAGES / f"{name}.md"
        if page.exists():
            (title,) = re.findall(r"^# (.*)", page.read_text("utf-8"), re.MULTILINE)[:1]
            lines.append(f"- [{title}]({page.name})")
    (PAGES / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def execute(path: Path) -> Any:
    """A notebook with its outputs, as nbformat has it."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(book, timeout=LONGEST, resources=resources).execute()
    return book


@contextmanager
def drawing() -> Iterator[Draw]:
    """Draws plotly's figures as PNG, in a browser."""
    from PIL import Image
    from playwright.sync_api import sync_playwright
    from plotly.offline import get_plotlyjs

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content("<div id=figure></div>")
        page.add_script_tag(content=get_plotlyjs())

        def draw(figure: dict[str, Any]) -> bytes:
            height = figure["layout"].get("height", 450)
            size = {"format": "png", "width": WIDTH, "height": height}
            address = page.evaluate(
                "([figure, size]) => Plotly.toImage({...figure, config: {}}, size)", [figure, size]
            )
            image = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
            small = io.BytesIO()
            image.convert("RGB").quantize(COLOURS).save(small, "png", optimize=True)
            return small.getvalue()

        yield draw
        browser.close()


class Page:
    """A notebook as Markdown, and its pictures.

    Attributes:
        path: Of the Markdown.
        n_bytes: Of all files, once they are written.
    """

    def __init__(self, name: str, draw: Draw) -> None:
        """Begin a page; old pictures of it go."""
        self.path, self.n_bytes = PAGES / f"{name}.md", 0
        self._draw, self._n_pictures = draw, 0
        for old in (PAGES / "images").glob(f"{name}-*.png"):
            old.unlink()

    def write(self, book: Any) -> None:
        """Write the cells with their outputs."""
        where = f"{BOOKS}/{self.path.stem}.ipynb"
        parts = [f"<!-- Made by `make notebook-pages` from {where}; do not edit. -->"]
        widgets = book.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {})
        for cell in book.cells:
            if cell.cell_type == "markdown":
                parts.append(re.sub(r"(\(\d\d_\w+)\.ipynb\)", r"\1.md)", cell.source))
                continue
            parts.append(f"```python\n{cell.source}\n```")
            parts += [self._output(output, widgets) for output in cell.outputs]
        text = "\n\n".join(part for part in parts if part) + "\n"
        self.path.write_text(text, encoding="utf-8")
        self.n_bytes += self.path.stat().st_size

    def _output(self, output: Any, widgets: dict[str, Any]) -> str:
        if output.output_type == "stream":
            return fenced(output.text) if output.name == "stdout" else ""
        data = output.get("data", {})
        if PLOTLY in data:
            return self._picture(data[PLOTLY])
        if WIDGET in data:
            return self._browser(widgets)
        if "text/html" in data:
            return html(data["text/html"])
        return str(data.get("text/markdown") or fenced(data.get("text/plain", "")))

    def _picture(self, figure: dict[str, Any]) -> str:
        self._n_pictures += 1
        picture = PAGES / "images" / f"{self.path.stem}-{self._n_pictures}.png"
        picture.write_bytes(self._draw(figure))
        self.n_bytes += picture.stat().st_size
        title = figure["layout"].get("title", {}).get("text", "")
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", title)).strip().replace("]", "")
        return f"![{words or 'Figure'}]({picture.relative_to(PAGES).as_posix()})"

    def _browser(self, widgets: dict[str, Any]) -> str:
        """What the browser of reasons shows first: the list, the first reason and its figure."""
        states = [model["state"] for model in widgets.values()]
        kinds = [(state["_model_name"], state) for state in states]
        lists = [state["_options_labels"] for kind, state in kinds if kind == "SelectModel"]
        figures = [
            output["data"][PLOTLY]
            for kind, state in kinds
            if kind == "OutputModel"
            for output in state.get("outputs", [])
            if PLOTLY in output.get("data", {})
        ]
        parts = [
            "*In the notebook (`make lab`) this is a browser: choose a person, a "
            "recommendation, and a rating to change. It shows first:*"
        ]
        parts += ["\n".join(labels) for labels in lists]
        return "\n\n".join([*parts, *map(self._picture, figures[:1])])


def html(text: str) -> str:
    """HTML as code hosts show it, who take no styles, with a line for each row of a table."""
    plain = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*(?=<t[hd]|</tr|\n)", "", plain).strip()


def fenced(text: str) -> str:
    """Text as it stands."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).strip("\n")
    return f"```text\n{plain}\n```" if plain.strip() else ""


if __name__ == "__main__":
    main()
