"""A standby database is used once somebody says that it was promoted, and it takes changes.

The promotion is the customer's own act, on their server. Before the word is taken both servers are asked: the
standby has to take changes, and the one it stands in for must not.
"""

from __future__ import annotations

import uuid
from typing import Any, LiteralString

import psycopg
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.adapters.database.base import PATIENCE
from byoc.databases import settings_of
from byoc.models import Endpoint, Failover
from byoc.services import failover
from byoc.services.spares import spares_of
from humana.kernel.actor import current_actor
from humana.kernel.errors import Conflict, EndpointError
from tenants.db.backend.bounded import MOST_LOOKED_AT, Bounded
from tenants.db.unreachable import unreachable
from tenants.models import Membership, Organization

#: What libpq is told of the settings of a database.
_DIALLED = ("hostaddr", "sslmode", "sslrootcert", "connect_timeout")


def confirm_standby(
    *,
    organization: Organization | None,
    endpoint_id: uuid.UUID,
    standby_id: uuid.UUID | None = None,
    member: Membership | None = None,
) -> Failover:
    """From now on the organization works in the standby: the one named, the one proposed, or the first.

    Conflict where it is a replica still, and where the first one takes changes too; EndpointError where the
    standby does not answer. Asks both servers: outside of every transaction.
    """
    with failover.by_whom_may(organization, member):
        endpoint = failover.held(organization, endpoint_id)
        standby = _chosen(endpoint, standby_id)
        if not takes_changes(standby):
            message = _("“%(name)s” is a replica still. Promote it on your side first, then confirm.")
            raise Conflict(message % {"name": standby.name}, code="not_promoted")
        if _still_takes_changes(endpoint):
            message = _(
                "“%(name)s” takes changes. Switch it off first: two databases that take changes part ways."
            )
            raise Conflict(message % {"name": endpoint.name}, code="both_take_changes")
        with transaction.atomic():
            failover.held(organization, endpoint_id, lock=True)
            for row in failover.open_of(endpoint.organization_id).filter(endpoint=endpoint):
                failover.end(row, told=False)
            return failover.begin(
                endpoint, standby, Failover.Way.STANDBY, why="by_hand",
                confirmed_by=member.user_id if member else current_actor().user_id,
                details={"by": "person", "confirmed_at": timezone.now().isoformat()},
            )  # fmt: skip


def takes_changes(endpoint: Endpoint) -> bool:
    """Whether the server takes changes from our user now. EndpointError where it does not answer."""
    return bool(ask(endpoint, "SHOW transaction_read_only") == "off")


def ask(endpoint: Endpoint, query: LiteralString, *given: object) -> Any:
    """The first value of the answer, by our user on a connection of its own. EndpointError."""
    wanted = settings_of(endpoint)
    options = {name: wanted["OPTIONS"][name] for name in _DIALLED if name in wanted["OPTIONS"]}
    try:
        with Bounded.connect(
            host=wanted["HOST"], port=wanted["PORT"], dbname=wanted["NAME"], user=wanted["USER"],
            password=wanted["PASSWORD"], autocommit=True, **options,
        ) as connection:  # fmt: skip
            connection.patience, connection.most = PATIENCE, MOST_LOOKED_AT
            row = connection.execute(query, given or None).fetchone()
    except psycopg.Error as error:
        raise unreachable(error) from error
    return row[0] if row else None


def _still_takes_changes(endpoint: Endpoint) -> bool:
    try:
        return takes_changes(endpoint)
    except EndpointError:
        return False


def _chosen(endpoint: Endpoint, wanted: uuid.UUID | None) -> Endpoint:
    """The one named, else the one proposed, else a backup before a replica."""
    proposed = failover.open_of(endpoint.organization_id).filter(
        endpoint=endpoint, way=Failover.Way.STANDBY, state=Failover.State.PROPOSED
    )
    wanted = wanted or proposed.values_list("to_endpoint_id", flat=True).first()
    spares = sorted(spares_of(endpoint), key=lambda one: one[1] != Failover.Way.STANDBY)
    for spare, _way in spares:
        if endpoint.kind == Endpoint.Kind.DATABASE and wanted in (None, spare.id):
            return spare
    message = _("No standby of “%(name)s” is ready, in the organization's zone, with the same database.")
    raise Conflict(message % {"name": endpoint.name}, code="no_stand_in")
