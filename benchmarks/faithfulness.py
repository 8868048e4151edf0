"""Faithfulness of all approaches for all users: how long it takes, and what comes out.

It takes models, lists and explanations from the latest run of an environment:

    kedro run --env ml-100k
    python benchmarks/faithfulness.py --env ml-100k
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog

from experiment import PROJECT, K
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.records import Pair
from explainable_recsys.data import Data
from explainable_recsys.interface.stored import load_data
from explainable_recsys.metrics.evaluation import faithfulness_tables
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.recommenders.lists import RecommendationParameters


def print_faithfulness(catalog: DataCatalog, data: Data, pair: Pair, n_users: int | None) -> float:
    """Measure one approach, print a line, return the seconds."""
    projected = f"{pair.name}.projected_evidence"
    tables: dict[str, Any] = {
        "model": catalog.load(f"{pair.recommender}.model"),
        "recommendations": catalog.load(f"{pair.recommender}.recommendations"),
        "explanations": catalog.load(f"{pair.name}.explanations"),
        "projected_evidence": catalog.load(projected) if catalog.exists(projected) else None,
    }
    started = time.perf_counter()
    table, _, _ = faithfulness_tables(
        data=data,
        faithfulness=FaithfulnessParameters(n_users=n_users),
        evaluation=EvaluationParameters(k=K),
        recommendation=RecommendationParameters(n=K),
        **tables,
    )
    seconds = time.perf_counter() - started
    of = table[(table["n_cited"] == 3) & table["metric"].isin(["pos", "del"])]
    of = of.sort_values("metric", ascending=False, kind="stable")
    cells = [
        f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
        for row in of.dropna(subset="value").to_dict("records")
    ] or [table["scope"].iloc[0]]
    print(f"{pair.name:26}{seconds:8.2f}  {'  '.join(cells)}", flush=True)
    return seconds


def main() -> None:
    """Measure, and print a line per approach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="ml-100k")
    parser.add_argument("--data-root", help="where the results are, if not where conf/ says")
    parser.add_argument("--n-users", type=int, help="all without")
    options = parser.parse_args()
    bootstrap_project(PROJECT)
    given = {"data_root": options.data_root} if options.data_root else {}
    with KedroSession.create(PROJECT, env=options.env, runtime_params=given) as session:
        assert isinstance(session, KedroSession)
        catalog = session.load_context().catalog
        assert isinstance(catalog, DataCatalog)  # settings.py chooses no other
        data = load_data(catalog)
        print(f"{'':26}{'seconds':>8}  POS@{K},3 and DEL@3: own, random, popular")
        total = sum(
            print_faithfulness(catalog, data, pair, options.n_users)
            for pair in APPROACHES.values()
            if catalog.exists(f"{pair.name}.explanations")
        )
    print(f"{'all':26}{total:8.2f}")


if __name__ == "__main__":
    main()
