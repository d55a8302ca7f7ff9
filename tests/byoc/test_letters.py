"""The letters of a failover and of the all-clear reach a mail server of another house, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from byoc import endpoints, standing
from byoc.contracts import Health
from byoc.models import Endpoint, Notice
from byoc.probing import Look, Target
from byoc.services import health, notices
from humana.kernel.egress import Guard, dials
from humana.settings import mail
from tests.byoc.rows import connected
from tests.fixtures.organizations import World
from tests.peers.maildev import MailDev
from tests.plugins.services import Services

pytestmark = [pytest.mark.django_db, pytest.mark.adapters, pytest.mark.needs("maildev")]

SAID = {
    "en": {
        "failover.began": ("Something stands in for “Main”", "“Spare” answers instead of “Main”"),
        "failover.ended": ("“Main” serves again", "Nothing stands in for “Main” any more."),
        "why": "You are told because you look after the endpoints of your organization.",
    },
    "pt-br": {
        "failover.began": ("Há um substituto para “Main”", "“Spare” responde no lugar de “Main”"),
        "failover.ended": ("“Main” atende de novo", "“Main” já não precisa de substituto."),
        "why": "Você recebe este aviso porque cuida dos endpoints da sua organização.",
    },
}


@pytest.fixture(scope="module")
def _house(services: Services) -> Iterator[MailDev]:
    server = MailDev(services.home / "maildev")
    child = server.start()
    yield server
    child.stop()


@pytest.fixture
def house(_house: MailDev, settings: Any, monkeypatch: pytest.MonkeyPatch) -> MailDev:
    """Mail goes out as the installation's environment says."""
    use(_house.url, settings, monkeypatch)
    return _house


def use(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUMANA_SMTP_URL", url)
    for name, value in mail.by_url().items():
        setattr(settings, name, value)


def looked(world: World, *seen: tuple[Endpoint, bool]) -> None:
    """Three looks in a row found them so."""
    for _time in range(3):
        with health.inside_of(world.organization.id):
            health.keep(world.organization.id, [look(world, one, well) for one, well in seen])


def look(world: World, one: Endpoint, well: bool) -> Look:
    target = Target(world.organization.id, endpoints.spec_of(one), Guard("nobody"))
    return Look(target, Health(well, 0.1, "" if well else "unreachable"), timezone.now())


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_the_failover_and_the_all_clear_arrive(left: World, house: MailDev, language: str) -> None:
    left.organization.language = language
    left.organization.save()
    main = connected(left, "https://main.example:443/v1", name="Main")
    spare = connected(left, "https://spare.example:443/v1", name="Spare", role="fallback")
    standing.forget()
    before, since = len(house.came()), len(dials)
    looked(left, (main, False), (spare, True))
    notices.send_due()
    looked(left, (main, True), (spare, True))
    notices.send_due()
    letters = house.came()[before:]
    told = SAID[language]
    for event in ("failover.began", "failover.ended"):
        subject, body = told[event]
        found = [letter for letter in letters if letter["subject"] == subject]
        whose = {letter["to"][0]["address"] for letter in found}
        assert whose == {left.owner.user.email, left.twin.user.email}, [one["subject"] for one in letters]
        assert all(body in letter["text"] and str(told["why"]) in letter["text"] for letter in found)
        assert len({letter["headers"]["x-humana-event"] for letter in found}) == 1
    let_out = {(dial.owner, dial.port, dial.rule) for dial in list(dials)[since:]}
    assert let_out == {("platform", house.port, "the installation's mail server")}


def test_a_wrong_password_keeps_the_letter_for_later(
    left: World, house: MailDev, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(house.url.replace("p%40ss", "guessed"), settings, monkeypatch)
    before = len(house.came())
    main = connected(left, "https://main.example:443/v1", name="Main")
    looked(left, (main, False))
    assert notices.send_due() == 0
    assert len(house.came()) == before
    with health.inside_of(left.organization.id):
        [state] = set(Notice.objects.filter(channel="email").values_list("state", flat=True))
    assert state == "pending"
