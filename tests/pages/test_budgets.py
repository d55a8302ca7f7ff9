"""What people see of usage and budgets: who may look, who may change, and what a member is told."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils.translation import override

from audit import budgeting
from audit.models import AuditEntry, Budget, BudgetCounter, UsageDay, UsageEvent
from audit.services import counting
from audit.services.budget_changes import Wish, make_budget
from audit.services.budget_sweep import tell_of_thresholds
from audit.services.ledger import written
from byoc.services.notices import send_due
from tenants.context import use_tenant
from tenants.services.keys import create_api_key
from tenants.statements import send
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
BUDGETS, USAGE, MINE = "/o/left/settings/budgets/", "/o/left/settings/usage/", "/o/left/usage/"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture(autouse=True)
def read_anew(left: World) -> Iterator[None]:
    with use_tenant(left.context):
        Budget.objects.all().delete()
    budgeting.forget()
    yield
    budgeting.forget()
    counting.forget_seen()


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def used(world: World, tokens: int, cost: str | None = "0.50", **named: object) -> None:
    """An answer of the world's companion to its member, as the ledger has it."""
    line = UsageEvent(
        **{
            "run_id": uuid.uuid4(), "companion_id": world.companion.pk, "member_id": world.member.pk,
            "endpoint": "e", "model": "gpt-4o", "input_tokens": tokens, "output_tokens": 0,
            "cost": None if cost is None else Decimal(cost), "currency": "BRL", "outcome": "done", **named,
        }
    )  # fmt: skip
    with use_tenant(world.context):
        send(*written(line, None))


def budget(world: World, amount: int | str, **wish: object) -> Budget:
    wanted = {"scope": "organization", "unit": "tokens", "period": "month", **wish}
    with use_tenant(world.context):
        return make_budget(member=world.owner, wish=Wish(amount=Decimal(amount), **wanted))  # type: ignore[arg-type]


def test_a_budget_is_made_looked_at_changed_and_removed_on_its_pages(left: World, owner: Client) -> None:
    used(left, 800)
    assert "Nothing is limited." in text(owner, BUDGETS)
    typed = {
        "subject": f"companion:{left.companion.pk}", "each": "", "period": "month", "unit": "tokens",
        "amount": "1,000", "hard": "1", "warn_at": "75",
    }  # fmt: skip
    looked = owner.post(BUDGETS + "new/", {**typed, "do": "preview"}).content.decode()
    assert "80% of the limit" in looked
    with use_tenant(left.context):
        assert not Budget.objects.exists()
    for wrong, field in (
        (typed | {"amount": "0"}, "above zero"),
        (typed | {"subject": "team:x"}, "valid choice"),
    ):
        refused = owner.post(BUDGETS + "new/", wrong)
        assert (refused.status_code, field in refused.content.decode()) == (422, True)
    assert owner.post(BUDGETS + "new/", typed).status_code == 302
    page = text(owner, BUDGETS)
    assert "Clara, each month (tokens)" in page
    assert "800 tokens of 1,000 tokens (80%)" in page
    assert "nearly used" in page
    with use_tenant(left.context):
        row = Budget.objects.get()
    same = owner.post(BUDGETS + "new/", typed)
    assert "There is a budget for this already" in same.content.decode()
    changed = {"amount": "4,000", "hard": "", "warn_at": "75", "seen": "1"}
    assert owner.post(f"{BUDGETS}{row.id}/", changed).status_code == 302
    late = owner.post(f"{BUDGETS}{row.id}/", changed | {"amount": "5,000"})
    assert "Somebody changed this in the meantime." in late.content.decode()
    page = text(owner, f"{BUDGETS}{row.id}/")
    assert "changed it" in page
    assert "800 tokens of 4,000 tokens (20%)" in page
    assert owner.post(f"{BUDGETS}{row.id}/remove/").status_code == 302
    with use_tenant(left.context):
        told = AuditEntry.objects.filter(resource_type="budget").order_by("sequence")
        assert [one.action.rpartition(".")[2] for one in told] == ["made", "changed", "removed"]
        assert json.loads(told[1].payload)["before"]["amount"] == "1000"


def test_usage_is_told_by_day_companion_member_and_model_and_as_a_file(
    left: World, right: World, owner: Client, member: Client
) -> None:
    with use_tenant(left.context):
        UsageDay.objects.all().delete()
    assert "Nothing was used in this month." in text(owner, USAGE)
    used(right, 999_999)
    used(left, 1_200)
    used(left, 300, None)
    used(left, 100, outcome="titled")
    used(left, 40, member_id=left.owner.pk, model="=cmd()")
    page = text(owner, USAGE)
    assert "999" not in page
    assert '<span class="value">1,640</span>' in page
    assert "R$ 1.50" in page
    assert "without 1 use that has no price" in page
    assert '<span class="value">3</span>' in page, "a title is no answer"
    for name in ("Clara", "Bruno", "gpt-4o", "no team"):
        assert name in page
    file = owner.get(USAGE + "file/")
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert {row["model"] for row in rows} == {"gpt-4o", "'=cmd()"}
    assert sum(int(row["input_tokens"]) for row in rows) == 1_640
    assert owner.get(USAGE + "?month=2999-01").status_code == 422
    assert owner.get(USAGE + "?month=2020-01").status_code == 200
    mine = text(member, MINE)
    assert '<span class="value">1,600</span>' in mine, "one's own, and nobody else's"
    for closed in (USAGE, USAGE + "file/", BUDGETS, BUDGETS + "new/"):
        assert member.get(closed).status_code == 403
    assert 'role="img"' in page


def test_the_composer_says_what_is_left_and_whom_to_ask_when_nothing_is(left: World, member: Client) -> None:
    address = f"/o/left/chats/{left.chat.pk}/"
    mine = signed_in(left.twin)
    assert "budget left" not in text(mine, address)
    row = budget(left, 10_000)
    used(left, 1_234)
    assert "about 1,200 tokens, R$ 0.50 · 100% of this month's budget left" in text(mine, address)
    with use_tenant(left.context):
        BudgetCounter.objects.update_or_create(
            budget=row, starts_on=budgeting.known().today.replace(day=1), defaults={"used": 10_000}
        )
    page = text(mine, address)
    assert (
        "There is no room left in your organization&#x27;s budget for this month: 100% of it is used" in page
    )
    sent = mine.post(f"{address}messages/", {"text": "Anything?"}, headers={"hx-request": "true"})
    assert (sent.status_code, "There is no room left" in sent.content.decode()) == (429, True)
    assert int(sent["Retry-After"]) > 0


def test_a_program_makes_reads_changes_and_removes_a_budget(left: World, right: World) -> None:
    def call(method: str, path: str, body: Any = None, key: str = left.key, **headers: str) -> Any:
        sent = {
            "accept-language": "en",
            "authorization": f"Bearer {key}",
            **{name.replace("_", "-"): one for name, one in headers.items()},
        }
        data = b"" if body is None else json.dumps(body).encode()
        return Client(headers=sent).generic(method, f"/api/v1/{path}", data, content_type="application/json")

    wanted = {"unit": "money", "period": "day", "amount": "12.50", "each": True}
    made = call("POST", "budgets/", wanted)
    assert made.status_code == 201, made.content
    told = made.json()
    assert Decimal(told["amount"]) == Decimal("12.50")
    assert (told["currency"], told["title"]) == ("BRL", "Whole organization, each day for each member (BRL)")
    assert [one["id"] for one in call("GET", "budgets/").json()["results"]] == [told["id"]]
    tag = call("GET", f"budgets/{told['id']}/")["ETag"]
    assert call("PATCH", f"budgets/{told['id']}/", {"amount": "13"}, if_match=tag).status_code == 200
    assert call("PATCH", f"budgets/{told['id']}/", {"amount": "14"}, if_match=tag).status_code == 412
    for body, field in (
        ({"amount": "0.001"}, "amount"),
        ({"warn_at": 100}, "warn_at"),
        ({"unit": "money"}, "unit"),
    ):
        answer = call("PATCH", f"budgets/{told['id']}/", body)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert call("POST", "budgets/", wanted | {"team_id": str(uuid.uuid4())}).status_code == 422
    small = create_api_key(member=left.member, name="Small")[1]
    assert call("GET", "budgets/", key=small).status_code == 403
    assert call("GET", f"budgets/{told['id']}/", key=right.key).status_code == 404
    used(left, 70)
    days = call("GET", f"usage/days/?member={left.member.pk}").json()["results"]
    assert [one["input_tokens"] for one in days] == [70]
    assert call("DELETE", f"budgets/{told['id']}/").status_code == 204
    assert call("GET", "budgets/").json()["results"] == []


def test_owners_hear_once_that_a_budget_is_nearly_used_and_once_that_it_is(left: World) -> None:
    row = budget(left, 1_000)
    budget(left, 10, each=True, period="day")
    with use_tenant(left.context):
        for at in (100, 850, 900, 1_000, 1_100):
            BudgetCounter.objects.update_or_create(
                budget=row, starts_on=budgeting.known().today.replace(day=1), defaults={"used": at}
            )
            tell_of_thresholds()
    send_due()
    letters = [one for one in mail.outbox if left.owner.user.email in one.to]
    assert len(letters) == 2
    assert any("85" in one.body for one in letters)
    assert all("orçamentos" in one.body or "budgets" in one.body for one in letters)
    assert not any(left.member.user.email in one.to for one in mail.outbox)
