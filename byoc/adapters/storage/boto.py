"""botocore on the guarded pools: it reads no files and no environment, and follows nobody elsewhere."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import Any

import boto3.session
import botocore.session
from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from byoc.adapters.storage.wire import LARGE, StorageOptions, way_to
from humana.kernel.egress import Guard
from humana.kernel.egress.pools import Way, pool_classes

_making = threading.Lock()
CONNECTIONS = 16


@lru_cache(maxsize=1)
def _core() -> Any:
    """One for the process, as it keeps Amazon's descriptions in memory. Whoever asks brings the keys."""
    nowhere = (None, None, os.devnull, None)
    known = {"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere}
    core = botocore.session.Session(session_vars=known)
    return boto3.session.Session(botocore_session=core)


def guarded_resource(
    url: str, region: str, keys: tuple[str, str], guard: Guard, options: StorageOptions
) -> Any:
    """boto3's resource "s3" for one address and one pair of keys; its client may be used by every thread."""
    with _making:
        made = _core().resource(
            "s3",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            config=_config(options),
        )
    client = made.meta.client
    client._endpoint.http_session = GuardedSession(url, guard, options)
    for event in ("needs-retry.s3", "before-endpoint-resolution.s3"):
        _leave_redirects(client.meta.events, event)
    return made


def _config(options: StorageOptions) -> Config:
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path", "payload_signing_enabled": True},
        retries={"total_max_attempts": 2, "mode": "standard"},
        connect_timeout=options.connect_seconds,
        read_timeout=options.seconds,
        # Checksums at the end of a body are Amazon's own; most others refuse them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
        ignore_configured_endpoint_urls=True,
    )


def _leave_redirects(events: Any, event: str) -> None:
    """The error of a wrong region is one for whoever set the endpoint up, not a way to another host."""
    emitter = getattr(events, "_emitter", events)
    for handler in emitter._handlers.prefix_search(event):
        if type(getattr(handler, "__self__", None)).__name__ == "S3RegionRedirectorv2":
            events.unregister(event, handler)


class GuardedSession:
    """What botocore sends its requests by. Only the content of an object may be large."""

    def __init__(self, url: str, guard: Guard, options: StorageOptions) -> None:
        times = (options.connect_seconds, options.seconds)
        self._small = _Pooled(way_to(url, guard, options), times)
        self._large = _Pooled(way_to(url, guard, options, most=LARGE), times)

    def send(self, request: Any) -> Any:
        request.headers.pop("Expect", None)
        return (self._large if request.stream_output else self._small).send(request)

    def close(self) -> None:
        self._small.close()
        self._large.close()


class _Pooled(URLLib3Session):  # type: ignore[misc]  # botocore has no types
    def __init__(self, way: Way, times: tuple[float, float]) -> None:
        super().__init__(timeout=times, max_pool_connections=CONNECTIONS)
        classes = pool_classes(way, AWSHTTPConnectionPool, AWSHTTPSConnectionPool)
        self._pool_classes_by_scheme = self._manager.pool_classes_by_scheme = classes
