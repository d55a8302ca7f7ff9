"""The trail as people read it: those who may, with filters, a page at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEntry
from audit.views.trail import PAGE
from humana.kernel.actor import Actor
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.models import Membership, User
from tests.fixtures.organizations import PASSWORD, World, join

pytestmark = pytest.mark.django_db


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def seen(client: Client, world: World, **asked: str) -> list[AuditEntry]:
    answer = client.get(f"/o/{world.slug}/trail/", asked)
    assert answer.status_code == 200, answer.content
    return list(answer.context["entries"])


def tell(world: World, action: str, **told: object) -> None:
    with use_tenant(world.context):
        record_trail(action=action, resource_type="note", **told)


def test_owners_administrators_and_auditors_read_it_and_members_do_not(left: World) -> None:
    assert seen(signed_in(left.owner), left)
    for role, status in {"admin": 200, "auditor": 200, "manager": 403, "member": 403, "billing": 403}.items():
        user = User.objects.create_user(f"{role}@left.example", PASSWORD)
        client = signed_in(join(left.organization, user, role))
        assert client.get(f"/o/{left.slug}/trail/").status_code == status, role


def test_nobody_reads_somebody_elses(left: World, right: World) -> None:
    tell(right, "test.elsewhere")
    assert signed_in(left.owner).get(f"/o/{right.slug}/trail/").status_code == 403
    assert "test.elsewhere" not in {one.action for one in seen(signed_in(left.twin), left)}


def test_filters_narrow_it_down(left: World) -> None:
    carla = Actor(kind="user", label="Carla Araújo 100%")
    long_ago = timezone.now() - timedelta(days=40)
    tell(left, "notes.written", resource_id="n1", actor=carla)
    tell(left, "notes.read", resource_id="n2", at=long_ago)
    client = signed_in(left.owner)
    found = {name: [one.resource_id for one in seen(client, left, **asked)] for name, asked in {
        "action": {"action": "notes."},
        "exact": {"action": "notes.read"},
        "actor": {"actor": "carla"},
        "capitals": {"actor": "ARAÚJO"},
        "percent": {"actor": "100%"},
        "no wildcard": {"actor": "C%la"},
        "resource": {"resource": "n1"},
        "since": {"action": "notes.", "since": (timezone.localdate() - timedelta(days=2)).isoformat()},
        "until": {"action": "notes.", "until": (timezone.localdate() - timedelta(days=2)).isoformat()},
        "today": {"action": "notes.", "until": timezone.localdate().isoformat()},
    }.items()}  # fmt: skip
    assert found == {
        "action": ["n2", "n1"],
        "exact": ["n2"],
        "actor": ["n1"],
        "capitals": ["n1"],
        "percent": ["n1"],
        "no wildcard": [],
        "resource": ["n1"],
        "since": ["n1"],
        "until": ["n2"],
        "today": ["n2", "n1"],
    }


def test_it_is_read_a_page_at_a_time_to_the_first_entry(left: World) -> None:
    for number in range(PAGE + 20):
        tell(left, "notes.written", resource_id=number)
    client = signed_in(left.owner)
    first = client.get(f"/o/{left.slug}/trail/", {"action": "notes."})
    assert "action=notes." in first.context["older"]
    tell(left, "notes.written", resource_id="newer")
    rest = client.get(f"/o/{left.slug}/trail/?{first.context['older']}")
    ids = [one.resource_id for page in (first, rest) for one in page.context["entries"]]
    assert ids == [str(number) for number in reversed(range(PAGE + 20))]
    assert rest.context["older"] is None


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "a\x00b"},
        {"actor": "\x00"},
        {"resource": "x" * 300},
        {"since": "yesterday"},
        {"since": "2026-13-40"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"before": "²"},
        {"before": "-1"},
        {"before": "9" * 40},
        {"before": "1; DROP TABLE"},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(left: World, asked: dict[str, str]) -> None:
    answer = signed_in(left.owner).get(f"/o/{left.slug}/trail/", asked)
    assert answer.status_code == 422
