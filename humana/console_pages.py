"""Pages of the console that belong to no table: an organization in hand, and support sessions.

They change something, so they are POSTs; each leads back to the desk or to where one came from.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from humana.kernel.errors import Invalid, NotAllowed, NotFound
from humana.kernel.text import clean_text
from tenants.console_forms import SupportForm
from tenants.models import Organization, User
from tenants.operators import go_to_place, in_hand, let_go, support_of, take_in_hand
from tenants.queries import organizations_like
from tenants.services.support import begin_support, end_support

#: Organizations offered at once.
OFFERED = 30


@require_http_methods(["GET", "POST"])
def hand(request: HttpRequest) -> HttpResponse:
    """Choose the organization to work in. Context: `organizations`, `more`, `asked`."""
    if request.method == "POST":
        organization = _organization(request.POST.get("organization", ""))
        take_in_hand(request, organization)
        return redirect("admin:index")
    asked = clean_text(request.GET.get("q", "").strip(), field="q", limit=120, required=False)
    found = list(organizations_like(asked)[: OFFERED + 1])
    context = {"organizations": found[:OFFERED], "more": len(found) > OFFERED, "asked": asked}
    return _page(request, "admin/hand.html", _("Take an organization in hand"), context)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    let_go(request)
    return redirect("admin:index")


@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Look at another place of the organization in hand."""
    _in_hand(request)
    go_to_place(request, request.POST.get("place", ""))
    return redirect("admin:index")


@require_http_methods(["GET", "POST"])
def support(request: HttpRequest) -> HttpResponse:
    """Begin a support session, saying why. Context: `form`."""
    organization = _in_hand(request)
    form = SupportForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _begun(request, organization, form):
        messages.success(request, _("The session is open. Everything you look at is noted."))
        return redirect("admin:index")
    return _page(request, "admin/support.html", _("Support session"), {"form": form})


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    session = support_of(request)
    if session is not None:
        end_support(session=session)
        messages.success(request, _("The support session has ended."))
    return redirect("admin:index")


def _begun(request: HttpRequest, organization: Organization, form: SupportForm) -> bool:
    operator = request.user
    assert isinstance(operator, User)
    try:
        begin_support(operator=operator, organization=organization, **form.cleaned_data)
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
        return False
    return True


def _in_hand(request: HttpRequest) -> Organization:
    organization = in_hand(request)
    if organization is None:
        raise NotAllowed(_("Take an organization in hand first."), code="no_organization_in_hand")
    return organization


def _organization(key: str) -> Organization:
    try:
        return Organization.objects.get(id=uuid.UUID(key))
    except (ValueError, Organization.DoesNotExist):
        raise NotFound(_("There is nothing here.")) from None


def _page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), "title": title, **context})


urlpatterns = [
    path("hand/", admin.site.admin_view(hand), name="console-hand"),
    path("hand/leave/", admin.site.admin_view(leave), name="console-leave"),
    path("hand/place/", admin.site.admin_view(place), name="console-place"),
    path("support/", admin.site.admin_view(support), name="console-support"),
    path("support/end/", admin.site.admin_view(end), name="console-end-support"),
]
