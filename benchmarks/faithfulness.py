"""Faithfulness of all approaches for all users: how long it takes, and what comes out.

It takes models, lists and explanations from the latest run of an environment:

    kedro run --env ml-100k
    python benchmarks/faithfulness.py --env ml-100k
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from explainable_recsys.metrics.faithfulness import (
    Faithfulness,
    FaithfulnessParameters,
    measure_faithfulness,
)
from explainable_recsys.metrics.projected_evidence import faithfulness_scope
from explainable_recsys.pipelines.discovery import every_approach

K = 10
PROJECT = Path(__file__).parents[1]


def explained_models() -> dict[str, str]:
    """The model dataset behind the explanations of each approach."""
    models = {}
    for node in every_approach().nodes:
        if node.short_name == "take_evidence_away":
            (model,) = (name for name in node.inputs if name.endswith(".model"))
            models[str(node.namespace)] = model
    return dict(sorted(models.items()))


def measured(catalog: Any, approach: str, model: str, n_users: int | None) -> Faithfulness:
    """Faithfulness of one approach."""
    evidence: Any = catalog.load(f"{approach}.explanations")
    if catalog.exists(f"{approach}.history_evidence"):
        evidence = catalog.load(f"{approach}.history_evidence")
    return measure_faithfulness(
        catalog.load(model),
        catalog.load("interactions"),
        catalog.load("histories"),
        catalog.load(f"{approach}.recommendations"),
        evidence,
        K,
        FaithfulnessParameters(n_users=n_users),
    )


def main() -> None:
    """Measure, and print a line per approach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="ml-100k")
    parser.add_argument("--n-users", type=int, help="all without")
    options = parser.parse_args()
    bootstrap_project(PROJECT)
    total = 0.0
    with KedroSession.create(PROJECT, env=options.env) as session:
        assert isinstance(session, KedroSession)
        catalog = session.load_context().catalog
        print(f"{'':18}{'seconds':>8}  POS@{K},3 and DEL@3: own, random, popular")
        for approach, model in explained_models().items():
            projected = catalog.exists(f"{approach}.history_evidence")
            explanations: Any = catalog.load(f"{approach}.explanations")
            scope = faithfulness_scope(explanations, projected)
            if scope.startswith("n"):  # not applicable, no explanations
                print(f"{approach:18}{'':8}  {scope}")
                continue
            started = time.perf_counter()
            table = measured(catalog, approach, model, options.n_users).table
            seconds = time.perf_counter() - started
            total += seconds
            of = table[(table["n_cited"] == 3) & table["metric"].isin(["pos", "del"])]
            cells = [
                f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
                for row in of.sort_values("metric", ascending=False, kind="stable").to_dict(
                    "records"
                )
            ]
            print(f"{approach:18}{seconds:8.2f}  {'  '.join(cells)}", flush=True)
    print(f"{'all':18}{total:8.2f}")


if __name__ == "__main__":
    main()
