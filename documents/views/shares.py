"""The sheet on which an owner gives a folder or a document to others, and what one was given oneself."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from documents.access import access_document, access_folder, own_document, own_folder
from documents.models import Folder, Share
from documents.permissions import READ, SHARE
from documents.services import sharing
from documents.sharing import (
    Holder,
    access_party,
    access_share,
    holders_of_document,
    holders_of_folder,
    people_like,
    shared_with,
    teams_like,
)
from documents.store import Card
from humana.kernel.errors import HumanaError
from humana.kernel.text import clean_text
from tenants.permissions import require
from tenants.views import MemberRequest


@require_GET
def shared(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `received`, the latest first; `silent` where a place does not answer."""
    member = request.visitor.member
    require(member, READ.name)
    received = shared_with(member)
    context = {"received": received.found, "silent": bool(received.silent)}
    return render(request, "documents/shared.html", context)


@require_http_methods(["GET", "POST"])
def share_folder(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    """See `_sheet`."""
    member = request.visitor.member
    row = own_folder(member=member, folder_id=folder_id)
    return _sheet(request, row, holders_of_folder(member, row))


@require_http_methods(["GET", "POST"])
def share_document(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    """See `_sheet`."""
    member = request.visitor.member
    card = own_document(member=member, document_id=document_id)
    return _sheet(request, card, holders_of_document(member, card))


def _sheet(request: MemberRequest, aim: Folder | Card, holders: list[Holder]) -> HttpResponse:
    """With `to` (member:<id> or team:<id>) and `right` it is given. Context: `aim`, `folder` or `card`,
    `holders`, `query` with the `people` and `teams` it finds, `rights`, `refusal`."""
    member = request.visitor.member
    require(member, SHARE.name)
    refusal = _give(request, aim) if request.method == "POST" else None
    if request.method == "POST" and refusal is None:
        return redirect(request.get_full_path())
    query = clean_text(request.GET.get("q", ""), field="q", limit=80, required=False).strip()
    context: dict[str, Any] = {
        "aim": aim,
        "folder": aim if isinstance(aim, Folder) else None,
        "card": None if isinstance(aim, Folder) else aim,
        "holders": holders,
        "query": query,
        "rights": Share.Right.choices,
        "refusal": refusal,
    }
    if query:
        has = {one.share.whose_id for one in holders if one.above is None}
        context["people"] = [one for one in people_like(member, query) if one.id not in has]
        context["teams"] = [one for one in teams_like(query) if one.id not in has]
    status = refusal.status if refusal else 200
    return render(request, "documents/share.html", context, status=status)


def _give(request: MemberRequest, aim: Folder | Card) -> HumanaError | None:
    """What was refused, for the sheet to say; None where it is done."""
    member = request.visitor.member
    party = access_party(member=member, **_named(request.POST.get("to", "")))
    try:
        sharing.share(member=member, aim=aim, party=party, right=request.POST.get("right", "read"))
    except HumanaError as refusal:
        if refusal.status in (403, 404) or refusal.status >= 500:
            raise
        return refusal
    name = str(party.member.user) if party.member else str(party.team)
    messages.success(request, _("%(name)s finds it under “Shared with me”.") % {"name": name})
    return None


@require_POST
def change(request: MemberRequest, slug: str, share_id: uuid.UUID) -> HttpResponse:
    """`do`: withdraw, or a right."""
    member, do = request.visitor.member, request.POST.get("do", "")
    row = access_share(member=member, share_id=share_id)
    if do == "withdraw":
        sharing.withdraw_share(member=member, row=row)
        messages.success(request, _("It is withdrawn. They find it no longer."))
    else:
        sharing.change_share(member=member, row=row, right=do)
        messages.success(request, _("The right is changed, from their next step on."))
    return _to_sheet(slug, row)


@require_POST
def leave_folder(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    row = access_folder(member=member, folder_id=folder_id)
    return _leave(request, row)


@require_POST
def leave_document(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    card = access_document(member=member, document_id=document_id)
    return _leave(request, card)


def _leave(request: MemberRequest, aim: Folder | Card) -> HttpResponse:
    sharing.leave(member=request.visitor.member, aim=aim)
    messages.success(request, _("You have left “%(name)s”.") % {"name": aim.name})
    return redirect("shared", slug=request.visitor.context.slug)


def _to_sheet(slug: str, row: Share) -> HttpResponse:
    if row.folder_id:
        return redirect("share-folder", slug=slug, folder_id=row.folder_id)
    return redirect("share-document", slug=slug, document_id=row.aim_id)


def _named(text: str) -> dict[str, uuid.UUID | None]:
    """`member:<id>` or `team:<id>`; what is neither names nobody."""
    kind, _colon, value = text.partition(":")
    try:
        found = uuid.UUID(value)
    except ValueError:
        found = None
    named: dict[str, uuid.UUID | None] = {"member_id": None, "team_id": None}
    return named | ({f"{kind}_id": found} if kind in ("member", "team") else {})
