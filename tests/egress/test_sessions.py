"""Sessions for SDKs on `requests` and urllib3: guarded as the other clients are."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
import urllib3

from humana.kernel.egress import EgressRefused, Grant, Guard, Origin, dials, requests_session
from humana.kernel.egress.limits import Limits
from humana.kernel.egress.pools import Way, guarded_pool_manager
from humana.kernel.egress.reasons import why
from tests.egress.census import census
from tests.egress.conftest import Names
from tests.peers.faults import FaultServer


@pytest.fixture
def server() -> Iterator[FaultServer]:
    made = FaultServer()
    yield made
    made.close()


def granted(url: str) -> Guard:
    return Guard("platform", [Grant.for_url(url, owner="platform", reason="test")])


def test_a_granted_address_is_dialled_and_recorded(server: FaultServer) -> None:
    with census() as taken, requests_session(server.url, granted(server.url)) as session:
        assert session.get(f"{server.url}/echo").status_code == 200
    assert taken.dialled == [("127.0.0.1", server.port)]
    assert taken.unexplained == []
    assert [(dial.host, dial.rule, dial.owner) for dial in dials] == [("127.0.0.1", "test", "platform")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::ffff:127.0.0.1]"])
def test_without_a_grant_nothing_is_dialled(host: str, server: FaultServer) -> None:
    url = f"http://{host}:{server.port}/"
    with census() as taken, pytest.raises(EgressRefused):
        requests_session(url, Guard("org-1")).get(url)
    assert taken.dialled == []


def test_a_session_speaks_with_one_origin(server: FaultServer) -> None:
    with census() as taken, requests_session(server.url, granted(server.url)) as session:
        for other in ("http://127.0.0.1:9/", "http://localhost/", server.url.replace("http:", "https:")):
            with pytest.raises(EgressRefused):
                session.get(other)
    assert taken.dialled == []


def test_a_name_is_resolved_once_and_judged(server: FaultServer, names: Names) -> None:
    url = f"http://store.example:{server.port}"
    asked = names("store.example", ["127.0.0.1"], ["169.254.169.254"])
    with census() as taken:
        assert requests_session(url, granted(url)).get(f"{url}/echo").ok
        with pytest.raises(EgressRefused):
            requests_session(url, granted(url)).get(f"{url}/echo")
    assert asked == ["store.example"] * 2
    assert taken.dialled == [("127.0.0.1", server.port)]


def test_environment_and_arguments_change_nothing(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with requests_session(server.url, granted(server.url)) as session:
        session.trust_env = True
        proxies = {"http": "http://127.0.0.1:9", "https": "http://127.0.0.1:9"}
        assert session.get(f"{server.url}/echo", proxies=proxies, verify=False).ok


def test_cookies_are_not_kept(server: FaultServer) -> None:
    with requests_session(server.url, granted(server.url)) as session:
        session.get(f"{server.url}/echo")
        assert "cookie" not in session.get(f"{server.url}/echo").text.lower()


@pytest.mark.parametrize("path", ["drip", "head", "silent"])
def test_slow_answers_end_at_the_deadline(path: str, server: FaultServer) -> None:
    begun = time.monotonic()
    with requests_session(server.url, granted(server.url), limits=Limits(seconds=0.4)) as session:
        with pytest.raises((requests.ConnectionError, requests.Timeout)):
            session.get(f"{server.url}/{path}", timeout=30)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("path", ["bomb", "line", "trailers", "headers"])
def test_large_answers_break_off(path: str, server: FaultServer) -> None:
    """By their size, long before their time is over: as they come, and again once unpacked."""
    limits, begun = Limits(seconds=20, max_bytes=2 * 1024 * 1024), time.monotonic()
    with requests_session(server.url, granted(server.url), limits=limits) as session:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)) as raised:
            session.get(f"{server.url}/{path}")
    assert time.monotonic() - begun < 15
    if path != "headers":
        assert "larger than allowed" in why(raised.value).sentence


def test_a_pool_manager_for_urllib3(server: FaultServer) -> None:
    server.elsewhere = "http://127.0.0.1:9/"
    pools = guarded_pool_manager(Way(Origin.of(server.url), granted(server.url)))
    with census() as taken:
        assert pools.request("GET", f"{server.url}/see/302").status == 302
        with pytest.raises(EgressRefused):
            pools.request("GET", "http://127.0.0.1:9/")
    assert taken.dialled == [("127.0.0.1", server.port)]


def test_urllib3_itself_would_have_followed(server: FaultServer) -> None:
    """What the session before does not do."""
    server.elsewhere = f"{server.url}/echo"
    with census() as taken:
        assert urllib3.request("GET", f"{server.url}/see/302").status == 200
    assert len(taken.unexplained) == 2
