"""What the API takes and gives: the types of its bodies, with what each member means."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from explainable_recsys.app.items import Wanted

MOST_RATINGS = 2_000
"""Ratings of one history."""

MOST_ITEMS = 10_000
"""Items that are named as candidates, or to be left out."""

MOST_LISTED = 200
"""Items of one list."""

HISTORY: list[JsonValue] = [{"item_id": 260, "rating": 5}, {"item_id": 1196, "rating": 4.5}]

Id = (
    Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
    | Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
)
"""Of a user or an item, as the data have it; a text with the same digits is the same."""

Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]


class Body(BaseModel):
    """What is sent: only members that are known, each of its own type."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Rating(Body):
    """What somebody thinks of an item."""

    item_id: Id
    rating: float = Field(description="On the scale of the data; see `scale` of `/run`.")


class Change(Body):
    """A rating that is given, changed or taken back."""

    item_id: Id
    rating: float | None = Field(description="On the scale of the data; null takes it back.")


class Years(Body):
    """From when recommended items may be; items without a year are left out."""

    first: int | None = Field(None, ge=0, le=9999)
    last: int | None = Field(None, ge=0, le=9999)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"first {self.first} is after last {self.last}")
        return self


class Asked(Body):
    """Who asks, and what may be recommended."""

    history: list[Change] = Field(
        default=[],
        max_length=MOST_RATINGS,
        description="What is rated, each item once. With `user` these are changes of what the "
        "data have of this user; null takes a rating of theirs back.",
        examples=[HISTORY],
    )
    user: Id | None = Field(None, description="A user of the data; null: somebody new.")
    n: int | None = Field(
        None, ge=1, le=MOST_LISTED, description="Length of the list; null: as in the run."
    )
    candidates: list[Id] | None = Field(
        None,
        min_length=1,
        max_length=MOST_ITEMS,
        description="The only items that may be recommended; null: all.",
    )
    exclude: list[Id] = Field([], max_length=MOST_ITEMS, description="Items that may not.")
    genres: list[Name] = Field(
        [], max_length=100, description="Only items of one of these genres; none named: of all."
    )
    without_genres: list[Name] = Field([], max_length=100, description="No items of these genres.")
    years: Years | None = Field(None, description="Only items of these years; null: of all.")

    @property
    def wanted(self) -> Wanted:
        """What may be on the list, and how long it is."""
        years = self.years or Years()
        return Wanted(
            self.n,
            None if self.candidates is None else tuple(self.candidates),
            tuple(self.exclude),
            tuple(self.genres),
            tuple(self.without_genres),
            years.first,
            years.last,
        )


class ListAsked(Asked):
    """Asks for a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"history": HISTORY, "n": 3}]})

    explain: bool = Field(True, description="Whether each recommendation comes with its reason.")


class ItemAsked(Asked):
    """Asks about one item."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"history": HISTORY, "item_id": 1210}]}
    )

    item_id: Id = Field(description="The item, not rated; it need not be on the list.")


class FaithfulnessAsked(ItemAsked):
    """Asks what hangs on the reason for one item."""

    n_removed: int = Field(3, ge=1, le=10, description="Rated items that are taken away.")


class WhatIfAsked(ListAsked):
    """Asks what would be with other ratings."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"history": HISTORY, "changes": [{"item_id": 260, "rating": 1}], "n": 3}]
        }
    )

    changes: list[Change] = Field(
        min_length=1,
        max_length=MOST_RATINGS,
        description="What would be different from the history, each item once.",
    )


class Reply(BaseModel):
    """What every reply says: which run answers, and what it learned from."""

    run: str = Field(description="The run that answers: when it started, in UTC.")
    data: str = Field(description="Name of the data.")
    data_version: str = Field(description="Fingerprint of who rated what in them.")


class Item(BaseModel):
    """An item of the catalogue."""

    item_id: int | str
    title: str | None
    year: int | None
    genres: str | None = Field(description="With `|` between them.")
    n_ratings: int = Field(description="How many people of the data rated it.")


class Rated(BaseModel):
    """An item that is rated."""

    item_id: int | str
    title: str | None
    year: int | None
    rating: float


class Evidence(BaseModel):
    """A piece of a reason."""

    position: int = Field(description="From 1, in the order of telling.")
    style: str = Field(description="`item`, `rule`, `feature`, `neighbour` or `path`.")
    evidence_id: str | None
    evidence: str = Field(description="In words.")
    weight: float | None
    group: int = Field(description="Pieces with the same number belong together.")
    rated_item_id: int | str | None = Field(description="The rated item that it rests on.")


class Listed(BaseModel):
    """An item, its place and why it is there."""

    rank: int = Field(description="From 1.")
    item_id: int | str
    title: str | None
    year: int | None
    score: float | None
    n_ratings: int = Field(description="How many people of the data rated it.")
    sentence: str | None = Field(description="The reason as plain text, not as HTML.")
    no_reason: str | None = Field(
        description="Why there is none; null where there is one, or none was asked for."
    )
    evidence: list[Evidence] | None = Field(
        description="The pieces of the reason; null if none was asked for."
    )


class Answer(Reply):
    """Who answers whom."""

    approach: str
    recommender: str
    explainer: str
    user_id: int | str | None = Field(description="null: somebody new.")
    history: list[Rated] = Field(description="What the answer is made from, best rated first.")


class ListReply(Answer):
    """A list."""

    n: int = Field(description="How long the list may be; it may be shorter.")
    recommendations: list[Listed]


class ItemReply(Answer):
    """One item with its place among all that may be recommended."""

    n: int = Field(description="Items to that place are on the list.")
    recommendation: Listed


class Changed(BaseModel):
    """A rating that is different."""

    item_id: int | str
    title: str
    rating: float | None = Field(description="null: taken back.")
    old_rating: float | None = Field(description="null: not rated.")


class Move(BaseModel):
    """An item of one of the two lists, or that is rated otherwise."""

    item_id: int | str
    title: str | None
    year: int | None
    old_rank: int | None = Field(description="Among all that may be recommended; null: it may not.")
    new_rank: int | None
    move: str = Field(
        description="`new`, `up`, `down`, `same` or `gone`; `changed`: on neither list."
    )


class WhatIfReply(Answer):
    """The list before and after."""

    n: int
    changes: list[Changed]
    words: str = Field(description="The changes as the beginning of a sentence.")
    before: list[Listed]
    after: list[Listed]
    moves: list[Move] = Field(description="In the order of the list after, then what is gone.")


class Fall(BaseModel):
    """Where an item would be without some ratings."""

    removed: list[Rated]
    old_rank: int
    new_rank: int = Field(description="0: nothing leads to it any more.")


class SmallestFall(Fall):
    """Where it would be without the fewest that take it off the list."""

    minimal: bool = Field(description="Whether every smaller change was tried.")


class CounterfactualReply(Answer):
    """The smallest change that takes an item off the list."""

    n: int
    item_id: int | str
    change: SmallestFall | None = Field(description="null: none of up to ten ratings takes it off.")


class FaithfulnessReply(Answer):
    """What becomes of an item without what its reason rests on."""

    n: int
    item_id: int | str
    without: Fall | None = Field(
        description="null: there is no reason, or it rests on nothing that was rated."
    )


class ItemsReply(Reply):
    """Items that were perhaps meant, the most probable first."""

    items: list[Item]


class OneItemReply(Reply):
    """An item."""

    item: Item


class Approach(BaseModel):
    """A recommender with an explainer of its lists."""

    name: str
    title: str
    about: str
    recommender: str
    explainer: str
    intrinsic: bool = Field(description="Whether the reason is how the score was made.")
    exact: bool = Field(description="Whether the reason is exact, or an approximation.")
    loaded: bool
    failed: str | None = Field(description="Why it cannot be loaded.")
    accuracy: dict[str, float | None] = Field(
        description="Of its lists: metric and value, measured by the run."
    )
    explanation: dict[str, float | None] = Field(description="Of its reasons, likewise.")


class ApproachesReply(Reply):
    """The approaches, the best lists (nDCG) first."""

    approaches: list[Approach]


class Scale(BaseModel):
    """Lowest and highest rating."""

    minimum: float
    maximum: float


class RunReply(Reply):
    """The run that answers."""

    runs: list[str] = Field(description="The run, and others that the approaches are of.")
    n_users: int
    n_items: int
    n_ratings: int
    scale: Scale
    genres: list[str]
    approaches: list[str] = Field(description="The best lists (nDCG) first.")
    refused: dict[str, str] = Field(description="Approaches of other data, and which.")


class HealthReply(Reply):
    """That the process answers."""

    status: str


class ReadyReply(Reply):
    """What is loaded."""

    ready: bool = Field(description="Whether all that can be loaded is.")
    loaded: list[str]
    loading: list[str]
    failed: dict[str, str]


class WrongMember(BaseModel):
    """A member of what was sent that is not accepted."""

    where: str = Field(description="Such as `body.history.0.rating`.")
    detail: str


class Near(BaseModel):
    """What was perhaps meant."""

    id: int | str
    title: str | None = Field(description="Of an item.")


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(description="Which kind of problem; see the list of them.")
    title: str = Field(description="The kind in words.")
    status: int
    detail: str = Field(description="What was found, and what is accepted.")
    run: str | None = None
    data: str | None = None
    data_version: str | None = None
    near: list[Near] = Field([], description="Of something that is not here: what there is.")
    errors: list[WrongMember] = Field([], description="Of members that are not accepted: each.")
