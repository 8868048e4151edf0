"""The dataset that Kedro loads a table with: catalog, preview and refusals."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError

from explainable_recsys.datasets.raw_table import RawTable
from explainable_recsys.errors import InputError

HEADER = "userId,movieId,rating,time\n"
GOOD = "1,10,4.5,964982703\n"
NUMBERED = {"header": False, "quoting": False}


class TestDataset:
    def catalog(self, folder: Path, **changes: Any) -> DataCatalog:
        (folder / "r.csv").write_text(HEADER + GOOD * 9)
        columns = {"user_id": "userId", "item_id": "movieId", "rating": "rating"}
        columns["timestamp"] = "time"
        source = {
            "name": "tiny",
            "folder": "elsewhere",
            "rating_scale": {"minimum": 1, "maximum": 5},
            "ratings": {"file": "r.csv", "columns": columns},
        }
        entry = {
            "type": "explainable_recsys.datasets.raw_table.RawTable",
            "source": source,
            "filepath": str(folder),
            "metadata": {"kedro-viz": {"layer": "raw"}},
        }
        return DataCatalog.from_config(
            {name: entry | {"table": name} | changes for name in ("ratings", "users")}
        )

    def test_it_loads_through_the_catalog(self, tmp_path: Path) -> None:
        catalog = self.catalog(tmp_path)
        assert len(catalog.load("ratings")) == 9
        assert catalog.load("users").empty
        assert catalog.exists("ratings")
        assert catalog.exists("users")
        (tmp_path / "r.csv").unlink()
        assert not catalog.exists("ratings")

    def test_bad_input_is_the_cause_of_kedros_error(self, tmp_path: Path) -> None:
        catalog = self.catalog(tmp_path)
        (tmp_path / "r.csv").unlink()
        with pytest.raises(DatasetError) as caught:
            catalog.load("ratings")
        cause: BaseException | None = caught.value
        while isinstance(cause, DatasetError):
            cause = cause.__cause__
        assert isinstance(cause, InputError)

    def test_saving_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match="read-only"):
            self.catalog(tmp_path).save("ratings", pd.DataFrame())

    def test_an_unknown_table_is_refused(self, tmp_path: Path, source_of: Any) -> None:
        with pytest.raises(InputError, match=r"'rating'.*ratings, items, users, train, test"):
            RawTable(source=source_of(tmp_path).model_dump(), table="rating")  # type: ignore[arg-type]

    def test_the_preview_is_json_of_the_first_rows(self, tmp_path: Path) -> None:
        dataset: Any = self.catalog(tmp_path)["ratings"]
        with (tmp_path / "r.csv").open("a") as file:
            file.write(GOOD * 20_000 + "bad line far behind\n")
        preview = dataset.preview(nrows=2)
        assert json.loads(json.dumps(preview)) == {
            "columns": ["user_id", "item_id", "rating", "timestamp"],
            "index": [0, 1],
            "data": [[1, 10, 4.5, "2000-07-30T18:45:03"]] * 2,
        }
        assert len(dataset.preview()["data"]) == 5
        assert dataset.metadata == {"kedro-viz": {"layer": "raw"}}

    def test_the_preview_of_users_with_unknown_ages(self, tmp_path: Path, source_of: Any) -> None:
        (tmp_path / "u").write_text("1|\n2|7\n")
        columns = {"user_id": 1, "age": 2}
        block = NUMBERED | {"file": "u", "separator": "|", "columns": columns}
        source = source_of(tmp_path, users=block)
        preview = RawTable(source=source.model_dump(), table="users").preview()
        assert preview["data"] == [[1, None, "", ""], [2, 7, "", ""]]
        assert RawTable(source=source.model_dump(), table="items").preview()["data"] == []

    def test_an_optional_graph_need_not_exist(self, tmp_path: Path, source_of: Any) -> None:
        graph = {"triples": {"file": "t.csv"}, "links": {"file": "l.csv"}, "optional": True}
        for optional, exists in ((True, True), (False, False)):
            source = source_of(tmp_path, graph=graph | {"optional": optional}).model_dump()
            assert RawTable(source=source, table="triples").exists() == exists
        source = source_of(tmp_path, graph=graph).model_dump()
        assert RawTable(source=source, table="links").preview()["data"] == []
