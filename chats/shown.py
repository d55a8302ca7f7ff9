"""What pages show: companions in the order one meets them, messages rendered and joined with their runs."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from byoc.contracts import ModelCard
from chats.attached import LEFT_OUT, Attached, attached_to
from chats.blocking import IN_GENERAL
from chats.doors.sentences import notice_of
from chats.models import Chat, Message, Run, Vote
from chats.queries import Tree, count_chats, in_order, recent_chats, runs_of, tree_of, votes_of
from chats.searching import seals_text
from chats.sources import Source, cites_to, sources_of
from chats.step_words import ShownStep
from chats.steps import cut_at, steps_of
from companions.models import Companion
from humana.rendering.citations import Cite
from humana.rendering.kept import kept
from humana.rendering.markdown import render
from tenants.context import TenantContext, current_tenant
from tenants.models import Membership

#: Messages of one page of a conversation, and how many of them stand above the one that is looked for.
PAGE, ABOVE = 40, 4


def put_forward(companions: Iterable[Companion], model: ModelCard | None) -> list[Companion]:
    """Whom to offer first: with the built-in model, which manages only English, those who speak it."""
    if model is None or not model.builtin:
        return list(companions)
    return sorted(companions, key=lambda one: one.language != "en")


def near_by(companions: Iterable[Companion], recent: Iterable[Chat], wanted: str) -> list[Companion]:
    """Those stored here, whom one can write to from any page: who is `wanted` by its address first, then who
    answered last, then in the order given.
    """
    last = [one.companion_id for one in recent if not one.is_example]
    found = [one for one in companions if one.placement_id is None]
    place = {one: number for number, one in reversed(list(enumerate(last)))}
    return sorted(found, key=lambda one: (one.slug != wanted, place.get(one.id, len(last))))


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
    """Either some of an answer's text, with what it may cite, or a use of a tool."""

    text: str = ""
    step: ShownStep | None = None
    cites: Mapping[int, Cite] = field(default_factory=dict)

    @property
    def html(self) -> SafeString:
        """Rendered once in this process, while there is room; what is sealed is not kept open here, and what
        cites neither: whether a source may be read is asked at every look.
        """
        if self.cites or seals_text():
            return render(self.text, cites=self.cites)
        return kept(current_tenant().organization_id, self.text)


@dataclass(frozen=True, slots=True)
class Shown:
    """One message and all that stands around it.

    `versions` are the ids of its siblings in order, `number` its place among them from 1. `notice`
    is the sentence for a state other than done; `goes_on` that it is the rest of the answer above it.
    `sources` are what an answer cites, `attached` what a question brought.
    """

    message: Message
    run: Run | None
    vote: Vote | None
    versions: tuple[uuid.UUID, ...]
    number: int
    notice: str
    sources: Sequence[Source] = ()
    attached: Sequence[Attached] = ()
    goes_on: bool = False

    @property
    def pieces(self) -> list[Piece]:
        """The answer as it came: text, and in its place each use of a tool."""
        steps, cites = steps_of(self.message.parts), cites_to(self.message.id, self.sources)
        *before, rest = cut_at(self.message.text, steps)
        found: list[Piece] = []
        for text, step in zip(before, steps, strict=True):
            found += [Piece(text, cites=cites), Piece(step=ShownStep(step))]
        return [one for one in (*found, Piece(rest, cites=cites)) if one.step or one.text.strip()]

    @property
    def said_by(self) -> str:
        """The companion that said it, in a conversation that another handed over; else empty."""
        return next((part["said_by"] for part in self.message.parts if "said_by" in part), "")

    @property
    def cited(self) -> list[list[Source]]:
        """The sources, those that are passages of one thing together; what is lost by itself."""
        found: dict[object, list[Source]] = defaultdict(list)
        for one in self.sources:
            found[one.id if one.there else one.number].append(one)
        return list(found.values())

    @property
    def left_out(self) -> list[tuple[Attached, Promise | str]]:
        """Documents that came with the question and are not in this answer, and why."""
        told = self.run.provenance.get("left_out", ()) if self.run else ()
        why = {one["id"]: LEFT_OUT[one["why"]] for one in told}
        return [(one, why[str(one.id)]) for one in self.attached if str(one.id) in why and one.there]

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


@dataclass(frozen=True, slots=True)
class ShownPage:
    """Some messages of the current branch. `earlier` is the first of them where more stand before it,
    `later` whether more stand after the last.
    """

    shown: list[Shown]
    earlier: uuid.UUID | None = None
    later: bool = False


def shown_page(
    *, member: Membership, chat: Chat, before: uuid.UUID | None = None, at: uuid.UUID | None = None
) -> ShownPage:
    """The end of the current branch; or what stands before a message of it, or around one.

    Four queries, whatever the length of the conversation; of what is not shown only ids are read.
    """
    tree = tree_of(chat.id)
    branch = tree.branch(chat.leaf_id)
    start, stop = _window(branch, before, at)
    shown = _show(member, tree, in_order(branch[start:stop]))
    return ShownPage(shown, branch[start] if start else None, stop < len(branch))


def _window(branch: list[uuid.UUID], before: uuid.UUID | None, at: uuid.UUID | None) -> tuple[int, int]:
    if before in branch:
        stop = branch.index(before)
        return max(stop - PAGE, 0), stop
    if at in branch:
        start = max(branch.index(at) - ABOVE, 0)
        return start, min(start + PAGE, len(branch))
    return max(len(branch) - PAGE, 0), len(branch)


def shown_message(*, member: Membership, message: Message) -> Shown:
    return _show(member, tree_of(message.chat_id), [message])[0]


def _show(member: Membership, tree: Tree, messages: list[Message]) -> list[Shown]:
    runs, votes = runs_of(messages), votes_of(member=member, messages=messages)
    sources = sources_of(member, [one.id for one in messages if one.role == Message.Role.COMPANION])
    attached = attached_to(member, {_question_id(one) for one in messages})
    versions, continued = tree.versions(), tree.continued()
    return [
        Shown(
            message=one,
            run=runs.get(one.id),
            vote=votes.get(one.id),
            versions=tuple(versions[one.parent_id, one.role]),
            number=versions[one.parent_id, one.role].index(one.id) + 1,
            notice="" if one.id in continued else notice_of(one.state, runs.get(one.id)),
            sources=sources.get(one.id, ()),
            attached=attached.get(_question_id(one), ()),
            goes_on=tree.goes_on(one.id),
        )
        for one in messages
    ]


def _question_id(message: Message) -> uuid.UUID:
    """Of an answer what it answers."""
    return message.id if message.role == Message.Role.PERSON else message.parent_id or message.id
