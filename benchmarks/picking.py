"""What ten ratings are worth that somebody new picks from the grid, beside ten popular items.

    python benchmarks/picking.py --env base
    python benchmarks/picking.py --env base --forms

Everybody is held out once, a tenth of the people at a time: models and orders know the others
alone. A fifth of a held-out person's ratings are to be found; of the rest, the first ten in the
order of the grid, or of the most rated items, are the history, with the person's own ratings. What
the person rated besides is neither recommended nor to be found, so that both sides look for the
same among the same. The form of the order was chosen on five of the tenths (`--forms`: all that
were compared); the others measure it. Means of several draws of what is to be found; the intervals
are those of the paired difference over people (Student's t, 95 %). `tiles` is the median place of
the tenth pick, `genres` how many genres the first 20 places show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiment import SEEDS, Experiment, K, argument_parser
from explainable_recsys import draws
from explainable_recsys.app.picks import picking_order
from explainable_recsys.data import Data
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.comparison import paired_tests
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters

N_FOLDS = 10
N_PICKS = 10
SHARE_TO_FIND = 0.2
RECOMMENDERS = ("als", "ease")
METRIC = f"ndcg@{K}"

Order = Callable[[Data], NDArray[Any]]


def most_rated(data: Data) -> NDArray[Any]:
    """Items by the number of their ratings, equal ones by id."""
    counts = np.bincount(data.interactions.ratings.indices, minlength=data.interactions.n_items)
    return data.interactions.item_ids[np.argsort(-counts, kind="stable")]


def form(popularity: float, turns: float) -> Order:
    """The order of the grid with other exponents."""
    return lambda data: picking_order(data, popularity, turns)


FORMS: Mapping[str, Order] = {
    f"popularity {power:g}, turns {turns:g}": form(power, turns)
    for power in (0.25, 0.5, 1.0)
    for turns in (0.0, 0.25, 0.5)
}


def measured(
    one: Experiment, ratings: pd.DataFrame, fold: int, forms: Mapping[str, Order]
) -> Iterator[pd.DataFrame]:
    """The metric of each held-out person of a fold, by form and recommender, with the tiles."""
    held_out = ratings["fold"] == fold
    train = Interactions.from_frame(ratings[~held_out])
    data = replace(one.data, interactions=train, histories=train)
    given = {**one.inputs, "data": data, "interactions": train}
    made = replace(one, inputs=given).make([f"{name}.model" for name in RECOMMENDERS])
    for name, order in forms.items():
        places = pd.Series(range(train.n_items), index=order(data))
        for seed in SEEDS:
            parts = split(ratings[held_out], places, seed)
            tiles = parts[1].groupby("user_id")["place"].max() + 1
            for recommender in RECOMMENDERS:
                found = scored(made[f"{recommender}.model"], train, *parts)
                yield found.assign(form=name, recommender=recommender, seed=seed, tiles=tiles)


def split(
    ratings: pd.DataFrame, places: pd.Series[int], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What is to be found, what is picked, and the rest, of people with enough of each."""
    drawn = draws.uniforms(ratings["user_id"], ratings["item_id"], seed=seed, purpose="to be found")
    ratings = ratings.assign(place=ratings["item_id"].map(places))
    to_find, rest = ratings[drawn < SHARE_TO_FIND], ratings[drawn >= SHARE_TO_FIND]
    rest = rest.dropna(subset="place").sort_values(["user_id", "place"])
    known = rest["user_id"].value_counts()
    enough = np.intersect1d(to_find["user_id"], known.index[known >= N_PICKS])
    to_find, rest = (part[part["user_id"].isin(enough)] for part in (to_find, rest))
    is_pick = rest.groupby("user_id").cumcount() < N_PICKS
    return to_find, rest[is_pick], rest[~is_pick]


def scored(
    model: Any,
    train: Interactions,
    to_find: pd.DataFrame,
    picks: pd.DataFrame,
    others: pd.DataFrame,
) -> pd.DataFrame:
    """The metric of each person's list, from the picks alone; column `ndcg@10`."""
    histories = train.histories(picks)
    ranker = Ranker.of(model, train, RecommendationParameters().min_ratings)
    scores = ranker.scores(histories.ratings)
    rows = histories.known_rows(others["user_id"])
    ranker.close(scores, rows, train.known_columns(others["item_id"]))
    best, _ = ranker.best(scores, K)
    users, ranks = np.nonzero(best >= 0)
    lists = {
        "user_id": histories.user_ids[users],
        "item_id": train.item_ids[best[users, ranks]],
        "rank": ranks + 1,
    }
    return ranking_per_user(pd.DataFrame(lists), to_find, K)[[METRIC]]


def compared(found: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    """A row per recommender and form: its mean, and the difference to the most rated items."""
    for recommender, of_one in found.groupby("recommender"):
        people = of_one.groupby(["form", "user_id"], sort=False)[[METRIC, "tiles"]].mean()
        popular = people.loc["most rated"].reset_index()
        for name in of_one["form"].unique():
            own = people.loc[name].reset_index()
            row: dict[Any, Any] = {
                "recommender": recommender,
                "form": name,
                METRIC: own[METRIC].mean(),
            }
            row["tiles"] = own["tiles"].median()
            tests = paired_tests({"first": own, "second": popular}, [METRIC])
            yield row | tests[["difference", "low", "high", "n_users"]].iloc[0].to_dict()


def main() -> None:
    """Measure, and print."""
    parser = argument_parser(__doc__)
    parser.add_argument("--forms", action="store_true", help="choose: other forms, other people")
    options = parser.parse_args()
    one = Experiment.prepare(options.env, options.folder)
    parts = [one.inputs[f"{part}_ratings"] for part in ("train", "validation", "test")]
    ratings = pd.concat(parts, ignore_index=True)
    people = np.sort(ratings["user_id"].unique())
    mixed = people[draws.random_order(people, seed=0, purpose="people who pick")]
    ratings["fold"] = ratings["user_id"].map(pd.Series(np.arange(len(mixed)) % N_FOLDS, mixed))
    forms = {"most rated": most_rated, **(FORMS if options.forms else {"grid": picking_order})}
    folds = range(0 if options.forms else 1, N_FOLDS, 2)
    tables = [table for fold in folds for table in measured(one, ratings, fold, forms)]
    rows = pd.DataFrame(compared(pd.concat(tables)))
    print(rows.round(4).to_string(index=False, na_rep=""))
    genres = one.inputs["items"].set_index("item_id")["genres"].str.split("|")
    for name, of in forms.items():
        print(f"{name}: {genres[of(one.data)[:20]].explode().nunique()} genres")


if __name__ == "__main__":
    main()
