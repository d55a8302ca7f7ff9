"""What is wrong at a storage is said in a sentence that tells what to change, and never a secret."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from byoc.adapters.storage import make
from byoc.adapters.storage.google_keys import read_keys
from byoc.adapters.storage.validating import validate
from byoc.contracts import EndpointSpec
from humana.embedded.process import free_port
from humana.kernel.egress import Guard
from humana.kernel.errors import EndpointError, Misconfigured
from tests.contracts.storages import guard_for, opened, whole
from tests.peers.azurite import Azurite
from tests.peers.certificates import certificate_for
from tests.peers.fake_gcs import FakeGCS, service_account
from tests.peers.moto import Moto
from tests.peers.rclone import Rclone

pytestmark = pytest.mark.adapters

SECRET = "c2VjcmV0LW9mLXRoZS10ZXN0LXNlY3JldC1vZi10aGUtdGVzdA=="


def spec(url: str, **more: Any) -> EndpointSpec:
    options = {"bucket": "papers", "connect_seconds": 1.0, "seconds": 1.5, **more.pop("options", {})}
    credentials = {"access_key": "key-of-a", "secret_key": SECRET}
    return EndpointSpec("papers", "storage", "custom", url, options=options, credentials=credentials, **more)


def told(asked: EndpointSpec, guard: Guard | None = None) -> tuple[str, str, str]:
    """The step that failed, its code, its sentence."""
    bad = [one for one in validate(make, asked, guard or guard_for(asked)) if not one.ok]
    assert len(bad) == 1
    for secret in asked.credentials.values():
        assert secret not in str(bad[0])
    return bad[0].step, bad[0].code, str(bad[0])


# --- servers of other houses --------------------------------------------------------------------


@pytest.mark.adapters
@pytest.mark.needs("moto")
@pytest.mark.parametrize(
    ("whose", "changes", "step", "words"),
    [
        ("a", {"credentials": {"secret_key": SECRET}}, "list", "does not accept the secret"),
        ("a", {"credentials": {"access_key": "AKIANOBODY"}}, "list", "does not know this key"),
        ("a", {"options": {"bucket": "org-b"}}, "list", "right to list"),
        ("reader", {}, "write", "right to write"),
        ("blind", {}, "list", "right to list"),
    ],
)
def test_what_s3_says_is_told(moto: Moto, whose: str, changes: Any, step: str, words: str) -> None:
    where, code, sentence = told(moto.spec(whose, **changes))
    assert (where, code) == (step, "unauthorized")
    assert words in sentence


@pytest.mark.adapters
@pytest.mark.needs("moto")
def test_one_organization_s_key_reads_nothing_of_another_s(moto: Moto) -> None:
    opened(moto.spec("a")).upload("theirs.txt", b"theirs", replace=True)
    intruder = opened(moto.spec("b", options={"bucket": "org-a"}))
    acts: list[Callable[[], Any]] = [
        lambda: whole(intruder, "theirs.txt"),
        lambda: list(intruder.list()),
        lambda: intruder.upload("mine.txt", b"x"),
        lambda: intruder.delete("theirs.txt"),
    ]
    for act in acts:
        with pytest.raises(EndpointError) as raised:
            act()
        assert raised.value.code == "unauthorized"
    assert whole(opened(moto.spec("a")), "theirs.txt") == b"theirs"


@pytest.mark.adapters
@pytest.mark.needs("rclone")
def test_a_bucket_that_is_not_there(rclone: Rclone) -> None:
    step, code, sentence = told(rclone.spec(options={"bucket": "nowhere"}))
    assert (step, code) == ("list", "bad_request")
    assert "there is no “nowhere”" in sentence
    assert "does not" in told(rclone.spec(credentials={"secret_key": SECRET}))[2]


@pytest.mark.adapters
@pytest.mark.needs("azurite")
def test_what_azure_says_is_told(azurite: Azurite) -> None:
    assert told(azurite.spec(credentials={"account_key": SECRET}))[1] == "unauthorized"
    assert "there is no “nowhere”" in told(azurite.spec(options={"container": "nowhere"}))[2]
    other = azurite.spec("a", url=azurite.spec("b").url)
    assert told(other)[1] == "unauthorized"


@pytest.mark.adapters
@pytest.mark.needs("fake-gcs")
def test_a_bucket_that_google_does_not_know(fake_gcs: FakeGCS) -> None:
    assert "there is no “nowhere”" in told(fake_gcs.spec(options={"bucket": "nowhere"}))[2]


# --- what no such server does here: their documented answers, over a socket -----------------------

ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>secret words</Message>{more}</Error>'


@contextmanager
def answering(status: str, body: str = "", context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Says the same to every request."""
    listener = socket.create_server(("127.0.0.1", 0))
    text = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()

    def serve() -> None:
        while True:
            with suppress(OSError, ssl.SSLError):
                peer, _address = listener.accept()
                with context.wrap_socket(peer, server_side=True) if context else peer as one:
                    one.recv(65_536)
                    one.sendall(text)
                continue
            if listener.fileno() < 0:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("status", "code", "more", "expected", "words"),
    [
        (
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "<Region>eu-west-3</Region>",
            "bad_request",
            "eu-west-3",
        ),
        ("301 Moved", "PermanentRedirect", "<Endpoint>elsewhere.example</Endpoint>", "bad_request", "region"),
        ("403 Forbidden", "RequestTimeTooSkewed", "", "bad_request", "clocks"),
        ("507 Insufficient Storage", "XMinioStorageFull", "", "rate_limited", "no space left"),
        ("403 Forbidden", "QuotaExceeded", "", "rate_limited", "quota"),
        ("503 Slow Down", "SlowDown", "", "rate_limited", "slow down"),
        ("500 Error", "InternalError", "", "overloaded", "too busy"),
        ("403 Forbidden", "ExpiredToken", "", "unauthorized", "has ended"),
    ],
)
def test_other_answers_of_s3(status: str, code: str, more: str, expected: str, words: str) -> None:
    with answering(status, ERROR.format(code=code, more=more)) as port:
        step, found, sentence = told(spec(f"http://127.0.0.1:{port}"))
    assert (step, found) == ("list", expected)
    assert words in sentence
    assert "secret words" not in sentence


def test_what_is_no_storage_at_all() -> None:
    with answering("200 OK", "<html>welcome</html>") as port:
        assert told(spec(f"http://127.0.0.1:{port}"))[1] in ("malformed", "bad_request", "overloaded")


def test_nobody_there() -> None:
    step, code, sentence = told(spec(f"http://127.0.0.1:{free_port()}"))
    assert (step, code) == ("list", "unreachable")
    assert "is running" in sentence


def test_a_name_that_nobody_has() -> None:
    code = told(spec("http://no-such-host.invalid:9000"))[1]
    assert code in ("unreachable", "forbidden")


def test_silence_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        code = told(spec(f"http://127.0.0.1:{listener.getsockname()[1]}"))[1]
    assert code == "timeout"
    assert time.monotonic() - began < 30


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_for("localhost", tmp_path))
    with answering("200 OK", "", context) as port:
        step, code, sentence = told(spec(f"https://localhost:{port}"))
    assert (step, code) == ("list", "unreachable")
    assert "authority" in sentence


def test_http_where_tls_is_asked_for() -> None:
    with answering("200 OK") as port:
        assert "does not speak TLS" in told(spec(f"https://127.0.0.1:{port}"))[2]


@pytest.mark.adapters
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk")
def test_a_full_disk_keeps_no_half_of_a_file(tmp_path: Path) -> None:
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)], check=False)
    if made.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        asked = EndpointSpec("disk", "storage", "local", "", options={"folder": str(tmp_path)})
        disk = make(asked, Guard("platform"))
        disk.upload("small.txt", b"fits")
        with pytest.raises(EndpointError, match="no space left") as raised:
            disk.upload("large.bin", os.urandom(2 * 1024 * 1024))
        assert raised.value.code == "rate_limited"
        assert [one.name for one in disk.list()] == ["small.txt"]
        assert [one.name for one in tmp_path.rglob("*")] == ["small.txt"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


# --- what is refused before anything is dialled ---------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        '"token_uri": "https://evil.example/token"',
        '"universe_domain": "evil.example"',
        '"type": "external_account"',
        '"private_key": "no key"',
    ],
)
def test_a_key_of_google_s_that_leads_elsewhere(change: str) -> None:
    read_keys(service_account(), "papers")
    with pytest.raises(Misconfigured) as raised:
        read_keys(service_account()[:-1] + f", {change}}}", "papers")
    assert "evil" not in str(raised.value)


def test_nobody_is_anonymous_without_an_operator_s_word() -> None:
    asked = EndpointSpec("papers", "storage", "gcs", "https://storage.googleapis.com",
                         options={"bucket": "papers", "emulator": True})  # fmt: skip
    with pytest.raises(Misconfigured):
        make(asked, Guard("platform"))


@pytest.mark.parametrize("missing", ["access_key", "secret_key"])
def test_amazon_s_own_ways_to_find_keys_are_not_taken(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's environment may have keys of its own: they are not the organization's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOURS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    asked = spec("https://s3.example")
    known = {name: value for name, value in asked.credentials.items() if name != missing}
    with pytest.raises(Misconfigured):
        make(
            EndpointSpec("papers", "storage", "s3", asked.url, options=asked.options, credentials=known),
            Guard("x"),
        )
