"""The operators' console about what may be dialled: of the organization in hand, or of the platform."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from byoc import console_copies, console_endpoints
from byoc.models import EgressGrant
from byoc.services.grants import Asked, grant_egress, schemes, withdraw_grant
from tenants.console import OperatorAdmin
from tenants.console_actions import confirmed
from tenants.operators import in_hand

__all__ = ["EgressGrantAdmin", "console_copies", "console_endpoints"]
ASKED = ("scheme", "host", "network", "port", "reason", "expires_at")


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]
    scheme = forms.ChoiceField(label=_("scheme"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = EgressGrant
        fields = ASKED
        help_texts = {
            "host": _("A name or an address alone, as models.example.com."),
            "network": _("As 10.20.0.0/16. With a host beside it, the host must lead into the network."),
            "reason": _("The customer reads it in their trail."),
            "expires_at": _("Empty is until somebody withdraws it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scheme" in self.fields:
            self.fields["scheme"].choices = [(one, one) for one in schemes()]  # type: ignore[attr-defined]


@admin.register(EgressGrant)
class EgressGrantAdmin(OperatorAdmin):
    """Granted and withdrawn, never changed: the trail says what held when."""

    may_add = True
    form = GrantForm
    list_display = ("scheme", "host", "network", "port", "reason", "expires_at")
    search_fields = ("host", "network", "reason")
    fields = ASKED
    actions = ("withdraw",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EgressGrant]:
        rows: QuerySet[EgressGrant] = super().get_queryset(request)
        return rows.filter(organization=in_hand(request))

    def save_model(self, request: HttpRequest, obj: EgressGrant, form: Any, change: bool) -> None:
        asked = Asked(**{name: getattr(obj, name) for name in ASKED})
        made = grant_egress(organization=in_hand(request), asked=asked, operator=request.user)  # type: ignore[arg-type]
        obj.pk = made.pk

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has told it."""

    @confirmed(
        description=_("Withdraw"),
        question=_("From now on this is not dialled any more. Endpoints that need it stop working."),
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[EgressGrant]) -> None:
        for grant in queryset:
            withdraw_grant(organization=in_hand(request), grant_id=grant.id, operator=request.user)  # type: ignore[arg-type]
