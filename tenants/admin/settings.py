"""What is said for everybody, or for the organization in hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.config.catalogue import config_keys
from tenants.config.snapshot import entry_of
from tenants.console import OperatorAdmin
from tenants.console_forms import ConfigValueForm
from tenants.models import ConfigValue
from tenants.operators import in_hand
from tenants.services.config import change as change_setting
from tenants.services.config import clear_value, key_named, place_of, row_at


@admin.register(ConfigValue)
class ConfigValueAdmin(OperatorAdmin):
    """What is said for everybody; with an organization in hand, what that one says. By services only."""

    may_add = may_change = may_delete = True
    form = ConfigValueForm
    list_display = ("key", "layer", "shown", "locked", "set_by", "updated_at")
    list_filter = ("layer",)
    search_fields = ("key",)
    fields = ("key", "layer", "text", "locked", "cap_text", "floor_text")
    readonly_fields = ("layer",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.layer = obj.layer if obj else "organization" if in_hand(request) else "global"
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("layer", "key") if obj else ("layer",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What people say for themselves is theirs."""
        return super().has_change_permission(request, obj) and getattr(obj, "layer", "") != "user"

    def save_model(self, request: HttpRequest, obj: ConfigValue, form: Any, change: bool) -> None:
        where, key = place_of(obj, in_hand(request)), key_named(obj.key)
        change_setting(member=None, where=where, key=key, **form.said)
        row = row_at(where, key)
        if row is not None:
            obj.pk = row.pk

    def delete_model(self, request: HttpRequest, obj: ConfigValue) -> None:
        clear_value(member=None, where=place_of(obj, in_hand(request)), key=key_named(obj.key))

    @display(description=_("value"))  # type: ignore[untyped-decorator]
    def shown(self, row: ConfigValue) -> str:
        if row.key not in config_keys or not row.has_value:
            return "–"
        key = config_keys.get(row.key)
        return str(key.kind.shown(bool(row.sealed) if key.secret else entry_of(row, key).value))
