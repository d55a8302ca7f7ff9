"""Who is let in to read is asked again while the stream is open; a lost right ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from chats.models import Run
from tenants.models import ApiKey, Membership, Organization, User
from tenants.services.keys import create_api_key, revoke_api_key
from tests.chats.conftest import Desk, desk_at, read_events
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server, running_server

pytestmark = pytest.mark.battery

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
#: Longer than any of these tests: a stream that ends, ends because it was ended.
LONG = "paced:1200:50"


@pytest.fixture(scope="module")
def server(
    cloned_database: str, scripted_model_server: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A web process that asks every second."""
    log = tmp_path_factory.mktemp("server") / "web.log"
    with running_server(scripted_model_server.openai_url, log, HUMANA_RECHECK_SECONDS="1") as started:
        yield started


@contextmanager
def reading(desk: Desk, run: Run, session: str = "") -> Iterator[Iterator[tuple[str, str, Any]]]:
    """The events of the run: by key, or of the page with a session."""
    if session:
        url, headers = f"/o/{desk.world.slug}/runs/{run.id}/events", {"Cookie": f"sessionid={session}"}
    else:
        url, headers = f"/api/v1/runs/{run.id}/events", {"Authorization": f"Bearer {desk.key}"}
    with httpx2.stream("GET", desk.server.url + url, headers=headers, timeout=10) as response:
        assert response.status_code == 200, response.read()
        yield read_events(response.iter_lines())


def signed_in(desk: Desk) -> str:
    client = Client()
    client.force_login(desk.world.member.user, backend=BACKEND)
    return str(client.cookies["sessionid"].value)


def until_said(events: Iterator[tuple[str, str, Any]]) -> tuple[str, str, Any]:
    """The first event of the answer's text: the stream is open and flows."""
    return next(one for one in events if one[1] in ("text", "block"))


def rest(events: Iterator[tuple[str, str, Any]], seconds: float) -> list[tuple[str, str, Any]]:
    """What is still told, to the end of the stream; that must come in time."""
    began, told = time.monotonic(), []
    for one in events:
        told.append(one)
        assert time.monotonic() - began < seconds, "the stream goes on"
    return told


def remove_member(desk: Desk) -> None:
    Membership.objects.filter(id=desk.world.member.id).delete()


def suspend_member(desk: Desk) -> None:
    Membership.objects.filter(id=desk.world.member.id).update(state=Membership.State.SUSPENDED)


def revoke_key(desk: Desk) -> None:
    revoke_api_key(key=ApiKey.objects.get(prefix=desk.key[:10], membership=desk.world.member))


def suspend_organization(desk: Desk) -> None:
    Organization.objects.filter(id=desk.world.organization.id).update(state="suspended")


def sign_out(desk: Desk) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for session in Session.objects.all():
        store(session.session_key).delete()


def deactivate(desk: Desk) -> None:
    User.objects.filter(id=desk.world.member.user_id).update(is_active=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lose", [remove_member, revoke_key, suspend_organization])
def test_a_program_that_may_no_longer_read_is_told_so_and_cut_off(
    desk: Desk, scripted_model: ScriptedModel, lose: Callable[[Desk], None]
) -> None:
    run = desk.ask(LONG)
    with reading(desk, run) as events:
        first = until_said(events)
        lose(desk)
        told = [first, *rest(events, seconds=10)]  # the right may be lost before a second event comes
    cursor, name, data = told[-1]
    assert (cursor, name, data["code"]) == (told[-2][0], "refused", "invalid_api_key")
    assert data["message"]
    assert desk.run(run).state in Run.LIVE, "only the reader was sent away"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("lose", "code"),
    [(suspend_member, "not_a_member"), (sign_out, "unauthenticated"), (deactivate, "unauthenticated")],
)
def test_so_is_a_page(
    desk: Desk, scripted_model: ScriptedModel, lose: Callable[[Desk], None], code: str
) -> None:
    run = desk.ask(LONG)
    with reading(desk, run, session=signed_in(desk)) as events:
        until_said(events)
        lose(desk)
        told = rest(events, seconds=10)
    assert (told[-1][1], told[-1][2]["code"]) == ("refused", code)


@pytest.mark.django_db(transaction=True)
def test_who_may_still_read_reads_to_the_end(desk: Desk, scripted_model: ScriptedModel) -> None:
    run = desk.ask("paced:160:50")  # more than three seconds: asked again at least twice
    assert list(desk.events(run))[-1][1] == "done"


@pytest.mark.django_db(transaction=True)
def test_without_asking_again_the_stream_would_go_on(
    cloned_database: str, scripted_model: ScriptedModel, tmp_path: Any
) -> None:
    """The guard switched off."""
    with running_server(
        scripted_model.openai_url, tmp_path / "web.log", HUMANA_RECHECK_SECONDS="3600"
    ) as careless:
        desk = desk_at(careless)
        with reading(desk, desk.ask(LONG)) as events:
            until_said(events)
            remove_member(desk)
            with pytest.raises(AssertionError, match="the stream goes on"):
                rest(events, seconds=4)


@pytest.mark.django_db(transaction=True)
def test_a_key_made_for_something_else_reads_no_answer(desk: Desk, scripted_model: ScriptedModel) -> None:
    run = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE)
    _key, secret = create_api_key(member=desk.world.member, name="Narrow", scopes=["companions.read"])
    answer = httpx2.get(
        f"{desk.server.url}/api/v1/runs/{run.id}/events", headers={"Authorization": f"Bearer {secret}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "missing_scope")
