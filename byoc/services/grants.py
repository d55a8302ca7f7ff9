"""What an operator lets one organization (or the platform) dial that is not public https.

A grant opens nothing else: another owner, host or port stays closed, and metadata, link-local and
multicast addresses stay so whatever is granted.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from byoc import endpoints
from byoc.databases import PORTS, in_words, origin_of
from byoc.models import EgressGrant, Endpoint
from byoc.types import TYPES
from humana.kernel.egress import Origin
from humana.kernel.egress.addresses import Network, Reach, never, reach
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from humana.kernel.text import clean_line
from tenants.context import use_tenant, without_tenant
from tenants.models import Organization, User
from tenants.services.events import control_event

#: The widest network that one grant may open, as bits of its prefix.
WIDEST = {4: 8, 6: 32}


@dataclass(frozen=True, slots=True)
class Asked:
    """What shall be dialled: by its name, by a network in CIDR, or by both."""

    scheme: str
    port: int
    reason: str
    host: str = ""
    network: str = ""
    expires_at: datetime | None = None


def grant_egress(*, organization: Organization | None, asked: Asked, operator: User) -> EgressGrant:
    """From now on it may be dialled, in every process within a second; the trail says by whom and why.

    Raises NotAllowed for who is no operator, Invalid naming the field, Conflict for what is granted already.
    """
    _require_operator(operator)
    kept = _judged(asked)
    with _inside(organization), transaction.atomic():
        same = {"organization": organization, "scheme": kept.scheme, "host": kept.host, "port": kept.port}
        there = EgressGrant.objects.filter(**same, network=kept.network)
        there.filter(expires_at__lte=timezone.now()).delete()
        if there.exists():
            raise Conflict(_("This is granted already."), code="granted_already")
        grant = EgressGrant(
            **same, network=kept.network, reason=kept.reason, approved_by=operator.id,
            expires_at=kept.expires_at,
        )  # fmt: skip
        grant.save(force_insert=True)
        _tell("granted", grant)
    return grant


def grant_by_joining(endpoint: Endpoint, operator: User | None) -> EgressGrant:
    """Joining a database lets it be dialled: a grant like every other, under the id of the endpoint.

    Nothing where its address was granted before.
    """
    there = origin_of(endpoint)
    kept, _made = EgressGrant.objects.get_or_create(
        organization=endpoint.organization, scheme=there.scheme, host=there.host, port=there.port,
        network="", expires_at=None,
        defaults={
            "id": endpoint.id, "approved_by": operator.id if operator else None,
            "reason": _("Joined as the database “%(name)s”.") % {"name": endpoint.name},
        },
    )  # fmt: skip
    endpoints.changed(endpoint.organization_id)
    return kept


def forget_joining(endpoint: Endpoint) -> None:
    """What joining it had granted goes with it; what an operator granted besides stays."""
    EgressGrant.objects.filter(organization=endpoint.organization, id=endpoint.id).delete()
    endpoints.changed(endpoint.organization_id)


def withdraw_grant(*, organization: Organization | None, grant_id: uuid.UUID, operator: User) -> str:
    """It may be dialled no more, in every process within a second; what it was, in words."""
    _require_operator(operator)
    with _inside(organization), transaction.atomic():
        rows = EgressGrant.objects.select_for_update()
        grant = rows.filter(organization=organization, id=grant_id).first()
        if grant is None:
            raise NotFound(_("There is nothing here."))
        _tell("withdrawn", grant)
        grant.delete()
    return str(grant)


def _require_operator(operator: User) -> None:
    if not (operator.is_active and operator.is_staff):
        raise NotAllowed(_("Only operators decide what may be dialled."), code="operators_only")


@contextmanager
def _inside(organization: Organization | None) -> Iterator[None]:
    if organization is None:
        with without_tenant(reason="a grant of the platform itself"):
            yield
        return
    with use_tenant(organization.context):
        yield


def _judged(asked: Asked) -> Asked:
    if asked.scheme not in schemes():
        raise Invalid(_("There is nothing that is dialled in this way."), field="scheme")
    if not 1 <= asked.port <= 65_535:
        raise Invalid(_("A port is a number from 1 to 65535."), field="port")
    reason = clean_line(asked.reason, field="reason", limit=200)
    if not reason:
        raise Invalid(_("Say why: it stands in the trail."), field="reason", code="empty")
    if not (asked.host or asked.network):
        raise Invalid(_("Name a host, a network, or both."), field="host", code="empty")
    if asked.expires_at is not None and asked.expires_at <= timezone.now():
        raise Invalid(_("This is in the past."), field="expires_at")
    network = str(_network(asked.network)) if asked.network else ""
    host = _host(asked) if asked.host else ""
    return Asked(asked.scheme, asked.port, reason, host, network, asked.expires_at)


def schemes() -> dict[str, int]:
    """Every scheme that an endpoint of some type may have, with its usual port."""
    found = {scheme: port for _name, one in TYPES.items() for scheme, port in one.schemes.items()}
    return {"https": 443, "http": 80, **PORTS, **found}


def _host(asked: Asked) -> str:
    """As the guard will know it: only what every parser reads as the same one host."""
    host = asked.host.strip()
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    if set(host) & set("/?#,"):
        raise Invalid(_("Write the name or the address of the server and nothing else."), field="host")
    with in_words():
        origin = Origin.of(f"{asked.scheme}://{bracketed}:{asked.port}", ports=schemes())
    if origin.port != asked.port:
        raise Invalid(_("Write the name or the address of the server and nothing else."), field="host")
    if origin.literal is not None and reach(origin.literal) is Reach.NEVER:
        raise Invalid(_never(), field="host", code="never")
    return origin.host


def _network(text: str) -> Network:
    try:
        network = ip_network(text.strip())
    except ValueError:
        message = _("Write a network as 10.20.0.0/16, with nothing behind its prefix.")
        raise Invalid(message, field="network") from None
    if network.prefixlen < WIDEST[network.version]:
        message = _("This is too wide. Grant a network of /%(bits)d or smaller.")
        raise Invalid(message % {"bits": WIDEST[network.version]}, field="network")
    if never(network):
        raise Invalid(_never(), field="network", code="never")
    return network


def _never() -> str:
    return _("Metadata, link-local, multicast and reserved addresses are never dialled.")


def _tell(what: str, grant: EgressGrant) -> None:
    endpoints.changed(grant.organization_id)
    control_event(
        f"egress.{what}", "egress_grant", grant.id, organization_id=grant.organization_id,
        payload={
            "scheme": grant.scheme, "host": grant.host, "network": grant.network, "port": grant.port,
            "reason": grant.reason,
            "until": grant.expires_at.isoformat() if grant.expires_at else None,
        },
    )  # fmt: skip
