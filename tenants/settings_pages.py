"""The pages on which an organization's configuration, and a person's own, is read and changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from humana.kernel.errors import HumanaError, NotAllowed, NotFound
from tenants.config.catalogue import GROUPS
from tenants.config.shown import Typed, grouped
from tenants.config.snapshot import read_snapshot
from tenants.doors import Visitor
from tenants.models import Membership, Team
from tenants.permissions import CONFIG_EDIT, CONFIG_VIEW, allowed, require
from tenants.services.config import (
    UNSET,
    Changes,
    Where,
    change,
    key_named,
    of_organization,
    of_person,
    of_team,
)

#: What a form may ask to be done.
ACTS = ("value", "bounds", "clear")


class MemberRequest(HttpRequest):
    visitor: Visitor


@require_http_methods(["GET", "POST"])
def configuration(request: MemberRequest, slug: str) -> HttpResponse:
    """The organization's, or with `?team=` a team's. Context as `_page`."""
    member = request.visitor.member
    require(member, CONFIG_VIEW.name)
    teams = list(member.organization.teams.order_by("name"))
    team = next((one for one in teams if str(one.id) == request.GET.get("team")), None)
    organization_id = member.organization_id
    where = of_team(organization_id, team.id) if team else of_organization(organization_id)
    may_edit = allowed(member, CONFIG_EDIT.name)
    return _answer(request, where, may_edit=may_edit, team=team, teams=teams)


@require_http_methods(["GET", "POST"])
def personal(request: MemberRequest, slug: str) -> HttpResponse:
    """What a member sets for themselves. Context as `_page`."""
    return _answer(request, of_person(request.visitor.member), may_edit=True, team=None, teams=[])


def _answer(request: MemberRequest, where: Where, **shown: Any) -> HttpResponse:
    if request.method != "POST":
        return _page(request, where, **shown)
    name = request.POST.get("key", "")
    try:
        _do(request.visitor.member, where, name, request.POST)
    except (NotFound, NotAllowed):
        raise
    except HumanaError as refusal:
        texts = {field: request.POST[field] for field in ("value", "cap", "floor") if field in request.POST}
        typed = Typed(name, texts, refusal.field or "", str(refusal.message))
        return _page(request, where, typed=typed, status=refusal.status, **shown)
    messages.success(request, _("Saved. It holds everywhere within a second."))
    return redirect(f"{request.get_full_path()}#{name}")


def _do(member: Membership, where: Where, name: str, sent: Any) -> None:
    key, act = key_named(name), sent.get("do", "")
    if act not in ACTS:
        raise NotFound(_("There is nothing here."))
    told: Changes = {}
    if act == "clear":
        told["value"] = UNSET
    elif act == "value":
        told["value"] = key.read(sent.get("value", ""))
    else:
        told = _bounds(key, sent)
    seen = sent.get("seen", "")
    change(
        member=member,
        where=where,
        key=key,
        seen=int(seen) if seen.isascii() and seen.isdecimal() else None,
        **told,
    )


def _bounds(key: Any, sent: Any) -> Changes:
    told: Changes = {"locked": sent.get("locked") == "on"}
    for field in ("cap", "floor"):
        if field in sent:
            told[field] = _bound(key, field, sent[field])
    return told


def _bound(key: Any, field: str, text: str) -> Any:
    try:
        return key.kind.read(text) if text.strip() else None
    except HumanaError as refusal:
        refusal.field = field
        raise


def _page(
    request: MemberRequest,
    where: Where,
    *,
    may_edit: bool,
    team: Team | None,
    teams: list[Team],
    typed: Typed | None = None,
    status: int = 200,
) -> HttpResponse:
    """Context: `groups` of settings, `choices` of groups, `wanted` filters, `team`, `teams`, `personal`."""
    wanted = {"q": request.GET.get("q", "")[:80], "group": request.GET.get("group", "")}
    groups = grouped(
        read_snapshot(where.organization_id),
        layer=where.layer,
        subject=where.seen_as,
        may_edit=may_edit,
        group=wanted["group"] if wanted["group"] in GROUPS and typed is None else "",
        words=wanted["q"] if typed is None else "",
        typed=typed,
    )
    shown = {
        "groups": groups,
        "choices": GROUPS.items(),
        "wanted": wanted,
        "team": team,
        "teams": teams,
        "personal": where.layer == "user",
        "may_edit": may_edit,
        "typed": typed,
    }
    return render(request, "tenants/configuration.html", shown, status=status)
