"""Files on this server's own disk, given out by the address that was signed for them.

Whoever has the address may read that one file while it is good: the same as with the signed addresses of
other storages. What comes is a file to keep, never a page: a sandbox, no type that a browser would show.
"""

from __future__ import annotations

import uuid

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from byoc import storage
from byoc.adapters.storage import make
from byoc.adapters.storage.names import folder_of
from byoc.adapters.storage.tickets import Ticket, read_ticket
from byoc.contracts import EndpointSpec, StorageAdapter
from byoc.endpoints import spec_of
from byoc.models import Endpoint
from humana.kernel.egress import Guard
from humana.kernel.errors import NotFound
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant, without_tenant

#: Whoever opens the address is to keep a file; nothing of it may run here.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


@require_GET
def signed(request: HttpRequest, ticket: str) -> StreamingHttpResponse:
    """The file, as an attachment. NotFound for an address that is not ours, is over, or leads to nothing."""
    read = read_ticket(ticket)
    adapter = _disk(read)
    name = read.key.removeprefix(folder_of(adapter.spec))
    found = adapter.find(name)
    if found is None:
        raise NotFound("no such file")
    response = StreamingHttpResponse(
        adapter.download(name), content_type="application/octet-stream", headers=HEADERS
    )
    named = read.filename or name.rpartition("/")[2]
    response["Content-Disposition"] = content_disposition_header(True, named) or "attachment"
    response["Content-Length"] = str(found.size)
    return response


def _disk(ticket: Ticket) -> StorageAdapter:
    spec = _spec(ticket)
    if spec.type != "local":
        raise NotFound("no such file")
    return make(spec, Guard(spec.owner))


def _spec(ticket: Ticket) -> EndpointSpec:
    if not ticket.endpoint:
        return storage.of_the_environment()
    row = _row(ticket.owner, uuid.UUID(ticket.endpoint))
    if row is None or row.state == Endpoint.State.CLOSED:
        raise NotFound("no such file")
    return spec_of(row)


def _row(owner: str, endpoint_id: uuid.UUID) -> Endpoint | None:
    rows = Endpoint.objects.filter(id=endpoint_id, kind=Endpoint.Kind.STORAGE)
    if owner == "platform":
        with without_tenant(reason="a storage of the platform itself"):
            return rows.filter(organization=None).first()
    with use_tenant(TenantContext(uuid.UUID(owner), "", CONTROL_PLANE)):
        return rows.first()
