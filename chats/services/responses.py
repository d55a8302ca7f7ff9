"""The responses of /v1 that are kept: what one goes on from, what a program reads again, and letting go.

A response is the answer of an exchange; its id is that of its run. It is the member's own, as its chat is:
another's, one that was let go, one whose chat is in the trash and one that never was are missing alike.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from django.utils.translation import gettext as _

from chats.keeping import Kept, answered, kept_in, replaced
from chats.models import Chat, Message, Run
from chats.permissions import READ, WRITE
from chats.queries import access_run, in_order, messages_in, tree_of
from chats.services.conversations import remove_chat
from chats.turns import Turn
from companions.models import Companion
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import Conflict, Invalid, NotFound
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.doors import Visitor, by_key, require_of
from tenants.models import Membership
from tenants.places import within
from tenants.scoping import locked
from tenants.transactions import tenant_atomic


@dataclass(frozen=True, slots=True)
class Above:
    """What an answer goes on from: the chat, the earlier answer there, and all that was said up to it."""

    chat: Chat
    answer_id: uuid.UUID
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Response:
    """One that is kept; `member` is whose it is."""

    member: Membership
    run: Run
    kept: Kept

    @property
    def answer(self) -> Message:
        message: Message = self.run.message
        return message


def above(member: Membership, run_id: uuid.UUID | None) -> Above:
    """Inside the organization. NotFound as above; Conflict for one that is still being written, Invalid for
    one that failed.
    """
    with within("run_id", run_id):
        try:
            response = _response(member, run_id)
        except NotFound:
            raise missing() from None
        _check_ended(response.run)
        chat: Chat = response.run.chat
        return Above(chat, response.answer.id, _said(chat, response.answer.id))


def missing() -> NotFound:
    """The same for all that nobody goes on from."""
    message = _("There is no response of this id to continue. It was deleted, or made with store=false.")
    return NotFound(message, field="previous_response_id", code="previous_response_not_found")


def check_same(companion: Companion, chat: Chat) -> None:
    """A conversation is one companion's: what was said to one is not told to another."""
    if companion.id != chat.companion_id:
        message = _(
            "This response is one of “%(model)s”: continue it with that model, or send all that was said."
        )
        slug = chat.companion.slug
        raise Invalid(message % {"model": slug}, field="model", code="model_mismatch")


def hold(chat: Chat) -> None:
    """In a transaction: the chat stays until it ends. NotFound where it was removed meanwhile."""
    if locked(Chat.objects.filter(id=chat.id)).first() is None:
        raise missing()


@contextmanager
def response_of(
    *, token: str, seen_as: Actor, run_id: uuid.UUID | None, permission: str = READ.name
) -> Iterator[Response]:
    """A block where the response is, as its member; raises NotFound."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context), acting_as(visitor.actor):
        require_of(visitor, permission)
        with within("run_id", run_id):
            yield _named(visitor, run_id)


def delete_response(*, token: str, seen_as: Actor, run_id: uuid.UUID | None) -> None:
    """Nobody reads it by its id or goes on from it any more; people still have it in its chat, until all that
    is in that chat was let go: then it goes to the trash. Conflict while it is being written.
    """
    with response_of(token=token, seen_as=seen_as, run_id=run_id, permission=WRITE.name) as response:
        if response.run.state in Run.LIVE:
            raise _unfinished()
        with tenant_atomic():
            _let_go(response)


def _let_go(response: Response) -> None:
    answer, chat = response.answer, response.run.chat
    gone = msgspec.structs.replace(response.kept, deleted=True)
    answer.parts = replaced(answer.parts, gone)
    answer.save(update_fields=["parts"])
    told = {"chat": chat.id, "run": response.run.id}
    record_trail(
        action="chats.response.deleted", resource_type="message", resource_id=answer.id, payload=told
    )
    if not any(_stays(one) for one in messages_in(chat.id).filter(role=Message.Role.COMPANION)):
        remove_chat(member=response.member, chat=chat)


def _stays(answer: Message) -> bool:
    kept = kept_in(answer.parts)
    return kept is None or not kept.deleted


def _named(visitor: Visitor, run_id: uuid.UUID | None) -> Response:
    try:
        return _response(visitor.member, run_id)
    except NotFound:
        raise NotFound(_("There is no response of this id."), code="response_not_found") from None


def _response(member: Membership, run_id: uuid.UUID | None) -> Response:
    if run_id is None:
        raise NotFound(_("There is nothing here."))
    run = access_run(member=member, run_id=run_id)
    kept = kept_in(run.message.parts)
    if kept is None or kept.deleted:
        raise NotFound(_("There is nothing here."))
    return Response(member, run, kept)


def _check_ended(run: Run) -> None:
    if run.state in Run.LIVE:
        raise _unfinished()
    if run.state == Run.State.FAILED:
        message = _("This response failed and holds no answer. Continue the one before it.")
        raise Invalid(message, field="previous_response_id", code="previous_response_failed")


def _unfinished() -> Conflict:
    message = _("This response is still being written. Try again when it has ended.")
    return Conflict(message, code="response_in_progress")


def _said(chat: Chat, answer_id: uuid.UUID) -> list[Turn]:
    """The branch above, each response with what came in and what went out; other branches are not read."""
    turns: list[Turn] = []
    for one in in_order(tree_of(chat.id).branch(answer_id)):
        kept = kept_in(one.parts)
        if kept is not None:
            turns += [*kept.said, answered(one.text, kept, one.parts)]
    return turns
