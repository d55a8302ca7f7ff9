"""A place of a mixed organization that cannot be worked in: nothing but its own rows is missed."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client

from audit.models import AuditEntry
from byoc.models import Endpoint
from companions.services.companions import edit_companion
from humana.kernel.errors import Unavailable
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import PendingWork, Team
from tenants.owner import app_role, owner_connection
from tenants.services.pending import sweep_pending
from tenants.services.teams import create_team, dissolve_team, on_team
from tests.fixtures.mixed import AT_HOME, IN_DATABASE, Mixed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("where the organization lives would be its own server too"),
]
EVERY_PAGE = ("", "chats/", "search/?q=here", "trail/", "places/", "companions/")


def test_a_place_that_is_down_takes_only_its_own_rows_along(
    mixed: Mixed, request: pytest.FixtureRequest
) -> None:
    here, gone = mixed.start(AT_HOME, "still here"), mixed.start(IN_DATABASE, "out of reach")
    client = mixed.client
    request.getfixturevalue("database_down")
    for address in ("chats/", "search/?q=here", ""):
        page = client.get(mixed.address(address))
        text = html.unescape(page.content.decode())
        assert page.status_code == 200
        assert "The place where Dina lives does not answer just now" in text
        assert str(here.id) in text
        assert str(gone.id) not in text
    lost = client.get(mixed.address(f"chats/{gone.id}/"))
    assert (lost.status_code, lost["Retry-After"]) == (503, "15")
    assert client.get(mixed.address(f"chats/{here.id}/")).status_code == 200


def test_a_look_ahead_names_the_companion_whose_place_is_down(
    mixed: Mixed, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("database_down")
    client, address = mixed.client, mixed.address("settings/values/new/")
    page = client.post(address, {"seen": "0", "title": "Haste", "description": "now", "do": "preview"})
    text = html.unescape(page.content.decode())
    assert "Where Dina lives does not answer just now" in text
    assert "4 companions change" in text


@pytest.fixture
def name_leads_nowhere(mixed: Mixed) -> Iterator[None]:
    """The name of the database's server is known to nobody any more."""
    with _at("postgresql://nowhere.invalid:5432", mixed):
        yield


@contextmanager
def _at(origin: str, mixed: Mixed) -> Iterator[None]:
    for place in (origin, ""):
        with use_tenant(mixed.context):
            Endpoint.objects.filter(organization=mixed.organization).update(origin=place)
        aliases.forget_all()
        if place:
            yield


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_a_name_that_leads_nowhere_takes_only_its_own_rows_along(
    mixed: Mixed, page: str, request: pytest.FixtureRequest
) -> None:
    here = mixed.start(AT_HOME, "here")
    request.getfixturevalue("name_leads_nowhere")
    client = mixed.client
    assert client.get(mixed.address(page)).status_code == 200
    assert client.get(mixed.address(f"chats/{here.id}/")).status_code == 200


def test_a_sweep_goes_on_where_a_name_leads_nowhere(mixed: Mixed, name_leads_nowhere: None) -> None:
    """The marker stays: what is out of reach may have something to do."""
    marker = PendingWork.objects.create(organization=mixed.organization, kind=PendingWork.Kind.RUN)
    visited = []
    sweep_pending(PendingWork.Kind.RUN, lambda: visited.append(AuditEntry.objects.count()), lambda: False)
    assert len(visited) == 2, "the main place and the schema"
    assert PendingWork.objects.filter(id=marker.id).exists()
    marker.delete()


@pytest.fixture
def read_only(mixed: Mixed) -> Iterator[None]:
    """The customer, or a failover, lets nobody write there."""
    name = mixed.database
    _administer(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    yield
    _administer(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


@pytest.fixture
def rights_lost(mixed: Mixed) -> Iterator[None]:
    """The customer took away what the application may do with chats."""
    chats = f'"{mixed.placements[IN_DATABASE].schema_name}".chats_chat'
    _administer(f'REVOKE INSERT, UPDATE ON {chats} FROM "{app_role()}"', mixed.database)
    yield
    _administer(f'GRANT INSERT, UPDATE ON {chats} TO "{app_role()}"', mixed.database)


def _administer(statement: str, database: str | None = None) -> None:
    aliases.forget_all()
    with owner_connection(name=database) as owner:
        owner.execute(statement.encode())


@pytest.mark.parametrize(
    ("failure", "code"), [("read_only", "database_read_only"), ("rights_lost", "database_lacks_rights")]
)
def test_what_a_database_refuses_is_said_with_what_to_change(
    mixed: Mixed, failure: str, code: str, request: pytest.FixtureRequest
) -> None:
    """For a chat that is there, and for one that would begin there; reading goes on."""
    chat, here = mixed.start(IN_DATABASE, "kept"), mixed.start(AT_HOME, "here")
    client, headers = mixed.client, {"Authorization": f"Bearer {mixed.key}"}
    client.raise_request_exception = False
    request.getfixturevalue(failure)
    assert client.get(mixed.address(f"chats/{chat.id}/")).status_code == 200
    renamed = client.post(mixed.address(f"chats/{chat.id}/rename/"), {"title": "Other"})
    assert (renamed.status_code, renamed["Retry-After"]) == (503, "60")
    assert "The organization's database" in html.unescape(renamed.content.decode())
    begun = {"companion_id": str(mixed.companions[IN_DATABASE].id)}
    caller = Client(raise_request_exception=False)
    told = caller.post("/api/v1/chats/", json.dumps(begun), content_type="application/json", headers=headers)
    assert (told.status_code, told.json()["error"]["code"]) == (503, code)
    assert client.post(mixed.address(f"chats/{here.id}/rename/"), {"title": "Fine"}).status_code < 400


def test_a_team_stays_while_a_place_of_its_companions_does_not_answer(
    mixed: Mixed, request: pytest.FixtureRequest
) -> None:
    with use_tenant(mixed.context):
        old = create_team(name="Old")
        for name in (AT_HOME, IN_DATABASE):
            edit_companion(companion=mixed.companions[name], team_id=old.id)
    request.getfixturevalue("database_down")
    with use_tenant(mixed.context):
        with pytest.raises(Unavailable):
            dissolve_team(team=old, move_to=None)
        assert Team.objects.filter(id=old.id).exists()
        assert on_team(old).above.companions == 2, "nothing half-done"
