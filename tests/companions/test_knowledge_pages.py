"""Pages of knowledge and capabilities, as somebody sees them who keeps them, and somebody who shares."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from companions.models import Capability, KnowledgeAsset, SharingRule
from tenants.context import use_tenant
from tenants.models import Team
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
PLAIN = {"language": "en", "level": "public", "seen": "0"}


@pytest.fixture
def owner(left: World) -> Client:
    return signed_in(left.twin)


def at(world: World, rest: str) -> str:
    return f"/o/{world.slug}/settings/{rest}"


def asset(world: World, **named: object) -> KnowledgeAsset:
    with use_tenant(world.context):
        return KnowledgeAsset.everything.get(**named)


def test_knowledge_is_written_read_of_a_file_narrowed_and_taken_back(left: World, owner: Client) -> None:
    wrong = owner.post(at(left, "knowledge/new/"), PLAIN | {"title": "Leave", "text": "a\x00b"})
    assert wrong.status_code == 422
    assert "Leave" in wrong.content.decode()
    written = owner.post(at(left, "knowledge/new/"), PLAIN | {"title": "Leave", "text": "Thirty days."})
    assert written.status_code == 302
    sent = SimpleUploadedFile("guide.md", "# Guia da casa\n\nFechamos às oito.".encode())
    owner.post(at(left, "knowledge/new/"), PLAIN | {"file": sent})
    assert asset(left, title="Guia da casa").text.endswith("às oito.")
    for content in (b"\xff\xfe\x00", b"\x00"):
        bad = SimpleUploadedFile("x.md", content)
        assert owner.post(at(left, "knowledge/new/"), PLAIN | {"file": bad, "title": "x"}).status_code == 422
    row = asset(left, title="Leave")
    page = owner.get(at(left, "knowledge/")).content.decode()
    assert "Guia da casa" in page
    assert "not used yet" in page
    assert "Leave" not in owner.get(at(left, "knowledge/?q=guia")).content.decode()
    address = at(left, f"knowledge/{row.id}/")
    assert "Everyone is told." in owner.get(address).content.decode()
    stale = owner.post(address, PLAIN | {"title": "Leave", "text": "Forty days.", "seen": "7"})
    assert stale.status_code == 412
    assert "Forty days." in stale.content.decode()
    told = PLAIN | {"title": "Leave", "text": "Forty days.", "seen": "1", "level": "team"}
    assert "Choose the team that this is for." in owner.post(address, told).content.decode()
    owner.post(address, told | {"level": "restricted"})
    assert "It is not named." in owner.get(address).content.decode()
    owner.post(address + "act/", {"do": "allow", "companion": left.companion.pk})
    assert "It is named." in owner.get(address).content.decode()
    assert owner.post(address + "act/", {"do": "allow", "companion": "x"}).status_code == 422
    with use_tenant(left.context):
        first = row.versions.get(number=1)
        assert SharingRule.objects.get(aim_id=row.id).allow
    owner.post(address + "act/", {"do": "restore", "version": first.id})
    assert asset(left, id=row.id).text == "Thirty days."
    gone = owner.post(address + "act/", {"do": "remove"}, follow=True).content.decode()
    assert "?do=bring-back" in gone
    assert owner.get(address).status_code == 404
    owner.post(address + "act/?do=bring-back")
    assert owner.get(address).status_code == 200


def test_a_member_sees_what_they_may_and_shares_around_themselves(left: World) -> None:
    client = signed_in(left.member)
    with use_tenant(left.context):
        team = Team.objects.create(organization=left.organization, name="Pilots")
    left.member.team = team
    left.member.save()
    page = client.get(at(left, "knowledge/new/")).content.decode()
    assert "Its team" in page
    assert "Everyone in the organization" not in page, "no wider than where they stand"
    refused = client.post(at(left, "knowledge/new/"), PLAIN | {"title": "Tides", "text": "High at six."})
    assert refused.status_code == 422
    client.post(
        at(left, "knowledge/new/"), PLAIN | {"title": "Tides", "text": "High at six.", "level": "team"}
    )
    row = asset(left, title="Tides")
    assert (row.level, row.source, row.team_id) == ("team", "person", team.id)
    assert "Opening hours" not in client.get(at(left, "knowledge/")).content.decode(), "it is restricted"
    hidden = left.row(KnowledgeAsset)
    assert client.get(at(left, f"knowledge/{hidden.pk}/")).status_code == 404
    assert client.post(at(left, f"knowledge/{hidden.pk}/act/"), {"do": "remove"}).status_code == 404
    sent = {"do": "allow", "companion": left.companion.pk}
    assert client.post(at(left, f"knowledge/{row.id}/act/"), sent).status_code == 403
    assert client.get(at(left, "capabilities/")).status_code == 403


def test_a_capability_is_made_and_its_companions_are_shown(left: World, owner: Client) -> None:
    kinds = owner.get(at(left, "capabilities/")).content.decode()
    assert "?kind=skill" in kinds
    new = at(left, "capabilities/new/?kind=skill")
    assert "Write what companions are to do." in owner.post(new, PLAIN | {"name": "Brief"}).content.decode()
    owner.post(new, PLAIN | {"name": "Brief", "instructions": "One line."})
    with use_tenant(left.context):
        row = Capability.objects.get(name="Brief")
    page = owner.get(at(left, f"capabilities/{row.id}/")).content.decode()
    assert "Everyone is told." in page
    owner.post(at(left, f"capabilities/{row.id}/act/"), {"do": "deny", "companion": left.companion.pk})
    assert "It is excluded." in owner.get(at(left, f"capabilities/{row.id}/")).content.decode()
    owner.post(at(left, f"capabilities/{row.id}/act/"), {"do": "drop", "companion": left.companion.pk})
    owner.post(at(left, f"capabilities/{row.id}/act/"), {"do": "remove"})
    assert owner.get(at(left, f"capabilities/{row.id}/")).status_code == 404
    owner.post(at(left, f"capabilities/{row.id}/act/?do=bring-back"))
    assert owner.get(at(left, f"capabilities/{row.id}/")).status_code == 200
