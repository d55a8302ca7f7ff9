"""Nobody rises by themselves or above who lifts them, and an owner always stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.context import use_tenant
from tenants.models import ApiKey, ControlEvent, Membership, Organization, User
from tenants.permissions import permissions_of
from tenants.services.keys import create_api_key
from tenants.services.members import bring_back, leave, rank_member, remove_member, suspend_member
from tenants.services.structuring import version_of
from tests.fixtures.organizations import PASSWORD, World, build_world, join
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(left: World) -> Iterator[World]:
    with use_tenant(left.context):
        yield left


@pytest.fixture
def admin(left: World) -> Membership:
    return join(
        left.organization, User.objects.create_user("ada@left.example", PASSWORD, name="Ada"), "admin"
    )


def now(who: Membership) -> Membership:
    return Membership.objects.select_related("user").get(id=who.id)


def test_a_member_rises_and_falls_and_the_trail_is_told(here: World, admin: Membership) -> None:
    rank_member(member=admin, who=here.member, role="manager")
    rank_member(
        member=admin, who=here.member, extra_permissions=["audit.read"], withheld_permissions=["chats.write"]
    )
    rights = permissions_of(now(here.member))
    assert ("audit.read" in rights, "chats.write" in rights, "companions.edit" in rights) == (
        True,
        False,
        True,
    )
    with pytest.raises(StaleVersion):
        rank_member(member=admin, who=here.member, role="member", version=version_of(here.member))
    rows = ControlEvent.objects.filter(organization=here.organization, action="membership.ranked")
    assert rows.earliest("id").payload["was"] == "member"
    assert rows.latest("id").payload["extra"] == ["audit.read"]
    with pytest.raises(Invalid):
        rank_member(member=admin, who=here.member, role="emperor")
    with pytest.raises(Invalid):
        rank_member(member=admin, who=here.member, extra_permissions=["chats.everything"])


def test_out_back_and_gone(here: World, admin: Membership) -> None:
    client = signed_in(here.member)
    _key, secret = create_api_key(member=here.member, name="Mine")
    suspend_member(member=admin, who=here.member)
    assert client.get("/o/left/").status_code == 403
    assert client.get("/api/v1/me/", headers={"authorization": f"Bearer {secret}"}).status_code == 401
    bring_back(member=admin, who=here.member)
    assert client.get("/o/left/").status_code == 200
    User.objects.filter(id=here.member.user_id).update(primary_organization=here.organization)
    remove_member(member=admin, who=here.member)
    assert client.get("/o/left/").status_code == 403
    assert not ApiKey.objects.filter(name="Mine").exists()
    assert User.objects.get(id=here.member.user_id).primary_organization_id is None


def test_nobody_changes_who_may_more_or_gives_what_they_have_not(here: World, admin: Membership) -> None:
    less = join(here.organization, User.objects.create_user("leo@left.example", PASSWORD), "admin")
    Membership.objects.filter(id=less.id).update(withheld_permissions=["audit.read"])
    less = now(less)
    attempts: list[tuple[Any, Membership, Membership, dict[str, Any]]] = [
        (rank_member, admin, here.owner, {"role": "member"}),
        (suspend_member, admin, here.owner, {}),
        (remove_member, admin, here.owner, {}),
        (rank_member, admin, here.member, {"role": "owner"}),
        (rank_member, admin, admin, {"role": "member"}),
        (rank_member, here.owner, here.owner, {"withheld_permissions": []}),
        (rank_member, less, here.member, {"extra_permissions": ["audit.read"]}),
        (rank_member, less, here.member, {"role": "admin"}),
        (rank_member, less, less, {"withheld_permissions": []}),
        (suspend_member, less, admin, {}),
        (rank_member, here.member, admin, {"role": "member"}),
        (rank_member, here.member, here.member, {"role": "admin"}),
        (remove_member, here.member, admin, {}),
    ]
    before = list(Membership.objects.order_by("id").values())
    for service, who, whom, wanted in attempts:
        with pytest.raises(NotAllowed):
            service(member=who, who=whom, **wanted)
    narrow, _secret = create_api_key(member=here.owner, name="Narrow", scopes=["organization.members"])
    for service, wanted in ((rank_member, {"role": "admin"}), (suspend_member, {})):
        with pytest.raises(NotAllowed):
            service(member=here.owner, who=here.member, key=narrow, **wanted)
    assert list(Membership.objects.order_by("id").values()) == before


def test_the_last_owner_stays(here: World) -> None:
    remove_member(member=here.owner, who=here.twin)
    outsider: list[tuple[Any, dict[str, Any]]] = [
        (rank_member, {"role": "admin"}), (suspend_member, {}), (remove_member, {}),
    ]  # fmt: skip
    for service, wanted in outsider:  # by Humana itself: not even so
        with pytest.raises(Conflict):
            service(who=here.owner, **wanted)
    with pytest.raises(Conflict):
        leave(member=here.owner)
    rank_member(member=here.owner, who=here.member, role="owner")
    leave(member=here.owner)
    assert not Membership.objects.filter(id=here.owner.id).exists()
    with pytest.raises(Conflict):
        leave(member=now(here.member))


def test_an_owner_who_cannot_sign_in_is_none(here: World) -> None:
    User.objects.filter(id=here.twin.user_id).update(is_active=False)
    with pytest.raises(Conflict):
        leave(member=here.owner)


def test_members_of_another_organization_are_not_there(here: World, right: World) -> None:
    for service, wanted in ((rank_member, {"role": "manager"}), (suspend_member, {}), (remove_member, {})):
        with pytest.raises(NotFound):
            service(member=here.owner, who=right.member, **wanted)  # type: ignore[operator]
        with pytest.raises(NotFound):
            service(member=right.owner, who=here.member, **wanted)  # type: ignore[operator]


@pytest.mark.django_db(transaction=True)
def test_two_owners_do_not_send_each_other_away_at_once() -> None:
    world = build_world("left")
    errors: list[HumanaError] = []
    start = threading.Barrier(2)

    def send_away(who: Membership, whom: Membership) -> None:
        try:
            with use_tenant(world.context):
                start.wait(10)
                rank_member(member=who, who=whom, role="member")
        except HumanaError as error:
            errors.append(error)
        finally:
            connection.close()

    pairs = ((world.owner, world.twin), (world.twin, world.owner))
    threads = [threading.Thread(target=send_away, args=pair) for pair in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert [one.code for one in errors] == ["last_owner"]
    assert Organization.objects.get().memberships.filter(role="owner").count() == 1


def test_the_page_of_a_member(left: World, admin: Membership) -> None:
    manager, address = signed_in(admin), f"/o/left/settings/members/{left.member.id}/"
    assert signed_in(left.member).get(address).status_code == 403
    page = manager.get(address)
    assert page.status_code == 200
    seen = page.context["forms"]["role"].initial["seen"]
    saved = manager.post(address, {"do": "role", "role": "manager", "seen": seen})
    assert saved.status_code == 302, saved.content
    stale = manager.post(address, {"do": "role", "role": "member", "seen": seen})
    assert (stale.status_code, b"Somebody else changed this meanwhile" in stale.content) == (412, True)
    over = stale.context["forms"]["role"].data["seen"]
    assert manager.post(address, {"do": "role", "role": "member", "seen": over}).status_code == 302
    granted = sorted((permissions_of(now(left.member)) | {"audit.read"}) - {"chats.write"})
    assert manager.post(address, {"do": "permissions", "granted": granted}).status_code == 302
    who = now(left.member)
    assert (who.extra_permissions, who.withheld_permissions) == (["audit.read"], ["chats.write"])
    assert manager.post(address, {"do": "role", "role": "owner"}).status_code == 422, "not offered"
    owners = f"/o/left/settings/members/{left.owner.id}/"
    assert b'value="role"' not in manager.get(owners).content
    assert manager.post(owners, {"do": "role", "role": "member"}).status_code == 422
    assert manager.post(f"{owners}suspend/").status_code == 302
    assert now(left.owner).state == "active"
    assert manager.post(f"{address}suspend/").status_code == 302
    assert now(left.member).state == "suspended"
    assert manager.post(f"{address}bring-back/").status_code == 302
    assert manager.post(f"{address}remove/").status_code == 302
    assert not Membership.objects.filter(id=left.member.id).exists()


def test_the_list_of_members_is_searched_and_tells_addresses_to_who_manages_them(left: World) -> None:
    members = "/o/left/settings/members/"
    boss, plain = signed_in(left.owner), signed_in(left.member)
    assert b"bruno@left.example" in boss.get(f"{members}?q=BRUNO@").content
    found = boss.get(f"{members}?role=member&state=active&q=bru").context["found"]
    assert [one.id for one in found] == [left.member.id]
    for odd in ("?team=none", "?q=%00", "?role=%00", "?state=x", "?page=-1"):
        assert boss.get(members + odd).status_code == 200
    assert b"ana@left.example" not in plain.get(members).content
    assert plain.get(f"{members}?q=ana@left").context["found"].count() == 0
