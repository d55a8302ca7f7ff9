"""Telemetry goes to the organization whose work it tells of, and nobody waits for anybody else's endpoint."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from byoc.contracts import EndpointSpec
from byoc.telemetry import breaker, lanes, payloads
from byoc.telemetry.destinations import ROLES, Route
from byoc.telemetry.exporter import Exporter
from byoc.telemetry.measures import SERIES, Measures
from humana.kernel.egress import Grant, Guard
from humana.telemetry import LIMITS
from humana.telemetry.lines import LinesOut
from humana.telemetry.numbers import Numbers
from humana.telemetry.spans import SpansOut
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant
from tenants.telemetry import ORGANIZATION, OrganizationSpans
from tests.byoc.sinks import Sink, sink, soon, told

A, B = uuid.uuid4(), uuid.uuid4()
NAMES = {A: "alfa", B: "beta", None: ""}
KEYS = {A: "key-of-a", B: "key-of-b", None: "key-of-humana"}
CANARY = "cerulean-canary"


class Desk:
    """A process that tells of itself: spans, numbers and lines, with where they go in our hands."""

    def __init__(self) -> None:
        self.to: dict[uuid.UUID | None, str] = {}
        self.zones: dict[uuid.UUID | None, str] = {}  # of organizations, and (None) of Humana's own
        self.rate = 1.0
        self.broken = False
        self.measures = Measures()
        self.exporter = Exporter(self._find, self.measures, tick=0.05, measured=0.2)
        provider = TracerProvider(span_limits=LIMITS)
        for one in (OrganizationSpans(), Numbers(self.measures), SpansOut(self.exporter)):
            provider.add_span_processor(one)
        self.tracer = provider.get_tracer("tests")
        self.lines = LinesOut(self.exporter)

    def work(self, organization_id: uuid.UUID | None, name: str, **attributes: Any) -> None:
        """One request's span and number, and a line of the log."""
        if organization_id is None:
            self._work(name, attributes)
        else:
            with use_tenant(TenantContext(organization_id, NAMES[organization_id], CONTROL_PLANE)):
                self._work(name, attributes)

    def _work(self, name: str, attributes: Any) -> None:
        with self.tracer.start_as_current_span(name, kind=SpanKind.SERVER, attributes=attributes):
            record = logging.LogRecord("byoc.tests", logging.INFO, "", 0, f"line {name}", (), None)
            self.lines.emit(record)

    def _find(self, organization_id: uuid.UUID | None) -> Route:
        if self.broken:
            raise OSError("the control plane is out of reach")
        to, zone = self.to.get(organization_id), self.zones.get(organization_id, "")
        if to is None:
            return Route(NAMES[organization_id], self.rate, zone=zone)
        owner = str(organization_id) if organization_id else "platform"
        key = KEYS[organization_id]
        options = {"connect_seconds": 1.0, "total_seconds": 2.0}
        spec = EndpointSpec(
            "ours", "monitoring", "custom", to, key=key, owner=owner, options=options, zone=zone
        )
        found = (spec, Guard(owner, [Grant.for_url(to, owner=owner, reason="a sink")]))
        return Route(NAMES[organization_id], self.rate, dict.fromkeys(ROLES, found), zone)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.exporter.stop(3)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A breaker that does not make a test wait."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 0.2)


@pytest.fixture
def two() -> Iterator[tuple[Sink, Sink, Sink]]:
    with sink() as a, sink() as b, sink() as humanas:
        yield a, b, humanas


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def whose(heard: Sink) -> set[tuple[str | None, str | None]]:
    return {(one.get("service.namespace"), one.get(ORGANIZATION)) for one in heard.resources}


def test_each_hears_of_its_own_work_and_humana_of_nobodys(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, b, humanas = two
    desk.to = {A: a.url, B: b.url, None: humanas.url}
    for organization_id in (A, B, None, A):
        desk.work(organization_id, f"of {NAMES[organization_id] or 'nobody'}")
    assert desk.exporter.flush(10)
    for heard, name, key, organization_id in (
        (a, "alfa", KEYS[A], str(A)), (b, "beta", KEYS[B], str(B)), (humanas, None, KEYS[None], None),
    ):  # fmt: skip
        assert all(heard.kept.values()), "all three signals"
        assert whose(heard) == {(name, organization_id)}
        assert set(heard.names) == {f"of {name or 'nobody'}"}
        assert {one["authorization"] for one in heard.headers} == {f"Bearer {key}"}
        assert {one["service.name"] for one in heard.resources} == {"humana-companions"}
        assert all(one["service.version"] for one in heard.resources)
    (duration,) = [one for one in a.numbers if one.name == "http.server.request.duration"]
    assert duration.histogram.data_points[0].count == 2
    assert str(A).encode() not in b.raw + humanas.raw
    assert str(B).encode() not in a.raw + humanas.raw


def test_who_has_no_endpoint_is_told_of_at_humanas_own(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, _, humanas = two
    desk.to = {A: a.url, None: humanas.url}
    desk.work(A, "with")
    desk.work(B, "without")
    assert desk.exporter.flush(10)
    assert whose(humanas) == {("beta", str(B))}
    assert whose(a) == {("alfa", str(A))}
    assert all(humanas.kept.values())


def test_what_may_not_leave_its_zone_is_dropped_and_counted(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    _, _, humanas = two
    desk.to, desk.zones = {None: humanas.url}, {A: "eu", B: "us", None: "us"}
    desk.work(A, "of the zone eu")
    desk.work(B, "of the zone us")
    assert desk.exporter.flush(10)
    assert whose(humanas) - {(None, None)} == {("beta", str(B))}  # what was dropped may be told already
    assert str(A).encode() not in humanas.raw
    assert not desk.exporter.wanted(A)
    dropped = [one for one in desk.measures.of(None) if one.name == "humana.telemetry.dropped"]
    lost = {
        (told(one.sum.data_points[0].attributes)["signal"], told(one.sum.data_points[0].attributes)["reason"])
        for one in dropped
    }
    assert lost == {("traces", "outside_zone"), ("logs", "outside_zone")}


def test_what_waits_for_humanas_own_does_not_follow_it_out_of_the_zone(
    desk: Desk, two: tuple[Sink, Sink, Sink], quick: None
) -> None:
    a, _, humanas = two
    desk.to, desk.zones = {None: humanas.url}, {A: "eu", None: "eu"}
    humanas.status = 503
    desk.work(A, "of the zone eu")
    assert soon(lambda: humanas.asked >= 2)
    desk.to, desk.zones = {None: a.url}, {A: "eu", None: "us"}
    assert soon(lambda: desk.exporter.waiting() == 0)
    assert desk.exporter.flush(10)
    assert str(A).encode() not in a.raw


def test_where_there_is_none_at_all_it_is_forgotten(desk: Desk) -> None:
    desk.work(A, "heard by nobody")
    desk.work(None, "nor this")
    assert desk.exporter.wanted(A)
    assert desk.exporter.flush(10)
    assert desk.exporter.waiting() == 0
    assert not desk.exporter.wanted(A)
    assert not desk.exporter.wanted(None)


@pytest.mark.parametrize("kind", ["refused", "black_hole"])
def test_a_dead_endpoint_delays_nobody_else(
    kind: str, desk: Desk, two: tuple[Sink, Sink, Sink], request: pytest.FixtureRequest
) -> None:
    _, b, _ = two
    desk.to = {A: request.getfixturevalue(kind), B: b.url}
    started = time.monotonic()
    for _ in range(3 * lanes.PER_LANE):
        desk.work(A, "into the void")
    desk.work(B, "well")
    assert time.monotonic() - started < 5, "no request waits for an endpoint"
    assert soon(lambda: bool(b.spans), 5)
    assert desk.exporter.waiting() <= 2 * lanes.PER_LANE + 10, "traces and logs of A, bounded"
    dropped = [one for one in desk.measures.of(A) if one.name == "humana.telemetry.dropped"]
    assert sum(one.sum.data_points[0].as_int for one in dropped) > lanes.PER_LANE


def test_the_longest_lane_gives_way_when_all_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "IN_ALL", 50)
    lost: list[Any] = []
    held = lanes.Lanes(lambda *told: lost.append(told))
    for number in range(45):
        held.put(A, "traces", (None, number))
    for number in range(10):
        held.put(B, "traces", (None, number))
    assert len(held) <= 50
    assert len(held.lane(B, "traces").items) == 10
    assert sum(told[3] for told in lost if told[0] == A) + len(held) == 55


def test_a_breaker_opens_and_what_waited_arrives_when_it_is_well_again(
    desk: Desk, two: tuple[Sink, Sink, Sink], quick: None
) -> None:
    a, _, _ = two
    a.status, desk.to = 503, {A: a.url}
    desk.work(A, "kept for later")
    state = desk.exporter._lanes.lane(A, "traces").breaker
    assert soon(lambda: state.failures > breaker.OPENS_AT)
    assert state.state(state.again_at - 0.001) == "open"
    assert state.state(state.again_at) == "half-open"
    assert a.spans == []
    a.status = 200
    assert soon(lambda: a.names == ["kept for later"])
    assert soon(lambda: state.state(time.monotonic()) == "closed")


def test_a_wrong_key_is_not_tried_without_end(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, _, _ = two
    a.status, desk.to = 401, {A: a.url}
    desk.work(A, "refused")
    assert soon(lambda: a.asked >= 2)
    asked = a.asked
    for _ in range(20):
        desk.work(A, "refused")
        time.sleep(0.02)
    assert a.asked - asked <= 3, "it is left alone for a while"


def test_after_it_is_withdrawn_nothing_goes_there_any_more(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, b, _ = two
    desk.to = {A: a.url}
    desk.work(A, "before")
    assert soon(lambda: a.names == ["before"])
    desk.to = {A: b.url}
    time.sleep(0.4)
    asked = a.asked
    desk.work(A, "after")
    assert soon(lambda: b.names == ["after"])
    assert a.asked == asked


def test_when_nobody_knows_where_to_it_waits_and_goes_nowhere_else(
    desk: Desk, two: tuple[Sink, Sink, Sink], quick: None
) -> None:
    a, _, humanas = two
    desk.broken, desk.to = True, {A: a.url, None: humanas.url}
    desk.work(A, "kept")
    time.sleep(0.3)
    assert humanas.asked == a.asked == 0
    desk.broken = False
    assert soon(lambda: a.names == ["kept"])
    assert humanas.asked == 0


def test_a_span_that_says_another_name_does_not_leave(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, _, _ = two
    desk.to = {A: a.url}
    desk.work(B, "astray")
    (_, span) = desk.exporter._lanes.lane(B, "traces").items[0]
    desk.exporter.put(A, "traces", span)
    assert desk.exporter.flush(10)
    assert a.spans == []


def test_nothing_of_what_people_wrote_leaves(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, _, _ = two
    desk.to = {A: a.url}
    written = dict.fromkeys(
        ("db.statement", "http.url", "http.target", "celery.args", "gen_ai.input.messages", "exception.x"),
        CANARY,
    )
    with use_tenant(TenantContext(A, "alfa", CONTROL_PLANE)):
        try:
            with desk.tracer.start_as_current_span("GET /search", attributes={**written, "db.system": "x"}):
                record = logging.LogRecord("chats.x", logging.ERROR, "", 0, "of %s", (CANARY,), None)
                record.text = CANARY
                record.run = "an id"
                desk.lines.emit(record)
                raise ValueError(CANARY)
        except ValueError as error:
            record.exc_info = (ValueError, error, error.__traceback__)
            desk.lines.emit(record)
    assert desk.exporter.flush(10)
    (span,) = a.spans
    assert told(span.attributes)["db.system"] == "x"
    assert told(span.events[0].attributes) == {"exception.type": "ValueError"}
    assert [line.body.string_value for line in a.lines] == ["of %s", "of %s"]
    assert told(a.lines[1].attributes) == {"run": "an id", "exception.type": "ValueError"}
    assert CANARY.encode() not in a.raw


def test_without_the_list_it_would(
    desk: Desk, two: tuple[Sink, Sink, Sink], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: this is what the search finds."""
    a, _, _ = two
    desk.to = {A: a.url}
    monkeypatch.setattr(payloads, "_scrub", lambda span: None)
    desk.work(A, "GET", **{"db.statement": CANARY})
    assert desk.exporter.flush(10)
    assert CANARY.encode() in a.raw


def test_a_rate_thins_out_traces_and_no_numbers(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, _, _ = two
    desk.to, desk.rate = {A: a.url}, 0.5
    for _ in range(200):
        desk.work(A, "one of many")
    assert desk.exporter.flush(10)
    assert 40 < len(a.spans) < 160
    *_before, duration = [one for one in a.numbers if one.name == "http.server.request.duration"]
    assert duration.histogram.data_points[0].count == 200


def test_series_of_one_organization_are_bounded() -> None:
    held = Measures()
    for number in range(3 * SERIES):
        held.count(A, "asked", {"route": str(number)})
    assert len(held.of(A)) == SERIES + 1
    assert sum(one.sum.data_points[0].as_int for one in held.of(A)) == 3 * SERIES
    assert held.of(B) == []


def test_a_forked_worker_sends_its_own_and_nothing_twice(desk: Desk, two: tuple[Sink, Sink, Sink]) -> None:
    a, _, _ = two
    desk.to = {A: a.url}
    desk.work(A, "parent's")
    assert desk.exporter.flush(10)
    desk.work(A, "parent's later")
    _in_a_fork(lambda: (desk.work(A, "child's"), desk.exporter.flush(10), desk.exporter.stop()))
    assert desk.exporter.flush(10)
    assert sorted(a.names) == ["child's", "parent's", "parent's later"]
    assert len({one["service.instance.id"] for one in a.resources}) == 2


def _in_a_fork(do: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        try:
            do()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
