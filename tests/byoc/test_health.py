"""A sweep looks at everybody's endpoints, and nobody waits for somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from django.utils import timezone

from byoc import endpoints, gateway, standing
from byoc.contracts import EndpointSpec
from byoc.models import EgressGrant, Endpoint, EndpointHealth, Failover, Notice, Probe, Watch
from byoc.probing import Target, in_turns, looks
from byoc.queries_health import health_report
from byoc.sealing import sealed_credentials
from byoc.services import health
from humana.kernel.egress import Grant, Guard
from tenants.context import use_tenant, without_tenant
from tenants.models import ControlEvent
from tests.byoc.rows import connected
from tests.fixtures.organizations import World
from tests.peers.answering import Answering

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Iterator[Answering]:
    answering = Answering()
    answering.start()
    yield answering
    answering.stop()


@pytest.fixture(autouse=True)
def _nothing_is_connected(left: World, right: World) -> None:
    """Not even what every organization of the tests has."""
    for world in (left, right):
        with use_tenant(world.context):
            Endpoint.objects.filter(organization=world.organization).delete()


@pytest.fixture(autouse=True)
def _nothing_is_known_of_the_platform() -> Iterator[None]:
    yield
    caches["platform"].delete(health.PLATFORM_DUE)


def sweep(times: int = 1) -> health.Swept:
    swept = health.Swept()
    for _ in range(times):
        Watch.objects.update(due_at=timezone.now())
        swept = health.sweep()
    return swept


def states(world: World) -> dict[str, str]:
    return {one.name: one.state for one in health_report(world.organization).endpoints}


def target(service: Answering, path: str, number: int = 0) -> Target:
    url = f"{service.url}/{path}"
    spec = EndpointSpec(f"{path} {number}", "llm", "custom", url, options={"connect_seconds": 0.5})
    return Target(None, spec, Guard("platform", [Grant.for_url(url, owner="platform", reason="test")]))


def test_everybodys_endpoints_are_looked_at(left: World, right: World, service: Answering) -> None:
    connected(left, f"{service.url}/200/v1", name="Well", key="sk-left")
    connected(left, f"{service.url}/503/v1", name="Ill")
    connected(right, f"{service.url}/401/v1", name="Shut", key="sk-right")
    assert sweep(3).looked_at >= 3
    assert states(left).items() >= {"Well": "good", "Ill": "bad"}.items()
    assert states(right)["Shut"] == "bad"
    with use_tenant(right.context):
        assert EndpointHealth.objects.get(state="bad").code == "unauthorized"
    keys = {asked.headers["authorization"] for asked in service.asked if asked.path == "/200/v1/models"}
    assert keys == {"Bearer sk-left"}
    assert all(asked.method == "GET" and not asked.body for asked in service.asked)


def test_what_is_not_due_is_left_alone(left: World, service: Answering) -> None:
    connected(left, f"{service.url}/200/v1")
    sweep()
    asked = len(service.asked)
    health.sweep()
    assert len(service.asked) == asked


def test_what_begins_to_fail_is_looked_at_again_soon(left: World, service: Answering) -> None:
    connected(left, f"{service.url}/503/v1")
    sweep()
    soon = timezone.now() + timedelta(seconds=health.SOON + 1)
    assert Watch.objects.get(organization=left.organization).due_at < soon


def test_the_trail_and_the_customer_hear_of_it_once(left: World, service: Answering) -> None:
    connected(left, f"{service.url}/next/v1", name="Ours")
    service.script.extend([503] * 5)
    sweep(5)
    sweep(3)
    with use_tenant(left.context):
        events = ControlEvent.objects.filter(action__startswith="endpoint.").values_list("action", flat=True)
        assert list(events) == ["endpoint.failing", "endpoint.recovered"]
        assert set(Notice.objects.values_list("event", flat=True)) == {
            "endpoint.failing",
            "endpoint.recovered",
        }


def test_one_slow_endpoint_of_thirty_delays_no_other(service: Answering) -> None:
    targets = [target(service, "200", number) for number in range(29)]
    began, seen = timezone.now(), []
    for batch in looks([target(service, "silence"), *targets]):
        seen += batch
    slow = [look for look in seen if not look.health.ok]
    assert [look.target.spec.name for look in slow] == ["silence 0"]
    assert max(look.at for look in seen if look.health.ok) < slow[0].at
    assert (timezone.now() - began) < timedelta(seconds=8)


def test_never_more_at_once_than_there_are_places(service: Answering) -> None:
    found = [
        look
        for batch in looks([target(service, "200-20", n) for n in range(40)], at_once=5)
        for look in batch
    ]
    assert len(found) == 40
    assert service.most <= 5


def test_who_has_many_endpoints_takes_no_turn_of_others(left: World, right: World) -> None:
    guard, spec = Guard("platform"), EndpointSpec("e", "llm", "custom", "https://e.example")
    many = [Target(left.organization.id, spec, guard)] * 300
    few = [Target(right.organization.id, spec, guard)] * 2
    order = [one.organization_id for one in in_turns([*many, *few])]
    assert right.organization.id in order[:2]
    assert order[:4].count(right.organization.id) == 2


def test_a_redirect_is_not_followed_and_is_not_well(service: Answering) -> None:
    [[look]] = list(looks([target(service, "moved")]))
    assert (look.health.ok, look.health.code) == (False, "bad_request")
    assert len(service.asked) == 1


def test_an_endpoint_without_leave_is_told_so_and_not_dialled(service: Answering) -> None:
    wanted = target(service, "200")
    [[look]] = list(looks([Target(None, wanted.spec, Guard("platform"))]))
    assert look.health.code == "forbidden"
    assert service.asked == []


def test_a_fallback_stands_in_by_itself_and_gives_way_again(left: World, service: Answering) -> None:
    main = connected(left, f"{service.url}/next/v1", name="Main")
    connected(left, f"{service.url}/200/v1", name="Spare", role="fallback")
    service.script.extend([503] * 3)
    sweep(3)
    told = health_report(left.organization)
    assert [(one.endpoint, one.by, one.way) for one in told.stand_ins] == [("Main", "Spare", "fallback")]
    sweep(2)
    assert health_report(left.organization).stand_ins == ()
    with use_tenant(left.context):
        row = Failover.objects.get(endpoint=main)
        assert (row.state, row.why) == ("over", "overloaded")
        told_of = list(Notice.objects.filter(channel="email").values_list("event", flat=True).distinct())
    assert {"failover.began", "failover.ended"} <= set(told_of)


def test_so_it_does_for_a_model_that_the_environment_names(
    left: World, service: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operators read it; the organization is told nothing but the quiet line where it is answered."""
    monkeypatch.setenv("HUMANA_LLM_URL", f"{service.url}/next/v1")
    gateway.reload()
    try:
        spare = humanas_own(f"{service.url}/200/v1", "Our spare")
        service.script.extend([503] * 3)
        for _ in range(3):
            looked_at_the_platform()
        [told] = health_report(None).stand_ins
        assert (told.endpoint, told.by, told.why) == ("custom", "Our spare", "overloaded")
        with use_tenant(left.context):
            assert [one.name for one in gateway.describe("custom").route] == ["Our spare", "custom"]
            assert not Notice.objects.filter(organization=left.organization).exists()
            assert not ControlEvent.objects.filter(action__startswith="failover").exists()
        for _ in range(2):
            looked_at_the_platform()
        with use_tenant(left.context):
            assert [one.name for one in gateway.describe("custom").route] == ["custom", "Our spare"]
        with without_tenant(reason="a test looks at the platform's own"):
            row = Failover.objects.get(named="custom")
            assert (row.state, row.to_endpoint_id) == ("over", spare.id)
            events = ControlEvent.objects.filter(organization=None).values_list("action", flat=True)
            assert {"endpoint.failing", "failover.began", "endpoint.recovered", "failover.ended"} <= {*events}
    finally:
        caches["platform"].delete("reading:custom")
        monkeypatch.undo()
        gateway.reload()
        standing.forget()


def humanas_own(url: str, name: str) -> Endpoint:
    """A model that an operator entered to stand in, in use."""
    parts = urlsplit(url)
    with without_tenant(reason="a test looks at the platform's own"):
        EgressGrant.objects.create(scheme=parts.scheme, host=parts.hostname, port=parts.port, reason="Test")
        made = Endpoint(kind="llm", type="custom", role="fallback", state="active", name=name)
        made.origin, made.path, made.options = f"{parts.scheme}://{parts.netloc}", parts.path, {"model": "m"}
        made.credentials = sealed_credentials(made, {"key": "sk-test"})
        made.save(force_insert=True)
    endpoints.forget()
    return made


def looked_at_the_platform() -> None:
    health.probe_now(None)
    standing.forget()


def test_probes_are_forgotten_after_a_month(left: World, service: Answering) -> None:
    connected(left, f"{service.url}/200/v1")
    sweep(2)
    with use_tenant(left.context):
        old = Probe.objects.earliest("at")
        Probe.objects.filter(id=old.id).update(at=timezone.now() - timedelta(days=31))
    assert health.forget_old_probes() == 1
    with use_tenant(left.context):
        assert Probe.objects.count() == 1
