"""The data sets that the benchmarks run on, read as the project reads them; shared steps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf
from scipy import sparse

from explainable_recsys.datasets.reading import read_table
from explainable_recsys.datasets.source import SourceParameters, TableName, parse_source
from explainable_recsys.experiments.calibration import (
    best_user_penalty,
    calibrate_user_penalty,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.preprocessing.cleaning import (
    CleaningParameters,
    clean_items,
    clean_ratings,
)
from explainable_recsys.preprocessing.splits import Split
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.svd import SVD, SVDParameters

PROJECT = Path(__file__).parents[1]
K = 10


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options `--env` and `--folder`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--env", default="ml-100k", help="environment, a folder of conf/")
    parser.add_argument("--folder", type=Path, help="where the files are, if not where conf/ says")
    return parser


def load(env: str, folder: Path | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cleaned ratings and items of an environment."""
    source, folder = source_and_folder(env, folder)
    raw_items = read_table(source, "items", folder)
    raw_ratings = read_table(source, "ratings", folder)
    ratings, _ = clean_ratings(raw_ratings, raw_items, CleaningParameters(), str)
    return ratings, clean_items(raw_items, ratings)


def load_users(env: str, folder: Path | None) -> pd.DataFrame:
    """Users of an environment, without rows where the data set describes none."""
    source, folder = source_and_folder(env, folder)
    return read_table(source, "users", folder)


def official_split(
    env: str, folder: Path | None, name: str
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """GroupLens' own split of ML-100K, training and test; None if the folder lacks its files."""
    files = [source_and_folder(env, folder)[1] / f"{name}.{part}" for part in ("base", "test")]
    if not all(file.exists() for file in files):
        return None
    names: Any = ["user_id", "item_id", "rating", "timestamp"]
    base, test = (pd.read_csv(file, sep="\t", names=names) for file in files)
    return base, test


def load_table(env: str, folder: Path | None, name: TableName) -> pd.DataFrame:
    """A table of an environment as it is read, without rows where the data set has none."""
    source, folder = source_and_folder(env, folder)
    return read_table(source, name, folder)


def load_in_file_order(env: str, folder: Path | None) -> pd.DataFrame:
    """Ratings of an environment as they stand in the file."""
    source, folder = source_and_folder(env, folder)
    return read_table(source, "ratings", folder)


def shipped_parameters(env: str, seed: int) -> dict[str, Any]:
    """The parameters of all approaches as conf/base has them, for another seed."""
    conf = PROJECT / "conf"
    shared = OmegaConf.merge(
        OmegaConf.load(conf / "base" / "globals.yml"),
        OmegaConf.load(conf / env / "globals.yml"),
        {"seed": seed},
    )
    OmegaConf.register_new_resolver(
        "globals", lambda key: OmegaConf.select(shared, key), replace=True
    )
    files = [OmegaConf.load(file) for file in sorted((conf / "base").glob("parameters*.yml"))]
    parameters: Any = OmegaConf.to_container(OmegaConf.merge(*files), resolve=True)
    return dict(parameters)


def with_items(train: Interactions, items: pd.DataFrame) -> Interactions:
    """The same ratings over the catalogue of all items."""
    item_ids = np.sort(items["item_id"].to_numpy())
    entries = train.ratings.tocoo()
    columns = np.searchsorted(item_ids, train.item_ids)[entries.col]
    shape = (train.n_users, len(item_ids))
    matrix = sparse.csr_array((entries.data, (entries.row, columns)), shape=shape)
    return Interactions(matrix, train.user_ids, item_ids)


def calibrated(
    split: Split, parameters: SVDParameters, scale: tuple[float, float]
) -> tuple[Interactions, SVD]:
    """Training and validation ratings, and the model of them with the best user penalty."""
    train = Interactions.from_frame(split.train)
    learned = SVD.fit(train, parameters)
    kappa = best_user_penalty(calibrate_user_penalty(learned, train, split.validation, *scale))
    both = Interactions.from_frame(pd.concat([split.train, split.validation]))
    return both, SVD.fit(both, parameters, kappa)


def top_lists(model: Recommender, train: Interactions) -> pd.DataFrame:
    """The first K recommendations of every user."""
    return recommend(model, train, RecommendationParameters(n=K))


def accuracy(model: Recommender, train: Interactions, held_out: pd.DataFrame) -> pd.Series[float]:
    """Mean recall and nDCG over users."""
    lists = top_lists(model, train)
    return ranking_per_user(lists, held_out, K, None)[[f"recall@{K}", f"ndcg@{K}"]].mean()


def source_and_folder(env: str, folder: Path | None) -> tuple[SourceParameters, Path]:
    """How the files of an environment are written, and where they are."""
    settings: Any = OmegaConf.to_container(OmegaConf.load(PROJECT / "conf" / env / "globals.yml"))
    source = parse_source(settings["source"])
    return source, folder or PROJECT / source.folder
