"""The API: the same questions as on the pages, for programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.routing import Mount

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.app import schemas as of
from explainable_recsys.app import told
from explainable_recsys.app.held import Held
from explainable_recsys.app.items import Wanted
from explainable_recsys.app.problems import add_problems, documented
from explainable_recsys.app.questions import smallest_change, without_reasons
from explainable_recsys.app.service import Service
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import Stored
from explainable_recsys.wording.phrases import phrase

DESCRIPTION = (
    "Recommendations for any history of ratings, with the reason for each, what would be with "
    "other ratings, and whether the reason is true. Nothing is trained and nothing is kept: the "
    "same question has the same answer. Texts are plain text, not HTML."
)

TAGS = [
    {"name": "lists", "description": "What is recommended, and why."},
    {"name": "what if", "description": "What would be with other ratings."},
    {"name": "catalogue", "description": "What there is to recommend, and who recommends."},
    {"name": "operation", "description": "Whether it answers, and of which run."},
]


async def serving(request: Request) -> Service:
    """The service, which stays the same for the whole of a request."""
    service: Service = request.app.state.held.service
    return service


Serving = Annotated[Service, Depends(serving)]
ApproachName = Annotated[
    str, Path(max_length=100, description="Of `/approaches`.", examples=["intrinsic_als"])
]
ItemId = Annotated[str, Path(max_length=200, description="As the data have it.", examples=["260"])]
UserId = Annotated[str, Path(max_length=200, description="As the data have it.", examples=["271"])]

operation = APIRouter(tags=["operation"])
catalogue = APIRouter(tags=["catalogue"])
lists = APIRouter(tags=["lists"], responses=documented(404, 409, 422, 429))
changes = APIRouter(tags=["what if"], responses=documented(400, 404, 409, 422, 429))


def mounted(api: FastAPI) -> Mount:
    """The application under `/api`, for whatever address begins so.

    Args:
        api: As `create_api` makes it.
    """
    mount = Mount("/api", api)
    mount.path_regex = re.compile("^/api/(?P<path>.*)$", re.DOTALL)  # line breaks too
    return mount


def create_api(held: Held) -> FastAPI:
    """The application under `/api`.

    Args:
        held: Who answers.
    """
    api = FastAPI(
        title="explainable-recsys",
        version="1",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=TAGS,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.held = held
    add_problems(api, lambda: told.named(held.service))
    for router in (lists, changes, catalogue, operation):
        api.include_router(router, prefix="/v1")
    api.openapi = lambda: _openapi(api)  # type: ignore[method-assign]
    return api


def _openapi(api: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with the problem documents."""
    if not api.openapi_schema:
        api.openapi_schema = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            license_info=api.license_info,
            tags=api.openapi_tags,
            servers=[{"url": "/api"}],
            routes=api.routes,
        )
        _, problems = models_json_schema(
            [(of.Problem, "serialization")], ref_template="#/components/schemas/{model}"
        )
        known = api.openapi_schema["components"]["schemas"]
        known |= problems["$defs"]
    return api.openapi_schema


# Lists.


@lists.post("/{approach}/recommendations", responses=documented(400), summary="A list")
def recommendations(approach: ApproachName, asked: of.ListAsked, service: Serving) -> of.ListReply:
    """Recommend to somebody new, or to a user of the data, with the reason for each item."""
    with service.turn():
        stored, one = _understood(service, approach, asked)
        return _list(service, stored, one, asked.user, asked.explain)


@lists.get("/users/{user}/recommendations", summary="The list of a user")
def recommendations_of_user(
    user: UserId,
    service: Serving,
    approach: Annotated[
        str | None, Query(max_length=100, description="Without: the one with the best lists.")
    ] = None,
    n: Annotated[int | None, Query(ge=1, le=of.MOST_LISTED)] = None,
    explain: bool = True,
) -> of.ListReply:
    """Recommend to a user of the data by what they rated."""
    with service.turn():
        stored = service.asked(approach, Wanted(n))
        return _list(service, stored, service.history({}, user), user, explain)


@lists.post("/{approach}/explain", responses=documented(400), summary="One item")
def explain(approach: ApproachName, asked: of.ItemAsked, service: Serving) -> of.ItemReply:
    """Say which place one item has among all, on the list or not, and why."""
    with service.turn():
        stored, one, item_id = _understood_item(service, approach, asked)
        row = told.about_item(stored, one, item_id)
        return of.ItemReply(
            **told.about(service, stored, one, asked.user), recommendation=of.Listed(**row)
        )


# What if.


@changes.post("/{approach}/what-if", summary="Other ratings")
def what_if(approach: ApproachName, asked: of.WhatIfAsked, service: Serving) -> of.WhatIfReply:
    """Compare the list with the one for a history that is changed."""
    with service.turn():
        stored, one = _understood(service, approach, asked)
        different = [
            Change(service.items.known(item_id), rating)
            for item_id, rating in _ratings(asked.changes, "changes").items()
        ]
        found = told.with_changes(service, stored, one, different, asked.explain)
        return of.WhatIfReply(**told.about(service, stored, one, asked.user), **found)


@changes.post("/{approach}/counterfactual", summary="The smallest change")
def counterfactual(
    approach: ApproachName, asked: of.ItemAsked, service: Serving
) -> of.CounterfactualReply:
    """Find the fewest ratings without which an item of the list would not be on it."""
    with service.turn():
        stored, one, item_id = _understood_item(service, approach, asked)
        found = told.fall(service, one, smallest_change(stored, one, item_id))
        return of.CounterfactualReply(
            **told.about(service, stored, one, asked.user),
            item_id=told.plain_id(item_id),
            change=None if found is None else of.SmallestFall(**found),
        )


@changes.post("/{approach}/faithfulness", summary="Without the reason")
def faithfulness(
    approach: ApproachName, asked: of.FaithfulnessAsked, service: Serving
) -> of.FaithfulnessReply:
    """Take away what the reason for an item rests on first, and see which place it has then."""
    with service.turn():
        stored, one, item_id = _understood_item(service, approach, asked)
        found = told.fall(service, one, without_reasons(stored, one, item_id, asked.n_removed))
        return of.FaithfulnessReply(
            **told.about(service, stored, one, asked.user),
            item_id=told.plain_id(item_id),
            without=None if found is None else of.Fall(**found),
        )


# What there is.


@catalogue.get("/approaches", summary="The approaches")
def approaches(service: Serving) -> of.ApproachesReply:
    """Name who recommends and explains, with what the run measured of them."""
    found = [_approach(service, name) for name in service.names]
    return of.ApproachesReply(**told.named(service), approaches=found)


@catalogue.get("/items", responses=documented(422), summary="Find items")
def items(
    service: Serving,
    query: Annotated[
        str,
        Query(min_length=1, max_length=200, description="Of a title.", examples=["star wars"]),
    ],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> of.ItemsReply:
    """Find items by their titles, misspelled, foreign or half typed."""
    found = service.items.search.find(query, limit)
    return of.ItemsReply(
        **told.named(service), items=[of.Item(**service.items.row(name)) for name in found]
    )


@catalogue.get("/items/{item}", responses=documented(404, 422), summary="An item")
def item(item: ItemId, service: Serving) -> of.OneItemReply:
    """Tell what is known of an item."""
    return of.OneItemReply(**told.named(service), item=of.Item(**service.items.row(item)))


# How it is.


@operation.get("/health", summary="Whether it answers")
async def health(service: Serving) -> of.HealthReply:
    """Say that the process answers."""
    return of.HealthReply(**told.named(service), status="ok")


@operation.get("/ready", responses={503: {"model": of.ReadyReply}}, summary="What is loaded")
async def ready(service: Serving, response: Response) -> of.ReadyReply:
    """Say which approaches are loaded; 503 until all are that can be."""
    loaded, failed = service.ready, dict(service.failed)
    loading = [name for name in service.names if name not in {*loaded, *failed}]
    is_ready = bool(loaded) and not loading
    response.status_code = 200 if is_ready else 503
    return of.ReadyReply(
        **told.named(service), ready=is_ready, loaded=loaded, loading=loading, failed=failed
    )


@operation.get("/run", summary="The run")
def run(service: Serving) -> of.RunReply:
    """Say of which run the answers are, and of which data."""
    return _run(service)


@operation.post("/reload", responses=documented(409, 422), summary="Take the latest run on")
def reload(request: Request) -> of.RunReply:
    """Take the latest run on; the one before answers until the new one is loaded."""
    held: Held = request.app.state.held
    return _run(held.reload())


def _ratings(given: list[of.Change], where: str) -> dict[Any, float | None]:
    return told.each_once(((one.item_id, one.rating) for one in given), where)


def _understood(service: Service, approach: str, asked: of.Asked) -> tuple[Stored, Interactions]:
    """Who answers, and the history.

    Raises:
        InputError: If something of it is not accepted.
    """
    stored = service.asked(approach, asked.wanted)
    return stored, service.history(_ratings(asked.history, "history"), asked.user)


def _understood_item(
    service: Service, approach: str, asked: of.ItemAsked
) -> tuple[Stored, Interactions, Any]:
    return *_understood(service, approach, asked), service.items.known(asked.item_id)


def _list(
    service: Service, stored: Stored, one: Interactions, user: Any, explained: bool
) -> of.ListReply:
    rows, _ = told.listed(service, stored, one, explained)
    return of.ListReply(**told.about(service, stored, one, user), recommendations=rows)


def _run(service: Service) -> of.RunReply:
    data = service.data
    return of.RunReply(
        **told.named(service),
        runs=[one.id for one in service.found.runs],
        n_users=data.histories.n_users,
        n_items=data.interactions.n_items,
        n_ratings=data.interactions.ratings.nnz,
        scale=of.Scale(minimum=data.scale.minimum, maximum=data.scale.maximum),
        genres=service.items.genres.columns.tolist(),
        approaches=service.names,
        refused=dict(service.found.refused),
    )


def _approach(service: Service, name: str) -> of.Approach:
    pair = APPROACHES[name]
    return of.Approach(
        name=name,
        title=phrase(pair.title),
        about=phrase(pair.about),
        recommender=pair.recommender,
        explainer=pair.explainer,
        intrinsic=pair.intrinsic,
        exact=pair.exact,
        loaded=name in service.ready,
        failed=service.failed.get(name),
        accuracy=_measured(service, name, pair.recommender),
        explanation=_measured(service, name, name),
    )


def _measured(service: Service, approach: str, whose: str) -> dict[str, float | None]:
    """Metrics without their intervals and controls."""
    catalog, entry = service.found.of[approach].catalog, f"{whose}.metrics"
    found: Mapping[str, float | None] = catalog.load(entry) if entry in catalog else {}
    return {metric: value for metric, value in found.items() if "/" not in metric}
