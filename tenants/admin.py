"""The operators' console: organizations, people, placements; with one in hand, how it is built."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.config.catalogue import config_keys
from tenants.config.snapshot import entry_of
from tenants.console import InHandAdmin, KindFilter, OperatorAdmin
from tenants.console_actions import confirmed
from tenants.console_forms import (
    ConfigValueForm,
    MemberForm,
    OrganizationForm,
    PersonForm,
    PlacementForm,
    RoleForm,
)
from tenants.console_founding import found
from tenants.freshness import organization_changed
from tenants.models import (
    ApiKey,
    ConfigValue,
    ControlEvent,
    Invitation,
    Membership,
    Organization,
    Placement,
    PlacementJob,
    Position,
    Role,
    SupportSession,
    Team,
    User,
)
from tenants.operators import in_hand
from tenants.services.config import change as change_setting
from tenants.services.config import clear_value, key_named, place_of, row_at
from tenants.services.invitations import withdraw
from tenants.services.keys import revoke_api_key
from tenants.services.organizations import rename_address
from tenants.services.placing.jobs import try_again
from tenants.services.positions import create_position, edit_position, remove_position
from tenants.services.teams import create_team, edit_team, remove_team


@admin.register(Organization)
class OrganizationAdmin(OperatorAdmin):
    """Moved and removed by services; here it is founded, read, configured, suspended."""

    may_add = may_change = True
    form = OrganizationForm
    list_display = ("name", "slug", "plan", "state", "place", "members", "hand")
    list_filter = ("plan", "state", "placement")
    list_select_related = ("placement",)
    search_fields = ("name", "slug")
    readonly_fields = ("placement", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "slug", "plan", "state", "placement", "created_at")}),
        (_("Room beyond its plan"), {"fields": ("seats", "stored_gigabytes")}),
        (_("Rules"), {"fields": ("regulations", "retention_days", "zone")}),
        (_("Customs"), {"fields": ("language", "time_zone", "currency")}),
    )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Founding is more than a row: it has a page of its own."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return found(request)

    def told_elsewhere(self, request: HttpRequest, key: str) -> str | None:
        held = in_hand(request)
        if held is not None and str(held.id) == key:
            return None
        return gettext("What happens to an organization is in its own trail: take it in hand to read it.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        rows: QuerySet[Organization] = super().get_queryset(request)
        return rows.annotate(member_count=Count("memberships"))

    @display(description=_("placement"), ordering="placement")  # type: ignore[untyped-decorator]
    def place(self, organization: Organization) -> str:
        """Leads to the page where it is moved."""
        address = reverse("console-placement", args=[organization.slug])
        return format_html('<a class="hand-link" href="{}">{}</a>', address, organization.placement)

    @display(description=_("members"), ordering="member_count")  # type: ignore[untyped-decorator]
    def members(self, organization: Any) -> int:
        return int(organization.member_count)

    @display(description="")  # type: ignore[untyped-decorator]
    def hand(self, organization: Organization) -> str:
        address = f"{reverse('console-hand')}?q={organization.slug}"
        return format_html('<a class="hand-link" href="{}">{}</a>', address, _("Take in hand"))

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        wanted = obj.slug
        obj.slug = form.initial["slug"]
        super().save_model(request, obj, form, change)
        organization_changed(obj.id)
        if wanted != obj.slug:
            rename_address(organization=obj, slug=wanted)


@admin.register(Placement)
class PlacementAdmin(OperatorAdmin):
    """Where rows live. Schema and database are settled when it is made."""

    may_change = True
    form = PlacementForm
    list_display = (
        "name",
        "isolation",
        "schema_name",
        "database",
        "zone",
        "organizations",
        "capacity",
        "state",
    )
    list_filter = ("isolation", "state", "zone")
    search_fields = ("name", "schema_name")
    fields = ("name", "zone", "capacity", "state", "isolation", "schema_name", "database")
    readonly_fields = ("isolation", "schema_name", "database")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Placement]:
        rows: QuerySet[Placement] = super().get_queryset(request)
        return rows.annotate(used=Count("organizations"))

    @display(description=_("organizations"), ordering="used")  # type: ignore[untyped-decorator]
    def organizations(self, placement: Any) -> int:
        return int(placement.used)


@admin.register(PlacementJob)
class PlacementJobAdmin(OperatorAdmin):
    """Setting up and removing, as it goes; what stopped is tried again once it is mended."""

    list_display = ("slug", "kind", "state", "step", "target", "problem", "updated_at")
    list_filter = ("state", "kind")
    list_select_related = ("target",)
    search_fields = ("slug",)
    fields = (
        "slug",
        "kind",
        "state",
        "step",
        "source",
        "target",
        "attempts",
        "problem",
        "retry_at",
        "report",
        "signature",
        "file",
        "created_at",
        "finished_at",
    )
    actions = ("once_more",)

    @display(description=_("file"))  # type: ignore[untyped-decorator]
    def file(self, job: PlacementJob) -> str:
        if job.finished_at is None:
            return "-"
        address = reverse("console-report", args=[job.id])
        return format_html('<a href="{}">{}</a>', address, _("The signed report, as a file"))

    @display(description=_("problem"), ordering="error")  # type: ignore[untyped-decorator]
    def problem(self, job: PlacementJob) -> str:
        return job.problem

    @confirmed(
        description=_("Try again"),
        question=_("The work goes on at the step where it stopped."),
    )
    def once_more(self, request: HttpRequest, queryset: QuerySet[PlacementJob]) -> None:
        for job in queryset:
            try_again(job=job)


@admin.register(User)
class UserAdmin(OperatorAdmin):
    """The sign-in identity. Neither e-mail nor password: whoever sets them could sign in as somebody."""

    may_change = True
    form = PersonForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "time_zone", "is_active", "is_staff", "date_joined", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only superusers make operators, and nobody unmakes themselves by accident."""
        fixed: tuple[str, ...] = ("email", "date_joined", "last_login")
        if obj == request.user:
            return (*fixed, "is_active", "is_staff")
        return fixed if getattr(request.user, "is_superuser", False) else (*fixed, "is_staff")


@admin.register(Membership)
class MembershipAdmin(InHandAdmin):
    """Nobody is made a member here: an operator could enter without a support session."""

    may_add = may_delete = False
    form = MemberForm
    list_display = ("user", "role_label", "state", "team", "position")
    list_filter = ("state", "role")
    list_select_related = ("user", "team", "position")
    search_fields = ("user__email", "user__name")
    fields = ("user", "role", "state", "team", "position", "extra_permissions", "withheld_permissions")
    readonly_fields = ("user",)
    raw_id_fields = ("team", "position")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and getattr(obj, "user", None) != request.user

    @display(description=_("role"), ordering="role")  # type: ignore[untyped-decorator]
    def role_label(self, member: Membership) -> str:
        return member.role_label


@admin.register(ApiKey)
class ApiKeyAdmin(InHandAdmin):
    """Only what is not secret: neither the key nor its digest."""

    may_add = may_change = may_delete = False
    list_display = ("name", "prefix", "membership", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("membership__user", "membership__organization")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "prefix")
    fields = (
        "name",
        "prefix",
        "membership",
        "scopes",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "created_at",
    )
    actions = ("revoke",)

    @confirmed(
        description=_("Revoke"),
        question=_("From now on these keys open nothing. Programs that use them stop working."),
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.filter(revoked_at=None):
            revoke_api_key(key=key)


@admin.register(Invitation)
class InvitationAdmin(InHandAdmin):
    """To read, and to withdraw: nobody is invited here, and no link is shown."""

    may_add = may_change = may_delete = False
    list_display = ("email", "role_label", "state", "invited_by", "sent_at", "expires_at")
    list_select_related = ("invited_by",)
    list_filter = ("state",)
    search_fields = ("email",)
    fields = (
        "email", "role", "team", "position", "language", "state", "invited_by", "created_at", "sent_at",
        "expires_at", "answered_at",
    )  # fmt: skip
    actions = ("withdraw",)

    @display(description=_("role"), ordering="role")  # type: ignore[untyped-decorator]
    def role_label(self, invitation: Invitation) -> str:
        return invitation.role_label

    @confirmed(
        description=_("Withdraw"), question=_("From now on the links of these invitations open nothing.")
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        for invitation in queryset.filter(state=Invitation.State.PENDING):
            withdraw(invitation=invitation)


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
