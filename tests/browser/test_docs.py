"""The API's documentation in a real browser: readable and usable under the pages' content policy."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Reader

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

DOCS = "/api/v1/docs/"


@pytest.fixture
def docs(reader: Reader) -> Page:
    """On a screen so high that all is drawn: of so many operations the page draws those that are near."""
    reader.page.set_viewport_size({"width": 1280, "height": 16_000})
    reader.visit(DOCS)
    reader.page.locator(".opblock").last.wait_for()
    return reader.page


def operation(page: Page, method: str, path: str) -> Locator:
    """One operation, opened."""
    found = page.locator(f".opblock-{method}").filter(has=page.locator(f'[data-path="{path}"]'))
    found.locator(".opblock-summary-control").click()
    return found


def authorize(page: Page, key: str) -> None:
    page.get_by_role("button", name="Authorize").first.click()
    box = page.locator(".auth-container", has_text="apiKey (http, Bearer)")
    box.locator("input").fill(key)
    box.get_by_role("button", name="Apply credentials").click()
    page.locator(".modal-ux").get_by_role("button", name="Close").first.click()


def answer(found: Locator) -> tuple[str, Any]:
    """Status and body of what was tried out."""
    found.get_by_role("button", name="Execute").click()
    row = found.locator(".live-responses-table tbody tr.response").first
    status = row.locator(".response-col_status").inner_text().split()[0]
    return status, json.loads(row.locator(".highlight-code code").first.inner_text())


def test_every_operation_of_the_schema_is_there_and_they_open(docs: Page, reader: Reader) -> None:
    schema = docs.request.get(f"{reader.desk.server.url}/api/v1/schema/").json()
    told = {(method, path) for path, methods in schema["paths"].items() for method in methods}
    docs.locator(".opblock").nth(len(told) - 1).wait_for()
    blocks = docs.locator(".opblock").all()
    assert len(blocks) == len(told) > 20
    for block in blocks[::20]:
        block.locator(".opblock-summary-control").click()
        block.locator(".opblock-body").wait_for()
        block.locator(".opblock-summary-control").click()  # what is open pushes the others off the screen
    assert docs.locator(".errors-wrapper").count() == 0


def test_a_key_opens_the_operations_and_a_change_is_made(docs: Page, reader: Reader) -> None:
    listing = operation(docs, "get", "/api/v1/companions/")
    listing.get_by_role("button", name="Try it out").click()
    authorize(docs, reader.desk.key)
    status, body = answer(listing)
    assert status == "200"
    assert [one["name"] for one in body["results"]] == ["Clara"]
    begun = operation(docs, "post", "/api/v1/chats/")
    begun.get_by_role("button", name="Try it out").click()
    begun.locator("textarea").fill(json.dumps({"companion_id": body["results"][0]["id"]}))
    status, chat = answer(begun)
    assert (status, chat["companion"]["id"]) == ("201", body["results"][0]["id"])


def test_only_the_page_and_files_of_ours_and_nothing_inline(docs: Page, reader: Reader) -> None:
    page = docs.request.get(f"{reader.desk.server.url}{DOCS}")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|style=|https?://", page.text()) == []


@pytest.mark.parametrize(
    ("kept", "without"),
    [
        ("connect-src 'self'", "connect-src 'none'"),
        ("img-src 'self' data:", "img-src 'self'"),
        ("style-src 'self'", "style-src 'none'"),
    ],
)
def test_a_narrower_policy_would_be_noticed(reader: Reader, kept: str, without: str) -> None:
    """The guard switched off: what the other tests would then hear."""
    page = reader.page
    page = reader.page.context.new_page()  # the reader's may not complain

    def narrow(route: Route) -> None:
        found = route.fetch()
        policy = found.headers["content-security-policy"]
        assert kept in policy
        headers = found.headers | {"content-security-policy": policy.replace(kept, without)}
        route.fulfill(response=found, headers=headers)

    page.route(re.compile(re.escape(DOCS) + "$"), narrow)
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        page.goto(reader.desk.server.url + DOCS)
    page.close()
