"""A file on the server's own disk is given out by the address that was signed for it, and by no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from byoc.adapters.storage import tickets
from byoc.storage import erase_platform, storage_of
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
PAGE = b"<script>alert(1)</script>"


@pytest.fixture
def name(left: World) -> Iterator[str]:
    storage_of(left.organization.id).upload("letter.html", PAGE)
    yield "letter.html"
    erase_platform(left.organization.id)


def address(world: World, name: str, seconds: int = 60) -> str:
    return storage_of(world.organization.id).signed_url(name, seconds, "Carta à Ana.html")


def test_who_has_the_address_gets_the_file(left: World, name: str) -> None:
    answer = Client().get(address(left, name))
    assert (answer.status_code, b"".join(answer)) == (200, PAGE)  # type: ignore[call-overload]


def test_it_is_a_file_to_keep_and_never_a_page(left: World, name: str) -> None:
    answer = Client().get(address(left, name))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-store"


def test_a_changed_address_leads_nowhere(left: World, name: str) -> None:
    good = address(left, name)
    told, _dot, signature = good.removeprefix(tickets.AT).partition(".")
    for bad in (
        f"{told}x.{signature}",
        f"{told}.{signature[::-1]}",
        told,
        f"{told}.",
        "x",
        f"A{told}.{signature}",
    ):
        assert Client().get(tickets.AT + bad).status_code == 404, bad


def test_an_old_address_leads_nowhere(left: World, name: str) -> None:
    good = address(left, name, seconds=-1)
    assert Client().get(good).status_code == 404


def test_a_deleted_file_is_not_there(left: World, name: str) -> None:
    good = address(left, name)
    storage_of(left.organization.id).delete(name)
    assert Client().get(good).status_code == 404


def test_nothing_is_changed_there(left: World, name: str) -> None:
    assert Client().post(address(left, name)).status_code == 405
