"""The page on which an organization is configured, and the one on which members set what is their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from chats.config_keys import MESSAGE_LIMIT
from companions.config_keys import TEMPERATURE
from tenants.config.catalogue import config_keys
from tenants.config.resolver import Subject, resolve
from tenants.config.snapshot import snapshot
from tenants.config_keys import SESSION_AGE
from tenants.context import use_tenant
from tenants.models import Membership, Team
from tenants.services.config import EVERYWHERE, change
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


def page(world: World, name: str = "configuration", **asked: str) -> str:
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"/o/{world.slug}/settings/{name}/" + (f"?{query}" if query else "")


def send(client: Client, address: str, key: Any, do: str = "value", **fields: str) -> HttpResponse:
    answer: HttpResponse = client.post(address, {"key": key.name, "do": do, **fields})
    snapshot.forget()
    return answer


def holds(world: World, key: Any, subject: Subject | None = None) -> Any:
    with use_tenant(world.context):
        return resolve(key, subject or Subject())


def test_every_key_is_on_the_page_of_a_layer_that_it_has(owner: Client, left: World) -> None:
    text = owner.get(page(left)).content.decode()
    shown = set(re.findall(r'<details class="setting" id="([^"]+)"', text))
    assert shown == {name for name, key in config_keys.items() if "organization" in key.layers}
    assert "Default: 32,000 characters" in text


def test_a_value_is_set_limited_and_taken_back(owner: Client, left: World) -> None:
    assert send(owner, page(left), MESSAGE_LIMIT, value="900").status_code == 302
    assert holds(left, MESSAGE_LIMIT) == 900
    assert send(owner, page(left), SESSION_AGE, "bounds", cap="3600", locked="on").status_code == 302
    assert holds(left, SESSION_AGE) == 3_600
    text = owner.get(page(left)).content.decode()
    assert "Organization · Caio" in text
    assert send(owner, page(left), MESSAGE_LIMIT, "clear").status_code == 302
    assert holds(left, MESSAGE_LIMIT) == MESSAGE_LIMIT.default


@pytest.mark.parametrize("typed", ["many", "", "1", "99999999"])
def test_what_cannot_be_stays_in_the_field_with_what_to_change(
    owner: Client, left: World, typed: str
) -> None:
    answer = send(owner, page(left), MESSAGE_LIMIT, value=typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{typed}" inputmode="decimal" aria-invalid="true"' in text
    assert 'id="chats.message_limit" open' in text
    assert holds(left, MESSAGE_LIMIT) == MESSAGE_LIMIT.default


def test_a_limit_that_cannot_be_is_told_at_its_field(owner: Client, left: World) -> None:
    answer = send(owner, page(left), SESSION_AGE, "bounds", cap="soon")
    assert answer.status_code == 422
    assert 'id="session.max_age-cap-problem"' in answer.content.decode()


def test_what_somebody_changed_meanwhile_is_not_written_over(owner: Client, left: World) -> None:
    send(owner, page(left), MESSAGE_LIMIT, value="900")
    answer = send(owner, page(left), MESSAGE_LIMIT, value="800", seen="0")
    assert (answer.status_code, "Somebody changed this" in answer.content.decode()) == (412, True)
    assert holds(left, MESSAGE_LIMIT) == 900


def test_what_is_locked_by_humana_is_shown_so_and_refused(owner: Client, left: World) -> None:
    change(member=None, where=EVERYWHERE, key=MESSAGE_LIMIT, value=700, locked=False, cap=700)
    change(member=None, where=EVERYWHERE, key=SESSION_AGE, value=700, locked=True)
    snapshot.forget()
    text = owner.get(page(left)).content.decode()
    assert "This is locked further up" in text
    answer = send(owner, page(left), SESSION_AGE, value="600")
    assert (answer.status_code, "locked for you by: Humana" in answer.content.decode()) == (409, True)
    answer = send(owner, page(left), MESSAGE_LIMIT, value="701")
    assert "at most 700 characters (Humana)" in answer.content.decode()


def test_a_team_is_configured_on_the_same_page(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        team = Team.objects.create(organization=left.organization, name="Wards")
    address = page(left, team=str(team.id))
    assert "Configuration of Wards" in owner.get(address).content.decode()
    assert send(owner, address, TEMPERATURE, value="0,3").status_code == 302
    assert holds(left, TEMPERATURE, Subject(companion_team_id=team.id)) == 0.3
    assert holds(left, TEMPERATURE) is None


def test_settings_are_found_by_word_and_by_group(owner: Client, left: World) -> None:
    by_word = owner.get(page(left, q="longest+session")).content.decode()
    assert re.findall(r'class="setting" id="([^"]+)"', by_word) == ["session.max_age"]
    by_group = owner.get(page(left, group="chats")).content.decode()
    of_group = re.findall(r'class="setting" id="([^"]+)"', by_group)
    assert "chats.message_limit" in of_group
    assert {one.partition(".")[0] for one in of_group} == {"chats"}
    assert "No setting fits" in owner.get(page(left, q="zebra")).content.decode()


def test_members_set_their_own_and_see_no_others(member: Client, left: World) -> None:
    assert member.get(page(left)).status_code == 403
    assert send(member, page(left), MESSAGE_LIMIT, value="900").status_code == 403
    text = member.get(page(left, "mine")).content.decode()
    assert re.findall(r'class="setting" id="([^"]+)"', text) == ["session.max_age"]
    assert send(member, page(left, "mine"), SESSION_AGE, value="600").status_code == 302
    assert holds(left, SESSION_AGE, Subject(user_id=left.member.user_id)) == 600
    assert holds(left, SESSION_AGE, Subject(user_id=left.owner.user_id)) == SESSION_AGE.default


def test_who_may_only_look_finds_no_form(left: World) -> None:
    Membership.objects.filter(pk=left.member.pk).update(role="auditor")
    client = Client(headers={"accept-language": "en"})
    client.force_login(left.member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert 'name="do"' not in client.get(page(left)).content.decode()
    assert send(client, page(left), MESSAGE_LIMIT, value="900").status_code == 403


@pytest.mark.parametrize(
    "sent", [{}, {"key": "chats.nothing", "do": "value"}, {"key": "chats.message_limit", "do": "x"}]
)
def test_what_is_not_there_is_not_found(owner: Client, left: World, sent: dict[str, str]) -> None:
    assert owner.post(page(left), sent).status_code == 404


def test_the_page_speaks_portuguese(left: World) -> None:
    client = Client(headers={"accept-language": "pt-br"})
    client.force_login(left.twin.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(page(left)).status_code == 200
