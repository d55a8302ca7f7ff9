"""Two programs look at the same chat: neither writes over what it has not seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.http import HttpResponse

from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db


def chat(world: World) -> str:
    return f"chats/{world.chat.id}/"


@pytest.fixture(params=["chat", "folder"])
def address(request: pytest.FixtureRequest, left: World) -> str:
    """What can be edited, and under which name its title goes."""
    return chat(left) if request.param == "chat" else f"folders/{left.folder.id}/"


def named(address: str, name: str) -> dict[str, str]:
    return {"title" if address.startswith("chats") else "name": name}


def test_who_has_it_already_is_sent_nothing(twin: Program, address: str) -> None:
    first = twin.get(address)
    again = twin.get(address, if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert twin.get(address, if_none_match=f'W/{first["ETag"]}, "other"').status_code == 304
    assert twin.get(address, if_none_match='"other"').status_code == 200


def test_after_an_edit_the_tag_is_another(twin: Program, address: str) -> None:
    before = twin.get(address)["ETag"]
    edited = twin.patch(address, named(address, "New"), if_match=before)
    assert edited.status_code == 200
    assert edited["ETag"] == twin.get(address)["ETag"] != before
    assert twin.get(address, if_none_match=before).status_code == 200


def test_an_edit_of_what_changed_meanwhile_is_refused(twin: Program, address: str) -> None:
    seen = twin.get(address)["ETag"]
    twin.patch(address, named(address, "Theirs"))
    refused(twin.patch(address, named(address, "Mine"), if_match=seen), 412, "stale_version")
    refused(twin.delete(address, if_match=seen), 412, "stale_version")
    assert "Theirs" in twin.get(address).content.decode()


@pytest.mark.parametrize("tag", ["*", None])
def test_who_does_not_mind_writes_last(twin: Program, address: str, tag: str | None) -> None:
    condition = {"if_match": tag} if tag else {}
    assert twin.patch(address, named(address, "Mine"), **condition).status_code == 200


@pytest.mark.in_turn(3)
@pytest.mark.parametrize(
    "tag", ['""', "1", '"1"', '"1.zz"', '"9' * 3000, '"99999999999999999999.0123456789abcdef"']
)
def test_a_tag_that_was_never_ours_matches_nothing(twin: Program, address: str, tag: str) -> None:
    refused(twin.patch(address, named(address, "Mine"), if_match=tag), 412, "stale_version")
    assert twin.get(address, if_none_match=tag).status_code == 200


def test_several_changes_are_one_edit(twin: Program, left: World) -> None:
    seen = twin.get(chat(left))["ETag"]
    edited = twin.patch(chat(left), {"title": "New", "pinned": True, "archived": True}, if_match=seen).json()
    assert (edited["title"], edited["pinned"], edited["archived"]) == ("New", True, True)


@pytest.mark.django_db(transaction=True)
def test_of_a_crowd_that_saw_the_same_one_wins() -> None:
    world, start = build_world("crowd"), Barrier(6)
    program = program_of(world.twin)
    seen = program.get(chat(world))["ETag"]

    def hurry(number: int) -> HttpResponse:
        try:
            start.wait(timeout=20)
            return program.patch(chat(world), {"title": f"Title {number}"}, if_match=seen)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(hurry, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert program.get(chat(world)).json()["title"] == winner.json()["title"]
