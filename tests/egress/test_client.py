"""The guarded client over real sockets: what it refuses it does not even dial."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from humana.embedded.process import free_port
from humana.kernel.egress import EgressRefused, Grant, Guard, dials, http_client
from tests.egress.census import census
from tests.egress.conftest import Names
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.asyncio


def granted(url: str) -> Guard:
    return Guard("platform", [Grant.for_url(url, owner="platform", reason="test")])


async def test_a_granted_address_is_dialled_once_and_recorded(scripted_model: ScriptedModel) -> None:
    url = scripted_model.openai_url
    with census() as taken:
        async with http_client(url, granted(url)) as client:
            for _ in range(3):
                assert (await client.get("models")).status_code == 200
    assert taken.dialled == [("127.0.0.1", scripted_model.port)]
    assert taken.unexplained == []
    assert [(dial.host, dial.rule, dial.owner) for dial in dials] == [("127.0.0.1", "test", "platform")]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ],
)
async def test_without_a_grant_nothing_is_dialled(host: str, scripted_model: ScriptedModel) -> None:
    with census() as taken, pytest.raises(EgressRefused):
        async with http_client(f"http://{host}:{scripted_model.port}", Guard("org-1")) as client:
            await client.get("v1/models")
    assert taken.dialled == []
    assert scripted_model.entries == []


async def test_a_literal_address_is_refused_before_any_request() -> None:
    with pytest.raises(EgressRefused):
        http_client("https://10.0.0.1", Guard("org-1"))


async def test_the_test_notices_an_open_guard(scripted_model: ScriptedModel) -> None:
    """The same request without the guard arrives, and the census finds it unexplained."""
    with census() as taken:
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{scripted_model.openai_url}/models")).status_code == 200
    assert taken.unexplained == [("127.0.0.1", scripted_model.port)]


async def test_a_client_speaks_with_one_origin(scripted_model: ScriptedModel) -> None:
    url = scripted_model.openai_url
    with census() as taken:
        async with http_client(url, granted(url)) as client:
            for other in ("http://127.0.0.1:9/", "http://localhost/", url.replace("http:", "https:")):
                with pytest.raises(EgressRefused):
                    await client.get(other)
    assert taken.dialled == []


async def test_redirects_are_answers(scripted_model: ScriptedModel) -> None:
    url = scripted_model.openai_url
    scripted_model.script("status:307")
    async with http_client(url, granted(url)) as client:
        answer = await client.post("chat/completions", json={"stream": True})
    assert answer.status_code == 307


async def test_one_bad_address_among_good_ones_refuses_all(names: Names) -> None:
    names("mixed.example", ["8.8.8.8", "10.0.0.1"])
    with census() as taken, pytest.raises(EgressRefused):
        async with http_client("https://mixed.example", Guard("org-1")) as client:
            await client.get("/")
    assert taken.dialled == []


async def test_a_name_is_resolved_once_and_that_address_dialled(
    names: Names, scripted_model: ScriptedModel
) -> None:
    url = f"http://model.example:{scripted_model.port}"
    asked = names("model.example", ["127.0.0.1"], ["169.254.169.254"])
    with census() as taken:
        async with http_client(url, granted(url)) as client:
            assert (await client.get("v1/models")).status_code == 200
    assert asked == ["model.example"]
    assert taken.dialled == [("127.0.0.1", scripted_model.port)]


async def test_rebinding_is_refused_at_the_next_dial(names: Names, scripted_model: ScriptedModel) -> None:
    url = f"http://model.example:{scripted_model.port}"
    names("model.example", ["127.0.0.1"], ["169.254.169.254"])
    with census() as taken:
        for expected in (200, None):
            async with http_client(url, granted(url)) as client:
                if expected:
                    assert (await client.get("v1/models")).status_code == expected
                else:
                    with pytest.raises(EgressRefused):
                        await client.get("v1/models")
    assert taken.dialled == [("127.0.0.1", scripted_model.port)]


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
async def test_numbers_are_not_names(host: str) -> None:
    with pytest.raises(EgressRefused):
        http_client(f"http://{host}", granted("http://127.0.0.1"))


async def test_proxies_of_the_environment_are_ignored(
    scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    url = scripted_model.openai_url
    async with http_client(url, granted(url)) as client:
        assert (await client.get("models")).status_code == 200


async def test_a_large_body_breaks_off(scripted_model: ScriptedModel) -> None:
    url = scripted_model.openai_url
    scripted_model.script("flood")
    async with http_client(url, granted(url), max_bytes=100_000) as client:
        with pytest.raises(httpx2.ReadError, match="larger than allowed"):
            await client.post("chat/completions", json={"stream": True})


async def test_an_answer_that_is_not_http() -> None:
    async with speaking(b"220 mail.example ESMTP\r\n") as port:
        url = f"http://127.0.0.1:{port}"
        async with http_client(url, granted(url)) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get("/")


async def test_a_black_hole_times_out() -> None:
    """A full accept queue answers no more handshakes, as an address that swallows packets does."""
    import socket

    listener = socket.socket()
    listener.bind(("127.0.0.1", free_port()))
    listener.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        async with http_client(url, granted(url), connect_seconds=0.5) as client:
            with pytest.raises(httpx2.ConnectTimeout):
                await client.get("/")
    finally:
        for one in [*fillers, listener]:
            one.close()


Certified = Callable[[str], tuple[ssl.SSLContext, ssl.SSLContext]]


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    """For a name: the context of a server that has a certificate for it, and one that trusts it."""

    def of(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        plain = serialization.NoEncryption()
        file = tmp_path / f"{name}.pem"
        file.write_bytes(
            pem + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file)
        return server, ssl.create_default_context(cadata=pem.decode())

    return of


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_tls_checks_the_name_though_an_address_is_dialled(certified: Certified, names: Names) -> None:
    server, trust = certified("model.example")
    names("model.example", ["127.0.0.1"])
    names("other.example", ["127.0.0.1"])
    async with speaking(ANSWER, server) as port:
        url = f"https://model.example:{port}"
        async with http_client(url, granted(url), trust=trust) as client:
            assert (await client.get("/")).text == "ok"
        url = f"https://other.example:{port}"
        async with http_client(url, granted(url), trust=trust) as client:
            with pytest.raises(httpx2.ConnectError, match="certificate"):
                await client.get("/")


async def test_an_unknown_authority_is_refused(certified: Certified, names: Names) -> None:
    server, _ = certified("model.example")
    names("model.example", ["127.0.0.1"])
    async with speaking(ANSWER, server) as port:
        url = f"https://model.example:{port}"
        async with http_client(url, granted(url)) as client:
            with pytest.raises(httpx2.ConnectError, match="certificate"):
                await client.get("/")


class speaking:  # noqa: N801 - used like a function
    """A server that says the same to everybody."""

    def __init__(self, words: bytes, context: ssl.SSLContext | None = None) -> None:
        self._words, self._context = words, context

    async def __aenter__(self) -> int:
        port = free_port()
        self._server = await asyncio.start_server(self._speak, "127.0.0.1", port, ssl=self._context)
        return port

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(self._words)
        await writer.drain()
        writer.close()

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
