"""Pages of a person's own: profile, devices, organizations."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from humana.kernel.errors import Conflict, NotFound
from tenants.devices import devices_of, sign_out_elsewhere, sign_out_there
from tenants.forms_settings import ProfileForm
from tenants.queries import memberships_of
from tenants.refusing import saved, shown
from tenants.services.members import leave
from tenants.services.people import edit_person
from tenants.views import MemberRequest


@require_GET
def overview(request: MemberRequest, slug: str) -> HttpResponse:
    """Every page of settings that this member may open, in groups."""
    return render(request, "tenants/settings.html")


@require_http_methods(["GET", "POST"])
def profile(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `form`."""
    user = request.visitor.member.user
    form = ProfileForm(request.POST or None, user=user)
    if request.method == "POST":
        save = partial(_save, form, user)
        done = saved(request, form, save, _("Saved."), reverse("profile", args=[slug]))
        if done is not None:
            return done
    return shown(request, "tenants/profile.html", {"form": form}, form)


def _save(form: ProfileForm, user: Any) -> None:
    edit_person(user=user, version=form.version, **form.draft())


@require_GET
def sessions(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `devices`, this one first."""
    return render(request, "tenants/sessions.html", {"devices": devices_of(request)})


@require_POST
def end_sessions(request: MemberRequest, slug: str) -> HttpResponse:
    """One that is named, or all others."""
    one, here = request.POST.get("session", ""), request.session.session_key
    if one:
        if not sign_out_there(request.user, _id(one), here=here):
            raise NotFound(_("There is nothing here."))
        messages.success(request, _("Signed out there."))
    else:
        ended = sign_out_elsewhere(request.user, here=here)
        told = ngettext("Signed out on %(n)d other device.", "Signed out on %(n)d other devices.", ended)
        messages.success(request, told % {"n": ended})
    return redirect("sessions", slug=slug)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(_("There is nothing here.")) from None


@require_GET
def organizations(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `memberships`, with the one in which one is."""
    return _organizations(request)


def _organizations(request: MemberRequest, problem: str = "", status: int = 200) -> HttpResponse:
    rows = list(memberships_of(request.user))
    context = {"memberships": rows, "problem": problem}
    return render(request, "tenants/organizations.html", context, status=status)


@require_POST
def make_primary(request: MemberRequest, slug: str) -> HttpResponse:
    """This organization is where the person arrives after signing in."""
    member = request.visitor.member
    edit_person(user=member.user, primary_organization_id=member.organization_id)
    messages.success(request, _("You arrive here from now on when you sign in."))
    return redirect("my-organizations", slug=slug)


@require_POST
def leave_organization(request: MemberRequest, slug: str) -> HttpResponse:
    """Goes on to another organization, or to the choice of none."""
    member = request.visitor.member
    try:
        leave(member=member)
    except Conflict as refusal:
        return _organizations(request, str(refusal.message), 409)
    told = _("You left “%(name)s”. What you wrote there stays there.") % {"name": member.organization.name}
    messages.success(request, told)
    return redirect("choose-organization")
