"""`make bench-budgets`: what reserving and settling cost beside the same answer without a budget, and beside
the usual way, which locks each counter with SELECT … FOR UPDATE and counts in Python.

One answer is what `begin_run` and `finish_run` do for it, on a real PostgreSQL; no model is asked. Two
budgets apply. Then many answers at once, all on the same counters.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from statistics import median
from typing import Any

from tests.benchmarks.stage import staged, verdict

ANSWERS = int(os.environ.get("ANSWERS", "60"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
CROWD, TOGETHER = 8, 200


def main() -> int:
    for name, value in (("URL", "http://127.0.0.1:9/v1"), ("KEY", "k"), ("MODEL", "nobody")):
        os.environ[f"HUMANA_LLM_{name}"] = value
    with staged():
        bare, _rows = _world("bare", budgets=False)
        ours, rows = _world("ours", budgets=True)
        plain = _each(lambda: _answer(bare))
        counted = _each(lambda: _answer(ours))
        locked = _each(lambda: _answer(bare, _usual(ours, rows)))
        crowd = _together(lambda: _held(ours))
        usual = _together(_usual(ours, rows))
    print(f"one answer, begun and ended            ms, the median of {ANSWERS}")
    print(f"without a budget                       {plain:6.2f}")
    print(f"reserved and settled in two budgets    {counted:6.2f}")
    print(f"the same with SELECT FOR UPDATE        {locked:6.2f}")
    print(f"{TOGETHER} at once, alone, in a second         ours {crowd:,.0f}, the usual way {usual:,.0f}")
    ratio, share = counted / plain, (locked - plain) / max(counted - plain, 0.01)
    cheap = verdict(
        f"an answer with budgets takes {ratio:.2f} times one without", "<= 1.8", holds=ratio <= 1.8
    )
    cheaper = verdict(f"the usual way adds {share:.2f} times as much, alone", ">= 1", holds=share >= 1)
    quicker = verdict(f"at once ours is {crowd / usual:.2f} times as quick", ">= 1", holds=crowd >= usual)
    return 0 if cheap and cheaper and quicker else 1


def _world(slug: str, *, budgets: bool) -> tuple[Any, list[Any]]:
    from audit.models import Budget
    from audit.services.budget_changes import Wish, make_budget
    from tenants.context import use_tenant
    from tests.fixtures.organizations import build_world

    world = build_world(f"bench-{slug}-{uuid.uuid4().hex[:6]}")
    with use_tenant(world.context):
        Budget.objects.all().delete()
        rows = []
        for scope, subject in (("organization", None), ("companion", world.companion.pk)) if budgets else ():
            wish = Wish(scope, "tokens", "month", Decimal(10**14), subject_id=subject)
            rows.append(make_budget(member=world.owner, wish=wish))
    return world, rows


def _answer(world: Any, along: Callable[[], None] | None = None) -> None:
    """A question, its run taken and ended, as pages do it; `along` is counted beside it."""
    from chats.plans import Outcome, RunPlan
    from chats.services.replies import ask
    from chats.services.runs import begin_run, finish_run
    from tenants.context import use_tenant

    with use_tenant(world.context):
        run = ask(member=world.owner, chat=_chat(world), text="How are you?")
    began = time.perf_counter()
    plan = begin_run(world.organization.id, run.id, "bench")
    assert isinstance(plan, RunPlan), plan
    finish_run(plan, Outcome(state="done", text=["Well."], input_tokens=120, output_tokens=4))
    if along is not None:
        along()
    _spent.append(time.perf_counter() - began)


def _held(world: Any) -> None:
    from audit.services.budgets import Use, Whose, reserve, settle
    from humana.kernel.models import new_id
    from tenants.context import use_tenant

    whose = Whose(world.owner.id, None, world.companion.pk)
    with use_tenant(world.context):
        held = reserve(
            run_id=new_id(), owner="bench", seconds=60, whose=whose, worst=[[Use(900, None, "BRL")]]
        )
        settle(held, [Use(124, None, "BRL")])


def _usual(world: Any, rows: list[Any]) -> Callable[[], None]:
    """Lock the counters, look, write; a row for the reservation. Twice: before and after the answer."""
    from audit.models import BudgetCounter, BudgetReservation
    from humana.kernel.models import new_id
    from tenants.context import use_tenant
    from tenants.transactions import tenant_atomic

    ids = [row.id for row in rows]

    def act() -> None:
        run_id = new_id()
        with use_tenant(world.context):
            with tenant_atomic():
                for one in (
                    BudgetCounter.objects.select_for_update().filter(budget_id__in=ids).order_by("budget_id")
                ):
                    assert one.used + one.reserved + 900 <= 10**14
                    one.reserved += 900
                    one.save(update_fields=["reserved"])
                BudgetReservation.objects.create(run_id=run_id, owner="bench", until=_far())
            with tenant_atomic():
                for one in (
                    BudgetCounter.objects.select_for_update().filter(budget_id__in=ids).order_by("budget_id")
                ):
                    one.reserved, one.used = one.reserved - 900, one.used + 124
                    one.save(update_fields=["reserved", "used"])
                BudgetReservation.objects.filter(run_id=run_id).delete()

    return act


_spent: list[float] = []


def _chat(world: Any) -> Any:
    from chats.services.conversations import start_chat

    return start_chat(member=world.owner, companion=world.companion)


def _far() -> Any:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(hours=1)


def _each(act: Callable[[], None]) -> float:
    """Milliseconds of one, the median of the best round."""
    act()
    best = []
    for _round in range(ROUNDS):
        _spent.clear()
        for _number in range(max(1, ANSWERS // ROUNDS)):
            act()
        best.append(median(_spent))
    return min(best) * 1000


def _together(act: Callable[[], None]) -> float:
    """How many in a second, of many threads on the same counters."""
    from django.db import connections

    def one(_number: int) -> None:
        try:
            act()
        finally:
            connections.close_all()

    act()
    with ThreadPoolExecutor(CROWD) as crowd:
        list(crowd.map(one, range(40)))
        began = time.perf_counter()
        list(crowd.map(one, range(TOGETHER)))
        return TOGETHER / (time.perf_counter() - began)


if __name__ == "__main__":
    raise SystemExit(main())
