"""Pages of the network: who reaches whom, what was sent, and one trace from its beginning."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from companions.access import Right
from companions.config_keys import MESSAGE_CHARACTERS
from companions.correspondence import (
    access_delivery,
    access_sent,
    companions_by_name,
    messages_for,
    trace_of,
)
from companions.models import Companion, CompanionMessage
from companions.network import network
from companions.permissions import NETWORK, READ, SEND, SHARE
from companions.queries import access_companion, access_companion_by_slug
from companions.services.quarantine import release_delivery
from companions.services.sending import send_message
from humana.kernel.errors import Conflict, HumanaError, Invalid
from tenants.config.resolver import resolve
from tenants.permissions import allowed, require
from tenants.places import at_main
from tenants.views import MemberRequest

#: How many of the latest messages the page lists.
LATEST = 30


@require_GET
def network_page(request: MemberRequest, slug: str) -> HttpResponse:
    """See `_page`."""
    member = request.visitor.member
    require(member, READ.name)
    wanted = request.GET.get("from", "")
    with at_main():
        sender = access_companion_by_slug(member=member, slug=wanted) if wanted else None
        return _page(request, sender)


def _page(
    request: MemberRequest, sender: Companion | None, refusal: HumanaError | None = None
) -> HttpResponse:
    """Context: `companions`, `sender` (the one asked about), `ends` of its edges, `rights`, `latest`
    messages with their copies, `may_send`, `limit`; `refusal` with what was `typed`.
    """
    member = request.visitor.member
    with at_main():
        companions = companions_by_name()
        sender = sender or next(iter(companions), None)
        context = {
            "companions": companions,
            "sender": sender,
            "ends": _ends(sender, companions) if sender else [],
            "rights": list(Right),
            "latest": list(messages_for(member).prefetch_related("deliveries")[:LATEST]),
            "may_send": allowed(member, SEND.name),
            "limit": resolve(MESSAGE_CHARACTERS),
            "refusal": refusal,
            "typed": request.POST,
        }
        status = refusal.status if refusal else 200
        return render(request, "companions/network.html", context, status=status)


def _ends(sender: Companion, companions: list[Companion]) -> list[dict[str, object]]:
    """Each other companion, with what may be done towards it and one reason for each."""
    between = network(senders=[sender.id])
    found = ((one, between.edge(sender.id, one.id)) for one in companions if one.id != sender.id)
    return [
        {
            "companion": one,
            "cells": [(right, right in edge.rights, edge.why[right]) for right in Right],
        }
        for one, edge in found
    ]


@require_POST
def send(request: MemberRequest, slug: str) -> HttpResponse:
    """A message from one companion to another, or to all it reaches; then its trace."""
    member = request.visitor.member
    sender = access_companion(member=member, companion_id=_id(request, "sender"))
    to = access_companion(member=member, companion_id=_id(request, "to")) if request.POST.get("to") else None
    kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
    try:
        sent = send_message(member=member, sender=sender, to=to, kind=kind, text=text)
    except HumanaError as refusal:
        if refusal.status >= 500:
            raise
        return _page(request, sender, refusal)
    messages.success(request, _("Sent. It is delivered in a moment."))
    return redirect("companion-trace", slug=slug, sent_id=sent.id)


@require_GET
def trace(request: MemberRequest, slug: str, sent_id: uuid.UUID) -> HttpResponse:
    """Context: `sent` (asked for), `trace` (all that belong to it), `may_release`, `may_share`."""
    member = request.visitor.member
    found = access_sent(member=member, sent_id=sent_id)
    context = {
        "sent": found,
        "trace": trace_of(found),
        "may_release": allowed(member, NETWORK.name),
        "may_share": allowed(member, SHARE.name),
        "asks": CompanionMessage.Kind.COLLABORATION_REQUEST,
    }
    return render(request, "companions/trace.html", context)


@require_POST
def release(request: MemberRequest, slug: str, delivery_id: uuid.UUID) -> HttpResponse:
    """A copy that was put aside, tried again."""
    member = request.visitor.member
    copy = access_delivery(member=member, delivery_id=delivery_id)
    if not release_delivery(member=member, delivery_id=copy.id):
        raise Conflict(_("This copy is not put aside."), code="not_put_aside")
    messages.success(request, _("It is tried again."))
    return redirect("companion-trace", slug=slug, sent_id=copy.message_id)


def _id(request: MemberRequest, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field=name) from None
