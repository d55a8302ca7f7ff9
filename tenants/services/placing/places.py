"""Which placement an organization gets: by its plan, where there is room."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tenants.db import breaker
from tenants.models import Isolation, Organization, Placement, Plan
from tenants.queries import with_room

ISOLATION_OF_PLAN = {
    Plan.FREE: Isolation.ROW,
    Plan.PRO: Isolation.ROW,
    Plan.BUSINESS: Isolation.SCHEMA,
    Plan.ENTERPRISE: Isolation.DATABASE,
}


def settle(*, organization: Organization, isolation: str, pool: Placement | None = None) -> None:
    """Save a new organization with its placement: a pool it can be used in, or one to be made for it."""
    if isolation == Isolation.ROW:
        organization.placement = require_room(pool) if pool else roomiest_pool()
        organization.save(force_insert=True)
        return
    organization.state = Organization.State.PROVISIONING
    organization.placement = own_placement(
        organization=organization, isolation=isolation, database=roomiest_database()
    )
    organization.save(force_insert=True)
    if isolation == Isolation.DATABASE:
        placement = organization.placement
        placement.database = ports.register_database(organization)
        placement.save(update_fields=["database", "updated_at"])


def place_for(*, organization: Organization, isolation: str, database: str | None = None) -> Placement:
    """A pool with room, or a placement of the organization's own; nothing is made there yet.

    `database` is the alias of one that the organization brought; else it is on the platform's server.
    Raises NotFound where it has none of that alias, and Conflict where a placement is in it already: on
    MariaDB their tables would be the same.
    """
    if isolation == Isolation.ROW:
        return roomiest_pool()
    if isolation == Isolation.SCHEMA:
        return own_placement(organization=organization, isolation=isolation, database=roomiest_database())
    if database is not None:
        _require_free(organization, database)
    alias = database or ports.register_database(organization)
    return own_placement(organization=organization, isolation=isolation, database=alias)


def _require_free(organization: Organization, database: str) -> None:
    with use_tenant(organization.context):
        ports.locate_database(database)
    if Placement.objects.filter(database=database).exists():
        raise Conflict(_("Something lives in this database already: choose another one."), code="in_use")


def own_placement(*, organization: Organization, isolation: str, database: str) -> Placement:
    """A placement for this organization alone, in the database of that alias; nothing is made there yet."""
    placement = Placement(isolation=isolation, database=database, state=Placement.State.PREPARING, capacity=1)
    placement.schema_name = schema_name(organization.slug, placement.id.hex)
    placement.name = f"{organization.slug} · {placement.id.hex[-8:]}"
    placement.zone = organization.zone
    placement.save()
    return placement


def schema_name(slug: str, key: str) -> str:
    """A name that no two placements share, that needs no quoting and that people recognise."""
    return f"o_{slug[:30].replace('-', '_')}_{key[-12:]}"


def roomiest_pool() -> Placement:
    """The least loaded pool that still takes organizations, on a server that answers.

    The pools are locked first and counted then, so that two sign-ups cannot take one last place.
    """
    ready = [pool.pk for pool in _locked_pools() if not breaker.is_silent(pool.database)]
    roomy = with_room(Placement.objects.filter(pk__in=ready))
    best: Placement | None = roomy.order_by("used", "name").first()
    if best is None:
        raise _no_room()
    return best


def require_room(pool: Placement) -> Placement:
    """The pool as it is now, locked until the transaction ends. Conflict where it takes no more."""
    pool = Placement.objects.select_for_update().get(id=pool.id)
    open_to_more = pool.state == Placement.State.READY and pool.isolation == Isolation.ROW
    if not open_to_more or not with_room(Placement.objects.filter(id=pool.id)).exists():
        raise Conflict(_("This pool takes no more organizations: choose another one."), code="pool_is_full")
    return pool


def roomiest_database() -> str:
    """The alias of the server, among those with a pool, that has the fewest schemas and room for more.

    A database slows down for everybody on it beyond some hundreds of schemas (HUMANA_MOST_SCHEMAS).
    """
    servers = sorted({pool.database for pool in _locked_pools()})
    schemas = Placement.objects.filter(isolation=Isolation.SCHEMA, database__in=servers)
    counted = dict(schemas.values_list("database").annotate(number=Count("id")).order_by())
    best = min(servers, key=lambda one: counted.get(one, 0), default=None)
    if best is None or counted.get(best, 0) >= settings.HUMANA_MOST_SCHEMAS:
        raise _no_room()
    return best


def _locked_pools() -> list[Placement]:
    """The pools that are ready, always in one order: two who lock them never wait for each other."""
    pools = Placement.objects.filter(isolation=Isolation.ROW, state=Placement.State.READY)
    return list(pools.select_for_update().order_by("pk"))


def _no_room() -> Conflict:
    return Conflict(
        _("There is no room for new organizations at the moment. Try again later."), code="no_room"
    )
