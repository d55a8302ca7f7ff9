"""What an organization says of its telemetry holds: whether and where it is sent, and how many traces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byoc import endpoints
from byoc.config_keys import EXPORT, SAMPLE_RATE
from byoc.models import Endpoint
from byoc.queries_health import health_report
from byoc.telemetry import destinations
from companions.infrastructure import infrastructure
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tests.fixtures.organizations import World
from tests.tenants.test_config_effects import say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    endpoints.forget()
    yield
    snapshot.forget()
    endpoints.forget()


def connected(world: World, role: str, **fields: Any) -> Endpoint:
    given = {"type": "custom", "origin": "https://collector.example", "state": "active"} | fields
    with use_tenant(world.context):
        found = Endpoint.objects.create(
            organization=world.organization, kind="monitoring", role=role, name=f"Ours for {role}", **given
        )
    endpoints.forget()
    return found


@pytest.fixture
def collector(left: World) -> Endpoint:
    return connected(left, "logs")


def sent(world: World) -> dict[str, str]:
    """To which of its own each signal goes, by name."""
    return {signal: to[0].name for signal, to in destinations._its_own(world.organization.id).items()}


def test_telemetry_goes_to_its_own_until_it_says_no(left: World, collector: Endpoint) -> None:
    sent = destinations._its_own(left.organization.id)
    assert sent["logs"][0].id == str(collector.id)
    say(left, EXPORT, False)
    assert destinations._its_own(left.organization.id) == {}


def test_as_many_traces_as_it_says(left: World) -> None:
    assert destinations.sample_rate(left.organization.id) == 1.0
    say(left, SAMPLE_RATE, 0.25)
    assert destinations.sample_rate(left.organization.id) == 0.25


def test_one_collector_takes_all_that_has_no_endpoint_of_its_own_role(left: World) -> None:
    one = connected(left, "metrics")
    assert sent(left) == dict.fromkeys(("traces", "metrics", "logs"), one.name)
    two = connected(left, "logs")
    assert sent(left) == {"traces": one.name, "metrics": one.name, "logs": two.name}


def test_what_takes_no_otlp_or_only_alerts_takes_nothing_else(left: World) -> None:
    connected(left, "alerts")
    assert sent(left) == {}
    connected(left, "logs", type="datadog")
    assert sent(left) == {"logs": "Ours for logs"}


def test_nothing_leaves_the_zone_for_its_own_either_and_health_says_what_is_dropped(
    left: World, settings: Any
) -> None:
    settings.HUMANA_OTLP_URL, settings.HUMANA_OTLP_ZONE = "https://otlp.example", "us"
    connected(left, "metrics", zone="us", options={"traces": False})
    assert not advised(left)
    left.organization.zone = "eu"
    with use_tenant(left.context):
        left.organization.save()
    endpoints.forget()
    assert sent(left) == {}
    assert "traces, numbers, log lines" in advised(left)
    with use_tenant(left.context):
        assert infrastructure().dropped == "traces, numbers, log lines"
    connected(left, "logs", zone="eu")
    assert sent(left) == dict.fromkeys(("traces", "metrics", "logs"), "Ours for logs")
    assert not advised(left)
    settings.HUMANA_OTLP_ZONE = "eu"
    assert destinations.find(left.organization.id).zone == destinations.find(None).to["logs"][0].zone


def advised(world: World) -> str:
    found = health_report(world.organization).recommendations
    return "".join(one.sentence for one in found if one.code == "unheard")
