"""One library in a process of its own, which fits, recommends and explains as `peers.py` says.

It runs in any environment that has the library, pandas and SciPy. A line that it reads is a task, a
line that it writes the answer, both JSON. The data in the library's own form are ready before the
clock starts, and something small has been done, for imports and compilers. Nobody writes a method
anew for a library: each is called as its documentation says, in the fastest of its own ways.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

N, CITED = 10, 3
MANY, SOME, FEW = 1000, 100, 20
"""Users whose part is timed where everybody's would take too long."""

Settings = dict[str, Any]
Reasons = dict[str, list[str]]
"""What is cited first, by user and item."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """What models learn from; ids are the numbers of rows and columns.

    Attributes:
        matrix: (n_users, n_items) float32; everybody has a rating, and so has every item.
        genres: (n_items, n_genres) 0/1.
    """

    matrix: sparse.csr_matrix
    genres: NDArray[np.bool_]

    @classmethod
    def load(cls, path: Path) -> Ratings:
        """Read what `peers.py` wrote."""
        stored = np.load(path)
        matrix = sparse.csr_matrix((stored["ratings"], (stored["users"], stored["items"])))
        return cls(matrix, stored["genres"])

    def frame(self) -> pd.DataFrame:
        """Columns `user_id`, `item_id`, `rating`."""
        rows = np.repeat(np.arange(self.matrix.shape[0]), np.diff(self.matrix.indptr))
        columns = self.matrix.indices.astype(np.int64)
        return pd.DataFrame({"user_id": rows, "item_id": columns, "rating": self.matrix.data})

    def small(self) -> Ratings:
        """Ratings of the most rated items by the most active users."""
        users = np.argsort(-np.diff(self.matrix.indptr), kind="stable")[:40]
        part = self.matrix[users]
        counts = np.bincount(part.indices, minlength=part.shape[1])
        items = np.argsort(-counts, kind="stable")[: min(60, (counts > 0).sum())]
        part = part[:, items]
        return Ratings(part[np.diff(part.indptr) > 0], self.genres[items])


class Library:
    """A model of a library; steps that it has not are None."""

    package: str
    fit: Callable[[], Any] | None = None
    recommend: Callable[[], Any] | None = None
    explain: Callable[[], Any] | None = None

    def __init__(self, model: str, data: Ratings, settings: Settings, threads: int) -> None:
        """Of the name of a model, its settings in this project's names, and a number of threads."""
        self.name, self.data, self.settings, self.threads = model, data, settings, threads
        self.matrix, (self.n_users, self.n_items) = data.matrix, data.matrix.shape
        self.recommended = self.explained = self.n_users  # those for whom the steps are done
        self.prepare()

    def prepare(self) -> None:
        """Make the library's own form of the data."""

    def lists(self) -> NDArray[np.int64]:
        """What `recommend` found, (recommended, N) columns, -1 where a list is shorter."""
        return np.empty((0, N), np.int64)

    def reasons(self) -> Reasons:
        """What `explain` cites first."""
        return {}

    def count(self) -> int | None:
        """How much was found, where it is no lists."""
        return None


def from_table(table: pd.DataFrame, n: int) -> NDArray[np.int64]:
    """Lists of n users from the columns `user_id` and `item_id`, the best of each user first."""
    lists = np.full((n, N), -1, np.int64)
    places = table.groupby("user_id").cumcount().to_numpy()
    lists[table["user_id"].to_numpy(np.int64), places] = table["item_id"].to_numpy(np.int64)
    return lists


def from_lists(found: list[list[int]]) -> NDArray[np.int64]:
    """Lists of different lengths as an array."""
    return np.array([(*one, *[-1] * N)[:N] for one in found], np.int64)


class OurData(Library):
    """This project's form of the data."""

    package = "explainable-recsys"
    told: Any = None

    def prepare(self) -> None:
        from explainable_recsys import Data

        names = np.array([f"genre {n}" for n in range(self.data.genres.shape[1])])
        items = pd.DataFrame({"item_id": range(self.n_items), "title": "?", "year": None})
        items["genres"] = ["|".join(names[row]) for row in self.data.genres]
        self.everything = Data.from_frames(self.data.frame(), items)
        self.interactions = self.everything.interactions

    def reasons(self) -> Reasons:
        if self.told is None:
            return {}
        table = self.told.evidence
        cited = table[(table["position"] <= CITED) & (table["user_id"] < FEW)]
        keys = cited["user_id"].astype(str) + " " + cited["item_id"].astype(str)
        return {key: list(part.astype(str)) for key, part in cited["evidence_id"].groupby(keys)}


class Ours(OurData):
    """This project's recommenders, and what explains them."""

    def prepare(self) -> None:
        super().prepare()
        if self.name == "svd_ratings":
            self.explained = min(SOME, self.n_users)

    def fit(self) -> None:
        from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
        from explainable_recsys.recommenders.als import ALS, ALSParameters
        from explainable_recsys.recommenders.ease import EASE, EASEParameters
        from explainable_recsys.recommenders.item_knn import ItemKNN
        from explainable_recsys.recommenders.svd import SVD, SVDRatingsParameters

        fits: dict[str, tuple[Any, Any]] = {
            "als": (ALS, ALSParameters),
            "ease": (EASE, EASEParameters),
            "item_knn": (ItemKNN, ItemSimilarityParameters),
            "svd_ratings": (SVD, SVDRatingsParameters),
        }
        model, parameters = fits[self.name]
        self.model = model.fit(self.interactions, parameters(**self.settings))

    def recommend(self) -> None:
        from explainable_recsys import RecommendationParameters, recommend

        asked = RecommendationParameters(n=N, min_ratings=0)
        self.table = recommend(self.model, self.interactions, asked)

    def lists(self) -> NDArray[np.int64]:
        return from_table(self.table, self.n_users)

    def explain(self) -> None:
        from explainable_recsys import Lists
        from explainable_recsys.explainers import contributions, influence

        lists = Lists.of(self.interactions, self.table)
        if self.name == "svd_ratings":
            lists = lists.take(lists.users < self.explained)
            self.told = influence.explain_by_influence(
                self.model, self.everything, lists, influence.InfluenceParameters()
            )
        else:
            self.told = contributions.explain_by_contributions(
                self.model, self.everything, lists, contributions.ContributionParameters()
            )


class OurRules(OurData):
    """The rules that this project mines."""

    def prepare(self) -> None:
        from explainable_recsys.knowledge.association_rules import (
            TransactionParameters,
            user_transactions,
        )

        super().prepare()
        self.baskets = user_transactions(self.everything, TransactionParameters())

    def fit(self) -> None:
        from explainable_recsys.knowledge.association_rules import RuleParameters, mine

        asked = RuleParameters(min_lift=0, min_count=1, **self.settings)
        self.rules, _ = mine(self.baskets, asked)

    def count(self) -> int:
        return len(self.rules)


class OurLime(OurData):
    """This project's LIME; what is explained are lists of a small ALS."""

    def prepare(self) -> None:
        from explainable_recsys import Lists, RecommendationParameters, recommend
        from explainable_recsys.knowledge.features import FeatureParameters, describe
        from explainable_recsys.recommenders.als import ALS, ALSParameters

        super().prepare()
        # Others' items are drawn once for all who get one recommended, histories for each user.
        of_items = self.settings["neighbourhood"] == "item"
        self.explained = self.n_users if of_items else min(SOME, self.n_users)
        self.features, _ = describe(self.everything, FeatureParameters(item=("genres",)))
        self.model = ALS.fit(self.interactions, ALSParameters(factors=16, iterations=5))
        asked = RecommendationParameters(n=N, min_ratings=0)
        self.table = recommend(self.model, self.interactions, asked)
        self.chosen = self.table[self.table["user_id"] < self.explained]
        self.listed = Lists.of(self.interactions, self.chosen)

    def explain(self) -> None:
        from explainable_recsys.explainers.lime import LimeParameters, explain_by_lime

        self.told = explain_by_lime(
            self.model,
            self.everything,
            self.listed,
            LimeParameters(min_held_out_r2=-1e9, **self.settings),
            item_features=self.features,
        )


class Lime(OurLime):
    """The package lime, of the same lists: which genres of the history count.

    Its tabular explainer draws the genres that stay, and fits the ten items of a list to the same
    draws: its fastest way.
    """

    package = "lime"

    def prepare(self) -> None:
        super().prepare()
        self.explained = min(FEW, self.n_users)
        self.chosen = self.table[self.table["user_id"] < self.explained]

    def explain(self) -> None:
        from lime.lime_tabular import LimeTabularExplainer

        n_genres = self.data.genres.shape[1]
        explainer = LimeTabularExplainer(
            np.repeat([[0], [1]], n_genres, axis=1),
            categorical_features=range(n_genres),
            discretize_continuous=False,
            random_state=0,
        )
        self.cited: Reasons = {}
        for user, table in self.chosen.groupby("user_id"):
            items = table["item_id"].to_numpy()
            found = explainer.explain_instance(
                np.ones(n_genres),
                self.without_genres(int(user), items),
                labels=range(len(items)),
                num_features=n_genres,
                num_samples=self.settings["n_samples"],
            )
            for place, item in enumerate(items):
                self.note(int(user), item, found.local_exp[place])

    def without_genres(self, user: int, items: NDArray[np.int64]) -> Callable[[Any], Any]:
        """Scores of some items for a history that has lost whole genres."""
        row = self.matrix[[user]]
        members = self.data.genres[row.indices]

        def scores(kept: NDArray[np.float64]) -> NDArray[np.float64]:
            stays = ~((kept < 0.5) @ members.T)
            values = (stays * row.data).astype(np.float32)[stays]
            starts = np.append(0, stays.sum(axis=1).cumsum())
            columns = np.broadcast_to(row.indices, stays.shape)[stays]
            histories = sparse.csr_array((values, columns, starts), (len(kept), self.n_items))
            return np.asarray(self.model.scores_of(histories, items), np.float64)

        return scores

    def note(self, user: int, item: int, weights: list[tuple[int, float]]) -> None:
        """Keep what speaks for an item."""
        names = [f"genres=genre {column}" for column, weight in weights if weight > 0]
        self.cited[f"{user} {item}"] = names[:CITED]

    def reasons(self) -> Reasons:
        return self.cited


class LimeOfItems(Lime):
    """The same package as LIME-RS uses it: its regression on other items for the same user."""

    def explain(self) -> None:
        from lime.lime_base import LimeBase

        width, n = 0.3, min(self.settings["n_samples"], self.n_items - 1)
        base = LimeBase(lambda distances: np.sqrt(np.exp(-((distances / width) ** 2))))
        draws, genres = np.random.default_rng(0), self.data.genres.astype(np.float64)
        lengths = np.maximum(np.sqrt(genres.sum(axis=1)), 1e-9)
        self.cited = {}
        for user, table in self.chosen.groupby("user_id"):
            scores = self.model.scores(self.interactions.ratings[[user]])[0].astype(np.float64)
            for item in table["item_id"].to_numpy():
                near = np.append(item, draws.choice(self.n_items, n, replace=False))
                distances = 1 - genres[near] @ genres[item] / (lengths[near] * lengths[item])
                _, weights, _, _ = base.explain_instance_with_data(
                    genres[near], scores[near, None], distances, 0, N, feature_selection="none"
                )
                own = [(column, weight) for column, weight in weights if genres[item, column]]
                self.note(int(user), item, own)


class Implicit(Library):
    """implicit."""

    package = "implicit"

    def prepare(self) -> None:
        self.weights = self.matrix.copy()
        if self.name == "als":  # confidence as the project has it
            self.weights.data = 1 + np.float32(self.settings["alpha"]) * self.weights.data

    def fit(self) -> None:
        self.model = self.untrained()
        self.model.fit(self.weights, show_progress=False)

    def untrained(self) -> Any:
        """The model with its settings."""
        from implicit.cpu.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import CosineRecommender

        if self.name == "item_knn":  # an item is the first of its own neighbours
            return CosineRecommender(K=self.settings["k"] + 1, num_threads=self.threads)
        names = "factors", "regularization", "iterations"
        settings = {name: self.settings[name] for name in names}
        return AlternatingLeastSquares(
            alpha=1.0, num_threads=self.threads, random_state=0, **settings
        )

    def recommend(self) -> None:
        self.found, _ = self.model.recommend(np.arange(self.n_users), self.weights, N=N)

    def lists(self) -> NDArray[np.int64]:
        return np.asarray(self.found, np.int64)


class ImplicitALS(Implicit):
    """Its ALS, the only one of its models that explains: one item of one user at a time."""

    def prepare(self) -> None:
        super().prepare()
        self.explained = min(SOME, self.n_users)

    def explain(self) -> None:
        self.cited: Reasons = {}
        for user in range(self.explained):
            shared = None  # what a user's items have in common is solved once
            for item in self.found[user]:
                _, told, shared = self.model.explain(user, self.weights, item, shared, N=N)
                self.cited[f"{user} {item}"] = [str(rated) for rated, _ in told[:CITED]]

    def reasons(self) -> Reasons:
        return self.cited


class LensKit(Library):
    """LensKit."""

    package = "lenskit"

    def prepare(self) -> None:
        from lenskit.data import from_interactions_df

        self.set = from_interactions_df(self.data.frame())
        self.recommended = min(MANY, self.n_users)

    def fit(self) -> None:
        from lenskit.pipeline import topn_pipeline

        rated = "raw" if self.name == "svd_ratings" else False
        self.model = topn_pipeline(self.untrained(), n=N, predicts_ratings=rated)
        self.model.train(self.set)

    def untrained(self) -> Any:
        """The model with its settings."""
        from lenskit.als import BiasedMFScorer, ImplicitMFScorer
        from lenskit.knn import EASEScorer, ItemKNNScorer

        asked = self.settings
        if self.name == "ease":
            return EASEScorer(regularization=asked["regularization"])
        if self.name == "item_knn":
            k = asked["k"]
            return ItemKNNScorer(max_nbrs=k, save_nbrs=k, feedback="implicit")
        factors: Settings = {"embedding_size": asked["factors"], "user_embeddings": "prefer"}
        factors["regularization"] = asked["regularization"]
        if self.name == "als":
            weights = {"weight": asked["alpha"], "use_ratings": True}
            return ImplicitMFScorer(epochs=asked["iterations"], **weights, **factors)
        return BiasedMFScorer(epochs=asked["epochs"], **factors)

    def recommend(self) -> None:
        from lenskit.batch import recommend

        self.found = recommend(self.model, list(range(self.recommended)), N, n_jobs=1)

    def lists(self) -> NDArray[np.int64]:
        return from_table(self.found.to_df(), self.recommended)


class RecTools(Implicit):
    """RecTools, whose ALS and neighbours are implicit's."""

    package = "RecTools"

    def prepare(self) -> None:
        from rectools.dataset import Dataset

        super().prepare()
        if self.name == "ease":
            self.weights.data[:] = 1
        frame = Ratings(self.weights, self.data.genres).frame()
        self.set = Dataset.construct(
            frame.rename(columns={"rating": "weight"}).assign(datetime="2020-01-01")
        )

    def fit(self) -> None:
        from rectools.models import (
            EASEModel,
            ImplicitALSWrapperModel,
            ImplicitItemKNNWrapperModel,
        )

        if self.name == "ease":
            penalty, threads = self.settings["regularization"], self.threads
            self.model = EASEModel(penalty, recommend_n_threads=threads)
        elif self.name == "als":
            self.model = ImplicitALSWrapperModel(self.untrained())
        else:
            self.model = ImplicitItemKNNWrapperModel(self.untrained())
        self.model.fit(self.set)

    def recommend(self) -> None:
        users = np.arange(self.n_users)
        self.found = self.model.recommend(users, self.set, k=N, filter_viewed=True)

    def lists(self) -> NDArray[np.int64]:
        return from_table(self.found, self.n_users)


class Cornac(Library):
    """Cornac."""

    package = "cornac"

    def prepare(self) -> None:
        from cornac.data import Dataset

        frame = self.data.frame()
        if self.name == "ease":
            frame["rating"] = 1.0
        self.set = Dataset.from_uir(frame.itertuples(index=False, name=None))
        self.recommended = min(SOME, self.n_users)

    def fit(self) -> None:
        from cornac.models import EASE, MF, ItemKNN

        asked = self.settings
        if self.name == "ease":
            self.model = EASE(lamb=asked["regularization"], posB=False, verbose=False)
        elif self.name == "item_knn":
            self.model = ItemKNN(k=asked["k"], num_threads=self.threads, verbose=False)
        else:
            self.model = MF(
                k=asked["factors"],
                max_iter=asked["epochs"],
                learning_rate=asked["learning_rate"],
                lambda_reg=asked["regularization"],
                num_threads=self.threads,
            )
        self.model.fit(self.set)

    def recommend(self) -> None:
        users = range(self.recommended)
        ask = self.model.recommend
        self.found = [ask(user, k=N, remove_seen=True, train_set=self.set) for user in users]

    def lists(self) -> NDArray[np.int64]:
        return from_lists(self.found)


class Surprise(Library):
    """Surprise, which lists as its documentation does: by predicting all that is not rated."""

    package = "scikit-surprise"

    def prepare(self) -> None:
        from surprise import Dataset, Reader

        rated = self.matrix.data
        reader = Reader(rating_scale=(float(rated.min()), float(rated.max())))
        self.set = Dataset.load_from_df(self.data.frame(), reader).build_full_trainset()
        self.recommended = min(FEW, self.n_users)

    def fit(self) -> None:
        from surprise import SVD

        asked = self.settings
        self.model = SVD(
            n_factors=asked["factors"],
            n_epochs=asked["epochs"],
            lr_all=asked["learning_rate"],
            reg_all=asked["regularization"],
            random_state=0,
        )
        self.model.fit(self.set)

    def recommend(self) -> None:
        self.found = []
        for user in range(self.recommended):
            rated = set(self.matrix[[user]].indices)
            pairs = [(user, item, 0.0) for item in range(self.n_items) if item not in rated]
            best = sorted(self.model.test(pairs), key=lambda found: -found.est)[:N]
            self.found.append([found.iid for found in best])

    def lists(self) -> NDArray[np.int64]:
        return from_lists(self.found)


class Mlxtend(OurRules):
    """mlxtend, with its fastest miner; it gets the table that it asks for ready-made."""

    package = "mlxtend"

    def prepare(self) -> None:
        super().prepare()
        self.liked = pd.DataFrame(self.baskets.toarray() > 0)

    def fit(self) -> None:
        from mlxtend.frequent_patterns import association_rules, hmine

        asked = self.settings
        longest = asked["max_antecedents"] + 1
        found = hmine(self.liked, min_support=asked["min_support"], max_len=longest)
        rules = association_rules(found, min_threshold=asked["min_confidence"])
        self.rules = rules[rules["consequents"].map(len) == 1]


WORKERS: dict[tuple[str, str], type[Library]] = {
    **{("ours", model): Ours for model in ("als", "ease", "item_knn", "svd_ratings")},
    ("ours", "rules"): OurRules,
    ("ours", "lime_of_genres"): OurLime,
    ("ours", "lime_of_items"): OurLime,
    ("implicit", "als"): ImplicitALS,
    ("implicit", "item_knn"): Implicit,
    **{("lenskit", model): LensKit for model in ("als", "ease", "item_knn", "svd_ratings")},
    **{("rectools", model): RecTools for model in ("als", "ease", "item_knn")},
    **{("cornac", model): Cornac for model in ("ease", "item_knn", "svd_ratings")},
    ("surprise", "svd_ratings"): Surprise,
    ("mlxtend", "rules"): Mlxtend,
    ("lime", "lime_of_genres"): Lime,
    ("lime", "lime_of_items"): LimeOfItems,
}
"""By library and model; what is not here the library has not."""

STEPS = ("fit", "recommend", "explain")
SMALLER = {"factors": 4, "k": 5, "iterations": 1, "epochs": 1, "n_samples": 20}


def run(library: str, model: str, data: Ratings, settings: Settings, threads: int) -> Any:
    """Seconds of every step, of processor and clock, for all users; and what was found."""
    worker = WORKERS[library, model](model, data, settings, threads)
    shares = {
        "fit": 1.0,
        "recommend": worker.recommended / worker.n_users,
        "explain": worker.explained / worker.n_users,
    }
    seconds = {}
    for step in STEPS:
        do = getattr(worker, step)
        if do is not None:
            start = _clocks()
            do()
            seconds[step] = list((_clocks() - start) / shares[step])
    return {
        "version": version(worker.package),
        "seconds": seconds,
        "lists": worker.lists().tolist(),
        "reasons": worker.reasons(),
        "count": worker.count(),
    }


def _clocks() -> NDArray[np.float64]:
    """Seconds of the processor (all threads, and processes that have ended) and of the clock."""
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    used = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    return np.array([used, time.perf_counter()])


def main() -> None:
    """Answer tasks until there are no more."""
    warnings.filterwarnings("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    data: dict[str, Ratings] = {}
    warm = set()
    for line in sys.stdin:
        task = json.loads(line)
        asked, path = (task["library"], task["model"]), task["data"]
        if path not in data:
            data = {path: Ratings.load(Path(path))}
        settings, threads = task["settings"], task["threads"]
        try:
            if asked not in warm:
                small = {name: SMALLER.get(name, value) for name, value in settings.items()}
                run(*asked, data[path].small(), small, threads)
                warm.add(asked)
            answer = run(*asked, data[path], settings, threads)
        except Exception as error:  # of whatever kind: the other libraries go on
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
