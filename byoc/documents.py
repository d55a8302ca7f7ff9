"""An organization's own MongoDB for its documents: which one, and how it is reached.

It is an endpoint of kind *database* with the role `documents`; its origin names one server, or the
members of a replica set (`mongodb://a.example,b.example:27018`). Those are dialled and no others: what
a server says of further members is not followed, since nobody has judged those. TLS is checked
against the name, unless the endpoint's options say `"tls": false`.
"""

from __future__ import annotations

import uuid
from typing import Any

from byoc.models import Endpoint
from byoc.sealing import credentials_of
from humana.kernel.egress import Grant, Guard, Origin
from humana.kernel.egress.names import address_of

ROLE = "documents"
PORTS = {"mongodb": 27017}
#: How long its server may take to answer a connection, and one operation, in milliseconds.
CONNECT_MS, OPERATION_MS = 3_000, 20_000
#: Connections of one process to one server.
MOST_CONNECTIONS = 8


def documents_endpoint(organization_id: uuid.UUID) -> Endpoint | None:
    """The organization's endpoint for documents; None where they live beside its rows. One query."""
    return Endpoint.objects.filter(
        organization_id=organization_id,
        kind=Endpoint.Kind.DATABASE,
        role=ROLE,
        state=Endpoint.State.READY,
    ).first()


def members_of(endpoint: Endpoint) -> list[Origin]:
    """The servers that the endpoint names; EgressRefused for what is no address."""
    scheme, _sep, hosts = endpoint.origin.partition("://")
    return [Origin.of(f"{scheme}://{host}", ports=PORTS) for host in hosts.split(",")]


def dial_documents(endpoint: Endpoint, member: Origin) -> dict[str, Any]:
    """What MongoClient is given, with an address for a name. EgressRefused where it may not be dialled."""
    known = credentials_of(endpoint)
    return {
        "host": _judged(endpoint, member),
        "port": member.port,
        "tls": endpoint.options.get("tls", True),
        "directConnection": True,
        "username": known.get("user"),
        "password": known.get("password"),
        "authSource": endpoint.options.get("auth_source", "admin"),
        "connectTimeoutMS": CONNECT_MS,
        "serverSelectionTimeoutMS": CONNECT_MS,
        "waitQueueTimeoutMS": CONNECT_MS,
        "socketTimeoutMS": OPERATION_MS,
        "maxPoolSize": MOST_CONNECTIONS,
        "maxIdleTimeMS": 60_000,
        "uuidRepresentation": "standard",
        "tz_aware": True,
        "w": "majority",
        "appname": "humana",
    }


def _judged(endpoint: Endpoint, origin: Origin) -> str:
    owner = str(endpoint.organization_id)
    grant = Grant(owner, origin.scheme, origin.port, f"documents endpoint {endpoint.id}", host=origin.host)
    return address_of(origin, Guard(owner, [grant]))
