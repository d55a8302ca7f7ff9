"""Operators at work: with an organization in hand, and inside its content only for a told reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry
from audit.services.relay import relay_control_events
from companions.models import Policy, PolicyVersion
from tenants.context import use_tenant
from tenants.models import SupportSession, User
from tenants.operators import IN_HAND
from tests.fixtures.organizations import PASSWORD, World

CONTENT = ["chats_chat", "chats_message", "chats_run", "companions_companion", "documents_folder"]
IN_HAND_ONLY = [
    "companions_value",
    "companions_policy",
    "companions_brand",
    "tenants_team",
    "audit_auditentry",
]


@pytest.fixture
def operator(db: None) -> Client:
    """A superuser: even that opens no content."""
    user = User.objects.create_superuser("operator@humana.example", PASSWORD, name="Olga")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def take_in_hand(client: Client, world: World) -> None:
    session = client.session
    session[IN_HAND] = str(world.organization.id)
    session.save()


def begin_support(client: Client, reason: str = "Ticket 42") -> None:
    page = reverse("console-support")
    answer = client.post(page, {"reason": reason, "minutes": 30, "consent": "Ana"})
    assert answer.status_code == 302, answer.content.decode()[-2000:]


def listed(client: Client, name: str) -> int:
    return client.get(reverse(f"admin:{name}_changelist")).status_code


def actions(world: World) -> list[str]:
    with use_tenant(world.context):
        relay_control_events()
        return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))


def test_the_platform_is_always_open_and_organizations_are_not(operator: Client, left: World) -> None:
    assert listed(operator, "tenants_organization") == listed(operator, "tenants_placement") == 200
    assert {listed(operator, name) for name in [*IN_HAND_ONLY, *CONTENT]} == {403}


def test_members_do_not_enter_the_console(client: Client, left: World) -> None:
    client.force_login(left.owner.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/admin/").status_code in (302, 403)


def test_taking_an_organization_in_hand_is_in_its_trail(operator: Client, left: World) -> None:
    page = reverse("console-hand")
    assert operator.post(page, {"organization": str(left.organization.id)}).status_code == 302
    assert {listed(operator, name) for name in IN_HAND_ONLY} == {200}
    assert {listed(operator, name) for name in CONTENT} == {403}, "a superuser needs a session too"
    assert "operator.entered" in actions(left)


def test_one_organization_in_hand_shows_nothing_of_the_other(
    operator: Client, left: World, right: World
) -> None:
    take_in_hand(operator, left)
    begin_support(operator)
    page = reverse("admin:chats_chat_change", args=[right.chat.id])
    assert operator.get(page).status_code == 302  # Django's admin: "perhaps it was deleted?"
    assert operator.get(reverse("admin:chats_chat_change", args=[left.chat.id])).status_code == 200


def test_a_support_session_opens_content_and_the_customer_reads_all_of_it(
    operator: Client, left: World
) -> None:
    take_in_hand(operator, left)
    begin_support(operator, reason="Ticket 42: answer missing")
    assert {listed(operator, name) for name in CONTENT} == {200}
    operator.get(reverse("admin:chats_chat_change", args=[left.chat.id]))
    told = actions(left)
    assert "support.begun" in told
    assert "support.looked" in told
    with use_tenant(left.context):
        begun = AuditEntry.objects.get(action="support.begun")
        looked = AuditEntry.objects.filter(action="support.looked", resource_id=str(left.chat.id)).get()
    assert "Ticket 42: answer missing" in begun.payload
    assert (looked.actor_kind, looked.actor_label) == ("operator", "operator@humana.example")


def test_an_ended_or_expired_session_closes_at_once(operator: Client, left: World) -> None:
    take_in_hand(operator, left)
    begin_support(operator)
    with use_tenant(left.context):
        SupportSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert listed(operator, "chats_chat") == 403
    begin_support(operator)
    operator.post(reverse("console-end-support"))
    assert listed(operator, "chats_chat") == 403
    assert "support.ended" in actions(left)


@pytest.mark.parametrize("minutes", [0, 241, -5, "x"])
def test_a_session_without_limit_or_reason_is_refused(operator: Client, left: World, minutes: object) -> None:
    take_in_hand(operator, left)
    page = reverse("console-support")
    assert operator.post(page, {"reason": "x", "minutes": minutes}).status_code == 200
    assert operator.post(page, {"reason": "", "minutes": 10}).status_code == 200
    with use_tenant(left.context):
        assert not SupportSession.objects.filter(operator__email="operator@humana.example").exists()


def test_an_edited_policy_is_published_and_noted(operator: Client, left: World) -> None:
    take_in_hand(operator, left)
    with use_tenant(left.context):
        policy = Policy.objects.first()
        assert policy is not None
        before = PolicyVersion.objects.filter(policy=policy).count()
    page = reverse("admin:companions_policy_change", args=[policy.id])
    body = {
        "name": "Privacy",
        "regulation": "LGPD",
        "requirement": "CANARY-requirement",
        "active": "on",
        "position": 0,
        "seen": policy.version,
        "versions-TOTAL_FORMS": 0,
        "versions-INITIAL_FORMS": 0,
    }
    assert operator.post(page, body).status_code == 302
    with use_tenant(left.context):
        policy.refresh_from_db()
        assert policy.requirement == "CANARY-requirement"
        assert PolicyVersion.objects.filter(policy=policy).count() == before + 1
    assert "operator.changed" in actions(left)


def test_no_word_of_a_tenant_lands_in_public(operator: Client, left: World) -> None:
    """Django's own log is not written, and no table of `public` holds what was typed."""
    test_an_edited_policy_is_published_and_noted(operator, left)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_admin_log")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', ["%CANARY%"])
            assert cursor.fetchone() == (0,), table


def test_a_key_is_never_shown_again(operator: Client, left: World) -> None:
    take_in_hand(operator, left)
    answer = operator.get(reverse("admin:tenants_apikey_changelist"))
    assert left.key not in answer.content.decode()
    assert left.key[:10] in answer.content.decode()


def test_the_console_has_a_policy_of_its_own_and_pages_keep_theirs(operator: Client, left: World) -> None:
    assert "'unsafe-eval'" in operator.get("/admin/")["Content-Security-Policy"]
    assert "unsafe" not in operator.get("/accounts/login/")["Content-Security-Policy"]
