"""Every format that can be read, and what its table looks like."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explainable_recsys.datasets.reading import tables
from explainable_recsys.datasets.reading.tables import read_table
from explainable_recsys.errors import InputError

ROOT = Path(__file__).parents[3]
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
        self, tmp_path: Path, content: str | bytes, layout: dict[str, Any], ratings: Any
    ) -> None:
        if isinstance(layout.get("columns"), list):
            layout = layout | {"columns": dict(zip(COLUMNS, layout["columns"], strict=True))}
        pd.testing.assert_frame_equal(ratings(tmp_path, content, **layout), self.expected)

    @pytest.mark.parametrize("time", ["s", "iso"])
    def test_parquet_with_wide_types(self, tmp_path: Path, time: str, source_of: Any) -> None:
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

    def test_timestamps_are_optional(self, tmp_path: Path, ratings: Any) -> None:
        columns = {name: theirs for name, theirs in COLUMNS.items() if name != "timestamp"}
        frame = ratings(tmp_path, "userId,movieId,rating\n1,10,4\n", columns=columns)
        assert dtypes(frame) == {"user_id": "int32", "item_id": "int32", "rating": "float32"}

    def test_ids_are_as_wide_as_they_need(self, tmp_path: Path, ratings: Any) -> None:
        frame = ratings(tmp_path, HEADER + "1,3000000000,4,0\n2,-7,4,0\n")
        assert dtypes(frame)["user_id"] == "int32"
        assert frame["item_id"].tolist() == [3_000_000_000, -7]
        assert dtypes(frame)["item_id"] == "int64"

    def test_ids_may_be_text(self, tmp_path: Path, ratings: Any) -> None:
        frame = ratings(tmp_path, HEADER + 'ann,"B, 1",4,0\nbob,007,4,0\n', ids="text")
        assert frame["user_id"].tolist() == ["ann", "bob"]
        assert frame["item_id"].tolist() == ["B, 1", "007"]
        assert dtypes(frame)["user_id"] == dtypes(frame)["item_id"] == "str"

    def test_the_index_is_the_position_in_the_file(self, tmp_path: Path, ratings: Any) -> None:
        frame = ratings(tmp_path, HEADER + "2,1,4,0\n1,1,4,0\n")
        assert isinstance(frame.index, pd.RangeIndex)
        assert frame["user_id"].tolist() == [2, 1]

    def test_a_rating_out_of_the_scale_is_not_judged_here(
        self, tmp_path: Path, ratings: Any
    ) -> None:
        assert ratings(tmp_path, HEADER + "1,1,99,0\n")["rating"].tolist() == [99]

    @pytest.mark.parametrize("separator", [",", "::", "abab"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
    def test_blocks_may_end_anywhere(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        separator: str,
        encoding: str,
        ratings: Any,
    ) -> None:
        """Small blocks, so that lines, letters and separators are cut in all places."""
        monkeypatch.setattr(tables, "BLOCK_BYTES", 63)
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
    def test_quotes_commas_and_accents_in_titles(self, tmp_path: Path, items: Any) -> None:
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

    def test_a_quoted_title_may_span_lines(self, tmp_path: Path, items: Any) -> None:
        frame = items(tmp_path, 'movieId,title,genres\n1,"Two\nlines",Drama\n2,B,War\n')
        assert frame["title"].tolist() == ["Two\nlines", "B"]

    def test_genres_with_another_separator(self, tmp_path: Path, items: Any) -> None:
        frame = items(
            tmp_path,
            'movieId,title,genres\n1,A,"Drama, War, "\n2,B,War\n',
            genres_separator=",",
        )
        assert frame["genres"].tolist() == ["Drama|War", "War"]

    def test_genres_are_optional(self, tmp_path: Path, items: Any) -> None:
        columns = {"item_id": "movieId", "title": "title"}
        frame = items(tmp_path, "movieId,title\n1,A\n", columns=columns)
        assert frame["genres"].tolist() == [""]
        assert dtypes(frame)["genres"] == "str"

    def test_genre_flags_of_the_last_columns(self, tmp_path: Path, items: Any) -> None:
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

    def test_movies_dat(self, tmp_path: Path, items: Any) -> None:
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

    def test_parquet(self, tmp_path: Path, source_of: Any) -> None:
        table = {"movieId": ["a"], "title": [None], "genres": ["Drama|War"]}
        pq.write_table(pa.table(table), tmp_path / "i.parquet")
        columns = {"item_id": "movieId", "title": "title", "genres": "genres"}
        block = {"file": "i.parquet", "columns": columns}
        source = source_of(tmp_path, items=block, ratings={"ids": "text"})
        frame = read_table(source, "items")
        assert frame.to_dict("list") == {"item_id": ["a"], "title": [""], "genres": ["Drama|War"]}


class TestGraph:
    def test_tags_and_the_files_of_a_graph(self, tmp_path: Path, source_of: Any) -> None:
        (tmp_path / "tags.csv").write_text('user,movie,tag,time\n1,10,"a, b",0\n2,10,,0\n')
        (tmp_path / "g.kg").write_text("f1\tfilm.film.actor\tm.x\n")
        (tmp_path / "g.link").write_text("10\tf1\n")
        (tmp_path / "other.csv").write_text("id,name\n3,A (1999)\n")
        layout = NUMBERED | {"separator": "\t"}
        columns = {"head": 1, "relation": 2, "tail": 3}
        graph = {
            "triples": {"file": "g.kg", "columns": columns, **layout},
            "links": {"file": "g.link", "columns": {"item_id": 1, "entity_id": 2}, **layout},
            "items": {"file": "other.csv", "columns": {"item_id": "id", "title": "name"}},
        }
        tags = {"file": "tags.csv", "columns": {"item_id": "movie", "tag": "tag"}}
        source = source_of(tmp_path, tags=tags, graph=graph)
        found = {name: read_table(source, name) for name in (*GRAPH_TABLES, "linked_items")}
        rows = {name: table.iloc[0].tolist() for name, table in found.items()}
        assert rows == {
            "tags": [10, "a, b"],
            "triples": ["f1", "film.film.actor", "m.x"],
            "links": [10, "f1"],
            "linked_items": [3, "A (1999)", ""],
        }
        assert found["tags"]["tag"].tolist() == ["a, b", ""]

    def test_a_file_beside_a_folder_that_is_a_link(self, tmp_path: Path, source_of: Any) -> None:
        (tmp_path / "far" / "away").mkdir(parents=True)
        (tmp_path / "here").symlink_to(tmp_path / "far" / "away")
        (tmp_path / "tags.csv").write_text("item_id,tag\n1,long\n")
        source = source_of(tmp_path / "here", tags={"file": "../tags.csv"})
        assert len(read_table(source, "tags")) == 1

    def test_without_them_the_tables_are_empty(self, tmp_path: Path, source_of: Any) -> None:
        for name, expected in GRAPH_TABLES.items():
            assert dtypes(read_table(source_of(tmp_path), name)) == expected
        ids = source_of(tmp_path, ratings={"ids": "text"})
        assert dtypes(read_table(ids, "tags"))["item_id"] == "str"
        assert read_table(ids, "linked_items").empty


GRAPH_TABLES: dict[Any, dict[str, str]] = {
    "tags": {"item_id": "int32", "tag": "str"},
    "triples": {"head": "str", "relation": "str", "tail": "str"},
    "links": {"item_id": "int32", "entity_id": "str"},
}


class TestUsers:
    def read(
        self, source_of: Any, folder: Path, content: str, columns: dict[str, int]
    ) -> pd.DataFrame:
        (folder / "u.user").write_text(content)
        block = NUMBERED | {"file": "u.user", "separator": "|", "columns": columns}
        return read_table(source_of(folder, users=block), "users")

    def test_all_columns(self, tmp_path: Path, source_of: Any) -> None:
        columns = {"user_id": 1, "age": 2, "gender": 3, "occupation": 4}
        frame = self.read(source_of, tmp_path, "1|24|M|writer|8\n2||F||9\n", columns)
        assert dtypes(frame) == {
            "user_id": "int32",
            "age": "Int16",
            "gender": "str",
            "occupation": "str",
        }
        assert frame["age"].tolist() == [24, pd.NA]
        assert frame["occupation"].tolist() == ["writer", ""]

    def test_absent_columns_are_there_without_values(self, tmp_path: Path, source_of: Any) -> None:
        frame = self.read(source_of, tmp_path, "1|M\n2|F\n", {"user_id": 1, "gender": 2})
        assert list(frame) == ["user_id", "age", "gender", "occupation"]
        assert frame["age"].isna().all()
        assert frame["occupation"].tolist() == ["", ""]
        assert dtypes(frame)["age"] == "Int16"

    def test_a_wrong_age_is_named(self, tmp_path: Path, source_of: Any) -> None:
        message = r"u\.user, line 2, column 2 \(source\.users\.columns\.age\): found 'old'"
        with pytest.raises(InputError, match=message):
            self.read(source_of, tmp_path, "1|24\n2|old\n", {"user_id": 1, "age": 2})


@pytest.mark.parametrize("ids", ["integer", "text"])
def test_tables_the_source_lacks_are_empty_with_their_columns(
    tmp_path: Path, ids: str, source_of: Any
) -> None:
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


def test_files_of_a_split(tmp_path: Path, source_of: Any) -> None:
    (tmp_path / "a").write_text(HEADER + "1,1,1,0\n")
    (tmp_path / "b").write_text(HEADER + "2,1,1,0\n")
    source = source_of(tmp_path, splits={"train": "a", "test": "b"})
    assert read_table(source, "train")["user_id"].tolist() == [1]
    assert read_table(source, "test")["user_id"].tolist() == [2]


@real_files
class TestRealFiles:
    def test_ml_100k(self, source_of: Any) -> None:
        source = source_of(
            REAL / "ml-100k",
            ratings=NUMBERED
            | {
                "file": "u.data",
                "separator": "\t",
                "columns": {"user_id": 1, "item_id": 2, "rating": 3, "timestamp": 4},
            },
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

    def test_ml_latest_small(self, source_of: Any) -> None:
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
