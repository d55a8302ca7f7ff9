"""Mail goes out by the guarded way, to the server that the installation names."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection

from humana.kernel.egress import EgressRefused, Guard, Origin
from humana.kernel.egress.smtp import GuardedSMTP
from humana.settings import mail
from tests.egress.census import census
from tests.egress.conftest import Names

aiosmtpd = pytest.importorskip("aiosmtpd.controller")


class Kept:
    def __init__(self) -> None:
        self.came: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.came.append(envelope)
        return "250 kept"


@pytest.fixture
def post() -> Iterator[tuple[Kept, int]]:
    kept = Kept()
    office = aiosmtpd.Controller(kept, hostname="127.0.0.1", port=0)
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), list[int]()

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(loop.create_server(office.factory, "127.0.0.1", 0))
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        loop.run_forever()
        server.close()

    thread = threading.Thread(target=run, daemon=True)
    office.loop = loop
    thread.start()
    ready.wait(10)
    yield kept, port[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def sent(port: int, host: str = "127.0.0.1") -> int:
    connection = get_connection(mail.BACKEND, host=host, port=port, use_tls=False, use_ssl=False)
    letter = EmailMessage("Good morning", "How are you?", "a@humana.example", ["b@humana.example"])
    letter.connection = connection
    return letter.send()


def test_a_letter_arrives_and_its_dial_is_explained(post: tuple[Kept, int]) -> None:
    kept, port = post
    with census() as taken:
        assert sent(port) == 1
    assert "How are you?" in kept.came[0].content.decode()
    assert taken.dialled == [("127.0.0.1", port)]
    assert taken.unexplained == []


def test_a_mail_server_is_never_metadata(post: tuple[Kept, int], names: Names) -> None:
    names("mail.example", ["169.254.169.254"])
    with census() as taken, pytest.raises(EgressRefused):
        sent(post[1], "mail.example")
    assert taken.dialled == []


def test_somebody_elses_server_needs_a_grant(post: tuple[Kept, int]) -> None:
    with census() as taken, pytest.raises(EgressRefused):
        GuardedSMTP(Origin("smtp", "127.0.0.1", post[1]), Guard("org-1"))
    assert taken.dialled == []


def test_without_tls_nothing_is_sent_where_it_was_asked_for(post: tuple[Kept, int]) -> None:
    connection = get_connection(mail.BACKEND, host="127.0.0.1", port=post[1], use_tls=True)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        EmailMessage("Good morning", "x", "a@b.example", ["c@d.example"], connection=connection).send()
    assert not post[0].came


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtps://ana:p%40ss@mail.example", ("mail.example", 465, "ana", "p@ss", True, False)),
        ("smtp://mail.example:2525", ("mail.example", 2525, "", "", False, True)),
        ("smtp+plain://127.0.0.1", ("127.0.0.1", 25, "", "", False, False)),
    ],
)
def test_the_address_of_the_mail_server(url: str, told: tuple[Any, ...], monkeypatch: Any) -> None:
    monkeypatch.setenv("HUMANA_SMTP_URL", url)
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
    assert tuple(mail.by_url()[f"EMAIL_{name}"] for name in names) == told
