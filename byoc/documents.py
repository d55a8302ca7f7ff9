"""An organization's own MongoDB for its documents: which one, and how it is reached.

It is an endpoint of kind *database* with the role `documents`; see `byoc.adapters.database.mongodb`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from byoc.adapters.database.mongodb import OPERATION_MS, MongoDB
from byoc.endpoints import guard_for, spec_of
from byoc.models import Endpoint
from humana.kernel.egress import Origin
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from pymongo.errors import PyMongoError

__all__ = [
    "OPERATION_MS",
    "ROLE",
    "dial_documents",
    "documents_endpoint",
    "failure",
    "members_of",
    "mongodb_of",
]

ROLE = "documents"
PORTS = {"mongodb": 27017}


def documents_endpoint(organization_id: uuid.UUID) -> Endpoint | None:
    """The organization's endpoint for documents; None where they live beside its rows. One query."""
    return Endpoint.objects.filter(
        organization_id=organization_id,
        kind=Endpoint.Kind.DATABASE,
        role=ROLE,
        state=Endpoint.State.READY,
    ).first()


def mongodb_of(endpoint: Endpoint) -> MongoDB:
    """The endpoint's adapter, which may dial what an operator granted, as that stands at each moment."""
    return MongoDB(spec_of(endpoint), guard_for(endpoint.organization_id))


def members_of(endpoint: Endpoint) -> list[Origin]:
    """The servers that the endpoint names; EgressRefused for what is no address."""
    scheme, _sep, hosts = endpoint.origin.partition("://")
    return [Origin.of(f"{scheme}://{host}", ports=PORTS) for host in hosts.split(",")]


def dial_documents(endpoint: Endpoint, member: Origin) -> dict[str, Any]:
    """What MongoClient is given, with an address for a name. EgressRefused where it may not be dialled."""
    return mongodb_of(endpoint).dial(member)


def failure(error: PyMongoError) -> EndpointError:
    """What happened, in a sentence; never what the server said of itself."""
    from byoc.adapters.database.mongo_words import failure

    return failure(error)
