"""Seconds to fit, recommend and explain, beside other libraries on the same data, as ratios.

    python benchmarks/peers.py --small
    python benchmarks/peers.py --environment lenskit=/path/to/python rectools=/path/to/python

implicit, Surprise, mlxtend and lime come with the project. LensKit, RecTools and Cornac want an
environment each, with pandas, whose Python is named; without it they are left out. The data are the
embedded ones and a million synthetic ratings, one rating of each user held out. Libraries take
turns, each in a process of its own, on one core and on all; the fastest of three runs counts, and
what takes long is run once. Everybody has the settings below, and makes lists of ten for all users
(or for some, times as many).

Whether the same is done stands beside: `alike` is the share of our lists, of our three first
reasons or of our rules that others find too (of rules: how many there are), `nDCG` how well the
lists rank what was held out. `--page` brings docs/speed.md and docs/speed.json up to date.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiment import PROJECT, raw_table
from peer_worker import STEPS, WORKERS
from scale import GENRES, draw_pairs

WORKER = Path(__file__).with_name("peer_worker.py")
PAGE = PROJECT / "docs" / "speed.md"
LIBRARIES = {
    "ours": "this project",
    "implicit": "implicit",
    "surprise": "Surprise",
    "mlxtend": "mlxtend",
    "lime": "lime",
    "lenskit": "LensKit",
    "rectools": "RecTools",
    "cornac": "Cornac",
}
FOREIGN = ("lenskit", "rectools", "cornac")
THREADS = ("OMP", "OPENBLAS", "MKL", "LK", "RAYON")

N_ITEMS = 3_700
"""Of the synthetic data, as in MovieLens 1M: few enough for everybody's EASE."""

SHARES = (0.01, 0.03, 0.02, 0.07, 0.05, 0.21, 0.12, 0.28, 0.08, 0.13)
"""Of ratings from 0.5 to 5 stars."""

SECONDS_TO_REPEAT = 10
"""What has taken longer is not run again."""


class Model(NamedTuple):
    """What is compared: its name, its settings as this project calls them."""

    title: str
    settings: dict[str, Any]


MODELS = {
    "als": Model("ALS", {"factors": 64, "regularization": 30.0, "iterations": 15, "alpha": 0.7}),
    "ease": Model(
        "EASE",
        {
            "regularization": 360.0,
            "rating_weight": 0,  # as published, like those below
            "length_damping": 0,
            "popularity_damping": 0,
        },
    ),
    "item_knn": Model("item-kNN", {"k": 260, "shrinkage": 0, "amplification": 1}),
    "svd_ratings": Model(
        "SVD of ratings",
        {"factors": 64, "epochs": 20, "learning_rate": 0.0108, "regularization": 0.0938},
    ),
    "rules": Model("rules", {"min_support": 0.05, "min_confidence": 0.3, "max_antecedents": 2}),
    "lime_of_genres": Model("LIME, genres", {"neighbourhood": "groups", "n_samples": 100}),
    "lime_of_items": Model("LIME, other items", {"neighbourhood": "item", "n_samples": 1000}),
}


class Data(NamedTuple):
    """Ratings to learn from, in a file for the workers, and those held out.

    Attributes:
        held_out: (n_users,) column of an item of each user; -1 where nobody else rated it.
    """

    name: str
    path: Path
    held_out: NDArray[np.int64]


def embedded() -> tuple[pd.DataFrame, pd.Series[str]]:
    """The ratings that come with the project, and the genres by item."""
    items = raw_table("local", None, "items")
    return raw_table("local", None, "ratings"), items.set_index("item_id")["genres"]


def synthetic(n_ratings: int, n_items: int = N_ITEMS) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Ratings of the shape of MovieLens, and two genres for each item."""
    users, items = draw_pairs(n_ratings, np.random.default_rng(0), n_items)
    ratings = np.random.default_rng(1).choice(np.arange(1, 11) / 2, n_ratings, p=SHARES)
    numbers = range(1, n_items + 1)
    genres = [f"{GENRES[n % 7]}|{GENRES[n * 3 % 5]}" for n in numbers]
    table = pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings})
    return table, pd.Series(genres, index=numbers)


def write(folder: Path, ratings: pd.DataFrame, genres: pd.Series[str]) -> Data:
    """Hold one rating of each user out, number what is left, and write it for the workers."""
    held = ratings.groupby("user_id").sample(1, random_state=0)
    train = ratings.drop(held.index)
    users, user_ids = pd.factorize(train["user_id"], sort=True)
    items, item_ids = pd.factorize(train["item_id"], sort=True)
    flags = genres.reindex(item_ids).fillna("").str.get_dummies("|").to_numpy(bool)
    name = f"{len(ratings):,} ratings by {len(user_ids):,} users of {len(item_ids):,} items"
    path = folder / f"{len(ratings)}.npz"
    values = train["rating"].to_numpy(np.float32)
    np.savez(path, users=users, items=items, ratings=values, genres=flags)
    wanted = held.set_index("user_id")["item_id"].reindex(user_ids)
    return Data(name, path, pd.Index(item_ids).get_indexer(pd.Index(wanted)))


Ask = Callable[[str, str, Data], dict[str, Any]]
"""Have a library do a model; the answer is that of `peer_worker.run`."""


@contextlib.contextmanager
def workers(pythons: Mapping[str, Path], threads: int) -> Iterator[Ask]:
    """Start a process for every library, which waits for tasks."""
    limits = {f"{name}_NUM_THREADS": str(threads) for name in THREADS}
    limits |= {"LK_NUM_BACKEND_THREADS": str(threads), "LK_NUM_PROCS": "1"}
    with contextlib.ExitStack() as stack:
        running = {
            library: stack.enter_context(
                subprocess.Popen(
                    [str(python), str(WORKER)],
                    env=os.environ | limits,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
            for library, python in pythons.items()
        }

        def ask(library: str, model: str, data: Data) -> dict[str, Any]:
            task = {"library": library, "model": model, "threads": threads}
            task |= {"data": str(data.path), "settings": MODELS[model].settings}
            to, back = running[library].stdin, running[library].stdout
            assert to is not None
            assert back is not None
            print(json.dumps(task), file=to, flush=True)
            line = back.readline()
            answer: dict[str, Any] = json.loads(line) if line else {"error": "the process ended"}
            return answer

        yield ask


def measure(
    data: Data, model: str, libraries: list[str], ask: Ask, repeats: int
) -> dict[str, dict[str, Any]]:
    """The answers of all libraries that have a model, each with its least seconds."""
    answers: dict[str, dict[str, Any]] = {}
    spent = dict.fromkeys(libraries, 0.0)
    for _ in range(repeats):
        for library in libraries:
            if spent[library] > SECONDS_TO_REPEAT or "error" in answers.get(library, {}):
                continue
            start = time.perf_counter()
            answer = ask(library, model, data)
            spent[library] += time.perf_counter() - start
            if library in answers and "error" not in answer:
                before = answers[library]["seconds"]
                for step, seconds in answer["seconds"].items():
                    answer["seconds"][step] = np.minimum(before[step], seconds).tolist()
            answers[library] = answer
    return answers


def rows(data: Data, model: str, answers: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for every library: seconds by step and clock, and how alike what was found is."""
    ours = answers["ours"]
    if "error" in ours:
        raise SystemExit(f"Error: {MODELS[model].title} of this project: {ours['error']}")
    for library, answer in answers.items():
        if "error" in answer:
            print(f"{MODELS[model].title}: {library} left out: {answer['error']}", flush=True)
            continue
        row: dict[str, Any] = {"data": data.name, "model": model, "library": library}
        for step, (cpu, wall) in answer["seconds"].items():
            row |= {f"{step} cpu": cpu, f"{step} wall": wall}
        if len(answer["lists"]) == len(data.held_out):
            row["ndcg"] = ndcg(np.array(answer["lists"]), data.held_out)
        if answer["lists"]:
            row["lists alike"] = overlap(ours["lists"], answer["lists"])
        if shared := ours["reasons"].keys() & answer["reasons"].keys():
            row["reasons alike"] = overlap(
                *([one["reasons"][key] for key in shared] for one in (ours, answer))
            )
        if answer["count"] is not None:
            fewer, more = sorted([answer["count"], ours["count"]])
            row["lists alike"] = fewer / more if more else 1.0
        yield row | {"version": answer["version"]}


def overlap(ours: list[Any], theirs: list[Any]) -> float:
    """Mean share of what is in our lists that is in theirs, too; -1 is nothing."""
    pairs = [(set(own) - {-1}, set(other)) for own, other in zip(ours, theirs, strict=False)]
    return float(np.mean([len(own & other) / len(own) for own, other in pairs if own] or [np.nan]))


def ndcg(lists: NDArray[np.int64], held_out: NDArray[np.int64]) -> float:
    """Mean of 1 / log2(1 + rank) of the items held out, 0 where they are not on the list."""
    hits = (lists == held_out[:, None]) & (lists >= 0)
    return float((hits / np.log2(np.arange(2, lists.shape[1] + 2))).sum(axis=1).mean())


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """How many times as long as ours everybody takes.

    Args:
        table: As `rows` makes it, with the column `threads`.

    Returns:
        A row for each data set, model and library: seconds of the processor on one core (`fit`,
        `recommend`, `explain`), what else `rows` says, and the ratios: `lists x` (fit and
        recommend), `explain x` on one core (processor), the same and `all` on all (clock).
    """
    table = table.set_index(["data", "model", "library"])
    one, every = table[table["threads"] == 1], table[table["threads"] > 1]
    known = one.reindex(columns=["lists alike", "reasons alike", "ndcg", "version"])
    on_all = ratios(steps(every, "wall")).add_suffix(" all")
    return steps(one, "cpu").join([known, ratios(steps(one, "cpu")), on_all])


def steps(table: pd.DataFrame, clock: str) -> pd.DataFrame:
    """Seconds of each step by one of the clocks."""
    named = {f"{step} {clock}": step for step in STEPS}
    return table.reindex(columns=list(named)).rename(columns=named)


def ratios(seconds: pd.DataFrame) -> pd.DataFrame:
    """Seconds as multiples of ours."""
    lists = seconds[["fit", "recommend"]].sum(axis=1, min_count=1)
    found = pd.DataFrame({"lists x": lists, "explain x": seconds["explain"]})
    own = found[found.index.get_level_values("library") == "ours"]
    places = pd.MultiIndex.from_frame(found.index.to_frame().assign(library="ours"))
    return pd.DataFrame(found / own.reindex(places).to_numpy())


HEADS = (
    *("model", "library", "fit, s", "recommend, s", "×", "× all cores"),
    *("explain, s", "×", "× all cores", "alike: lists, reasons", "nDCG"),
)


def as_markdown(found: pd.DataFrame) -> str:
    """The same for readers, a table for each data set, without columns that are empty."""
    parts = []
    for data, table in found.reset_index().groupby("data", sort=False):
        lines = [cells(row) for row in table.to_dict("records")]
        kept = [place for place, column in enumerate(zip(*lines, strict=True)) if any(column)]
        lines = [list(HEADS), ["---"] * len(HEADS), *lines]
        texts = [" | ".join(line[place] for place in kept) for line in lines]
        parts.append(f"{data}:\n\n" + "\n".join(f"| {text} |" for text in texts))
    return "\n\n".join(parts)


def cells(row: dict[Any, Any]) -> list[str]:
    """A line of the table; what would compare ours with ours is empty."""
    own = row["library"] == LIBRARIES["ours"]
    alike = [number(row[f"{what} alike"]) for what in ("lists", "reasons")]
    return [
        row["model"],
        row["library"],
        number(row["fit"]),
        number(row["recommend"]),
        *("" if own else times(row[f"lists x{where}"]) for where in ("", " all")),
        number(row["explain"]),
        *("" if own else times(row[f"explain x{where}"]) for where in ("", " all")),
        "" if own else ", ".join(filter(None, alike)),
        number(row["ndcg"]),
    ]


def number(value: float) -> str:
    """Two decimals, or three of what is small; nothing where there is no number."""
    if pd.isna(value):
        return ""
    return f"{value:.3f}" if value < 0.1 else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def times(ratio: float) -> str:
    """Two digits, bold where others are faster."""
    if pd.isna(ratio):
        return ""
    text = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
    return f"**{text}**" if ratio < 1 else text


def about(found: pd.DataFrame) -> str:
    """Versions, machine and date."""
    versions = found["version"].groupby(level="library", sort=False).first()
    others = [f"{name} {versions[name]}" for name in versions.index if name != LIBRARIES["ours"]]
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    machine = f"{os.cpu_count()} cores (`{names[0] if names else platform.machine()}`)"
    when = f"{time.strftime('%-d %B %Y')} with Python {platform.python_version()}"
    return f"{', '.join(others)}; measured on {when}, {machine}."


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--environment",
        nargs="+",
        type=lambda text: text.partition("=")[::2],
        default=[],
        metavar="LIBRARY=PYTHON",
        help=f"the Python that has {', '.join(FOREIGN)}",
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=[*MODELS])
    parser.add_argument("--data", nargs="+", choices=["million", "embedded"], default=None)
    every = os.cpu_count() or 1
    parser.add_argument("--cores", type=int, choices=range(1, every + 1), default=every)
    parser.add_argument("--repeats", type=int, choices=range(1, 10), default=3)
    parser.add_argument("--small", action="store_true", help="30,000 ratings, once: a minute")
    parser.add_argument("--page", action="store_true", help="bring docs/speed.md up to date")
    options = parser.parse_args()
    pythons = chosen_pythons(parser, dict(options.environment))
    table = pd.DataFrame(measurements(options, pythons))
    titles = {name: model.title for name, model in MODELS.items()}
    found = (
        compared(table).rename(index=titles, level="model").rename(index=LIBRARIES, level="library")
    )
    text = f"{about(found)}\n\n{as_markdown(found)}\n"
    print(text)
    if options.page:
        page = PAGE.read_text(encoding="utf-8")
        before, marker, _ = page.partition("<!-- peers -->\n")
        PAGE.write_text(before + marker + "\n" + text, encoding="utf-8")
        stored = PAGE.with_suffix(".json")  # with every digit, so that it rounds as the page does
        found.reset_index().to_json(stored, orient="records", lines=True, double_precision=15)


def chosen_pythons(parser: argparse.ArgumentParser, named: dict[str, str]) -> dict[str, Path]:
    """The interpreter of every library, those left out named."""
    for library, python in named.items():
        if library not in FOREIGN:
            parser.error(f"--environment {library}: accepted: {', '.join(FOREIGN)}")
        if not Path(python).is_file():
            parser.error(f"--environment {library}: there is no {python}")
    for library in FOREIGN:
        if library not in named:
            print(f"{LIBRARIES[library]} is left out: no --environment {library}=PYTHON")
    own = [name for name in LIBRARIES if name not in FOREIGN]
    return {name: Path(sys.executable) for name in own} | {
        name: Path(python) for name, python in named.items()
    }


def measurements(options: argparse.Namespace, pythons: dict[str, Path]) -> Iterator[dict[str, Any]]:
    """Rows of all data, on one core and on all; a line for each as it is known."""
    made = {"million": lambda: synthetic(1_000_000), "embedded": embedded}
    sources = [made[name]() for name in options.data or made]
    if options.small:
        sources = [synthetic(30_000, 1_000)]
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        sets = [write(Path(folder), *source) for source in sources]
        for threads in sorted({1, 1 if options.small else options.cores}):
            with workers(pythons, threads) as ask:
                for data, model in itertools.product(sets, options.models):
                    having = [name for name in pythons if (name, model) in WORKERS]
                    repeats = 1 if options.small else options.repeats
                    for row in rows(data, model, measure(data, model, having, ask, repeats)):
                        print(line_of(row, threads), file=sys.stderr, flush=True)
                        yield row | {"threads": threads}


def line_of(row: dict[str, Any], threads: int) -> str:
    """A row in short."""
    clock = "cpu" if threads == 1 else "wall"
    seconds = [f"{step} {row[key]:.2f}" for step in STEPS if (key := f"{step} {clock}") in row]
    title, library = MODELS[row["model"]].title, LIBRARIES[row["library"]]
    return f"{row['data']}, {threads} threads, {title}, {library}: {', '.join(seconds)} s"


if __name__ == "__main__":
    main()
