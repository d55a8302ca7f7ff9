"""A secret that was entered by page, API and console is nowhere to be found again."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import AuditEntry
from audit.services.relay import relay_control_events
from byoc.models import Endpoint
from tenants.context import use_tenant
from tenants.models import ControlEvent, User
from tests.admin.conftest import Desk
from tests.api.conftest import Program
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import PASSWORD, World
from tests.isolation.routes import API, PAGES, objects_of, routes
from tests.pages.conftest import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.adapters]
CANARY = "sk-vermilion-canary-7c1"
SECRETS = {"value_key": CANARY, "value_model": "echo"}


def by_page(client: Client, url: str) -> list[bytes]:
    """Entered right, entered wrong, and changed; what was shown each time."""
    told = {
        "name": "By page",
        "role": "primary",
        "value_url": url,
        "value_key": CANARY,
        "value_model": "echo",
    }
    new = "/o/left/settings/endpoints/new/?type=llm/custom"
    wrong = client.post(new, told | {"value_attempts": "none"})
    kept = client.post(new, told | {"value_attempts": "1"}, follow=True)
    twice = client.post(new, told | {"value_attempts": "1"})
    return [wrong.content, kept.content, twice.content]


def by_api(program: Program, url: str) -> list[bytes]:
    values = {"url": url, "key": CANARY, "model": "echo", "attempts": 1}
    body = {"kind": "llm", "type": "custom", "name": "By program", "role": "primary", "values": values}
    made = program.post("endpoints/", body, idempotency_key="canary")
    address = f"endpoints/{json.loads(made.content)['id']}/"
    answers = [
        made,
        program.post("endpoints/", body),
        program.post("endpoints/", body | {"type": "none"}),
        program.patch(address, {"values": {"key": CANARY, "attempts": CANARY}}),
        program.get(address),
        program.post(f"{address}validate/"),
    ]
    return [one.content for one in answers]


def by_console(desk: Desk, world: World, url: str) -> list[bytes]:
    desk.take(world)
    new = reverse("admin:byoc_endpoint_add") + "?type=llm/custom"
    told = {
        "name": "By console",
        "role": "primary",
        "value_url": url,
        "value_key": CANARY,
        "value_model": "echo",
    }
    return [
        desk.client.post(new, told | {"value_attempts": "none"}).content,
        desk.client.post(new, told | {"value_attempts": "1"}, follow=True).content,
        desk.client.post(new, told | {"value_attempts": "1"}).content,
    ]


def crawled(client: Client, world: World) -> list[bytes]:
    with use_tenant(world.context):
        ids = list(Endpoint.objects.filter(organization=world.organization).values_list("id", flat=True))
    pages = [one for one in routes(PAGES) if "events" not in str(one)]
    addresses = {one.address(world.slug, objects_of(world)) for one in pages}
    addresses |= {
        one.address(world.slug, objects_of(world) | {"endpoint_id": key})
        for one in pages if "endpoint_id" in one.parameters for key in ids
    }  # fmt: skip
    return [client.get(one).content for one in sorted(addresses)]


def answered(program: Program, world: World) -> list[bytes]:
    found = [one for one in routes(API) if "schema" not in str(one) and "docs" not in str(one)]
    return [program.get(one.address("", objects_of(world)).removeprefix("/api/v1/")).content for one in found]


def shown_to_operators(desk: Desk) -> list[bytes]:
    pages = [desk.get("byoc_endpoint").content, desk.client.get(reverse("admin:index")).content]
    for row in desk.get("byoc_endpoint").context["cl"].result_list:
        pages.append(desk.get("byoc_endpoint", row.pk).content)
        pages.append(
            desk.client.get(reverse("admin:byoc_endpoint_history", args=[row.pk]), follow=True).content
        )
    return pages


def in_tables() -> set[str]:
    """Tables with the word in any column, bytes as letters."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information)'"
            " AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
        )
        for schema, table in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{schema}"."{table}" AS t WHERE t::text LIKE ANY (%s)',
                [[f"%{CANARY}%", f"%{CANARY.encode().hex()}%"]],
            )
            found |= {table} if cursor.fetchone() != (0,) else set()
    return found


def in_valkey() -> list[bytes]:
    client: Any = caches["default"]._cache.get_client(None)  # type: ignore[attr-defined]
    return [key for key in client.scan_iter() if CANARY.encode() in (client.dump(key) or b"")]


def test_it_is_nowhere(left: World, scripted_model: ScriptedModel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = scripted_model.openai_url  # nobody granted it: each look is refused, and says so
    ana, program = signed_in(left.twin), Program(left.key)
    desk = Desk(User.objects.create_user("olga@humana.example", PASSWORD, name="Olga", is_staff=True))
    seen = by_page(ana, url) + by_api(program, url) + by_console(desk, left, url)
    seen += crawled(ana, left) + answered(program, left) + shown_to_operators(desk)
    assert [page for page in seen if CANARY.encode() in page] == []
    assert len(seen) > 40
    with use_tenant(left.context):
        assert Endpoint.objects.filter(organization=left.organization).exclude(credentials="").count() == 3
        relay_control_events()
        told = [*AuditEntry.objects.values_list("payload"), *ControlEvent.objects.values_list("payload")]
    assert CANARY not in str(told)
    assert CANARY not in caplog.text
    with use_tenant(left.context):
        assert in_tables() == set()
    assert in_valkey() == []
    assert not any(CANARY in str(one.get_decoded()) for one in Session.objects.all())


def test_an_open_column_would_be_found(left: World) -> None:
    """The guard switched off: what the search of the tables finds."""
    with use_tenant(left.context):
        Endpoint.objects.filter(id=left.endpoint).update(options={"key": CANARY})
        assert in_tables() == {"byoc_endpoint"}
