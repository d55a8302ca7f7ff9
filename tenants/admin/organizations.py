"""What operators do with organizations, and where these live."""

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

from tenants.console import OperatorAdmin
from tenants.console_actions import confirmed
from tenants.console_forms import OrganizationForm, PlacementForm
from tenants.console_founding import found
from tenants.freshness import organization_changed
from tenants.models import Organization, Placement, PlacementJob
from tenants.operators import in_hand
from tenants.services.organizations import rename_address
from tenants.services.placing.jobs import try_again


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
