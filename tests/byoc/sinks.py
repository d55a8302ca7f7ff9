"""A small OTLP receiver of the tests' own: keeps what it is sent, decoded, and fails when told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


class Sink:
    """`status` is what it answers; anything but 200 keeps nothing. `raw` is every byte it was sent."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.status = 200
        self.asked = 0
        self.headers: list[dict[str, str]] = []
        self.kept: dict[str, list[Any]] = {path: [] for path in KINDS}
        self.raw = b""

    @property
    def resources(self) -> list[dict[str, str]]:
        """Of every request, of every signal."""
        found = []
        for requests in self.kept.values():
            for request in requests:
                name = request.DESCRIPTOR.fields[0].name
                found += [told(one.resource.attributes) for one in getattr(request, name)]
        return found

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.kept["/v1/traces"]
            for whole in request.resource_spans
            for scoped in whole.scope_spans
            for span in scoped.spans
        ]

    @property
    def lines(self) -> list[Any]:
        return [
            record
            for request in self.kept["/v1/logs"]
            for whole in request.resource_logs
            for scoped in whole.scope_logs
            for record in scoped.log_records
        ]

    @property
    def numbers(self) -> list[Any]:
        return [
            metric
            for request in self.kept["/v1/metrics"]
            for whole in request.resource_metrics
            for scoped in whole.scope_metrics
            for metric in scoped.metrics
        ]

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]


def told(attributes: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in attributes}


@contextmanager
def sink() -> Iterator[Sink]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            here.asked += 1
            here.raw += body + str(self.headers).encode()
            if here.status == 200:
                here.headers.append({name.lower(): value for name, value in self.headers.items()})
                here.kept[self.path].append(KINDS[self.path].FromString(body))
            self.send_response(here.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here = Sink(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()


def soon(ready: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
