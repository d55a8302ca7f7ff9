"""Pages of project folders: all of them, one of them, its form."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from documents.access import OWNER, access_folder, folders_above, own_folder, right_to, shares_with
from documents.forms import FolderForm
from documents.models import Folder
from documents.permissions import READ, SHARE, WRITE
from documents.services.folders import create_folder, edit_folder, remove_folder, restore_folder
from documents.services.sharing import note_seen
from documents.sharing import holders_of_folder, shared_with
from documents.shelves import choices, shelves_below, shelves_of
from documents.shown import documents_in, menu_for
from humana.kernel.errors import HumanaError
from humana.kernel.ports import chats_in
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.queries import people_named
from tenants.views import MemberRequest

#: Chats listed on the page of a folder.
MOST_CHATS = 20


@require_GET
def folders(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `shelves` of one's own, `received` of others, `silent` places, `may_write`."""
    member = request.visitor.member
    require(member, READ.name)
    shelves, received = shelves_of(member), shared_with(member)
    context = {
        "shelves": shelves.found,
        "received": received.found,
        "silent": bool(shelves.silent or received.silent),
        "may_write": allowed(member, WRITE.name),
    }
    return render(request, "documents/folders.html", context)


@require_GET
def folder(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    """Context: `folder`, the `way` to it, what is `below`, `chats` of the member's own in it, `documents` (a
    Listing), `holders`, its `owner`, `right` and what it allows, what the `menu` of a document offers,
    `received` by itself."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_folder(member=member, folder_id=folder_id)
    right = right_to(member, found)
    if right != OWNER:
        note_seen(member=member, aim_id=found.id)
    context = {
        "folder": found,
        "way": folders_above(member, found)[:-1],
        "below": shelves_below(member, found),
        "chats": chats_in(member=member, folder_id=found.id, most=MOST_CHATS),
        "most_chats": MOST_CHATS,
        "documents": documents_in(member, found, request.GET),
        "holders": holders_of_folder(member, found),
        "owner": people_named({found.owner_id}).get(found.owner_id),
        "right": right,
        "received": shares_with(member).filter(aim_id=found.id).exists(),
        "menu": menu_for(member),
        "may_chat": allowed(member, "chats.write"),
        "may_write": right in (OWNER, "write") and allowed(member, WRITE.name),
        "may_share": right == OWNER and allowed(member, SHARE.name),
    }
    return render(request, "documents/folder.html", context)


@require_http_methods(["GET", "POST"])
def new_folder(request: MemberRequest, slug: str, folder_id: uuid.UUID | None = None) -> HttpResponse:
    """Inside a folder, or at the top. Context: `form`, `above` (the folder around it)."""
    member = request.visitor.member
    require(member, WRITE.name)
    above = access_folder(member=member, folder_id=folder_id, right="write") if folder_id else None
    form = FolderForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        made = _kept(form, partial(create_folder, member=member, parent=above, **form.draft()))
        if made is not None:
            return redirect("folder", slug=slug, folder_id=made.id)
    return _form(request, form, {"above": above})


@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    """Its name and instructions; its place, for its owner. Context: `form`, `folder`."""
    member = request.visitor.member
    row = access_folder(member=member, folder_id=folder_id, right="write")
    require(member, WRITE.name)
    places = choices(member) if row.owner_id == member.user_id else None
    form = FolderForm(_posted(request), folder=row, places=places)
    if request.method == "POST" and form.is_valid():
        changes = form.draft() | ({"parent": _parent(member, form)} if places is not None else {})
        save = partial(edit_folder, member=member, folder=row, version=form.version, **changes)
        if _kept(form, save) is not None:
            messages.success(request, _("The change is kept. The very next answers follow it."))
            return redirect("folder", slug=slug, folder_id=row.id)
    return _form(request, form, {"folder": row})


@require_POST
def remove(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    row = own_folder(member=member, folder_id=folder_id)
    remove_folder(member=member, folder=row)
    undo = reverse("restore-folder", args=[slug, folder_id])
    said = _("“%(name)s” is deleted, with its documents. Its chats are kept.") % {"name": row.name}
    messages.success(request, said, extra_tags=f"undo {undo}")
    return redirect("folders", slug=slug)


@require_POST
def restore(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    row = restore_folder(member=request.visitor.member, folder_id=folder_id)
    return redirect("folder", slug=slug, folder_id=row.id)


def _parent(member: Membership, form: FolderForm) -> Folder | None:
    parent_id = form.parent()
    return own_folder(member=member, folder_id=parent_id) if parent_id else None


def _kept(form: FolderForm, save: Any) -> Folder | None:
    """What the service made of it; None where it refused, which the form then says."""
    try:
        row: Folder = save()
    except HumanaError as refusal:
        if refusal.status in (403, 404) or refusal.status >= 500:
            raise
        form.refuse(refusal)
        return None
    return row


def _posted(request: MemberRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _form(request: MemberRequest, form: FolderForm, context: dict[str, Any]) -> HttpResponse:
    status = 200 if request.method == "GET" else 412 if form.stale else 422
    return render(request, "documents/folder_form.html", {**context, "form": form}, status=status)
