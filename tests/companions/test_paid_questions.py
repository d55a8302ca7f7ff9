"""What a question is compared by may cost something: it counts for whoever asks, and words find it, too."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from audit import budgeting
from audit.models import Budget, BudgetCounter, BudgetReservation, UsageEvent
from audit.services import counting
from audit.services.budget_changes import Wish, change_budget, make_budget, remove_budget
from audit.services.budget_sweep import free_abandoned
from companions.checks import Guard
from companions.references import Shared
from companions.services.knowing import shared_for
from companions.services.knowledge import write_asset
from documents.models import Chunk, Meaning
from documents.services.passages import embed_passages
from tenants.context import use_tenant
from tests.byoc.test_endpoints import granted
from tests.documents.test_renewing import serve
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World, build_world

SENTENCE = "Eight rooms face the harbour."


@pytest.fixture
def knowing(transactional_db: None, scripted_model: ScriptedModel) -> Iterator[World]:
    """An organization that knows one sentence, read by a model of its own that costs something."""
    world = build_world(f"paid-{uuid.uuid4().hex[:8]}")
    granted(world, scripted_model.openai_url)
    with use_tenant(world.context):
        Chunk.objects.all().delete()
        Meaning.objects.all().delete()
        serve(world, scripted_model, "paid", rank=0)
        asset = write_asset(member=world.owner, title="Rooms", text=SENTENCE, level="public")
        embed_passages("knowledge", asset.id)
        yield world
    budgeting.forget()
    counting.forget_seen()


def budget(world: World, **wish: Any) -> Budget:
    wanted = {
        "scope": "organization",
        "unit": "tokens",
        "period": "month",
        "amount": Decimal(100_000),
        **wish,
    }
    return make_budget(member=world.owner, wish=Wish(**wanted))


def counted(row: Budget, holder: uuid.UUID | None = None) -> tuple[int, int]:
    rows = BudgetCounter.objects.filter(budget=row)
    one = rows.get(holder_id=holder) if holder else rows.get()
    return one.used, one.reserved


def asked(world: World, question: str = "Which rooms face the harbour?") -> Shared:
    return shared_for(world.companion, world.member, question, Guard())


def spent() -> int:
    lines = UsageEvent.objects.filter(outcome="embedded", endpoint="paid")
    return sum((one.input_tokens or 0) + (one.estimated_tokens or 0) for one in lines)


def test_a_questions_vector_counts_for_whoever_asks_and_words_find_it_where_there_is_no_room(
    knowing: World, scripted_model: ScriptedModel
) -> None:
    whole = budget(knowing)
    each = budget(knowing, each=True, period="day")
    companion = budget(knowing, scope="companion", subject_id=knowing.companion.pk)
    before = spent()
    found = asked(knowing)
    assert [one.text for one in found.passages] == [SENTENCE]
    assert not found.by_words
    line = UsageEvent.objects.filter(outcome="embedded", endpoint="paid").latest("created_at")
    assert (line.member_id, line.companion_id) == (knowing.member.id, knowing.companion.pk)
    more = spent() - before
    assert more > 0
    assert counted(whole) == (spent(), 0), "with what was read before the budget was made"
    assert counted(each, knowing.member.id) == counted(companion) == (more, 0), "for whoever asked, and whom"

    for_money = budget(knowing, unit="money")
    assert asked(knowing).by_words, "a hard budget in money lets nothing through that has no price"
    remove_budget(member=knowing.owner, budget=for_money)
    change_budget(member=knowing.owner, budget=companion, wanted={"amount": Decimal(more)})
    requests = len(scripted_model.entries)
    found = asked(knowing)
    assert [one.text for one in found.passages] == [SENTENCE], "by its words"
    assert found.by_words
    assert found.provenance()["by_words"] is True
    assert len(scripted_model.entries) == requests, "the model is not asked"
    assert counted(whole) == (spent(), 0)
    assert not BudgetReservation.objects.filter(state="held").exists()


def test_while_the_endpoint_is_silent_no_connection_is_held_and_what_fails_costs_nothing(
    knowing: World, scripted_model: ScriptedModel
) -> None:
    whole = budget(knowing)
    before = spent()
    scripted_model.forget()
    scripted_model.script("slow-headers:700")
    opened: list[Any] = []
    found: list[Shared] = []

    def ask() -> None:
        opened.extend(connections.all())
        with use_tenant(knowing.context):
            found.append(asked(knowing))
        connections.close_all()

    asking = threading.Thread(target=ask)
    asking.start()
    scripted_model.wait_for(lambda one: one.path.endswith("embeddings"), seconds=10)
    assert all(one.connection is None for one in opened)
    assert counted(whole)[1] > 0, "room for it is held meanwhile"
    BudgetReservation.objects.update(created_at=timezone.now() - timedelta(seconds=30))
    assert free_abandoned() == 0, "whoever asks lives"
    asking.join()
    assert [one.text for one in found[0].passages] == [SENTENCE]
    assert not found[0].by_words, "no budget was in its way"
    assert counted(whole) == (before, 0)
