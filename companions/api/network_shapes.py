"""Messages between companions, their copies and the rules of who reaches whom, as the API tells them."""

from __future__ import annotations

import uuid
from datetime import datetime

from rest_framework import serializers

from companions.access import Edge, Right
from companions.models import Companion, CompanionAccess, CompanionMessage, Delivery
from companions.services.sending import MOST_CHARACTERS
from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import Shape

KINDS = (CompanionMessage.Kind.KNOWLEDGE_SHARE, CompanionMessage.Kind.COLLABORATION_REQUEST)


class SentShape(Shape, frozen=True):
    """A message from a companion. All of one `trace_id` follow from one; `permissions` is what the edge gave
    when it was sent, and nothing that follows has more.
    """

    id: uuid.UUID
    kind: str
    sender_id: uuid.UUID | None
    sender_name: str
    member_id: uuid.UUID
    to_all: bool
    text: str
    permissions: list[str]
    trace_id: uuid.UUID
    parent_id: uuid.UUID | None
    hop: int
    expires_at: datetime
    created_at: datetime


SENT_COLUMNS = tuple("payload" if name == "text" else name for name in SentShape.__struct_fields__)


class DeliveryShape(Shape, frozen=True):
    """One companion's copy: pending, delivered, refused, expired or quarantined, and why."""

    id: uuid.UUID
    message_id: uuid.UUID
    recipient_id: uuid.UUID | None
    recipient_name: str
    sequence: int
    state: str
    attempts: int
    reason: str
    delivered_at: datetime | None
    answered_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RuleShape(Shape, frozen=True):
    """Allowed or denied: a companion to another, or to a team with all below. Empty `rights` are all."""

    id: uuid.UUID
    source_id: uuid.UUID
    target_id: uuid.UUID | None
    team_id: uuid.UUID | None
    allow: bool
    rights: list[str]
    created_at: datetime
    updated_at: datetime
    version: int


class ReachShape(Shape, frozen=True):
    """What a companion may do towards another now; `reasons` says for each right why, or why not."""

    companion_id: uuid.UUID
    name: str
    rights: list[str]
    reasons: dict[str, str]


class ReachesShape(Shape, frozen=True):
    """Towards every other companion, by name."""

    results: list[ReachShape]


class Letter(Input):
    """What a companion says. Without `to_id` to all it reaches; `parent_id` is the message it follows."""

    sender_id = IdOf()
    kind = serializers.ChoiceField(choices=[(one.value, one.label) for one in KINDS])
    text = Text(max_length=MOST_CHARACTERS)
    to_id = IdOf(required=False, allow_null=True)
    parent_id = IdOf(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class RuleInput(Input):
    """One companion or one team is named; what was said of that pair before is replaced."""

    source_id = IdOf()
    target_id = IdOf(required=False, allow_null=True)
    team_id = IdOf(required=False, allow_null=True)
    allow = YesNo()
    rights = serializers.ListField(
        child=serializers.ChoiceField(choices=[one.value for one in Right]), max_length=3, required=False
    )


def sent(row: CompanionMessage) -> SentShape:
    return SentShape(*(getattr(row, name) for name in SENT_COLUMNS))


def delivery(row: Delivery) -> DeliveryShape:
    return DeliveryShape(*(getattr(row, name) for name in DeliveryShape.__struct_fields__))


def rule(row: CompanionAccess) -> RuleShape:
    return RuleShape(*(getattr(row, name) for name in RuleShape.__struct_fields__))


def reach(row: Companion, found: Edge) -> ReachShape:
    reasons = {str(right): reason for right, reason in sorted(found.why.items())}
    return ReachShape(row.id, row.name, sorted(found.rights), reasons)
