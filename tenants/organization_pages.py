"""Pages of the organization itself: what it says of itself, and what keeps its content safe."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from humana.kernel.errors import NotAllowed
from tenants.forms_settings import OrganizationForm
from tenants.models import Membership
from tenants.permissions import MANAGE, allowed, permissions, require
from tenants.refusing import saved, shown
from tenants.services.organization_settings import edit_organization
from tenants.services.structuring import version_at
from tenants.trust import facts_of
from tenants.views import MemberRequest


@require_http_methods(["GET", "POST"])
def organization(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `form`."""
    member = request.visitor.member
    require(member, MANAGE.name)
    form = OrganizationForm(request.POST or None, organization=member.organization)
    if request.method == "POST":
        save = partial(_save, form, member)
        done = saved(
            request,
            form,
            save,
            _("Saved. It is in the trail."),
            reverse("organization-settings", args=[slug]),
        )
        if done is not None:
            return done
        if form.stale:
            member.organization.refresh_from_db()
            form.begin_anew(version_at(member.organization.updated_at))
    return shown(request, "tenants/organization.html", {"form": form}, form)


def _save(form: OrganizationForm, member: Membership) -> None:
    edit_organization(member=member, version=form.version, **form.draft())


@require_GET
def trust(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `facts`, terms with what is so; for who manages the organization or reads the trail."""
    member = request.visitor.member
    if not (allowed(member, MANAGE.name) or ("audit.read" in permissions and allowed(member, "audit.read"))):
        raise NotAllowed(_("You may not do this."), code="missing_permission")
    return render(request, "tenants/trust.html", {"facts": facts_of(member.organization)})
