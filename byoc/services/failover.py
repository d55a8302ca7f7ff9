"""Something stands in for an endpoint that does not serve, and gives way when it serves again.

    turned(…)                 an endpoint turned bad or well: noted in the trail, and told
    expiring(…)               its certificate ends soon: the same
    settle(organization_id)   after every look: begin what has to begin, end what may end
    fail_over(…)              a person says so; it lasts until a person says otherwise
    come_back(…)              a person says so

    kind        what stands in                 by itself                   back by itself
    llm         an active `fallback`           yes                         yes
    database    a ready `replica`, read only   yes                         yes, when it takes changes
    database    a ready `backup`               proposed; see `standby`     never: see `homecoming`
    storage     the active `backup` it names   yes                         when its files are copied back

Nothing outside the organization's zone ever stands in, and never the platform's for an organization's own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from byoc import endpoints, standing
from byoc.config_keys import FAILOVER_AUTOMATIC
from byoc.contracts import EndpointSpec
from byoc.databases import alias_of
from byoc.models import Endpoint, EndpointHealth, Failover
from byoc.permissions import EDIT
from byoc.queries_health import inside
from byoc.readings import Reading
from byoc.services import notices
from byoc.services.spares import SERVING, SPARES, chosen, needed_state, spares_of
from humana.kernel.errors import Conflict, NotFound
from humana.kernel.registry import Registry
from tenants.config.resolver import resolve_for
from tenants.db.aliases import forget
from tenants.models import Membership, Organization
from tenants.permissions import require
from tenants.services.events import control_event

#: Ways that take more than a word to end: what was written meanwhile is copied back. Each wakes a worker, by
#: the organization's id and the failover's, and is asked again after every look.
RETURNS: Registry[Any] = Registry("way back")
#: Ways back that somebody else is at: what became of it is asked after every look, in the transaction.
FOLLOWED: Registry[Any] = Registry("way back that is followed")


def turned(organization_id: uuid.UUID | None, spec: EndpointSpec, before: Reading, now: Reading) -> None:
    """In the transaction that keeps it, for each endpoint that turned. The first good look is no news."""
    if now.state == "bad":
        event = "endpoint.failing"
    elif before.state == "bad":
        event = "endpoint.recovered"
    else:
        return
    facts = {"endpoint": spec.name, "kind": spec.kind, "role": spec.role, "code": now.code}
    control_event(event, "endpoint", spec.id, organization_id=organization_id, payload=facts)
    notices.tell(organization_id, event, facts)


def expiring(organization_id: uuid.UUID | None, spec: EndpointSpec, ends: datetime) -> None:
    """In the transaction that keeps it, once for each certificate that ends soon."""
    facts = {"endpoint": spec.name, "kind": spec.kind, "role": spec.role, "day": f"{ends:%Y-%m-%d}"}
    control_event("endpoint.expiring", "endpoint", spec.id, organization_id=organization_id, payload=facts)
    notices.tell(organization_id, "endpoint.expiring", facts)


def settle(organization_id: uuid.UUID | None) -> None:
    """Every failover that should be is, and no other. Inside the organization; asks no endpoint."""
    states = EndpointHealth.objects.filter(organization=organization_id)
    health = dict(states.values_list("endpoint_id", "state"))
    open_ = {row.endpoint_id: row for row in open_of(organization_id).exclude(endpoint=None)}
    if "bad" not in health.values() and not open_:
        return
    for row in open_.values():
        if row.state == Failover.State.RETURNING and row.way in FOLLOWED:
            FOLLOWED.get(row.way)(organization_id, row)
        elif row.state == Failover.State.RETURNING:
            _go_on(row, well=health.get(row.endpoint_id) != "bad")
        elif health.get(row.endpoint_id) == "good" and _ends_by_itself(row):
            _end(row)
    if not resolve_for(organization_id, FAILOVER_AUTOMATIC):
        return
    for endpoint in _serving(organization_id):
        if health.get(endpoint.id) == "bad" and endpoint.id not in open_ and not _refused(endpoint):
            _begin_by_itself(endpoint, health)


def fail_over(
    *,
    organization: Organization | None,
    endpoint_id: uuid.UUID,
    to_endpoint_id: uuid.UUID | None = None,
    member: Membership | None = None,
) -> Failover:
    """Let another serve instead, until somebody says otherwise: the one named, or the first there is.

    Conflict where something stands in already, and where nothing may, or not the one named; Invalid where
    there is none like that. A standby database is not for this: see `standby.confirm_standby`.
    """
    with by_whom_may(organization, member), transaction.atomic():
        endpoint = held(organization, endpoint_id, lock=True)
        if open_of(organization.id if organization else None).filter(endpoint=endpoint).exists():
            message = _("Something stands in for “%(name)s” already.") % {"name": endpoint.name}
            raise Conflict(message, code="stands_in_already")
        spare, way = chosen(endpoint, to_endpoint_id)
        if way == Failover.Way.STANDBY:
            message = _("A standby database is used once its promotion is confirmed.")
            raise Conflict(message, code="confirm_promotion")
        return begin(endpoint, spare, way, why="by_hand", details={"by": "person"})


def come_back(
    *, organization: Organization | None, endpoint_id: uuid.UUID, member: Membership | None = None
) -> Failover:
    """The endpoint serves again. Conflict where nothing stands in for it, or it holds rows of its own."""
    with by_whom_may(organization, member), transaction.atomic():
        endpoint = held(organization, endpoint_id, lock=True)
        rows = open_of(organization.id if organization else None)
        row = rows.select_for_update(of=["self"]).filter(endpoint=endpoint).first()
        if row is None:
            message = _("Nothing stands in for “%(name)s”.") % {"name": endpoint.name}
            raise Conflict(message, code="nothing_stands_in")
        if row.state == Failover.State.RETURNING:
            message = _("“%(name)s” is on its way back: what was written meanwhile is copied first.")
            raise Conflict(message % {"name": endpoint.name}, code="coming_back")
        if row.way == Failover.Way.STANDBY and row.state == Failover.State.ACTIVE:
            message = _("“%(name)s” does not have what was written since: that has to be carried there.")
            raise Conflict(message % {"name": endpoint.name}, code="standby_has_more")
        row.details = {**row.details, "ended_by": "person"}
        return _end(row)


@contextmanager
def by_whom_may(organization: Organization | None, member: Membership | None) -> Iterator[None]:
    """In the organization, by one of its people who may; without a member by Humana itself and operators."""
    if organization is None and member is not None:
        raise NotFound(_("There is nothing here."))
    with inside(organization):
        if member is not None:
            require(member, EDIT.name)
        yield


def open_of(organization_id: uuid.UUID | None) -> Any:
    """Failovers that are not over, with their endpoints."""
    rows = Failover.objects.filter(organization=organization_id).exclude(state=Failover.State.OVER)
    return rows.select_related("endpoint", "to_endpoint")


def _serving(organization_id: uuid.UUID | None) -> Iterator[Endpoint]:
    for row in Endpoint.objects.filter(organization=organization_id, role__in=SERVING, kind__in=SPARES):
        if row.state == needed_state(row.kind):
            yield row


def _ends_by_itself(row: Failover) -> bool:
    if row.details.get("by") == "person":
        return False
    return row.way != Failover.Way.STANDBY or row.state == Failover.State.PROPOSED


def _refused(endpoint: Endpoint) -> bool:
    """Whether a person ended what stood in, or declined it, since this endpoint has been bad."""
    ended = Failover.objects.filter(endpoint=endpoint, state="over", details__ended_by="person")
    since = EndpointHealth.objects.filter(endpoint=endpoint).values("since")[:1]
    return ended.filter(back_at__gte=since).exists()


def _begin_by_itself(endpoint: Endpoint, health: dict[uuid.UUID, str]) -> None:
    found = next(((one, way) for one, way in spares_of(endpoint) if health.get(one.id) == "good"), None)
    if found is None:
        return
    spare, way = found
    state = Failover.State.PROPOSED if way == Failover.Way.STANDBY else Failover.State.ACTIVE
    code = EndpointHealth.objects.filter(endpoint=endpoint).values_list("code", flat=True).first()
    try:
        with transaction.atomic():
            begin(endpoint, spare, way, why=code or "", state=state)
    except IntegrityError:
        return  # somebody began it meanwhile


def held(organization: Organization | None, endpoint_id: uuid.UUID, *, lock: bool = False) -> Endpoint:
    """An endpoint that serves, of that owner. NotFound."""
    rows = Endpoint.objects.select_related("organization")
    if lock:
        rows = rows.select_for_update(of=["self"])
    endpoint = rows.filter(organization=organization, id=endpoint_id, role__in=SERVING).first()
    if endpoint is None or endpoint.state != needed_state(endpoint.kind):
        raise NotFound(_("There is nothing here."))
    return endpoint


def begin(endpoint: Endpoint | None, spare: Endpoint, way: str, **fields: Any) -> Failover:
    """In the transaction of whoever decided it. Without an endpoint it is `named` among `fields`."""
    row = Failover.objects.create(
        organization_id=spare.organization_id, endpoint=endpoint, to_endpoint=spare, way=way,
        began_at=timezone.now(), **fields,
    )  # fmt: skip
    note(row, "failover.proposed" if row.state == Failover.State.PROPOSED else "failover.began")
    return row


def _end(row: Failover) -> Failover:
    if row.state == Failover.State.ACTIVE and row.way in RETURNS:
        row.state = Failover.State.RETURNING
        row.save()
        note(row, "failover.returning")
        _go_on(row, well=True)
        return row
    return end(row)


def _go_on(row: Failover, *, well: bool) -> None:
    """What is on its way back goes on; not while its endpoint is bad again."""
    if not well:
        row.state = Failover.State.ACTIVE
        row.save()
        note(row, "failover.began")
        return
    transaction.on_commit(lambda: RETURNS.get(row.way)(row.organization_id, row.id))


def end(row: Failover, *, told: bool = True) -> Failover:
    """It is over; also for whoever copied back what was written meanwhile. Not told where another begins."""
    row.state, row.back_at = Failover.State.OVER, timezone.now()
    row.save()
    if told:
        note(row, "failover.ended")
    return row


def note(row: Failover, event: str) -> None:
    """Every process hears of it, the trail too, and whoever is told. In the transaction of the change."""
    by = row.to_endpoint.name if row.to_endpoint else ""
    facts = {
        "endpoint": row.whose,
        "kind": row.kind,
        "way": row.way,
        "by": by,
        "code": row.why,
    }
    control_event(event, "failover", row.id, organization_id=row.organization_id, payload=facts)
    notices.tell(row.organization_id, event, facts)
    standing.changed(row.organization_id)
    endpoints.changed(row.organization_id)
    if row.endpoint is not None and row.kind == Endpoint.Kind.DATABASE:
        alias = alias_of(row.endpoint)
        transaction.on_commit(lambda: forget(alias))
