"""Endpoints in the operators' console: those of the organization in hand, else the platform's own.

Adding and changing are pages of ours: the service is asked while nothing is locked, and what was typed
as a secret is in no form, no message and no log.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from byoc.board import Shown, shown, types_for
from byoc.contracts.fields import TypeSpec
from byoc.forms import EndpointForm
from byoc.models import Endpoint, EndpointHealth, Failover, Notice, Probe
from byoc.services import endpoints as services
from byoc.services import homecoming
from byoc.services.platform_storage import progress_of
from byoc.services.spares import choices_of
from byoc.types import TYPES
from byoc.views import told_of
from humana.kernel.errors import HumanaError
from tenants.console import OperatorAdmin
from tenants.console_actions import confirmed
from tenants.operators import in_hand

WIDGETS: dict[str, Any] = {
    "url": UnfoldAdminTextInputWidget,
    "text": UnfoldAdminTextInputWidget,
    "lines": UnfoldAdminTextareaWidget,
    "secret": UnfoldAdminPasswordWidget,
    "int": UnfoldAdminIntegerFieldWidget,
    "decimal": UnfoldAdminDecimalFieldWidget,
    "bool": UnfoldBooleanWidget,
    "choice": UnfoldAdminSelectWidget,
}


class OwnOrInHand(OperatorAdmin):
    """Rows of the organization in hand; with none in hand those of the platform itself."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(organization=in_hand(request))


@admin.register(Endpoint)
class EndpointAdmin(OwnOrInHand):
    """Everything is done by the services that people and programs use too."""

    may_add = may_change = may_delete = True
    list_display = ("name", "kind", "role", "type", "state", "health", "zone", "origin")
    list_filter = ("kind", "role", "state")
    search_fields = ("name", "origin")
    fields = ("name", "kind", "role", "type", "origin", "zone", "region", "state")
    actions = ("validate", "activate", "withdraw")

    @admin.display(description=gettext_lazy("health"))
    def health(self, obj: Endpoint) -> str:
        found = shown(obj.organization, [obj])[0].health
        return found.get_state_display() if found else _("Not probed yet")

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.admit(request)
        asked = _type(request.GET.get("type", ""))
        if asked is None:
            kinds = types_for(operators=True)
            return self._page(request, "endpoint_types", _("Connect an endpoint"), {"kinds": kinds})
        organization = in_hand(request)
        zone = organization.zone if organization else ""
        form = EndpointForm(request.POST or None, asked=asked, zone=zone, widgets=WIDGETS)
        if form.is_bound and form.is_valid():
            try:
                made = services.create_endpoint(organization=organization, entry=form.entry())
            except HumanaError as refusal:
                form.refuse(refusal)
            else:
                self._look(request, made)
                return self._to(made)
        return self._page(request, "endpoint", _(asked.label), {"form": form, "asked": asked})

    @method_decorator(sensitive_post_parameters())
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.admit(request)
        row: Endpoint | None = self.get_object(request, unquote(object_id))
        if row is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        one = shown(in_hand(request), [row])[0]
        act = request.POST.get("act", "")
        if act in _ACTS:
            self._do(request, row, act)
            return self._to(row)
        form = self._form(request, one)
        if form is not None and form.is_bound and form.is_valid() and self._changed(request, row, form):
            return self._to(row)
        context: dict[str, Any] = {"form": form, "one": one, "original": row, "spares": choices_of(row)}
        context |= {"progress": progress_of(row), "job": homecoming.job_of(one.failover)}
        return self._page(request, "endpoint", row.name, context)

    def delete_model(self, request: HttpRequest, obj: Endpoint) -> None:
        services.remove_endpoint(organization=in_hand(request), endpoint_id=obj.id)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What its probes said goes along and is nobody's to list here."""
        return [str(one) for one in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    @confirmed(
        description=gettext_lazy("Validate"),
        question=gettext_lazy("Each service is asked whether it answers, which may take seconds."),
    )
    def validate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        for row in queryset:
            self._do(request, row, "validate")

    @confirmed(
        description=gettext_lazy("Activate"),
        question=gettext_lazy(
            "From now on everybody there works with these; what served the role before gives way."
        ),
    )
    def activate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        for row in queryset:
            self._do(request, row, "activate")

    @confirmed(
        description=gettext_lazy("Withdraw"),
        question=gettext_lazy(
            "Within a second nobody works with these any more. They can be activated again."
        ),
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        for row in queryset:
            self._do(request, row, "withdraw")

    def _do(self, request: HttpRequest, row: Endpoint, act: str) -> None:
        if act == "validate":
            self._look(request, row)
            return
        further = _further(request) if act == "failover" else {}
        try:
            _ACTS[act](organization=in_hand(request), endpoint_id=row.id, **further)
        except HumanaError as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, _("Done."))

    def _look(self, request: HttpRequest, row: Endpoint) -> None:
        try:
            found = services.validate_endpoint(organization=in_hand(request), endpoint_id=row.id)
        except HumanaError as refusal:
            messages.error(request, str(refusal.message))
            return
        say = messages.success if found.ok else messages.error
        say(request, f"{row.name}: {told_of(found)}")

    def _form(self, request: HttpRequest, one: Shown) -> EndpointForm | None:
        """None for a type that there is not any more, and for what was closed."""
        if one.asked is None or one.endpoint.state == Endpoint.State.CLOSED:
            return None
        return EndpointForm(request.POST or None, asked=one.asked, endpoint=one.endpoint, widgets=WIDGETS)

    def _changed(self, request: HttpRequest, row: Endpoint, form: EndpointForm) -> bool:
        try:
            services.change_endpoint(
                organization=in_hand(request),
                endpoint_id=row.id,
                changes=form.changes(),
                version=form.version,
            )
        except HumanaError as refusal:
            form.refuse(refusal)
            return False
        self._look(request, row)
        return True

    def _to(self, row: Endpoint) -> HttpResponse:
        return redirect(reverse("admin:byoc_endpoint_change", args=[row.id]))

    def _page(self, request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
        common = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "has_delete_permission": self.has_delete_permission(request),
            "has_add_permission": self.has_add_permission(request),
        }
        return TemplateResponse(request, f"admin/{name}.html", {**common, **context})


_ACTS: dict[str, Any] = {
    "validate": services.validate_endpoint,
    "activate": services.activate_endpoint,
    "withdraw": services.withdraw_endpoint,
    "failover": homecoming.stand_in,
    "return": homecoming.come_back,
}


def _further(request: HttpRequest) -> dict[str, Any]:
    """Which one was chosen to stand in; without one the first does. What is no id names nobody's endpoint."""
    wanted = request.POST.get("to", "")
    try:
        return {"to_endpoint_id": uuid.UUID(wanted)} if wanted else {}
    except ValueError:
        return {"to_endpoint_id": uuid.UUID(int=0)}


def _type(name: str) -> TypeSpec | None:
    return TYPES.get(name) if name in TYPES else None


@admin.register(EndpointHealth)
class EndpointHealthAdmin(OwnOrInHand):
    """How endpoints are, to read."""

    list_display = ("endpoint", "state", "since", "probed_at", "well_at", "milliseconds")
    list_filter = ("state",)
    list_select_related = ("endpoint",)
    fields = ("endpoint", "state", "since", "probed_at", "well_at", "milliseconds", "code", "message")


@admin.register(Probe)
class ProbeAdmin(OwnOrInHand):
    """Each look at an endpoint, to read."""

    list_display = ("endpoint", "at", "ok", "milliseconds", "code")
    list_filter = ("ok", "code")
    list_select_related = ("endpoint",)
    fields = ("endpoint", "at", "ok", "milliseconds", "code")


@admin.register(Failover)
class FailoverAdmin(OwnOrInHand):
    """What stood in for what, to read."""

    list_display = ("what", "to_endpoint", "way", "state", "began_at", "back_at")
    list_filter = ("state", "way")
    list_select_related = ("endpoint", "to_endpoint")
    fields = ("what", "to_endpoint", "way", "state", "why", "began_at", "back_at")

    @admin.display(description=gettext_lazy("endpoint"))
    def what(self, obj: Failover) -> str:
        return obj.whose


@admin.register(Notice)
class NoticeAdmin(OwnOrInHand):
    """What was told, to whom and whether it arrived, to read."""

    list_display = ("event", "channel", "recipient", "state", "attempts", "due_at", "sent_at")
    list_filter = ("state", "channel", "event")
    fields = ("event", "channel", "recipient", "state", "attempts", "due_at", "sent_at", "error")
