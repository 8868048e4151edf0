"""`kedro recommend`: the API's lists for a file of people, and nothing half written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.app.items import Wanted
from explainable_recsys.app.service import Service
from explainable_recsys.errors import InputError
from explainable_recsys.interface import recommend
from explainable_recsys.interface.histories import blocks_of_people
from explainable_recsys.interface.recommend import Order, write_lists
from tests.conftest import PROJECT
from tests.interface.test_stored import EXPLAINING
from tests.test_cli import expect_error

Kedro = Callable[..., Any]


@pytest.fixture(scope="module")
def people(service: Service) -> pd.DataFrame:
    """Ratings of people whom the run does not know, in an order of no ids."""
    known = service.data.histories
    parts = []
    for name, row in (("zoe", 3), ("7", 5), ("Ann, B.", 11), ("nobody's", 20)):
        own = known.ratings[[row]]
        rated = pd.DataFrame({"item_id": known.item_ids[own.indices], "rating": own.data})
        parts.append(rated.head(25).iloc[::-1].assign(user_id=name))
    return pd.concat(parts, ignore_index=True)[["user_id", "item_id", "rating"]]


def save(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return path


def load(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype={"user_id": str}, keep_default_na=False)
    return pd.read_parquet(path)


@pytest.mark.parametrize("approach", EXPLAINING)
def test_it_is_the_answer_of_the_api_for_each(
    approach: str, client: TestClient, service: Service, people: pd.DataFrame, tmp_path: Path
) -> None:
    order = Order(save(people, tmp_path / "in.csv"), tmp_path / "out.parquet", explain=True)
    count = write_lists(service.asked(approach, Wanted(n=5)), order)
    found = load(order.output)
    users = people["user_id"].unique().tolist()
    assert count.people == len(users)
    assert found["user_id"].unique().tolist() == [u for u in users if u in set(found["user_id"])]
    for user in users:
        own = people[people["user_id"] == user]
        history = own[["item_id", "rating"]].to_dict("records")
        body = {"history": history, "n": 5}
        told = client.post(f"/api/v1/{approach}/recommendations", json=body).json()
        rows = found[found["user_id"] == user]
        listed = told["recommendations"]
        for name in ("rank", "item_id", "title", "year"):
            assert rows[name].tolist() == [row[name] for row in listed]
        np.testing.assert_allclose(rows["score"], [row["score"] for row in listed], 1e-4, 1e-6)
        assert rows["sentence"].tolist() == [row["sentence"] or "" for row in listed]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_blocks_and_kinds_of_files_change_nothing(
    ending: str, service: Service, people: pd.DataFrame, tmp_path: Path
) -> None:
    stored = service.stored("intrinsic_als")
    whole = Order(save(people, tmp_path / "whole.csv"), tmp_path / "whole_out.csv", explain=True)
    write_lists(stored, whole)
    small = stored.recommendation.model_copy(update={"block_size": 1})
    order = Order(save(people, tmp_path / f"in{ending}"), tmp_path / f"out{ending}", explain=True)
    write_lists(replace(stored, recommendation=small), order)
    found, expected = load(order.output), load(whole.output)
    pd.testing.assert_frame_equal(
        found, expected, check_dtype=False, check_exact=False, rtol=1e-4, atol=1e-6
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"in{ending}", f"out{ending}", "whole.csv", "whole_out.csv"]
    )


def test_without_reasons_there_are_no_sentences(
    service: Service, people: pd.DataFrame, tmp_path: Path
) -> None:
    order = Order(save(people, tmp_path / "in.csv"), tmp_path / "out.csv")
    write_lists(service.stored("intrinsic_als"), order)
    columns = ["user_id", "rank", "item_id", "title", "year", "score"]
    assert load(order.output).columns.tolist() == columns


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=12),
    n_people=st.integers(1, 4),
    rows=st.integers(1, 9),
)
def test_blocks_are_of_whole_people(
    lengths: list[int], n_people: int, rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    users = np.repeat([f"user {n}" for n in range(len(lengths))], lengths)
    table = pd.DataFrame({"user_id": users, "item_id": "1", "rating": "3"})
    path = save(table, tmp_path_factory.mktemp("blocks") / "in.csv")
    blocks = list(blocks_of_people(path, n_people, rows))
    pd.testing.assert_frame_equal(
        pd.concat(blocks, ignore_index=True)[["user_id", "item_id", "rating"]], table
    )
    sizes = [block["user_id"].nunique() for block in blocks]
    assert sum(sizes) == len(lengths)
    assert all(size == n_people for size in sizes[:-1])
    assert sizes[-1] <= n_people
    assert pd.concat(blocks)["row"].tolist() == list(range(2, len(table) + 2))


def test_what_nothing_was_learned_of_is_left_out(
    service: Service, people: pd.DataFrame, tmp_path: Path
) -> None:
    data = service.data
    others = data.items.loc[~data.items["item_id"].isin(data.interactions.item_ids), "item_id"]
    if others.empty:  # then the catalogue lacks one for this test
        added = pd.DataFrame({"item_id": [99_999_999], "title": ["New"], "genres": [""]})
        data = replace(data, items=pd.concat([data.items, added], ignore_index=True))
        others = added["item_id"]
    stored = replace(service.stored("intrinsic_als"), data=data)
    more = pd.DataFrame({"user_id": ["zoe"], "item_id": [others.iloc[0]], "rating": [4.0]})
    alone = more.assign(user_id="alone")
    both = pd.concat([more, people, alone], ignore_index=True)
    order = Order(save(both, tmp_path / "in.csv"), tmp_path / "out.csv")
    count = write_lists(stored, order)
    usual = Order(save(people, tmp_path / "usual.csv"), tmp_path / "usual_out.csv")
    write_lists(stored, usual)
    assert (count.says_nothing, count.first_row, count.people) == (2, 2, 5)
    assert "alone" not in set(load(order.output)["user_id"])
    pd.testing.assert_frame_equal(load(order.output), load(usual.output), rtol=1e-4)


GOOD = "user_id,item_id,rating\nann,{item},4\n"
WRONG = [
    ("user_id,item_id,rating\nann,{item},4\nann,{other},9\n", r"in.csv, line 3: rating '9'"),
    ("user_id,item_id,rating\nann,{item},nan\n", r"line 2: rating 'nan'"),
    ("user_id,item_id,rating\nann,{item},good\n", r"line 2: rating 'good'.*0.5 to 5"),
    ("user_id,item_id,rating\nann,{item},\n", r"line 2: rating is empty"),
    ("user_id,item_id,rating\n,{item},4\n", r"line 2: user_id is empty"),
    ("user_id,item_id,rating\nann,never,4\n", r"line 2: there is no item 'never'"),
    ("user_id,item_id,rating\nann,{item},4\nann,{item},5\n", r"line 3: user ann rates .* again"),
    ("user_id,item_id,rating\na,{item},4\nb,{item},4\na,{other},4\n", r"line 4: user a had rows"),
    ("user_id,item,rating\nann,{item},4\n", r"no column item_id"),
    ("user_id,item_id,rating\n", r"no rows"),
    ("", r"no column user_id"),
    ("user_id,item_id,rating\nann,{item},4,5,6\nann,{other},4,5,6,7,8\n", r"in.csv.*columns"),
    ("\ufeffuser_id,item_id,rating\nann,{item},99\n", r"line 2: rating '99'"),
    ('user_id,item_id,rating\n"ann,{item},4\n', r"in.csv"),
    ("user_id,item_id,rating\nann,{item},4\n\nann,{other},4\n", r"in.csv"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_written(
    text: str, message: str, service: Service, tmp_path: Path
) -> None:
    item, other = service.data.interactions.item_ids[:2]
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text.format(item=item, other=other), encoding="utf-8")
    output.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        write_lists(service.stored("intrinsic_als"), Order(source, output))
    assert output.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_files_that_cannot_be_read_or_written(service: Service, tmp_path: Path) -> None:
    item = service.data.interactions.item_ids[0]
    good = tmp_path / "in.csv"
    good.write_text(GOOD.format(item=item), encoding="utf-8")
    (tmp_path / "latin.csv").write_bytes(GOOD.replace("ann", "é").encode("latin-1"))
    (tmp_path / "no.parquet").write_text("no Parquet", encoding="utf-8")
    stored = service.stored("intrinsic_als")
    for source, message in (
        ("gone.csv", "no such file"),
        ("gone.parquet", "no such file"),
        ("latin.csv", "UTF-8"),
        ("no.parquet", "cannot be read as Parquet"),
    ):
        with pytest.raises(InputError, match=message):
            write_lists(stored, Order(tmp_path / source, tmp_path / "out.csv"))
    with pytest.raises(InputError, match="cannot be written"):
        write_lists(stored, Order(good, tmp_path / "gone" / "out.csv"))
    for order, message in (
        (Order(tmp_path / "in.txt", tmp_path / "out.csv"), "--histories"),
        (Order(good, tmp_path / "out.xlsx"), "--output"),
        (Order(good, good), "another"),
    ):
        with pytest.raises(InputError, match=message):
            recommend.recommend_file(PROJECT, None, order)


def test_the_command_before_any_run(project_copy: Path, kedro: Kedro) -> None:
    (project_copy / "in.csv").write_text(GOOD.format(item=1), encoding="utf-8")
    arguments = ["recommend", "--histories", "in.csv", "--output", "out.csv"]
    expect_error(kedro(project_copy, *arguments), "no explanations are stored there yet")
    assert not (project_copy / "out.csv").exists()
