"""What a queued answer is given of skills, knowledge and documents, read before its transaction begins."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from chats.attached import UNREAD
from chats.models import Attachment, Message, Run
from chats.queries import question_before
from companions.config_keys import DOCUMENT_SECONDS
from companions.queries import Heritage
from companions.references import NOTHING, LeftOut, Shared
from companions.services.knowing import anything_shared, shared_for
from companions.services.prompting import prepare_prompt
from companions.services.reading import Brought
from documents.models import DocumentFile
from documents.services.files import states_of
from tenants.config.resolver import Subject, resolve
from tenants.context import current_tenant
from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Asked:
    """A queued run and what its conversation brings along.

    `waits_for` is the name of a document that came with the question, is being read and still has time;
    `left_out` are those that the answer goes on without.
    """

    run: Run
    brought: Brought
    waits_for: str = ""
    left_out: tuple[LeftOut, ...] = ()


def asked_by(run_id: uuid.UUID) -> Asked | None:
    """None for a run that is over, or that somebody has: `begin_run` says what becomes of those."""
    rows = Run.objects.select_related("chat__companion", "chat__folder", "message__parent")
    brings = Exists(Attachment.objects.filter(message__chat_id=OuterRef("chat_id")))
    run = rows.annotate(brings=brings).filter(id=run_id, state=Run.State.QUEUED).first()
    if run is None or run.message.parent is None:
        return None
    folder = run.chat.folder if run.chat.folder_id and run.chat.folder.removed_at is None else None
    attached = _attached(run.message) if run.brings else []
    asked = Asked(run, Brought(tuple(dict.fromkeys(one.document_id for one in attached)), folder))
    return _with_states(asked, [one for one in attached if one.message_id == run.message.parent_id])


def shared_with(asked: Asked | None, from_main: Heritage) -> Shared:
    """Nothing for a run that is over, or whose asker is gone."""
    if asked is None or not (asked.brought or anything_shared()):
        return NOTHING
    run, here = asked.run, current_tenant().organization_id
    member = Membership.objects.filter(organization_id=here, user_id=run.chat.owner_id).first()
    if member is None or run.message.parent is None:
        return NOTHING
    companion, question = run.chat.companion, question_before(run.message)
    guard = prepare_prompt(companion, from_main).guard
    shared = shared_for(companion, member, question, guard, asked.brought)
    return replace(shared, left_out=asked.left_out)


def _attached(answer: Message) -> list[Attachment]:
    """What was attached on the way to this answer, the latest first."""
    rows = Attachment.objects.filter(message__chat_id=answer.chat_id).order_by("-id")
    way = _way_to(answer)
    return sorted((one for one in rows if one.message_id in way), key=lambda one: way.index(one.message_id))


def _way_to(answer: Message) -> list[uuid.UUID]:
    """The messages before it by id alone, the nearest first."""
    rows = Message.objects.filter(chat_id=answer.chat_id).order_by()
    parents = dict(rows.values_list("id", "parent_id"))
    way, step = [], answer.parent_id
    while step in parents:
        way.append(step)
        step = parents[step]
    return way


def _with_states(asked: Asked, with_question: Sequence[Attachment]) -> Asked:
    """Documents without a file were written as text, and have nothing to wait for."""
    files = states_of([one.document_id for one in with_question]) if with_question else {}
    unread = [one for one in with_question if _state(files, one) in UNREAD]
    failed = [one for one in with_question if _state(files, one) == "failed"]
    if unread and timezone.now() < _until(asked.run):
        return replace(asked, waits_for=unread[0].name)
    textless = [one for one in unread if _state(files, one) != "indexing"]  # else it is found by its words
    left_out = [LeftOut(one.document_id, "late") for one in textless]
    left_out += [LeftOut(one.document_id, "failed") for one in failed]
    return replace(asked, left_out=tuple(left_out))


def _state(files: Mapping[uuid.UUID, DocumentFile], one: Attachment) -> str:
    return files[one.document_id].state if one.document_id in files else "ready"


def _until(run: Run) -> datetime:
    seconds: float = resolve(DOCUMENT_SECONDS, Subject(companion_team_id=run.chat.companion.team_id))
    return run.created_at + timedelta(seconds=seconds)
