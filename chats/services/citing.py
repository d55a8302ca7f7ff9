"""What an answer cites: every passage it was given while it is written, those it cites once it ends.

So a link works while the answer grows, and an answer that is cut off keeps its sources.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chats.models import Citation, Message
from chats.turns import Turn
from companions.references import Given
from humana.rendering.citations import Cited, blanked
from humana.rendering.markdown import cites_in
from tenants.statements import insert, send

ANY_NUMBER = range(1, 1000)


def give_sources(message_id: uuid.UUID, given: Sequence[Given]) -> None:
    """Under their numbers in the prompt, in the transaction in which the answer begins."""
    if given:
        send(insert(*(_row(message_id, number, one) for number, one in enumerate(given, 1))))


def keep_cited(message_id: uuid.UUID, text: str, given: int) -> Cited:
    """Let go what the answer does not cite, in the transaction in which it ends; what it does cite."""
    if not given:
        return Cited()
    found = cites_in(text, range(1, given + 1))
    Citation.objects.filter(message_id=message_id).exclude(number__in=found.numbers).delete()
    return found


def keep_cited_of(message: Message) -> None:
    """The same for an answer whose maker is gone: how much it was given stands in its rows."""
    keep_cited(message.id, message.text, Citation.objects.filter(message_id=message.id).count())


def without_numbers(said: Sequence[Message]) -> list[Message]:
    """What was said, to be told to a model again: what answers cite has other numbers by now, or none."""
    cited: dict[uuid.UUID, set[int]] = {}
    rows = Citation.objects.filter(message_id__in=[one.id for one in said if "[" in one.text])
    for message_id, number in rows.order_by().values_list("message_id", "number"):
        cited.setdefault(message_id, set()).add(number)
    for one in said:
        if one.id in cited:
            one.text = blanked(one.text, cited[one.id])  # of this copy, which nobody saves
    return list(said)


def unnumbered(turns: Sequence[Turn]) -> list[Turn]:
    """A client's conversation for an answer that is to cite: what earlier answers cite has other numbers by
    now, and which of theirs were sources nobody tells us.
    """
    return [
        replace(one, text=blanked(one.text, ANY_NUMBER)) if one.role == "assistant" else one for one in turns
    ]


def handed_over(one: Citation, target: Message, moved: Mapping[uuid.UUID, uuid.UUID]) -> Citation:
    """What an answer cites, for its copy in another conversation; `moved` says which documents went along,
    and as which. Whoever reads it is asked then whether they may.
    """
    same = {name: getattr(one, name) for name in _COPIED}
    return Citation(message=target, source_id=moved.get(one.source_id, one.source_id), **same)


_COPIED = ("number", "source_kind", "version", "ordinal", "title", "place", "quote")


def _row(message_id: uuid.UUID, number: int, one: Given) -> Citation:
    return Citation(
        message_id=message_id,
        number=number,
        source_kind=one.kind,
        source_id=one.id,
        version=one.version,
        ordinal=one.ordinal,
        title=one.title,
        place=one.place,
        quote=one.text,
    )
