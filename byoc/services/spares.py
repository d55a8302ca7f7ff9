"""What may stand in for an endpoint: of the same owner, in the zone, ready to serve, in the role for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.utils.translation import gettext as _

from byoc.models import Endpoint, Failover
from humana.kernel.errors import Conflict, HumanaError, Invalid

#: The role of what stands in, by kind, and the way it does; the first that there is.
SPARES: dict[str, tuple[tuple[str, str], ...]] = {
    "llm": (("fallback", Failover.Way.FALLBACK),),
    "database": (("replica", Failover.Way.READ_ONLY), ("backup", Failover.Way.STANDBY)),
    "storage": (("backup", Failover.Way.BACKUP),),
}
#: Roles that something stands in for.
SERVING = frozenset({"primary", "documents", "attachments", "exports"})


def needed_state(kind: str) -> str:
    """A database serves when it is ready; see `Endpoint.State`."""
    return Endpoint.State.READY if kind == Endpoint.Kind.DATABASE else Endpoint.State.ACTIVE


def spares_of(endpoint: Endpoint) -> Iterator[tuple[Endpoint, str]]:
    """What may stand in for it, in order, and how."""
    for role, way in SPARES.get(endpoint.kind, ()):
        rows = Endpoint.objects.filter(
            organization=endpoint.organization_id, kind=endpoint.kind, role=role
        ).exclude(id=endpoint.id)
        for row in rows.filter(state=needed_state(endpoint.kind)).order_by("rank", "name"):
            if _in_zone(endpoint, row) and _same_data(endpoint, row):
                yield row, way


def choices_of(endpoint: Endpoint) -> list[Endpoint]:
    """Those that a person may choose among; whoever chooses a standby says that it was promoted."""
    if endpoint.role not in SERVING or endpoint.state != needed_state(endpoint.kind):
        return []
    return [spare for spare, _way in spares_of(endpoint)]


def chosen(endpoint: Endpoint, wanted: uuid.UUID | None) -> tuple[Endpoint, str]:
    """The one named, or the first. Conflict or Invalid with the reason why it may not."""
    for spare, way in spares_of(endpoint):
        if wanted in (None, spare.id):
            return spare, way
    if wanted is not None:
        raise _refusal(endpoint, wanted)
    message = _("Nothing may stand in for “%(name)s”: it has to be ready, and in the organization's zone.")
    raise Conflict(message % {"name": endpoint.name}, code="no_stand_in")


def _refusal(endpoint: Endpoint, wanted: uuid.UUID) -> HumanaError:
    rows = Endpoint.objects.filter(organization=endpoint.organization_id, id=wanted)
    spare = rows.exclude(state=Endpoint.State.CLOSED).first()
    if spare is None:
        return Invalid(_("There is no such endpoint here."), field="to")
    roles = {role for role, _way in SPARES.get(endpoint.kind, ())}
    named = {"name": spare.name, "other": endpoint.name, "zone": _zone_of(endpoint)}
    if spare.kind != endpoint.kind or spare.role not in roles or not _same_data(endpoint, spare):
        message = _("“%(name)s” is not meant to stand in for “%(other)s”. Choose one that is.")
        return Conflict(message % named, code="not_a_stand_in")
    if not _in_zone(endpoint, spare):
        message = _(
            "“%(name)s” is not in the zone %(zone)s, which the organization's content does not leave."
        )
        return Conflict(message % named, code="outside_zone")
    message = _("“%(name)s” is not in use.")
    if spare.state == Endpoint.State.DRAFT:
        message = _("“%(name)s” has to be validated first.")
    return Conflict(message % named, code="not_active")


def _zone_of(endpoint: Endpoint) -> str:
    return endpoint.organization.zone if endpoint.organization else ""


def _in_zone(endpoint: Endpoint, spare: Endpoint) -> bool:
    return _zone_of(endpoint) in ("", spare.zone)


def _same_data(endpoint: Endpoint, spare: Endpoint) -> bool:
    """A replica has every database of its primary under the same name; a storage names its backup."""
    if endpoint.kind == Endpoint.Kind.STORAGE:
        return bool(spare.name == endpoint.options.get("backup"))
    if endpoint.kind != Endpoint.Kind.DATABASE:
        return True
    database = endpoint.options.get("database")
    if spare.origin == endpoint.origin:
        return False  # a server does not stand in for itself
    return spare.type == endpoint.type and spare.options.get("database") == database
