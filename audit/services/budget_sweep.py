"""What is done for budgets beside answers: free what dead owners hold, tell of thresholds, tidy up."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import override

from audit.budget_names import title_of
from audit.budget_words import percent
from audit.budgeting import Rule, known
from audit.models import POT, Budget, BudgetCounter, BudgetReservation, UsageEvent
from audit.services import counting
from audit.services.allowances import tell_of_allowances
from audit.services.budgets import Use
from audit.services.counting import Share
from byoc.services.notices import tell
from humana.kernel.ports import owner_lives
from tenants.context import current_tenant
from tenants.models import Organization
from tenants.places import gather
from tenants.statements import send
from tenants.transactions import control_atomic, tenant_atomic

log = logging.getLogger(__name__)

#: A reservation is not looked at before this: whoever made it has just begun.
YOUNG = timedelta(seconds=5)
#: What was freed is kept this long, for an owner that seemed dead and was not.
KEPT = timedelta(days=1)
#: Counters of periods that are over are kept this long.
HISTORY = timedelta(days=400)
#: Reservations looked at in one round.
AT_A_TIME = 2_000


def look_after_budgets() -> None:
    """In one organization, in its main placement; the further ones hold none."""
    free_abandoned()
    tell_of_thresholds()
    tell_of_allowances()
    _tidy()


def anything_budgeted() -> bool:
    return Budget.objects.exists() or BudgetReservation.objects.filter(state="held").exists()


def free_abandoned() -> int:
    """Give back what is held for answers that nobody makes any more; how many there were."""
    now = timezone.now()
    held = BudgetReservation.objects.filter(state="held", created_at__lte=now - YOUNG)
    rows = list(held.order_by("created_at")[:AT_A_TIME])
    lives = {owner: owner_lives(owner) for owner in {one.owner for one in rows}}
    abandoned = [one for one in rows if one.until < now or not lives[one.owner]]
    used = _in_the_ledger(abandoned) if abandoned else {}
    return sum(_free(one, used.get(one.run_id)) for one in abandoned)


def _in_the_ledger(rows: Sequence[BudgetReservation]) -> dict[uuid.UUID, Use]:
    """What answers used whose end is written but not settled: they live in another database than budgets."""
    ids = [one.run_id for one in rows]
    names = (
        "run_id",
        "input_tokens",
        "output_tokens",
        "estimated_tokens",
        "cost",
        "estimated_cost",
        "currency",
    )

    def read() -> list[tuple[Any, ...]]:
        return list(UsageEvent.objects.filter(run_id__in=ids).values_list(*names))

    return {
        run_id: Use((given or 0) + (made or 0) + (guessed or 0), guess if cost is None else cost, currency)
        for run_id, given, made, guessed, cost, guess, currency in gather(read).found
    }


def _free(row: BudgetReservation, use: Use | None) -> bool:
    """Give it back, or count what was used."""
    rules = {one.id: one for one in known().rules}
    shares = sorted(Share.of(one) for one in row.shares)
    settled = [
        counting.settle(one, row.run_id, _counted(use, rules.get(one.budget_id), one), state="held")
        for one in shares
    ]
    last = counting.keep(row.run_id, {"state": "freed"}) if use is None else counting.end(row.run_id, "held")
    held, *_rest = send(counting.lock(row.run_id, "held"), *settled, last)
    return bool(held)


def _counted(use: Use | None, rule: Rule | None, share: Share) -> int:
    if use is None or rule is None:
        return 0
    counted = use.counted_in(rule)
    return share.amount if counted is None else counted


def tell_of_thresholds() -> None:
    """Whoever looks after budgets hears once in a period that one is nearly used, and once that it is."""
    here = known()
    shared = {one.id: one for one in here.rules if not one.each}
    days = {one.starts(here.today) for one in shared.values()}
    rows = BudgetCounter.objects.filter(budget_id__in=shared, holder_id=POT, starts_on__in=days, told__lt=100)
    near = rows.filter(
        Q(used__gte=F("budget__amount") * F("budget__warn_at") / 100, told=0)
        | Q(used__gte=F("budget__amount"))
    )
    for counter in near.select_related("budget"):
        rule = shared[counter.budget_id]
        full = percent(counter.used, counter.budget.amount)
        reached = 100 if full >= 100 else rule.warn_at
        if counter.starts_on == rule.starts(here.today) and full >= reached > counter.told:
            _tell(rule, counter, full, reached)


def _tell(rule: Rule, counter: BudgetCounter, full: int, reached: int) -> None:
    organization_id = current_tenant().organization_id
    language = Organization.objects.values_list("language", flat=True).get(id=organization_id)
    with override(language):
        facts = {"budget": title_of(rule), "percent": str(full)}
    event = "budget.spent" if reached >= 100 else "budget.nearly_spent"
    with control_atomic(), tenant_atomic():
        told = BudgetCounter.objects.filter(id=counter.id, told__lt=reached)
        if told.update(told=reached):
            tell(organization_id, event, facts, permission="audit.budgets")


def _tidy() -> None:
    now = timezone.now()
    BudgetReservation.objects.filter(state="freed", updated_at__lt=now - KEPT).delete()
    BudgetCounter.objects.filter(starts_on__lt=(now - HISTORY).date(), reserved=0).delete()
