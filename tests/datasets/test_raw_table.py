"""Every format that can be read, and every way in which a file can be wrong."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DataCatalog, DatasetError

from explainable_recsys.datasets import raw_table as module
from explainable_recsys.datasets.raw_table import RawTable, read_table
from explainable_recsys.datasets.source import SourceParameters, parse_source
from explainable_recsys.errors import InputError

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data"
real_files = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real MovieLens files are not beside the repository"
)

COLUMNS = {"user_id": "userId", "item_id": "movieId", "rating": "rating", "timestamp": "time"}
HEADER = "userId,movieId,rating,time\n"
NUMBERED = {"header": False, "quoting": False}
ML_100K_GENRES = [
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]


def source_of(folder: Path, **changes: Any) -> SourceParameters:
    """A source with a ratings file r.csv; `ratings` is merged, other keys replace."""
    ratings = {"file": "r.csv", "columns": COLUMNS, **changes.pop("ratings", {})}
    scale = {"minimum": 1, "maximum": 5}
    block = {"name": "tiny", "folder": folder, "rating_scale": scale, "ratings": ratings}
    return parse_source(block | changes)


def ratings(folder: Path, content: str | bytes, **layout: Any) -> pd.DataFrame:
    """Write a ratings file and read it."""
    name = layout.get("file", "r.csv")
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    return read_table(source_of(folder, ratings=layout), "ratings")


def items(folder: Path, content: str | bytes, **layout: Any) -> pd.DataFrame:
    """Write an items file and read it."""
    (folder / "i.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    columns = {"item_id": "movieId", "title": "title", "genres": "genres"}
    block = {"file": "i.csv", "columns": columns, **layout}
    return read_table(source_of(folder, items=block), "items")


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


class TestRatings:
    expected = pd.DataFrame(
        {
            "user_id": np.array([1, 2], "int32"),
            "item_id": np.array([10, 20], "int32"),
            "rating": np.array([4.5, 3], "float32"),
            "timestamp": np.array(["2000-07-30T18:45:03", "1997-12-04T15:55:49"], "M8[s]"),
        }
    )

    @pytest.mark.parametrize(
        ("content", "layout"),
        [
            (HEADER + "1,10,4.5,964982703\n2,20,3,881250949\n", {}),
            (HEADER + "1,10,4.5,964982703\n2,20,3,881250949", {}),
            ("\ufeff" + HEADER + "1,10,4.5,964982703\r\n2,20,3,881250949\r\n", {}),
            ('x,"time",rating,movieId,userId\n"a,b",964982703,4.5,10,1\n,881250949,3,20,2\n', {}),
            (HEADER + "1, 10 ,4.5,964982703000\n2,20,3,881250949999\n", {"time": "ms"}),
            (
                HEADER + "1,10,4.5,2000-07-30T20:45:03+02:00\n2,20,3,1997-12-04 15:55:49.5\n",
                {"time": "iso"},
            ),
            (
                "1\t10\t4.5\t964982703\n2\t20\t3\t881250949\n",
                NUMBERED | {"separator": "\t", "columns": [1, 2, 3, 4]},
            ),
            (
                "1::10::4.5::964982703\n2::20::3::881250949\n",
                NUMBERED | {"separator": "::", "columns": [1, 2, 3, 4]},
            ),
            (
                "userId¦movieId¦rating¦time\n1¦10¦4.5¦964982703\n2¦20¦3¦881250949\n".encode(
                    "utf-16"
                ),
                {"separator": "¦", "encoding": "utf-16", "quoting": False},
            ),
        ],
        ids=["csv", "no-end", "bom", "quotes", "ms", "iso", "u.data", "dat", "utf-16"],
    )
    def test_every_format_means_the_same(
        self, tmp_path: Path, content: str | bytes, layout: dict[str, Any]
    ) -> None:
        if isinstance(layout.get("columns"), list):
            layout = layout | {"columns": dict(zip(COLUMNS, layout["columns"], strict=True))}
        pd.testing.assert_frame_equal(ratings(tmp_path, content, **layout), self.expected)

    @pytest.mark.parametrize("time", ["s", "iso"])
    def test_parquet_with_wide_types(self, tmp_path: Path, time: str) -> None:
        wide = {
            "extra": [[1], [2]],
            "time": pa.array([964982703000, 881250949000], pa.timestamp("ms", tz="Europe/Oslo")),
            "rating": pa.array([4.5, 3], pa.float64()),
            "userId": pa.array([1.0, 2.0]),
            "movieId": pa.array(["10", "20"]).dictionary_encode(),
        }
        pq.write_table(pa.table(wide), tmp_path / "r.parquet")
        source = source_of(tmp_path, ratings={"file": "r.parquet", "time": time})
        pd.testing.assert_frame_equal(read_table(source, "ratings"), self.expected)

    def test_timestamps_are_optional(self, tmp_path: Path) -> None:
        columns = {name: theirs for name, theirs in COLUMNS.items() if name != "timestamp"}
        frame = ratings(tmp_path, "userId,movieId,rating\n1,10,4\n", columns=columns)
        assert dtypes(frame) == {"user_id": "int32", "item_id": "int32", "rating": "float32"}

    def test_ids_are_as_wide_as_they_need(self, tmp_path: Path) -> None:
        frame = ratings(tmp_path, HEADER + "1,3000000000,4,0\n2,-7,4,0\n")
        assert dtypes(frame)["user_id"] == "int32"
        assert frame["item_id"].tolist() == [3_000_000_000, -7]
        assert dtypes(frame)["item_id"] == "int64"

    def test_ids_may_be_text(self, tmp_path: Path) -> None:
        frame = ratings(tmp_path, HEADER + 'ann,"B, 1",4,0\nbob,007,4,0\n', ids="text")
        assert frame["user_id"].tolist() == ["ann", "bob"]
        assert frame["item_id"].tolist() == ["B, 1", "007"]
        assert dtypes(frame)["user_id"] == dtypes(frame)["item_id"] == "str"

    def test_the_index_is_the_position_in_the_file(self, tmp_path: Path) -> None:
        frame = ratings(tmp_path, HEADER + "2,1,4,0\n1,1,4,0\n")
        assert isinstance(frame.index, pd.RangeIndex)
        assert frame["user_id"].tolist() == [2, 1]

    def test_a_rating_out_of_the_scale_is_not_judged_here(self, tmp_path: Path) -> None:
        assert ratings(tmp_path, HEADER + "1,1,99,0\n")["rating"].tolist() == [99]

    @pytest.mark.parametrize("separator", [",", "::", "abab"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
    def test_blocks_may_end_anywhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separator: str, encoding: str
    ) -> None:
        """Small blocks, so that lines, letters and separators are cut in all places."""
        monkeypatch.setattr(module, "BLOCK_BYTES", 64)
        monkeypatch.setattr(module, "TRANSLATED_BYTES", 7)
        users = [f"ü{number}:" for number in range(500)]
        lines = [separator.join([user, "a", "2", str(n)]) for n, user in enumerate(users)]
        frame = ratings(
            tmp_path,
            "".join(f"{line}\n" for line in lines).encode(encoding),
            **NUMBERED,
            separator=separator,
            encoding=encoding,
            ids="text",
            columns={"user_id": 1, "item_id": 2, "rating": 3, "timestamp": 4},
        )
        fields = [line.split(separator) for line in lines]
        assert frame["user_id"].tolist() == [user for user, *_ in fields]
        assert frame["item_id"].tolist() == [item for _, item, *_ in fields]
        assert frame["timestamp"].astype("int64").tolist() == list(range(500))


class TestItems:
    def test_quotes_commas_and_accents_in_titles(self, tmp_path: Path) -> None:
        frame = items(
            tmp_path,
            'movieId,title,genres\n1,"Usual Suspects, The (1995)",Crime|Thriller\n'
            '2,"11\'09""01 (2002)",(no genres listed)\n3,Misérables (1995),\n4,,Drama\n',
        )
        assert dtypes(frame) == {"item_id": "int32", "title": "str", "genres": "str"}
        assert frame["title"].tolist() == [
            "Usual Suspects, The (1995)",
            "11'09\"01 (2002)",
            "Misérables (1995)",
            "",
        ]
        assert frame["genres"].tolist() == ["Crime|Thriller", "", "", "Drama"]

    def test_a_quoted_title_may_span_lines(self, tmp_path: Path) -> None:
        frame = items(tmp_path, 'movieId,title,genres\n1,"Two\nlines",Drama\n2,B,War\n')
        assert frame["title"].tolist() == ["Two\nlines", "B"]

    def test_genres_with_another_separator(self, tmp_path: Path) -> None:
        frame = items(
            tmp_path,
            'movieId,title,genres\n1,A,"Drama, War, "\n2,B,War\n',
            genres_separator=",",
        )
        assert frame["genres"].tolist() == ["Drama|War", "War"]

    def test_genres_are_optional(self, tmp_path: Path) -> None:
        columns = {"item_id": "movieId", "title": "title"}
        frame = items(tmp_path, "movieId,title\n1,A\n", columns=columns)
        assert frame["genres"].tolist() == [""]
        assert dtypes(frame)["genres"] == "str"

    def test_genre_flags_of_the_last_columns(self, tmp_path: Path) -> None:
        frame = items(
            tmp_path,
            '1|Misérables, Les (1995)|x|0|0|1|1\n2|"B|x|1|0|0|0\n'.encode("latin-1"),
            **NUMBERED,
            separator="|",
            encoding="latin-1",
            columns={"item_id": 1, "title": 2},
            genre_flags=[None, "Action", "Drama", "War"],
        )
        assert frame["title"].tolist() == ["Misérables, Les (1995)", '"B']
        assert frame["genres"].tolist() == ["Drama|War", ""]

    def test_movies_dat(self, tmp_path: Path) -> None:
        frame = items(
            tmp_path,
            "1::Star Wars: Episode IV (1977)::Action|Sci-Fi\n2::Léon::Drama\n".encode("latin-1"),
            **NUMBERED,
            separator="::",
            encoding="latin-1",
            columns={"item_id": 1, "title": 2, "genres": 3},
        )
        assert frame["title"].tolist() == ["Star Wars: Episode IV (1977)", "Léon"]
        assert frame["genres"].tolist() == ["Action|Sci-Fi", "Drama"]

    def test_parquet(self, tmp_path: Path) -> None:
        table = {"movieId": ["a"], "title": [None], "genres": ["Drama|War"]}
        pq.write_table(pa.table(table), tmp_path / "i.parquet")
        columns = {"item_id": "movieId", "title": "title", "genres": "genres"}
        block = {"file": "i.parquet", "columns": columns}
        source = source_of(tmp_path, items=block, ratings={"ids": "text"})
        frame = read_table(source, "items")
        assert frame.to_dict("list") == {"item_id": ["a"], "title": [""], "genres": ["Drama|War"]}


class TestUsers:
    def read(self, folder: Path, content: str, columns: dict[str, int]) -> pd.DataFrame:
        (folder / "u.user").write_text(content)
        block = NUMBERED | {"file": "u.user", "separator": "|", "columns": columns}
        return read_table(source_of(folder, users=block), "users")

    def test_all_columns(self, tmp_path: Path) -> None:
        columns = {"user_id": 1, "age": 2, "gender": 3, "occupation": 4}
        frame = self.read(tmp_path, "1|24|M|writer|8\n2||F||9\n", columns)
        assert dtypes(frame) == {
            "user_id": "int32",
            "age": "Int16",
            "gender": "str",
            "occupation": "str",
        }
        assert frame["age"].tolist() == [24, pd.NA]
        assert frame["occupation"].tolist() == ["writer", ""]

    def test_absent_columns_are_there_without_values(self, tmp_path: Path) -> None:
        frame = self.read(tmp_path, "1|M\n2|F\n", {"user_id": 1, "gender": 2})
        assert list(frame) == ["user_id", "age", "gender", "occupation"]
        assert frame["age"].isna().all()
        assert frame["occupation"].tolist() == ["", ""]
        assert dtypes(frame)["age"] == "Int16"

    def test_a_wrong_age_is_named(self, tmp_path: Path) -> None:
        message = r"u\.user, line 2, column 2 \(source\.users\.columns\.age\): found 'old'"
        with pytest.raises(InputError, match=message):
            self.read(tmp_path, "1|24\n2|old\n", {"user_id": 1, "age": 2})


@pytest.mark.parametrize("ids", ["integer", "text"])
def test_tables_the_source_lacks_are_empty_with_their_columns(tmp_path: Path, ids: str) -> None:
    source = source_of(tmp_path, ratings={"ids": ids})
    id_type = "int32" if ids == "integer" else "str"
    rating = {"rating": "float32", "timestamp": "datetime64[s]"}
    train = {"user_id": id_type, "item_id": id_type} | rating
    assert dtypes(read_table(source, "train")) == train
    assert dtypes(read_table(source, "test")) == train
    texts = {"gender": "str", "occupation": "str"}
    assert dtypes(read_table(source, "users")) == {"user_id": id_type, "age": "Int16"} | texts
    assert dtypes(read_table(source, "items")) == {
        "item_id": id_type,
        "title": "str",
        "genres": "str",
    }
    assert read_table(source, "items").empty


def test_files_of_a_split(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(HEADER + "1,1,1,0\n")
    (tmp_path / "b").write_text(HEADER + "2,1,1,0\n")
    source = source_of(tmp_path, splits={"train": "a", "test": "b"})
    assert read_table(source, "train")["user_id"].tolist() == [1]
    assert read_table(source, "test")["user_id"].tolist() == [2]


GOOD = "1,10,4.5,964982703\n"
NO_HEADER = {"header": False, "columns": {"user_id": 1, "item_id": 2, "rating": 3, "timestamp": 4}}


@pytest.mark.parametrize(
    ("content", "layout", "parts"),
    [
        ("", {}, ["the file is empty"]),
        (HEADER, {}, ["no rows after the header"]),
        (
            HEADER.replace(",", ";") + "1;10;4;0\n",
            {},
            ["'userId'", "userId;movieId;rating;time", 'source.ratings.separator: ";"'],
        ),
        (
            HEADER.replace(",", "::"),
            {},
            ["no column is called 'userId'", 'separator: "::" and quoting: false'],
        ),
        ("1\t2\t3\t4\n", NO_HEADER, ["line 1: 1 field ", "needs 2", 'separator: "\\t"']),
        (
            "userId,movieId,stars,time\n" + GOOD,
            {},
            ["no column is called 'rating'", "source.ratings.columns.rating", "'stars'", "'time'"],
        ),
        ("userId,movieId,rating,time,rating\n", {}, ["2 columns are called 'rating'"]),
        (GOOD, {}, ["no column is called 'userId'", "source.ratings.header: false"]),
        (
            HEADER + GOOD,
            NO_HEADER,
            ["line 1, column 1", "'userId'", "source.ratings.header: true"],
        ),
        (HEADER + GOOD + "1,10,good,0\n", {}, ["line 3, column rating", "'good'", "finite number"]),
        (HEADER + '1,10,"4,5",0\n', {}, ["line 2, column rating", "'4,5'", "decimal point"]),
        (HEADER + "u1,10,4,0\n", {}, ["line 2, column userId", "'u1'", "source.ratings.ids: text"]),
        (HEADER + "1,1.5,4,0\n", {}, ["line 2, column movieId", "'1.5'"]),
        (HEADER + f"{2**63},1,4,0\n", {}, ["line 2, column userId", f"'{2**63}'"]),
        (HEADER + "1,10,4,2015-01-01\n", {}, ["line 2, column time", "time: ms or iso"]),
        (HEADER + "1,10,4,964982703000\n", {}, ["line 2, column time", "time: ms or iso"]),
        (HEADER + "1,10,4,soon\n", {"time": "iso"}, ["column time", "'soon'", "ISO 8601"]),
        (HEADER + "1,10,4,NaT\n", {"time": "iso"}, ["column time", "'NaT'"]),
        (HEADER + GOOD + "1,10,4\n", {}, ["line 3: 3 fields, but line 1 has 4"]),
        (HEADER + GOOD + "1,10,4,0,5\n", {}, ["line 3: 5 fields, but line 1 has 4"]),
        (HEADER + GOOD + "\n" + GOOD, {}, ["line 3: the line is empty"]),
        (HEADER + "1,10,,0\n", {}, ["line 2, column rating", "found nothing"]),
        (HEADER + '"",10,4,0\n', {"ids": "text"}, ["line 2, column userId", "found nothing"]),
        (HEADER + "1,10,nan,0\n", {}, ["line 2, column rating", "'nan'", "finite"]),
        (HEADER + "1,10,-inf,0\n", {}, ["line 2, column rating", "'-inf'", "finite"]),
        (HEADER + "1,10,x,0\n,,,\n", {}, ["line 2, column rating"]),
        (HEADER + "1,10,4,x\ny,10,4,0\n", {}, ["line 2, column time"]),
        (HEADER + GOOD * 3 + '1,"10,4,0\n' + GOOD, {}, ["line 4", "double quote"]),
        (
            HEADER.encode() + GOOD.encode() + "é,1,2,3\n".encode("latin-1"),
            {"ids": "text"},
            ["line 3", "utf-8", "source.ratings.encoding: latin-1"],
        ),
        (b"us\xe9rId,movieId,rating,time\n", {}, ["line 1", "encoding utf-8"]),
        (
            "1::\x1f::3::4\n",
            NO_HEADER | {"separator": "::", "quoting": False, "ids": "text"},
            ["U+001F"],
        ),
        (
            GOOD,
            {"header": False, "columns": {"user_id": 1, "item_id": 1, "rating": 3}},
            ["one column is used twice", "source.ratings.columns.item_id"],
        ),
    ],
)
def test_a_wrong_ratings_file_is_explained(
    tmp_path: Path, content: str | bytes, layout: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        ratings(tmp_path, content, **layout)
    message = str(caught.value)
    assert str(tmp_path / "r.csv") in message
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_the_first_bad_line_of_a_long_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 1 << 16)
    lines = ["1,10,4,0\n"] * 30_000
    lines[25_000] = "1,10,four,0\n"
    lines[29_000] = "1,10\n"
    with pytest.raises(InputError, match=r"line 25002, column rating"):
        ratings(tmp_path, HEADER + "".join(lines))


def test_a_wrong_genre_flag_is_named(tmp_path: Path) -> None:
    layout = NUMBERED | {"separator": "|", "genre_flags": ["Drama", "War"]}
    with pytest.raises(InputError, match=r"line 2, column 4 .*genre_flags.*'2'.*0 or 1"):
        items(tmp_path, "1|A|0|1\n2|B|0|2\n", columns={"item_id": 1, "title": 2}, **layout)


class TestMissingFile:
    def test_the_command_that_downloads_it_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"r\.csv: no such file.*kedro fetch-data ml-1m$"):
            read_table(source_of(tmp_path, fetch="ml-1m"), "ratings")

    @pytest.mark.parametrize(
        ("table", "key"),
        [
            ("ratings", "source.ratings.file"),
            ("items", "source.items.file"),
            ("test", "source.splits.test"),
        ],
    )
    def test_else_the_key_to_check_is_named(self, tmp_path: Path, table: Any, key: str) -> None:
        splits = {"train": "a", "test": "b"}
        source = source_of(tmp_path, items={"file": "i.csv"}, splits=splits)
        with pytest.raises(InputError, match=rf"no such file.*source\.folder and {key}"):
            read_table(source, table)


class TestWrongParquet:
    def read(self, folder: Path, **columns: Any) -> pd.DataFrame:
        good = {"userId": [1, 2], "movieId": [1, 2], "rating": [1.0, 2.0], "time": [0, 0]}
        pq.write_table(pa.table(good | columns), folder / "r.parquet")
        return read_table(source_of(folder, ratings={"file": "r.parquet"}), "ratings")

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"rating": [1.0, None]}, r"row 2, column rating \(source.*found nothing"),
            ({"rating": [1.0, float("inf")]}, "row 2, column rating .*found inf"),
            ({"userId": ["1", "x"]}, "row 2, column userId .*'x'.*ids: text"),
            ({"userId": [1.0, 1.5]}, "row 2, column userId .*1.5"),
            ({"time": [[1], [2]]}, "row 1, column time"),
        ],
    )
    def test_the_first_bad_row_is_named(
        self, tmp_path: Path, columns: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            self.read(tmp_path, **columns)

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"user": [1]}), tmp_path / "r.parquet")
        with pytest.raises(InputError, match=r"'userId' \(source.*columns: 'user'$"):
            read_table(source_of(tmp_path, ratings={"file": "r.parquet"}), "ratings")

    def test_no_rows(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no rows$"):
            self.read(tmp_path, **dict.fromkeys(COLUMNS.values(), pa.array([], pa.int64())))

    def test_an_empty_id(self, tmp_path: Path) -> None:
        pq.write_table(
            pa.table({"userId": ["a", ""], "movieId": ["b", "c"], "rating": [1, 2]}),
            tmp_path / "r.parquet",
        )
        columns = {name: theirs for name, theirs in COLUMNS.items() if name != "timestamp"}
        layout = {"file": "r.parquet", "ids": "text", "columns": columns}
        with pytest.raises(InputError, match=r"row 2, column userId .*found nothing"):
            read_table(source_of(tmp_path, ratings=layout), "ratings")

    def test_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "r.parquet").write_text(HEADER + GOOD)
        with pytest.raises(InputError, match=r"r\.parquet: not a Parquet file"):
            read_table(source_of(tmp_path, ratings={"file": "r.parquet"}), "ratings")


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

    def test_an_unknown_table_is_refused(self, tmp_path: Path) -> None:
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
            "data": [[1, 10, 4.5, "2000-07-30 18:45:03"]] * 2,
        }
        assert len(dataset.preview()["data"]) == 5
        assert dataset.metadata == {"kedro-viz": {"layer": "raw"}}

    def test_the_preview_of_users_with_unknown_ages(self, tmp_path: Path) -> None:
        (tmp_path / "u").write_text("1|\n2|7\n")
        columns = {"user_id": 1, "age": 2}
        block = NUMBERED | {"file": "u", "separator": "|", "columns": columns}
        source = source_of(tmp_path, users=block)
        preview = RawTable(source=source.model_dump(), table="users").preview()
        assert preview["data"] == [[1, None, "", ""], [2, 7, "", ""]]
        assert RawTable(source=source.model_dump(), table="items").preview()["data"] == []


@real_files
class TestRealFiles:
    def test_ml_100k(self) -> None:
        source = source_of(
            REAL / "ml-100k",
            ratings=NO_HEADER | {"file": "u.data", "separator": "\t", "quoting": False},
            items=NUMBERED
            | {
                "file": "u.item",
                "separator": "|",
                "encoding": "latin-1",
                "columns": {"item_id": 1, "title": 2},
                "genre_flags": [None, *ML_100K_GENRES],
            },
            users=NUMBERED
            | {
                "file": "u.user",
                "separator": "|",
                "columns": {"user_id": 1, "age": 2, "gender": 3, "occupation": 4},
            },
            splits={"train": "u1.base", "test": "u1.test"},
        )
        frames = {name: read_table(source, name) for name in ("ratings", "train", "test")}
        assert {name: len(frame) for name, frame in frames.items()} == {
            "ratings": 100_000,
            "train": 80_000,
            "test": 20_000,
        }
        assert frames["ratings"]["user_id"].nunique() == 943
        assert frames["ratings"]["rating"].mean() == pytest.approx(3.52986)
        movies = read_table(source, "items").set_index("item_id")
        assert len(movies) == 1682
        assert list(movies.loc[543]) == ["Misérables, Les (1995)", "Drama|Musical"]
        assert movies.loc[1633, "title"] == "Á köldum klaka (Cold Fever) (1994)"
        assert list(movies.loc[267]) == ["unknown", ""]
        users = read_table(source, "users")
        assert users["occupation"].value_counts()["student"] == 196
        assert users["age"].min() == 7

    def test_ml_latest_small(self) -> None:
        columns = {"item_id": "movieId", "title": "title", "genres": "genres"}
        source = source_of(
            REAL / "ml-latest-small",
            ratings={"file": "ratings.csv", "columns": COLUMNS | {"timestamp": "timestamp"}},
            items={"file": "movies.csv", "columns": columns},
        )
        frame = read_table(source, "ratings")
        assert len(frame) == 100_836
        assert frame["user_id"].nunique() == 610
        assert frame["timestamp"].min() == pd.Timestamp("1996-03-29 18:36:55")
        movies = read_table(source, "items").set_index("item_id")
        assert len(movies) == 9742
        title = "City of Lost Children, The (Cité des enfants perdus, La) (1995)"
        assert movies.loc[29, "title"] == title
        assert list(movies.loc[143410]) == ["Hyena Road", ""]
