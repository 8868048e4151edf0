"""Bring what README and docs/ show of a run up to date, from what the last run stored.

Run it from the project folder, after a run of everything:

    kedro run > run.txt                            its output is shown, too
    python scripts/pages.py --run run.txt          writes what has changed
    python scripts/pages.py --run run.txt --check  only names it, and then ends with 1

A comment in a page says what stands below it: `output: kedro explain …` or `output: the lines
above` (Python), an excerpt where a line is …; `sentence: approach user item`; `metrics`, a table
whose header names metrics and whose first column names approaches or recommenders.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.interface.stored import open_catalog
from explainable_recsys.wording.markup import END, ITEM

OUTPUT = re.compile(r"(?P<before><!-- output: ([^\n]+) -->\n```text\n)(.*?)(?=```)", re.DOTALL)
SENTENCE = re.compile(r"(?P<before><!-- sentence: (\w+) (\S+) (\S+) -->\n)((?:>.*\n)+)")
METRICS = re.compile(r"(?P<before><!-- metrics -->\n)((?:\|.*\n)+)")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
CUT = "…"
WIDTH = 110


def main() -> None:
    """Rewrite the pages, or say which of them are out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--run", type=Path, help="what `kedro run` printed; default: leave that")
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    catalog = open_catalog()
    printed = {"kedro run": arguments.run.read_text("utf-8")} if arguments.run else {}
    stale = []
    for page in [Path("README.md"), *sorted(Path("docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        now = refreshed(text, catalog, printed)
        if now != text:
            stale.append(str(page))
            if not arguments.check:
                page.write_text(now, encoding="utf-8")
    print("\n".join(stale) if stale else "all pages show what the run stored")
    sys.exit(1 if stale and arguments.check else 0)


def refreshed(text: str, catalog: DataCatalog, printed: dict[str, str]) -> str:
    """A page with what it shows of a run as the run has it.

    Args:
        text: The page.
        catalog: What the run stored.
        printed: What commands printed that are not to be run again.
    """

    def output(found: re.Match[str]) -> str:
        command, shown = found[2], found[3]
        if command == "the lines above":
            now = run([sys.executable, "-c", PYTHON.findall(text[: found.start()])[-1]])
        elif command in printed:
            now = printed[command]
        elif command == "kedro run":
            return found[0]
        else:
            now = run([sys.executable, "-m", *shlex.split(command)])
        return found["before"] + (excerpt(shown, now, command) if CUT in shown else now)

    def sentence(found: re.Match[str]) -> str:
        table = catalog.load(f"{found[2]}.sentences").astype({"user_id": str, "item_id": str})
        of = (table["user_id"] == found[3]) & (table["item_id"] == found[4])
        said = table.loc[of, "sentence"].item().replace(ITEM, "*").replace(END, "*")
        return found["before"] + textwrap.fill(said, WIDTH, **QUOTED) + "\n"

    def metrics(found: re.Match[str]) -> str:
        header, line, *rows = found[2].splitlines()
        names = [re.findall("`(.*?)`", cell) for cell in cells(header)]
        now = [header, line, *(metrics_row(catalog, names, row) for row in rows)]
        return found["before"] + "\n".join(now) + "\n"

    kinds: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
        (OUTPUT, output),
        (SENTENCE, sentence),
        (METRICS, metrics),
    ]
    for pattern, replace in kinds:
        text = pattern.sub(replace, text)
    return text


QUOTED: dict[str, Any] = {
    "initial_indent": "> ",
    "subsequent_indent": "> ",
    "break_long_words": False,
    "break_on_hyphens": False,
}


def run(command: list[str]) -> str:
    """What a command prints; if it fails, so does this."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Error: {shlex.join(command)}\n{done.stderr}")
    return done.stdout


def excerpt(shown: str, output: str, command: str) -> str:
    """The lines of a block as they are printed now: equal ones, or those that begin alike."""
    left, now = output.splitlines(), []
    for line in shown.splitlines():
        if line == CUT:
            now.append(line)
            continue
        alike = [n for n, other in enumerate(left) if other == line]
        alike += [n for n, other in enumerate(left) if other.split()[:1] == line.split()[:1]]
        if not alike:
            sys.exit(f"Error: `{command}` does not print a line like: {line}")
        now.append(left[alike[0]])
        del left[: alike[0] + 1]
    return "".join(f"{line}\n" for line in now)


def cells(row: str) -> list[str]:
    """The cells of a row of a table."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def metrics_row(catalog: DataCatalog, names: list[list[str]], row: str) -> str:
    """A row with its metrics as they are stored, with as many digits as before."""
    first, *values = cells(row)
    name = first.strip("`")
    found = catalog.load(f"{name}.metrics")
    if name in APPROACHES:
        found = catalog.load(f"{APPROACHES[name].recommender}.metrics") | found
    now = [first]
    for (key,), shown in zip(names[1:], values, strict=True):
        value, digits = found.get(key), len(shown.partition(".")[2]) or 2
        now.append("" if value is None else f"{value:.{digits}f}")
    return f"| {' | '.join(now)} |"


if __name__ == "__main__":
    main()
