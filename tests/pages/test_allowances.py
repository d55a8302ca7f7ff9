"""What each member has for themselves: they are told on their pages, others only how many are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connections
from django.test import Client
from django.utils.translation import override

from audit import budgeting
from audit.models import Budget, BudgetCounter
from audit.services.allowances import tell_of_allowances
from audit.services.budget_changes import Wish, change_budget, make_budget
from audit.services.budget_sweep import look_after_budgets
from byoc.models import Notice
from byoc.telling import sentences
from chats.services.conversations import start_chat
from tenants.context import use_tenant
from tenants.models import Membership
from tenants.transactions import control_atomic, tenant_atomic
from tests.fixtures.organizations import World, build_world
from tests.pages.conftest import signed_in

TOLD = "Your part of the organization&#x27;s budget for this month"


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    with override("en"):
        yield
    budgeting.forget()


def allowance(world: World, **wish: object) -> Budget:
    wanted = {"scope": "organization", "unit": "tokens", "period": "month", "amount": Decimal(1_000), **wish}
    return make_budget(member=world.owner, wish=Wish(each=True, **wanted))  # type: ignore[arg-type]


def uses(row: Budget, member: Membership, tokens: int) -> None:
    BudgetCounter.objects.update_or_create(
        budget=row,
        holder_id=member.id,
        starts_on=budgeting.known().today.replace(day=1),
        defaults={"used": tokens},
    )


def page(client: Client, slug: str = "left") -> str:
    return client.get(f"/o/{slug}/chats/").content.decode()


def letters(event: str) -> list[Notice]:
    """To whoever looks after budgets; one event has one key."""
    return list(Notice.objects.filter(event=event))


def test_a_member_is_told_once_for_each_threshold_and_nobody_else_is(left: World) -> None:
    mine, other = signed_in(left.member, "en"), signed_in(left.owner, "en")
    with use_tenant(left.context):
        row = allowance(left)
        uses(row, left.member, 799)
        uses(row, left.owner, 10)
        assert TOLD not in page(mine)
        uses(row, left.member, 850)
        assert f"{TOLD}: 85% is used." in page(mine)
        assert TOLD not in page(other)
        other.post("/o/left/usage/read/")
        assert TOLD in page(mine), "only who is told puts it away"
        assert mine.post("/o/left/usage/read/").status_code == 302
        assert TOLD not in page(mine), "once"
        uses(row, left.member, 1_000)
        assert f"{TOLD} is used up: there are no answers until it begins anew." in page(mine)
        assert mine.post("/o/left/usage/read/", headers={"hx-request": "true"}).status_code == 200
        assert TOLD not in page(mine)
        change_budget(member=left.owner, budget=row, wanted={"amount": Decimal(1_100), "hard": False})
        assert f"{TOLD}: 90% is used." in page(mine), "another limit is another thing to know"
        change_budget(member=left.owner, budget=row, wanted={"amount": Decimal(1_009)})
        uses(row, left.member, 807)
        assert TOLD not in page(mine), "not quite 80%"
        change_budget(member=left.owner, budget=row, wanted={"amount": Decimal(5_000)})
        assert TOLD not in page(mine), "nothing is told that is not so any more"


def test_what_a_member_has_of_one_companion_is_told_where_that_one_is_asked(left: World) -> None:
    """On its page and in chats with it; put away there, it leaves what is told everywhere as it was."""
    client, clara = signed_in(left.member, "en"), left.companion
    told = "Your part of this companion&#x27;s budget for this month"
    with use_tenant(left.context):
        chat = start_chat(member=left.member, companion=clara)
        row = allowance(left, scope="companion", subject_id=clara.id)
        uses(row, left.member, 850)
        asked = (f"/o/left/chats/{chat.id}/", f"/o/left/companions/{clara.slug}/")
        elsewhere = signed_in(left.owner, "en")
        assert told not in page(client), "it is about nobody else"
        for address in asked:
            shown = client.get(address).content.decode()
            assert f"{told}: 85% is used." in shown, address
            assert told not in elsewhere.get(f"/o/left/companions/{clara.slug}/").content.decode()
        client.post("/o/left/usage/read/", {"companion": "no companion"})
        assert told in client.get(asked[0]).content.decode(), "only where it was told"
        client.post("/o/left/usage/read/", {"companion": str(clara.id)})
        assert told not in client.get(asked[0]).content.decode()
        assert told not in client.get(asked[1]).content.decode()


def test_who_looks_after_budgets_hears_of_each_threshold_once_with_a_number_and_no_name(left: World) -> None:
    with use_tenant(left.context):
        row = allowance(left)
        for member in (left.member, left.twin):
            uses(row, member, 800)
        look_after_budgets()
        (key,) = {one.key for one in letters("allowance.nearly_spent")}
        first = letters("allowance.nearly_spent")[0]
        assert {one.recipient for one in letters("allowance.nearly_spent")} >= {left.owner.user.email}
        assert left.member.user.email not in {one.recipient for one in letters("allowance.nearly_spent")}
        subject, body = sentences(first)
        assert "por mês e por membro" in subject, "in the language of the organization"
        assert "80% of their part: 2." in body
        assert "Bruno" not in subject + body
        uses(row, left.owner, 990)
        look_after_budgets()
        assert {one.key for one in letters("allowance.nearly_spent")} == {key}, "no flood"
        uses(row, left.owner, 1_000)
        look_after_budgets()
        look_after_budgets()
        assert len({one.key for one in letters("allowance.spent")}) == 1
        assert "used up their part: 1." in sentences(letters("allowance.spent")[0])[1]
        assert not letters("budget.spent")


@pytest.mark.writers_only("others write while the first look is not committed")
@pytest.mark.django_db(transaction=True)
def test_of_several_that_look_at_once_one_writes() -> None:
    """Also where another member reaches it while the first look is not committed yet."""
    world = build_world(f"parts-{uuid.uuid4().hex[:8]}")
    with use_tenant(world.context):
        row = allowance(world)
        for member in (world.member, world.twin):
            uses(row, member, 1_000)
        uses(row, world.owner, 10)

    def look(_number: int = 0) -> None:
        try:
            with use_tenant(world.context):
                tell_of_allowances()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as crowd:
        with use_tenant(world.context), control_atomic(), tenant_atomic():
            tell_of_allowances()
            crowd.submit(late, world, row).result(20)
            looking = [crowd.submit(look) for _number in range(6)]
            time.sleep(0.5)  # they wait for what is not committed, or would write by now
        for one in looking:
            one.result()
    with use_tenant(world.context):
        told = Notice.objects.filter(organization=world.organization, event__startswith="allowance.")
        assert len(set(told.values_list("event", "key"))) == 1
        assert told[0].payload["data"]["members"] == "2"
        assert set(BudgetCounter.objects.filter(budget=row).values_list("told", flat=True)) == {100}


def late(world: World, row: Budget) -> None:
    """One more reaches it."""
    try:
        with use_tenant(world.context):
            uses(row, world.owner, 1_000)
    finally:
        connections.close_all()
