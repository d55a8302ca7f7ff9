"""Folders and documents in a real browser: shared with a colleague and nobody else; sent, read, opened."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from documents.models import Chunk, Document
from documents.services import indexing
from tenants.context import use_tenant
from tenants.models import User
from tenants.services.organizations import found_organization
from tests.browser.conftest import Reader
from tests.fixtures.organizations import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.battery, pytest.mark.needs("chromium")]


@pytest.fixture
def stranger(reader: Reader) -> User:
    """Who works in another organization."""
    slug = f"other-{uuid.uuid4().hex[:8]}"
    user = User.objects.create_user(f"estela@{slug}.example", PASSWORD, name="Estela")
    found_organization(name="Elsewhere", slug=slug, owner=user, furnish=False)
    return user


def test_a_folder_is_shared_with_a_colleague_and_refused_to_another_organization(
    reader: Reader, stranger: User
) -> None:
    page, world = reader.page, reader.desk.world
    reader.sign_in()
    page.get_by_role("link", name="All folders").click()
    page.get_by_role("link", name="New folder").click()
    page.get_by_label("Name").fill("Launch")
    page.get_by_label("Instructions").fill("Say dates in full.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", level=1, name="Launch").wait_for()
    folder = page.url
    page.get_by_role("link", name="Share").click()
    search = page.get_by_role("searchbox", name="Name of a person or a team")
    search.type(stranger.email)
    page.get_by_text("People of other organizations cannot be chosen.").wait_for()
    search.fill("cai")
    page.get_by_role("button", name="Can read").click()
    page.get_by_text("Caio finds it under “Shared with me”.").wait_for()

    page.context.clear_cookies()
    reader.visit("/accounts/login/")
    page.get_by_label("E-mail").fill(stranger.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Hello, Estela").wait_for()
    for address, word in ((folder, "403"), (folder.replace(world.slug, slug_of(stranger)), "404")):
        page.goto(address)
        assert "Launch" not in page.content()
        reader.pardon(word)


def read_as_the_worker_does(world: World, name: str = "plan.md") -> uuid.UUID:
    try:
        with use_tenant(world.context):
            document = Document.objects.get(name=name)
            indexing.index(document.id)
            indexing.embed(document.id)
            return document.id
    finally:
        connections.close_all()


def slug_of(user: User) -> str:
    return user.memberships.get().organization.slug


def test_a_file_is_sent_read_and_opened_at_the_passage_that_was_cited(reader: Reader) -> None:
    """Chosen by hand; while it is read the page says so; the address of a passage leads to it."""
    page, world = reader.page, reader.desk.world
    text = "\n\n".join(f"## Part {n}\n\n" + f"What part {n} says. " * 50 for n in range(12))
    reader.sign_in()
    reader.visit(f"/o/{world.slug}/documents/")
    page.wait_for_load_state()
    page.locator("input[type=file]").set_input_files(
        {"name": "plan.md", "mimeType": "text/markdown", "buffer": text.encode()}
    )
    row = page.locator("[data-upload-list]").get_by_role("link", name="plan.md")
    row.wait_for()
    with ThreadPoolExecutor(1) as worker:  # away from the loop of the browser
        document_id = worker.submit(read_as_the_worker_does, world).result()
    with use_tenant(world.context):
        last = Chunk.objects.filter(source_id=document_id).order_by("ordinal").last()
    assert last is not None
    page.locator("[data-upload-list]").get_by_text("Ready").wait_for()
    row.click()
    page.get_by_role("heading", level=1, name="plan.md").wait_for()
    page.goto(f"{page.url}#p-{last.ordinal}")
    passage = page.locator(".passage:target")
    passage.wait_for()
    assert passage.inner_text().splitlines().count(last.place) == 1, "its heading is said once"
    box = passage.bounding_box()
    assert box is not None
    assert box["y"] < 800, "it is on the screen"
    with page.expect_download() as kept:
        page.get_by_role("link", name="Original").click()
    assert kept.value.path().read_text() == text
