"""The search in chats, companions and commands, and the way to what it found."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from chats.commands import commands_named
from chats.permissions import READ, WRITE
from chats.queries import access_message, branch_ids
from chats.searching import Wanted, search
from chats.services.conversations import choose_branch
from companions.models import Companion
from companions.queries import companions_for, silent_companions
from documents.permissions import READ as READ_DOCUMENTS
from documents.queries import folders_of
from documents.shown import documents_named
from documents.words import asked, named
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.places import at_main, gather
from tenants.views import MemberRequest

#: Chats found at once: below the search box, and on the page.
FEW, MANY = 8, 50
#: Days that a search may be held to.
PERIODS = (1, 7, 30, 365)


@require_GET
def find(request: MemberRequest, slug: str) -> HttpResponse:
    """A fragment for htmx, else a page with filters.

    Context: `query`, `commands`, `companions`, `found` (Search), `silent` companions whose chats could not be
    searched, `shelves` and `papers` (folders and documents by name); for the page `everybody` and `folders`
    to choose from, and what was `chosen`.
    """
    member = request.visitor.member
    require(member, READ.name)
    query = request.GET.get("q", "").strip()[:80]
    small = bool(request.htmx)  # type: ignore[attr-defined]
    context: dict[str, Any] = {"query": query, "commands": commands_named(member, query)}
    if query:
        found = search(member, _wanted(request, query), most=FEW if small else MANY)
        context |= {"found": found, "silent": silent_companions(found.silent)}
        context["companions"] = _companions_named(member, query)
        context |= _kept(member, query)
    if small:
        return render(request, "chats/_search.html", context)
    return render(request, "chats/search.html", context | _choices(request))


@require_GET
def open_message(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """The conversation at this message. Where it stands on another branch, that one is shown from now on."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_message(member=member, message_id=message_id)
    if found.id not in branch_ids(found.chat) and allowed(member, WRITE.name):
        choose_branch(member=member, message=found)
    address = reverse("chat", kwargs={"slug": slug, "chat_id": found.chat_id})
    return redirect(f"{address}?{urlencode({'at': found.id})}#message-{found.id}")


def _companions_named(member: Membership, query: str) -> list[Companion]:
    said = asked(query)
    with at_main():
        names = companions_for(member=member).values_list("id", "name")
        ids = [id_ for id_, name in names if named(name, said)][:FEW]
        return list(companions_for(member=member).filter(id__in=ids))


def _kept(member: Membership, query: str) -> dict[str, Any]:
    """Folders and documents whose name says all of it."""
    if not allowed(member, READ_DOCUMENTS.name):
        return {}
    said = asked(query)
    shelves = gather(lambda: list(folders_of(member))).found
    papers = [one.card for one in documents_named(member, query) if named(one.card.name, said)]
    return {"shelves": [one for one in shelves if named(one.name, said)][:FEW], "papers": papers[:FEW]}


def _wanted(request: MemberRequest, query: str) -> Wanted:
    archived = {"1": True, "0": False}.get(request.GET.get("archived", ""))
    return Wanted(
        query,
        companion_id=_id(request, "companion"),
        folder_id=_id(request, "folder"),
        archived=archived,
        since=_since(request.GET.get("days", "")),
    )


def _since(days: str) -> datetime | None:
    known = days.isascii() and days.isdigit() and int(days[:4]) in PERIODS
    return timezone.now() - timedelta(days=int(days[:4])) if known else None


def _choices(request: MemberRequest) -> dict[str, Any]:
    member = request.visitor.member
    with at_main():
        everybody = list(companions_for(member=member))
    folders = gather(lambda: list(folders_of(member))).found
    names = ("companion", "folder", "archived", "days")
    return {
        "everybody": everybody,
        "folders": folders,
        "periods": PERIODS,
        "chosen": {name: request.GET.get(name, "") for name in names},
    }


def _id(request: MemberRequest, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None
