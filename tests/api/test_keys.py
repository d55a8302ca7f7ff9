"""A key opens what its member may do, as far as it was made for, and only while both work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chats.permissions import READ
from tenants.models import ApiKey, Membership, Organization, User
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def made(program: Program, **more: Any) -> Program:
    """A key made through the API itself."""
    answer = program.post("api-keys/", {"name": "Scripts"} | more)
    assert answer.status_code == 201
    return Program(answer.json()["secret"])


def test_a_key_is_told_once_listed_without_its_secret_and_revoked(twin: Program) -> None:
    answer = twin.post("api-keys/", {"name": "CI"}).json()
    secret, key = answer["secret"], answer["key"]
    assert secret.startswith(key["prefix"])
    assert Program(secret).get("me/").json()["key"]["name"] == "CI"
    listed = twin.get("api-keys/")
    assert secret not in listed.content.decode()
    one = next(one for one in listed.json()["results"] if one["id"] == key["id"])
    assert one["last_used_at"] is not None
    assert one["revoked_at"] is None
    assert twin.delete(f"api-keys/{key['id']}/").status_code == 204
    refused(Program(secret).get("me/"), 401, "invalid_api_key")
    revoked = next(one for one in twin.get("api-keys/").json()["results"] if one["id"] == key["id"])
    assert revoked["revoked_at"] is not None, "a revoked key stays listed"


def test_a_key_that_ran_out_opens_nothing(twin: Program) -> None:
    soon = made(twin, expires_at=(timezone.now() + timedelta(hours=1)).isoformat())
    assert soon.get("me/").status_code == 200
    ApiKey.objects.filter(prefix=soon.key[:10]).update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(soon.get("me/"), 401, "invalid_api_key")


def test_a_key_does_what_it_was_made_for(twin: Program, left: World) -> None:
    reader = made(twin, scopes=[READ.name])
    assert reader.get("chats/").status_code == 200
    refused(reader.post("chats/", {"companion_id": str(left.companion.id)}), 403, "missing_scope")
    refused(reader.get("trail/"), 403, "missing_scope")
    assert reader.get("me/").json()["permissions"] == [READ.name]


def test_a_key_makes_no_wider_or_longer_one(twin: Program) -> None:
    ends = (timezone.now() + timedelta(days=1)).isoformat()
    narrow = made(twin, scopes=["organization.keys"], expires_at=ends)
    refused(narrow.post("api-keys/", {"name": "Wide", "expires_at": ends}), 403, "wider_than_key")
    wider = {"name": "Wide", "scopes": ["organization.keys", READ.name], "expires_at": ends}
    refused(narrow.post("api-keys/", wider), 403, "wider_than_key")
    longer = {"name": "Long", "scopes": ["organization.keys"]}
    refused(narrow.post("api-keys/", longer), 403, "wider_than_key")
    made(narrow, scopes=["organization.keys"], expires_at=ends)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 81}, "name"),
        ({"name": "CI", "scopes": ["chats.everything"]}, "scopes"),
        ({"name": "CI", "scopes": "chats.read"}, "scopes"),
        ({"name": "CI", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "CI", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_a_key_asked_for_wrongly_is_not_made(twin: Program, given: dict[str, Any], field: str) -> None:
    before = ApiKey.objects.count()
    answer = twin.post("api-keys/", given)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert ApiKey.objects.count() == before


def lose_the_membership(world: World) -> None:
    Membership.objects.filter(id=world.member.id).update(state=Membership.State.SUSPENDED)


def lose_the_account(world: World) -> None:
    User.objects.filter(id=world.member.user_id).update(is_active=False)


def lose_the_organization(world: World) -> None:
    Organization.objects.filter(id=world.organization.id).update(state=Organization.State.SUSPENDED)


@pytest.mark.parametrize("lose", [lose_the_membership, lose_the_account, lose_the_organization])
def test_a_key_is_dead_with_what_it_stands_on(left: World, lose: Any) -> None:
    program = program_of(left.member)
    assert program.get("chats/").status_code == 200
    lose(left)
    refused(program.get("chats/"), 401, "invalid_api_key")


def test_a_right_that_is_withheld_is_gone_at_the_next_request(left: World) -> None:
    program = program_of(left.member)
    assert program.get("chats/").status_code == 200
    Membership.objects.filter(id=left.member.id).update(withheld_permissions=[READ.name])
    refused(program.get("chats/"), 403, "missing_permission")


def test_a_member_without_the_right_sees_no_keys_and_no_trail(plain: Program) -> None:
    for address in ("api-keys/", "trail/", "usage/"):
        refused(plain.get(address), 403, "missing_permission")


# --- sessions -----------------------------------------------------------------------------------


def browser(member: Membership, *, checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=checks)
    client.force_login(member.user)
    return client


def test_a_session_names_its_organization(left: World) -> None:
    client = browser(left.twin)
    refused(client.get("/api/v1/chats/"), 401, "organization_required")
    assert client.get("/api/v1/chats/", headers={"Humana-Organization": left.slug}).status_code == 200
    assert client.get("/api/v1/me/").json()["organization"] is None


def test_an_organization_of_others_is_refused_like_one_that_is_not(left: World, right: World) -> None:
    client, answers = browser(left.member), []
    for slug in (right.slug, "nobody-here", "../left", "a" * 500, "LEFT"):
        answers.append(client.get("/api/v1/chats/", headers={"Humana-Organization": slug}))
        refused(answers[-1], 403, "not_a_member")
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1


def test_a_session_writes_only_from_our_own_pages(left: World) -> None:
    client, headers = browser(left.twin, checks=True), {"Humana-Organization": left.slug}
    given = {"companion_id": str(left.companion.id)}
    answer = client.post("/api/v1/chats/", given, content_type="application/json", headers=headers)
    refused(answer, 403, "csrf_failed")
    assert client.get("/api/v1/chats/", headers=headers).status_code == 200


def test_a_body_never_chooses_the_organization(twin: Program, left: World, right: World) -> None:
    given = {"companion_id": str(left.companion.id), "organization_id": str(right.organization.id)}
    refused(twin.post("chats/", given), 422, "unknown_field", "organization_id")
    assert twin.get("chats/", humana_organization=right.slug).json() == twin.get("chats/").json()
