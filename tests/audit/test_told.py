"""What the page of the trail tells of an entry: who did what, and how it was before, as a person says it."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils.html import strip_tags

from audit.config_keys import DOLLAR
from audit.services.relay import relay_control_events
from byoc.config_keys import MAX_UPLOAD_BYTES
from chats.config_keys import CHOOSE_MODEL, CONSENT_SECONDS
from companions.models import Companion
from humana.kernel.actor import Actor, acting_as
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.models import Membership, User
from tenants.services.config import change, of_organization
from tenants.services.roles import create_role
from tests.fixtures.organizations import PASSWORD, World, join

pytestmark = pytest.mark.django_db


def read(world: World, member: Membership, language: str = "pt-br", **asked: str) -> str:
    """The page's words, as the member reads them."""
    User.objects.filter(id=member.user_id).update(language=language)
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(f"/o/{world.slug}/trail/", asked)
    assert answer.status_code == 200, answer.content
    page = answer.content.decode().partition('<div class="settings trail">')[2].partition("</main>")[0]
    return " ".join(strip_tags(page.replace("<", " <")).replace("\xa0", " ").split())


def tell(world: World, action: str, **told: object) -> None:
    with use_tenant(world.context), acting_as(Actor(kind="user", label="Ana")):
        record_trail(action=action, resource_id=uuid.uuid4(), **told)


def test_a_change_of_settings_is_read_as_before_and_after(left: World) -> None:
    where = of_organization(left.organization.id)
    with use_tenant(left.context), acting_as(Actor(kind="user", label="Ana")):
        for key, value in (
            (MAX_UPLOAD_BYTES, 100 * 1024**2),
            (MAX_UPLOAD_BYTES, 1536 * 1024),
            (CONSENT_SECONDS, 90),
            (CHOOSE_MODEL, False),
            (DOLLAR, 5.4),
        ):
            change(member=left.owner, where=where, key=key, value=value)
        relay_control_events()
    page = read(left, left.owner, action="config.changed")
    assert "Ana mudou uma configuração: Maior arquivo" in page
    assert "antes: 100 MB → ; agora: 1,5 MB" in page
    assert "antes: não definido aqui → ; agora: 1 min 30 s" in page
    assert "antes: não definido aqui → ; agora: não" in page
    assert "; agora: 5,4 " in page
    assert "config.changed" in page  # for whoever looks for it, or has an export
    page = read(left, left.owner, "en", action="config.changed")
    assert "Ana changed a setting: Largest file" in page
    assert "before: 100 MB → ; now: 1.5 MB" in page


def test_sizes_times_yes_and_no_choices_and_days_are_in_words(left: World) -> None:
    tell(
        left, "documents.document.received", resource_type="document",
        payload={"name": "Protocolo.pdf", "size": 2_400_000, "media_type": "application/pdf"},
    )  # fmt: skip
    tell(
        left, "companions.tool.used", resource_type="mcp_tool",
        payload={"tool": "calendar", "milliseconds": 1500, "outcome": "done"},
    )  # fmt: skip
    tell(
        left, "audit.budget.changed", resource_type="budget",
        payload={
            "title": "Todos", "unit": "money", "currency": "BRL", "period": "month",
            "amount": "1500", "hard": True, "warn_at": 80,
            "before": {"amount": "1000", "hard": False, "warn_at": 80},
        },
    )  # fmt: skip
    tell(
        left, "egress.granted", resource_type="egress_grant",
        payload={"host": "llm.example", "until": "2027-01-31T12:00:00+00:00"},
    )  # fmt: skip
    tell(left, "chats.answer.done", resource_type="run", payload={"endpoint": "builtin", "total_ms": 1500})
    page = read(left, left.owner)
    for words in (
        "Ana recebeu uma resposta: o modelo embutido",
        "Ana enviou um documento: Protocolo.pdf",
        "Tamanho 2,3 MB",
        "Ana fez um companion usar uma ferramenta: calendar",
        "Tempo 1,5 s",
        "Ana mudou um orçamento: Todos",
        "antes: R$ 1.000,00 → ; agora: R$ 1.500,00",
        "antes: não → ; agora: sim",
        "Mês",
        "31/01/2027",
    ):
        assert words in page
    assert "antes: 80" not in page  # what stayed as it was is no change


def test_names_stand_for_ids_only_where_the_reader_may_see_them(left: World) -> None:
    with use_tenant(left.context):
        companion = Companion.objects.earliest("created_at")
        role = create_role(member=left.owner, name="Só trilha", permissions=["audit.read"])
    tell(
        left, "companions.tool_rule.set", resource_type="tool_rule",
        payload={"companion": companion.id, "member": left.member.id, "tool": "calendar", "allow": True},
    )  # fmt: skip
    tell(left, "chats.chat.started", resource_type="chat", payload={"companion": companion.slug})
    user = User.objects.create_user("clerk@left.example", PASSWORD, name="Clerk")
    clerk = join(left.organization, user, role.slug)
    asked = {"action": "companions.tool_rule.set"}
    page = read(left, left.owner, **asked)
    assert f"Companion {companion.name} " in page
    assert f"Membro {left.member.user} " in page
    assert f"Companion {companion.name} " in read(left, left.owner, action="chats.chat.started")
    page = read(left, clerk, **asked)
    assert companion.name not in page
    assert f"Companion …{str(companion.id)[-6:]}" in page
    assert str(left.member.user) not in page


def test_what_a_payload_of_another_time_holds_never_breaks_the_page(left: World) -> None:
    for payload in (
        {"before": 3, "after": None, "was": [], "now": {"a": 1}},
        {"size": "large", "milliseconds": None, "at": "2026-13-45T99", "list": [[{"a": [1]}]]},
        {"amount": "much", "before": {"amount": "less"}, "companion": "a\x00b"},
        {"changed": [{"from": 1}], "x": {"from": None, "to": {"deep": True}}},
    ):
        for kind in ("budget", "nothing_known", "config"):
            tell(left, "an.action.of.long.ago", resource_type=kind, payload=payload)
    page = read(left, left.owner)
    assert page.count("Ana an.action.of.long.ago") == 12


def test_one_chooses_among_words_and_may_still_ask_by_the_beginning_of_codes(left: World) -> None:
    tell(left, "chats.chat.removed", resource_type="chat")
    client = Client()
    client.force_login(left.owner.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/o/{left.slug}/trail/").content.decode()
    assert '<option value="chats.chat.removed">Excluiu uma conversa</option>' in page
    assert '<optgroup label="Conversas">' in page
    page = client.get(f"/o/{left.slug}/trail/", {"action": "chats.chat.removed"}).content.decode()
    assert '<option value="chats.chat.removed" selected>Excluiu uma conversa</option>' in page
    page = client.get(f"/o/{left.slug}/trail/", {"action": "chats."}).content.decode()
    assert '<option value="chats." selected>chats.</option>' in page
