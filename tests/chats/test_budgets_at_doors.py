"""Budgets at real doors: what is used is what the ledger says, and nobody uses what is not there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import openai
import pytest
from django.db.models import Sum
from django.utils.translation import override

from audit.models import Budget, BudgetCounter, BudgetReservation, UsageDay, UsageEvent
from audit.services.budget_changes import Wish, change_budget, make_budget
from audit.services.budgets import OverBudget
from chats.models import Message, Run
from chats.services.titles import make_title
from tenants.context import use_tenant
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


def limited(desk: Desk, amount: int, **wish: Any) -> Budget:
    wanted = {"scope": "organization", "unit": "tokens", "period": "month", **wish}
    with use_tenant(desk.world.context):
        return make_budget(member=desk.world.owner, wish=Wish(amount=Decimal(amount), **wanted))


def counted(row: Budget) -> tuple[int, int]:
    counter = BudgetCounter.objects.get(budget=row)
    return counter.used, counter.reserved


def in_the_ledger() -> int:
    sums = UsageEvent.objects.exclude(endpoint="built-in").aggregate(
        Sum("input_tokens"), Sum("output_tokens")
    )
    return sum(one or 0 for one in sums.values())


def asked(desk: Desk) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{desk.server.url}/v1", api_key=desk.key, max_retries=0, timeout=60)


def say(desk: Desk, text: str, **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": text}]
    return asked(desk).chat.completions.create(
        model=desk.world.companion.slug, messages=messages, max_tokens=100, **more
    )


def test_a_burst_on_v1_uses_what_there_is_and_is_then_told_that_the_quota_is_spent(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    whole = limited(desk, 2_000)
    limited(desk, 10**6, scope="companion", subject_id=desk.world.companion.pk, each=True, period="day")

    def one(number: int) -> str:
        try:
            return str(say(desk, f"say:answer%20{number}").choices[0].message.content)
        except openai.RateLimitError as refusal:
            assert refusal.code == refusal.type == "insufficient_quota", refusal.body
            assert "orçamento da sua organização" in refusal.message, "in the language of the organization"
            assert int(refusal.response.headers["retry-after"]) > 0
            assert refusal.response.headers["x-should-retry"] == "false"
            return ""

    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(one, range(60)))
    assert any(answers)
    assert not all(answers)
    with use_tenant(desk.world.context):
        deadline = time.monotonic() + 10
        while BudgetReservation.objects.filter(state="held").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        used, reserved = counted(whole)
        assert reserved == 0
        assert used == in_the_ledger() <= 2_000
        refused = Run.objects.filter(error="over_budget")
        assert refused.count() == answers.count("")
        day = UsageDay.objects.filter(member_id=desk.world.member.id).aggregate(
            Sum("answers"), Sum("input_tokens"), Sum("output_tokens")
        )
        assert day["answers__sum"] == len([one for one in answers if one])
        assert day["input_tokens__sum"] + day["output_tokens__sum"] == used
    assert len(scripted_model.entries) == len([one for one in answers if one]), (
        "no other was asked of the model"
    )


def test_a_question_that_has_no_room_stays_with_whoever_wrote_it(desk: Desk) -> None:
    """On pages, the API, and where the room went between the question and its answer."""
    row = limited(desk, 1_000_000)
    chat = desk.new_chat()
    first = desk.ask("say:Oi", chat)
    desk.until(first, Run.State.DONE)
    with use_tenant(desk.world.context):
        used, reserved = counted(row)
        assert (used, reserved) == (in_the_ledger(), 0)
        change_budget(member=desk.world.owner, budget=row, wanted={"amount": Decimal(used)})
        kept = Message.objects.count()
        with pytest.raises(OverBudget, match="no room left in your organization's budget for this month"):
            desk.ask("say:more", chat)
        answer = httpx2.post(
            f"{desk.server.url}/api/v1/chats/{chat.id}/messages/",
            json={"text": "say:more"},
            headers={"Authorization": f"Bearer {desk.key}"},
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "over_budget")
        assert int(answer.headers["Retry-After"]) > 0
        assert Message.objects.count() == kept
        change_budget(member=desk.world.owner, budget=row, wanted={"amount": Decimal(used + 50)})
    late = desk.until(desk.ask("say:more", chat), Run.State.FAILED)
    assert late.error == "over_budget", "its text is saved, and says why there is no answer"


def test_an_answer_is_shorter_where_little_is_left_and_an_estimate_counts_where_nobody_counted(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    row = limited(desk, 1_500)
    desk.until(desk.ask("say:Oi"), Run.State.DONE)
    told = scripted_model.last.body["max_tokens"]
    assert 200 <= told <= 1_024, "what had no room at 4096 is asked for less"
    with use_tenant(desk.world.context):
        before = counted(row)[0]
        change_budget(member=desk.world.owner, budget=row, wanted={"amount": Decimal(100_000)})
    run = desk.until(desk.ask("cut:5"), Run.State.INTERRUPTED)
    with use_tenant(desk.world.context):
        line = UsageEvent.objects.get(run_id=run.id)
        assert line.input_tokens is None
        assert line.estimated_tokens
        assert counted(row) == (before + line.estimated_tokens, 0)


def test_a_title_counts_and_is_not_asked_for_where_there_is_no_room(
    desk: Desk, scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from byoc import gateway

    monkeypatch.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
    monkeypatch.setenv("HUMANA_LLM_KEY", "k")
    monkeypatch.setenv("HUMANA_LLM_MODEL", "scripted")
    gateway.reload()
    try:
        row = limited(desk, 1_000_000)
        chat = desk.new_chat()
        desk.until(desk.ask("say:Oi", chat), Run.State.DONE)
        with use_tenant(desk.world.context):
            scripted_model.script("say:A%20greeting")
            make_title(chat.id)
            chat.refresh_from_db()
            assert chat.title == "A greeting"
            assert UsageEvent.objects.filter(outcome="titled").count() == 1
            used, reserved = counted(row)
            assert (used, reserved) == (in_the_ledger(), 0)
            change_budget(member=desk.world.owner, budget=row, wanted={"amount": Decimal(used)})
            asked_before = len(scripted_model.entries)
            make_title(chat.id)
            assert len(scripted_model.entries) == asked_before
            assert counted(row) == (used, 0)
    finally:
        monkeypatch.undo()
        gateway.reload()
