"""How the organization in hand is built: teams, positions, roles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.console import InHandAdmin
from tenants.console_forms import RoleForm
from tenants.models import Membership, Position, Role, Team
from tenants.services.positions import create_position, edit_position, remove_position
from tenants.services.teams import create_team, edit_team, remove_team


def _stands_for(obj: Any, kept: Any) -> None:
    """The service saved a row of its own; the form's object becomes it."""
    obj.pk = kept.pk
    obj._state.adding = False


@admin.register(Team)
class TeamAdmin(InHandAdmin):
    """Through the services: no circle, and none goes while something stands on it."""

    list_display = ("name", "parent", "is_department")
    list_filter = ("is_department",)
    list_select_related = ("parent",)
    search_fields = ("name",)
    fields = ("name", "parent", "is_department")
    raw_id_fields = ("parent",)

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        told: Any = {"name": obj.name, "parent_id": obj.parent_id, "is_department": obj.is_department}
        _stands_for(obj, edit_team(team=obj, **told) if change else create_team(**told))

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        remove_team(team=obj)


@admin.register(Position)
class PositionAdmin(InHandAdmin):
    """Through the services, as teams."""

    list_display = ("title", "reports_to", "level")
    list_select_related = ("reports_to",)
    search_fields = ("title",)
    fields = ("title", "reports_to", "level")
    raw_id_fields = ("reports_to",)

    def save_model(self, request: HttpRequest, obj: Position, form: Any, change: bool) -> None:
        told: Any = {"title": obj.title, "reports_to_id": obj.reports_to_id, "level": obj.level}
        _stands_for(obj, edit_position(position=obj, **told) if change else create_position(**told))

    def delete_model(self, request: HttpRequest, obj: Position) -> None:
        remove_position(position=obj)


@admin.register(Role)
class RoleAdmin(InHandAdmin):
    form = RoleForm
    list_display = ("name", "slug", "count")
    fields = ("name", "slug", "permissions")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A role that somebody has stays: they would lose what it permits."""
        held = obj is not None and Membership.objects.filter(organization=obj.organization_id, role=obj.slug)
        return super().has_delete_permission(request, obj) and not (held and held.exists())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("slug",)

    @display(description=_("permissions"))  # type: ignore[untyped-decorator]
    def count(self, role: Role) -> int:
        return len(role.permissions)
