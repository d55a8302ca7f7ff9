"""What an organization's beginning and end have to do with its files.

Set-up tries the storage it will use: what cannot be written to there holds the set-up up, as files would be
lost. Removal erases the organization's files from storages of its own first, while it is known how to sign
in there; with `leave_theirs`, or once an operator gave them up, they stay and the report says where. Those
in the platform's storages go last (`erase_files`).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from byoc import endpoints, storage
from byoc.contracts import PURPOSES, EndpointSpec
from byoc.models import Endpoint, StorageCopy
from tenants.context import use_tenant
from tenants.models import Organization, PlacementJob
from tenants.services.placing.leaving import or_left

#: Tried under this name: one for an organization, so a try that was cut off leaves nothing behind.
TRIED = "humana-check"


def try_storage(job: PlacementJob) -> dict[str, Any]:
    """It is written, read and deleted, for each purpose once per storage. May be done again."""
    assert job.organization is not None
    specs = {storage.spec_for(job.organization.id, role) for role in PURPOSES}
    for spec in specs:
        _try(job.organization.id, spec)
    return {"storage": sorted(spec.name for spec in specs)}


def _try(organization_id: uuid.UUID, spec: EndpointSpec) -> None:
    adapter, name = storage.adapter_of(organization_id, spec), f"{storage.folder_of(organization_id)}/{TRIED}"
    with storage.in_words():
        adapter.upload(name, b"humana", replace=True)
        b"".join(adapter.download(name))
        adapter.delete(name)


def erase_theirs(job: PlacementJob) -> dict[str, Any]:
    """What is at storages of the organization's own, backups too."""
    organization = job.organization
    if organization is None:
        return {}  # done before the worker was cut off
    gone = [_erased(job, organization, spec) for spec in _ever_used(organization)]
    return {"their_files": job.report.get("their_files", 0) + sum(gone)}


def _ever_used(organization: Organization) -> list[EndpointSpec]:
    """Those in use, and those that files were once brought from or to; what was withdrawn keeps its files."""
    with use_tenant(organization.context):
        copies = StorageCopy.objects.filter(organization=organization)
        once = {key for pair in copies.values_list("source_id", "target_id") for key in pair if key}
        rows = Endpoint.objects.filter(organization=organization, kind=Endpoint.Kind.STORAGE)
        rows = rows.filter(Q(state=Endpoint.State.ACTIVE) | Q(id__in=once))
        return [endpoints.spec_of(row) for row in rows.order_by("id")]


def _erased(job: PlacementJob, organization: Organization, spec: EndpointSpec) -> int:
    def erase() -> int:
        with storage.in_words():
            return storage.erase(storage.adapter_of(organization.id, spec), organization.id)

    return or_left(job, f"{spec.name} ({spec.url})", erase, theirs=True) or 0
