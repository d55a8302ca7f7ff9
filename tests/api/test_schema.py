"""What the schema says is what the API does."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from tests.api.conftest import Program
from tests.fixtures.organizations import World
from tests.isolation.routes import API, Route, objects_of, routes

pytestmark = pytest.mark.django_db
FREE = {"api/v1/schema/", "api/v1/docs/"}
ours = [one for one in routes(API) if one.template not in FREE]


@cache
def schema() -> dict[str, Any]:
    with GENERATOR_STATS.silence():
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(found))


def written(route: Route) -> str:
    """The address as OpenAPI writes it."""
    address = "/" + route.template
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address)


def test_the_schema_is_valid_and_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    validate_schema(SchemaGenerator().get_schema(request=None, public=True))
    assert not GENERATOR_STATS
    assert schema()["openapi"].startswith("3.1")


@pytest.mark.parametrize("route", ours, ids=str)
def test_every_route_is_in_the_schema(route: Route) -> None:
    assert written(route) in schema()["paths"]


def test_every_operation_has_a_name_and_says_how_it_refuses() -> None:
    for address, operations in schema()["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"], (address, method)
            assert operation["summary"], (address, method)
            assert "default" in operation["responses"] or "schema" in address, (address, method)


@pytest.mark.in_turn(5)
@pytest.mark.parametrize("route", ours, ids=str)
def test_what_is_read_is_what_the_schema_says(route: Route, twin: Program, left: World) -> None:
    operation = schema()["paths"][written(route)].get("get")
    if operation is None:
        assert twin.get(route.address("", objects_of(left)).removeprefix("/api/v1/")).status_code == 405
        return
    answer = twin.get(route.address("", objects_of(left)).removeprefix("/api/v1/"))
    assert answer.status_code == 200
    told = operation["responses"]["200"]["content"]
    media = answer["Content-Type"].partition(";")[0]
    assert media in told
    if media == "application/json":
        _valid(answer.json(), told[media]["schema"])


def test_a_refusal_is_what_the_schema_says(twin: Program) -> None:
    told = schema()["paths"]["/api/v1/chats/"]["get"]["responses"]["default"]["content"]["application/json"]
    _valid(twin.get("chats/?limit=0").json(), told["schema"])


def _valid(value: Any, part: dict[str, Any]) -> None:
    Draft202012Validator(part | {"components": schema()["components"]}).validate(value)


def test_the_schema_is_served_to_whoever_may_read_it() -> None:
    answer = Client().get("/api/v1/schema/", headers={"accept": "application/json"})
    assert answer.status_code == 200
