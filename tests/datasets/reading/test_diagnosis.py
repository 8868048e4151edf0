"""Every way in which a file can be wrong, and what the message says."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explainable_recsys.datasets.reading import tables
from explainable_recsys.datasets.reading.tables import read_table
from explainable_recsys.errors import InputError

COLUMNS = {"user_id": "userId", "item_id": "movieId", "rating": "rating", "timestamp": "time"}
HEADER = "userId,movieId,rating,time\n"
NUMBERED = {"header": False, "quoting": False}
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
        (HEADER + GOOD * 3 + '1,"10,4,0\n' + GOOD, {}, ["line 5", "double quote"]),
        (
            HEADER.encode() + GOOD.encode() + "é,1,2,3\n".encode("latin-1"),
            {"ids": "text"},
            ["line 3", "utf-8", "source.ratings.encoding: latin-1"],
        ),
        (b"us\xe9rId,movieId,rating,time\n", {}, ["line 1", "encoding utf-8"]),
        (
            (HEADER + GOOD * 900).encode("utf-16") + b"\x00\xdc" + GOOD.encode("utf-16-le") * 900,
            {"encoding": "utf-16"},
            ["line 902", "encoding utf-16"],
        ),
        (
            (HEADER + GOOD).encode("utf-16") + b"1",
            {"encoding": "utf-16"},
            ["line 3", "encoding utf-16"],
        ),
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
    tmp_path: Path, content: str | bytes, layout: dict[str, Any], parts: list[str], ratings: Any
) -> None:
    with pytest.raises(InputError) as caught:
        ratings(tmp_path, content, **layout)
    message = str(caught.value)
    assert str(tmp_path / "r.csv") in message
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_the_first_bad_line_of_a_long_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ratings: Any
) -> None:
    monkeypatch.setattr(tables, "BLOCK_BYTES", 1 << 16)
    lines = ["1,10,4,0\n"] * 30_000
    lines[25_000] = "1,10,four,0\n"
    lines[29_000] = "1,10\n"
    with pytest.raises(InputError, match=r"line 25002, column rating"):
        ratings(tmp_path, HEADER + "".join(lines))


def test_a_wrong_genre_flag_is_named(tmp_path: Path, items: Any) -> None:
    layout = NUMBERED | {"separator": "|", "genre_flags": ["Drama", "War"]}
    with pytest.raises(InputError, match=r"line 2, column 4 .*genre_flags.*'2'.*0 or 1"):
        items(tmp_path, "1|A|0|1\n2|B|0|2\n", columns={"item_id": 1, "title": 2}, **layout)


GRAPH = {"triples": {"file": "t.csv"}, "links": {"file": "l.csv"}}
ALIEN = "head,relation,tail\nf1,film.film.actor,m.weaver\n"


class TestWrongGraph:
    @pytest.mark.parametrize(
        ("table", "content", "parts"),
        [
            ("triples", "head,tail\nf1,m.x\n", ["'relation' (source.graph.triples.columns.rel"]),
            ("triples", ALIEN + "f1,,m.x\n", ["line 3, column relation", "found nothing"]),
            ("triples", ALIEN + "f1,film.film.actor\n", ["line 3: 2 fields, but line 1 has 3"]),
            ("triples", ALIEN + "\n", ["line 3: the line is empty"]),
            ("triples", ALIEN[:19], ["no rows after the header"]),
            ("links", "item,entity\n1,f1\n", ["'item_id' (source.graph.links.columns.item_id)"]),
            ("links", "item_id,entity_id\n1,f1\nx,f2\n", ["line 3, column item_id", "'x'"]),
            ("links", "item_id,entity_id\n1,f1\n2,\n", ["line 3, column entity_id", "nothing"]),
            ("links", "item_id\tentity_id\n1\tf1\n", ['source.graph.links.separator: "\\t"']),
            ("tags", "item_id,tag\n,long\n", ["line 2, column item_id (source.tags.col"]),
            ("tags", "movie,tag\n1,long\n", ["no column is called 'item_id' (source.tags.col"]),
        ],
    )
    def test_what_is_wrong_is_explained(
        self, tmp_path: Path, table: Any, content: str, parts: list[str], source_of: Any
    ) -> None:
        source = source_of(tmp_path, graph=GRAPH, tags={"file": "tags.csv"})
        path = tmp_path / source.table(table).file
        path.write_text(content)
        with pytest.raises(InputError) as caught:
            read_table(source, table)
        message = str(caught.value)
        for part in [str(path), *parts]:
            assert part in message

    @pytest.mark.parametrize("table", ["triples", "links"])
    def test_the_files_must_be_there(self, tmp_path: Path, table: Any, source_of: Any) -> None:
        source = source_of(tmp_path, graph=GRAPH)
        with pytest.raises(InputError, match=rf"no such file.*source\.graph\.{table}\.file"):
            read_table(source, table)

    def test_of_optional_files_both_must_be_there_or_none(
        self, tmp_path: Path, source_of: Any
    ) -> None:
        source = source_of(tmp_path, fetch="ml-100k", graph=GRAPH | {"optional": True})
        assert read_table(source, "triples").empty
        assert read_table(source, "links").empty
        (tmp_path / "t.csv").write_text(ALIEN)
        assert len(read_table(source, "triples")) == 1
        with pytest.raises(InputError, match=r"l\.csv: no such file.*source\.graph\.links\.file"):
            read_table(source, "links")


class TestMissingFile:
    def test_the_command_that_downloads_it_is_named(self, tmp_path: Path, source_of: Any) -> None:
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
    def test_else_the_key_to_check_is_named(
        self, tmp_path: Path, table: Any, key: str, source_of: Any
    ) -> None:
        splits = {"train": "a", "test": "b"}
        source = source_of(tmp_path, items={"file": "i.csv"}, splits=splits)
        with pytest.raises(InputError, match=rf"no such file.*source\.folder and {key}"):
            read_table(source, table)


class TestWrongParquet:
    def read(self, source_of: Any, folder: Path, **columns: Any) -> pd.DataFrame:
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
        self, tmp_path: Path, columns: dict[str, Any], message: str, source_of: Any
    ) -> None:
        with pytest.raises(InputError, match=message):
            self.read(source_of, tmp_path, **columns)

    def test_a_missing_column_is_named(self, tmp_path: Path, source_of: Any) -> None:
        pq.write_table(pa.table({"user": [1]}), tmp_path / "r.parquet")
        with pytest.raises(InputError, match=r"'userId' \(source.*columns: 'user'$"):
            read_table(source_of(tmp_path, ratings={"file": "r.parquet"}), "ratings")

    def test_no_rows(self, tmp_path: Path, source_of: Any) -> None:
        with pytest.raises(InputError, match=r"no rows$"):
            self.read(
                source_of, tmp_path, **dict.fromkeys(COLUMNS.values(), pa.array([], pa.int64()))
            )

    def test_an_empty_id(self, tmp_path: Path, source_of: Any) -> None:
        pq.write_table(
            pa.table({"userId": ["a", ""], "movieId": ["b", "c"], "rating": [1, 2]}),
            tmp_path / "r.parquet",
        )
        columns = {name: theirs for name, theirs in COLUMNS.items() if name != "timestamp"}
        layout = {"file": "r.parquet", "ids": "text", "columns": columns}
        with pytest.raises(InputError, match=r"row 2, column userId .*found nothing"):
            read_table(source_of(tmp_path, ratings=layout), "ratings")

    def test_something_else(self, tmp_path: Path, source_of: Any) -> None:
        (tmp_path / "r.parquet").write_text(HEADER + GOOD)
        with pytest.raises(InputError, match=r"r\.parquet: not a Parquet file"):
            read_table(source_of(tmp_path, ratings={"file": "r.parquet"}), "ratings")
