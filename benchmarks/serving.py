"""What the app takes for a question, and how it behaves when many ask.

    pip install locust      # into an environment of its own
    /path/to/its/python benchmarks/serving.py --kedro .venv/bin/kedro

Starts `kedro app` on the last run, and asks it over the loopback address, with histories of people
of the embedded data: every approach for lists and for lists with reasons, one question after the
other; what-ifs by several at a time; twenty people who think for a second; many questions, of which
equal ones must get equal answers; and far more than can be answered. Seconds of the processor are
those of the server, from `/proc`. Takes about three minutes, and is bounded in all its parts.
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import argparse  # noqa: E402  gevent has to come first
import collections  # noqa: E402
import csv  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import socket  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import requests  # noqa: E402
from locust import FastHttpUser, between, task  # noqa: E402
from locust.env import Environment  # noqa: E402

PROJECT = Path(__file__).parents[1]
RATINGS = PROJECT / "data" / "01_raw" / "movielens-small" / "ratings.csv"
TICKS = os.sysconf("SC_CLK_TCK")
LENGTH = 30
"""Ratings of a history."""

LEAST = 20
"""Ratings of an item that every run has learned something of."""

Question = tuple[str, dict[str, Any]]
"""Path under the API, and what is sent."""


def main() -> None:
    """Start the app, ask, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kedro", default="kedro", help="the project's")
    parser.add_argument("--questions", type=int, default=10_000)
    arguments = parser.parse_args()
    server = Server(arguments.kedro)
    try:
        print(
            f"first page after {server.first_page:.1f} s, all approaches after {server.ready:.1f}"
        )
        histories = read_histories()
        one_after_the_other(server, histories)
        print(f"memory {server.megabytes():.0f} MB")
        what_ifs(server, histories)
        thinking(server, histories)
        many(server, histories, arguments.questions)
        overload(server, histories)
        print(f"memory {server.megabytes():.0f} MB")
    finally:
        server.process.terminate()
        server.process.wait(10)


class Server:
    """`kedro app`, and what it takes."""

    def __init__(self, kedro: str) -> None:
        """Start it, and wait until all approaches are loaded."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        start = time.perf_counter()
        command = [kedro, "app", "--port", str(port), "--log", os.devnull]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        self._wait("/")
        self.first_page = time.perf_counter() - start
        self._wait("/api/v1/ready")
        self.ready = time.perf_counter() - start
        served = requests.get(f"{self.url}/api/v1/approaches", timeout=10).json()
        self.approaches = [row["name"] for row in served["approaches"]]

    def _wait(self, path: str) -> None:
        for _ in range(600):
            try:
                if requests.get(self.url + path, timeout=10).status_code == 200:
                    return
            except requests.ConnectionError:
                if self.process.poll() is not None:
                    sys.exit("the app has ended")
            time.sleep(0.1)
        sys.exit(f"{path} does not come")

    def seconds(self) -> float:
        """Of the processor, so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def megabytes(self) -> float:
        """In memory now."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def read_histories() -> list[list[dict[str, Any]]]:
    """Ratings of a hundred people, at most `LENGTH` each, of items that many rated."""
    of = collections.defaultdict(list)
    with RATINGS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    n_ratings = collections.Counter(row["movieId"] for row in rows)
    for row in rows:
        if n_ratings[row["movieId"]] >= LEAST:
            rating = {"item_id": int(row["movieId"]), "rating": float(row["rating"])}
            of[row["userId"]].append(rating)
    draw = random.Random(0)
    people = draw.sample(sorted(of), 100)
    return [draw.sample(of[user], min(LENGTH, len(of[user]))) for user in people]


def list_of(approach: str, history: list[dict[str, Any]], explain: bool) -> Question:
    """A question for a list."""
    return f"/{approach}/recommendations", {"history": history, "explain": explain}


def ask(server: Server, question: Question) -> requests.Response:
    """One question, without a session."""
    path, body = question
    return requests.post(f"{server.url}/api/v1{path}", json=body, timeout=30)


def one_after_the_other(server: Server, histories: list[list[dict[str, Any]]]) -> None:
    """What a list takes, and a list with reasons, by approach."""
    print(f"\n{'milliseconds of the processor':28}{'list':>8}{'reasons':>9}   wall, reasons")
    for approach in server.approaches:
        taken, wall = [], []
        for explain in (False, True):
            questions = [list_of(approach, history, explain) for history in histories[:40]]
            ask(server, questions[0])
            before = server.seconds()
            for question in questions:
                start = time.perf_counter()
                ask(server, question).raise_for_status()
                wall.append(time.perf_counter() - start)
                time.sleep(0.01)  # below the limit of questions a second
            taken.append(1000 * (server.seconds() - before) / len(questions))
        median = 1000 * statistics.median(wall[len(wall) // 2 :])
        print(f"{approach:28}{taken[0]:8.1f}{taken[1]:9.1f}   {median:.0f}", flush=True)


def load(
    server: Server,
    questions: list[Question],
    people: int,
    seconds: float,
    pause: tuple[float, float] = (0, 0),
) -> tuple[Environment, collections.Counter[int], dict[int, set[bytes]], float]:
    """Let people ask for some time.

    Args:
        server: Whom.
        questions: Drawn at random.
        people: How many at once.
        seconds: How long.
        pause: Least and most seconds that they think between questions, and before the first.

    Returns:
        What was measured; how often each status came; the different answers to each question; what
        the server took.
    """
    statuses: collections.Counter[int] = collections.Counter()
    answers = collections.defaultdict(set)

    class Person(FastHttpUser):  # type: ignore[misc]  # locust is not installed with the project
        """Asks one question after the other, each in a session of their own."""

        host = server.url
        wait_time = between(*pause)

        def on_start(self) -> None:
            """Come when it suits: locust sends all of them at the same moment."""
            gevent.sleep(random.uniform(0, sum(pause) / 2))

        @task  # type: ignore[untyped-decorator]
        def ask(self) -> None:
            """Ask."""
            number = random.randrange(len(questions))
            path, body = questions[number]
            cookie = {"Cookie": f"session=load-{id(self)}"}
            with self.client.post(
                f"/api/v1{path}", json=body, headers=cookie, name="/", catch_response=True
            ) as reply:
                statuses[reply.status_code] += 1
                if reply.status_code == 200:
                    answers[number].add(reply.content)
                    reply.success()
                elif reply.status_code == 429 and reply.headers.get("retry-after"):
                    reply.success()

    environment = Environment(user_classes=[Person])
    runner = environment.create_local_runner()
    before = server.seconds()
    runner.start(people, spawn_rate=min(people, 100))
    gevent.sleep(seconds)
    runner.quit()
    runner.greenlet.join()
    return environment, statuses, answers, server.seconds() - before


def what_ifs(server: Server, histories: list[list[dict[str, Any]]]) -> None:
    """How many changed histories get their list in a second."""
    draw, approach = random.Random(1), server.approaches[0]
    changed = [
        [{**rating, "rating": draw.randrange(1, 11) / 2} for rating in history]
        for history in histories
    ]
    questions = [list_of(approach, history, False) for history in changed]
    environment, statuses, _, taken = load(server, questions, 10, 10)
    n = environment.stats.total.num_requests
    print(f"\nwhat-ifs: {n / 10:.0f} a second, {1000 * taken / n:.1f} ms each, {dict(statuses)}")


def thinking(server: Server, histories: list[list[dict[str, Any]]]) -> None:
    """Twenty people who think for a second between questions, or half a second more or less."""
    approach = server.approaches[0]
    questions = [list_of(approach, history, True) for history in histories]
    for pause in ((1, 1), (0.5, 1.5)):
        environment, statuses, _, taken = load(server, questions, 20, 30, pause)
        total = environment.stats.total
        median, last = (total.get_response_time_percentile(share) for share in (0.5, 0.99))
        print(
            f"twenty people who think for {pause[0]} to {pause[1]} s: median {median} ms, 99 of "
            f"100 within {last} ms ({last / median:.1f} times), {dict(statuses)}, "
            f"{1000 * taken / total.num_requests:.1f} ms each"
        )


def many(server: Server, histories: list[list[dict[str, Any]]], n: int) -> None:
    """Many questions to all approaches; equal ones must get equal answers."""
    questions = [
        list_of(approach, history, explain)
        for approach in server.approaches
        for history in histories[:20]
        for explain in (False, True)
    ]
    statuses: collections.Counter[int] = collections.Counter()
    done, different, start = 0, 0, time.perf_counter()
    while done < n and time.perf_counter() - start < 900:
        environment, some, answers, _ = load(server, questions, 3, 20)
        done += environment.stats.total.num_requests
        statuses += some
        different += sum(len(found) > 1 for found in answers.values())
    seconds = time.perf_counter() - start
    print(
        f"{done} questions in {seconds:.0f} s: {dict(statuses)}, {different} answered differently"
    )


def overload(server: Server, histories: list[list[dict[str, Any]]]) -> None:
    """Far more than can be answered: some are asked to wait, none is lost."""
    questions = [list_of(server.approaches[0], history, True) for history in histories]
    _, statuses, _, _ = load(server, questions, 200, 10)
    print(f"overload: {dict(statuses)}")
    assert json.loads(ask(server, questions[0]).content), "it answers after it"


if __name__ == "__main__":
    main()
