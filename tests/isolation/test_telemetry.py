"""Spans and log lines: stamped with the organization whose work they are, and with no other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from chats.models import Chat
from tenants import jobs
from tenants.context import use_tenant
from tenants.jobs import headers_for
from tenants.telemetry import ISOLATION, ORGANIZATION, OrganizationSpans, stamp
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.fixtures.server import Server, running_server
from tests.isolation.test_streams import by_key, by_session
from tests.isolation.test_tasks import arguments_of, run
from tests.isolation.worlds import every_pair

pytestmark = [pytest.mark.django_db, pytest.mark.battery]


class Spans:
    """What a process would tell, kept in memory."""

    def __init__(self) -> None:
        self.kept = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(OrganizationSpans())
        provider.add_span_processor(SimpleSpanProcessor(self.kept))
        self.tracer: Tracer = provider.get_tracer("tests")

    def told(self) -> dict[str, tuple[Any, Any]]:
        """Of each span the organization and the isolation, by name."""
        found = {one.name: one.attributes or {} for one in self.kept.get_finished_spans()}
        return {name: (said.get(ORGANIZATION), said.get(ISOLATION)) for name, said in found.items()}


def of(world: World) -> tuple[str, str]:
    return str(world.organization.id), world.placement.isolation


NOBODY = (None, None)


@every_pair
def test_what_begins_inside_is_stamped_and_what_goes_round_is_not(left: World, right: World) -> None:
    spans = Spans()
    with spans.tracer.start_as_current_span("a sweep"):
        for name, world in (("left", left), ("right", right)):
            with use_tenant(world.context), spans.tracer.start_as_current_span(f"inside {name}"):
                Chat.objects.count()
        with spans.tracer.start_as_current_span("between"):
            pass
    assert spans.told() == {
        "inside left": of(left),
        "inside right": of(right),
        "between": NOBODY,
        "a sweep": NOBODY,
    }


def worked_on(world: World) -> None:
    """A task that finds nothing to do there."""
    task = "audit.relay_control_events"
    arguments = arguments_of(task, world)
    run(task, headers_for(task, world.organization.id, arguments), **arguments)


@every_pair
def test_a_task_is_work_for_the_organization_of_its_header(left: World, right: World) -> None:
    spans = Spans()
    with use_tenant(right.context), spans.tracer.start_as_current_span("published from here"):
        pass
    with spans.tracer.start_as_current_span("the task"):
        worked_on(left)
    assert spans.told() == {"published from here": of(right), "the task": of(left)}


def test_without_the_stamp_at_the_door_nobody_is_named(left: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "stamp", lambda context: None)
    spans = Spans()
    with spans.tracer.start_as_current_span("the task"):
        worked_on(left)
    assert spans.told() == {"the task": NOBODY}


def test_outside_of_a_recorded_span_a_stamp_is_nothing(left: World) -> None:
    stamp(left.context)


@pytest.fixture(scope="module")
def traced(
    cloned_database: str, scripted_model_server: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A web process that writes a line for each span."""
    log = tmp_path_factory.mktemp("traced") / "web.log"
    with running_server(scripted_model_server.openai_url, log, HUMANA_TRACES="1") as server:
        yield server


def lines_of(server: Server) -> list[dict[str, Any]]:
    lines = (line for line in server.log.read_text().splitlines() if line.startswith("{"))
    return [one for one in map(json.loads, lines) if one["logger"] == "humana.telemetry"]


def after(server: Server, before: int) -> list[dict[str, Any]]:
    """The lines since; the first may be written a moment after the answer."""
    deadline = time.monotonic() + 10
    while len(lines_of(server)) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    return lines_of(server)[before:]


def _calls(here: World, there: World) -> list[tuple[str, dict[str, str], bool]]:
    """An address, who asks, and whether it is work for `here`."""
    member, key = by_session(here.twin.user), by_key(here)
    stranger = by_session(there.owner.user)
    return [
        (f"/o/{here.slug}/companions/", member, True),
        (f"/o/{here.slug}/search/?q=budget", member, True),
        ("/api/v1/chats/", key, True),
        (f"/api/v1/runs/{here.run.pk}/events", key, True),
        ("/v1/models", key, True),
        (f"/o/{here.slug}/companions/", stranger, False),
        ("/accounts/login/", {}, False),
        ("/v1/models", {}, False),
    ]


@every_pair
@pytest.mark.django_db(transaction=True)
def test_every_door_tells_whose_work_it_did(left: World, right: World, traced: Server) -> None:
    for here, there in ((left, right), (right, left)):
        for address, headers, ours in _calls(here, there):
            before = len(lines_of(traced))
            answer = httpx2.get(traced.url + address, headers=headers, timeout=20)
            assert (answer.status_code == 200) == ours or "login" in address, address
            told = {line.get("organization", "") for line in after(traced, before)}
            assert told == {str(here.organization.id) if ours else ""}, address
    assert "budget" not in "".join(line["message"] + str(line) for line in lines_of(traced))
