"""What is done with a chat, and what sweeps do, in each place of a mixed organization."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from celery import current_app
from django.utils import timezone

from audit.models import AuditEntry, IdempotencyKey, Outbox, UsageEvent
from audit.services import sweep
from audit.services.relay import relay_control_events
from chats.models import Chat, Draft, Message, Run, Vote
from chats.services import replies
from chats.services.sweeping import sweep_runs
from companions.intelligence.periods import last_days
from companions.intelligence.reading import report, today
from companions.models import Companion, Feedback
from companions.services.companions import edit_companion
from companions.services.figures import count_everywhere
from tenants.context import TenantContext, use_tenant
from tenants.jobs import enqueue_on_commit
from tenants.models import ControlEvent, PendingWork
from tenants.places import everywhere, within
from tenants.services.events import control_event
from tenants.services.teams import create_team, dissolve_team, on_team, remove_team
from tenants.transactions import tenant_atomic
from tests.chats.conftest import read_events
from tests.fixtures.mixed import AT_HOME, IN_DATABASE, IN_SCHEMA, Mixed
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server

pytestmark = pytest.mark.django_db(transaction=True)
EACH = pytest.mark.parametrize(
    "name", [IN_DATABASE, *(pytest.param(one, marks=pytest.mark.battery) for one in (AT_HOME, IN_SCHEMA))]
)


def place_of(mixed: Mixed, name: str) -> TenantContext:
    return mixed.elsewhere(name) if name in mixed.placements else mixed.context


def asked(mixed: Mixed, name: str, text: str) -> tuple[Chat, Run]:
    """A chat with an answer that somebody makes."""
    chat = mixed.start(name, text)
    mixed.client.post(mixed.address(f"chats/{chat.id}/messages/"), {"text": text})
    with use_tenant(place_of(mixed, name)):
        return chat, Run.objects.get(chat_id=chat.id)


@EACH
def test_an_answer_is_made_again_asked_anew_judged_and_drafted_beside(
    mixed: Mixed, name: str, server: Server, scripted_model: ScriptedModel
) -> None:
    client = mixed.client
    chat, run = asked(mixed, name, "say:One")
    assert mixed.until_done(run.id).message.text == "One"
    client.post(mixed.address(f"messages/{run.message_id}/regenerate/"))
    with use_tenant(place_of(mixed, name)):
        again = Run.objects.filter(chat_id=chat.id).latest("id")
        question = Message.objects.get(chat_id=chat.id, role=Message.Role.PERSON)
    assert again.id != run.id
    assert mixed.until_done(again.id).message.text == "One"
    client.post(mixed.address(f"messages/{question.id}/edit/"), {"text": "say:Two"})
    with use_tenant(place_of(mixed, name)):
        anew = Run.objects.filter(chat_id=chat.id).latest("id")
    assert mixed.until_done(anew.id).message.text == "Two"
    assert client.post(mixed.address(f"messages/{anew.message_id}/vote/"), {"choice": "up"}).status_code < 400
    assert client.post(mixed.address(f"drafts/{chat.id}/"), {"text": "half a tho"}).status_code < 400
    assert "half a tho" in client.get(mixed.address(f"chats/{chat.id}/")).content.decode()
    with use_tenant(mixed.context):
        for place in everywhere():
            with use_tenant(place):
                here = place.placement.id == place_of(mixed, name).placement.id
                assert Vote.objects.filter(message_id=anew.message_id).exists() == here
                assert Draft.objects.filter(place_id=chat.id).exists() == here


@EACH
def test_events_of_an_answer_are_read_to_their_end(
    mixed: Mixed, name: str, server: Server, scripted_model: ScriptedModel
) -> None:
    _chat, run = asked(mixed, name, "paced:20:20")
    headers = {"Authorization": f"Bearer {mixed.key}"}
    address = f"{server.url}/api/v1/runs/{run.id}/events"
    with httpx2.stream("GET", address, headers=headers, timeout=20) as response:
        assert response.status_code == 200
        events = list(read_events(response.iter_lines()))
    kinds = [kind for _key, kind, _told in events]  # one who comes late is told the saved answer
    assert kinds[-1] == "done"
    assert "".join(told["text"] for _key, kind, told in events if kind in {"text", "saved"})


@EACH
def test_a_run_whose_owner_died_is_ended_by_the_sweep(mixed: Mixed, name: str) -> None:
    chat = mixed.start(name, "left lying")
    with use_tenant(place_of(mixed, name)):
        run = replies.ask(member=mixed.owner, chat=Chat.objects.get(id=chat.id), text="say:Nothing")
        Run.objects.filter(id=run.id).update(state=Run.State.STREAMING, owner="gone")
    sweep_runs()
    assert mixed.run(run.id).state == Run.State.FAILED
    assert PendingWork.objects.filter(organization=mixed.organization, kind=PendingWork.Kind.RUN).exists(), (
        "the marker is fresh: a transaction in another database may still need it"
    )


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are published."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@EACH
def test_work_that_nobody_was_woken_for_is_published_by_the_sweep(
    mixed: Mixed, name: str, request: pytest.FixtureRequest
) -> None:
    chat = mixed.start(name, "overdue")
    with use_tenant(place_of(mixed, name)):
        with tenant_atomic():
            enqueue_on_commit("chats.title", chat_id=chat.id)
        mine = Outbox.objects.filter(arguments={"chat_id": str(chat.id)})
        mine.update(due_at=timezone.now() - timedelta(minutes=5))
    request.getfixturevalue("eager")
    sweep.sweep()
    with use_tenant(place_of(mixed, name)):
        assert mine.get().state == Outbox.State.DONE


def test_old_idempotency_keys_are_forgotten_in_every_place(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        places = everywhere()
    for place in places:
        with use_tenant(place):
            for age in (30, 1):
                key = IdempotencyKey.objects.create(
                    member_id=mixed.owner.id, key=f"{age}-{uuid.uuid4().hex}", fingerprint="f"
                )
                then = timezone.now() - timedelta(hours=age)
                IdempotencyKey.objects.filter(id=key.id).update(created_at=then)
    sweep.forget_idempotency_keys()
    for place in places:
        with use_tenant(place):
            kept = IdempotencyKey.objects.values_list("key", flat=True)
            assert [key.split("-")[0] for key in kept] == ["1"]


def test_what_changed_in_the_control_plane_is_told_once_in_the_main_place(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        control_event("member.tested", "member", mixed.owner.id, organization_id=mixed.organization.id)
        with within("companion_id", mixed.companions[IN_DATABASE].id):
            assert relay_control_events() == 0
    sweep.sweep()
    with use_tenant(mixed.context):
        for place in everywhere():
            with use_tenant(place):
                told = AuditEntry.objects.filter(action="member.tested").count()
                assert told == (1 if place.main is None else 0)
        waiting = ControlEvent.objects.filter(organization_id=mixed.organization.id, relayed_at=None)
        assert not waiting.exists()


def test_companions_of_a_team_that_goes_are_moved_wherever_they_live(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        old, new = create_team(name="Old"), create_team(name="New")
        for name in (AT_HOME, IN_SCHEMA, IN_DATABASE):
            edit_companion(companion=mixed.companions[name], team_id=old.id)
        assert on_team(old).above.companions == 3
        dissolve_team(team=old, move_to=new.id)
        assert on_team(new).above.companions == 3
        for name in (AT_HOME, IN_SCHEMA, IN_DATABASE):
            entry = Companion.objects.get(id=mixed.companions[name].id)
            with use_tenant(place_of(mixed, name)):
                whole = Companion.objects.get(id=entry.id)
            assert (whole.team_id, whole.version) == (new.id, entry.version), name
            assert whole.base_prompt
            edit_companion(companion=whole, version=whole.version, team_id=None)
        remove_team(team=new)


def test_figures_of_all_places_are_told_as_one(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        for number, named in enumerate((AT_HOME, IN_SCHEMA, IN_DATABASE), start=1):
            with use_tenant(place_of(mixed, named)):
                UsageEvent.objects.all().delete()
                for _n in range(number):
                    UsageEvent.objects.create(
                        run_id=uuid.uuid4(), companion_id=mixed.companions[named].id, outcome="done",
                        member_id=mixed.owner.id, endpoint="e", model="m", total_ms=900,
                    )  # fmt: skip
    count_everywhere()
    client = mixed.client
    with use_tenant(mixed.context):
        told = report(member=mixed.owner, period=last_days(2, today()))
        assert told.now.answers == 6
        assert sum(one.now.answers for one in told.companions) == 6
    slug = mixed.companions[IN_DATABASE].slug
    assert "What do you think of it?" in client.get(mixed.address(f"companions/{slug}/")).content.decode()
    given = client.post(mixed.address(f"companions/{slug}/feedback/"), {"rating": "5", "text": "Near"})
    assert given.status_code == 302
    with use_tenant(mixed.context):
        assert Feedback.objects.get().companion_id == mixed.companions[IN_DATABASE].id
