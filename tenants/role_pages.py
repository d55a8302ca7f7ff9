"""Pages of roles: what each may do in plain words, and the organization's own, made, changed and removed."""

from __future__ import annotations

import uuid
from functools import partial
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tenants.forms_settings import HeirForm, RoleForm
from tenants.member_pages import may_look
from tenants.models import Membership, Role
from tenants.permissions import BUILT_IN_ROLES, MEMBERS, permissions, require
from tenants.queries import access_role, roles_of
from tenants.refusing import SettingsForm, saved, shown
from tenants.services.roles import Effect, create_role, edit_role, effect_of, on_role, remove_role
from tenants.services.structuring import version_of
from tenants.views import MemberRequest


@require_GET
def roles(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `built_in` and `own` roles with what each may, in words; `manages`."""
    member = request.visitor.member
    manages = may_look(member)
    built_in = [
        (name, labels(name_ for name_, one in permissions.items() if slug_ in one.roles))
        for slug_, name in BUILT_IN_ROLES.items()
    ]
    own = [(row, labels(row.permissions)) for row in roles_of(member.organization)]
    return render(request, "tenants/roles.html", {"built_in": built_in, "own": own, "manages": manages})


@require_http_methods(["GET", "POST"])
def new_role(request: MemberRequest, slug: str) -> HttpResponse:
    """Context as `role`, without one."""
    member = request.visitor.member
    require(member, MEMBERS.name)
    form = RoleForm(_posted(request), member=member)
    if form.is_bound:
        save = partial(_create, form, member)
        done = saved(request, form, save, _("The role is there."), reverse("roles", args=[slug]))
        if done is not None:
            return done
    return shown(request, "tenants/role.html", {"form": form}, form)


@require_http_methods(["GET", "POST"])
def role(request: MemberRequest, slug: str, role_id: uuid.UUID) -> HttpResponse:
    """Where it changes what somebody may do, that is shown first and saved when it is sent again.

    Context: `role`, `form`, `on` (who has it), and what changes: `effect`, `people`.
    """
    member = request.visitor.member
    require(member, MEMBERS.name)
    row = access_role(member=member, role_id=role_id)
    form = RoleForm(_posted(request), member=member, role=row)
    context: dict[str, Any] = {"role": row, "form": form, "on": on_role(row)}
    if form.is_bound and form.is_valid():
        effect = effect_of(row, form.cleaned_data["permissions"])
        if effect.touched and request.POST.get("looked") != _mark(effect):
            return render(request, "tenants/role.html", context | _told(effect))
        save = partial(_edit, form, member, row)
        done = _("The role is changed. It holds at everybody’s next step.")
        answer = saved(request, form, save, done, reverse("roles", args=[slug]))
        if answer is not None:
            return answer
        _again(form, member, row)
    return shown(request, "tenants/role.html", context, form)


@require_http_methods(["GET", "POST"])
def remove(request: MemberRequest, slug: str, role_id: uuid.UUID) -> HttpResponse:
    """Who has it, and which role they get. Context: `role`, `on`, `form`."""
    member = request.visitor.member
    require(member, MEMBERS.name)
    row = access_role(member=member, role_id=role_id)
    form = HeirForm(_posted(request), member=member, role=row)
    if form.is_bound:
        save = partial(_remove, form, member, row)
        done = saved(request, form, save, _("The role is removed."), reverse("roles", args=[slug]))
        if done is not None:
            return done
        _again(form, member, row)
    return shown(request, "tenants/role_going.html", {"role": row, "on": on_role(row), "form": form}, form)


def labels(names: Any) -> list[Any]:
    """What these permissions are called, without those that there are no longer."""
    return [permissions.get(name).label for name in names if name in permissions]


def _told(effect: Effect) -> dict[str, Any]:
    people = [(one.who, labels(one.gains), labels(one.loses)) for one in effect.touched]
    return {"effect": effect, "people": people, "looked": _mark(effect)}


def _mark(effect: Effect) -> str:
    """What was shown: another change, or somebody new who has the role, is shown anew."""
    lines = [f"{one.who.id} +{one.gains} -{one.loses}" for one in effect.touched]
    return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def _create(form: RoleForm, member: Membership) -> None:
    create_role(member=member, **form.draft())


def _edit(form: RoleForm, member: Membership, row: Role) -> None:
    edit_role(member=member, role=row, version=form.version, **form.draft())


def _remove(form: HeirForm, member: Membership, row: Role) -> None:
    remove_role(member=member, role=row, version=form.version, move_to=form.cleaned_data["move_to"] or None)


def _again(form: SettingsForm, member: Membership, row: Role) -> None:
    if form.stale:
        form.begin_anew(version_of(access_role(member=member, role_id=row.id)))


def _posted(request: MemberRequest) -> Any:
    return request.POST if request.method == "POST" else None
