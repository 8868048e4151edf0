"""Seconds and peak memory of every node on synthetic ratings of the shape of MovieLens 20M.

    python benchmarks/scale.py 2000000 20000000
    python benchmarks/scale.py --pipeline intrinsic_mf 200000 2000000

Each node runs in a process of its own (`kedro run --nodes`), so its peak memory is its own,
start-up included, and for those that read `data`, which is in memory only, putting that together.
Users grow with the number of ratings, the 26,744 items do not. Needs about 5 GB of disk in the
temporary folder for 20 million ratings.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from numpy.typing import NDArray

PROJECT = Path(__file__).parents[1]
RATINGS_PER_USER = 144.4
N_ITEMS = 26_744
GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller")


def main() -> None:
    """Run every size given on the command line and compare the first with the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", type=int, nargs="+", help="numbers of ratings")
    parser.add_argument("--pipeline", default="intrinsic_als", help="name of an approach")
    arguments = parser.parse_args()
    measured = [(size, *measure(size, arguments.pipeline)) for size in arguments.ratings]
    for smaller, larger in itertools.pairwise(measured):
        growth = [math.log(after / before) for before, after in zip(smaller, larger, strict=True)]
        print(
            f"{smaller[0]:,} to {larger[0]:,} ratings: exponent "
            f"{growth[1] / growth[0]:.2f} (seconds), {growth[2] / growth[0]:.2f} (memory)"
        )


def measure(n_ratings: int, pipeline: str) -> tuple[float, float]:
    """Total seconds and highest peak (MB) of the pipeline on one size; prints each node."""
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        conf = write_environment(Path(folder), n_ratings)
        print(f"\n{n_ratings:,} ratings\n{'node':36}{'seconds':>9}{'peak MB':>9}")
        results = []
        for names in node_names(pipeline):
            seconds, megabytes = run_nodes(names, pipeline, conf)
            results.append((seconds, megabytes))
            print(f"{names[-1]:36}{seconds:9.1f}{megabytes:9.0f}", flush=True)
    seconds, megabytes = sum(s for s, _ in results), max(m for _, m in results)
    print(f"{'total, highest peak':36}{seconds:9.1f}{megabytes:9.0f}", flush=True)
    return seconds, megabytes


def node_names(pipeline: str) -> list[list[str]]:
    """Nodes of the pipeline in an order in which they can run, each after what it needs."""
    bootstrap_project(PROJECT)
    nodes = pipelines[pipeline].nodes
    (gather,) = (node.name for node in nodes if "data" in node.outputs)
    return [
        [gather, node.name] if "data" in node.inputs else [node.name]
        for node in nodes
        if node.name != gather
    ]


def run_nodes(names: list[str], pipeline: str, conf: Path) -> tuple[float, float]:
    """Wall seconds and peak resident memory in MB of one `kedro run --nodes`."""
    kedro = Path(sys.executable).with_name("kedro")
    arguments = ["run", "--pipelines", pipeline, "--conf-source", str(conf), "--env", "synthetic"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(kedro), *arguments, "--nodes", ",".join(names)], cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"node {names[-1]} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def write_environment(folder: Path, n_ratings: int) -> Path:
    """Write the data and a copy of `conf/` with an environment for it."""
    conf = folder / "conf"
    shutil.copytree(PROJECT / "conf", conf)
    (conf / "synthetic").mkdir()
    (conf / "synthetic" / "globals.yml").write_text(
        (PROJECT / "conf" / "ml-20m" / "globals.yml")
        .read_text()
        .replace("data/ml-20m/01_raw", str(folder))
        .replace("data/ml-20m", str(folder / "results"))
    )
    users, items = draw_pairs(n_ratings, np.random.default_rng(0))
    write_ratings(folder / "ratings.csv", users, items)
    write_movies(folder / "movies.csv")
    return conf


def draw_pairs(
    n_ratings: int, rng: np.random.Generator, n_items: int = N_ITEMS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct user-item pairs: activity is log-normal from 20 up, popularity a power law."""
    n_users = round(n_ratings / RATINGS_PER_USER)
    activity = np.maximum(rng.lognormal(4.2, 1.1, n_users), 20)
    popularity = 1 / (np.arange(n_items) + 20.0) ** 0.9
    keys = np.empty(0, dtype=np.int64)
    while len(keys) < n_ratings:
        missing = int(1.3 * (n_ratings - len(keys))) + 1000
        users = draw(activity, missing, rng)
        keys = np.sort(np.append(keys, users * n_items + draw(popularity, missing, rng)))
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    keys = np.sort(rng.choice(keys, n_ratings, replace=False))
    return keys // n_items + 1, keys % n_items + 1


def draw(weights: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices drawn in proportion to the weights."""
    cumulative = np.cumsum(weights)
    return np.asarray(np.searchsorted(cumulative, rng.random(n) * cumulative[-1]))


def write_ratings(path: Path, users: NDArray[np.int64], items: NDArray[np.int64]) -> None:
    """Write `ratings.csv` with ratings 0.5 to 5 and timestamps over twenty years."""
    rng = np.random.default_rng(1)
    table = pa.table(
        {
            "userId": users,
            "movieId": items,
            "rating": rng.integers(1, 11, len(users)) / 2,
            "timestamp": rng.integers(790_000_000, 1_427_000_000, len(users)),
        }
    )
    pyarrow.csv.write_csv(table, path)


def write_movies(path: Path) -> None:
    """Write `movies.csv` with a title and two genres each."""
    numbers = range(1, N_ITEMS + 1)
    table = pa.table(
        {
            "movieId": list(numbers),
            "title": [f"Movie {number} ({1930 + number % 85})" for number in numbers],
            "genres": [f"{GENRES[number % 7]}|{GENRES[number * 3 % 5]}" for number in numbers],
        }
    )
    pyarrow.csv.write_csv(table, path)


if __name__ == "__main__":
    main()
