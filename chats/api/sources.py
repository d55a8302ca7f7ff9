"""What stands beside messages, as it is for the caller now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from chats.attached import attached_to
from chats.source_shapes import AttachmentShape, CitationShape, attachment, citation
from chats.sources import sources_of
from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside messages, by their ids."""

    attachments: dict[uuid.UUID, list[AttachmentShape]] = field(default_factory=dict)
    citations: dict[uuid.UUID, list[CitationShape]] = field(default_factory=dict)


def beside(member: Membership, message_ids: Sequence[uuid.UUID]) -> Beside:
    return Beside(
        {one: list(map(attachment, found)) for one, found in attached_to(member, message_ids).items()},
        {one: list(map(citation, found)) for one, found in sources_of(member, message_ids).items()},
    )
