"""What a data set looks like on disk: the block `source` of `conf/<env>/globals.yml`, typed."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from explainable_recsys.data import RatingScale
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.liking import Liked, Liking, ScaleShare
from explainable_recsys.parameters import Parameters

TableName = Literal[
    "ratings", "items", "users", "train", "test", "tags", "triples", "links", "linked_items"
]


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"no encoding is called {name!r}; common ones: utf-8, latin-1") from None
    return name


def _separator(text: str) -> str:
    separator = text.replace(r"\t", "\t")
    if not separator or set(separator) & set('"\r\n'):
        raise ValueError(
            f'{text!r} cannot separate fields; common ones: "," ";" "|" "\\t" (tab) "::"'
        )
    return separator


def _column(reference: Any) -> Any:
    is_number = isinstance(reference, int) and not isinstance(reference, bool)
    if (is_number and reference >= 1) or (isinstance(reference, str) and reference):
        return reference
    raise ValueError(f"give a name, or a number from 1 without a header; found {reference!r}")


ColumnReference = Annotated[str | int, BeforeValidator(_column)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Separator = Annotated[str, AfterValidator(_separator)]


class RatingColumns(Parameters):
    """Where the columns of a ratings file are: a name, or a number from 1 without a header.

    Attributes:
        user_id: Who rated.
        item_id: What was rated.
        rating: The rating, a number.
        timestamp: When; null if the file does not say.
    """

    user_id: ColumnReference = "user_id"
    item_id: ColumnReference = "item_id"
    rating: ColumnReference = "rating"
    timestamp: ColumnReference | None = None


class ItemColumns(Parameters):
    """Where the columns of an items file are: a name, or a number from 1 without a header.

    Attributes:
        item_id: The item, as in the ratings.
        title: What people call it; MovieLens titles end in their year, "Toy Story (1995)".
        genres: Its genres in one field; null if the file has none, or has flags instead.
    """

    item_id: ColumnReference = "item_id"
    title: ColumnReference = "title"
    genres: ColumnReference | None = None


class UserColumns(Parameters):
    """Where the columns of a users file are: a name, or a number from 1 without a header.

    Attributes:
        user_id: The user, as in the ratings.
        age: Age in years, or the code of an age group; null if the file does not say.
        gender: Any text; null if the file does not say.
        occupation: Any text; null if the file does not say.
    """

    user_id: ColumnReference = "user_id"
    age: ColumnReference | None = None
    gender: ColumnReference | None = None
    occupation: ColumnReference | None = None


class TagColumns(Parameters):
    """Where the columns of a tags file are: a name, or a number from 1 without a header.

    Attributes:
        item_id: The item, as in the ratings.
        tag: What a user called it; a tag may be empty.
    """

    item_id: ColumnReference = "item_id"
    tag: ColumnReference = "tag"


class TripleColumns(Parameters):
    """Where the columns of a file of triples are: a name, or a number from 1 without a header.

    Attributes:
        head: The entity of which something is said.
        relation: What is said of it, such as film.film.directed_by.
        tail: The entity that it is related to.
    """

    head: ColumnReference = "head"
    relation: ColumnReference = "relation"
    tail: ColumnReference = "tail"


class LinkColumns(Parameters):
    """Where the columns of a file of links are: a name, or a number from 1 without a header.

    Attributes:
        item_id: The item.
        entity_id: What the triples call it.
    """

    item_id: ColumnReference = "item_id"
    entity_id: ColumnReference = "entity_id"


_USUAL_NAMES: Any = {}
"""Columns that are called as ours are."""

C = TypeVar("C", bound=Parameters)


class TableFormat(Parameters, Generic[C]):
    r"""How one file is written, of a table with columns `C`.

    Attributes:
        file: Name inside the source's folder. `.parquet` is read as Parquet, where only
            `columns` matters; anything else as text.
        separator: Text between two fields: "," or "\t" (tab) or "::" or any other.
        header: Whether the first line holds the names of the columns.
        encoding: How letters are stored, such as utf-8 or latin-1.
        quoting: Whether a field may stand in double quotes, with `""` for a quote inside.
        columns: Where our columns are.
    """

    file: str = Field(min_length=1)
    separator: Separator = ","
    header: bool = True
    encoding: Encoding = "utf-8"
    quoting: bool = True
    columns: C = Field(default=_USUAL_NAMES, validate_default=True)

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet, by its name."""
        return Path(self.file).suffix.lower() in {".parquet", ".pq"}

    @property
    def column_references(self) -> dict[str, str | int]:
        """Our column names, and where the file has them; without those it does not have."""
        return self.columns.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.is_parquet and self.quoting and len(self.separator.encode()) > 1:
            raise ValueError(
                f".separator: {self.separator!r} is more than one byte; set quoting: false with it"
            )
        for ours, theirs in self.column_references.items():
            if isinstance(theirs, int) and (self.is_parquet or self.header):
                why = "a Parquet file has names" if self.is_parquet else "the file has a header"
                raise ValueError(f".columns.{ours}: {why}, so give a name instead of {theirs}")
            if isinstance(theirs, str) and not (self.is_parquet or self.header):
                raise ValueError(
                    f".columns.{ours}: the file has no header (header: false), so give the "
                    f"number of the column, from 1, instead of {theirs!r}"
                )
        return self


class RatingsFormat(TableFormat[RatingColumns]):
    """How the ratings file is written; files of `splits` are written the same way.

    Attributes:
        ids: What ids of users and items are, in all tables: integer or text.
        time: What timestamps are: seconds (s) or milliseconds (ms) since 1970-01-01 UTC, or
            text in ISO 8601 (iso), in UTC where it names no zone.
    """

    ids: Literal["integer", "text"] = "integer"
    time: Literal["s", "ms", "iso"] = "s"


class ItemsFormat(TableFormat[ItemColumns]):
    """How the items file is written.

    Attributes:
        genres_separator: Text between two genres of one item.
        genre_flags: For files whose last columns are 0 or 1, one per genre (ml-100k): the
            genres in that order, null for a flag that is no genre. Null if there are none.
    """

    genres_separator: str = Field(default="|", min_length=1)
    genre_flags: list[str | None] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_kind_of_genres(self) -> Self:
        if self.genre_flags is None:
            return self
        if self.columns.genres is not None:
            raise ValueError(".genre_flags: give this or columns.genres, not both")
        if self.is_parquet:
            raise ValueError(".genre_flags: only for text files, not for Parquet")
        return self


class GraphFiles(Parameters):
    """The files of a knowledge graph.

    Attributes:
        optional: Whether the data set may come without triples and links. With one of the two
            files the other must be there as well.
        triples: What is said of the entities.
        links: Which entity an item is.
        items: The items file that the links take their ids from, if that is not the source's:
            items are then found by title and year. Null if the ids are those of the ratings.
    """

    optional: bool = False
    triples: TableFormat[TripleColumns]
    links: TableFormat[LinkColumns]
    items: ItemsFormat | None = None


class Splits(Parameters):
    """Files of a predefined split, written as the ratings are.

    Attributes:
        train: File of the ratings to learn from.
        test: File of the ratings to test on.
    """

    train: str = Field(min_length=1)
    test: str = Field(min_length=1)


class SourceParameters(Parameters):
    """A data set: where it is and how its files are written.

    Attributes:
        name: What reports call it.
        folder: Where its files are, relative to the project or absolute.
        fetch: What `kedro fetch-data` calls it; null when it cannot be downloaded.
        rating_scale: Lowest and highest possible rating.
        liked: From which rating on somebody likes something.
        example_user: Whom report, terminal and notebooks show first; null: somebody whose history
            is of middling length.
        ratings: The ratings file.
        items: The items file; null without one.
        users: The users file; null without one.
        splits: Files of a predefined split; null without one.
        tags: The tags file; null without one.
        graph: The files of a knowledge graph; null without one.
    """

    name: str = Field(min_length=1)
    folder: Path
    fetch: str | None = None
    rating_scale: RatingScale
    liked: Liked = ScaleShare()
    example_user: int | str | None = None
    ratings: RatingsFormat
    items: ItemsFormat | None = None
    users: TableFormat[UserColumns] | None = None
    splits: Splits | None = None
    tags: TableFormat[TagColumns] | None = None
    graph: GraphFiles | None = None

    @property
    def liking(self) -> Liking:
        """From which rating on somebody likes something, looked up on the scale.

        Raises:
            InputError: If nothing on the scale is liked.
        """
        return Liking.of(self.liked, self.rating_scale.minimum, self.rating_scale.maximum)

    def table(self, name: TableName) -> TableFormat[Any] | None:
        """How a table is written; None when the source has no such table."""
        if name in ("train", "test"):
            file = getattr(self.splits, name, None)
            return file and self.ratings.model_copy(update={"file": file})
        found: Any = self
        for key in TABLES[name][0].split("."):
            found = getattr(found, key, None)
        return found if isinstance(found, TableFormat) else None


TABLES: dict[TableName, tuple[str, type[Parameters]]] = {
    "ratings": ("ratings", RatingColumns),
    "items": ("items", ItemColumns),
    "users": ("users", UserColumns),
    "train": ("ratings", RatingColumns),
    "test": ("ratings", RatingColumns),
    "tags": ("tags", TagColumns),
    "triples": ("graph.triples", TripleColumns),
    "links": ("graph.links", LinkColumns),
    "linked_items": ("graph.items", ItemColumns),
}
"""Where the block `source` describes each table, and the columns that the table has."""


def parse_source(block: Mapping[str, Any] | SourceParameters) -> SourceParameters:
    """Check a `source` block.

    Raises:
        InputError: If a key is missing, unknown or wrong; every such key is named.
    """
    try:
        return SourceParameters.model_validate(block)
    except ValidationError as error:
        problems = "; ".join(_problem(details) for details in error.errors())
        raise InputError(f"globals.yml of the environment: {problems}") from None


def _problem(details: Any) -> str:
    """One sentence for one error of pydantic; our own messages may start with a `.key`."""
    key = ".".join(["source", *map(str, details["loc"])])
    message = str(details["msg"]).removeprefix("Value error, ")
    if message.startswith("."):
        return key + message
    if details["type"] == "extra_forbidden":
        *block, wrong = map(str, details["loc"])
        known = _keys(block)
        return f"{key}: no such key; {did_you_mean(wrong, known)}accepted: {', '.join(known)}"
    if details["type"] in {"missing", "value_error"}:
        return f"{key}: {message}"
    return f"{key}: {message}, found {details['input']!r}"


def _keys(path: list[str]) -> list[str]:
    """The keys of a block within `source`."""
    block: type[Parameters] = SourceParameters
    for key in path:
        if key in block.model_fields:  # else the name of one of several forms that a value may have
            kind = block.model_fields[key].annotation
            forms = [form for form in (kind, *get_args(kind)) if isinstance(form, type)]
            block = next((form for form in forms if issubclass(form, Parameters)), block)
    return list(block.model_fields)


def line_of(table: TableFormat[Any], position: int) -> str:
    """Name a row for a message, such as "ratings.csv, line 12".

    Args:
        table: How the file is written.
        position: Row of the frame that was read, from 0.

    Returns:
        File and line, counted from 1 with the header: position + 1, and 1 more for the
        header. For Parquet "ratings.parquet, row 12" with position + 1. Exact as long as no
        quoted field spans several lines.
    """
    if table.is_parquet:
        return f"{table.file}, row {position + 1}"
    return f"{table.file}, line {position + 1 + table.header}"
