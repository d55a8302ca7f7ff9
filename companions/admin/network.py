"""Copies that are on their way or put aside, with the organization in hand; messages, rules and handoffs
in a support session, since they name companions and hold what was said.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from companions.models import CompanionAccess, CompanionMessage, Delivery, Handoff
from companions.refusals import RIGHTS, reason_words
from companions.services.quarantine import release_delivery
from companions.services.rules import drop_rule, set_rule
from tenants.console import ContentAdmin, InHandAdmin
from tenants.console_actions import confirmed


class RuleForm(forms.ModelForm):
    rights = forms.MultipleChoiceField(
        label=_("rights"),
        choices=list(RIGHTS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all of them."),
    )


@admin.register(CompanionAccess)
class CompanionAccessAdmin(ContentAdmin):
    main_only = True
    may_add = may_change = may_delete = True
    form = RuleForm
    list_display = ("source", "target", "team_id", "allow", "version")
    list_filter = ("allow",)
    fields = ("source", "target", "team_id", "allow", "rights")

    def get_readonly_fields(
        self, request: HttpRequest, obj: CompanionAccess | None = None
    ) -> tuple[str, ...]:
        """A rule is about one pair for good; another pair has another rule."""
        return ("source", "target", "team_id") if obj else ()

    def save_model(self, request: HttpRequest, obj: CompanionAccess, form: Any, change: bool) -> None:
        kept = set_rule(
            source_id=obj.source_id,
            target_id=obj.target_id,
            team_id=obj.team_id,
            allow=obj.allow,
            rights=obj.rights,
        )
        obj.pk, obj.version = kept.pk, kept.version
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: CompanionAccess) -> None:
        drop_rule(rule=obj)


@admin.register(CompanionMessage)
class CompanionMessageAdmin(ContentAdmin):
    main_only = True
    list_display = ("created_at", "sender_name", "kind", "to_all", "hop", "expires_at")
    list_filter = ("kind", "to_all")
    ordering = ("-created_at",)
    lookups = ("id", "trace_id")
    fields = (
        *("created_at", "sender_name", "kind", "to_all", "payload", "permissions"),
        *("trace_id", "hop", "expires_at"),
    )


@admin.register(Delivery)
class DeliveryAdmin(InHandAdmin):
    """Ids only: what was said, and by whom, is in the message."""

    main_only = True
    may_add = may_change = may_delete = False
    list_display = ("recipient_id", "sequence", "state", "attempts", "why", "created_at")
    list_filter = ("state",)
    ordering = ("-created_at",)
    lookups = ("id", "message_id", "recipient_id")
    fields = (
        *("message_id", "recipient_id", "sequence", "state", "attempts", "why"),
        *("delivered_at", "answered_at", "created_at"),
    )
    readonly_fields = ("message_id", "recipient_id", "why")
    actions = ("release",)

    @display(description=_("reason"), ordering="reason")
    def why(self, copy: Delivery) -> str:
        return reason_words(copy.reason) if copy.reason else "–"

    @confirmed(
        description=_("Release"),
        question=_("What was put aside goes to the end of its line. All others stay as they are."),
    )
    def release(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        for copy in queryset:
            release_delivery(delivery_id=copy.id)


@admin.register(Handoff)
class HandoffAdmin(ContentAdmin):
    main_only = True
    list_display = ("created_at", "from_person", "from_name", "to_person", "to_name", "state", "answered_at")
    list_filter = ("state",)
    ordering = ("-created_at",)
    fields = (
        *("created_at", "title", "from_person", "from_name", "to_person", "to_name", "note"),
        *("state", "answered_at", "chat_id", "new_chat_id"),
    )
