"""Why this answer: everything it was made with, for the person who got it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.models import UsageEvent
from chats.blocking import acted
from chats.models import Message, Run
from chats.permissions import READ
from chats.queries import latest_run
from companions.queries import Told, prompt_text, told
from humana.kernel.errors import NotFound
from tenants.models import Membership
from tenants.permissions import require


@dataclass(frozen=True, slots=True)
class Explanation:
    """`prompt` is what the model was told, `told` what that was made of at that moment.

    `acted` is what checks of policies found in question and answer.
    """

    run: Run
    prompt: str
    told: Told
    usage: UsageEvent | None
    acted: list[dict[str, Any]]


def why(*, member: Membership, message: Message) -> Explanation:
    """Raises NotFound for anything that is not an answer with a run."""
    require(member, READ.name)
    run = latest_run(message)
    if run is None:
        raise NotFound("this message was not made by a run")
    return Explanation(
        run=run,
        prompt=prompt_text(run.prompt_digest) or "",
        told=told(run.provenance),
        usage=UsageEvent.objects.filter(run_id=run.id).first(),
        acted=acted(run.provenance),
    )
