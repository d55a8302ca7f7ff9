"""A program reads long lists page by page while people go on working."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from chats.models import Chat
from documents.models import Folder
from tenants.context import use_tenant
from tests.api.conftest import Program, refused
from tests.fixtures.organizations import World
from tests.isolation.routes import API, objects_of, routes

pytestmark = pytest.mark.django_db

#: What answers a page; every other GET answers one thing.
LISTS = [
    "chats/",
    "chats/<uuid:chat_id>/messages/",
    "companions/",
    "folders/",
    "api-keys/",
    "trail/",
    "usage/",
]
every_list = pytest.mark.parametrize("template", LISTS)


@pytest.fixture
def address(template: str, left: World) -> str:
    route = next(one for one in routes(API) if one.template == API + template)
    return route.address("", objects_of(left)).removeprefix("/api/v1/")


def crowd(world: World, count: int) -> None:
    with use_tenant(world.context):
        for number in range(count):
            add(world, f"{number:03}")


def add(world: World, name: str) -> None:
    owner = world.twin.user_id
    Chat.objects.create(owner_id=owner, companion=world.companion, title=name, last_message_at=timezone.now())
    Folder.objects.create(owner_id=owner, name=name)


def pages(program: Program, address: str) -> list[dict[str, Any]]:
    """Every page from here on, as its `next` leads."""
    found, there = [], address
    while there:
        found.append(program.get(there).json())
        there = found[-1]["next"]
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for page in found for one in page["results"]]


def test_the_lists_are_all_here() -> None:
    """A new list joins by being added above; its routes are found by the resolver."""
    assert {API + one for one in LISTS} <= {str(route) for route in routes(API)}


@every_list
def test_a_page_has_results_and_its_neighbours(twin: Program, address: str) -> None:
    page = twin.get(address).json()
    assert set(page) - {"silent"} == {"results", "next", "previous"}
    assert not page.get("silent"), "every placement answers"
    assert (page["next"], page["previous"]) == (None, None)


@pytest.mark.parametrize("address", ["chats/", "folders/"])
def test_pages_join_without_gap_or_double(twin: Program, left: World, address: str) -> None:
    crowd(left, 23)
    whole = ids(pages(twin, f"{address}?limit=100"))
    assert len(whole) == 24
    assert ids(pages(twin, f"{address}?limit=5")) == whole
    assert ids(pages(twin, f"{address}?limit=1")) == whole


@pytest.mark.parametrize("address", ["chats/", "folders/"])
def test_going_back_shows_the_same_pages(twin: Program, left: World, address: str) -> None:
    crowd(left, 11)
    there = pages(twin, f"{address}?limit=5")
    back = twin.get(there[-1]["previous"]).json()
    assert back["results"] == there[-2]["results"]
    assert twin.get(back["previous"]).json()["results"] == there[-3]["results"]
    assert twin.get(back["previous"]).json()["previous"] is None


def test_what_comes_meanwhile_shifts_nothing(twin: Program, left: World) -> None:
    crowd(left, 9)
    whole = ids(pages(twin, "chats/?limit=100"))
    first = twin.get("chats/?limit=4").json()
    crowd(left, 3)  # newer than everything: they stand before the first page
    assert ids([first, *pages(twin, first["next"])]) == whole


def test_what_goes_meanwhile_shifts_nothing(twin: Program, left: World) -> None:
    crowd(left, 9)
    first = twin.get("chats/?limit=4").json()
    rest = ids(pages(twin, first["next"]))
    twin.delete(f"chats/{first['results'][-1]['id']}/")  # the very row the cursor stands on
    assert ids(pages(twin, first["next"])) == rest


def test_a_page_keeps_its_filters(twin: Program, left: World) -> None:
    crowd(left, 6)
    gone = twin.get("chats/?limit=1").json()["results"][0]["id"]
    twin.patch(f"chats/{gone}/", {"archived": True})
    assert ids(pages(twin, "chats/?archived=true&limit=1")) == [gone]
    assert gone not in ids(pages(twin, "chats/?archived=false&limit=2"))
    other = f"chats/?companion={left.companion.id}&limit=2"
    assert len(ids(pages(twin, other))) == 6


@pytest.mark.in_turn(4)
@every_list
@pytest.mark.parametrize("limit", ["0", "-1", "101", "1e2", "", "many", "9" * 500, "1 "])
def test_a_limit_out_of_bounds_is_refused(twin: Program, address: str, limit: str) -> None:
    refused(twin.get(f"{address}?limit={limit}"), 422, "bad_parameter", "limit")


@pytest.mark.in_turn(4)
@every_list
@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "%00", "a" * 5000, "eyJhIjoxfQ", "é"])
def test_a_cursor_that_was_never_ours_is_refused(twin: Program, address: str, cursor: str) -> None:
    refused(twin.get(f"{address}?cursor={cursor}"), 422, "bad_cursor", "cursor")


def cursor_of(program: Program, address: str) -> str:
    return parse_qs(urlsplit(program.get(address).json()["next"]).query)["cursor"][0]


def test_a_cursor_is_good_for_its_own_list_and_organization_only(
    twin: Program, left: World, right: World
) -> None:
    crowd(left, 3)
    cursor = cursor_of(twin, "chats/?limit=1")
    assert twin.get(f"chats/?cursor={cursor}").status_code == 200
    refused(twin.get(f"folders/?cursor={cursor}"), 422, "bad_cursor", "cursor")
    refused(Program(right.key).get(f"chats/?cursor={cursor}"), 422, "bad_cursor", "cursor")
    for broken in (cursor[:-1], cursor + "A", cursor[::-1], cursor.swapcase()):
        refused(twin.get(f"chats/?cursor={broken}"), 422, "bad_cursor", "cursor")


@every_list
def test_a_parameter_nobody_declared_is_refused(twin: Program, address: str) -> None:
    for query in ("organization=1", "where=x", "limit=5&limit=6", "ordering=id"):
        answer = twin.get(f"{address}?{query}")
        refused(answer, 422, "bad_parameter", query.partition("=")[0])


@pytest.mark.parametrize(
    "query", ["companion=nobody", "companion=", "archived=maybe", "origin=elsewhere", "folder=%00"]
)
def test_a_filter_that_means_nothing_is_refused(twin: Program, query: str) -> None:
    refused(twin.get(f"chats/?{query}"), 422, "bad_parameter", query.partition("=")[0])


def test_a_list_says_nothing_of_removed_rows(twin: Program, left: World) -> None:
    twin.delete(f"chats/{left.chat.id}/")
    assert str(left.chat.id) not in json.dumps(pages(twin, "chats/"))
    assert twin.get(f"chats/{left.chat.id}/").status_code == 404
    assert twin.post(f"chats/{left.chat.id}/restore/").status_code == 200
    assert str(left.chat.id) in json.dumps(pages(twin, "chats/"))
