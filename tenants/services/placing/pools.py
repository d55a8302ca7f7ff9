"""Shared pools: where many organizations live side by side, on our server or on another one."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, NotFound
from tenants.models import Isolation, Placement
from tenants.services.events import control_event
from tenants.services.placing.preparing import make_tables, prove_tables


def open_pool(
    *, name: str, database: str = DEFAULT_DB_ALIAS, capacity: int | None = None, zone: str = ""
) -> Placement:
    """Make a pool in the database of that alias, prove that it isolates, and let organizations in.

    Cut off, it goes on when called again with the same name. Raises Conflict where a pool of this
    name is open already.
    """
    placement = _begun(name, database, capacity, zone)
    make_tables(placement)
    facts = prove_tables(placement)
    with transaction.atomic():
        placement.state = Placement.State.READY
        placement.save(update_fields=["state", "updated_at"])
        control_event("placement.pool_opened", "placement", placement.id, organization_id=None, payload=facts)
    return placement


def _begun(name: str, database: str, capacity: int | None, zone: str) -> Placement:
    placement = begun_pool(name)
    if placement is not None:
        return placement
    placement = Placement(
        name=name, isolation=Isolation.ROW, database=database, capacity=capacity, zone=zone,
        state=Placement.State.PREPARING,
    )  # fmt: skip
    placement.schema_name = f"pool_{placement.id.hex[-12:]}"
    placement.save()
    return placement


def begun_pool(name: str) -> Placement | None:
    """The pool of this name that was not made to its end. Raises Conflict for a finished one."""
    placement = Placement.objects.filter(name=name).first()
    if placement is not None and placement.state != Placement.State.PREPARING:
        raise Conflict(_("There is a placement of this name already."), field="name", code="name_taken")
    return placement


def close_pool(*, name: str) -> Placement:
    """No new organization goes there; those that are there stay."""
    placement = Placement.objects.filter(name=name, isolation=Isolation.ROW).first()
    if placement is None:
        raise NotFound(_("There is nothing here."))
    with transaction.atomic():
        Placement.objects.filter(id=placement.id).update(state=Placement.State.CLOSED)
        control_event("placement.pool_closed", "placement", placement.id, organization_id=None)
    placement.refresh_from_db()
    return placement
