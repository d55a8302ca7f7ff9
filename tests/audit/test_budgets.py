"""What is set as a limit is what can be used: reserved before, settled once, never more than there is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django.utils.translation import override

from audit import budgeting
from audit.models import Budget, BudgetCounter, BudgetReservation, UsageEvent
from audit.services import budget_sweep, counting
from audit.services.budget_changes import Wish, change_budget, make_budget, remove_budget
from audit.services.budgets import OverBudget, Reserved, Use, Whose, release, reserve, reserve_more, settle
from chats import signals
from humana.kernel.errors import Unavailable
from humana.kernel.models import new_id
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tenants.services.config import change as configure
from tenants.services.config import of_organization
from tests.fixtures.organizations import World, build_world


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    yield
    budgeting.forget()
    counting.forget_seen()


def budget(world: World, amount: int | str, **wish: Any) -> Budget:
    wanted = {"scope": "organization", "unit": "tokens", "period": "month", **wish}
    return make_budget(member=world.owner, wish=Wish(amount=Decimal(amount), **wanted))


def hold(world: World, tokens: int, cost: str | None = None, currency: str = "BRL", **whose: Any) -> Reserved:
    """As an answer does; `whose` names another member or companion."""
    who = {"member_id": world.member.id, "team_id": None, "companion_id": world.companion.pk, **whose}
    use = Use(tokens, Decimal(cost) if cost else None, currency)
    held = reserve(run_id=new_id(), owner="me", seconds=600, whose=Whose(**who), worst=[[use]])
    assert held is not None
    return held


def used(tokens: int, cost: str | None = None, currency: str = "BRL") -> list[Use]:
    return [Use(tokens, Decimal(cost) if cost else None, currency)]


def counter(row: Budget, holder: uuid.UUID | None = None) -> tuple[int, int]:
    rows = BudgetCounter.objects.filter(budget=row)
    one = rows.get(holder_id=holder) if holder else rows.get()
    return one.used, one.reserved


def test_an_answer_is_reserved_at_its_worst_and_settled_at_what_it_used(left: World) -> None:
    with use_tenant(left.context):
        row = budget(left, 1_000)
        first = hold(left, 600)
        assert counter(row) == (0, 600)
        with pytest.raises(OverBudget) as refusal:
            hold(left, 401)
        assert counter(row) == (0, 600), "of what is refused nothing is held"
        assert "60%" in str(refusal.value)
        assert "Ana" in str(refusal.value), "whoever can give more is named"
        assert 0 < refusal.value.retry_after <= 31 * 86_400
        settle(first, used(250))
        assert counter(row) == (250, 0)
        settle(first, used(250))
        assert counter(row) == (250, 0), "once"
        release(hold(left, 750))
        assert counter(row) == (250, 0)
        assert not BudgetReservation.objects.filter(state="held").exists()


def test_several_budgets_hold_at_once_and_each_needs_room(left: World) -> None:
    with use_tenant(left.context):
        whole = budget(left, 10_000)
        each = budget(left, 1_000, each=True, period="day")
        companion = budget(left, 3_000, scope="companion", subject_id=left.companion.pk)
        soft = budget(left, 10, scope="member", subject_id=left.member.id, hard=False)
        settle(hold(left, 900), used(900))
        with pytest.raises(OverBudget, match="your part of the organization's budget for today"):
            hold(left, 101)
        assert counter(whole) == counter(companion) == counter(soft) == (900, 0), "nothing is left half held"
        for other in (left.owner, left.twin):
            settle(hold(left, 1_000, member_id=other.id), used(1_000))
        assert counter(each, left.owner.id) == (1_000, 0)
        with pytest.raises(OverBudget, match="this companion's budget for this month"):
            hold(left, 200, member_id=uuid.uuid4())
        settle(hold(left, 200, member_id=uuid.uuid4(), companion_id=uuid.uuid4()), used(150))
        assert counter(whole) == (3_050, 0)


def test_money_is_counted_in_the_ledgers_currency_and_never_guessed(left: World) -> None:
    with use_tenant(left.context):
        row = budget(left, "10.00", unit="money")
        settle(hold(left, 1, "0.30"), used(1, "0.12345678"))
        assert budgeting.money(counter(row)[0]) == Decimal("0.12345678"), "to the last place of the ledger"
        for cost, currency in ((None, "BRL"), ("0.01", "USD")):
            with pytest.raises(OverBudget, match="has no price"):
                hold(left, 1, cost, currency)
        configure(
            member=left.owner,
            where=of_organization(left.organization.id),
            key=budgeting.DOLLAR,
            seen=None,
            value=5.4,
        )
        snapshot.forget()
        settle(hold(left, 1, "1.00", "USD"), used(1, "0.50", "USD"))
        assert budgeting.money(counter(row)[0]) == Decimal("2.82345678")
        soft = budget(left, "1.00", unit="money", hard=False, period="day")
        remove_budget(member=left.owner, budget=row)
        settle(hold(left, 1), used(1))
        assert BudgetCounter.objects.get(budget=soft).unpriced == 1, "it goes on, and says so"


def test_a_limit_that_is_changed_holds_at_once_and_a_removed_one_no_more(left: World) -> None:
    with use_tenant(left.context):
        row = budget(left, 1_000)
        held = hold(left, 500)
        change_budget(member=left.owner, budget=row, wanted={"amount": Decimal(600)})
        with pytest.raises(OverBudget):
            hold(left, 101)
        reserve_more(held, worst=[used(100)])
        with pytest.raises(OverBudget):
            reserve_more(held, worst=[used(1)])
        assert counter(row) == (0, 600), "what is held stays held"
        remove_budget(member=left.owner, budget=row)
        settle(held, used(600))
        assert not BudgetCounter.objects.filter(budget=row).exists()


def test_what_a_dead_owner_holds_is_freed_and_a_late_settlement_still_counts(left: World) -> None:
    with use_tenant(left.context):
        row = budget(left, 1_000)
        with signals.beating():
            mine, lost = hold(left, 300), hold(left, 500)
            BudgetReservation.objects.filter(run_id=mine.run_id).update(owner=signals.process_owner())
            BudgetReservation.objects.all().update(created_at=timezone.now() - timedelta(seconds=30))
            assert budget_sweep.free_abandoned() == 1
            assert counter(row) == (0, 300)
            assert budget_sweep.free_abandoned() == 0
            settle(lost, used(420))
            settle(lost, used(420))
            assert counter(row) == (420, 300), (
                "its owner only seemed dead: counted, once, nothing given back twice"
            )
            BudgetReservation.objects.filter(run_id=mine.run_id).update(until=timezone.now())
            assert budget_sweep.free_abandoned() == 1, "an owner that forgot it"
        assert counter(row) == (420, 0)
        told = hold(left, 200)
        UsageEvent.objects.create(
            run_id=told.run_id, companion_id=left.companion.pk, member_id=left.member.id, endpoint="e",
            model="m", input_tokens=70, output_tokens=5, outcome="done",
        )  # fmt: skip
        BudgetReservation.objects.all().update(created_at=timezone.now() - timedelta(seconds=30))
        assert budget_sweep.free_abandoned() == 1
        assert counter(row) == (495, 0), "by the ledger, where the end was written in another database"
        settle(told, used(75))
        assert counter(row) == (495, 0)


@pytest.mark.django_db(transaction=True)
def test_five_hundred_at_once_never_use_more_than_there_is() -> None:
    """Room for 40 of them: exactly 40 are let in, in every budget, whatever the order."""
    world = build_world(f"rush-{uuid.uuid4().hex[:8]}")
    with use_tenant(world.context):
        rows = [budget(world, 4_000), budget(world, 4_050, scope="companion", subject_id=world.companion.pk)]
    kept: list[Reserved] = []

    def one(number: int) -> int:
        try:
            with use_tenant(world.context):
                kept.append(hold(world, 100, member_id=uuid.uuid4()))
            return 1
        except OverBudget:
            return 0
        except Unavailable:  # a file that somebody else writes just now
            return one(number)
        finally:
            connections.close_all()

    together, many = (20, 500) if world.placement.engine == "postgresql" else (4, 100)
    with ThreadPoolExecutor(together) as crowd:
        let_in = sum(crowd.map(one, range(many)))
    assert let_in == 40
    with use_tenant(world.context):
        assert [counter(row) for row in rows] == [(0, 4_000), (0, 4_000)]
        for number, held in enumerate(kept):
            settle(held, used(number))
        assert [counter(row) for row in rows] == [(sum(range(40)), 0)] * 2
