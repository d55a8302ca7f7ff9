"""Documents in a conversation: what is attached, what can be, and the sources of an answer."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from chats.attached import MOST_OFFERED, named_ids, offered_documents, shown_documents
from chats.permissions import READ
from chats.queries import access_chat, access_message
from chats.services.attaching import MOST_ATTACHED, save_attached
from chats.sources import sources_of
from companions.queries import access_companion_by_slug
from tenants.models import Membership
from tenants.permissions import require
from tenants.views import MemberRequest


@require_GET
def attached(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Fragment: the documents named by `documents` as chips of the composer. Context: `attached`."""
    access_chat(member=_reader(request), chat_id=chat_id)
    return _chips(request)


@require_GET
def attached_first(request: MemberRequest, slug: str, companion_slug: str) -> HttpResponse:
    """The same before there is a chat."""
    access_companion_by_slug(member=_reader(request), slug=companion_slug)
    return _chips(request)


def _chips(request: MemberRequest) -> HttpResponse:
    member = request.visitor.member
    found = shown_documents(member, named_ids(request.GET.getlist("documents"))[:MOST_ATTACHED])
    return render(request, "chats/_chips.html", {"attached": [one for one in found if one.there]})


@require_GET
def attachable(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Fragment: documents that the member may read and attach here, those whose name has every word of `q`.
    Context: `offered`, `query`, `most`.
    """
    access_chat(member=_reader(request), chat_id=chat_id)
    return _offered(request)


@require_GET
def attachable_first(request: MemberRequest, slug: str, companion_slug: str) -> HttpResponse:
    """The same before there is a chat."""
    access_companion_by_slug(member=_reader(request), slug=companion_slug)
    return _offered(request)


def _offered(request: MemberRequest) -> HttpResponse:
    member = request.visitor.member
    query = request.GET.get("q", "").strip()[:80]
    context = {"offered": offered_documents(member, query), "query": query, "most": MOST_OFFERED}
    return render(request, "chats/_attachable.html", context)


def _reader(request: MemberRequest) -> Membership:
    member = request.visitor.member
    require(member, READ.name)
    return member


@require_POST
def keep_attached(request: MemberRequest, slug: str, place_id: uuid.UUID) -> HttpResponse:
    """What is attached to a draft: `documents`, none of them forgets all."""
    ids = named_ids(request.POST.getlist("documents"))
    save_attached(member=request.visitor.member, place_id=place_id, ids=ids)
    return HttpResponse(status=204)


@require_GET
def sources(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """What an answer cites: for the drawer, or as a page. Context: `sources`, `message`."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_message(member=member, message_id=message_id)
    context = {"sources": sources_of(member, [found.id])[found.id], "message": found, "chat": found.chat}
    template = "chats/_sources.html" if request.htmx else "chats/sources.html"  # type: ignore[attr-defined]
    return render(request, template, context)
