"""Why this answer: everything it was made with, for the person who got it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.models import UsageEvent
from chats.models import Message, Run
from chats.permissions import READ
from chats.queries import latest_run
from companions.models import BrandVersion, PolicyVersion, PromptSnapshot, Value
from humana.kernel.errors import NotFound
from tenants.models import Membership
from tenants.permissions import require


@dataclass(frozen=True, slots=True)
class Explanation:
    """`prompt` is what the model was told; the versions are those in force at that moment."""

    run: Run
    prompt: str
    policies: list[PolicyVersion]
    values: list[Value]
    brand: BrandVersion | None
    usage: UsageEvent | None


def why(*, member: Membership, message: Message) -> Explanation:
    """Raises NotFound for anything that is not an answer with a run."""
    require(member, READ.name)
    run = latest_run(message)
    if run is None:
        raise NotFound("this message was not made by a run")
    made_of: dict[str, Any] = run.provenance
    snapshot = PromptSnapshot.objects.filter(digest=run.prompt_digest).first()
    return Explanation(
        run=run,
        prompt=snapshot.text if snapshot else "",
        policies=_policies(made_of.get("policies", [])),
        values=list(Value.objects.filter(id__in=[one["id"] for one in made_of.get("values", [])])),
        brand=_brand(made_of.get("brand")),
        usage=UsageEvent.objects.filter(run_id=run.id).first(),
    )


def _policies(stamps: list[dict[str, Any]]) -> list[PolicyVersion]:
    wanted = {(stamp["id"], stamp["version"]) for stamp in stamps}
    rows = PolicyVersion.objects.filter(policy_id__in=[policy_id for policy_id, _number in wanted])
    return [row for row in rows.select_related("policy") if (str(row.policy_id), row.number) in wanted]


def _brand(stamp: dict[str, Any] | None) -> BrandVersion | None:
    return BrandVersion.objects.filter(number=stamp["version"]).first() if stamp else None
