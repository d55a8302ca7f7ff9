"""Every route of the API, with the key of one organization and the ids of another."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from byoc.models import Endpoint
from tenants.context import use_tenant
from tenants.models import ApiKey, Membership
from tests.fixtures.organizations import World
from tests.isolation import nested
from tests.isolation.nested import Place, object_named
from tests.isolation.routes import API, Route, nobody, objects_of, routes
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import each_in_every_isolation, each_in_some_pair, every_isolation, every_pair

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
#: Routes that answer without an organization, and what they may say.
FREE = {"api/v1/schema/", "api/v1/docs/", "api/v1/me/"}
#: Objects of a person, of no organization: tests/api/test_oneself.py asks for somebody else's.
PERSONS = {"api/v1/me/devices/<uuid:device_id>/"}
OBJECTS = [one for one in routes(API) if one.names_an_object and one.template not in PERSONS]

every_route = each_in_some_pair("route", [one for one in routes(API) if one.template not in FREE])
every_object = each_in_every_isolation("route", OBJECTS)
every_list = each_in_every_isolation(
    "route", [one for one in routes(API) if not one.names_an_object and one.template not in FREE]
)


def by_key(world: World) -> dict[str, str]:
    return {"authorization": f"Bearer {world.key}"}


def ask(
    method: str, address: str, headers: dict[str, str], named: dict[str, Any] | None = None
) -> HttpResponse:
    """A request that would be valid at home: words in every field, ids where a body names objects."""
    body = (
        None
        if method == "get"
        else json.dumps({"text": "hello", "title": "hello", "up": True, **(named or {})})
    )
    answer: HttpResponse = (
        getattr(Client(), method)(address, body, content_type="application/json", headers=headers)
        if body
        else Client().get(address, headers=headers)
    )
    return answer


def told(answer: HttpResponse) -> tuple[int, Any]:
    """Status and body, without the id to quote."""
    text = answer.content.decode()
    return answer.status_code, re.sub(r'"id": ?"[0-9a-f]{32}"', '"id": ""', text)


def in_bodies(objects: dict[str, Any]) -> dict[str, str]:
    """Each object by its id, under the names a body may give it: `chat_id` and `chat`."""
    ids = {name: str(value) for name, value in objects.items() if name.endswith("_id")}
    return (
        ids
        | {name.removesuffix("_id"): value for name, value in ids.items()}
        | {"parent_id": ids["message_id"]}
    )


def test_routes_are_found() -> None:
    assert len(routes(API)) > 5, "routes of the API live under /api/v1/"


@pytest.mark.in_turn(2)
@every_object
def test_objects_of_another_organization_are_missing_here(route: Route, left: World, right: World) -> None:
    before, statuses = everything_of(right), set()
    for method in METHODS:
        theirs = ask(method, route.address("", objects_of(right)), by_key(left))
        assert told(theirs) == told(ask(method, route.address("", nobody(route)), by_key(left))), method
        statuses.add(theirs.status_code)
    assert everything_of(right) == before
    assert 404 in statuses
    assert statuses <= {404, 405, 422}, statuses


@pytest.mark.in_turn(5)
@each_in_some_pair("route", OBJECTS)
def test_ones_own_objects_are_found(route: Route, left: World) -> None:
    """The control of the test above: it is isolation that said no."""
    statuses = [
        ask(method, route.address("", objects_of(left)), by_key(left)).status_code for method in METHODS
    ]
    assert any(status < 300 or status in {409, 422, 428} for status in statuses), statuses


@pytest.mark.in_turn(2)
@every_list
def test_lists_and_bodies_do_not_reach_over(route: Route, left: World, right: World) -> None:
    before = everything_of(right)
    theirs, nobodys = objects_of(right), {name: uuid.uuid4() for name in objects_of(right)}
    listed = ask("get", route.address("", {}), by_key(left)).content.decode()
    assert not [name for name, value in in_bodies(theirs).items() if value in listed]
    for method in METHODS[1:]:
        found = ask(method, route.address("", {}), by_key(left), in_bodies(theirs))
        assert found.status_code in {400, 404, 405, 422}, f"{method} {route}: {found.status_code}"
        missing = ask(method, route.address("", {}), by_key(left), in_bodies(nobodys))
        assert told(found) == told(missing)
    assert everything_of(right) == before


def sent_with(place: Place, world: World, key: str, value: object) -> HttpResponse:
    """The request that would be valid in `world`, with this id in that place; its endpoint serves."""
    with use_tenant(world.context):
        Endpoint.objects.filter(id=world.endpoint).update(role="primary", state="active")
    needed = {name: object_named(replace(place, name=name), world) for name in place.needs}
    body = json.dumps({**needed, **place.body, place.name: str(value)})
    answer: HttpResponse = getattr(Client(), place.method)(
        place.address(world),
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {key}"},
    )
    return answer


@pytest.mark.in_turn(5)
@each_in_some_pair("place", nested.in_bodies())
def test_no_id_in_a_body_names_an_object_of_another_organization(
    place: Place, left: World, right: World
) -> None:
    """The object of the address is one's own, and so is all else."""
    before = everything_of(right)
    theirs = sent_with(place, left, left.key, object_named(place, right))
    assert told(theirs) == told(sent_with(place, left, left.key, uuid.uuid4()))
    assert theirs.status_code in {404, 422}
    assert everything_of(right) == before


@pytest.mark.in_turn(5)
@each_in_some_pair("place", nested.in_bodies())
def test_ids_in_bodies_name_ones_own_objects(place: Place, left: World) -> None:
    """The control of the test above: what is one's own is answered otherwise than what is nobody's."""
    missing = sent_with(place, left, left.key, uuid.uuid4())
    found = sent_with(place, left, left.key, object_named(place, left))
    assert found.status_code < 300 or told(found) != told(missing)


def asked_for(place: Place, world: World, value: object) -> HttpResponse:
    return ask("get", f"{place.address(world)}?{place.name}={value}", by_key(world))


@each_in_some_pair("place", nested.in_queries())
def test_nothing_is_found_by_what_belongs_to_another_organization(
    place: Place, left: World, right: World
) -> None:
    """As by what belongs to nobody. Taking an export is itself a line of the trail, in one's own."""
    before, ids = everything_of(right), ids_of(right)
    theirs = object_named(place, right)
    answer, nobodys = asked_for(place, left, theirs), asked_for(place, left, uuid.uuid4())
    assert answer.status_code == 200
    assert [one for one in ids - {theirs} if one in answer.content.decode()] == []
    assert rows_in(answer) == rows_in(nobodys) == 0
    assert everything_of(right) == before


def rows_in(answer: HttpResponse) -> int:
    if answer.headers["Content-Type"].startswith("text/csv"):
        return len(answer.content.decode().splitlines()) - 1
    return len(json.loads(answer.content)["results"])


def ids_of(world: World) -> set[str]:
    return {str(row["id"]) for rows in everything_of(world).values() for row in rows}


@pytest.mark.in_turn(5)
@each_in_some_pair("address", nested.lists())
def test_lists_and_exports_hold_only_ones_own(address: str, left: World, right: World) -> None:
    """In every format and state, also from a place in the list that was given out next door."""
    paths = [address.format(**objects_of(world)) for world in (left, right)]
    sign = "&" if "?" in address else "?"
    place = next_of(ask("get", f"{paths[1]}{sign}limit=1", by_key(right)))
    for asked in ("", *([f"{sign}limit=1&cursor={place}"] if place else [])):
        answer = ask("get", paths[0] + asked, by_key(left))
        refusable = bool(asked) or "{" in address
        assert answer.status_code == 200 or (answer.status_code == 422 and refusable), paths[0] + asked
        assert [one for one in ids_of(right) if one in answer.content.decode()] == []


def next_of(answer: HttpResponse) -> str:
    """The cursor of the page after this one; empty where this is the last."""
    found = re.search(r"cursor=([^&\"'>]+)", answer.content.decode() + answer.headers.get("Link", ""))
    return found[1] if found else ""


@every_pair
def test_a_key_of_a_repeated_request_counts_in_one_organization_only(left: World, right: World) -> None:
    """The same person sends the same request with the same key to both: two things are made."""
    made = []
    for world in (left, right, left):
        body, headers = json.dumps({"name": "Again"}), {**by_key(world), "Idempotency-Key": "order-77"}
        answer = Client().post("/api/v1/folders/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 201
        made.append(answer.json()["id"])
    assert made[0] == made[2] != made[1]


@pytest.mark.in_turn(7)
@every_route
def test_without_a_working_key_there_is_nothing(route: Route, left: World) -> None:
    refusals = set()
    for authorization in (
        "",
        "Bearer",
        "Bearer hk_" + "a" * 43,
        "Bearer hk_\u00e9",
        "Basic YTpi",
        "bearer " + "x" * 900,
    ):
        for method in METHODS:
            answer = ask(method, route.address("", objects_of(left)), {"authorization": authorization})
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            refusals.add(answer.status_code)
    assert refusals == {401}


@pytest.mark.in_turn(7)
@every_route
def test_a_session_names_its_organization_and_belongs_to_it(route: Route, left: World, right: World) -> None:
    client, address = Client(), route.address("", objects_of(right))
    client.force_login(left.owner.user)
    assert client.get(address).status_code == 401
    refused = client.get(address, headers={"Humana-Organization": right.slug})
    assert refused.status_code == 403
    for unknown in ("nobody-here", right.slug.upper(), f"{right.slug}\u00a0", "a%00b", "x" * 900):
        assert told(client.get(address, headers={"Humana-Organization": unknown})) == told(refused)


@each_in_some_pair("route", [one for one in routes(API) if one.names_an_object])
def test_a_key_opens_its_own_organization_whatever_else_is_named(
    route: Route, left: World, right: World
) -> None:
    client = Client()
    client.force_login(right.owner.user)
    headers = {**by_key(left), "Humana-Organization": right.slug}
    assert client.get(route.address("", objects_of(right)), headers=headers).status_code in {404, 405}


@every_isolation
@pytest.mark.parametrize("end", ["revoked", "expired", "suspended", "deactivated"])
def test_a_key_dies_at_once(end: str, left: World) -> None:
    keys, then = ApiKey.objects.filter(membership=left.twin), left.organization.created_at
    address = routes(API)[0].address("", objects_of(left))
    match end:
        case "revoked":
            keys.update(revoked_at=then)
        case "expired":
            keys.update(expires_at=then)
        case "suspended":
            Membership.objects.filter(pk=left.twin.pk).update(state="suspended")
        case _:
            type(left.twin.user).objects.filter(pk=left.twin.user_id).update(is_active=False)
    assert ask("get", address, by_key(left)).status_code == 401
