"""How endpoints are, looked at again and again. Never with anybody's text.

    sweep()                    every organization that is due, and the platform's own; a beat task
    probe_now(organization)    the same for one of them, while somebody waits
    forget_old_probes()        a month is enough

An organization is found by its `Watch` and entered twice for a moment: to read its endpoints, and to keep
what was found. No connection is held while endpoints are asked.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta

from django.core.cache import caches
from django.db import connections, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from byoc import endpoints, gateway
from byoc.config_keys import BAD_PROBES, GOOD_PROBES, PROBE_SECONDS
from byoc.contracts import EndpointSpec, Health
from byoc.databases import guard_of
from byoc.expiring import ends_soon
from byoc.models import Endpoint, EndpointHealth, Probe, Watch
from byoc.probing import Look, Target, can_be_looked_at, looks
from byoc.readings import Reading, after, keep_readings, readings_of
from byoc.services import environment, failover
from humana.kernel.crypto import CannotOpen
from humana.kernel.egress import Guard
from tenants.config.resolver import resolve, resolve_for
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant, without_tenant
from tenants.models import Organization

log = logging.getLogger(__name__)

#: How often the platform's endpoints are looked at, in seconds; an organization's as it is configured. Sooner
#: while one seems to be failing.
EVERY = 60
SOON = 10
#: A share of that by which the times of organizations differ, so that they do not all come at once.
SPREAD = 0.2
KEPT = timedelta(days=30)
#: Rows forgotten in one statement.
AT_A_TIME = 10_000

#: In the cache: the platform's own have been looked at lately.
PLATFORM_DUE = "health:platform"
_FIELDS = tuple(one.name for one in fields(Reading))


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    looked_at: int = 0
    bad: int = 0
    turned: list[tuple[uuid.UUID | None, str, str]] = field(default_factory=list)  # whose, which, to what


def sweep(*, now: datetime | None = None) -> Swept:
    """Look at the endpoints of everybody who is due."""
    at = now or timezone.now()
    with without_tenant(reason="which organizations have endpoints to look after"):
        whose: list[uuid.UUID | None] = list(_due(at))
        if _platform_is_due():
            whose.append(None)
    return _look_at(whose)


def probe_now(organization: Organization | None) -> list[Look]:
    """Look at all of its endpoints. Takes as long as the slowest: outside of every transaction."""
    found: list[Look] = []
    _look_at([organization.id if organization else None], into=found)
    return found


def forget_old_probes(*, now: datetime | None = None) -> int:
    """Probes older than a month, in every organization; how many."""
    before = (now or timezone.now()) - KEPT
    with without_tenant(reason="which organizations have endpoints to look after"):
        whose = [None, *Watch.objects.values_list("organization_id", flat=True)]
    return sum(_forget(organization_id, before) for organization_id in whose)


def _look_at(whose: Sequence[uuid.UUID | None], into: list[Look] | None = None) -> Swept:
    swept = Swept()
    targets, at_once = _targets(whose)
    _keep_all(at_once, swept)
    _let_go()
    for batch in looks(targets):
        _keep_all(batch, swept)
        if into is not None:
            into += batch
        _let_go()
    return swept


def _let_go() -> None:
    """Nothing is asked of the database until something was found."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _due(at: datetime) -> Iterator[uuid.UUID]:
    """Claims them: whoever sweeps beside us finds others."""
    with transaction.atomic():
        rows = list(Watch.objects.select_for_update(skip_locked=True).filter(due_at__lte=at))
        for row in rows:
            every = resolve_for(row.organization_id, PROBE_SECONDS)
            row.due_at = at + timedelta(seconds=every * random.uniform(1 - SPREAD, 1 + SPREAD))  # noqa: S311
        Watch.objects.bulk_update(rows, ["due_at"], batch_size=500)
    return (row.organization_id for row in rows)


def _platform_is_due() -> bool:
    try:
        return caches["platform"].add(PLATFORM_DUE, 1, EVERY - 1)
    except (RedisError, OSError):
        return True


def _targets(whose: Iterable[uuid.UUID | None]) -> tuple[list[Target], list[Look]]:
    """Where to look; and what is known without looking, because nothing opens the way there."""
    targets: list[Target] = []
    known: list[Look] = []
    for organization_id in whose:
        try:
            with inside_of(organization_id):
                found, shut = _of(organization_id)
        except Exception:
            log.exception("endpoints could not be read", extra={"organization": str(organization_id)})
            continue
        targets += found
        known += shut
    return targets, known


def _of(organization_id: uuid.UUID | None) -> tuple[list[Target], list[Look]]:
    guard = Guard(endpoints.owner_of(organization_id), endpoints.guard_for(organization_id).grants)
    targets: list[Target] = []
    shut: list[Look] = []
    for row in _looked_at(organization_id):
        try:
            own = guard_of(row) if row.kind == Endpoint.Kind.DATABASE else guard
            targets.append(Target(organization_id, endpoints.spec_of(row), own))
        except CannotOpen:
            shut.append(_shut(row, guard))
    if organization_id is None:
        environment = gateway.environment()
        targets += [Target(None, spec, gateway.environment_guard()) for spec in environment]
    return targets, shut


def _looked_at(organization_id: uuid.UUID | None) -> Iterator[Endpoint]:
    """What serves, or could. A database on our own server is looked after with that."""
    rows = Endpoint.objects.filter(organization=organization_id)
    rows = rows.filter(state__in=[Endpoint.State.ACTIVE, Endpoint.State.READY])
    for row in rows.exclude(kind=Endpoint.Kind.DATABASE, origin=""):
        if can_be_looked_at(row.kind, row.type):
            yield row


def _shut(row: Endpoint, guard: Guard) -> Look:
    spec = EndpointSpec(
        name=row.name, kind=endpoints.kind_of(row), type=row.type, url=row.url, id=str(row.id),
        owner=endpoints.owner_of(row.organization_id), version=row.version,
    )  # fmt: skip
    told = Health(False, 0.0, "unauthorized", "Its credentials do not open any more: enter them again.")
    return Look(Target(row.organization_id, spec, guard), told, timezone.now())


def _keep_all(batch: Iterable[Look], swept: Swept) -> None:
    """One that cannot be kept keeps no other organization's from being kept."""
    by_owner: dict[uuid.UUID | None, list[Look]] = defaultdict(list)
    for look in batch:
        by_owner[look.target.organization_id].append(look)
        swept.looked_at += 1
        swept.bad += not look.health.ok
    for organization_id, found in by_owner.items():
        try:
            with inside_of(organization_id):
                swept.turned += keep(organization_id, found)
        except Exception:
            log.exception("probes could not be kept", extra={"organization": str(organization_id)})


def keep(organization_id: uuid.UUID | None, found: list[Look]) -> list[tuple[uuid.UUID | None, str, str]]:
    """What was found of one owner, inside of it: whose turned to what."""
    turned = _keep_of_the_environment([look for look in found if not look.target.spec.id])
    with transaction.atomic():
        turned += _keep_rows(organization_id, [look for look in found if look.target.spec.id])
    with transaction.atomic():
        failover.settle(organization_id)
    if organization_id is None:
        environment.settle()
    return [(organization_id, name, state) for name, state in turned]


def _keep_rows(organization_id: uuid.UUID | None, found: list[Look]) -> list[tuple[str, str]]:
    """Probes, how each endpoint is now, and who is told; of one that changed meanwhile nothing is known."""
    versions = dict(
        Endpoint.objects.filter(id__in=[look.target.spec.id for look in found]).values_list("id", "version")
    )
    current = [
        look for look in found if versions.get(uuid.UUID(look.target.spec.id)) == look.target.spec.version
    ]
    rows = _health_rows(organization_id, current)
    Probe.objects.bulk_create(_probe(organization_id, look) for look in current)
    turned: list[tuple[str, str]] = []
    turns = {"bad_after": resolve(BAD_PROBES), "good_after": resolve(GOOD_PROBES)}
    for look in current:
        row = rows[look.target.spec.id]
        before = Reading(**{name: getattr(row, name) for name in _FIELDS})
        reading = after(before, look.health, look.at, **turns)
        _set(row, reading, look.health)
        if reading.state != before.state:
            turned.append((look.target.spec.name, reading.state))
            failover.turned(organization_id, look.target.spec, before, reading)
        if ends := _news_of_its_end(row, look):
            failover.expiring(organization_id, look.target.spec, ends)
    _save(rows.values())
    if any(row.in_a_row for row in rows.values()):
        _look_again_soon(organization_id)
    return turned


def _health_rows(organization_id: uuid.UUID | None, found: list[Look]) -> dict[str, EndpointHealth]:
    """Locked, and made where there was none."""
    ids = sorted({look.target.spec.id for look in found})
    EndpointHealth.objects.bulk_create(
        [EndpointHealth(organization_id=organization_id, endpoint_id=uuid.UUID(one)) for one in ids],
        ignore_conflicts=True,
    )
    rows = EndpointHealth.objects.select_for_update().filter(
        organization=organization_id, endpoint_id__in=ids
    )
    return {str(row.endpoint_id): row for row in rows.order_by("id")}


def _save(rows: Iterable[EndpointHealth]) -> None:
    """One statement; Django's `bulk_update` writes a CASE for every field of every row."""
    EndpointHealth.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=[*_FIELDS, "details", "updated_at"]
    )


def _set(row: EndpointHealth, reading: Reading, found: Health) -> None:
    for name, value in asdict(reading).items():
        setattr(row, name, value)
    if found.ok:  # one that does not answer says nothing of its end, which is as near as before
        told_of = {name: row.details[name] for name in ("told_of",) if name in row.details}
        ends = {"expires_at": found.expires_at.isoformat()} if found.expires_at else {}
        row.details = {**told_of, **ends}


def _news_of_its_end(row: EndpointHealth, look: Look) -> datetime | None:
    """When it ends, if that is soon and nobody was told of this end yet. Notes that they are."""
    ends = look.health.expires_at
    if not look.health.ok or ends is None or row.details.get("told_of") == ends.isoformat():
        return None
    if not ends_soon(ends, look.target.organization_id, look.at):
        return None
    row.details = {**row.details, "told_of": ends.isoformat()}
    return ends


def _probe(organization_id: uuid.UUID | None, look: Look) -> Probe:
    return Probe(
        organization_id=organization_id,
        endpoint_id=uuid.UUID(look.target.spec.id),
        at=look.at,
        ok=look.health.ok,
        milliseconds=round(look.health.seconds * 1000),
        code=look.health.code[:32],
    )


def _keep_of_the_environment(found: list[Look]) -> list[tuple[str, str]]:
    turned: list[tuple[str, str]] = []
    latest = {look.target.spec: look for look in found}
    kept: list[tuple[EndpointSpec, Reading]] = []
    for spec, before in readings_of(latest):
        reading = after(before, latest[spec].health, latest[spec].at)
        kept.append((spec, reading))
        if reading.state != before.state:
            turned.append((spec.name, reading.state))
            with transaction.atomic():
                failover.turned(None, spec, before, reading)
    if kept:
        keep_readings(kept)
    return turned


def _look_again_soon(organization_id: uuid.UUID | None) -> None:
    if organization_id is not None:
        soon = timezone.now() + timedelta(seconds=SOON)
        Watch.objects.filter(organization_id=organization_id, due_at__gt=soon).update(due_at=soon)
        return
    try:
        caches["platform"].touch(PLATFORM_DUE, SOON)
    except (RedisError, OSError):
        return


def _forget(organization_id: uuid.UUID | None, before: datetime) -> int:
    forgotten = 0
    with inside_of(organization_id):
        old = Probe.objects.filter(organization=organization_id, at__lt=before)
        while ids := list(old.values_list("id", flat=True)[:AT_A_TIME]):
            forgotten += Probe.objects.filter(id__in=ids).delete()[0]
    return forgotten


@contextmanager
def inside_of(organization_id: uuid.UUID | None) -> Iterator[None]:
    """Its rows of the control plane, wherever the organization itself lives, also when that is away."""
    if organization_id is None:
        with without_tenant(reason="endpoints of the platform itself"):
            yield
        return
    with use_tenant(TenantContext(organization_id, "", CONTROL_PLANE)):
        yield
