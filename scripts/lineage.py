"""Show the lineage in kedro-viz, one box per recommender, knowledge and approach.

Run it from the project folder:

    python scripts/lineage.py open [--env ENV]     in the browser, with what is stored now
    python scripts/lineage.py build [--env ENV]    as a static site in build/
    python scripts/lineage.py draw [--env ENV]     the same, and the README's picture of it
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainable_recsys.interface.lineage import START

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect

SITE = Path("build")
PICTURE = Path("docs/lineage.png")


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", choices=("open", "build", "draw"))
    parser.add_argument("--env", help="environment, a folder of conf/; as kedro run --env")
    arguments = parser.parse_args()
    if arguments.env and not Path("conf", arguments.env).is_dir():
        sys.exit(f"Error: there is no environment conf/{arguments.env}")
    if arguments.command == "open":
        open_live(arguments.env)
        return
    build(arguments.env)
    if arguments.command == "draw":
        draw(PICTURE)


def open_live(env: str | None) -> None:
    """Serve the lineage until interrupted, and open the browser at the overview."""
    server = subprocess.Popen(
        [*kedro_viz("run"), *(["--env", env] if env else [])],
        env=quiet(),
        start_new_session=True,  # or Ctrl-C reaches kedro-viz itself, which shows a traceback
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(server.wait())
    except KeyboardInterrupt:
        print()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)


def build(env: str | None) -> None:
    """Write the static site; exit with an error if something is missing in it."""
    shutil.rmtree(SITE, ignore_errors=True)
    environment = quiet() | ({"KEDRO_ENV": env} if env else {})
    done = subprocess.run(
        [*kedro_viz("build"), "--include-previews"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    missing = missing_files(SITE)
    if done.returncode or missing:
        print(done.stdout, file=sys.stderr)
        first = ", ".join(missing[:5])
        sys.exit(f"Error: {SITE}/ is incomplete: no file for {len(missing)} of its parts: {first}")
    complete(SITE)
    nodes = load(SITE / "api" / "main")["nodes"]
    datasets = [node["id"] for node in nodes if node["type"] == "data"]
    shown = sum(bool(load(SITE / "api" / "nodes" / name).get("preview")) for name in datasets)
    print(f"{SITE}/: {len(nodes)} nodes; {shown} of {len(datasets)} datasets with a preview")
    if shown < len(datasets):
        print("the others are not stored yet: `make run` makes them")
    print(f"to see it: python -m http.server --directory {SITE}")


def missing_files(site: Path) -> list[str]:
    """Nodes and pipelines of a site that have no file which can be read.

    `kedro viz build` stops at the first that it cannot write, and ends as if all were well.
    """
    api = site / "api"
    try:
        content = load(api / "main")
    except (OSError, ValueError):
        return ["the lineage itself"]
    wanted = {f"node {node['name']}": api / "nodes" / node["id"] for node in content["nodes"]}
    for pipeline in content["pipelines"]:
        wanted[f"pipeline {pipeline['name']}"] = api / "pipelines" / pipeline["id"]
    return [name for name, path in wanted.items() if not _is_json(path)]


def complete(site: Path) -> None:
    """Let the site open with the overview and ask for nothing that is not in it."""
    page = site / "index.html"
    text = re.sub(r"<link\s[^>]*fonts\.g[^>]*>", "", page.read_text(encoding="utf-8"))
    page.write_text(text.replace("</head>", START), encoding="utf-8")
    sharing = {"package_name": "fsspec", "package_version": "0", "is_compatible": False}
    metadata = {"has_missing_dependencies": False, "package_compatibilities": [sharing]}
    (site / "api" / "metadata").write_text(json.dumps(metadata), encoding="utf-8")


def draw(picture: Path) -> None:
    """Write a picture of the overview; needs Chromium."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    hidden = {"miniMap": False, "sidebar": False}
    state = {"theme": "light", "showFeatureHints": False, "visible": hidden}
    with serve(SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 800}, device_scale_factor=1.5)
        page.add_init_script(f"localStorage.KedroViz = JSON.stringify({json.dumps(state)})")
        page.goto(address)
        page.locator(".pipeline-node").first.wait_for()
        page.add_style_tag(content=".pipeline-sidebar { visibility: hidden }")  # hides boxes
        page.wait_for_timeout(2000)  # the graph moves into place
        boxes = [node.bounding_box() for node in page.locator(".pipeline-node").all()]
        shot = page.screenshot(clip=around([box for box in boxes if box]))
        browser.close()
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    image.quantize(32).save(picture, optimize=True)
    print(f"{picture}: {picture.stat().st_size // 1000} kB")


def around(boxes: Sequence[FloatRect], edge: float = 20) -> FloatRect:
    """The smallest rectangle that holds all boxes, and an edge."""
    left, top = (min(box[side] for box in boxes) - edge for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes) + edge
    bottom = max(box["y"] + box["height"] for box in boxes) + edge
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def find_browser() -> str | None:
    """Path of Chromium or Chrome, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@contextlib.contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve a folder on a free port; gives the address."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def kedro_viz(command: str) -> list[str]:
    """The command line of kedro-viz."""
    return [sys.executable, "-W", "ignore", "-m", "kedro", "viz", command]


def quiet() -> dict[str, str]:
    """The environment variables of this process, without warnings and telemetry."""
    return {**os.environ, "PYTHONWARNINGS": "ignore", "KEDRO_DISABLE_TELEMETRY": "true"}


def load(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _is_json(path: Path) -> bool:
    try:
        load(path)
    except (OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main()
