"""Shared pools: where many organizations live side by side, on our server or on another one."""

from __future__ import annotations

import logging
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotFound
from humana.kernel.text import clean_line
from tenants.db.aliases import forget
from tenants.db.dropping import drop_schema
from tenants.db.unreachable import in_a_sentence
from tenants.models import Isolation, Placement
from tenants.owner import owner_connection
from tenants.services.events import control_event
from tenants.services.placing.preparing import make_tables, prove_tables

log = logging.getLogger(__name__)


def open_pool(
    *, name: str, url: str = "", owner_url: str = "", capacity: int | None = None, zone: str = ""
) -> Placement:
    """Make a pool, prove that it isolates, and let organizations in.

    On our server, or on the one at `url`, which is joined first; `owner_url` signs the owner of its tables
    in. Cut off, it goes on when called again with the same name and server; what else is asked for holds
    then. Raises Invalid for what cannot be, before anything is made, Conflict where the name is taken or
    the pool was begun elsewhere, and EndpointError where the server does not answer.
    """
    wanted = _checked(name, capacity, zone)
    placement = _begun(wanted, url) or _begin(wanted, url, owner_url)
    with in_a_sentence():
        make_tables(placement)
        facts = prove_tables(placement)
    with transaction.atomic():
        placement.state = Placement.State.READY
        placement.save(update_fields=["state", "updated_at"])
        control_event("placement.pool_opened", "placement", placement.id, organization_id=None, payload=facts)
    return placement


def close_pool(*, name: str) -> Placement | None:
    """No new organization goes there; those that are there stay.

    A pool that was never opened is given up instead: None, and nothing of it is left.
    """
    called = clean_line(name, field="name", limit=80)
    placement = Placement.objects.filter(name=called, isolation=Isolation.ROW).first()
    if placement is None:
        raise NotFound(_("There is no pool of this name."))
    if placement.state == Placement.State.PREPARING:
        _give_up(placement)
        return None
    with transaction.atomic():
        Placement.objects.filter(id=placement.id).update(state=Placement.State.CLOSED)
        control_event("placement.pool_closed", "placement", placement.id, organization_id=None)
    placement.refresh_from_db()
    return placement


def name_taken() -> Conflict:
    message = _("There is a placement of this name already.")
    return Conflict(message, field="name", code="name_taken")


def _checked(name: str, capacity: int | None, zone: str) -> Placement:
    """As it would be kept; nothing is kept yet."""
    placement = Placement(
        name=clean_line(name, field="name", limit=80),
        zone=clean_line(zone, field="zone", limit=40, required=False),
        capacity=capacity,
        isolation=Isolation.ROW,
        state=Placement.State.PREPARING,
    )
    placement.schema_name = f"pool_{placement.id.hex[-12:]}"
    try:
        placement.clean_fields()
    except ValidationError as error:
        field = next(iter(error.message_dict))
        raise Invalid(" ".join(error.message_dict[field]), field=field) from None
    return placement


def _begun(wanted: Placement, url: str) -> Placement | None:
    """The pool of this name that was not made to its end, with what is asked for now."""
    placement = Placement.objects.filter(name=wanted.name).first()
    if placement is None:
        return None
    if placement.isolation != Isolation.ROW or placement.state != Placement.State.PREPARING:
        raise name_taken()
    if not _is_at(placement, url):
        message = _("This pool was begun on another server: name that one, or give the pool up first.")
        raise Conflict(message, field="url", code="begun_elsewhere")
    placement.capacity, placement.zone = wanted.capacity, wanted.zone
    placement.save(update_fields=["capacity", "zone", "updated_at"])
    return placement


def _is_at(placement: Placement, url: str) -> bool:
    """Whether the pool is on the server, and in the database, that the address names."""
    if not url or placement.database == DEFAULT_DB_ALIAS:
        return not url and placement.database == DEFAULT_DB_ALIAS
    known = connections.settings[placement.database]
    try:
        there = urlsplit(url)
        named = (there.hostname, str(there.port or 5432), unquote(there.path.lstrip("/")))
    except ValueError:
        return False
    return named == (known["HOST"], str(known["PORT"]), known["NAME"])


def _begin(wanted: Placement, url: str, owner_url: str) -> Placement:
    if url:
        wanted.database = ports.join_server(name=wanted.name, url=url, owner_url=owner_url)
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError:
        _release(wanted.database)
        raise name_taken() from None
    return wanted


def _give_up(placement: Placement) -> None:
    """Nobody ever lived there. Tables on a server that does not answer stay on it, empty."""
    try:
        with owner_connection(placement.database) as connection:
            drop_schema(connection, placement.schema_name)
    except (psycopg.Error, HumanaError):
        log.warning("pool given up, its tables were out of reach", exc_info=True)
    with transaction.atomic():
        Placement.objects.filter(id=placement.id).delete()
        told = {"placement": placement.name}
        control_event(
            "placement.pool_given_up", "placement", placement.id, organization_id=None, payload=told
        )
        _release(placement.database)


def _release(alias: str) -> None:
    """How to sign in to another server is kept for as long as something is there."""
    if alias != DEFAULT_DB_ALIAS:
        ports.release_database(alias)
        forget(alias)
