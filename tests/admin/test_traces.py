"""What the console leaves behind: nothing of a tenant in `public`, and no page that tells too much."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse

from chats.models import Chat, Message
from companions.models import Brand, Companion, Policy, Value
from tenants.context import use_tenant
from tenants.models import ApiKey
from tests.admin.conftest import Desk
from tests.admin.test_doors import PAGES
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db

CANARY = "cerulean-canary"


def found_in_public(word: str) -> set[str]:
    """Tables of the control plane with the word in any column, sessions unpacked."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE %s', [f"%{word}%"])
            if cursor.fetchone() != (0,):
                found.add(table)
    if any(word in str(session.get_decoded()) for session in Session.objects.all()):
        found.add("django_session")
    return found


def everything_an_operator_can_do(desk: Desk, world: World) -> None:
    """Every form of the tenant plane saved, refused and deleted, every page opened, with the word in it."""
    with use_tenant(world.context):
        Chat.objects.update(title=f"{CANARY} title")
        Message.objects.update(text=f"{CANARY} text")
        brand = Brand.objects.get()
    desk.take(world)
    desk.begin_support("Ticket 42")
    edits: list[tuple[str, Any, dict[str, str]]] = [
        ("companions_value", world.row(Value).id, {"title": CANARY, "description": CANARY}),
        ("companions_policy", world.row(Policy).id, {"name": CANARY, "requirement": CANARY}),
        ("companions_brand", brand.id, {"style": CANARY, "restrictions": CANARY}),
        ("companions_companion", world.companion.id, {"name": CANARY, "base_prompt": CANARY}),
    ]
    for page, key, told in edits:
        assert desk.edit(page, key, **told).status_code == 302, page
        assert desk.edit(page, key, **dict.fromkeys(told, CANARY * 900)).status_code == 200, page
        desk.get(page, q=CANARY)
    assert desk.edit("companions_value", title=f"{CANARY} 2", description=CANARY).status_code == 302
    for page in PAGES:
        for row in desk.get(page).context["cl"].result_list:
            desk.get(page, row.pk)
            desk.client.get(reverse(f"admin:{page}_history", args=[row.pk]))
    desk.delete("companions_value", world.row(Value).id)
    desk.delete("companions_companion", world.companion.id)


@pytest.mark.battery
def test_no_word_of_a_tenant_lands_in_public(operator: Desk, left: World) -> None:
    everything_an_operator_can_do(operator, left)
    with use_tenant(left.context):
        assert Value.objects.filter(title__contains=CANARY).exists()
        assert Companion.everything.filter(name=CANARY).exists()
    assert found_in_public(CANARY) == set()
    assert LogEntry.objects.count() == 0
    assert CANARY not in str(operator.client.cookies)


def test_djangos_own_log_would_put_it_there(
    operator: Desk, left: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: this is what the search finds."""
    from tenants.console import ModelAdmin, OperatorAdmin

    monkeypatch.setattr(OperatorAdmin, "log_change", ModelAdmin.log_change)
    operator.take(left)
    operator.edit("companions_value", left.row(Value).id, title=CANARY)
    assert found_in_public(CANARY) == {"django_admin_log"}


def test_nothing_is_deleted_in_bulk(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support()
    for name, page in PAGES.items():
        request = operator.get(name).wsgi_request
        assert "delete_selected" not in page.get_actions(request), name
    operator.act("companions_value", "delete_selected", left.row(Value).id)
    with use_tenant(left.context):
        assert Value.objects.exists()


def test_what_people_wrote_cannot_be_changed_or_added_or_deleted(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support()
    for name in (
        "chats_chat",
        "chats_message",
        "chats_run",
        "chats_vote",
        "documents_folder",
        "audit_auditentry",
    ):
        key = left.rows[PAGES[name].model].pk
        assert operator.client.get(reverse(f"admin:{name}_add")).status_code == 403, name
        assert operator.client.post(operator.address(name, key), {"text": "x"}).status_code == 403, name
        assert operator.delete(name, key).status_code == 403, name


@pytest.mark.parametrize(
    "query",
    [
        {"password__startswith": "pbkdf2"},
        {"password__regex": "^a"},
        {"memberships__role": "owner"},
        {"is_superuser__exact": "1"},
    ],
)
def test_a_list_is_not_asked_letter_by_letter(operator: Desk, left: World, query: dict[str, str]) -> None:
    assert operator.get("tenants_user", **query).status_code == 400
    assert operator.get("tenants_user", is_staff__exact="1").status_code == 200


def test_nor_is_a_key_by_its_digest(operator: Desk, left: World) -> None:
    operator.take(left)
    digest = ApiKey.objects.get(membership=left.twin).digest
    assert operator.get("tenants_apikey", digest__startswith=digest[:4]).status_code == 400
    assert operator.get("audit_auditentry", payload__contains="a").status_code == 400


@pytest.mark.battery
def test_hostile_addresses_are_refused_and_never_break(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support()
    operator.client.raise_request_exception = False
    for page in ("tenants_user", "tenants_team", "audit_auditentry", "chats_chat"):  # one of each kind
        for key in ("x", "%00", "-1", "0" * 300, "../../etc", "_00"):
            answer = operator.client.get(f"/admin/{page.replace('_', '/', 1)}/{key}/change/")
            assert answer.status_code in {302, 404}, (page, key)
    for page in PAGES:
        filters = {str(name): "\x00" for name in PAGES[page].lookups} | {"id": "x"}
        for query in [{"q": "\x00"}, {"o": "9.-9.x"}, {"p": "999999"}, {"p": "x"}, filters, {"nobody": "x"}]:
            assert operator.get(page, **query).status_code in {200, 302, 400}, (page, query)


def test_every_page_has_the_consoles_policy_and_peoples_pages_keep_theirs(
    operator: Desk, left: World
) -> None:
    operator.take(left)
    pages = [reverse("admin:index"), reverse("console-hand"), reverse("console-support"), "/admin/nothing/"]
    for address in [*pages, operator.address("companions_value")]:
        policy = operator.client.get(address)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self' 'unsafe-eval';" in policy + ";"
        assert "style-src 'self';" in policy + ";"
        assert "connect-src 'none'" in policy
    assert "unsafe" not in operator.client.get("/accounts/password/change/")["Content-Security-Policy"]


def test_libraries_show_nothing_of_their_own() -> None:
    ours = {"byoc", "tenants", "audit", "companions", "chats", "documents"}
    assert {model._meta.app_label for model in admin.site._registry} == ours
