"""A program sends a request again because it never saw the answer: one effect, one answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse

from audit.models import IdempotencyKey
from audit.services.idempotency import answer_once
from chats.models import Chat
from humana.kernel.errors import Conflict, Unavailable
from tenants.context import use_tenant
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db


def chats_in(world: World) -> int:
    with use_tenant(world.context):
        return Chat.objects.count()


def begin(program: Program, world: World, key: str, **more: Any) -> HttpResponse:
    return program.post("chats/", {"companion_id": str(world.companion.id)} | more, idempotency_key=key)


def test_the_second_request_is_told_what_the_first_was(twin: Program, left: World) -> None:
    before = chats_in(left)
    first, second = begin(twin, left, "a"), begin(twin, left, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    for header in ("ETag", "Location", "Content-Type"):
        assert first[header] == second[header]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert chats_in(left) == before + 1


@pytest.mark.parametrize("other", ["b", "A"])
def test_another_key_is_another_request(twin: Program, left: World, other: str) -> None:
    before = chats_in(left)
    assert begin(twin, left, "a").content != begin(twin, left, other).content
    assert chats_in(left) == before + 2


def test_without_a_key_each_request_counts(twin: Program, left: World) -> None:
    before = chats_in(left)
    for _time in range(2):
        twin.post("chats/", {"companion_id": str(left.companion.id)})
    assert chats_in(left) == before + 2


def test_another_body_under_the_same_key_is_refused(twin: Program, left: World) -> None:
    begin(twin, left, "a", title="One")
    before = chats_in(left)
    refused(begin(twin, left, "a", title="Two"), 422, "idempotency_key_reused", "Idempotency-Key")
    assert chats_in(left) == before


def test_another_address_under_the_same_key_is_refused(twin: Program, left: World) -> None:
    begin(twin, left, "a")
    answer = twin.post("folders/", {"name": "Case"}, idempotency_key="a")
    refused(answer, 422, "idempotency_key_reused", "Idempotency-Key")


def test_spaces_in_the_body_make_no_other_request(twin: Program, left: World) -> None:
    first = begin(twin, left, "a")
    loose = json.dumps({"companion_id": str(left.companion.id)}, indent=4).encode()
    assert twin.raw("POST", "chats/", loose, idempotency_key="a").content == first.content


def test_what_was_refused_may_be_tried_again(twin: Program, left: World) -> None:
    wrong = twin.post("chats/", {"companion_id": "nobody"}, idempotency_key="a")
    assert wrong.status_code == 422
    assert begin(twin, left, "a").status_code == 201


def test_keys_of_two_people_and_two_organizations_never_meet(
    twin: Program, plain: Program, left: World, right: World
) -> None:
    answers = {begin(twin, left, "a").content, begin(plain, left, "a").content}
    answers.add(begin(Program(right.key), right, "a").content)
    assert len(answers) == 3


@pytest.mark.parametrize("key", [" ", "a" * 256, "caf\xe9", "a\tb"])
def test_a_key_that_is_none_is_refused(twin: Program, left: World, key: str) -> None:
    before = chats_in(left)
    refused(begin(twin, left, key), 422, "bad_idempotency_key", "Idempotency-Key")
    assert chats_in(left) == before


def test_a_secret_told_once_is_not_kept_in_the_clear(twin: Program, left: World) -> None:
    first = twin.post("api-keys/", {"name": "CI"}, idempotency_key="a").json()
    again = twin.post("api-keys/", {"name": "CI"}, idempotency_key="a").json()
    assert first == again
    with use_tenant(left.context):
        assert first["secret"] not in str(list(IdempotencyKey.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the key, or for its turn to write where one writes at a time."""
    monkeypatch.setattr("audit.services.idempotency.PATIENCE", 1)
    world, begun, finish = build_world("slow"), Event(), Event()

    def act() -> tuple[int, bytes]:
        begun.set()
        finish.wait(30)
        return 201, b"{}"

    def first() -> None:
        with use_tenant(world.context):
            answer_once(member_id=world.twin.id, key="same", fingerprint="f", act=act)
        connections.close_all()

    thread = Thread(target=first)
    thread.start()
    assert begun.wait(20)
    with use_tenant(world.context), pytest.raises((Conflict, Unavailable)) as told:
        answer_once(member_id=world.twin.id, key="same", fingerprint="f", act=act)
    finish.set()
    thread.join(20)
    in_a_file = connections[world.placement.alias].vendor == "sqlite"
    assert told.value.code == ("busy" if in_a_file else "idempotency_key_in_use")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("crowd", [2, 8])
def test_a_crowd_with_one_key_has_one_effect(crowd: int) -> None:
    """On connections of their own, all sent at once; who waits is told what the first was."""
    world, start = build_world(f"crowd{crowd}"), Barrier(crowd)
    program, before = program_of(world.twin), chats_in(world)

    def hurry(_number: int) -> HttpResponse:
        try:
            start.wait(timeout=20)
            return begin(program, world, "same")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(crowd) as pool:
        answers = list(pool.map(hurry, range(crowd)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert chats_in(world) == before + 1
