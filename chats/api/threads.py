"""The messages of a chat, and what asking answers."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from chats.api import serializers
from chats.api.sources import Beside, beside
from chats.models import Chat, Message, Run
from chats.queries import access_chat, branch_ids, marks_of, messages_in, question_of, run_ids_of
from humana.api.filters import Flag
from humana.api.lists import ListView
from humana.api.pagination import Slice, neighbours
from humana.api.views import ApiView
from tenants.models import Membership


class ThreadView(ListView):
    """From the first message on: the current branch, or with `?all=1` the whole tree."""

    shape = serializers.MessageShape
    columns = serializers.MESSAGE_COLUMNS
    order = ("created_at", "id")
    filters = {"all": Flag("Every branch instead of the current one.")}

    def rows(self, request: Request, **named: Any) -> QuerySet[Message]:
        return messages_in(named["chat_id"])

    def slice(self, request: Request, **named: Any) -> Slice:
        chat = access_chat(member=self.member, chat_id=named["chat_id"])
        return super().slice(request, **named) if self.asked.get("all") else self._branch(chat)

    def _branch(self, chat: Chat) -> Slice:
        """A page of the way from the root to the leaf; the order is the way's own."""
        ids, place, limit = branch_ids(chat), self.place(), self.limit()
        if place is not None:
            ids = _beyond(ids, uuid.UUID(str(place.key[1])), backwards=place.backwards)
        wanted = ids[: limit + 1]
        found = messages_in(chat.id).filter(id__in=wanted).values_list(*self.columns)
        rows = {row[0]: row for row in found}
        return neighbours([rows[one] for one in wanted if one in rows], place, limit, self.key)

    def shown(self, rows: list[Any]) -> list[serializers.MessageShape]:
        ids = [row[0] for row in rows]
        return serializers.messages(
            rows, run_ids_of(ids), marks_of(self.member, ids), beside(self.member, ids)
        )


def _beyond(ids: list[uuid.UUID], known: uuid.UUID, *, backwards: bool) -> list[uuid.UUID]:
    """What comes after the message of a cursor, or before it, nearest first.

    Keys sort by time, so a message that left the branch still says where to go on.
    """
    return [one for one in reversed(ids) if one < known] if backwards else [one for one in ids if one > known]


def message_shape(member: Membership, message: Message) -> serializers.MessageShape:
    ids = [message.id]
    run_id, mark = run_ids_of(ids).get(message.id), marks_of(member, ids).get(message.id)
    return serializers.message(message, beside(member, ids), run_id, mark)


def asked(view: ApiView, run: Run) -> HttpResponse:
    """202: the question, its answer to come, and where to follow it."""
    question = question_of(run)
    shape = serializers.AskedShape(
        message=serializers.message(question, beside(view.member, [question.id])),
        answer=serializers.message(run.message, Beside(), run.id),
        run=serializers.run(run),
        events_url=view.request.build_absolute_uri(f"/api/v1/runs/{run.id}/events"),
    )
    return view.answer(shape, status=202, location=f"/api/v1/runs/{run.id}/")
