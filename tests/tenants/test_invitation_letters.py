"""The letter of an invitation reaches a mail server of another house, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from celery import current_app
from django.test import Client

from audit.models import Outbox
from humana.kernel.egress import dials
from tenants.context import use_tenant
from tenants.models import Invitation
from tenants.services.invitations import SEND, invite
from tests.byoc.test_letters import use
from tests.fixtures.organizations import World
from tests.peers.maildev import MailDev
from tests.plugins.services import Services

pytestmark = [pytest.mark.django_db, pytest.mark.adapters, pytest.mark.needs("maildev")]

DORA = "dora@new.example"
SAID = {
    "en": ("Ana invites you to “Harbour”", "Follow this link to accept:"),
    "pt-br": ("Ana convida você para “Harbour”", "Para aceitar, siga este link:"),
}


@pytest.fixture(scope="module")
def house(services: Services) -> Iterator[MailDev]:
    server = MailDev(services.home / "maildev-invitations")
    child = server.start()
    yield server
    child.stop()


@pytest.fixture(autouse=True)
def _eager() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def asked(world: World, language: str, committed: Callable[..., Any]) -> None:
    with use_tenant(world.context), committed(execute=True):
        invite(member=world.owner, emails=[DORA], origin="http://testserver", language=language)


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_the_letter_arrives_and_its_link_leads_in(
    left: World,
    house: MailDev,
    language: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    use(house.url, settings, monkeypatch)
    before, since = len(house.came()), len(dials)
    asked(left, language, django_capture_on_commit_callbacks)
    (letter,) = house.came()[before:]
    subject, words = SAID[language]
    assert (letter["subject"], letter["to"][0]["address"]) == (subject, DORA)
    assert words in letter["text"]
    (link,) = [one for one in letter["text"].split() if one.startswith("http://testserver/")]
    came = Client().post(link, {"name": "Dora", "password": "a-harbour-of-her-own"})
    assert came["Location"] == f"/o/{left.slug}/"
    let_out = {(dial.owner, dial.port, dial.rule) for dial in list(dials)[since:]}
    assert let_out == {("platform", house.port, "the installation's mail server")}


def test_a_wrong_password_keeps_the_letter_for_later(
    left: World,
    house: MailDev,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    use(house.url.replace("p%40ss", "guessed"), settings, monkeypatch)
    before = len(house.came())
    with suppress(Exception):  # the worker's own; it is noted
        asked(left, "en", django_capture_on_commit_callbacks)
    assert len(house.came()) == before
    with use_tenant(left.context):
        assert Invitation.objects.get(email=DORA).sent_at is None
        assert Outbox.objects.get(task=SEND).state == Outbox.State.PENDING
