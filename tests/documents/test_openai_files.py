"""/v1/files as a developer sees it: the official SDK, unchanged, at a real server."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from byoc.storage import erase_platform
from documents.models import DocumentFile
from documents.services import indexing
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World, build_world
from tests.fixtures.server import Server

PLAN = b"# Plan\n\nThe harbour opens at eight.\n"


@pytest.fixture
def world(server: Server, transactional_db: None) -> Iterator[World]:
    made = build_world(f"desk-{uuid.uuid4().hex[:8]}")
    yield made
    erase_platform(made.organization.id)


@pytest.fixture
def client(server: Server, world: World) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=world.key, max_retries=0, timeout=20)


def test_a_program_keeps_lists_reads_and_deletes_files(
    client: openai.OpenAI, server: Server, world: World
) -> None:
    made = client.files.create(file=("plan.md", io.BytesIO(PLAN)), purpose="user_data")
    assert (made.filename, made.bytes, made.purpose) == ("plan.md", len(PLAN), "user_data")
    assert made.status == "uploaded"
    second = client.files.create(file=("rooms.txt", b"Eight rooms."), purpose="assistants")
    latest = [one.id for one in client.files.list(limit=1)]
    assert latest[:2] == [second.id, made.id], "page after page"
    assert [one.id for one in client.files.list(purpose="assistants", order="asc")] == [second.id]
    with use_tenant(world.context):
        indexing.index(uuid.UUID(made.id.removeprefix("file-")))
        indexing.embed(uuid.UUID(made.id.removeprefix("file-")))
    assert client.files.retrieve(made.id).status == "processed"
    assert client.files.content(made.id).read() == PLAN
    assert client.files.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError) as missing:
        client.files.content(made.id)
    assert missing.value.code == "file_not_found"
    with ThreadPoolExecutor(4) as people:
        same = [
            people.submit(client.files.create, file=("plan.md", PLAN), purpose="user_data") for _ in range(4)
        ]
    ids = {one.result().id for one in same}
    assert len(ids) == 4, "one name at one moment, and each is a document of its own"
    assert {second.id, *ids} <= {one.id for one in client.files.list(limit=2)}


def test_files_that_came_at_one_moment_are_all_there_page_after_page(
    client: openai.OpenAI, server: Server, world: World
) -> None:
    """Whose document was first may have been the last to be kept: its row is younger than its document."""
    made = [client.files.create(file=(f"{n}.md", PLAN), purpose="user_data").id for n in range(5)]
    with use_tenant(world.context):
        for document in reversed(made):
            file = DocumentFile.objects.filter(document_id=uuid.UUID(document.removeprefix("file-")))
            assert file.update(id=new_id()) == 1
    assert [one.id for one in client.files.list(limit=2)][:5] == made[::-1]
    assert [one.id for one in client.files.list(limit=2, order="asc")][-5:] == made


def test_what_is_refused_arrives_as_the_sdks_own_errors(
    client: openai.OpenAI, server: Server, world: World
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.files.create(file=("tool.exe", b"MZ\x90\x00"), purpose="user_data")
    assert (refused.value.code, refused.value.param) == ("bad_type", "file")
    with pytest.raises(openai.BadRequestError) as refused:
        client.files.create(file=("plan.md", PLAN), purpose="fine-tune")
    assert refused.value.param == "purpose"
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(f"file-{uuid.uuid4().hex}")
    neighbour = build_world(f"desk-{uuid.uuid4().hex[:8]}")
    made = client.files.create(file=("plan.md", PLAN), purpose="user_data")
    for key, error in (
        (neighbour.key, openai.NotFoundError),
        (create_api_key(member=world.member, name="Bruno")[1], openai.NotFoundError),
        ("hk_nobody", openai.AuthenticationError),
    ):
        other = client.with_options(api_key=key)
        for ask in (other.files.retrieve, other.files.content, other.files.delete):
            with pytest.raises(error):
                ask(made.id)
    assert client.files.retrieve(made.id).id == made.id
