"""Speed, fit and stability of LIME's explanations, beside the package lime on the same samples.

    python benchmarks/lime_explanations.py --env ml-100k

A factorization machine learns from training and validation data (10 % of each user's ratings held
out, seed 0). Its ten first recommendations to everybody are explained with 1,000 perturbations, for
the neighbourhood `history` those to every tenth user. Held-out R² is that of fits to one half of
the perturbations on the other half.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiment import Experiment, argument_parser
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.surrogates import surrogate_metrics

PATH = "posthoc_fm_lime.explanation"
EVERY = {"groups": 1, "history": 10, "item": 1, "user": 1}
EVERY_BY_LIME = 40
ITEM_GROUPS = (("genres",), ("genres", "decade"), ("genres", "decade", "popularity"))
SHOWN = {
    "R2": "local_r2",
    "held out": "held_out_r2",
    "p10": "held_out_r2_p10",
    "median": "held_out_r2_median",
    "p90": "held_out_r2_p90",
    "> .5": "share_held_out_r2_above_half",
    "effective": "effective_samples",
}


def rows(one: Experiment) -> Iterator[dict[str, Any]]:
    """Explanations per second, and how well the surrogates fit, of everything."""
    for recommender, engine in (("fm", "batched"), ("fm_ratings", "batched"), ("fm", "lime")):
        for groups in ITEM_GROUPS:
            changes = {"features.item": groups, f"{PATH}.engine": engine}
            changes[f"{PATH}.neighbourhood"] = "item"
            label = f"{recommender}, engine {engine}, item ({', '.join(groups)})"
            yield {"what": label} | measured(one.changed(changes), one, recommender, "item")
    others = [(name, kind) for kind in ("groups", "history") for name in ("fm", "als")]
    for recommender, kind in [("fm", "user"), *others]:
        changes = {f"{PATH}.neighbourhood": kind}
        label = f"{recommender}, {kind}"
        yield {"what": label} | measured(one.changed(changes), one, recommender, kind)


def measured(asked: Experiment, one: Experiment, recommender: str, kind: str) -> dict[str, float]:
    """A row, of the recommender as it was trained in one experiment explained in another."""
    model, lists, _ = one.trained(recommender)
    lime = asked.parameters["posthoc_fm_lime"]["explanation"]["engine"] == "lime"
    some = lists.take(lists.users % (EVERY_BY_LIME if lime else EVERY[kind]) == 0)
    features = asked.make(["features.item"])
    start = time.perf_counter()
    found = asked.explain("lime", model, some, features)
    seconds = time.perf_counter() - start
    metrics = surrogate_metrics(found.details["surrogates"], EvaluationParameters(n_resamples=0))
    counts = {"explanations": len(some), "per second": len(some) / seconds}
    return counts | {name: metrics[key] for name, key in SHOWN.items()}


def main() -> None:
    """Measure, and print."""
    parser = argument_parser(__doc__)
    parser.add_argument("--n-samples", type=int, default=1000, help="perturbations")
    options = parser.parse_args()
    changes = {f"{PATH}.n_samples": options.n_samples}
    one = Experiment.prepare(options.env, options.folder, changes=changes)
    print(pd.DataFrame(rows(one)).set_index("what").round(3).to_string())

    sizes = {"n_samples": (100, 300, 1000, 1500, 3000), "n_users": 20}
    repeated = one.changed({f"posthoc_fm_lime.stability.{k}": v for k, v in sizes.items()})
    model, lists, _ = one.trained("fm")
    given = {"fm.model": model, "fm.recommendations": lists.table}
    (table,) = repeated.make(["posthoc_fm_lime.stability"], given).values()
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
