"""The page about the API: what its own description (OpenAPI) says, for people."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from explainable_recsys.app.held import Held
from explainable_recsys.app.problems import KINDS
from explainable_recsys.app.rendering import render

REFERENCE = "#/components/schemas/"

LIMITS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "minLength": "from {} characters",
    "maxLength": "to {} characters",
    "minItems": "from {}",
    "maxItems": "at most {}",
}
"""How the limits of a value are told."""


@dataclass(frozen=True)
class Member:
    """A parameter, or a member of a body.

    Attributes:
        name: Of it.
        kind: What it is, in parts: text, and the schema that it names.
        note: Whether it is needed, its default and limits.
        about: What it means.
    """

    name: str
    kind: list[tuple[str, str | None]]
    note: str
    about: str


def router(held: Held, api: FastAPI) -> APIRouter:
    """The route of the page.

    Args:
        held: Of which run it tells.
        api: What is described.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/api")
    def reference(request: Request) -> Response:
        description = api.openapi()
        schemas = description["components"]["schemas"]
        return render(
            "api.html.j2",
            request,
            held.service,
            info=description["info"],
            tags=[(tag, list(_operations(description, tag))) for tag in description["tags"]],
            schemas=schemas,
            members=members,
            parameters=parameters,
            body_of=partial(body_of, schemas),
            curl=partial(curl, str(request.base_url).rstrip("/"), schemas),
            kind_of=kind_of,
            shown=partial(json.dumps, indent=2, ensure_ascii=False),
            problems=KINDS,
        )

    return routes


def _operations(
    description: Mapping[str, Any], tag: Mapping[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation of a tag."""
    base = description["servers"][0]["url"]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if tag["name"] in operation["tags"]:
                yield method.upper(), f"{base}{path}", operation


def parameters(operation: Mapping[str, Any]) -> list[Member]:
    """What stands in the address of an operation."""
    return [
        Member(
            one["name"],
            kind_of(one["schema"]),
            ", ".join([one["in"], note_of(one["schema"], one["required"])]),
            one.get("description", ""),
        )
        for one in operation.get("parameters", [])
    ]


def members(schema: Mapping[str, Any]) -> list[Member]:
    """What a body has."""
    required = schema.get("required", [])
    return [
        Member(name, kind_of(one), note_of(one, name in required), one.get("description", ""))
        for name, one in schema["properties"].items()
    ]


def body_of(schemas: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Name of the schema of what is sent, and an example; None where nothing is."""
    if "requestBody" not in operation:
        return None
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    name = name.removeprefix(REFERENCE)
    return name, schemas[name]["examples"][0]


def kind_of(schema: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """What a value is, in parts: text, and the schema that it names.

    >>> kind_of({"type": "array", "items": {"$ref": "#/components/schemas/Rated"}})
    [('list of ', None), ('Rated', 'Rated')]
    >>> kind_of({"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]})
    [('integer', None), (' or ', None), ('string', None), (' or ', None), ('null', None)]
    """
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE)
        return [(name, name)]
    if "anyOf" in schema:
        parts: list[tuple[str, str | None]] = []
        for one in schema["anyOf"]:
            parts += [*([(" or ", None)] if parts else []), *kind_of(one)]
        return parts
    if schema.get("type") == "array":
        return [("list of ", None), *kind_of(schema["items"])]
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return [("name → ", None), *kind_of(schema["additionalProperties"])]
    return [(str(schema.get("type", "anything")), None)]


def note_of(schema: Mapping[str, Any], required: bool) -> str:
    """Whether a value is needed, its default and limits.

    >>> note_of({"type": "integer", "minimum": 1, "maximum": 9, "default": 3}, False)
    'default 3, from 1, to 9'
    """
    default = f"default {json.dumps(schema['default'])}" if "default" in schema else "optional"
    parts = ["required" if required else default]
    limited = [schema, *(one for one in schema.get("anyOf", []) if one.get("type") != "string")]
    for one in limited:
        parts += [text.format(one[key]) for key, text in LIMITS.items() if key in one]
    return ", ".join(parts)


def curl(
    base: str, schemas: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]
) -> str:
    """The line of a terminal that asks, with the examples of the description."""
    query = []
    for one in operation.get("parameters", []):
        examples = one["schema"].get("examples", [])
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(examples[0]))
        elif examples:
            query.append(f"{one['name']}={str(examples[0]).replace(' ', '+')}")
    address = f"{base}{path}" + ("?" + "&".join(query) if query else "")
    words = ["curl", *(["-X", method] if method != "GET" else []), shlex.quote(address)]
    if body := body_of(schemas, operation):
        example = json.dumps(body[1])
        words += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(example)]
    return " ".join(words)
