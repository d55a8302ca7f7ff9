"""What is a person's own, by a program: sign-ins, and leaving. A key made for less does neither."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import ApiKey, Membership
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import PASSWORD, World

pytestmark = pytest.mark.django_db
OWN = "organization.own_account"


def device_of(who: Membership, agent: str) -> Client:
    client = Client(headers={"user-agent": agent})
    client.post("/accounts/login/", {"login": who.user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/o/left/").status_code == 200


def test_devices_are_listed_and_signed_out_by_a_program(plain: Program, left: World) -> None:
    phone, pad = device_of(left.member, "iPhone Safari/604.1"), device_of(left.member, "odd")
    boss = device_of(left.owner, "Firefox/140.0")
    theirs = program_of(left.owner).get("me/devices/").json()["results"]
    found = {one["browser"]: one for one in plain.get("me/devices/").json()["results"]}
    assert set(found) == {"Safari", ""}
    assert not any(one["here"] for one in found.values()), "a program is no device"
    refused(plain.delete(f"me/devices/{theirs[0]['id']}/"), 404, "not_found")
    assert plain.delete(f"me/devices/{found['Safari']['id']}/").status_code == 204
    assert (is_in(phone), is_in(pad), is_in(boss)) == (False, True, True)
    refused(plain.send("DELETE", "me/devices/", {"also": "x"}), 422, "unknown_field", "also")
    assert plain.delete("me/devices/").json() == {"ended": 1}
    assert (is_in(pad), is_in(boss)) == (False, True)


def test_a_session_stays_when_it_signs_out_the_others(left: World) -> None:
    here, other = device_of(left.member, "Firefox/140.0"), device_of(left.member, "odd")
    here.get("/o/left/settings/sessions/")
    asked = {"headers": {"Humana-Organization": "left"}}
    listed = here.get("/api/v1/me/devices/", **asked).json()["results"]
    assert [one["here"] for one in listed] == [True, False]
    assert here.delete("/api/v1/me/devices/", **asked).json() == {"ended": 1}
    assert (is_in(here), is_in(other)) == (True, False)


def test_a_key_made_for_less_signs_nobody_out_and_does_not_leave(left: World) -> None:
    phone = device_of(left.member, "Safari/604.1")
    (device,) = program_of(left.member).get("me/devices/").json()["results"]
    narrow = program_of(left.member, scopes=["chats.read"])
    for method, path in (
        ("GET", "me/devices/"), ("DELETE", "me/devices/"), ("DELETE", f"me/devices/{device['id']}/"),
        ("POST", "me/leave/"), ("PATCH", "me/"),
    ):  # fmt: skip
        refused(narrow.send(method, path), 403, "missing_scope")
    assert is_in(phone)
    made_for_it = program_of(left.member, scopes=[OWN])
    assert made_for_it.delete(f"me/devices/{device['id']}/").status_code == 204
    assert not is_in(phone)


def test_a_program_leaves_and_its_key_with_it(plain: Program, twin: Program, left: World) -> None:
    refused(plain.post("me/leave/", {"why": "x"}), 422, "unknown_field", "why")
    assert plain.post("me/leave/", idempotency_key="bye").status_code == 204
    refused(plain.get("me/"), 401, "invalid_api_key")
    assert not ApiKey.objects.filter(membership_id=left.member.id).exists()
    Membership.objects.filter(id=left.owner.id).delete()
    refused(twin.post("me/leave/"), 409, "last_owner")


def test_a_person_says_who_they_are_by_a_program(plain: Program, left: World) -> None:
    told = {"name": "Bruno Reis", "language": "en", "theme": "dark"}
    person = plain.patch("me/", told).json()["person"]
    assert {name: person[name] for name in told} == told
    assert plain.patch("me/", {"language": ""}).json()["person"]["language"] == ""
    refused(plain.patch("me/", {"theme": "pink"}), 422, "invalid", "theme")
