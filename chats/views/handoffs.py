"""Handing a conversation over, and answering such an offer."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chats.attached import named_ids, own_attached
from chats.models import Chat
from chats.permissions import WRITE
from chats.queries import access_chat, access_colleague, colleagues_of
from chats.services.handing_over import accept_handoff, hand_over
from companions.correspondence import access_handoff
from companions.queries import access_companion, companions_for
from companions.services.handoffs import NOTE_LIMIT, decline_handoff, withdraw_handoff
from humana.kernel.errors import HumanaError, Invalid, NotFound
from tenants.permissions import require
from tenants.places import at_main
from tenants.views import MemberRequest

#: People offered as takers.
MOST_PEOPLE = 500


@require_http_methods(["GET", "POST"])
def hand_over_page(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Context: `chat`, `companions`, `people`, own `documents` that came with it, `limit`, `refusal` and what
    was typed (`note`, `chosen`).
    """
    member = request.visitor.member
    require(member, WRITE.name)
    found = access_chat(member=member, chat_id=chat_id)
    refusal = None
    if request.method == "POST":
        try:
            return _offer(request, found)
        except NotFound:
            raise
        except HumanaError as error:
            if error.status >= 500:
                raise
            refusal = error
    with at_main():
        companions = list(companions_for(member=member))
    context = {
        "chat": found,
        "companions": companions,
        "documents": own_attached(member, found),
        "people": colleagues_of(member, most=MOST_PEOPLE),
        "limit": NOTE_LIMIT,
        "refusal": refusal,
        "note": request.POST.get("note", ""),
        "chosen": {request.POST.get("companion", ""), request.POST.get("person", "")},
    }
    return render(request, "chats/hand_over.html", context, status=refusal.status if refusal else 200)


def _offer(request: MemberRequest, chat: Chat) -> HttpResponse:
    member = request.visitor.member
    with at_main():
        to_companion = access_companion(member=member, companion_id=_id(request, "companion"))
    to_member = access_colleague(member=member, member_id=_id(request, "person"))
    note = request.POST.get("note", "")
    offered = hand_over(
        member=member,
        chat=chat,
        to_companion=to_companion,
        to_member=to_member,
        note=note,
        document_ids=named_ids(request.POST.getlist("documents")),
    )
    if to_member == member:  # nobody has to be asked
        return _go_on(request, offered.id)
    told = _("Offered to %(name)s. Your home page says when it is answered.")
    messages.success(request, told % {"name": to_member.user.get_full_name()})
    return redirect("chat", slug=request.visitor.context.slug, chat_id=chat.id)


@require_POST
def accept(request: MemberRequest, slug: str, handoff_id: uuid.UUID) -> HttpResponse:
    """Go on with it, in a chat of one's own."""
    found = access_handoff(member=request.visitor.member, handoff_id=handoff_id)
    return _go_on(request, found.id)


def _go_on(request: MemberRequest, handoff_id: uuid.UUID) -> HttpResponse:
    taken = accept_handoff(member=request.visitor.member, handoff_id=handoff_id)
    return redirect("chat", slug=request.visitor.context.slug, chat_id=taken.new_chat_id)


@require_POST
def decline(request: MemberRequest, slug: str, handoff_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_handoff(member=member, handoff_id=handoff_id)
    decline_handoff(member=member, handoff_id=found.id)
    messages.success(request, _("Declined. %(name)s is told.") % {"name": found.from_person})
    return redirect("organization-home", slug=slug)


@require_POST
def withdraw(request: MemberRequest, slug: str, handoff_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_handoff(member=member, handoff_id=handoff_id)
    withdraw_handoff(member=member, handoff_id=found.id)
    messages.success(request, _("The offer is withdrawn."))
    return redirect("organization-home", slug=slug)


def _id(request: MemberRequest, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field=name) from None
