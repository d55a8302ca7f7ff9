"""Chats put into folders and taken out: from the chat, and from the folder."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chats.models import Chat
from chats.permissions import WRITE
from chats.queries import access_chat, chats_of
from chats.services.conversations import move_chat
from companions.models import Companion
from documents.access import access_folder, folder_for, readable_folders
from documents.models import Folder
from documents.services.folders import create_folder
from documents.shelves import writable
from humana.kernel.errors import Conflict, HumanaError, Invalid
from tenants.models import Membership
from tenants.permissions import require
from tenants.places import gather, within
from tenants.transactions import tenant_atomic
from tenants.views import MemberRequest, page_back

#: The latest chats that a folder's page offers; chats on one page of a list.
OFFERED, PAGE = 100, 50


@require_http_methods(["GET", "POST"])
def file_chat(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """`folder` is where it goes, empty for none; `new` the name of one to make. Context: `chat`, `places`,
    `refusal`, `new`, `back`."""
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    require(member, WRITE.name)
    refusal = _filed(request, found) if request.method == "POST" else None
    if request.method == "POST" and refusal is None:
        messages.success(request, _("The chat is moved. It stays yours alone."))
        return redirect(page_back(request) or reverse("chat", args=[slug, chat_id]))
    context = {
        "chat": found,
        "places": [(str(folder.id), path) for folder, path in writable(member)],
        "chosen": request.POST.get("folder", str(found.folder_id or "")),
        "new": request.POST.get("new", ""),
        "back": page_back(request),
        "refusal": refusal,
    }
    return render(request, "chats/folder.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def folder_chats(request: MemberRequest, slug: str, folder_id: uuid.UUID) -> HttpResponse:
    """`chat` are those that go into the folder. Context: `folder`, `chats` of the member's own to choose."""
    member = request.visitor.member
    folder = access_folder(member=member, folder_id=folder_id)
    require(member, WRITE.name)
    if request.method == "POST":
        chosen = [access_chat(member=member, chat_id=_id(one)) for one in request.POST.getlist("chat")]
        with tenant_atomic():
            for one in chosen:
                move_chat(member=member, chat=one, folder=folder)
        return redirect("folder", slug=slug, folder_id=folder_id)
    rows = chats_of(member).exclude(folder_id=folder.id)[:OFFERED]
    return render(request, "chats/folder_chats.html", {"folder": folder, "chats": rows})


def chats_in_folder(request: MemberRequest, *, archived: bool) -> HttpResponse:
    """The list of chats, of those in one folder that the member may read. See `conversations.chats`."""
    member, folder_id = request.visitor.member, _id(request.GET.get("folder", ""))
    with within("folder_id", folder_id):
        folder = access_folder(member=member, folder_id=folder_id)
        rows = chats_of(member, archived=archived).filter(folder_id=folder.id)
        page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
        context = {"chats": page, "archived": archived, "folder": folder}
        context["folders"] = folders_to_choose(member)
        return render(request, "chats/list.html", context)


def folders_to_choose(member: Membership) -> list[Folder]:
    """Those that the member may read, wherever they live, by name."""
    found = gather(lambda: list(readable_folders(member))).found
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def _filed(request: MemberRequest, found: Chat) -> HumanaError | None:
    """What was refused, for the page to say."""
    member, name = request.visitor.member, request.POST.get("new", "").strip()
    try:
        with tenant_atomic():
            folder = create_folder(member=member, name=name) if name else _chosen(request, member)
            move_chat(member=member, chat=found, folder=folder)
    except HumanaError as refusal:
        if refusal.status in (403, 404) or refusal.status >= 500:
            raise
        return refusal
    return None


def _chosen(request: MemberRequest, member: Membership) -> Folder | None:
    text = request.POST.get("folder", "")
    return access_folder(member=member, folder_id=_id(text)) if text else None


def folder_to_begin_in(request: MemberRequest, companion: Companion) -> Folder | None:
    """Where a chat with this companion begins: the folder the form names, if it names one.

    Raises Conflict where that cannot be reached from where the companion is stored.
    """
    text = request.POST.get("folder", "")
    folder = folder_for(request.visitor.member, _id(text)) if text else None
    if text and folder is None:
        raise Conflict(
            _("A chat with %(name)s cannot begin in this folder.") % {"name": companion.name},
            code="folder_elsewhere",
        )
    return folder


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field="folder") from None
