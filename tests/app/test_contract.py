"""The API keeps what its description says: replies to whatever the description allows, and not."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation.modes import GenerationMode

from explainable_recsys.app.service import Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
N_EXAMPLES = 20

QUESTIONS = [
    "recommendations",
    "recommendations_of_user",
    "explain",
    "what_if",
    "counterfactual",
    "faithfulness",
    "items",
    "item",
]
OTHERS = ["approaches", "health", "ready", "run"]
"""Nothing wrong can be said to them."""

ASKED = [
    *[(name, mode) for name in QUESTIONS for mode in GenerationMode],
    *[(name, GenerationMode.POSITIVE) for name in OTHERS],
]


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def schema(client: TestClient) -> Any:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", client.app)


@pytest.mark.parametrize(("operation", "mode"), ASKED)
def test_replies_are_those_of_the_description(
    operation: str, mode: GenerationMode, schema: Any, service: Service, client: TestClient
) -> None:
    found, statuses = schema.find_operation_by_id(operation), set()

    @settings(
        max_examples=N_EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=found.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode == GenerationMode.POSITIVE:
            make_known(case, service)
            if operation == "counterfactual":
                make_listed(case, client)
        reply = case.call()
        statuses.add(reply.status_code)
        case.validate_response(reply, checks=CHECKS)

    ask()
    assert mode == GenerationMode.NEGATIVE or 200 in statuses


def make_known(case: Any, service: Service) -> None:
    """Let what is asked about be there, so that there are answers and not only problems."""
    ids = service.data.interactions.item_ids.tolist()
    users = service.data.histories.user_ids.tolist()
    given = {"approach": service.names, "item": ids, "user": users}
    for name, known in given.items():
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = known[_number(case.path_parameters[name]) % len(known)]
    case.query = {**(case.query or {})}
    case.query.pop("approach", None)
    if isinstance(case.body, dict):
        case.body = _known(case.body, ids, users)


def make_listed(case: Any, client: TestClient) -> None:
    """Ask about an item of the list, where there is one."""
    asked = {name: value for name, value in case.body.items() if name != "item_id"}
    path = f"/api/v1/{case.path_parameters['approach']}/recommendations"
    reply = client.post(path, json={**asked, "explain": False})
    if reply.status_code == 200 and reply.json()["recommendations"]:
        case.body["item_id"] = reply.json()["recommendations"][0]["item_id"]


def _known(body: dict[str, Any], ids: list[Any], users: list[Any]) -> dict[str, Any]:
    found = {**body, "genres": [], "without_genres": []}
    history = {_pick(one["item_id"], ids): one for one in body.get("history", [])[:10]}
    found["history"] = [_rating(item, one) for item, one in history.items()]
    changes = {_pick(one["item_id"], ids): one for one in body.get("changes", [])[:10]}
    if changes:
        found["changes"] = [_rating(item, one) for item, one in changes.items()]
    for name in ("candidates", "exclude"):
        if body.get(name):
            found[name] = [_pick(one, ids) for one in body[name]]
    if body.get("user") is not None:
        found["user"] = _pick(body["user"], users)
    if "item_id" in body:
        found["item_id"] = _pick(body["item_id"], ids)
    return found


def _rating(item: Any, given: dict[str, Any]) -> dict[str, Any]:
    return {"item_id": item, "rating": 0.5 + _number(given["rating"]) % 10 / 2}


def _pick(value: Any, known: list[Any]) -> Any:
    return known[_number(value) % len(known)]


def _number(value: Any) -> int:
    """A number for anything, the same in every process."""
    return sum(str(value).encode())


# What the description itself has to have.


def test_everything_is_described(description: dict[str, Any]) -> None:
    operations = [
        (path, method, one)
        for path, methods in description["paths"].items()
        for method, one in methods.items()
    ]
    names = [one["operationId"] for _, _, one in operations]
    assert sorted(names) == sorted([*QUESTIONS, *OTHERS, "reload"])
    tags = {tag["name"] for tag in description["tags"]}
    for path, method, one in operations:
        assert one["summary"], path
        assert one["description"], path
        assert set(one["tags"]) <= tags
        for parameter in one.get("parameters", []):
            assert parameter["schema"], parameter
        problems = {status for status in one["responses"] if status.startswith("4")}
        for status in problems:
            assert list(one["responses"][status]["content"]) == ["application/problem+json"]
        assert method != "post" or "422" in problems
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_examples_are_what_the_schemas_accept(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    checked = 0
    for schema in schemas.values():
        whole = {**schema, "components": {"schemas": schemas}}
        Draft202012Validator.check_schema(whole)
        for example in schema.get("examples", []):
            Draft202012Validator(whole).validate(example)
            checked += 1
        for member in schema.get("properties", {}).values():
            for example in member.get("examples", []):
                inner = {**member, "components": {"schemas": schemas}}
                Draft202012Validator(inner).validate(example)
                checked += 1
    assert checked >= 4
