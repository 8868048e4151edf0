"""Accuracy of recommenders on held-out ratings, and the time they take.

    python benchmarks/accuracy.py als ease --env ml-100k
    python benchmarks/accuracy.py emf_ratings mf --params neighbours.k=50

10 % of each user's ratings are held out, every held-out rating is a hit; means over the seeds of
split and training. Parameters are the shipped ones, chosen on validation data; models learn from
training and validation data and are measured once on the test part. Seconds to fit include the
knowledge that a recommender learns from; those to explain, an approach's way of explaining its
lists. Of factors drawn to explainability and of plain ones there is the MEP of the lists, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pandas as pd
import yaml

from experiment import SEEDS, Experiment, argument_parser
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS

MEASURES = ("recall@", "ndcg@", "rmse", "mae", "mep_users")


def measured(one: Experiment, name: str) -> dict[str, Any]:
    """Metrics of a recommender, and its seconds."""
    model, lists, (fit, recommend) = one.trained(name)
    made = {f"{name}.model": model, f"{name}.recommendations": lists.table}
    made[f"{name}.data_fingerprint"] = one.inputs["data_version"]
    metrics = one.make([f"{name}.metrics"], made)[f"{name}.metrics"]
    row = {
        key: value for key, value in metrics.items() if key.startswith(MEASURES) and "/" not in key
    }
    row |= {"fit s": fit, "recommend s": recommend}
    pairs = (pair for pair in APPROACHES.values() if pair.recommender == name)
    if pair := next(pairs, None):
        start = time.perf_counter()
        one.explain(pair.explainer, model, lists)
        row["explain s"] = time.perf_counter() - start
    return row


def rows(options: Any) -> Iterator[dict[str, Any]]:
    """A row per recommender and seed."""
    changes: dict[str, Any] = {"evaluation.n_resamples": 0}
    changes |= {name: yaml.safe_load(text) for name, text in options.params}
    for seed in options.seeds:
        one = Experiment.prepare(options.env, options.folder, seed, changes=changes)
        for name in options.recommenders:
            yield {"recommender": name} | measured(one, name)


def main() -> None:
    """Measure, and print."""
    parser = argument_parser(__doc__)
    parser.add_argument("recommenders", nargs="*", metavar="NAME", default=[*RECOMMENDERS])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument(
        "--params", nargs="+", type=lambda text: text.split("=", 1), default=[], metavar="KEY=VALUE"
    )
    by_recommender = pd.DataFrame(rows(parser.parse_args())).groupby("recommender", sort=False)
    print(by_recommender.mean().round(4).to_string(na_rep=""))
    print("standard deviation over seeds")
    print(by_recommender.std().round(4).to_string(na_rep=""))


if __name__ == "__main__":
    main()
