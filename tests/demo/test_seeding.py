"""`manage.py seed_demo`: a fresh installation becomes two organizations one can walk into."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.models import AuditEntry, UsageEvent
from chats.models import Chat, Message, Run
from chats.queries import chats_of, thread
from companions.models import Companion, Policy, PolicyVersion, Value
from companions.queries import companions_for
from companions.services.companions import remove_companion
from companions.services.prompting import prepare_prompt
from humana.demo.seeding import OPERATOR, demo_emails
from tenants.context import use_tenant
from tenants.models import ControlEvent, Isolation, Membership, Organization, Position, Team, User
from tenants.scoping import OrganizationScoped

PASSWORD = "calm-harbour-83"


@pytest.fixture(autouse=True)
def _demo_wanted(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setenv("HUMANA_DEMO_PASSWORD", PASSWORD)
    monkeypatch.delenv("HUMANA_DEMO", raising=False)


def seed() -> str:
    said = StringIO()
    call_command("seed_demo", stdout=said)
    return said.getvalue()


def member(email: str) -> Membership:
    return Membership.objects.select_related("organization__placement").get(user__email=email)


def picture() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as far as the application can see it."""
    shared = [model for model in apps.get_models() if not issubclass(model, OrganizationScoped)]
    found = {model._meta.label: _rows(model) for model in shared}
    for organization in Organization.objects.all():
        with use_tenant(organization.context):
            for model in apps.get_models():
                if issubclass(model, OrganizationScoped) or model in (Team, Position, ControlEvent):
                    found[f"{organization.slug} {model._meta.label}"] = _rows(model)
    return found


def _rows(model: Any) -> list[tuple[Any, ...]]:
    manager = getattr(model, "everything", model._default_manager)
    return sorted(manager.values_list(), key=repr)


@pytest.mark.pool_only("Aurora is in the pool, as it says")
def test_a_fresh_installation_gets_an_organization_of_each_isolation_and_an_operator() -> None:
    said = seed()
    assert "aurora: seeded (ana@aurora.example, caio@aurora.example)" in said
    assert "boreal: seeded (bruno@boreal.example, dora@boreal.example)" in said
    assert "cerrado: seeded (carla@cerrado.example, enzo@cerrado.example)" in said
    found = Organization.objects.order_by("slug")
    assert [(one.slug, one.name, one.regulations) for one in found] == [
        ("aurora", "Clínica Aurora", ["LGPD"]),
        ("boreal", "Boreal Logística", ["LGPD", "SOX"]),
        ("cerrado", "Cerrado Diagnósticos", ["LGPD", "HIPAA"]),
    ]
    assert [one.placement.isolation for one in found] == [
        Isolation.ROW,
        Isolation.SCHEMA,
        Isolation.DATABASE,
    ]
    operator = User.objects.get(email=OPERATOR)
    assert (operator.is_staff, operator.is_superuser) == (True, True)
    assert not operator.memberships.exists()


@pytest.mark.parametrize(
    ("owner", "colleague"),
    [
        ("ana@aurora.example", "caio@aurora.example"),
        ("bruno@boreal.example", "dora@boreal.example"),
        ("carla@cerrado.example", "enzo@cerrado.example"),
    ],
)
def test_the_people_work_where_they_should(owner: str, colleague: str) -> None:
    seed()
    assert [member(email).role for email in (owner, colleague)] == ["owner", "member"]
    for email in (owner, colleague):
        person = member(email)
        assert person.user.primary_organization == person.organization
        with use_tenant(person.organization.context):
            assert person.team is not None
            assert person.position is not None
            assert len(companions_for(member=person)) == 3


@pytest.mark.in_turn(4)
@pytest.mark.parametrize("email", demo_emails())
def test_everybody_signs_in_with_the_demo_password(email: str, client: Client) -> None:
    seed()
    assert EmailAddress.objects.filter(email=email, verified=True, primary=True).count() == 1
    assert client.login(email=email, password=PASSWORD)


def test_the_sign_in_page_takes_the_demo_password(client: Client) -> None:
    seed()
    told = {"login": "ana@aurora.example", "password": PASSWORD}
    answer = client.post(reverse("account_login"), told)
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(email="ana@aurora.example").id)


def test_seeding_again_changes_nothing() -> None:
    seed()
    before = picture()
    assert "aurora: already here" in seed()
    assert picture() == before


def test_seeding_again_leaves_what_people_changed() -> None:
    seed()
    ana = member("ana@aurora.example")
    with use_tenant(ana.organization.context):
        remove_companion(member=ana, companion=Companion.objects.get(name="Alice"))
    User.objects.filter(id=ana.user_id).update(name="Ana Maria")
    before = picture()
    seed()
    assert picture() == before


def test_a_new_demo_password_reaches_only_accounts_still_on_the_old_one(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    seed()
    bruno = User.objects.get(email="bruno@boreal.example")
    bruno.set_password("a password of his own")
    bruno.save()
    monkeypatch.setenv("HUMANA_DEMO_PASSWORD", "bright-harbour-84")
    seed()
    assert client.login(email="ana@aurora.example", password="bright-harbour-84")
    assert not client.login(email="ana@aurora.example", password=PASSWORD)
    assert client.login(email="bruno@boreal.example", password="a password of his own")
    assert not client.login(email="bruno@boreal.example", password="bright-harbour-84")


def test_without_the_demo_nothing_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUMANA_DEMO", "0")
    assert "nothing was seeded" in seed()
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_without_a_password_nothing_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUMANA_DEMO_PASSWORD", "")
    with pytest.raises(CommandError, match="HUMANA_DEMO_PASSWORD is not set"):
        seed()
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["ana@aurora.example", "bruno@boreal.example"])
def test_the_owner_finds_one_written_example_chat(email: str) -> None:
    seed()
    owner = member(email)
    with use_tenant(owner.organization.context):
        chat = chats_of(owner).get()
        branch = thread(chat)
        assert chat.is_example
        assert [one.role for one in branch] == ["person", "companion"] * 2
        assert {one.author_id for one in branch} == {owner.user_id, None}
        assert {one.state for one in branch} == {Message.State.DONE}
        # Nobody asked a model, so nothing says that one answered.
        assert not Run.objects.exists()
        assert not UsageEvent.objects.exists()


def test_nobody_else_sees_the_example() -> None:
    seed()
    colleague = member("caio@aurora.example")
    with use_tenant(colleague.organization.context):
        assert Chat.objects.count() == 1
        assert not chats_of(colleague).exists()


def test_what_was_seeded_is_versioned_and_in_the_trail() -> None:
    seed()
    boreal = Organization.objects.get(slug="boreal")
    with use_tenant(boreal.context):
        assert PolicyVersion.objects.count() == Policy.objects.count() == 2
        entries = AuditEntry.objects.order_by("sequence")
        assert [one.sequence for one in entries] == list(range(1, len(entries) + 1))
        assert {one.actor_label for one in entries} == {"seed_demo"}
        assert {tuple(one.regulations) for one in entries} == {("LGPD", "SOX")}
        assert [one.action for one in entries].count("companions.companion.created") == 3
        events = ControlEvent.objects.values_list("action", flat=True)
        assert sorted(events) == [
            "member.added",
            "organization.founded",
            "organization.provisioned",
            "organization.structured",
        ]


def test_the_organizations_share_nothing() -> None:
    seed()
    told = {}
    for organization in Organization.objects.all():
        with use_tenant(organization.context):
            told[organization.slug] = {prepare_prompt(one).text for one in Companion.objects.all()}
            assert Value.objects.exists()
    assert {slug: len(prompts) for slug, prompts in told.items()} == {"aurora": 3, "boreal": 3, "cerrado": 3}
    assert not any("SOX" in text for text in told["aurora"])
    assert all("SOX" in text for text in told["boreal"])
