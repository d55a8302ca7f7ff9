"""Any other server that speaks S3's protocol: MinIO, Ceph, Garage, rclone, a provider's own."""

from __future__ import annotations

from byoc.adapters.storage.s3 import S3
from byoc.contracts import EndpointSpec
from humana.kernel.egress import Guard
from humana.kernel.errors import Misconfigured


class Custom(S3):
    """Amazon's own address stands for nobody else."""

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        if not spec.url:
            raise Misconfigured(f"{spec.name!r} needs the address of its server")
        super().__init__(spec, guard)
