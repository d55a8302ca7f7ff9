"""The way back from a standby that was promoted: what was written there is carried to the first database.

    stand_in(…)     what a person presses: a standby is confirmed, anything else fails over
    come_back(…)    what a person presses: from a standby the organization moves, anything else ends at once
    follow(…)       after every look: once the move has arrived, the first database is the primary again

The move is the one that carries organizations anywhere: beside the old rows, digests compared, while people
work; until it has arrived the standby is in use, and giving it up (`move_organization --undo`) leaves it so.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from byoc import endpoints
from byoc.databases import alias_of
from byoc.models import Endpoint, Failover
from byoc.queries import use_of
from byoc.sealing import credentials_of, sealed_credentials
from byoc.services import failover
from byoc.services.spares import spares_of
from byoc.services.standby import ask, confirm_standby, takes_changes
from humana.kernel.errors import Conflict
from tenants.models import Isolation, Membership, Organization, PlacementJob
from tenants.services.placing import moving

_ACTIVE, _RETURNING = Failover.State.ACTIVE, Failover.State.RETURNING
_COLUMNS = """
SELECT md5(string_agg(concat_ws(' ', table_name, column_name, data_type), ','
                      ORDER BY table_name, column_name))
FROM information_schema.columns WHERE table_schema = %s
"""


def stand_in(
    *,
    organization: Organization | None,
    endpoint_id: uuid.UUID,
    to_endpoint_id: uuid.UUID | None = None,
    member: Membership | None = None,
) -> Failover:
    """Whoever names a standby says that it was promoted. Raises as `fail_over` and `confirm_standby` do."""
    given = {"organization": organization, "endpoint_id": endpoint_id, "member": member}
    with failover.by_whom_may(organization, member):
        endpoint = failover.held(organization, endpoint_id)
        named = [way for spare, way in spares_of(endpoint) if spare.id == to_endpoint_id]
    if named == [Failover.Way.STANDBY]:
        return confirm_standby(**given, standby_id=to_endpoint_id)  # type: ignore[arg-type]
    return failover.fail_over(**given, to_endpoint_id=to_endpoint_id)  # type: ignore[arg-type]


def come_back(
    *, organization: Organization | None, endpoint_id: uuid.UUID, member: Membership | None = None
) -> Failover:
    """Raises as `failover.come_back` and `return_to_primary` do."""
    if organization is not None:
        with failover.by_whom_may(organization, member):
            row = _in_standby(organization, endpoint_id)
        if row is not None:
            return return_to_primary(organization=organization, endpoint_id=endpoint_id, member=member)
    return failover.come_back(organization=organization, endpoint_id=endpoint_id, member=member)


def return_to_primary(
    *, organization: Organization, endpoint_id: uuid.UUID, member: Membership | None = None
) -> Failover:
    """Begin to carry the organization back. Conflict says why that cannot be; EndpointError where it does not
    answer. Asks both servers: outside of every transaction."""
    with failover.by_whom_may(organization, member):
        row = _in_standby(organization, endpoint_id)
        if row is None:
            raise Conflict(_("No standby is in use for it."), code="nothing_stands_in")
        _must_be_fit(organization, row)
        with transaction.atomic():
            failover.held(organization, endpoint_id, lock=True)
            home = _door_to(row.endpoint)
            job = moving.move(
                organization=organization, isolation=Isolation.DATABASE, database=alias_of(home)
            )
            row.state, row.details = _RETURNING, {**row.details, "job": str(job.id), "home": str(home.id)}
            row.save()
            failover.note(row, "failover.returning")
    return row


def follow(organization_id: uuid.UUID, row: Failover) -> None:
    """In the organization, in a transaction: what became of the move."""
    job = PlacementJob.objects.filter(id=row.details["job"]).first()
    if job is None or job.state == PlacementJob.State.UNDONE:
        row.state = _ACTIVE
        row.save()
        failover.note(row, "failover.began")
    elif job.state == PlacementJob.State.DONE:
        _at_home(row)


def job_of(row: Failover | None) -> PlacementJob | None:
    """The move that brings it back, for whoever waits."""
    if row is None or row.state != _RETURNING or "job" not in row.details:
        return None
    return PlacementJob.objects.filter(id=row.details["job"]).first()


def _in_standby(organization: Organization, endpoint_id: uuid.UUID) -> Failover | None:
    rows = failover.open_of(organization.id).filter(way=Failover.Way.STANDBY, state=_ACTIVE)
    found: Failover | None = rows.filter(endpoint_id=endpoint_id).first()
    return found


def _must_be_fit(organization: Organization, row: Failover) -> None:
    first, standby = row.endpoint, row.to_endpoint
    named = {"name": first.name, "zone": organization.zone}
    if organization.placement.database != alias_of(first):
        message = _("The organization itself does not live in “%(name)s”: move what does by hand.")
        raise Conflict(message % named, code="not_its_home")
    if organization.zone not in ("", first.zone):
        message = _(
            "“%(name)s” is not in the zone %(zone)s, which the organization's content does not leave."
        )
        raise Conflict(message % named, code="outside_zone")
    if not takes_changes(first):
        message = _("“%(name)s” takes no changes: start it as a server of its own, not as a replica.")
        raise Conflict(message % named, code="takes_no_changes")
    schema = organization.placement.schema_name
    if standby is None or ask(first, _COLUMNS, schema) != ask(standby, _COLUMNS, schema):
        message = _(
            "“%(name)s” does not have the tables that the standby has. Bring it anew and move the"
            " organization there."
        )
        raise Conflict(message % named, code="other_tables")


def _door_to(first: Endpoint) -> Endpoint:
    """Another way to the first database: the alias of its own leads to the standby until all is over."""
    rows = Endpoint.objects.filter(
        organization=first.organization, kind=first.kind, origin=first.origin, type=first.type,
        options__database=first.options.get("database"),
    )  # fmt: skip
    for left in rows.filter(role=Endpoint.Role.BACKUP).exclude(id=first.id):
        if not use_of(left):  # of a way back that was given up
            left.delete()
    door = Endpoint(
        organization=first.organization, kind=first.kind, role=Endpoint.Role.BACKUP, type=first.type,
        name=first.name, origin=first.origin, path=first.path, options=first.options, zone=first.zone,
        region=first.region, tags=first.tags, state=Endpoint.State.READY,
    )  # fmt: skip
    door.credentials = sealed_credentials(door, credentials_of(first))
    door.save(force_insert=True)
    endpoints.changed(first.organization_id)
    return door


def _at_home(row: Failover) -> None:
    """The door is the primary's from now on. The standby follows nobody any more: it is validated anew."""
    rows = Endpoint.objects.filter(organization=row.organization_id)
    rows.filter(failovers=row).update(role=Endpoint.Role.BACKUP)
    rows.filter(id=row.details["home"]).update(role=Endpoint.Role.PRIMARY)
    rows.filter(stands_in=row).update(state=Endpoint.State.DRAFT)
    failover.end(row)


failover.FOLLOWED.add(Failover.Way.STANDBY, follow)
