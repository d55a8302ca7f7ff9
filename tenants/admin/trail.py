"""What happened, and who was here to help. To read only."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.console import InHandAdmin, KindFilter, OperatorAdmin
from tenants.models import ControlEvent, SupportSession


@admin.register(ControlEvent)
class ControlEventAdmin(OperatorAdmin):
    """Without an organization in hand the platform's own events, with one that organization's."""

    list_display = ("created_at", "action", "who", "resource_type", "resource_id", "relayed_at")
    list_filter = ("action", ("resource_type", KindFilter))
    ordering = ("-created_at",)
    search_fields = ("action", "resource_id")
    lookups = ("id", "resource_id")
    fields = ("created_at", "action", "resource_type", "resource_id", "payload", "actor", "relayed_at")

    @display(description=_("who"))  # type: ignore[untyped-decorator]
    def who(self, event: ControlEvent) -> str:
        return str(event.actor.get("label", ""))


@admin.register(SupportSession)
class SupportSessionAdmin(InHandAdmin):
    """To read: who was here, why, until when. They begin and end on a page of their own."""

    may_add = may_change = may_delete = False
    list_display = ("operator", "reason", "created_at", "expires_at", "ended_at")
    list_select_related = ("operator",)
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    fields = ("operator", "reason", "consent", "created_at", "expires_at", "ended_at")
