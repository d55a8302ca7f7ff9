"""Every storage adapter with every server that speaks its protocol, for the tests beside this."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from byoc.adapters.storage import make
from byoc.adapters.storage.base import Storage
from byoc.contracts import EndpointSpec
from humana.kernel.egress import Grant, Guard
from tests.peers.storages import StorageServer

#: Adapter and server; the last one is the disk of this machine, and needs nothing.
PAIRS = [
    ("s3", "rclone"), ("custom", "rclone"), ("s3", "moto"), ("azure-blob", "azurite"), ("gcs", "fake-gcs")
]  # fmt: skip
SERVERS = [
    pytest.param(pair, id="-".join(pair), marks=[pytest.mark.adapters, pytest.mark.needs(pair[1])])
    for pair in PAIRS
]
DISK = pytest.param(("local", "disk"), id="local-disk")
#: Who checks what an address was signed for.
CHECKS_SIGNATURES = {"rclone", "azurite"}

Spec = Callable[..., EndpointSpec]


def guard_for(spec: EndpointSpec) -> Guard:
    """With an operator's grant for that address and no other."""
    grants = [Grant.for_url(spec.url, owner=spec.owner, reason="test")] if spec.url else []
    return Guard(spec.owner, grants)


def opened(spec: EndpointSpec) -> Storage:
    return make(spec, guard_for(spec))


def spec_for(request: pytest.FixtureRequest, pair: tuple[str, str], folder: Path) -> Spec:
    """Makes specs of that pair, all in one folder that no other test uses."""
    kind, name = pair
    prefix = f"t-{uuid.uuid4().hex[:8]}"
    if kind == "local":
        return lambda whose="a", **more: _on_disk(folder / f"org-{whose}", prefix, **more)
    server: StorageServer = request.getfixturevalue(name.replace("-", "_"))

    def of(whose: str = "a", **more: Any) -> EndpointSpec:
        options = {"prefix": prefix, **more.pop("options", {})}
        return server.spec(whose, options=options, **{"type": kind, **more})

    return of


def _on_disk(folder: Path, prefix: str, **more: Any) -> EndpointSpec:
    options = {"folder": str(folder), "prefix": prefix, **more.pop("options", {})}
    given: dict[str, Any] = {"name": "disk", "kind": "storage", "type": "local", "url": "", **more}
    return EndpointSpec(**given, options=options)


def whole(storage: Any, name: str) -> bytes:
    return b"".join(storage.download(name))
