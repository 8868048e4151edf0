"""What is known of items and users as triples (head, relation, tail), and items by what they share.

Relations lead from an item or a user to an entity. They come from the items table (genre,
decade), from tags, from demographics, and from a file of triples with links that say which of
its entities are items, such as the part of Freebase that KB4Rec links to MovieLens (Zhao et al.
2019, https://doi.org/10.1162/dint_a_00008).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import GENDERS, Features
from explainable_recsys.parameters import Parameters

COLUMNS = ["head", "relation", "tail", "head_type", "tail_type", "head_label", "tail_label"]

ENTITY_TYPES = {
    "genre": "genre",
    "decade": "decade",
    "tag": "tag",
    "series": "series",
    "director": "person",
    "actor": "person",
    "writer": "person",
    "producer": "person",
    "cinematographer": "person",
    "production company": "company",
    "Freebase genre": "freebase_genre",
    "subject": "subject",
    "language": "language",
    "country": "country",
    "content rating": "content_rating",
    "award": "award",
    "award nomination": "award",
    "age group": "age",
    "gender": "gender",
    "occupation": "occupation",
}
"""Relations, and the type of the entities that each leads to."""

OTHER_TYPE = "entity"
"""Type of what an unlisted relation of a file of triples leads to."""

FROM_ITEM = {
    "film.film.directed_by": "director",
    "film.film.actor": "actor",
    "film.film.written_by": "writer",
    "film.film.produced_by": "producer",
    "film.film.cinematography": "cinematographer",
    "film.film.production_companies": "production company",
    "film.film.genre": "Freebase genre",
    "film.film.subjects": "subject",
    "film.film.language": "language",
    "film.film.country": "country",
    "film.film.rating": "content rating",
    "film.film.award_won": "award",
    "film.film.award_nomination": "award nomination",
}
"""Relations of Freebase whose head is a film."""

TO_ITEM = {
    "film.director.film": "director",
    "film.actor.film": "actor",
    "film.writer.film": "writer",
    "film.producer.film": "producer",
    "film.cinematographer.film": "cinematographer",
    "film.production_company.films": "production company",
    "film.film_genre.films_in_this_genre": "Freebase genre",
    "film.film_subject.films": "subject",
    "film.content_rating.film": "content rating",
}
"""The same the other way round: the tail is a film."""

BETWEEN_ITEMS = ("film.film.prequel", "film.film.sequel")
"""Relations of one film of a series with another."""

_ROLES = {"award nomination": "award"}
"""What entities are called where that is not the relation itself."""

_NAMED_TYPES = ("genre", "tag", "series")
"""Types whose entities have a name by which an item can be described."""


class GraphParameters(Parameters):
    """What the graph is made of.

    Attributes:
        relations: Names of the relations; None for all that the data has.
        years_per_decade: Width of what is called a decade.
        ages_per_group: Width of an age group; None if ages are codes of groups already.
        min_degree: An entity that fewer items have is no link between items.
    """

    relations: tuple[str, ...] | None = Field(None, min_length=1)
    years_per_decade: int = Field(10, ge=1)
    ages_per_group: int | None = Field(10, ge=1)
    min_degree: int = Field(2, ge=1)


def build_triples(
    items: pd.DataFrame,
    users: pd.DataFrame,
    tags: pd.DataFrame,
    triples: pd.DataFrame,
    links: pd.DataFrame,
    parameters: GraphParameters,
) -> pd.DataFrame:
    """Put all that is known into one table.

    Args:
        items: Columns `item_id`, `title`, `year` (nullable), `genres` (`|`-joined).
        users: Column `user_id`, and of `age` (nullable), `gender`, `occupation` those that the
            data set has.
        tags: Columns `item_id`, `tag`; tags differ neither by case nor by blanks around them.
        triples: Columns `head`, `relation`, `tail`: names of entities and of relations.
        links: Columns `item_id`, `entity_id`: which of these entities are items. What is said of
            no item of `items` is left out.
        parameters: What to put in.

    Returns:
        Columns `head`, `relation`, `tail`, `head_type`, `tail_type`, `head_label`,
        `tail_label`, sorted, without duplicates. Ids name their type, such as `item:318` and
        `genre:Drama`; an entity has the same id in all relations, and one label. Freebase has
        ids only, so that a label says what the entity is: "director, writer m.0343h".

    Raises:
        InputError: If a relation is asked for that the data lacks.
    """
    parts = [
        _item_table(items, parameters.years_per_decade),
        _tag_table(items, tags),
        _user_table(users, parameters.ages_per_group),
        _linked_table(items, triples, links),
        _series_table(items, triples, links),
    ]
    table = pd.concat(parts, ignore_index=True).drop_duplicates(["head", "relation", "tail"])
    table = _chosen(table, parameters.relations)
    heads = dict(zip(item_name(items["item_id"]), item_labels(items), strict=True))
    labels = table["head"].map(heads)
    table["head_label"] = labels.fillna(table["head"].str.replace(":", " ", n=1))
    ordered = table.sort_values(["head", "relation", "tail"], ignore_index=True)
    return ordered[COLUMNS].astype("str")


def item_labels(items: pd.DataFrame) -> pd.Series[Any]:
    """Title and year of each item."""
    years = items["year"].astype("Int64").astype("str")
    return items["title"].where(items["year"].isna(), items["title"] + " (" + years + ")")


def item_name(item_ids: pd.Series[Any]) -> pd.Series[Any]:
    """What triples call items, such as `item:318`."""
    return _ids("item", item_ids)


def in_order(relations: pd.Series[Any]) -> list[str]:
    """The different relations, in the order of `ENTITY_TYPES`, unlisted ones last."""
    found = relations.drop_duplicates()
    return list(found.iloc[np.lexsort((found, _places(found)))])


def check_triples(triples: pd.DataFrame, items: pd.DataFrame, users: pd.DataFrame) -> None:
    """Make sure that triples are complete, different, and of items and users that exist.

    Raises:
        InputError: At the first triple that is not.
    """
    known = set(item_name(items["item_id"])) | set(_ids("user", users["user_id"]))
    problems = {
        "is incomplete": triples[COLUMNS].isna().any(axis=1) | (triples[COLUMNS] == "").any(axis=1),
        "is there again": triples.duplicated(["head", "relation", "tail"]),
        "has a head that does not exist": ~triples["head"].isin(known),
        "has an entity of two labels": _differs(triples, "tail", "tail_label"),
    }
    for problem, rows in problems.items():
        if rows.any():
            row = int(np.argmax(rows.to_numpy()))
            named = ", ".join(map(str, triples.iloc[row][["head", "relation", "tail"]]))
            raise InputError(f"triples, row {row + 1}: ({named}) {problem}")


def _differs(table: pd.DataFrame, key: str, value: str) -> pd.Series[Any]:
    """Whether a row has another value than the first row with the same key."""
    first = table.drop_duplicates(key).set_index(key)[value]
    return table[value] != table[key].map(first)


def item_entities(
    triples: pd.DataFrame, item_ids: NDArray[Any], parameters: GraphParameters
) -> Features:
    """Which items have which entities, as a sparse matrix.

    Args:
        triples: From `build_triples`.
        item_ids: (n_items,) ids of the items of the catalogue, the rows.
        parameters: How many of these items must have an entity.

    Returns:
        (n_items, n_links) matrix, 1 where an item has an entity. A column is a pair of a
        relation (`groups`) and an entity (`names`, such as `person:m.0343h`); `labels` describe
        it, such as "director m.0343h". Relations in the order of `ENTITY_TYPES`, entities by id.
    """
    heads = pd.Index(item_name(pd.Series(item_ids)))
    here = triples.assign(row=heads.get_indexer(pd.Index(triples["head"])))
    here = here[here["row"] >= 0]
    link = ["relation", "tail"]
    columns = here.groupby(link, as_index=False).agg(
        label=("tail_label", "first"), degree=("row", "size")
    )
    columns = columns[columns["degree"] >= parameters.min_degree]
    columns = columns.assign(place=_places(columns["relation"]))
    columns = columns.sort_values(["place", *link], ignore_index=True)
    cells = here.merge(columns[link].assign(column=columns.index), on=link)
    matrix = sparse.csr_array(
        (np.ones(len(cells), np.float32), (cells["row"], cells["column"])),
        shape=(len(item_ids), len(columns)),
    )
    labels = map(_description, columns["relation"], columns["tail"], columns["label"])
    return Features(matrix, tuple(columns["relation"]), tuple(columns["tail"]), tuple(labels))


def _description(relation: str, entity: str, label: str) -> str:
    """What an entity says of an item."""
    kind, _, name = entity.partition(":")
    if kind == "decade":
        return f"from the {label}" if label.endswith("s") else f"from {label}"
    if kind == "tag":
        return f"tag {label}"
    return label if kind in _NAMED_TYPES else f"{relation} {name}"


def _places(relations: pd.Series[Any]) -> pd.Series[Any]:
    """Place of each relation in the order of `ENTITY_TYPES`, unlisted ones last."""
    order = {relation: place for place, relation in enumerate(ENTITY_TYPES)}
    return relations.map(order).fillna(len(order)).astype("int64")


def _ids(kind: str, names: pd.Series[Any]) -> pd.Series[Any]:
    return kind + ":" + names.astype("str")


def _table(
    heads: pd.Series[Any], head_type: str, relation: str, names: pd.Series[Any], labels: Any
) -> pd.DataFrame:
    """Triples of one relation; names are unique within the type of its entities."""
    kind = ENTITY_TYPES[relation]
    return pd.DataFrame(
        {
            "head": _ids(head_type, heads),
            "relation": relation,
            "tail": _ids(kind, names),
            "head_type": head_type,
            "tail_type": kind,
            "tail_label": labels,
        }
    )


def _item_table(items: pd.DataFrame, width: int) -> pd.DataFrame:
    listed = items[["item_id"]].assign(genre=items["genres"].str.split("|")).explode("genre")
    listed = listed[listed["genre"].fillna("") != ""]
    dated = items[items["year"].notna()]
    starts = dated["year"].astype("int64") // width * width
    return pd.concat(
        [
            _table(listed["item_id"], "item", "genre", listed["genre"], listed["genre"]),
            _table(dated["item_id"], "item", "decade", starts, starts.map(_decade_of(width))),
        ]
    )


def _decade_of(width: int) -> Any:
    def label(start: int) -> str:
        if width == 10:
            return f"{start}s"
        return str(start) if width == 1 else f"{start} to {start + width - 1}"

    return label


def _tag_table(items: pd.DataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    names = tags["tag"].str.strip().str.casefold()
    kept = tags["item_id"].isin(items["item_id"]) & (names != "")
    return _table(tags["item_id"][kept], "item", "tag", names[kept], names[kept])


def _user_table(users: pd.DataFrame, width: int | None) -> pd.DataFrame:
    parts = []
    for relation, column in (("age group", "age"), ("gender", "gender"), ("occupation",) * 2):
        if column not in users:
            continue
        known = users[users[column].notna() & (users[column].astype("str") != "")]
        names = known[column]
        if column == "age":
            names = _age_groups(names.astype("int64"), width)
            labels = ("age group " if width is None else "aged ") + names
            labels = labels.str.replace("-", " to ")
        else:
            labels = (
                names.map(lambda name: GENDERS.get(name, name)) if column == "gender" else names
            )
        parts.append(_table(known["user_id"], "user", relation, names, labels))
    return pd.concat(parts) if parts else _none()


def _age_groups(ages: pd.Series[Any], width: int | None) -> pd.Series[Any]:
    if width in (None, 1):
        return ages.astype("str")
    starts = ages // width * width
    return starts.astype("str") + "-" + (starts + width - 1).astype("str")


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS, dtype="str")


def _linked_table(items: pd.DataFrame, triples: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """What the file of triples says of items, from item to entity whichever way it is written."""
    triples = triples[~triples["relation"].isin(BETWEEN_ITEMS)]
    known = links[links["item_id"].isin(items["item_id"])]
    unlisted = ~triples["relation"].isin({*FROM_ITEM, *TO_ITEM})
    is_item = triples["head"].isin(known["entity_id"])
    turned = triples["relation"].isin(TO_ITEM) | (unlisted & ~is_item)
    names = FROM_ITEM | TO_ITEM
    table = pd.DataFrame(
        {
            "entity_id": triples["head"].where(~turned, triples["tail"]),
            "relation": triples["relation"].map(names).fillna(triples["relation"]),
            "name": triples["tail"].where(~turned, triples["head"]),
        }
    ).merge(known, on="entity_id")
    kinds = table["relation"].map(ENTITY_TYPES).fillna(OTHER_TYPE)
    table = table.assign(
        head=_ids("item", table["item_id"]),
        tail=kinds + ":" + table["name"],
        head_type="item",
        tail_type=kinds,
    ).drop_duplicates(["head", "relation", "tail"])
    table["tail_label"] = table["tail"].map(_roles(table)) + " " + table["name"]
    return table.drop(columns=["entity_id", "name", "item_id"])


def _roles(table: pd.DataFrame) -> pd.Series[Any]:
    """The relations in which each entity stands, such as "director, writer", by entity."""
    pairs = table[["tail", "relation"]].replace({"relation": _ROLES}).drop_duplicates()
    pairs = pairs.assign(place=_places(pairs["relation"]))
    ordered = pairs.sort_values(["tail", "place", "relation"])
    return ordered.groupby("tail")["relation"].agg(", ".join)


def _series_table(items: pd.DataFrame, triples: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """One entity for all films that prequels and sequels connect, named by the earliest item."""
    pairs = triples[triples["relation"].isin(BETWEEN_ITEMS)]
    n = len(pairs)
    codes, films = pd.factorize(pd.concat([pairs["head"], pairs["tail"]]))
    graph = sparse.coo_array((np.ones(n), (codes[:n], codes[n:])), shape=(len(films),) * 2)
    _, parts = sparse.csgraph.connected_components(graph, directed=False)
    members = pd.DataFrame({"entity_id": films, "part": parts}).merge(links, on="entity_id")
    members = members.merge(items[["item_id", "title", "year"]], on="item_id")
    ordered = members.sort_values(["part", "year", "item_id"])
    first = ordered.drop_duplicates("part").set_index("part")
    names = members["part"].map(first["entity_id"])
    labels = "series of " + members["part"].map(first["title"]).astype("str")
    return _table(members["item_id"], "item", "series", names, labels)


def _chosen(table: pd.DataFrame, relations: tuple[str, ...] | None) -> pd.DataFrame:
    found = in_order(table["relation"])
    for relation in relations or ():
        if relation not in found:
            raise InputError(
                f"parameter graph.triples.relations: the data has no relation '{relation}'; "
                f"accepted: {', '.join(found) or 'none, the data has no relation'}, or null for all"
            )
    return table if relations is None else table[table["relation"].isin(relations)].copy()


def prepare_triples(
    items: pd.DataFrame,
    users: pd.DataFrame,
    tags: pd.DataFrame,
    raw_triples: pd.DataFrame,
    links: pd.DataFrame,
    parameters: GraphParameters,
) -> pd.DataFrame:
    """`build_triples`, and then `check_triples`.

    Raises:
        InputError: If the triples are not complete and different, or of unknown items or users.
    """
    triples = build_triples(items, users, tags, raw_triples, links, parameters)
    check_triples(triples, items, users)
    return triples


def describe_items(
    triples: pd.DataFrame, interactions: Interactions, parameters: GraphParameters
) -> Features:
    """`item_entities` of the items of the catalogue."""
    return item_entities(triples, interactions.item_ids, parameters)
