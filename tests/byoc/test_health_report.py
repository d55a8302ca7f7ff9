"""What an organization reads of its endpoints: how each is, overall, and what to do about it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from byoc.contracts import Health
from byoc.models import Endpoint, EndpointHealth, Failover, Probe
from byoc.queries_health import HealthReport, health_report, history_of
from byoc.readings import Reading, after
from tenants.context import use_tenant
from tests.fixtures.organizations import World

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_connected(left: World, right: World) -> None:
    """Not even what every organization of the tests has."""
    for world in (left, right):
        with use_tenant(world.context):
            Endpoint.objects.filter(organization=world.organization).delete()


def endpoint(world: World, name: str, **fields: Any) -> Endpoint:
    given = {"kind": "llm", "type": "custom", "state": "active", "origin": f"https://{name}.example"} | fields
    with use_tenant(world.context):
        return Endpoint.objects.create(organization=world.organization, name=name, **given)


def health(world: World, of: Endpoint, state: str, **fields: Any) -> None:
    with use_tenant(world.context):
        EndpointHealth.objects.create(
            organization=world.organization, endpoint=of, state=state, since=NOW, **fields
        )


def probes(world: World, of: Endpoint, *looks: tuple[timedelta, bool, int]) -> None:
    with use_tenant(world.context):
        Probe.objects.bulk_create(
            Probe(organization=world.organization, endpoint=of, at=NOW - ago, ok=ok, milliseconds=took)
            for ago, ok, took in looks
        )


def report(world: World) -> HealthReport:
    return health_report(world.organization, now=NOW)


def codes(world: World) -> list[str]:
    return [one.code for one in report(world).recommendations]


@pytest.mark.in_turn(4)
@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ("", "unknown"),
        ("+", "good"),
        ("-", "unknown"),
        ("--", "unknown"),
        ("---", "bad"),
        ("--+", "good"),
        ("+--", "good"),
        ("+---", "bad"),
        ("+--+--", "good"),
        ("---+", "bad"),
        ("---++", "good"),
        ("---+-+", "bad"),
        ("---++--", "good"),
        ("---++---", "bad"),
    ],
)
def test_it_turns_after_three_bad_probes_and_back_after_two_good(looks: str, told: str) -> None:
    reading = Reading()
    for look in looks:
        reading = after(reading, Health(look == "+", 0.1, "" if look == "+" else "timeout"), NOW)
    assert reading.state == told


def test_without_endpoints_there_is_nothing_to_say(left: World) -> None:
    assert (report(left).overall, report(left).endpoints) == ("none", ())


def test_overall_is_what_is_missed(left: World) -> None:
    main = endpoint(left, "main")
    assert report(left).overall == "unknown"
    health(left, main, "bad", code="unreachable", message="main cannot be reached.")
    told = report(left)
    assert (told.overall, [one.name for one in told.failing]) == ("bad", ["main"])
    spare = endpoint(left, "spare", role="fallback")
    with use_tenant(left.context):
        Failover.objects.create(
            organization=left.organization, endpoint=main, to_endpoint=spare, way="fallback", began_at=NOW
        )
    told = report(left)
    assert told.overall == "degraded"
    assert [(one.endpoint, one.by) for one in told.stand_ins] == [("main", "spare")]


def test_a_report_says_what_to_do(left: World) -> None:
    main = endpoint(left, "main", zone="us")
    endpoint(left, "draft", state="draft", zone="eu")
    left.organization.zone = "eu"
    ends = (NOW + timedelta(days=9)).isoformat()
    health(left, main, "good", details={"expires_at": ends})
    probes(left, main, *[(timedelta(minutes=n), True, 4_000) for n in range(20)])
    assert set(codes(left)) == {"no_fallback", "expiring", "slow", "outside_zone", "unvalidated"}
    assert codes(left)[:2] == ["expiring", "outside_zone"]  # what to act on comes first


def test_a_fallback_and_a_backup_leave_nothing_to_say(left: World) -> None:
    endpoint(left, "main")
    endpoint(left, "files", kind="storage", role="documents")
    assert set(codes(left)) == {"no_fallback", "no_backup"}
    endpoint(left, "spare", role="fallback")
    endpoint(left, "copy", kind="storage", role="backup", state="ready")
    assert codes(left) == []


def test_history_is_by_the_hour_and_by_the_day(left: World) -> None:
    main = endpoint(left, "main")
    probes(
        left, main,
        (timedelta(minutes=10), True, 100), (timedelta(minutes=20), True, 300),
        (timedelta(minutes=30), False, 9_000), (timedelta(days=3), True, 50),
    )  # fmt: skip
    hours = history_of(left.organization, main.id, now=NOW)
    assert [(one.probes, one.bad, one.slowest) for one in hours] == [(3, 1, 300)]
    assert hours[0].well == pytest.approx(2 / 3)
    days = history_of(left.organization, main.id, days=30, now=NOW)
    assert [one.probes for one in days] == [1, 3]


def test_nobody_reads_anothers(left: World, right: World) -> None:
    main = endpoint(left, "main")
    health(left, main, "bad")
    probes(left, main, (timedelta(minutes=1), True, 5))
    assert report(right).endpoints == ()
    assert history_of(right.organization, main.id, now=NOW) == ()
    assert history_of(left.organization, uuid.uuid4(), now=NOW) == ()
