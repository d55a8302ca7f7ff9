"""What of a conversation may be told to a model again, under the policies of now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import pairwise

from chats.blocking import QUESTION
from chats.models import Message, Run
from companions.checks import Guard


def may_be_told(branch: Sequence[Message], guard: Guard) -> list[Message]:
    """The branch without earlier questions that a policy keeps from the model, and without their answers.

    Left out is what was blocked when it was asked, and what would be now; the last question is judged anew.
    """
    if not guard.at("input"):
        return list(branch)
    blocked, kept_back = _blocked(branch), False
    told = []
    for message, after in pairwise(branch):
        if message.role == Message.Role.PERSON:
            kept_back = after.id in blocked or not guard.lets("input", message.text)
        if not kept_back:
            told.append(message)
    return [*told, *branch[-1:]]


def _blocked(branch: Sequence[Message]) -> set[uuid.UUID]:
    """The answers that were not given because the question was kept from the model."""
    answers = [one.id for one in branch if one.state == Message.State.FAILED]
    rows = Run.objects.filter(message_id__in=answers, error=QUESTION) if answers else Run.objects.none()
    return set(rows.values_list("message_id", flat=True))
