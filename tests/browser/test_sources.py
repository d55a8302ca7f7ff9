"""From a file on one's own disk to an answer that cites it, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Response

from documents.models import DocumentFile
from documents.services.indexing import index
from tenants.context import use_tenant
from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]
ANSWER = "Thirty days [1], not forty [7]."
RULES = "# Leave\n\nEverybody has thirty days of leave.\n"


def kept_with_the_draft(answer: Response) -> int:
    """How many documents; none where it is the answer to something else."""
    if not re.search(r"/drafts/[^/]+/documents/$", answer.url):
        return 0
    return (answer.request.post_data or "").count("documents=")


def test_upload_to_cited_answer(reader: Reader, tmp_path: Path) -> None:
    """Attached, kept with the draft, waited for, cited; its number opens the passage, that the document.

    Two files are chosen at once: both are attached, and one is taken away again.
    """
    file, other = tmp_path / "rules.md", tmp_path / "other.md"
    file.write_text(RULES)
    other.write_text("# Other\n\nNot this one.\n")
    reader.sign_in()
    reader.open_chat()
    page = reader.page
    chips = page.locator("#composer .chips")
    with page.expect_response(lambda one: kept_with_the_draft(one) == 2):
        page.locator("[data-upload-choose]").set_input_files([str(file), str(other)])
    chips.get_by_text("rules.md").wait_for()
    chips.get_by_text("other.md").wait_for()
    with page.expect_response(lambda one: kept_with_the_draft(one) == 1):
        chips.get_by_role("listitem").filter(has_text="other.md").get_by_role("button").click()
    page.reload()
    assert "other.md" not in chips.inner_text()
    assert "rules.md" in chips.inner_text()
    reader.ask(f"say:{ANSWER}")
    page.get_by_text("Reading “rules.md”…").first.wait_for()
    assert chips.count() == 0
    with use_tenant(reader.desk.world.context):  # as a worker does
        file = DocumentFile.objects.get(name="rules.md")
        index(file.document_id)  # its meaning is not asked for here: the browser has this thread's loop
        DocumentFile.objects.filter(id=file.id).update(state=DocumentFile.State.READY)
    page.locator(".cited").wait_for()
    assert reader.last_text == ANSWER
    page.locator("[data-text]").get_by_role("link", name="Source 1: rules.md, Leave").focus()
    page.keyboard.press("Enter")
    source = page.get_by_role("dialog", name="Sources").get_by_role("listitem").first
    source.get_by_text("Everybody has thirty days of leave.").wait_for()
    assert page.evaluate("document.activeElement.id") == "source-1"
    source.get_by_role("link", name="Open in the document").click()
    page.wait_for_url("**/documents/**#p-0")
    assert "Everybody has thirty days of leave." in page.locator("#p-0").inner_text()
