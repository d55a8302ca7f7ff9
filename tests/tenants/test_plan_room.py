"""A plan has seats for people and room for documents: what is there stays, more than fits is refused."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from byoc.storage import erase_platform
from documents.services.files import receive
from documents.services.room import stored_bytes
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tenants.links import write_link
from tenants.models import Membership, Organization, User
from tenants.services.arriving import accept_anew, accept_as
from tenants.services.invitations import invite, withdraw
from tenants.services.members import bring_back, suspend_member
from tenants.services.seats import Taken, seats_taken
from tests.fixtures.organizations import PASSWORD, World, build_world
from tests.pages.conftest import signed_in

PLANS = ("free", "pro", "business", "enterprise")
SENTENCE = b"A reserva dos quartos abre na segunda-feira.\n"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


def plan(settings: Any, seats: int | None = None, stored: int | None = None) -> None:
    settings.HUMANA_PLAN_ROOM = dict.fromkeys(PLANS, (seats, stored))


def ask(world: World, *names: str) -> list[Any]:
    emails = [f"{one}@new.example" for one in names]
    return invite(member=world.owner, emails=emails, origin="https://humana.example")


def come(row: Any, name: str) -> Membership:
    return accept_anew(link=write_link(row), name=name, password=PASSWORD)


def at_once(people: int, act: Callable[[int], Any]) -> list[Any]:
    """What each comes to who begins in the same moment; where it is refused, the code."""
    start, told = threading.Barrier(people), []

    def one(number: int) -> None:
        start.wait()
        try:
            told.append(act(number))
        except Conflict as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(people)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return told


@pytest.mark.django_db
def test_seats_are_for_members_and_open_invitations(left: World, settings: Any) -> None:
    plan(settings, seats=5)
    with use_tenant(left.context):
        already = seats_taken()  # of the world: three people, and whoever it invited
        plan(settings, seats=already.all + 2)
        with pytest.raises(Conflict, match=r"seats; \d members.*Suspend or remove") as refusal:
            ask(left, "dora", "emil", "frida")
        assert refusal.value.code == "no_seat"
        dora, emil = ask(left, "dora", "emil")
        suspend_member(member=left.owner, who=left.member)
        (frida,) = ask(left, "frida")
        with pytest.raises(Conflict, match="take theirs"):
            bring_back(member=left.owner, who=left.member)
        withdraw(member=left.owner, invitation=frida)
        bring_back(member=left.owner, who=left.member)
        assert seats_taken() == Taken(already.members, already.invited + 2)
    come(dora, "Dora")
    plan(settings, seats=already.members + 1)  # lowered below what is used: nobody is locked out
    assert signed_in(left.member).get("/o/left/").status_code == 200
    with pytest.raises(Conflict, match="no free seat just now"):
        come(emil, "Emil")
    Organization.objects.filter(id=left.organization.id).update(seats=50)  # an operator gives more
    assert come(emil, "Emil").state == "active"
    page = signed_in(left.owner, "en").get("/o/left/settings/budgets/").content.decode()
    assert f"Members: {already.members + 2}" in page
    assert "50 seats in all" in page


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_for_the_last_seat_one_comes_in(settings: Any) -> None:
    world = build_world("seated")
    with use_tenant(world.context):
        rows = ask(world, "dora", "emil")
        taken = seats_taken()
    plan(settings, seats=taken.members + 1)
    people = [User.objects.create_user(row.email, PASSWORD, name="New") for row in rows]
    came = at_once(2, lambda number: accept_as(user=people[number], link=write_link(rows[number])))
    assert [one for one in came if isinstance(one, str)] == ["no_seat"]
    with use_tenant(world.context):
        assert seats_taken().members == taken.members + 1


@pytest.mark.django_db(transaction=True)
def test_documents_have_the_room_of_the_plan_and_the_last_of_it_goes_to_one(settings: Any) -> None:
    world = build_world("stored")
    with use_tenant(world.context):
        room = stored_bytes() + 2 * len(SENTENCE)
    plan(settings, stored=room)

    def send(number: int) -> str:
        with use_tenant(world.context):
            receive(member=world.twin, content=io.BytesIO(SENTENCE), name=f"{number}.txt")
        return "kept"

    told = at_once(4, send)
    assert sorted(told) == ["kept", "kept", "no_room", "no_room"]
    with use_tenant(world.context), override("en"):
        assert stored_bytes() == room
        with pytest.raises(Conflict, match=r"There is no room for this file.*administrator"):
            receive(member=world.twin, content=io.BytesIO(SENTENCE), name="more.txt")
        plan(settings, stored=1)
        assert stored_bytes() == room, "a lowered limit takes nothing away"
        Organization.objects.filter(id=world.organization.id).update(stored_gigabytes=1)
        receive(member=world.twin, content=io.BytesIO(SENTENCE), name="more.txt")
    erase_platform(world.organization.id)
