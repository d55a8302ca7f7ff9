"""Where an organization's documents are kept: beside its rows, or at its own MongoDB.

MongoDB carries documents and knowledge and nothing else of an organization (`byoc.databases` says
why). Both stores keep one contract, `documents.contract`.
"""

from __future__ import annotations

import uuid

from byoc.documents import documents_endpoint
from documents.contract import (
    Card,
    DocumentStore,
    Draft,
    Order,
    Page,
    Place,
    Record,
    Usage,
    Version,
    must_be_in,
)
from documents.stores.mongo import MongoStore
from documents.stores.rows import RowStore
from tenants.context import TenantContext

__all__ = [
    "Card",
    "DocumentStore",
    "Draft",
    "Order",
    "Page",
    "Place",
    "Record",
    "Usage",
    "Version",
    "store_of",
]


def store_of(context: TenantContext) -> DocumentStore:
    """The organization's store. It is asked for, and works, inside that organization's context only."""
    must_be_in(context.organization_id)
    endpoint = documents_endpoint(context.organization_id)
    if endpoint is None:
        return RowStore(context.organization_id)
    return MongoStore(context.organization_id, endpoint)


def stored_elsewhere(organization_id: uuid.UUID) -> str:
    """The address of the organization's own MongoDB; empty where documents live beside the rows."""
    endpoint = documents_endpoint(organization_id)
    return endpoint.origin if endpoint is not None else ""


def erase_elsewhere(organization_id: uuid.UUID) -> int:
    """Delete the documents that are not beside the rows; those go with them. How many there were."""
    endpoint = documents_endpoint(organization_id)
    return MongoStore(organization_id, endpoint).erase() if endpoint is not None else 0
