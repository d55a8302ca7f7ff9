"""What pages show: companions in the order one meets them, messages rendered and joined with their runs."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

from django.utils.safestring import SafeString

from byoc.contracts import ModelCard
from chats.blocking import IN_GENERAL
from chats.doors.sentences import notice_of
from chats.models import Chat, Message, Run, Vote
from chats.queries import count_chats, recent_chats, runs_of, thread, votes_of
from chats.step_words import ShownStep
from chats.steps import cut_at, steps_of
from companions.models import Companion
from humana.rendering.markdown import render
from tenants.context import TenantContext
from tenants.models import Membership


def put_forward(companions: Iterable[Companion], model: ModelCard | None) -> list[Companion]:
    """Whom to offer first: with the built-in model, which manages only English, those who speak it."""
    if model is None or not model.builtin:
        return list(companions)
    return sorted(companions, key=lambda one: one.language != "en")


class EveryChat(Sequence[Chat]):
    """The member's chats over every placement, the latest first, for a paginator.

    `silent` are the placements that did not answer for the slice asked last.
    """

    def __init__(self, member: Membership, *, archived: bool) -> None:
        self._member, self._archived = member, archived
        self.silent: list[TenantContext] = []

    def __len__(self) -> int:
        return count_chats(self._member, archived=self._archived)

    @overload
    def __getitem__(self, at: int) -> Chat: ...
    @overload
    def __getitem__(self, at: slice) -> list[Chat]: ...
    def __getitem__(self, at: int | slice) -> Chat | list[Chat]:
        if isinstance(at, int):
            return self[at : at + 1][0]
        page = recent_chats(self._member, archived=self._archived, start=at.start or 0, stop=at.stop)
        self.silent = page.silent
        return page.found


@dataclass(frozen=True, slots=True)
class Piece:
    """Either some of an answer's text, or a use of a tool."""

    text: str = ""
    step: ShownStep | None = None

    @property
    def html(self) -> SafeString:
        return render(self.text)


@dataclass(frozen=True, slots=True)
class Shown:
    """One message and all that stands around it.

    `versions` are the ids of its siblings in order, `number` its place among them from 1. `notice`
    is the sentence for a state other than done.
    """

    message: Message
    run: Run | None
    vote: Vote | None
    versions: tuple[uuid.UUID, ...]
    number: int
    notice: str

    @property
    def pieces(self) -> list[Piece]:
        """The answer as it came: text, and in its place each use of a tool."""
        steps = steps_of(self.message.parts)
        *before, rest = cut_at(self.message.text, steps)
        found: list[Piece] = []
        for text, step in zip(before, steps, strict=True):
            found += [Piece(text), Piece(step=ShownStep(step))]
        return [one for one in (*found, Piece(rest)) if one.step or one.text.strip()]

    @property
    def said_by(self) -> str:
        """The companion that said it, in a conversation that another handed over; else empty."""
        return next((part["said_by"] for part in self.message.parts if "said_by" in part), "")

    @property
    def is_live(self) -> bool:
        return self.run is not None and self.run.state in Run.LIVE

    @property
    def is_blocked(self) -> bool:
        """Whether a policy stopped the question or the answer."""
        return self.run is not None and self.run.error in IN_GENERAL

    @property
    def previous(self) -> uuid.UUID | None:
        return self.versions[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> uuid.UUID | None:
        return self.versions[self.number] if self.number < len(self.versions) else None


def shown_thread(*, member: Membership, chat: Chat) -> list[Shown]:
    """The current branch, in four queries whatever its length."""
    return _show(member, chat.id, thread(chat))


def shown_message(*, member: Membership, message: Message) -> Shown:
    return _show(member, message.chat_id, [message])[0]


def _show(member: Membership, chat_id: uuid.UUID, messages: list[Message]) -> list[Shown]:
    runs, votes = runs_of(messages), votes_of(member=member, messages=messages)
    places = _versions(chat_id)
    return [
        _one(message, runs.get(message.id), votes.get(message.id), places[message.parent_id, message.role])
        for message in messages
    ]


def _one(message: Message, run: Run | None, vote: Vote | None, versions: list[uuid.UUID]) -> Shown:
    return Shown(
        message=message,
        run=run,
        vote=vote,
        versions=tuple(versions),
        number=versions.index(message.id) + 1,
        notice=notice_of(message.state, run),
    )


def _versions(chat_id: uuid.UUID) -> dict[tuple[uuid.UUID | None, str], list[uuid.UUID]]:
    found: dict[tuple[uuid.UUID | None, str], list[uuid.UUID]] = defaultdict(list)
    rows = Message.objects.filter(chat_id=chat_id).order_by("created_at", "id")
    for parent_id, role, message_id in rows.values_list("parent_id", "role", "id"):
        found[parent_id, role].append(message_id)
    return found
