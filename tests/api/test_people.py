"""A program invites people, changes members, and says who the organization is; no further than its key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse

from tenants.context import use_tenant
from tenants.models import Invitation, Membership, Organization, User
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import PASSWORD, World, join

pytestmark = pytest.mark.django_db
DORA = "dora@new.example"


def told(answer: HttpResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return json.loads(answer.content) if answer.content else None


def test_inviting_from_asking_to_taking_back(twin: Program, left: World) -> None:
    body = {"emails": [DORA, "emil@new.example"], "role": "manager"}
    made = told(twin.post("invitations/", body, idempotency_key="one"), 201)["results"]
    assert told(twin.post("invitations/", body, idempotency_key="one"), 201)["results"] == made, "asked once"
    refused(twin.post("invitations/", body), 409, "is_invited", "emails")
    first = twin.get("invitations/?limit=1&state=pending&role=manager")
    assert [one["email"] for one in told(first)["results"]] == ["emil@new.example"]
    assert told(twin.get(told(first)["next"]))["results"][0]["email"] == DORA
    address = f"invitations/{made[0]['id']}/"
    read = twin.get(address)
    assert (told(read)["state"], "nonce" in told(read)) == ("pending", False)
    assert twin.get(address, if_none_match=read["ETag"]).status_code == 304
    refused(twin.post(f"{address}send/"), 409, "just_sent")
    refused(twin.delete(address, if_match='"1.0000000000000000"'), 412, "stale_version")
    assert twin.delete(address, if_match=read["ETag"]).status_code == 204
    assert told(twin.get(address))["state"] == "withdrawn"
    refused(twin.post(f"{address}send/"), 409, "not_waiting")
    for wrong, status, code, field in (
        ({"emails": ["x"]}, 422, "bad_address", "emails"), ({"emails": []}, 422, "empty", "emails"),
        ({"emails": [DORA], "role": "emperor"}, 422, "unknown_role", "role"),
        ({"emails": [DORA], "language": "la"}, 422, "invalid", "language"),
        ({"emails": [DORA], "nonce": "x"}, 422, "unknown_field", "nonce"),
    ):  # fmt: skip
        refused(twin.post("invitations/", wrong), status, code, field)
    refused(twin.get("invitations/?state=lost"), 422, "bad_parameter", "state")
    refused(twin.get("invitations/?email=x"), 422, "bad_parameter", "email")


def test_an_account_elsewhere_looks_like_none(twin: Program, left: World, right: World) -> None:
    def shape(email: str) -> dict[str, Any]:
        (one,) = told(twin.post("invitations/", {"emails": [email]}), 201)["results"]
        return {
            name: value
            for name, value in one.items()
            if name not in ("id", "email", "version") and "_at" not in name
        }

    assert shape(right.member.user.email) == shape("nobody@nowhere.example")


def test_a_member_changes_all_at_once_or_not_at_all(twin: Program, left: World) -> None:
    team = told(twin.post("teams/", {"name": "Bread"}), 201)["id"]
    address = f"members/{left.member.id}/"
    before = twin.get(address)
    changed = told(
        twin.patch(
            address,
            {"team_id": team, "role": "manager", "extra_permissions": ["audit.read"], "state": "suspended"},
            if_match=before["ETag"],
        )
    )
    assert (changed["team_id"], changed["role"], changed["state"]) == (team, "manager", "suspended")
    refused(twin.patch(address, {"role": "member"}, if_match=before["ETag"]), 412, "stale_version")
    refused(twin.patch(address, {"team_id": None, "role": "emperor"}), 422, "unknown_role", "role")
    assert told(twin.get(address)) == changed, "all or nothing"
    assert [one["id"] for one in told(twin.get(f"members/?team_id={team}&state=suspended"))["results"]] == [
        str(left.member.id)
    ]
    told(twin.patch(address, {"state": "active"}))
    assert twin.delete(address).status_code == 204
    refused(twin.get(address), 404, "not_found")


def test_a_program_gives_no_more_than_its_key_and_its_owner_may(twin: Program, left: World) -> None:
    admin = join(left.organization, User.objects.create_user("ada@left.example", PASSWORD), "admin")
    program = program_of(admin)
    owner, member = f"members/{left.owner.id}/", f"members/{left.member.id}/"
    refused(program.patch(owner, {"role": "member"}), 403, "above")
    refused(program.delete(owner), 403, "above")
    refused(program.patch(member, {"role": "owner"}), 403, "more_than_oneself")
    refused(program.patch(f"members/{admin.id}/", {"role": "owner"}), 403, "oneself")
    refused(program.post("invitations/", {"emails": [DORA], "role": "owner"}), 403, "more_than_oneself")
    narrow = program_of(left.owner, scopes=["organization.members"])
    refused(narrow.post("invitations/", {"emails": [DORA], "role": "admin"}), 403, "more_than_oneself")
    refused(narrow.patch(member, {"role": "admin"}), 403, "above")
    assert Membership.objects.get(id=left.owner.id).role == "owner"
    with use_tenant(left.context):
        assert not Invitation.objects.exists()


def test_roles_are_told(plain: Program) -> None:
    roles = {one["slug"]: one for one in told(plain.get("roles/"))["results"]}
    assert set(roles) == {"owner", "admin", "manager", "member", "auditor", "billing"}
    assert "organization.members" in roles["admin"]["permissions"]
    assert "organization.members" not in roles["member"]["permissions"]


def test_a_member_makes_keys_of_their_own(plain: Program, left: World) -> None:
    made = told(plain.post("me/api-keys/", {"name": "CI", "scopes": ["chats.read"]}), 201)
    assert [one["name"] for one in told(plain.get("me/api-keys/"))["results"]] == ["CI", "Test"]
    refused(plain.post("me/api-keys/", {"name": "CI", "scopes": ["chats.all"]}), 422, "invalid", "scopes")
    refused(Program(made["secret"]).post("me/api-keys/", {"name": "More"}), 403, "missing_scope")
    assert plain.delete(f"me/api-keys/{made['key']['id']}/").status_code == 204
    refused(Program(made["secret"]).get("me/"), 401, "invalid_api_key")


def test_me_and_my_organization(twin: Program, plain: Program, left: World, right: World) -> None:
    me = twin.get("me/")
    told(
        twin.patch("me/", {"time_zone": "Europe/Lisbon", "primary_organization": "left"}, if_match=me["ETag"])
    )
    person = User.objects.get(id=left.twin.user_id)
    assert (person.time_zone, person.primary_organization_id) == ("Europe/Lisbon", left.organization.id)
    refused(twin.patch("me/", {"time_zone": "Mars/Base"}), 422, "unknown_time_zone", "time_zone")
    refused(twin.patch("me/", {"primary_organization": "right"}), 404, "not_found", "primary_organization")
    read = twin.get("organization/")
    wanted = {"name": "Quay", "currency": "EUR", "regulations": ["GDPR"], "retention_days": None}
    told(twin.patch("organization/", wanted, if_match=read["ETag"]))
    refused(twin.patch("organization/", {"name": "Mine"}, if_match=read["ETag"]), 412, "stale_version")
    assert Organization.objects.get(id=left.organization.id).name == "Quay"
    for wrong, code, field in (
        ({"plan": "enterprise"}, "unknown_field", "plan"), ({"currency": "euro"}, "invalid", "currency"),
        ({"time_zone": "x"}, "unknown_time_zone", "time_zone"),
        ({"retention_days": 0}, "invalid", "retention_days"),
    ):  # fmt: skip
        refused(twin.patch("organization/", wrong), 422, code, field)
    refused(plain.get("organization/"), 403, "missing_permission")
