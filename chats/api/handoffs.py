"""Conversations that are handed over: the caller's own, on either side."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from chats.permissions import READ, WRITE
from chats.queries import access_chat, access_colleague
from chats.services.handing_over import MOST_DOCUMENTS, accept_handoff, hand_over
from companions.correspondence import access_handoff, handoffs_of
from companions.models import Handoff
from companions.queries import access_companion
from companions.services.handoffs import NOTE_LIMIT, decline_handoff, withdraw_handoff
from humana.api.filters import Choice
from humana.api.inputs import IdOf, Input, Text
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.views import ApiView


class HandoffShape(Shape, frozen=True):
    """A conversation offered to a person and a companion: offered, accepted, declined or withdrawn.

    `new_chat_id` is its continuation, once accepted.
    """

    id: uuid.UUID
    chat_id: uuid.UUID
    title: str
    from_companion_id: uuid.UUID | None
    from_name: str
    to_companion_id: uuid.UUID | None
    to_name: str
    from_person: str
    to_person: str
    note: str
    state: str
    new_chat_id: uuid.UUID | None
    message_id: uuid.UUID | None
    answered_at: datetime | None
    created_at: datetime
    updated_at: datetime


COLUMNS = HandoffShape.__struct_fields__


class HandoffInput(Input):
    """Which conversation, to whom, with which of the caller's own documents."""

    chat_id = IdOf()
    to_companion_id = IdOf()
    to_member_id = IdOf()
    note = Text(max_length=NOTE_LIMIT, required=False, allow_blank=True)
    document_ids = serializers.ListField(child=IdOf(), max_length=MOST_DOCUMENTS, required=False)


class HandoffListView(ListView):
    """Offered by the caller, or to them."""

    permissions = {"GET": READ.name, "POST": WRITE.name}
    shape = HandoffShape
    columns = COLUMNS
    order = ("-created_at", "-id")
    placed_by = {"chat_id": "chat_id"}
    filters = {"state": Choice("Only in this state.", tuple(Handoff.State.values))}

    @operation("listHandoffs", "My handoffs, the latest first", gives=HandoffShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Handoff]:
        return handoffs_of(self.member).filter(**self.asked)

    @operation(
        "offerHandoff", "Offer a conversation to somebody", takes=HandoffInput, gives=HandoffShape, status=201
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(HandoffInput)
        row = hand_over(
            member=self.member,
            chat=access_chat(member=self.member, chat_id=given.pop("chat_id")),
            to_companion=access_companion(member=self.member, companion_id=given.pop("to_companion_id")),
            to_member=access_colleague(member=self.member, member_id=given.pop("to_member_id")),
            **given,
        )
        return self.answer(shape_of(row), status=201, location=f"/api/v1/handoffs/{row.id}/")


class HandoffView(ApiView):
    """One handoff."""

    permission = READ.name

    @operation("readHandoff", "One handoff", gives=HandoffShape)
    def get(self, request: Request, handoff_id: uuid.UUID) -> HttpResponse:
        return self.answer(shape_of(access_handoff(member=self.member, handoff_id=handoff_id)), version=0)


class AcceptView(ApiView):
    """Going on with what was offered."""

    permission = WRITE.name

    @operation("acceptHandoff", "Go on with it, in a chat of one's own", gives=HandoffShape)
    def post(self, request: Request, handoff_id: uuid.UUID) -> HttpResponse:
        row = access_handoff(member=self.member, handoff_id=handoff_id)
        self.no_body()
        return self.answer(shape_of(accept_handoff(member=self.member, handoff_id=row.id)))


class DeclineView(ApiView):
    """Not going on with it."""

    permission = READ.name

    @operation("declineHandoff", "Leave it with whoever offered it", gives=HandoffShape)
    def post(self, request: Request, handoff_id: uuid.UUID) -> HttpResponse:
        row = access_handoff(member=self.member, handoff_id=handoff_id)
        self.no_body()
        return self.answer(shape_of(decline_handoff(member=self.member, handoff_id=row.id)))


class WithdrawView(ApiView):
    """An offer taken back."""

    permission = READ.name

    @operation("withdrawHandoff", "Take an offer back", gives=HandoffShape)
    def post(self, request: Request, handoff_id: uuid.UUID) -> HttpResponse:
        row = access_handoff(member=self.member, handoff_id=handoff_id)
        self.no_body()
        return self.answer(shape_of(withdraw_handoff(member=self.member, handoff_id=row.id)))


def shape_of(row: Handoff) -> HandoffShape:
    return HandoffShape(*(getattr(row, name) for name in COLUMNS))
