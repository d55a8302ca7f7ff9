"""What operators change of organizations, people and how an organization is built; and who is told."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tenants.context import use_tenant
from tenants.models import ControlEvent, Membership, Organization, Placement, Role, Team, User
from tenants.services.members import place_member
from tenants.services.teams import create_team
from tests.admin.conftest import Desk, actions, changed, problems
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def test_an_organization_is_configured_and_suspended(operator: Desk, left: World) -> None:
    page, key = "tenants_organization", left.organization.id
    answer = operator.edit(page, key, name="Haven", regulations=["LGPD", "HIPAA"], retention_days=900)
    assert answer.status_code == 302
    organization = Organization.objects.get(id=key)
    assert (organization.name, organization.regulations) == ("Haven", ["LGPD", "HIPAA"])
    assert changed(left) == {"fields": ["name", "regulations", "retention_days"]}
    operator.edit(page, key, state="suspended")
    assert operator.client.get(f"/o/{left.slug}/").status_code == 403
    assert "state" in problems(operator.edit(page, key, state="removing"))
    for wrong in ({"retention_days": 99999999}, {"language": "tlh"}, {"time_zone": "Mars/Olympus"}):
        assert list(problems(operator.edit(page, key, **wrong))) == list(wrong)


def test_a_new_address_redirects_from_the_old_one_and_must_be_free(
    operator: Desk, left: World, right: World
) -> None:
    page, key = "tenants_organization", left.organization.id
    assert list(problems(operator.edit(page, key, slug="right"))) == ["slug"]
    assert list(problems(operator.edit(page, key, slug="admin"))) == ["slug"]
    assert operator.edit(page, key, slug="haven").status_code == 302
    assert Organization.objects.get(id=key).slug == "haven"
    assert Organization.objects.get(id=key).former_slugs.get().slug == "left"
    assert "organization.renamed" in actions(left)


@pytest.mark.pool_only("counts who lives in the pool")
def test_placements_say_how_many_live_there_and_keep_their_schema(
    operator: Desk, left: World, right: World
) -> None:
    rows = operator.get("tenants_placement").context["cl"].result_list
    assert {row.schema_name: row.used for row in rows} == {"pool_main": 2}
    placement = Placement.objects.get()
    operator.edit(
        "tenants_placement", placement.id, capacity=500, schema_name="elsewhere", isolation="schema"
    )
    placement.refresh_from_db()
    assert (placement.capacity, placement.schema_name, placement.isolation) == (500, "pool_main", "row")
    assert ControlEvent.objects.get(action="operator.changed").organization_id is None


def test_a_person_is_deactivated_and_every_organization_of_theirs_is_told(
    operator: Desk, left: World, right: World
) -> None:
    twin = left.twin.user
    told = {
        "name": twin.name,
        "language": "",
        "time_zone": "",
        "email": "mine@evil.example",
    }  # and not active
    assert operator.client.post(operator.address("tenants_user", twin.id), told).status_code == 302
    twin.refresh_from_db()
    assert not twin.is_active
    assert twin.email == "caio@both.example", "whoever sets it could sign in as them"
    assert changed(left) == changed(right) == {"fields": ["is_active"]}


def test_only_superusers_make_operators_and_nobody_unmakes_themselves(
    operator: Desk, superuser: Desk, left: World
) -> None:
    page, key = "tenants_user", left.owner.user_id
    operator.edit(page, key, is_staff="on")
    assert not User.objects.get(id=key).is_staff
    superuser.edit(page, key, is_staff="on")
    assert User.objects.get(id=key).is_staff
    superuser.client.post(superuser.address(page, superuser.user.id), {"name": "Root"})
    superuser.user.refresh_from_db()
    assert superuser.user.is_staff
    assert superuser.user.is_active


def test_a_member_changes_role_but_is_not_made_here(operator: Desk, left: World, right: World) -> None:
    operator.take(left)
    page, key = "tenants_membership", left.member.id
    assert operator.client.get(reverse(f"admin:{page}_add")).status_code == 403
    assert operator.edit(page, key, role="manager", extra_permissions=["audit.read"]).status_code == 302
    member = Membership.objects.get(id=key)
    assert (member.role, member.extra_permissions) == ("manager", ["audit.read"])
    assert changed(left) == {"fields": ["extra_permissions", "role"]}
    with use_tenant(right.context):
        theirs = Team.objects.create(organization=right.organization, name="Pilots")
    for wrong in ({"role": "emperor"}, {"extra_permissions": ["everything"]}, {"team": str(theirs.id)}):
        assert list(problems(operator.edit(page, key, **wrong))) == list(wrong)


def test_operators_do_not_change_their_own_membership(operator: Desk, left: World) -> None:
    own = Membership.objects.create(organization=left.organization, user=operator.user, role="member")
    operator.take(left)
    assert (
        operator.client.post(operator.address("tenants_membership", own.id), {"role": "owner"}).status_code
        == 403
    )


def test_teams_are_built_and_names_are_taken_once(operator: Desk, left: World) -> None:
    operator.take(left)
    assert operator.edit("tenants_team", name="Wards", is_department="on").status_code == 302
    with use_tenant(left.context):
        team = Team.objects.get(name="Wards")
    assert team.organization_id == left.organization.id
    assert "operator.added" in actions(left)
    assert problems(operator.edit("tenants_team", name="Wards"))
    operator.delete("tenants_team", team.id)
    with use_tenant(left.context):
        assert not Team.objects.filter(id=team.id).exists()


def test_the_console_makes_no_circle_and_removes_no_team_that_somebody_is_in(
    operator: Desk, left: World
) -> None:
    with use_tenant(left.context):
        wards = create_team(name="Wards")
        first = create_team(name="Ward 1", parent_id=wards.id)
        place_member(who=left.member, team_id=first.id)
    operator.take(left)
    refused = problems(operator.edit("tenants_team", wards.id, name="Wards", parent=str(first.id)))
    assert "Wards › Ward 1 › Wards" in str(refused)
    assert operator.delete("tenants_team", first.id).status_code == 409
    with use_tenant(left.context):
        assert Team.objects.filter(id=first.id).exists()
    assert operator.edit("tenants_position", title="Chief", level="0").status_code == 302


def test_a_role_somebody_has_is_not_deleted(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.edit("tenants_role", name="Night shift", slug="night", permissions=["chats.read"])
    with use_tenant(left.context):
        role = Role.objects.get(slug="night")
    operator.edit("tenants_membership", left.member.id, role="night")
    assert operator.delete("tenants_role", role.id).status_code == 403
    operator.edit("tenants_membership", left.member.id, role="member")
    assert operator.delete("tenants_role", role.id).status_code == 302
