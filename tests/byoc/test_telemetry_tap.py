"""What a receiver of another house reads in our telemetry: the organization as resource, and no other's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humana import __version__
from tenants.telemetry import ORGANIZATION
from tests.byoc.sinks import sink, soon
from tests.byoc.test_telemetry import A, B, Desk, desk
from tests.peers import monitoring as peers

__all__ = ["desk"]

pytestmark = [pytest.mark.adapters, pytest.mark.needs("oteltap")]


def test_a_receiver_reads_whose_it_is_in_every_signal_and_nothing_of_nobody(
    desk: Desk, tmp_path: Path
) -> None:
    with sink() as behind, sink() as humanas:
        child, port = peers.oteltap(tmp_path / "tap", behind.url)
        try:
            desk.to = {A: f"http://127.0.0.1:{port}", None: humanas.url}
            for organization_id, name in ((A, "of a"), (None, "of nobody"), (B, "of b"), (A, "of a again")):
                desk.work(organization_id, name)
            assert desk.exporter.flush(10)
            assert soon(lambda: all(behind.kept.values())), "the tap understood all three signals"
        finally:
            child.stop()
        for resource in behind.resources:
            assert resource.pop("service.instance.id")
            assert resource == {
                "service.name": "humana-companions",
                "service.version": __version__,
                "service.namespace": "alfa",
                ORGANIZATION: str(A),
            }
        printed = (tmp_path / "tap" / "oteltap.log").read_text()
        read = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        assert {one["name"] for one in read if "parentSpanId" in one} == {"of a", "of a again"}
        assert {one["body"]["stringValue"] for one in read if "body" in one} == {
            "line of a",
            "line of a again",
        }
        assert {one["name"] for one in read if "histogram" in one} == {"http.server.request.duration"}
        assert set(humanas.names) == {"of nobody", "of b"}
