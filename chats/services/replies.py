"""Asking: the person's text is saved, a run is queued, and a runner is woken. Nothing waits here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.hints import refuse_where_spent
from audit.services.rates import admit_question
from chats.models import Chat, Draft, Message, Run
from chats.permissions import WRITE
from chats.queries import latest_run
from chats.services.attaching import attach, attach_again, documents_for
from chats.services.conversations import message_limit, rename_chat, start_chat, title_from
from chats.services.runs import end_unowned
from chats.services.words import note_said, note_title
from chats.signals import ask_to_stop, wake_runner
from companions.models import Companion
from documents.models import Folder
from documents.store import Card
from humana.kernel.errors import Conflict, NotFound
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import require
from tenants.services.pending import mark_pending
from tenants.transactions import on_tenant_commit, tenant_atomic


def ask(
    *,
    member: Membership,
    chat: Chat,
    text: str,
    parent_id: uuid.UUID | None = None,
    document_ids: Iterable[uuid.UUID] = (),
) -> Run:
    """Save what the person wrote and queue an answer to it.

    `parent_id` is the message it follows; without it, the end of the current branch. `document_ids` are
    documents that come with it, each of which the person may read.
    """
    text, documents = _asked(member, chat.companion, text, document_ids)
    with tenant_atomic():
        return _ask(member, chat, text, documents, parent_id)


def begin(
    *,
    member: Membership,
    companion: Companion,
    text: str,
    document_ids: Iterable[uuid.UUID] = (),
    folder: Folder | None = None,
    title: str = "",
) -> Run:
    """A chat that begins with a question, and what comes with it. Where the question is refused there is no
    chat either, and what was drafted for the companion stays.
    """
    text, documents = _asked(member, companion, text, document_ids)
    with tenant_atomic():
        chat = start_chat(member=member, companion=companion, folder=folder)
        if title:
            rename_chat(member=member, chat=chat, title=title)
        run = _ask(member, chat, text, documents)
        Draft.objects.filter(member_id=member.id, place_id=companion.id).delete()
    return run


def edit(
    *, member: Membership, message: Message, text: str, document_ids: Iterable[uuid.UUID] | None = None
) -> Run:
    """Ask anew in place of an earlier question: a branch; the old one stays. Without `document_ids` it brings
    what that one brought.
    """
    require(member, WRITE.name)
    if message.role != Message.Role.PERSON:
        raise Conflict(_("Only your own messages can be edited."), code="not_a_question")
    text = clean_text(text, field="text", limit=message_limit())
    _check_companion(message.chat.companion)
    _check_room(member, message.chat.companion_id)
    documents = documents_for(member, document_ids) if document_ids is not None else None
    with tenant_atomic():
        _lock(message.chat)
        question = Message.objects.create(
            chat=message.chat,
            parent_id=message.parent_id,
            role=Message.Role.PERSON,
            text=text,
            author_id=member.user_id,
        )
        note_said(question, message.chat.owner_id)
        if documents is None:
            attach_again(question, message)
        else:
            attach(question, documents)
        run = _queue(message.chat, question)
        _tell("chats.message.edited", question.id, chat=message.chat, run=run)
    return run


def regenerate(*, member: Membership, message: Message) -> Run:
    """Another answer to the same question, beside the old one. Also how a failed one is retried."""
    require(member, WRITE.name)
    if message.role != Message.Role.COMPANION or message.parent_id is None:
        raise Conflict(_("Only answers can be made again."), code="not_an_answer")
    run = latest_run(message)
    if run is not None and run.state in Run.LIVE:
        raise Conflict(_("This answer is still being written. Stop it first."), code="still_running")
    _check_companion(message.chat.companion)
    _check_room(member, message.chat.companion_id)
    with tenant_atomic():
        _lock(message.chat)
        question = Message.objects.get(id=message.parent_id)
        new = _queue(message.chat, question)
        _tell("chats.message.regenerated", message.id, chat=message.chat, run=new)
    return new


def go_on(*, member: Membership, message: Message) -> Run:
    """The rest of an answer that was stopped or cut off, in a message of its own below it.

    Conflict where nothing of it was written, or it is complete, or something was said after it.
    """
    require(member, WRITE.name)
    if not may_go_on(message):
        raise Conflict(_("Only an answer that broke off can be continued."), code="not_broken_off")
    _check_companion(message.chat.companion)
    with tenant_atomic():
        place = _lock(message.chat)
        if place.leaf_id != message.id:
            raise Conflict(_("The conversation went on meanwhile. Reload and look."), code="not_the_end")
        run = _queue(message.chat, message)
        _tell("chats.message.continued", message.id, chat=message.chat, run=run)
    return run


def may_go_on(message: Message) -> bool:
    """Whether there is something to go on from."""
    broken_off = message.state in {Message.State.STOPPED, Message.State.INTERRUPTED}
    return broken_off and message.role == Message.Role.COMPANION and bool(message.text.strip())


def stop(*, member: Membership, run: Run) -> Run:
    """Stop an answer: upstream is cancelled within a second, what was written stays.

    A run nobody owns yet, or whose owner died, ends here and now.
    """
    require(member, WRITE.name)
    if not end_unowned(run_id=run.id, state=Run.State.STOPPED):
        ask_to_stop(current_tenant().organization_id, run.id)
    run.refresh_from_db()
    return run


def _asked(
    member: Membership, companion: Companion, text: str, document_ids: Iterable[uuid.UUID]
) -> tuple[str, list[Card]]:
    """What may be asked now: the text, and cards of what comes with it. Outside a transaction."""
    require(member, WRITE.name)
    text = clean_text(text, field="text", limit=message_limit())
    _check_companion(companion)
    _check_room(member, companion.id)
    return text, documents_for(member, document_ids)


def _ask(
    member: Membership, chat: Chat, text: str, documents: Sequence[Card], parent_id: uuid.UUID | None = None
) -> Run:
    """In a transaction."""
    place = _lock(chat)
    parent = _parent(place, parent_id)
    question = Message.objects.create(
        chat=chat, parent_id=parent, role=Message.Role.PERSON, text=text, author_id=member.user_id
    )
    note_said(question, place.owner_id)
    attach(question, documents)
    Draft.objects.filter(member_id=member.id, place_id=chat.id).delete()
    if not place.title:
        title = title_from(text)
        Chat.objects.filter(id=chat.id).update(title=title)
        note_title(place, title)
    run = _queue(chat, question)
    _tell("chats.message.asked", question.id, chat=chat, run=run)
    return run


def _queue(chat: Chat, before: Message) -> Run:
    """An empty answer to a question, or the rest of an answer; its run, and the wake-up after the commit."""
    answer = Message.objects.create(
        chat=chat, parent=before, role=Message.Role.COMPANION, state=Message.State.PENDING
    )
    run = Run.objects.create(chat=chat, message=answer)
    Chat.objects.filter(id=chat.id).update(
        leaf_id=answer.id, last_message_at=timezone.now(), version=F("version") + 1
    )
    organization_id = current_tenant().organization_id
    mark_pending(organization_id, "run")
    on_tenant_commit(lambda: wake_runner(organization_id, run.id))
    return run


def _lock(chat: Chat) -> Chat:
    """The chat as it is now, held until the commit: two tabs cannot both append to one leaf."""
    return Chat.objects.select_for_update().get(id=chat.id)


def _parent(chat: Chat, parent_id: uuid.UUID | None) -> uuid.UUID | None:
    if parent_id is None:
        return chat.leaf_id
    if not Message.objects.filter(chat_id=chat.id, id=parent_id).exists():
        raise NotFound(_("There is nothing here."))
    return parent_id


def _check_companion(companion: Companion) -> None:
    if companion.state != Companion.State.ACTIVE or companion.removed_at is not None:
        raise Conflict(_("This companion is paused at the moment."), code="companion_paused")


def _check_room(member: Membership, companion_id: uuid.UUID) -> None:
    """Raises OverBudget or TooMany before anything is saved: the text stays where it was written."""
    refuse_where_spent(member, companion_id)
    admit_question()


def _tell(action: str, resource_id: uuid.UUID, *, chat: Chat, run: Run) -> None:
    payload = {"chat": chat.id, "companion": chat.companion.slug, "run": run.id}
    record_trail(action=action, resource_type="message", resource_id=resource_id, payload=payload)
