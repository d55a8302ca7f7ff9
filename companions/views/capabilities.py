"""Pages of capabilities, for who edits them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companions.audience_names import names
from companions.beneficiaries import beneficiaries
from companions.forms.knowledge import CapabilityForm
from companions.knowledge import access_capability, beneficiaries_counted, capabilities, uses_of
from companions.models import Capability
from companions.permissions import CAPABILITIES
from companions.services.capabilities import add_capability, bring_back, edit_capability, remove_capability
from companions.views.rules import set_by
from humana.kernel.errors import HumanaError
from tenants.permissions import require
from tenants.views import MemberRequest

MOST_LISTED = 200


@require_GET
def all_capabilities(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `capabilities`, each with its team, how many companions have it and how often it was used."""
    require(request.visitor.member, CAPABILITIES.name)
    rows, teams = list(capabilities()), names().teams
    uses = uses_of(one.id for one in rows)
    have = beneficiaries_counted()
    told = [(one, teams.get(str(one.team_id), ""), have.get(one.id, 0), uses.get(one.id, 0)) for one in rows]
    return render(
        request, "companions/capabilities.html", {"capabilities": told, "kinds": Capability.Kind.choices}
    )


@require_http_methods(["GET", "POST"])
def new_capability(request: MemberRequest, slug: str) -> HttpResponse:
    """Of the kind that is asked for with `kind`; a skill otherwise."""
    member = request.visitor.member
    require(member, CAPABILITIES.name)
    asked = request.GET.get("kind", "")
    kind = asked if asked in Capability.Kind.values else Capability.Kind.SKILL.value
    form = CapabilityForm(request.POST or None, kind=kind, capability=None)
    if request.method == "POST" and form.is_valid():
        try:
            row = add_capability(member=member, kind=kind, **form.draft())
        except HumanaError as refusal:
            _refused(form, refusal)
        else:
            messages.success(request, _("It is kept. Companions have it from their next answer on."))
            return redirect("capability", slug=slug, capability_id=row.id)
    return _form(request, form, {"capability": None, "kind": Capability.Kind(kind).label})


@require_http_methods(["GET", "POST"])
def capability(request: MemberRequest, slug: str, capability_id: uuid.UUID) -> HttpResponse:
    """Context: `capability`, `form`, `told` (each companion and why), `uses`."""
    member = request.visitor.member
    row = access_capability(member=member, capability_id=capability_id)
    form = CapabilityForm(request.POST or None, kind=row.kind, capability=row)
    if request.method == "POST" and form.is_valid():
        try:
            edit_capability(member=member, capability=row, version=form.version, **form.draft())
        except HumanaError as refusal:
            _refused(form, refusal)
        else:
            messages.success(request, _("The change is kept. The very next answers follow it."))
            return redirect("capability", slug=slug, capability_id=row.id)
    found = beneficiaries(row)
    context = {
        "capability": row,
        "kind": row.get_kind_display(),
        "told": found[:MOST_LISTED],
        "number": sum(one.told for one in found),
        "of": len(found),
        "uses": uses_of([row.id]).get(row.id, 0),
        "may_rule": True,
    }
    return _form(request, form, context)


@require_POST
def act_on_capability(request: MemberRequest, slug: str, capability_id: uuid.UUID) -> HttpResponse:
    """`do`: remove, bring-back, or a rule for a companion: allow, deny, drop."""
    member, do = request.visitor.member, request.POST.get("do") or request.GET.get("do", "")
    row = access_capability(member=member, capability_id=capability_id, removed=do == "bring-back")
    if do == "remove":
        remove_capability(member=member, capability=row)
        undo = reverse("act-on-capability", args=[slug, capability_id]) + "?do=bring-back"
        messages.success(
            request, _("“%(title)s” is deleted.") % {"title": row.name}, extra_tags=f"undo {undo}"
        )
        return redirect("capabilities", slug=slug)
    if do == "bring-back":
        bring_back(member=member, capability=row)
    else:
        set_by(request, row, do)
    messages.success(request, _("Done. The very next answers follow it."))
    return redirect("capability", slug=slug, capability_id=capability_id)


def _refused(form: CapabilityForm, refusal: HumanaError) -> None:
    if refusal.status == 403 or refusal.status >= 500:
        raise refusal
    form.refuse(refusal)


def _form(request: MemberRequest, form: CapabilityForm, context: dict[str, Any]) -> HttpResponse:
    status = 200 if request.method == "GET" else 412 if form.stale else 422
    return render(request, "companions/capability.html", {**context, "form": form}, status=status)
