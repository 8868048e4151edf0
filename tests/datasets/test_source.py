"""The `source` block: what a short one means, and what is refused with which message."""

import copy
from pathlib import Path
from typing import Any

import pytest
from kedro.config import OmegaConfigLoader

from explainable_recsys.datasets.source import line_of, parse_source
from explainable_recsys.errors import InputError

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ["base", "ml-100k", "ml-1m", "ml-20m", "ml-25m", "ml-32m", "ml-latest"]

SHORT: dict[str, Any] = {
    "name": "shop",
    "folder": "data/01_raw/shop",
    "rating_scale": {"minimum": 1, "maximum": 5},
    "ratings": {
        "file": "sales.csv",
        "columns": {"user_id": "customer", "item_id": "product", "rating": "stars"},
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    """SHORT with other values; `a__b` is the key b of the block a."""
    block = copy.deepcopy(SHORT)
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = block
        for parent in parents:
            target = target[parent]
        target[last] = value
    return block


def test_a_short_block_has_sensible_defaults() -> None:
    source = parse_source(SHORT)
    assert source.ratings.separator == ","
    assert source.ratings.header
    assert source.ratings.encoding == "utf-8"
    assert source.ratings.quoting
    assert (source.ratings.ids, source.ratings.time) == ("integer", "s")
    assert source.ratings.column_references == {
        "user_id": "customer",
        "item_id": "product",
        "rating": "stars",
    }
    assert [source.fetch, source.items, source.users, source.splits] == [None] * 4
    assert [source.tags, source.graph, source.table("triples")] == [None] * 3


def test_files_of_a_split_are_written_as_the_ratings_are() -> None:
    source = parse_source(changed(splits={"train": "a.csv", "test": "b.csv"}))
    train = source.table("train")
    assert train is not None
    assert train.file == "a.csv"
    assert train.column_references == source.ratings.column_references
    assert source.table("items") is None
    assert parse_source(SHORT).table("test") is None


def test_backslash_t_is_a_tab_however_yaml_quotes_it() -> None:
    assert parse_source(changed(ratings__separator=r"\t")).ratings.separator == "\t"


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"nmae": "x"}, ["source.nmae: no such key", "did you mean 'name'?", "accepted: name, "]),
        (
            {"ratings__columns__user": "x"},
            ["source.ratings.columns.user: no such key", "user_id, item_id, rating, timestamp"],
        ),
        ({"ratings__seperator": ";"}, ["source.ratings.seperator", "did you mean 'separator'?"]),
        ({"liked": {"shar": 0.5}}, ["source.liked", "accepted: share"]),
        (
            {"graph": {"triples": {"file": "a", "colums": {}}, "links": {"file": "b"}}},
            ["source.graph.triples.colums", "did you mean 'columns'?"],
        ),
        ({"name": ""}, ["source.name"]),
        ({"ratings": None}, ["source.ratings"]),
        ({"ratings__ids": "float"}, ["source.ratings.ids", "'integer' or 'text'", "'float'"]),
        ({"ratings__time": "hours"}, ["source.ratings.time", "'hours'"]),
        ({"ratings__separator": ""}, ["source.ratings.separator", '"::"']),
        ({"ratings__separator": "::"}, ["source.ratings.separator", "'::'", "quoting: false"]),
        ({"ratings__encoding": "klingon"}, ["source.ratings.encoding", "'klingon'", "latin-1"]),
        ({"ratings__header": False}, ["source.ratings.columns.user_id", "number", "'customer'"]),
        ({"ratings__columns__rating": 3}, ["source.ratings.columns.rating", "name", "3"]),
        ({"ratings__columns__rating": 0}, ["source.ratings.columns.rating", "from 1", "0"]),
        ({"ratings__columns__rating": True}, ["source.ratings.columns.rating", "True"]),
        ({"ratings__columns__rating": None}, ["source.ratings.columns.rating", "None"]),
        ({"ratings__file": "a.parquet", "ratings__columns__rating": 3}, ["Parquet", "name"]),
        ({"rating_scale__minimum": 5}, ["source.rating_scale", "5.0", "less than"]),
        ({"rating_scale__minimum": float("nan")}, ["source.rating_scale", "finite"]),
        ({"rating_scale__minimum": "low"}, ["source.rating_scale.minimum", "'low'"]),
        ({"items": {"columns": {}}}, ["source.items.file", "required"]),
        (
            {"items": {"file": "a.csv", "columns": {"genres": "g"}, "genre_flags": ["War"]}},
            ["source.items.genre_flags", "columns.genres"],
        ),
        ({"items": {"file": "a.parquet", "genre_flags": ["War"]}}, ["genre_flags", "Parquet"]),
        ({"tags": {"columns": {}}}, ["source.tags.file", "required"]),
        ({"graph": {"triples": {"file": "a"}}}, ["source.graph.links", "required"]),
        ({"graph": {"optional": "perhaps"}}, ["source.graph.optional", "'perhaps'"]),
        (
            {"graph": {"triples": {"file": "a", "columns": {"head": 1}}, "links": {"file": "b"}}},
            ["source.graph.triples.columns.head", "name", "1"],
        ),
    ],
)
def test_a_wrong_key_is_named(changes: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_source(changed(**changes))
    message = str(caught.value)
    for part in ["globals.yml", *parts]:
        assert part in message


def test_every_wrong_key_is_named_at_once() -> None:
    with pytest.raises(InputError, match=r"source\.ratings\.ids: .*; source\.nmae: "):
        parse_source(changed(ratings__ids="float", nmae="x"))


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ({"file": "a.csv"}, "a.csv, line 12"),
        (
            {"file": "a", "header": False, "columns": {"user_id": 1, "item_id": 2, "rating": 3}},
            "a, line 11",
        ),
        ({"file": "a.parquet"}, "a.parquet, row 11"),
    ],
)
def test_line_of_counts_as_an_editor_does(ratings: dict[str, Any], expected: str) -> None:
    assert line_of(parse_source(changed(ratings=ratings)).ratings, 10) == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_block_of_every_environment_is_valid(environment: str) -> None:
    loader = OmegaConfigLoader(str(ROOT / "conf"), base_env="base", default_run_env=environment)
    block = loader["globals"]
    source = parse_source(block["source"])
    root = "data" if environment == "base" else f"data/{environment}"
    assert block["data_root"] == root
    assert source.folder.as_posix().startswith(f"{root}/01_raw")
    assert source.fetch == (None if environment == "base" else environment)
    assert source.items is not None
    assert (source.tags is not None) == (environment in ("ml-20m", "ml-25m", "ml-32m", "ml-latest"))
    assert (source.graph is not None) == (environment == "ml-100k")
