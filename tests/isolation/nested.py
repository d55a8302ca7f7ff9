"""Ids inside requests of the API: in bodies, and in what an address asks, read from its own schema.

A new field or parameter joins by itself; one whose name says nothing yet fails until `object_named`
knows what it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from companions.models import Capability, CompanionMessage, KnowledgeAsset
from humana.api.docs import written
from tenants.models import Position, Team
from tests.fixtures.organizations import World
from tests.isolation.routes import objects_of

SCHEMA: dict[str, Any] = json.loads(written("json"))


@dataclass(frozen=True)
class Place:
    """Where a request may name an object: `name` in the body or in the query of `method path`."""

    method: str
    path: str
    name: str
    body: dict[str, Any] = field(hash=False, compare=False)  # what else must be sent
    needs: tuple[str, ...] = ()  # and which of one's own objects

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1/')} {self.name}"

    def address(self, world: World) -> str:
        return self.path.format(**objects_of(world))


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in SCHEMA["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _sent(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of a body; empty where there is none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name: str = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return SCHEMA["components"]["schemas"].get(name, {})


def _is_id(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "uuid" or any(map(_is_id, schema.get("anyOf", [])))


def _sample(schema: dict[str, Any]) -> Any:
    """Something that a field takes: one of its choices, or a value of its kind."""
    named = [schema, *schema.get("allOf", []), *schema.get("oneOf", [])]
    referred = [
        SCHEMA["components"]["schemas"][one["$ref"].rpartition("/")[2]] for one in named if "$ref" in one
    ]
    choices = [choice for one in (*named, *referred) for choice in one.get("enum", [])]
    if schema.get("format") == "decimal":
        return "8"
    kind = schema.get("type")
    return choices[0] if choices else True if kind == "boolean" else [] if kind == "array" else "hello"


def in_bodies() -> list[Place]:
    """Every id that a body may carry."""
    found = []
    for method, path, operation in _operations():
        sent = _sent(operation)
        told = sent.get("properties", {})
        needed = {name: _sample(told[name]) for name in sent.get("required", []) if not _is_id(told[name])}
        ids = tuple(name for name in sent.get("required", []) if _is_id(told[name]))
        found += [Place(method, path, name, needed, ids) for name, one in told.items() if _is_id(one)]
    return found


def in_queries() -> list[Place]:
    """Every parameter that could carry an id, and so name somebody else's object."""
    return [
        Place(method, path, parameter["name"], {})
        for method, path, operation in _operations()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and _may_be_an_id(parameter)
    ]


def _may_be_an_id(parameter: dict[str, Any]) -> bool:
    schema = parameter["schema"]
    free = schema.get("format", "uuid") == "uuid" and "enum" not in schema
    return schema.get("type") == "string" and free and parameter["name"] not in TOKENS | WORDS


#: Parameters that carry a place in a list, sealed by us: tried with one from next door.
TOKENS = {"cursor", "after"}
#: What is looked for, and the name of a role that the platform declares: both are words.
WORDS = {"q", "role"}


def lists() -> list[str]:
    """Addresses of lists in pages, and of the same as files in each format."""
    found = []
    for method, path, operation in _operations():
        asked = {
            one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"
        }
        if method == "get" and "cursor" in asked:
            choices = [f"?{name}={value}" for name, one in asked.items() for value in one.get("enum", [])]
            found += [path + choice for choice in ("", *choices)]
    return found


def object_named(place: Place, world: World) -> str:
    """What of this world the place could name."""
    objects = objects_of(world)
    named = {
        "parent_id": _parent(place, world),
        "sender_id": world.companion.pk,
        "reports_to_id": world.row(Position).pk,
        "move_to": world.row(Position if "/positions/" in place.path else Team).pk,
        "source_id": world.companion.pk,
        "to": world.endpoint,
        "to_id": world.companion.pk,
        "target_id": world.companion.pk,
        "to_companion_id": world.companion.pk,
        "to_member_id": world.member.pk,
        "session": world.chat.pk,
        "answer_id": world.answer.pk,
        "trace": world.row(CompanionMessage).trace_id,
        "sender": world.companion.pk,
        "sent": world.row(CompanionMessage).pk,
        "recipient": world.companion.pk,
        "server": objects_of(world)["tool_server_id"],
        "tool": objects_of(world)["tool_id"],
        "member_id": world.member.pk,
        "asset": world.row(KnowledgeAsset).pk,
        "capability": world.row(Capability).pk,
        "team_id": world.row(Team).pk,
        "team": world.row(Team).pk,
        "position_id": world.row(Position).pk,
        "companion": world.companion.pk,
        "folder": world.folder.pk,
        "actor": world.owner.user_id,
        "person_id": world.owner.user_id,
        "member": world.twin.pk,
        "resource_id": world.organization.pk,
        "resource_type": world.organization.pk,
        "action": world.organization.pk,
        "outcome": world.run.pk,
    }
    return str((objects | named)[place.name])


def _parent(place: Place, world: World) -> object:
    """What a new folder, a team, a message of a person or one of a companion comes after."""
    if "/teams/" in place.path:
        return world.row(Team).pk
    if "/network/" in place.path:
        return world.row(CompanionMessage).pk
    return world.folder.pk if "/folders/" in place.path else world.answer.pk
