"""The trail and the outbox with the organization in hand; what answers used in a support session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.budget_lists import rule_of
from audit.budget_words import amount
from audit.models import AuditEntry, Budget, Outbox, UsageEvent
from audit.services.outbox import try_again
from tenants.console import ContentAdmin, InHandAdmin, KindFilter
from tenants.console_actions import confirmed
from tenants.operators import support_of


@admin.register(AuditEntry)
class AuditEntryAdmin(InHandAdmin):
    """What happened; with what names, only inside a support session."""

    may_add = may_change = may_delete = False
    list_display = ("sequence", "at", "actor_label", "actor_kind", "action", "resource_type", "resource_id")
    list_filter = ("actor_kind", ("resource_type", KindFilter))
    search_fields = ("action", "actor_label", "resource_id")
    lookups = ("id", "resource_id")
    fields = (
        *("sequence", "at", "actor_label", "actor_kind", "action", "resource_type", "resource_id"),
        *("address", "agent", "request_id", "regulations", "keep_until", "encryption_required"),
        *("previous_hash", "hash"),
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.fields, "payload") if support_of(request) else self.fields


STATES = {
    "Pending": _("Waiting"),
    "Done": _("Done"),
    "Quarantined": _("Put aside"),
}


class StateFilter(admin.ChoicesFieldListFilter):
    """The states in words: the table's own are names."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for one in super().choices(changelist):
            yield {**one, "display": STATES.get(str(one["display"]), one["display"])}


@admin.register(Outbox)
class OutboxAdmin(InHandAdmin):
    """What waits, and what was put aside after too many attempts. Ids only."""

    may_add = may_change = may_delete = False
    list_display = ("task", "state_label", "attempts", "due_at", "error", "created_at")
    list_filter = (("state", StateFilter), "task")
    ordering = ("-created_at",)
    fields = ("task", "arguments", "state_label", "attempts", "due_at", "error", "created_at", "updated_at")
    readonly_fields = ("state_label",)
    actions = ("again",)

    @display(description=_("state"), ordering="state")
    def state_label(self, item: Outbox) -> str:
        return str(STATES[item.get_state_display()])

    @confirmed(
        description=_("Try again"),
        question=_("Work that was put aside starts afresh. What is waiting or done stays as it is."),
    )
    def again(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> None:
        for item in queryset:
            try_again(item=item)


@admin.register(Budget)
class BudgetAdmin(InHandAdmin):
    """What is limited, and how much; whom by name, the organization's own page says."""

    may_add = may_change = may_delete = False
    list_display = ("created_at", "scope_label", "limit", "period_label", "each", "hard", "warn_at")
    list_filter = ("scope", "unit", "hard")
    fields = (
        *("scope_label", "subject_id", "limit", "period_label", "each", "hard", "warn_at"),
        *("version", "created_at", "updated_at"),
    )
    readonly_fields = ("scope_label", "limit", "period_label")
    ordering = ("created_at", "id")

    @display(description=_("for"), ordering="scope")
    def scope_label(self, budget: Budget) -> str:
        return str(Budget.Scope(budget.scope).label)

    @display(description=_("per"), ordering="period")
    def period_label(self, budget: Budget) -> str:
        return str(Budget.Period(budget.period).label)

    @display(description=_("limit"))
    def limit(self, budget: Budget) -> str:
        return amount(budget.amount, rule_of(budget))


@admin.register(UsageEvent)
class UsageEventAdmin(ContentAdmin):
    list_display = (
        "created_at", "endpoint", "model", "input_tokens", "output_tokens", "cost", "price_source", "outcome",
    )  # fmt: skip
    list_filter = ("outcome", "model")
    ordering = ("-created_at",)
