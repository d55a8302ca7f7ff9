"""Storages of files.

    s3, azure_blob, gcs, local, custom    one per protocol, each on django-storages' instance for one endpoint
    base, content, names, errors          what they share: names checked, content measured, failures in words
    wire, boto, google_wire               each SDK on the guarded way out
    scoped, moving, fallback              wrappers, adapters themselves
    validating                            a round trip that leaves nothing behind

`make` is all that whoever opens a storage needs.
"""

from __future__ import annotations

from collections.abc import Callable

from byoc.adapters.storage.azure_blob import AzureBlob
from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.custom import Custom
from byoc.adapters.storage.gcs import GCS
from byoc.adapters.storage.local import Local
from byoc.adapters.storage.s3 import S3
from byoc.contracts import EndpointSpec
from humana.kernel.egress import Guard
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, Guard], Storage]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
ADAPTERS: Registry[Maker] = Registry("type of storage endpoint")
ADAPTERS.add("s3", S3)
ADAPTERS.add("azure-blob", AzureBlob)
ADAPTERS.add("gcs", GCS)
ADAPTERS.add("local", Local)
ADAPTERS.add("custom", Custom)


def make(spec: EndpointSpec, guard: Guard) -> Storage:
    """The adapter for `spec`. Raises Misconfigured, EgressRefused for an odd address; dials nothing yet."""
    return ADAPTERS.get(spec.type)(spec, guard)
