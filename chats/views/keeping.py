"""A chat as a thing to keep, from its page and from the list beside any page."""

from __future__ import annotations

import uuid

from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chats.queries import access_chat
from chats.services import conversations
from tenants.views import MemberRequest, page_back


@require_POST
def rename(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    conversations.rename_chat(member=member, chat=found, title=request.POST.get("title", ""))
    return _back(request, found.id) or redirect("chat", slug=slug, chat_id=chat_id)


@require_POST
def pin(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    conversations.pin_chat(member=member, chat=found, pinned=request.POST.get("pinned") == "1")
    return _back(request, found.id) or redirect("chat", slug=slug, chat_id=chat_id)


@require_POST
def archive(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    conversations.archive_chat(member=member, chat=found, archived=True)
    _say(request, _("The chat is archived."), undo=reverse("unarchive-chat", args=[slug, chat_id]))
    return _back(request, found.id, gone=True) or redirect("organization-home", slug=slug)


@require_POST
def unarchive(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    conversations.archive_chat(member=member, chat=found, archived=False)
    return _back(request, found.id) or redirect("chat", slug=slug, chat_id=chat_id)


@require_POST
def remove(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    conversations.remove_chat(member=member, chat=found)
    _say(request, _("The chat is deleted."), undo=reverse("restore-chat", args=[slug, chat_id]))
    return _back(request, found.id, gone=True) or redirect("organization-home", slug=slug)


def _say(request: MemberRequest, text: str, *, undo: str) -> None:
    """A notice on the next page, with the address that takes it back."""
    notices.success(request, text, extra_tags=f"undo {undo}")


@require_POST
def restore(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    conversations.restore_chat(member=request.visitor.member, chat_id=chat_id)
    return redirect("chat", slug=slug, chat_id=chat_id)


def _back(request: MemberRequest, chat_id: uuid.UUID, *, gone: bool = False) -> HttpResponse | None:
    """To the page that `back` names, of this organization; not to the chat itself once it is `gone`."""
    address = page_back(request)
    return None if not address or (gone and str(chat_id) in address) else redirect(address)
