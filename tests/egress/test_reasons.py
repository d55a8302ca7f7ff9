"""What goes wrong on the way is said in a sentence that says what to change; by real failures."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from humana.embedded.process import free_port
from humana.kernel.egress import Grant, Guard, http_client, requests_session
from humana.kernel.egress.limits import Limits
from humana.kernel.egress.reasons import Reason, of_status, why
from tests.egress.conftest import Names
from tests.peers.faults import FaultServer

NAME = "store.example"
PATIENT = Limits(seconds=20, max_bytes=1_000_000)
QUICK = replace(PATIENT, seconds=0.4)


def granted(url: str) -> Guard:
    return Guard("org-1", [Grant.for_url(url, owner="org-1", reason="test")])


def reason(url: str, trust: ssl.SSLContext | None = None, limits: Limits = PATIENT) -> Reason:
    with pytest.raises(Exception) as failed:
        session = requests_session(url, granted(url), limits=limits, trust=trust)
        session.get(url)
    return why(failed.value)


async def reason_async(url: str, trust: ssl.SSLContext | None = None) -> Reason:
    with pytest.raises(Exception) as failed:
        async with http_client(url, granted(url), seconds=PATIENT.seconds, trust=trust) as client:
            await client.get("")
    return why(failed.value)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    made = FaultServer()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("silent", "timeout", "did not answer in time"),
        ("drip", "timeout", "did not answer in time"),
        ("bomb", "malformed", "larger than allowed"),
        ("short", "cut", "broke the connection off"),
    ],
)
def test_of_what_answers(server: FaultServer, path: str, code: str, words: str) -> None:
    found = reason(f"{server.url}/{path}", limits=QUICK if code == "timeout" else PATIENT)
    assert (found.code, words in str(found)) == (code, True), found


async def test_where_nothing_listens() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    for found in (reason(url), await reason_async(url)):
        assert (found.code, "Nothing answers on this port" in str(found)) == ("unreachable", True), found


async def test_where_there_is_no_such_name() -> None:
    url = "https://nowhere.invalid/"
    for found in (reason(url), await reason_async(url)):
        assert found.code == "unreachable", found
        assert not found.permanent
        assert "name" in str(found)


async def test_what_the_guard_refuses_it_says_itself(names: Names) -> None:
    names(NAME, ["169.254.169.254"])
    for found in (reason(f"https://{NAME}/"), await reason_async(f"https://{NAME}/")):
        assert (found.code, found.permanent) == ("forbidden", True)
        assert str(found).startswith(f"{NAME} does not lead to a public address")


async def test_a_port_that_speaks_no_tls(server: FaultServer) -> None:
    url = server.url.replace("http:", "https:")
    for found in (reason(url), await reason_async(url)):
        assert (found.code, "speaks TLS" in str(found)) == ("unreachable", True), found


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"days": (-3, -1)}, "has expired"),
        ({"days": (1, 3)}, "not valid yet"),
        ({"name": "another.example"}, "for another name"),
        ({"trusted": False}, "signs itself"),
    ],
)
async def test_of_certificates(made: dict[str, Any], words: str, names: Names, tmp_path: Path) -> None:
    names(NAME, ["127.0.0.1"])
    context, trust = certified(tmp_path, **made)
    server = FaultServer(tls=context)
    url = f"https://{NAME}:{server.port}/echo"
    try:
        for found in (reason(url, trust), await reason_async(url, trust)):
            assert (found.code, found.permanent, words in str(found)) == ("unreachable", True, True), found
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, ""), (204, ""), (301, "bad_request"), (401, "unauthorized"), (403, "unauthorized"),
        (404, "bad_request"), (413, "bad_request"), (429, "rate_limited"), (500, "overloaded"),
        (501, "bad_request"), (503, "overloaded"), (504, "timeout"), (507, "overloaded"),
    ],
)  # fmt: skip
def test_of_statuses(status: int, code: str) -> None:
    found = of_status(status)
    assert (found.code if found else "") == code
    assert status != 507 or "disk is full" in str(found)


def test_the_innermost_reason_counts_however_it_is_wrapped() -> None:
    refused = requests.ConnectionError(OSError("outer", ConnectionRefusedError(111, "refused")))
    assert "Nothing answers" in str(why(RuntimeError(refused)))
    assert "disk is full" in str(why(OSError(28, "No space left on device")))
    assert why(RuntimeError("whatever")).code == "unreachable"


def certified(
    folder: Path, *, name: str = NAME, days: tuple[int, int] = (-1, 1), trusted: bool = True
) -> tuple[ssl.SSLContext, ssl.SSLContext | None]:
    """A server's context with such a certificate, and a client's that trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    file = folder / "both.pem"
    file.write_bytes(
        pem + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode()) if trusted else None
