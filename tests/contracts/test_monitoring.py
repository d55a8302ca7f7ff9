"""Every monitoring adapter against servers of other houses, and how each failure is told."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from byoc.adapters.monitoring import ADAPTERS, make
from byoc.contracts import EndpointSpec, Health, MonitoringAdapter
from humana.kernel.egress import EgressRefused, Grant, Guard
from humana.kernel.errors import EndpointError, Misconfigured
from tests.byoc.sinks import sink, soon
from tests.peers import monitoring as peers
from tests.plugins.services import Services

pytestmark = pytest.mark.adapters

KEY = "sealed-and-never-shown"
#: How each says the key.
SAID = {
    "custom": ("authorization", f"Bearer {KEY}"),
    "grafana": ("authorization", "Basic MTIzNDU2OnNlYWxlZC1hbmQtbmV2ZXItc2hvd24="),
    "newrelic": ("api-key", KEY),
    "datadog": ("dd-api-key", KEY),
}


def spec(kind: str, url: str, **options: Any) -> EndpointSpec:
    role = options.pop("role", "metrics")
    given = {"connect_seconds": 1.0, "total_seconds": 5.0, **options}
    if kind == "grafana":
        given["instance"] = "123456"
    if kind == "datadog":
        given.setdefault("otlp_url", url)
    return EndpointSpec("Ours", "monitoring", kind, url, key=KEY, owner="acme", options=given, role=role)


def granted(*urls: str) -> Guard:
    return Guard("acme", [Grant.for_url(url, owner="acme", reason="a peer") for url in urls])


def ask(one: EndpointSpec, do: Callable[[MonitoringAdapter], Awaitable[Any]], *further: str) -> Any:
    async def asked() -> Any:
        adapter = make(one, granted(one.url, *further))
        try:
            return await do(adapter)
        finally:
            await adapter.close()

    return asyncio.run(asked())


def got(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


# --- the same for all, on a receiver of our own ---------------------------------------------------


@pytest.mark.parametrize("kind", ADAPTERS)
def test_it_sends_every_signal_with_its_key(kind: str) -> None:
    with sink() as here:
        for signal in ("traces", "metrics", "logs"):
            ask(spec(kind, here.url), lambda one, signal=signal: one.send(signal, b""))
        assert all(here.kept.values())
        name, value = SAID[kind]
        assert [one[name] for one in here.headers] == [value] * 3


@pytest.mark.parametrize("kind", ADAPTERS)
@pytest.mark.parametrize(
    ("status", "code", "permanent", "says"),
    [
        (401, "unauthorized", True, "renew it"),
        (403, "unauthorized", True, "region or site"),
        (404, "bad_request", True, "check the address"),
        (302, "bad_request", True, "redirects are not followed"),
        (429, "rate_limited", False, "no more just now"),
        (503, "overloaded", False, "out of order"),
    ],
)
def test_a_refusal_says_what_to_change(kind: str, status: int, code: str, permanent: bool, says: str) -> None:
    with sink() as here, pytest.raises(EndpointError) as raised:
        here.status = status
        ask(spec(kind, here.url), lambda one: one.send("logs", b""))
    assert (raised.value.code, raised.value.permanent) == (code, permanent)
    assert says in str(raised.value)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_nobody_there_is_no_health(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    found: Health = ask(spec(kind, url), lambda one: one.health())
    assert (found.ok, found.code) == (False, "unreachable")
    assert "cannot be reached" in found.message


@pytest.mark.parametrize("kind", ADAPTERS)
def test_silence_ends_at_the_deadline(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found: Health = ask(spec(kind, url, total_seconds=0.3), lambda one: one.health())
    assert (found.ok, found.code) == (False, "timeout")


@pytest.mark.parametrize("kind", ADAPTERS)
def test_without_a_grant_nothing_private_is_dialled(kind: str) -> None:
    async def asked() -> Health:
        return await make(spec(kind, "http://127.0.0.1:9"), Guard("acme")).health()

    try:
        found = asyncio.run(asked())
    except EgressRefused:
        return
    assert (found.ok, found.code) == (False, "forbidden")


@pytest.mark.parametrize("kind", ADAPTERS)
def test_the_key_goes_to_its_own_origin_only(kind: str) -> None:
    """Whoever changes an option must not learn the key."""
    with sink() as here, sink() as elsewhere:
        one = spec(kind, here.url, alerts_url=elsewhere.url)
        with pytest.raises(EndpointError):
            elsewhere.status = 503
            ask(one, _alert_elsewhere, elsewhere.url)
        assert KEY.encode() not in elsewhere.raw
        assert elsewhere.asked == 1 or kind == "datadog"


async def _alert_elsewhere(adapter: MonitoringAdapter) -> None:
    if adapter.spec.type == "datadog":  # its alerts are events of its own; the agent is elsewhere
        raise EndpointError("nothing to see", permanent=True)
    await adapter.alert("Down", "It does not answer.", "error", "db")


def test_no_secret_shows() -> None:
    for kind in ADAPTERS:
        adapter = make(spec(kind, "https://example.com"), granted())
        assert KEY not in repr(adapter.spec) + repr(adapter.otlp("logs")) + repr(adapter)


def test_an_unknown_region_is_named() -> None:
    for kind in ("datadog", "newrelic"):
        one = EndpointSpec("Ours", "monitoring", kind, "", key=KEY, region="moon")
        with pytest.raises(Misconfigured, match="moon"):
            make(one, granted())


def test_the_region_chooses_the_site() -> None:
    sites = {
        ("datadog", "eu1"): "https://api.datadoghq.eu",
        ("datadog", ""): "https://api.datadoghq.com",
        ("newrelic", "eu"): "https://otlp.eu01.nr-data.net",
    }
    for (kind, region), url in sites.items():
        one = EndpointSpec("Ours", "monitoring", kind, "", key=KEY, region=region)
        assert make(one, granted()).spec.url == url


# --- real servers ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def agent(services: Services) -> Iterator[str]:
    child, port = peers.ddapm(services.home / "ddapm")
    yield f"http://127.0.0.1:{port}"
    child.stop()


@pytest.fixture(scope="module")
def victoria(services: Services) -> Iterator[str]:
    child, port = peers.victoria(services.home / "victoria")
    yield f"http://127.0.0.1:{port}"
    child.stop()


@pytest.mark.adapters
@pytest.mark.needs("ddapm")
@pytest.mark.parametrize("kind", ["custom", "grafana", "newrelic"])
def test_datadogs_own_agent_understands_what_we_send(kind: str, agent: str) -> None:
    urllib.request.urlopen(f"{agent}/test/session/clear", timeout=5).close()
    one = spec(kind, agent)

    async def work(adapter: MonitoringAdapter) -> Health:
        await adapter.metric("humana.answers", 3, "count", {"route": "chat"})
        await adapter.event("humana.deployed", {"version": "1"}, "A new version serves.")
        await adapter.alert("Down", "The database does not answer.", "critical", "db")
        return await adapter.health()

    assert ask(one, work).ok
    assert "humana.answers" in json.dumps(got(f"{agent}/test/session/metrics"))
    lines = json.dumps(got(f"{agent}/test/session/logs"))
    assert "A new version serves." in lines
    assert "The database does not answer." in lines
    assert "acme" in lines
    name, value = SAID[kind]
    headers = [
        {key.lower(): said for key, said in asked["headers"].items()}
        for asked in got(f"{agent}/test/session/requests")
    ]
    assert {one.get(name) for one in headers} >= {value}


@pytest.mark.adapters
@pytest.mark.needs("victoria")
def test_numbers_by_datadogs_series_can_be_asked_for(victoria: str) -> None:
    one = spec("datadog", f"{victoria}/datadog", api_version="v1")
    assert ask(one, lambda adapter: adapter.health()).ok
    ask(one, lambda adapter: adapter.metric("humana_answers", 7, "gauge", {"route": "chat"}))
    query = urllib.parse.urlencode({"query": "humana_answers", "time": str(int(time.time()) + 1)})

    def found() -> list[Any]:
        urllib.request.urlopen(f"{victoria}/internal/force_flush", timeout=5).close()
        result: list[Any] = got(f"{victoria}/api/v1/query?{query}")["data"]["result"]
        return result

    assert soon(lambda: bool(found()))
    (series,) = found()
    assert series["value"][1] == "7"
    assert series["metric"]["route"] == "chat"
    assert series["metric"]["humana.organization"] == "acme"


@pytest.mark.adapters
@pytest.mark.needs("alertmanager")
@pytest.mark.parametrize("kind", ["custom", "grafana"])
def test_an_alert_reaches_whoever_alertmanager_tells(kind: str, services: Services) -> None:
    heard: list[Any] = []
    with Webhook(heard) as webhook:
        child, port = peers.alertmanager(services.home / f"alertmanager-{kind}", webhook)
        try:
            url = f"http://127.0.0.1:{port}"
            one = spec(kind, url, alerts_url=url, role="alerts")
            assert ask(one, lambda adapter: adapter.health()).ok
            ask(one, lambda adapter: adapter.alert("Down", "No answer.", "critical", "db"))
            assert soon(lambda: any(one["status"] == "firing" for one in heard))
            (alert,) = heard[-1]["alerts"]
            assert alert["labels"]["organization"] == "acme"
            assert alert["annotations"]["description"] == "No answer."
            ask(one, lambda adapter: adapter.alert("Down", "", "critical", "db", resolved=True))
            assert soon(lambda: any(one["status"] == "resolved" for one in heard), 20)
        finally:
            child.stop()


class Webhook:
    """An address that hears what Alertmanager tells."""

    def __init__(self, heard: list[Any]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
