"""Files come by dropping and by pasting them, and are documents that are found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from documents.models import Chunk, Document
from tenants.context import use_tenant
from tests.browser.conftest import Reader
from tests.browser.test_sharing import read_as_the_worker_does

pytestmark = [pytest.mark.browser, pytest.mark.battery, pytest.mark.needs("chromium")]

#: What a browser tells the page when somebody lets go of a file over an element, or pastes one.
DROP = """([selector, name, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name, { type: "text/markdown" }));
  const target = document.querySelector(selector);
  for (const what of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(what, { bubbles: true, cancelable: true, dataTransfer: held }));
}"""
PASTE = """([name, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name, { type: "text/markdown" }));
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: held })
  );
}"""


def test_dropped_and_pasted_files_become_documents_that_are_found(reader: Reader) -> None:
    page, world = reader.page, reader.desk.world
    reader.sign_in()
    reader.visit(f"/o/{world.slug}/documents/")
    page.wait_for_load_state()
    listed = page.locator("[data-upload-list]")
    for number, name in enumerate(("dropped.md", "pasted.md"), 1):
        text = f"# Moorings\n\nThe {name.removesuffix('.md')} rule says {number} ropes.\n"
        if number == 1:
            page.evaluate(DROP, ["[data-upload-drop]", name, text])
        else:
            page.evaluate(PASTE, [name, text])
        listed.get_by_role("link", name=name).wait_for()
        with ThreadPoolExecutor(1) as worker:  # away from the loop of the browser
            worker.submit(read_as_the_worker_does, world, name).result()
        listed.get_by_role("listitem").filter(has_text=name).get_by_text("Ready").wait_for()
    with use_tenant(world.context):
        for name in ("dropped.md", "pasted.md"):
            document = Document.objects.get(name=name)
            assert Chunk.objects.filter(source_id=document.id, text__contains="ropes").exists()
    page.get_by_role("searchbox", name="Search names and words").fill("ropes")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Found for “ropes”").wait_for()
    found = page.locator("main").get_by_role("link")
    assert {"dropped.md", "pasted.md"} <= {one.strip().split("\n")[0] for one in found.all_inner_texts()}
