"""Does it matter that all people who are folded in are left out of training at once?

    python benchmarks/fold_in.py --env base
    python benchmarks/fold_in.py --env base svd emf --people 10

The pipeline `diagnostics` trains every recommender once without all of them. Here the same people
are left out together, and one at a time, which takes a training for each; what is compared is the
overlap of their lists, and the error of their predicted ratings, with those of the model that is
trained on everybody. Means over the people, and the paired difference with its standard error.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from experiment import Experiment, argument_parser
from explainable_recsys.experiments.fold_in import (
    FoldInParameters,
    fold_people_in,
    leave_people_out,
)
from explainable_recsys.recommenders.lists import RecommendationParameters

RECOMMENDERS = ("popularity", "bias", "als", "ease", "item_knn", "svd_ratings", "mf")
RATINGS = ("train_ratings", "validation_ratings")


def folded_in(one: Experiment, recommender: str, people: Collection[Any], n: int) -> pd.DataFrame:
    """Train without some people, and fold them in."""
    left = {
        name: one.inputs[name][~one.inputs[name]["user_id"].isin(people)].reset_index(drop=True)
        for name in RATINGS
    }
    kept = {name: made for name, made in one.inputs.items() if name not in ("interactions", "data")}
    model = f"{recommender}.model"
    made = replace(one, inputs=kept | left).make([model, "data"])
    least = RecommendationParameters.model_validate(one.parameters["recommendation"])
    table, _ = fold_people_in(
        made[model],
        made["data"],
        one.trained(recommender).model,
        one.data,
        one.test,
        least,
        FoldInParameters(n=n),
    )
    return table.set_index("user_id")


def main() -> None:
    """Print a row per recommender."""
    parser = argument_parser(__doc__)
    parser.add_argument("recommenders", nargs="*", default=RECOMMENDERS)
    parser.add_argument("--people", type=int, default=FoldInParameters().n_people)
    arguments = parser.parse_args()
    one = Experiment.prepare(arguments.env, arguments.folder)
    parameters = FoldInParameters(n_people=arguments.people)
    left, _ = leave_people_out(*(one.inputs[name] for name in RATINGS), parameters)
    people = np.setdiff1d(one.inputs["train_ratings"]["user_id"], left["user_id"])
    print(f"{len(people)} people; RMSE: trained on everybody, then folded in")
    for name in arguments.recommenders:
        together = folded_in(one, name, people, parameters.n)
        alone = pd.concat([folded_in(one, name, [person], parameters.n) for person in people])
        more = (alone["overlap"] - together["overlap"]).dropna()
        errors = [
            float(np.sqrt(table[column].sum(min_count=1) / table["n_held_out"].sum()))
            for table, column in (
                (together, "squared_retrained"),
                (together, "squared_fold_in"),
                (alone, "squared_fold_in"),
            )
        ]
        print(
            f"{name:<12} overlap all at once {together['overlap'].mean():.3f}, one at a time "
            f"{alone['overlap'].mean():.3f} ({more.mean():+.3f} ± {more.sem():.3f}); RMSE "
            f"{errors[0]:.4f}, all at once {errors[1]:.4f}, one at a time {errors[2]:.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
