"""A certificate that people sign in by ends: whoever looks after it hears so many days before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from byoc.config_keys import CERTIFICATE_DAYS
from byoc.models import Endpoint, Notice, Watch
from byoc.queries_health import health_report
from byoc.services import health, notices
from byoc.services.endpoints import validate_endpoint
from tenants.context import use_tenant
from tenants.models import ControlEvent
from tests.byoc.rows import connected
from tests.fixtures.organizations import World
from tests.peers.saml import metadata
from tests.tenants.test_config_effects import say

pytestmark = pytest.mark.django_db


def signing_in(world: World, *, days: int) -> Endpoint:
    fields = {"kind": "identity", "type": "saml", "role": "sso", "options": {"metadata": metadata(days=days)}}
    return connected(world, "https://127.0.0.1:443", name="Sign-in", **fields)


def sweep() -> None:
    Watch.objects.update(due_at=timezone.now())
    health.sweep()


def advised(world: World) -> list[str]:
    advice = health_report(world.organization).recommendations
    return [one.sentence for one in advice if one.code == "expiring"]


def told(world: World) -> list[str]:
    with use_tenant(world.context):
        return sorted(set(Notice.objects.filter(channel="email").values_list("event", flat=True)))


def test_it_is_told_once_as_long_before_as_the_organization_says(left: World, right: World) -> None:
    ours = signing_in(left, days=40)
    signing_in(right, days=40)
    sweep()
    assert (advised(left), told(left)) == ([], [])
    assert validate_endpoint(organization=left.organization, endpoint_id=ours.id).code == ""
    say(left, CERTIFICATE_DAYS, 60)
    assert len(advised(left)) == 1, "the report knows at once"
    assert validate_endpoint(organization=left.organization, endpoint_id=ours.id).code == "expires_soon"
    sweep()
    sweep()
    assert (told(left), told(right), advised(right)) == (["endpoint.expiring"], [], [])
    with use_tenant(left.context):
        assert Notice.objects.filter(channel="email").count() == 2  # the two who may change endpoints
        assert ControlEvent.objects.filter(action="endpoint.expiring").count() == 1
    notices.send_due()
    ends = timezone.now() + timedelta(days=40)
    assert f"{ends:%Y-%m-%d}" in mail.outbox[0].subject


def test_another_certificate_is_told_anew(left: World) -> None:
    ours = signing_in(left, days=10)
    sweep()
    with use_tenant(left.context):
        Endpoint.objects.filter(id=ours.id).update(options={"metadata": metadata(days=12)})
    sweep()
    with use_tenant(left.context):
        assert ControlEvent.objects.filter(action="endpoint.expiring").count() == 2
