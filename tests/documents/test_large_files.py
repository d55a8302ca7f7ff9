"""A file of 200 MB: refused or kept and read, and no process ever holds it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import httpx2
import pytest

from byoc.config_keys import MAX_UPLOAD_BYTES
from byoc.storage import erase_platform, files_of
from documents.models import DocumentFile
from documents.services import indexing
from tenants.context import use_tenant
from tests.fixtures.organizations import World, build_world
from tests.fixtures.server import Server
from tests.tenants.test_config_effects import say

pytestmark = [pytest.mark.adapters, pytest.mark.django_db(transaction=True)]
MIB = 1024 * 1024
SIZE = 200 * MIB
LINE = b"Rosas e lavanda no jardim do porto, e nada mais.\n"
BEGINNING = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="large.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\n"
)
END = b"\r\n--x--\r\n"


@pytest.fixture
def world(server: Server, transactional_db: None) -> Iterator[World]:
    made = build_world(f"desk-{uuid.uuid4().hex[:8]}")
    yield made
    erase_platform(made.organization.id)


def body() -> Iterator[bytes]:
    yield BEGINNING
    piece = (LINE * (MIB // len(LINE) + 1))[:MIB]
    yield from (piece for _number in range(SIZE // MIB))
    yield END


def send(server: Server, world: World) -> httpx2.Response:
    headers = {
        "Authorization": f"Bearer {world.key}",
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(len(BEGINNING) + SIZE + len(END)),
    }
    return httpx2.post(f"{server.url}/api/v1/documents/", content=body(), headers=headers, timeout=300)


def peak(server: Server) -> int:
    """The most memory that the web process ever had, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_a_file_of_200_mb_is_refused_or_kept_and_read_in_bounded_memory(server: Server, world: World) -> None:
    headers = {"Authorization": f"Bearer {world.key}"}
    httpx2.post(
        f"{server.url}/api/v1/documents/", files={"file": ("a.txt", LINE)}, headers=headers, timeout=30
    )
    before = peak(server)
    refused = send(server, world)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    say(world, MAX_UPLOAD_BYTES, SIZE)
    kept = send(server, world)
    assert (kept.status_code, kept.json()["size"]) == (201, SIZE)
    assert peak(server) - before < 64 * MIB
    assert sorted(one.size for one in files_of(world.organization.id).list("documents/"))[1:] == [SIZE]
    ours = getrusage(RUSAGE_SELF).ru_maxrss
    with use_tenant(world.context):
        indexing.index(uuid.UUID(kept.json()["id"]))
        file = DocumentFile.objects.get(document_id=kept.json()["id"])
    assert (file.state, file.cut) in {("indexing", True), ("failed", False)}, file.problem
    assert (getrusage(RUSAGE_SELF).ru_maxrss - ours) * 1024 < 128 * MIB
    print(
        f"web grew by {(peak(server) - before) // MIB} MiB; reading: {file.state}, {file.passages} passages"
    )
