"""An organization's own roles: changed with open eyes, never into more than who changes them may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.context import use_tenant
from tenants.models import ControlEvent, Invitation, Membership, Role, User
from tenants.permissions import permissions_of
from tenants.queries import access_role
from tenants.services.invitations import invite
from tenants.services.keys import create_api_key
from tenants.services.members import rank_member
from tenants.services.roles import create_role, edit_role, effect_of, remove_role
from tenants.services.structuring import version_of
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import PASSWORD, World, join
from tests.pages.conftest import signed_in
from tests.pages.reading import Page

pytestmark = pytest.mark.django_db
NIGHT = ["organization.members", "organization.see_structure", "chats.read"]


@pytest.fixture
def here(left: World) -> Iterator[World]:
    with use_tenant(left.context):
        yield left


def person(world: World, name: str, role: str, **rank: Any) -> Membership:
    user = User.objects.create_user(f"{name.lower()}@left.example", PASSWORD, name=name)
    row = join(world.organization, user, role)
    if rank:
        Membership.objects.filter(id=row.id).update(**rank)
        row.refresh_from_db()
    return row


def test_a_change_is_foreseen_and_holds_at_the_next_request(here: World) -> None:
    role = create_role(member=here.owner, name="Night shift", permissions=NIGHT)
    assert role.slug == "night-shift"
    nora = person(here, "Nora", role.slug)
    otto = person(here, "Otto", role.slug, extra_permissions=["chats.read"])
    client, page = signed_in(nora), "/o/left/settings/members/"
    assert client.get(page).status_code == 200
    effect = effect_of(role, ["audit.read"])
    assert (effect.added, effect.holders) == (("audit.read",), 2)
    told = {one.who.id: (one.gains, one.loses) for one in effect.touched}
    assert told[nora.id] == (("audit.read",), tuple(sorted(NIGHT)))
    assert "chats.read" not in told[otto.id][1], "what is given beside the role stays"
    changed = edit_role(member=here.owner, role=role, name="Late shift", permissions=["audit.read"])
    assert client.get(page).status_code == 403, "at the very next request"
    row = ControlEvent.objects.filter(action="role.changed").latest("id")
    assert row.payload["was"] == {"name": "Night shift", "permissions": sorted(NIGHT)}
    assert row.payload["now"] == {"name": "Late shift", "permissions": ["audit.read"]}
    with pytest.raises(StaleVersion):
        edit_role(member=here.owner, role=role, name="X", version=version_of(role))
    for wrong, error in (
        ({"permissions": ["chats.everything"]}, Invalid), ({"name": " "}, Invalid),
        ({"name": "Owner"}, Conflict), ({"name": "ADMIN"}, Conflict),
    ):  # fmt: skip
        with pytest.raises(error):
            edit_role(member=here.owner, role=changed, **wrong)
    assert create_role(member=here.owner, name="Night shift").slug == "night-shift-2"


def test_nobody_rises_by_a_role(here: World) -> None:
    """Neither by their own, nor by one that they give to a friend, nor with a key made for less."""
    night = create_role(member=here.owner, name="Night", permissions=NIGHT)
    high = create_role(member=here.owner, name="High", permissions=[*NIGHT, "organization.manage"])
    nora = person(here, "Nora", "night")

    def refused_with(code: str, **change: Any) -> None:
        with pytest.raises(NotAllowed) as told:
            edit_role(member=nora, **change)
        assert told.value.code == code

    refused_with("oneself", role=night, permissions=[*NIGHT, "organization.manage"])
    refused_with("oneself", role=night, permissions=["organization.members"])
    refused_with("more_than_oneself", role=high, permissions=["chats.read"])
    refused_with("more_than_oneself", role=high, name="Low")
    low = create_role(member=nora, name="Low", permissions=["chats.read"])
    refused_with("more_than_oneself", role=low, permissions=["organization.manage"])
    with pytest.raises(NotAllowed):
        create_role(member=nora, name="Higher", permissions=["organization.manage"])
    person(here, "Max", "low", extra_permissions=["organization.manage"])
    refused_with("above", role=low, permissions=[])
    for role, heir in ((high, "member"), (low, "member"), (night, "member")):
        with pytest.raises(NotAllowed):
            remove_role(member=nora, role=role, move_to=heir)
    with pytest.raises(NotAllowed):
        edit_role(member=here.member, role=low, name="Mine")
    key, _secret = create_api_key(member=here.owner, name="N", scopes=["organization.members"])
    with pytest.raises(NotAllowed):
        edit_role(member=here.owner, role=low, permissions=["chats.read", "audit.read"], key=key)
    assert permissions_of(Membership.objects.get(id=nora.id)) == set(NIGHT)


def test_a_role_goes_only_when_whoever_has_it_has_another(here: World) -> None:
    role = create_role(member=here.owner, name="Night", permissions=["chats.read"])
    nora = person(here, "Nora", "night")
    invite(member=here.owner, emails=["dora@new.example"], origin="http://x", role="night")
    with pytest.raises(Conflict) as told:
        remove_role(member=here.owner, role=role)
    assert "Nora" in str(told.value.message)
    for wrong in ("night", "emperor"):
        with pytest.raises(Invalid):
            remove_role(member=here.owner, role=role, move_to=wrong)
    admin = person(here, "Ada", "admin")
    with pytest.raises(NotAllowed):
        remove_role(member=admin, role=role, move_to="owner")
    remove_role(member=here.owner, role=role, move_to="member")
    assert Membership.objects.get(id=nora.id).role == "member"
    assert Invitation.objects.get(email="dora@new.example").role == "member"
    assert not Role.objects.filter(id=role.id).exists()
    actions = list(ControlEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions[-2:] == ["membership.ranked", "role.removed"]
    with pytest.raises(Invalid):
        rank_member(member=here.owner, who=here.member, role="night")


def test_on_its_page_a_role_is_changed_after_a_look(here: World) -> None:
    role = create_role(member=here.owner, name="Night", permissions=["chats.read"])
    person(here, "Nora", "night")
    client, address = signed_in(here.owner, "en"), f"/o/left/settings/roles/{role.id}/"
    seen = client.get(address).context["form"].initial["seen"]
    told = {"name": "Night", "permissions": ["audit.read"], "seen": seen}
    looked = client.post(address, told)
    words = Page(looked).words
    assert ("Nora" in words, "Nothing is saved yet." in words) == (True, True)
    assert Role.objects.get(id=role.id).permissions == ["chats.read"]
    person(here, "Otto", "night")
    sent = told | {"looked": looked.context["looked"]}
    again = client.post(address, sent)
    assert "Otto" in Page(again).words, "somebody new is shown first"
    assert client.post(address, told | {"looked": again.context["looked"]}).status_code == 302
    assert Role.objects.get(id=role.id).permissions == ["audit.read"]
    stale = client.post(address, told | {"name": "Late", "looked": ""})
    assert stale.status_code == 412
    assert 'value="Late"' in stale.content.decode(), "nothing that was typed is lost"
    gone = client.post(f"{address}remove/", {"move_to": ""})
    assert gone.status_code == 422
    assert client.post(f"{address}remove/", {"move_to": "member"}).status_code == 302
    assert client.get(address).status_code == 404
    made = client.post("/o/left/settings/roles/new/", {"name": "Day", "permissions": ["chats.read"]})
    assert made.status_code == 302
    assert "Day" in Page(client.get("/o/left/settings/roles/")).words
    plain = signed_in(here.member)
    assert plain.get("/o/left/settings/roles/new/").status_code == 403


def test_programs_change_roles_too(here: World, right: World) -> None:
    twin = program_of(here.twin)
    made = twin.post("roles/", {"name": "Night", "permissions": ["chats.read"]}, idempotency_key="n")
    assert made.status_code == 201
    assert twin.post("roles/", {"name": "Night"}, idempotency_key="m").status_code == 409
    role = made.json()
    address = f"roles/{role['id']}/"
    nora = person(here, "Nora", role["slug"])
    effect = twin.post(f"{address}preview/", {"permissions": ["audit.read"]}).json()
    assert effect["touched"] == [
        {"member_id": str(nora.id), "name": "Nora", "gains": ["audit.read"], "loses": ["chats.read"]}
    ]
    read = twin.get(address)
    assert twin.patch(address, {"permissions": ["audit.read"]}, if_match=read["ETag"]).status_code == 200
    refused(twin.patch(address, {"name": "X"}, if_match=read["ETag"]), 412, "stale_version")
    refused(twin.delete(address), 409, "in_use")
    narrow = program_of(here.twin, scopes=["organization.members"])
    refused(narrow.patch(address, {"permissions": []}), 403, "more_than_oneself")
    refused(program_of(here.twin, scopes=["chats.read"]).patch(address, {"name": "X"}), 403, "missing_scope")
    refused(Program(right.key).get(address), 404, "not_found")
    assert twin.post(f"{address}dissolve/", {"move_to": "member"}).status_code == 204
    refused(twin.get(address), 404, "not_found")
    with pytest.raises(NotFound):
        access_role(member=here.owner, role_id=Role(id=role["id"]).id)
