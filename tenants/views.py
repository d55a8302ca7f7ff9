"""Pages around organizations: where do I work, in which language, and what was signed about it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from tenants.doors import Visitor
from tenants.models import User
from tenants.permissions import MANAGE, require
from tenants.queries import memberships_of, signed_report
from tenants.services.people import prefer_language, prefer_theme

LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60  # seconds


class MemberRequest(HttpRequest):
    """A request inside an organization, as OrganizationMiddleware leaves it."""

    visitor: Visitor
    user: User


def page_back(request: MemberRequest) -> str:
    """The page of this organization that `back` names, where one came from; empty for any other address."""
    address = request.POST.get("back", "") or request.GET.get("back", "")
    home = reverse("organization-home", args=[request.visitor.context.slug])
    ours = address.startswith(home) and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours else ""


@login_required
@require_GET
def home(request: MemberRequest) -> HttpResponse:
    """The organization the person works in; a choice where there are several and none is primary."""
    members = list(memberships_of(request.user))
    primary = [one for one in members if one.organization_id == request.user.primary_organization_id]
    if primary or len(members) == 1:
        return redirect("organization-home", slug=(primary or members)[0].organization.slug)
    return redirect("choose-organization")


@login_required
@require_GET
def choose_organization(request: MemberRequest) -> HttpResponse:
    """Context: `memberships`."""
    return render(request, "tenants/choose_organization.html", {"memberships": memberships_of(request.user)})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Kept with the person, or in a cookie for a visitor."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    response = _back(request)
    if isinstance(request.user, User):
        prefer_language(user=request.user, language=language)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=LANGUAGE_COOKIE_AGE, samesite="Lax")
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Kept with the person, or in a cookie for a visitor."""
    theme = request.POST.get("theme", "")
    if theme not in User.Theme.values:
        theme = User.Theme.SYSTEM
    response = _back(request)
    if isinstance(request.user, User):
        prefer_theme(user=request.user, theme=theme)
    response.set_cookie("theme", theme, max_age=LANGUAGE_COOKIE_AGE, samesite="Lax")
    return response


@require_GET
def report(request: MemberRequest, slug: str, report_id: uuid.UUID) -> HttpResponse:
    """The signed report of a set-up or a move, as a file to keep."""
    require(request.visitor.member, MANAGE.name)
    return as_file(signed_report(report_id), name=f"{slug}-{report_id.hex[-8:]}.json")


def as_file(content: bytes, *, name: str) -> HttpResponse:
    """JSON to be kept, which nobody between us and the reader keeps."""
    told = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type="application/json", headers=told)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the form was on, never to another site."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else "home")
