"""Pages of companions."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from byoc import gateway
from companions.permissions import READ
from companions.queries import access_companion_by_slug, companions_for, inheritance, residences
from tenants.permissions import MANAGE, require
from tenants.queries import reports_of
from tenants.views import MemberRequest


@require_GET
def companions(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `companions`."""
    member = request.visitor.member
    require(member, READ.name)
    return render(request, "companions/list.html", {"companions": companions_for(member=member)})


@require_GET
def companion(request: MemberRequest, slug: str, companion_slug: str) -> HttpResponse:
    """Context: `companion`, `inherited` (values, policies, brand as data), `model` (a ModelCard)."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_companion_by_slug(member=member, slug=companion_slug)
    context = {
        "companion": found,
        "inherited": inheritance(found),
        "model": gateway.shown(found.model or None),
    }
    return render(request, "companions/companion.html", context)


@require_GET
def places(request: MemberRequest, slug: str) -> HttpResponse:
    """Where everything lives. Context: `residences`, one for each companion, `filtered` (some of them by
    the application alone), and signed `reports`.
    """
    member = request.visitor.member
    require(member, MANAGE.name)
    found = residences()
    context = {
        "residences": found,
        "filtered": any(one.filtered for one in found),
        "reports": reports_of(member=member),
    }
    return render(request, "companions/places.html", context)
