"""Reads of chats. Every object is loaded through "may this member see it?"."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from chats.models import Attachment, Chat, Draft, Message, Run, Vote
from companions.queries import place_of_companion
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import Gathered, gather, within

Row = TypeVar("Row", bound=Model)

#: How many of the latest chats a search looks through: titles may be sealed.
SEARCHED = 300


def chats_of(member: Membership, *, archived: bool = False, origin: str = Chat.Origin.APP) -> QuerySet[Chat]:
    """The member's own chats, the latest first; with their companions."""
    rows = Chat.objects.filter(owner_id=member.user_id, archived=archived, origin=origin)
    return rows.select_related("companion").order_by("-last_message_at", "-id")


def chats_in(*, member: Membership, folder_id: uuid.UUID, most: int) -> list[Chat]:
    """The member's own chats in a folder, the latest first; see the port of this name."""
    return list(chats_of(member).filter(folder_id=folder_id)[:most])


def recent_chats(member: Membership, *, archived: bool = False, start: int = 0, stop: int) -> Gathered[Chat]:
    """The same over every placement: those from `start` to `stop`, the latest first."""
    gathered = gather(lambda: list(chats_of(member, archived=archived)[:stop]))
    newest_first = sorted(gathered.found, key=lambda one: (one.last_message_at, one.id), reverse=True)
    return Gathered(newest_first[start:stop], gathered.silent)


def count_chats(member: Membership, *, archived: bool = False) -> int:
    """How many there are in the placements that answer."""
    return sum(gather(lambda: [chats_of(member, archived=archived).count()]).found)


def place_of_chat(chat_id: uuid.UUID) -> uuid.UUID | None:
    """The placement we are in, if the chat is here; removed ones too, which can be restored."""
    return _here(Chat.everything.filter(id=chat_id))


def place_of_message(message_id: uuid.UUID) -> uuid.UUID | None:
    return _here(Message.objects.filter(id=message_id))


def place_of_run(run_id: uuid.UUID) -> uuid.UUID | None:
    return _here(Run.objects.filter(id=run_id))


def place_of_draft(place_id: uuid.UUID) -> uuid.UUID | None:
    """Where the chat or the companion is that a draft is written for."""
    return place_of_chat(place_id) or place_of_companion(place_id)


def _here(rows: QuerySet[Row]) -> uuid.UUID | None:
    return current_tenant().placement.id if rows.exists() else None


def access_chat(*, member: Membership, chat_id: uuid.UUID) -> Chat:
    """The member's own chat. Somebody else's is missing in just the same way."""
    rows = Chat.objects.filter(owner_id=member.user_id).select_related("companion", "folder")
    return _found(rows.filter(id=chat_id).first())


def access_message(*, member: Membership, message_id: uuid.UUID) -> Message:
    """A message of the member's own chat."""
    rows = Message.objects.filter(chat__owner_id=member.user_id, chat__removed_at=None)
    return _found(rows.select_related("chat__companion").filter(id=message_id).first())


def companion_that_answered(*, member: Membership, answer_id: uuid.UUID) -> uuid.UUID:
    """See the port of this name."""
    with within("message_id", answer_id):
        answer = access_message(member=member, message_id=answer_id)
        if answer.role != Message.Role.COMPANION:
            raise NotFound(_("There is nothing here."))
        found: uuid.UUID = answer.chat.companion_id
        return found


def access_run(*, member: Membership, run_id: uuid.UUID) -> Run:
    """The making of an answer in the member's own chat."""
    rows = Run.objects.filter(chat__owner_id=member.user_id, chat__removed_at=None)
    return _found(rows.select_related("chat__companion", "message").filter(id=run_id).first())


def thread(chat: Chat) -> list[Message]:
    """The messages of the current branch, from the first to the leaf."""
    return ancestry(chat.id, chat.leaf_id)


def ancestry(chat_id: uuid.UUID, leaf_id: uuid.UUID | None) -> list[Message]:
    """From the root to one message. One query: a chat's tree is small."""
    by_id = {message.id: message for message in Message.objects.filter(chat_id=chat_id)}
    branch: list[Message] = []
    step = by_id.get(leaf_id) if leaf_id else None
    while step is not None:
        branch.append(step)
        step = by_id.get(step.parent_id) if step.parent_id else None
    return branch[::-1]


@dataclass(frozen=True, slots=True)
class Tree:
    """A chat's messages by id alone, the oldest first: what each stands below, and its role."""

    nodes: dict[uuid.UUID, tuple[uuid.UUID | None, str]]

    def branch(self, leaf_id: uuid.UUID | None) -> list[uuid.UUID]:
        """From the first message to this one."""
        found, step = [], leaf_id
        while step in self.nodes:
            found.append(step)
            step = self.nodes[step][0]
        return found[::-1]

    def versions(self) -> dict[tuple[uuid.UUID | None, str], list[uuid.UUID]]:
        """The messages that stand in the same place, the oldest first."""
        found: dict[tuple[uuid.UUID | None, str], list[uuid.UUID]] = {}
        for message_id, place in self.nodes.items():
            found.setdefault(place, []).append(message_id)
        return found

    def continued(self) -> set[uuid.UUID]:
        """The answers that another one is the rest of."""
        rest = (parent for one, (parent, _role) in self.nodes.items() if self.goes_on(one))
        return {parent for parent in rest if parent is not None}

    def goes_on(self, message_id: uuid.UUID) -> bool:
        """Whether it is the rest of an answer, and no answer to a question."""
        parent, role = self.nodes[message_id]
        return role == Message.Role.COMPANION and parent in self.nodes and self.nodes[parent][1] == role


def tree_of(chat_id: uuid.UUID) -> Tree:
    rows = Message.objects.filter(chat_id=chat_id).order_by("created_at", "id")
    return Tree({one: (parent, role) for one, parent, role in rows.values_list("id", "parent_id", "role")})


def branch_ids(chat: Chat) -> list[uuid.UUID]:
    """The messages of the current branch by id alone, from the first to the leaf."""
    return tree_of(chat.id).branch(chat.leaf_id)


def in_order(ids: Sequence[uuid.UUID]) -> list[Message]:
    """These messages of a chat that was loaded through its owner."""
    found = Message.objects.in_bulk(list(ids))
    return [found[one] for one in ids if one in found]


def siblings(message: Message) -> list[Message]:
    """The versions of one message: same place in the tree, same role, the oldest first."""
    rows = Message.objects.filter(chat_id=message.chat_id, parent_id=message.parent_id, role=message.role)
    return list(rows.order_by("created_at", "id"))


def latest_leaf(message: Message) -> uuid.UUID:
    """Where a branch that goes through this message ends: follow the newest child."""
    rows = Message.objects.filter(chat_id=message.chat_id).order_by("created_at", "id")
    newest = dict(rows.values_list("parent_id", "id"))
    leaf = message.id
    while leaf in newest:
        leaf = newest[leaf]
    return leaf


def latest_run(message: Message) -> Run | None:
    return Run.objects.filter(message_id=message.id).order_by("-id").first()


def runs_of(messages: Iterable[Message]) -> dict[uuid.UUID, Run]:
    """The run behind each answer; one query for a page."""
    ids = [message.id for message in messages if message.role == Message.Role.COMPANION]
    return {run.message_id: run for run in Run.objects.filter(message_id__in=ids).order_by("id")}


def colleagues_of(member: Membership, *, most: int) -> list[Membership]:
    """Who works in the same organization, by name; oneself too."""
    rows = _colleagues(member).filter(state=Membership.State.ACTIVE)
    return list(rows.order_by("user__name", "user__email")[:most])


def access_colleague(*, member: Membership, member_id: uuid.UUID) -> Membership:
    """One of them; anybody else is missing."""
    return _found(_colleagues(member).filter(id=member_id).first())


def _colleagues(member: Membership) -> QuerySet[Membership]:
    rows = Membership.objects.select_related("user", "organization")
    return rows.filter(organization_id=member.organization_id)


def votes_of(*, member: Membership, messages: Iterable[Message]) -> dict[uuid.UUID, Vote]:
    """The member's own votes; one query for a page."""
    ids = [message.id for message in messages]
    return {vote.message_id: vote for vote in Vote.objects.filter(member_id=member.id, message_id__in=ids)}


def messages_in(chat_id: uuid.UUID) -> QuerySet[Message]:
    """Every message of one chat; the chat itself was loaded through its owner."""
    return Message.objects.filter(chat_id=chat_id)


def question_of(run: Run) -> Message:
    """What the run answers."""
    return Message.objects.get(id=run.message.parent_id)


def question_before(answer: Message) -> str:
    """What the person asked, above this answer and all that it goes on from; empty where nothing is."""
    step = answer.parent_id
    while step is not None:
        above = Message.objects.filter(id=step).first()
        if above is None or above.role == Message.Role.PERSON:
            return above.text if above else ""
        step = above.parent_id
    return ""


def run_ids_of(message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Answer → its run, for lists that need no more than the ids."""
    return dict(Run.objects.filter(message_id__in=message_ids).values_list("message_id", "id"))


def marks_of(member: Membership, message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, bool]:
    """Answer → whether the member's vote is up."""
    mine = Vote.objects.filter(member_id=member.id, message_id__in=message_ids)
    return dict(mine.values_list("message_id", "up"))


def draft_of(*, member: Membership, place_id: uuid.UUID) -> str:
    """What the member left unsent in a chat or for a companion."""
    draft = Draft.objects.filter(member_id=member.id, place_id=place_id).first()
    return draft.text if draft else ""


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row


def in_conversations(document_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, those that a question here has brought, or that wait in a draft to be sent."""
    if not document_ids:
        return set()
    rows = Attachment.objects.filter(document_id__in=list(document_ids)).order_by()
    sent = set(rows.values_list("document_id", flat=True))
    waiting = Draft.objects.exclude(document_ids=None).order_by().values_list("document_ids", flat=True)
    return sent | (document_ids & {uuid.UUID(one) for ids in waiting for one in ids or ()})
