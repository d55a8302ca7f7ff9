"""What the operators' console shows around its pages: where one is, what there is to open, the desk.

Unfold calls these by name, see UNFOLD in the settings.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.context import current_tenant
from tenants.models import ControlEvent, Organization, PendingWork, Placement, Plan, User
from tenants.operators import in_hand, is_elsewhere, support_of
from tenants.queries import placement_names

Items = list[tuple[str, str, str]]
#: Organizations with pending work and events shown on the desk.
SHOWN = 8


def around(request: HttpRequest) -> dict[str, Any]:
    """For every page: `in_hand`, its `places_in_hand` and `support`. The colours are in a style sheet of
    ours instead.
    """
    return {
        "in_hand": in_hand(request),
        "places_in_hand": _places(request),
        "support": support_of(request),
        "colors": None,
    }


def _places(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Of an organization in several places: the key and the name of each, and whether one looks at it."""
    if in_hand(request) is None:
        return []
    here = current_tenant()
    return [(str(key), name, key == here.placement.id) for key, name in placement_names(here).items()]


def style_sheet(request: HttpRequest) -> str:
    return static("css/console.css")


def mark(request: HttpRequest) -> str:
    return static("icons/mark.svg")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: the platform always, the organization in hand, its content in a session."""
    groups = [_group(_("Platform"), _platform(), separator=False)]
    organization = in_hand(request)
    if organization is not None:
        inside = [one for one in _inside() if not (is_elsewhere(request) and _is_kept_in_main(one[1]))]
        groups.append(_group(organization.name, inside))
    if support_of(request) is not None:
        groups.append(_group(_("Content"), _content()))
    return groups


def desk(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The first page: what there is, counted, and what wants an operator."""
    organizations = Organization.objects.all()
    context |= {
        "figures": [
            (_("Organizations"), organizations.count(), "tenants_organization"),
            (_("People"), User.objects.filter(is_active=True).count(), "tenants_user"),
            (_("Placements"), Placement.objects.count(), "tenants_placement"),
        ],
        "counts": [
            _counted(_("By plan"), "plan", dict(Plan.choices)),
            _counted(_("By state"), "state", dict(Organization.State.choices)),
        ],
        "placements": Placement.objects.annotate(used=Count("organizations")).order_by("name"),
        "pending": _pending(),
        "put_aside": _put_aside(request),
    }
    return context


def _pending() -> list[tuple[PendingWork, str]]:
    kinds = {"outbox": _("Outbox"), "control_event": _("Events"), "run": _("Answers")}
    rows = PendingWork.objects.select_related("organization").order_by("created_at")[:SHOWN]
    return [(row, kinds[row.kind]) for row in rows]


def _put_aside(request: HttpRequest) -> list[ControlEvent]:
    """The latest work put aside anywhere: the platform's own events, seen with nothing in hand."""
    if in_hand(request) is not None:
        return []
    rows = ControlEvent.objects.filter(organization=None, action="outbox.quarantined")
    return list(rows.order_by("-created_at")[:SHOWN])


def _counted(title: str, field: str, labels: dict[str, Any]) -> dict[str, Any]:
    """Organizations by one of their columns, each with the address of their list."""
    found = dict(Organization.objects.order_by().values_list(field).annotate(number=Count("id")))
    page = reverse("admin:tenants_organization_changelist")
    rows = [(label, found.get(value, 0), f"{page}?{field}__exact={value}") for value, label in labels.items()]
    return {"title": title, "rows": rows}


def _platform() -> Items:
    return [
        (_("Organizations"), "tenants_organization", "apartment"),
        (_("Placements"), "tenants_placement", "database"),
        (_("Placement jobs"), "tenants_placementjob", "conveyor_belt"),
        (_("Endpoints"), "byoc_endpoint", "lan"),
        (_("Health of endpoints"), "byoc_endpointhealth", "ecg_heart"),
        (_("Probes"), "byoc_probe", "radar"),
        (_("Failovers"), "byoc_failover", "swap_horiz"),
        (_("Copies of files"), "byoc_storagecopy", "drive_file_move"),
        (_("Notices"), "byoc_notice", "campaign"),
        (_("People"), "tenants_user", "person"),
        (_("Egress grants"), "byoc_egressgrant", "router"),
        (_("Configuration"), "tenants_configvalue", "tune"),
        (_("Events"), "tenants_controlevent", "history"),
    ]


def _inside() -> Items:
    return [
        (_("Members"), "tenants_membership", "badge"),
        (_("Teams"), "tenants_team", "groups"),
        (_("Positions"), "tenants_position", "account_tree"),
        (_("Roles"), "tenants_role", "shield_person"),
        (_("API keys"), "tenants_apikey", "key"),
        (_("Values"), "companions_value", "favorite"),
        (_("Policies"), "companions_policy", "policy"),
        (_("Brand"), "companions_brand", "palette"),
        (_("Brand versions"), "companions_brandversion", "history_edu"),
        (_("Brand assets"), "companions_brandasset", "perm_media"),
        (_("Deliveries"), "companions_delivery", "mark_email_read"),
        (_("Servers of tools"), "companions_mcpserver", "dns"),
        (_("Tools"), "companions_mcptool", "build"),
        (_("Trail"), "audit_auditentry", "receipt_long"),
        (_("Outbox"), "audit_outbox", "outbox"),
        (_("Support sessions"), "tenants_supportsession", "support_agent"),
    ]


def _is_kept_in_main(page: str) -> bool:
    """Whether all places of an organization share it, as its page says."""
    app, model = page.split("_", 1)
    shown = admin.site._registry[apps.get_model(app, model)]
    return bool(getattr(shown, "main_only", False))


def _content() -> Items:
    return [
        (_("Companions"), "companions_companion", "smart_toy"),
        (_("Access rules"), "companions_companionaccess", "rule"),
        (_("Messages between companions"), "companions_companionmessage", "hub"),
        (_("Handoffs"), "companions_handoff", "move_group"),
        (_("Tools of companions"), "companions_toolrule", "handyman"),
        (_("Uses of tools"), "companions_tooluse", "construction"),
        (_("Chats"), "chats_chat", "chat"),
        (_("Messages"), "chats_message", "forum"),
        (_("Runs"), "chats_run", "play_circle"),
        (_("Votes"), "chats_vote", "thumb_up"),
        (_("Folders"), "documents_folder", "folder"),
        (_("Usage"), "audit_usageevent", "monitoring"),
    ]


def _group(title: str, items: Items, *, separator: bool = True) -> dict[str, Any]:
    return {
        "title": title,
        "separator": separator,
        "items": [
            {"title": capfirst(label), "icon": icon, "link": reverse(f"admin:{name}_changelist")}
            for label, name, icon in items
        ],
    }
