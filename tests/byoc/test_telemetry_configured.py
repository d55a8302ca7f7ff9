"""What an organization says of its telemetry holds: whether it is sent at all, and how many traces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byoc import endpoints
from byoc.config_keys import EXPORT, SAMPLE_RATE
from byoc.models import Endpoint
from byoc.telemetry import destinations
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tests.fixtures.organizations import World
from tests.tenants.test_config_effects import say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


@pytest.fixture
def collector(left: World) -> Endpoint:
    with use_tenant(left.context):
        found = Endpoint.objects.create(
            organization=left.organization, kind="monitoring", role="logs", type="custom", name="Collector",
            origin="https://collector.example", state="active",
        )  # fmt: skip
    endpoints.forget()
    return found


def test_telemetry_goes_to_its_own_until_it_says_no(left: World, collector: Endpoint) -> None:
    sent = destinations._its_own(left.organization.id)
    assert sent["logs"][0].id == str(collector.id)
    say(left, EXPORT, False)
    assert destinations._its_own(left.organization.id) == {}


def test_as_many_traces_as_it_says(left: World) -> None:
    assert destinations.sample_rate(left.organization.id) == 1.0
    say(left, SAMPLE_RATE, 0.25)
    assert destinations.sample_rate(left.organization.id) == 0.25
