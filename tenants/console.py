"""What every page of the operators' console is made of.

    OperatorAdmin     the platform: operators always see it
    InHandAdmin       rows of one organization: only with that organization in hand
    ContentAdmin      what people wrote: only inside a support session, and every look is noted

Any operator may do what a page offers; being a superuser opens nothing more. Nothing is deleted in
bulk. Django's own log of changes is not written: it lies in `public` and would hold people's words.
What operators do goes into the organization's trail instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AllValuesFieldListFilter
from django.contrib.admin.utils import unquote
from django.db.models import DateTimeField, JSONField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from humana.kernel.errors import HumanaError, NotAllowed
from humana.kernel.text import said_when
from tenants.console_forms import with_refusal
from tenants.console_notes import note, note_look
from tenants.operators import in_hand, is_elsewhere, support_of
from tenants.routing import in_tenant_plane


class _Guarded:
    """Who may look, add, change and delete: operators, where the page is open and offers it."""

    may_add = may_change = may_delete = False

    def open_to(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_staff", False))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.open_to(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.open_to(request)

    def has_add_permission(self, request: HttpRequest, *_parent: Any) -> bool:
        return self.may_add and self.open_to(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and self.open_to(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_delete and self.open_to(request)


class OperatorAdmin(_Guarded, ModelAdmin):  # type: ignore[misc]
    """What a service refuses is shown in the form, with what was typed; who did what is noted."""

    list_per_page = 50
    list_disable_select_all = True
    show_full_result_count = False
    compressed_fields = True
    warn_unsaved_form = True
    #: Columns that may stand in a list's address besides its filters.
    lookups: tuple[str, ...] = ("id",)

    def admit(self, request: HttpRequest) -> None:
        """Raises NotAllowed, saying what to do first."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        sets: list[Any] = list(super().get_fieldsets(request, obj))
        if obj is None or self.has_change_permission(request, obj):
            return sets
        plain = {
            field.name: plain_json(field)
            for field in self.model._meta.local_fields
            if isinstance(field, JSONField)
        }
        return [
            (title, {**options, "fields": [plain.get(name, name) for name in options["fields"]]})
            for title, options in sets
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [short_moment(self.model, one) for one in super().get_list_display(request)]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.admit(request)
        return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.admit(request)
        try:
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]
        except HumanaError as refusal:
            if request.method != "POST" or refusal.status >= 500:
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.admit(request)
        return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """ "Show all" stands beside the title only where a list does not show all already."""
        found = super().get_changelist_instance(request)
        if not found.query and not found.get_filters_params():
            found.full_result_count = found.result_count
        return found

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What happened to it is in the trail, or among the platform's events."""
        self.admit(request)
        page = "audit_auditentry" if in_hand(request) else "tenants_controlevent"
        elsewhere = self.told_elsewhere(request, unquote(object_id))
        if elsewhere is not None:
            self.message_user(request, elsewhere)
        asked = urlencode({"resource_id": unquote(object_id)})
        return HttpResponseRedirect(f"{reverse(f'admin:{page}_changelist')}?{asked}")

    def told_elsewhere(self, request: HttpRequest, key: str) -> str | None:
        """Where else to look for what happened to it, if there is more than the list shows."""
        if in_hand(request) is None:
            return None
        return _("This is what the organization in hand was told. Let go of it to see the platform's events.")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return with_refusal(form, getattr(request, "refusal", None))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the page offers: by any column, a list would tell a hash letter by letter."""
        offered = {_name_of(one) for one in self.get_list_filter(request)} | set(self.lookups)
        return lookup.split("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def construct_change_message(self, request: HttpRequest, form: Any, *args: Any, **kwargs: Any) -> Any:
        """The names of the fields, for `log_change`; never what stands in them."""
        return list(form.changed_data)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        note("operator.added", obj, request)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        note("operator.changed", obj, request, fields=message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            note("operator.deleted", obj, request)


class InHandAdmin(OperatorAdmin):
    """Nothing is here until the operator has taken an organization in hand; then only its rows.

    `main_only` are rows that all places share and the main one has.
    """

    main_only = False
    may_add = may_change = may_delete = True
    exclude = ("organization",)

    def told_elsewhere(self, request: HttpRequest, key: str) -> str | None:
        return None

    def open_to(self, request: HttpRequest) -> bool:
        held = in_hand(request) is not None
        return super().open_to(request) and held and not (self.main_only and is_elsewhere(request))

    def admit(self, request: HttpRequest) -> None:
        if in_hand(request) is None:
            raise NotAllowed(_("Take an organization in hand first."), code="no_organization_in_hand")
        if self.main_only and is_elsewhere(request):
            message = _("All places share this, and it is kept in the main one: look at that place first.")
            raise NotAllowed(message, code="kept_in_main")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Tenant tables know the organization by themselves; the control plane's are asked for it."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if in_tenant_plane(self.opts.app_label) else rows.filter(organization=in_hand(request))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.organization = None if in_tenant_plane(self.opts.app_label) else in_hand(request)
        return form

    def message_user(
        self, request: HttpRequest, message: Any, level: Any = messages.INFO, *args: Any, **kwargs: Any
    ) -> None:
        """Django's sentences quote the object, and lie in cookies and sessions until they are read."""
        if level == messages.SUCCESS:
            message = _("Done, and in the organization's trail.")
        super().message_user(request, message, level, *args, **kwargs)


class ContentAdmin(InHandAdmin):
    """A superuser owes the customer a reason too; what was opened stands in the customer's trail."""

    may_add = may_change = may_delete = False

    def open_to(self, request: HttpRequest) -> bool:
        return super().open_to(request) and support_of(request) is not None

    def admit(self, request: HttpRequest) -> None:
        super().admit(request)
        if support_of(request) is None:
            raise NotAllowed(_("This is open only inside a support session."), code="no_support_session")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = _shown(response, "cl")
        if shown is not None:
            self._looked(request, "", {"listed": [row.pk for row in shown.result_list]})
        return response

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().changeform_view(request, *args, **kwargs)
        return self._looked_at(request, response, _shown(response, "original"))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().delete_view(request, *args, **kwargs)
        return self._looked_at(request, response, _shown(response, "object"))

    def shown_with(self, obj: Any) -> Mapping[str, Any]:
        """What else of people's words is on the object's own page, for the trail."""
        return {}

    def _looked_at(self, request: HttpRequest, response: HttpResponse, obj: Any) -> HttpResponse:
        if obj is not None:
            self._looked(request, obj.pk, dict(self.shown_with(obj)))
        return response

    def _looked(self, request: HttpRequest, resource_id: object, payload: dict[str, Any]) -> None:
        note_look(request, self.opts.model_name, resource_id, payload)


def short_moment(model: type[Model], column: Any) -> Any:
    """A column of moments in few digits; any other column as it is."""
    fields = {field.name: field for field in model._meta.get_fields()}
    field = fields.get(column) if isinstance(column, str) else None
    if not isinstance(field, DateTimeField):
        return column

    @display(description=field.verbose_name, ordering=column)  # type: ignore[untyped-decorator]
    def short(obj: Model) -> str:
        moment = getattr(obj, column)
        return said_when(moment) if moment else ""

    short.__name__ = column
    return short


def plain_json(field: JSONField) -> Any:
    """A column of JSON with letters as letters, where the library writes numbers for them."""

    @display(description=field.verbose_name)  # type: ignore[untyped-decorator]
    def plain(obj: Model) -> str:
        told = json.dumps(getattr(obj, field.name), indent=2, ensure_ascii=False, default=str)
        return format_html('<pre class="json">{}</pre>', told)

    plain.__name__ = field.name
    return plain


class KindFilter(AllValuesFieldListFilter):
    """By what kind of thing something happened to: "by on what" is no sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("kind of thing")


class Versions(_Guarded, TabularInline):  # type: ignore[misc]
    """Earlier versions below the form, to read."""

    extra = 0
    hide_title = True
    can_delete = False
    show_change_link = False


def _shown(response: HttpResponse, name: str) -> Any:
    """What a page is about, out of the context it is rendered with; None when nothing is shown."""
    context = response.context_data if isinstance(response, TemplateResponse) else None
    return context.get(name) if context else None


def _name_of(list_filter: Any) -> str:
    """The name under which a filter stands in the address."""
    if isinstance(list_filter, tuple | list):
        list_filter = list_filter[0]
    name = getattr(list_filter, "parameter_name", list_filter)
    return str(name).split("__")[0]
