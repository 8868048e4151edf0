"""How many films the three kinds of reasons of `studies/reasons` can explain together.

    python benchmarks/matching.py

Needs a run (`make run`). Everybody in the embedded data rates ten films and is recommended 40.
Which ten counts: the first that they know of those that the app offers, of the most rated, or of a
random order, which is any ten. The first is what somebody in a study does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explainable_recsys.app.picks import picking_order
from explainable_recsys.data import Data
from explainable_recsys.draws import random_order
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.interface.study_check import Offer, tried_on_people
from explainable_recsys.interface.study_plan import read_study
from explainable_recsys.study.plan import Pool

PROJECT = Path(__file__).parents[1]
EVERYBODY = 100_000


def most_rated(data: Data) -> np.ndarray:
    """Items, the most rated first."""
    known = data.interactions
    return known.item_ids[known.most_rated_first]


def at_random(data: Data) -> np.ndarray:
    """Items in random order."""
    known = data.interactions
    return known.item_ids[random_order(known.item_ids, 0, "films to rate")]


ORDERS: dict[str, Offer] = {
    "offered by the app": picking_order,
    "most rated": most_rated,
    "any": at_random,
}


def main() -> None:
    """Print a line for each pair and for all three, for each way to choose what is rated."""
    plan = read_study(PROJECT / "studies" / "reasons").plan
    changes = {"kinds": plan.explained, "pool": Pool(length=40)}
    plan = plan.model_copy(update=changes)
    catalog = quick_catalog(PROJECT, None)
    for name, order in ORDERS.items():
        tried = tried_on_people(catalog, plan, EVERYBODY, order)
        print(f"{name}: {tried.n_people} people")
        print(tried.matched.round(3).to_string(index=False), end="\n\n")


if __name__ == "__main__":
    main()
