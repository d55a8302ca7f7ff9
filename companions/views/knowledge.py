"""Pages of what the organization knows: for who edits it, and for who shares what they know."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companions.audience_names import names
from companions.beneficiaries import beneficiaries
from companions.correspondence import access_delivery
from companions.forms.knowledge import AssetForm
from companions.knowledge import (
    access_asset,
    access_asset_version,
    assets_for,
    may_edit,
    uses_of,
    versions_of,
)
from companions.models import KnowledgeAsset
from companions.models.knowledge import Level
from companions.permissions import KNOWLEDGE, READ, SHARE
from companions.services.knowledge import bring_back, edit_asset, remove_asset, restore_version, write_asset
from companions.services.sharing import keep_share, proposed_level, share_knowledge
from companions.views.rules import set_by
from documents.standing import progress
from humana.kernel.errors import HumanaError, Invalid
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.queries import people_named
from tenants.views import MemberRequest

#: Assets on one page, and companions and versions listed on an asset's.
PER_PAGE, MOST_LISTED = 50, 200


@require_GET
def knowledge(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `page` of what the member may read, each with its team and how often it was used; `query`;
    `meaning` for who edits it."""
    member = request.visitor.member
    require(member, READ.name)
    query = clean_text(request.GET.get("q", ""), field="q", limit=200, required=False).strip()
    rows = assets_for(member)
    if query:
        rows = rows.filter(Q(title__icontains=query) | Q(summary__icontains=query))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    uses, teams = uses_of(one.id for one in page), names().teams
    told = [(one, teams.get(str(one.team_id), ""), uses.get(one.id, 0)) for one in page]
    context = {"page": page, "assets": told, "query": query, "may_add": allowed(member, SHARE.name)}
    if allowed(member, KNOWLEDGE.name):
        context["meaning"] = progress()
    return render(request, "companions/knowledge.html", context)


@require_http_methods(["GET", "POST"])
def new_asset(request: MemberRequest, slug: str) -> HttpResponse:
    """For every companion by who edits common knowledge; around their own place by who shares."""
    member = request.visitor.member
    shares = not allowed(member, KNOWLEDGE.name)
    require(member, SHARE.name if shares else KNOWLEDGE.name)
    widest = proposed_level(member) if shares else Level.PUBLIC
    form = AssetForm(*_sent(request), asset=None, widest=widest, shares=shares)
    if request.method == "POST" and form.is_valid():
        try:
            row = (share_knowledge if shares else write_asset)(member=member, **form.draft())
        except HumanaError as refusal:
            _refused(form, refusal)
        else:
            messages.success(request, _("It is kept. The very next answers know it."))
            return redirect("asset", slug=slug, asset_id=row.id)
    return _form(request, form, {"asset": None, "shares": shares})


@require_http_methods(["GET", "POST"])
def asset(request: MemberRequest, slug: str, asset_id: uuid.UUID) -> HttpResponse:
    """Context: `asset`, and for who may edit it `form`, `told` (each companion and why), `versions`."""
    member = request.visitor.member
    row = access_asset(member=member, asset_id=asset_id)
    editor = may_edit(member, row)
    common = row.source == KnowledgeAsset.Source.COMMON
    form = AssetForm(*_sent(request), asset=row, widest=row.widest, shares=False) if editor else None
    if form is not None and not common:
        form.fields.pop("team_id", None)  # it stays with the sharer's
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            edit_asset(member=member, asset=row, version=form.version, **form.draft())
        except HumanaError as refusal:
            _refused(form, refusal)
        else:
            messages.success(request, _("The change is kept. The very next answers follow it."))
            return redirect("asset", slug=slug, asset_id=row.id)
    return _form(request, form, _about(member, row, editor=editor))


@require_POST
def act_on_asset(request: MemberRequest, slug: str, asset_id: uuid.UUID) -> HttpResponse:
    """`do`: remove, bring-back, restore (a version), or a rule for a companion: allow, deny, drop."""
    member, do = request.visitor.member, request.POST.get("do") or request.GET.get("do", "")
    row = access_asset(member=member, asset_id=asset_id, removed=do == "bring-back")
    if do == "remove":
        remove_asset(member=member, asset=row)
        undo = reverse("act-on-asset", args=[slug, asset_id]) + "?do=bring-back"
        messages.success(
            request, _("“%(title)s” is deleted.") % {"title": row.title}, extra_tags=f"undo {undo}"
        )
        return redirect("knowledge", slug=slug)
    if do == "bring-back":
        bring_back(member=member, asset=row)
    elif do == "restore":
        version_id = _id(request.POST.get("version", ""))
        restore_version(member=member, asset=row, then=access_asset_version(asset=row, version_id=version_id))
    else:
        set_by(request, row, do)
    messages.success(request, _("Done. The very next answers follow it."))
    return redirect("asset", slug=slug, asset_id=asset_id)


@require_POST
def keep(request: MemberRequest, slug: str, delivery_id: uuid.UUID) -> HttpResponse:
    """What a companion was told by another, kept as knowledge."""
    member = request.visitor.member
    copy = access_delivery(member=member, delivery_id=delivery_id)
    row = keep_share(member=member, copy=copy)
    messages.success(request, _("It is kept. The companion knows it from now on."))
    return redirect("asset", slug=slug, asset_id=row.id)


def _sent(request: MemberRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _about(member: Membership, row: KnowledgeAsset, *, editor: bool) -> dict[str, Any]:
    context: dict[str, Any] = {
        "asset": row,
        "team": names().teams.get(str(row.team_id), ""),
        "uses": uses_of([row.id]).get(row.id, 0),
        "may_rule": allowed(member, KNOWLEDGE.name),
    }
    if not editor:
        return context
    versions = list(versions_of(row)[:MOST_LISTED])
    people = people_named({one.written_by for one in versions if one.written_by})
    found = beneficiaries(row)
    return context | {
        "told": found[:MOST_LISTED],
        "number": sum(one.told for one in found),
        "of": len(found),
        "versions": [(one, one.written_by and people.get(one.written_by)) for one in versions],
    }


def _refused(form: AssetForm, refusal: HumanaError) -> None:
    if refusal.status == 403 or refusal.status >= 500:
        raise refusal
    form.refuse(refusal)


def _form(request: MemberRequest, form: AssetForm | None, context: dict[str, Any]) -> HttpResponse:
    status = 200
    if form is not None and request.method == "POST":
        status = 412 if form.stale else 422
    return render(request, "companions/asset.html", {**context, "form": form}, status=status)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field="version") from None
