"""The customer is told: by e-mail and by signed webhooks, the failure and the all-clear.

    tell(organization_id, event, facts)    in the transaction of the change: rows that wait to be sent
    send_due()                             a beat task: sends them, outside of every transaction

One event has one id, whichever way it goes and however often: receivers take it once. What is sent names
endpoints and says what happened; no address, no secret, nobody's text.
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from byoc import endpoints
from byoc.config_keys import MAINTENANCE, NOTIFY
from byoc.contracts import EndpointSpec
from byoc.models import Endpoint, Notice, Watch
from byoc.permissions import EDIT
from byoc.services.endpoints import withdraw_endpoint
from byoc.telling import Gone, mailed, posted
from humana.kernel.egress import Guard
from humana.kernel.errors import HumanaError
from tenants.config.resolver import resolve_for
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant, without_tenant
from tenants.models import Membership, Organization
from tenants.permissions import allowed
from tenants.queries import may_enter

log = logging.getLogger(__name__)

#: Pauses before it is tried again, in seconds; after the last one it is given up.
PAUSES = (15, 60, 300, 1_800, 7_200, 18_000, 36_000)
#: One process that dies while it sends leaves the rest to others after this long, in seconds.
LEASE = 120
#: Rows of one organization sent at a time, and webhooks under way at the same time.
AT_A_TIME = 100
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of `Notice` on its way, with what opens the way; no row is held meanwhile."""

    notice: Notice
    language: str
    spec: EndpointSpec | None = None
    guard: Guard | None = None


def tell(
    organization_id: uuid.UUID | None, event: str, facts: Mapping[str, Any], *, permission: str = EDIT.name
) -> str:
    """Everybody who is told of this organization's endpoints will be, once this transaction is committed.

    `facts` are names and codes; letters go to members with `permission`. The id of the event; nothing is
    sent yet.
    """
    now = timezone.now()
    key = f"evt_{uuid.uuid4().hex}"
    data = dict(facts)
    if organization_id is not None:
        slug = Organization.objects.filter(id=organization_id).values_list("slug", flat=True).first()
        data["organization"] = slug
        if window := resolve_for(organization_id, MAINTENANCE):
            data["maintenance"] = window
    payload = {"type": event, "timestamp": now.isoformat(), "data": data}
    ways = [*_addresses(organization_id, permission), *_webhooks(organization_id)]
    Notice.objects.bulk_create(
        Notice(
            organization_id=organization_id, key=key, event=event, channel=channel, recipient=recipient,
            payload=payload, due_at=now,
        )
        for channel, recipient in ways
    )  # fmt: skip
    if ways:
        _wait_until(organization_id, now)
    return key


def send_due(*, now: datetime | None = None) -> int:
    """Send what is due, in every organization; how many arrived."""
    at = now or timezone.now()
    with without_tenant(reason="which organizations have notices to send"):
        due = Watch.objects.filter(notices_at__lte=at).values_list("organization_id", flat=True)
        whose = [None, *due]
    letters: list[Letter] = []
    for organization_id in whose:
        try:
            with _inside(organization_id):
                letters += _claimed(organization_id, at)
        except Exception:
            log.exception("notices could not be read", extra={"organization": str(organization_id)})
    if not letters:
        return 0
    errors = _sent(letters)
    for letter, error in zip(letters, errors, strict=True):
        with _inside(letter.notice.organization_id):
            _settle(letter, error)
    return sum(error is None for error in errors)


def _addresses(organization_id: uuid.UUID | None, permission: str) -> Iterator[tuple[str, str]]:
    """Members with the permission, and whoever is named beside them; each once."""
    found: list[str] = []
    if organization_id is not None:
        members = Membership.objects.filter(organization_id=organization_id)
        people = members.select_related("user", "organization")
        found += [one.user.email for one in people if may_enter(one) and allowed(one, permission)]
    named = resolve_for(organization_id, NOTIFY)
    found += named
    return ((Notice.Channel.EMAIL, address) for address in dict.fromkeys(found) if address)


def _webhooks(organization_id: uuid.UUID | None) -> Iterator[tuple[str, str]]:
    rows = Endpoint.objects.filter(
        organization=organization_id, kind="monitoring", role="alerts", state="active"
    )
    return ((Notice.Channel.WEBHOOK, str(row.id)) for row in rows)


def _wait_until(organization_id: uuid.UUID | None, at: datetime) -> None:
    """The platform's own are looked for each time."""
    if organization_id is not None:
        Watch.objects.update_or_create(
            organization_id=organization_id, defaults={"notices_at": at}, create_defaults={
                "notices_at": at, "due_at": at,
            },
        )  # fmt: skip


def _claimed(organization_id: uuid.UUID | None, at: datetime) -> list[Letter]:
    with transaction.atomic():
        rows = Notice.objects.select_for_update(skip_locked=True).filter(
            organization=organization_id, state=Notice.State.PENDING, due_at__lte=at
        )
        claimed = list(rows.order_by("due_at")[:AT_A_TIME])
        for row in claimed:
            row.attempts += 1
            row.due_at = at + timedelta(seconds=LEASE)
        Notice.objects.bulk_update(claimed, ["attempts", "due_at"])
        _next(organization_id)
    return _letters(organization_id, claimed)


def _next(organization_id: uuid.UUID | None) -> None:
    pending = Notice.objects.filter(organization=organization_id, state=Notice.State.PENDING)
    at = pending.aggregate(at=Min("due_at"))["at"]
    if organization_id is not None:
        Watch.objects.filter(organization_id=organization_id).update(notices_at=at)


def _letters(organization_id: uuid.UUID | None, rows: Sequence[Notice]) -> list[Letter]:
    if not rows:
        return []
    language = "pt-br"
    if organization_id is not None:
        language = Organization.objects.values_list("language", flat=True).get(id=organization_id)
    known = {spec.id: spec for spec in _specs(organization_id)}
    guard = Guard(endpoints.owner_of(organization_id), endpoints.guard_for(organization_id).grants)
    return [Letter(row, language, known.get(row.recipient), guard) for row in rows]


def _specs(organization_id: uuid.UUID | None) -> tuple[EndpointSpec, ...]:
    if organization_id is None:
        return endpoints.platform("monitoring", "alerts")
    return endpoints.active(organization_id, "monitoring", "alerts")


def _sent(letters: Sequence[Letter]) -> list[Exception | None]:
    """What became of each; webhooks side by side, so that a slow one keeps no other waiting."""
    results: dict[uuid.UUID, Exception | None] = {}
    posts = [letter for letter in letters if letter.notice.channel == Notice.Channel.WEBHOOK]
    if posts:
        results |= asyncio.run(_post_all(posts))
    for letter in letters:
        if letter.notice.id not in results:
            results[letter.notice.id] = mailed(letter.notice, letter.language)
    return [results[letter.notice.id] for letter in letters]


async def _post_all(letters: Sequence[Letter]) -> dict[uuid.UUID, Exception | None]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(letter: Letter) -> tuple[uuid.UUID, Exception | None]:
        async with room:
            return letter.notice.id, await posted(letter.notice, letter.spec, letter.guard, letter.language)

    return dict(await asyncio.gather(*(one(letter) for letter in letters)))


def _settle(letter: Letter, error: Exception | None) -> None:
    """Arrived, given up, or tried again later."""
    notice, now = letter.notice, timezone.now()
    notice.error = str(error or "")[:300]
    if error is None:
        notice.state, notice.sent_at = Notice.State.SENT, now
    elif isinstance(error, Gone) or notice.attempts > len(PAUSES):
        notice.state = Notice.State.FAILED
    else:
        pause = PAUSES[notice.attempts - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - not a secret
        notice.due_at = now + timedelta(seconds=pause)
    with transaction.atomic():
        notice.save(update_fields=["state", "sent_at", "error", "due_at", "updated_at"])
        _next(notice.organization_id)
    if isinstance(error, Gone) and error.for_good and letter.spec is not None:
        _stop(letter.spec, notice.organization_id)


def _stop(spec: EndpointSpec, organization_id: uuid.UUID | None) -> None:
    """The receiver said that there will be nobody any more."""
    organization = Organization.objects.filter(id=organization_id).first() if organization_id else None
    try:
        withdraw_endpoint(organization=organization, endpoint_id=uuid.UUID(spec.id))
    except HumanaError:
        log.info("a webhook that is gone was withdrawn already", extra={"endpoint": spec.id})


def _inside(organization_id: uuid.UUID | None) -> Any:
    if organization_id is None:
        return without_tenant(reason="notices of the platform itself")
    return use_tenant(TenantContext(organization_id, "", CONTROL_PLANE))
