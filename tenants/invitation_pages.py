"""Pages of invitations: for who invites, and for who follows the link of a letter."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, cast

from allauth.account.utils import perform_login
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from humana.kernel.errors import Conflict, HumanaError, NotAllowed, NotFound, TooMany
from tenants.forms_settings import ArrivingForm, InviteForm
from tenants.models import Invitation, User
from tenants.permissions import MEMBERS, require
from tenants.queries import access_invitation, invitations_of
from tenants.refusing import saved, shown
from tenants.services.arriving import accept_anew, accept_as, invitation_behind
from tenants.services.invitations import GOOD_DAYS, MOST_AT_ONCE, invite, send_again, withdraw
from tenants.services.people import is_known
from tenants.views import MemberRequest

AT_A_TIME = 50


@require_GET
def invitations(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `found`, `page`."""
    member = request.visitor.member
    require(member, MEMBERS.name)
    page = Paginator(invitations_of(), AT_A_TIME).get_page(request.GET.get("page"))
    return render(request, "tenants/invitations.html", {"found": page.object_list, "page": page})


@require_http_methods(["GET", "POST"])
def new_invitation(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `form`, `days`, `most`."""
    member = request.visitor.member
    require(member, MEMBERS.name)
    form = InviteForm(request.POST or None, member=member)
    if request.method == "POST":
        done = saved(
            request, form, lambda: _invite(request, form), _sent(form), reverse("invitations", args=[slug])
        )
        if done is not None:
            return done
    context = {"form": form, "days": GOOD_DAYS, "most": MOST_AT_ONCE}
    return shown(request, "tenants/invite.html", context, form)


def _invite(request: MemberRequest, form: InviteForm) -> None:
    invite(member=request.visitor.member, origin=origin_of(request), **form.draft())


def _sent(form: InviteForm) -> str:
    number = len(form.draft()["emails"]) if form.is_valid() else 0
    return ngettext("The invitation is on its way.", "%(n)d invitations are on their way.", number) % {
        "n": number
    }


@require_POST
def resend(request: MemberRequest, slug: str, invitation_id: uuid.UUID) -> HttpResponse:
    def again(member: Any, invitation: Invitation) -> None:
        send_again(member=member, invitation=invitation, origin=origin_of(request))

    return _act(request, invitation_id, again, _("It is on its way again. The former link opens nothing."))


@require_POST
def withdraw_invitation(request: MemberRequest, slug: str, invitation_id: uuid.UUID) -> HttpResponse:
    return _act(request, invitation_id, withdraw, _("It is withdrawn. Its link opens nothing."))


def _act(
    request: MemberRequest, invitation_id: uuid.UUID, service: Callable[..., Any], done: str
) -> HttpResponse:
    member = request.visitor.member
    require(member, MEMBERS.name)
    row = access_invitation(member=member, invitation_id=invitation_id)
    try:
        service(member=member, invitation=row)
        messages.success(request, done)
    except (Conflict, NotAllowed, TooMany) as refusal:
        messages.error(request, str(refusal.message))
    return redirect("invitations", slug=member.organization.slug)


@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, link: str) -> HttpResponse:
    """For the person behind the link, signed in or not. Context: `invitation`, `way`, `form`, `problem`.

    `way` is what they can do here: `accept`, sign in as `other`, `sign_in`, or arrive as `new`.
    """
    try:
        found = invitation_behind(link)
        way = _way(request, found)
        if request.method == "POST" and way in ("accept", "new"):
            return _accept(request, link, found, way)
    except NotFound as refusal:
        return render(request, "tenants/invitation_gone.html", {"problem": str(refusal.message)}, status=404)
    form = ArrivingForm() if way == "new" else None
    return render(request, "tenants/invitation.html", {"invitation": found, "way": way, "form": form})


def _way(request: HttpRequest, invitation: Invitation) -> str:
    if isinstance(request.user, User):
        return "accept" if request.user.email == invitation.email else "other"
    return "sign_in" if is_known(invitation.email) else "new"


def _accept(request: HttpRequest, link: str, invitation: Invitation, way: str) -> HttpResponse:
    form = ArrivingForm(request.POST if way == "new" else None)
    if way == "new" and not form.is_valid():
        return _again(request, invitation, way, form, 422)
    try:
        if way == "accept":
            accept_as(user=cast("User", request.user), link=link)
            return redirect("organization-home", slug=invitation.organization.slug)
        member = accept_anew(link=link, **form.draft())
    except NotFound:
        raise
    except HumanaError as refusal:
        if way == "new":
            form.refuse(refusal)
            return _again(request, invitation, way, form, refusal.status)
        return _again(request, invitation, way, None, refusal.status, str(refusal.message))
    home = reverse("organization-home", args=[invitation.organization.slug])
    return cast("HttpResponse", perform_login(request, member.user, redirect_url=home))


def _again(
    request: HttpRequest,
    invitation: Invitation,
    way: str,
    form: ArrivingForm | None,
    status: int,
    problem: str = "",
) -> HttpResponse:
    context = {"invitation": invitation, "way": way, "form": form, "problem": problem}
    return render(request, "tenants/invitation.html", context, status=status)


def origin_of(request: HttpRequest) -> str:
    """How the address of a link begins, as this person reaches us; the host was judged by Django."""
    return f"{request.scheme}://{request.get_host()}"
