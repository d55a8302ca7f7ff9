"""Pages of members: who is here, and what each may do."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from humana.kernel.errors import Conflict, NotAllowed
from tenants.forms_settings import PermissionsForm, PlaceForm, StandingForm
from tenants.models import Membership
from tenants.permissions import BUILT_IN_ROLES, MEMBERS, SEE_STRUCTURE, allowed, require
from tenants.queries import access_member, find_members, roles_of, teams
from tenants.ranks import may_touch
from tenants.refusing import SettingsForm, saved, shown
from tenants.services.members import (
    bring_back,
    place_member,
    rank_member,
    remove_member,
    suspend_member,
)
from tenants.services.structuring import version_of
from tenants.two_step import has_second_step
from tenants.views import MemberRequest

AT_A_TIME = 50


@require_GET
def members(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `found`, `page`, `wanted`, `teams`, `roles`, `may_manage_members`."""
    member = request.visitor.member
    manages = may_look(member)
    wanted = {name: request.GET.get(name, "")[:80] for name in ("q", "role", "team", "state")}
    page = Paginator(find_members(**wanted, emails=manages), AT_A_TIME).get_page(request.GET.get("page"))
    context = {
        "found": page.object_list,
        "page": page,
        "wanted": wanted,
        "teams": teams(),
        "roles": _role_names(member),
        "states": [Membership.State.ACTIVE, Membership.State.SUSPENDED],
        "manages": manages,
    }
    return render(request, "tenants/members.html", context)


@require_http_methods(["GET", "POST"])
def member(request: MemberRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    """Context: `who`, `may_touch`, and a form each for role, place and permissions."""
    me = request.visitor.member
    require(me, MEMBERS.name)
    who = access_member(member=me, member_id=member_id)
    touchable = may_touch(me, who)
    do = request.POST.get("do", "")
    forms: dict[str, SettingsForm] = {
        "role": StandingForm(request.POST if do == "role" else None, member=me, who=who),
        "place": PlaceForm(request.POST if do == "place" else None, who=who),
        "permissions": PermissionsForm(request.POST if do == "permissions" else None, member=me, who=who),
    }
    if request.method == "POST":
        done = _save(request, me, who, do, forms.get(do))
        if done is not None:
            return done
    context = {"who": who, "may_touch": touchable, "forms": forms, "oneself": who.id == me.id}
    context["second_step"] = has_second_step(who.user_id)
    return shown(request, "tenants/member.html", context, *forms.values())


def _save(
    request: MemberRequest, me: Membership, who: Membership, do: str, form: SettingsForm | None
) -> HttpResponse | None:
    services: dict[str, Callable[..., Any]] = {
        "role": rank_member, "place": place_member, "permissions": rank_member,
    }  # fmt: skip
    if form is None:
        return redirect("member", slug=me.organization.slug, member_id=who.id)
    save = partial(_do, services[do], form, me, who)
    done = _("Saved. It holds at their next step.")
    here = reverse("member", args=[me.organization.slug, who.id])
    answer = saved(request, form, save, done, here)
    if form.stale:
        form.begin_anew(version_of(access_member(member=me, member_id=who.id)))
    return answer


def _do(service: Callable[..., Any], form: SettingsForm, me: Membership, who: Membership) -> None:
    service(member=me, who=who, version=form.version, **form.draft())


@require_POST
def suspend(request: MemberRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    return act(request, member_id, suspend_member, _("%(name)s is out until you bring them back."))


@require_POST
def come_back(request: MemberRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    return act(request, member_id, bring_back, _("%(name)s is in again."))


@require_POST
def remove(request: MemberRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    return act(request, member_id, remove_member, _("%(name)s is no member any more."), to="members")


def act(
    request: MemberRequest, member_id: uuid.UUID, service: Callable[..., Any], done: str, to: str = "member"
) -> HttpResponse:
    me = request.visitor.member
    require(me, MEMBERS.name)
    who = access_member(member=me, member_id=member_id)
    slug = me.organization.slug
    try:
        service(member=me, who=who)
    except (Conflict, NotAllowed) as refusal:
        messages.error(request, str(refusal.message))
        return redirect("member", slug=slug, member_id=member_id)
    messages.success(request, done % {"name": who.user.get_full_name()})
    return redirect("members", slug=slug) if to == "members" else redirect(to, slug=slug, member_id=member_id)


def may_look(member: Membership) -> bool:
    """Whether they manage members; raises where they may not even see them."""
    if allowed(member, MEMBERS.name):
        return True
    require(member, SEE_STRUCTURE.name)
    return False


def _role_names(member: Membership) -> list[tuple[str, str]]:
    own = roles_of(member.organization).values_list("slug", "name")
    return [*((slug, str(name)) for slug, name in BUILT_IN_ROLES.items()), *own]
