"""The list of chats beside every page, and the menu of each of them."""

from __future__ import annotations

import re

import pytest

from tenants.context import use_tenant
from tests.browser.axe import broken
from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

AT_FIRST = "() => document.activeElement.matches('#chat-menu .nav-link')"


@pytest.fixture
def listed(reader: Reader) -> Reader:
    with use_tenant(reader.desk.world.context):
        for title in ("Harbour fees", "Winter plan"):
            chat = reader.desk.new_chat()
            type(chat).objects.filter(id=chat.id).update(title=title)
    reader.sign_in()
    reader.visit(f"/o/{reader.desk.world.slug}/companions/")
    reader.page.wait_for_load_state()
    return reader


def titles(reader: Reader) -> list[str]:
    return [one.strip() for one in reader.page.locator(".listed .cut").all_text_contents()]


def test_a_chat_is_renamed_and_pinned_from_the_list_by_keyboard(listed: Reader) -> None:
    page, keys = listed.page, listed.page.keyboard
    page.get_by_role("button", name="Options of Harbour fees").focus()
    keys.press("Enter")
    menu = page.locator("#chat-menu")
    menu.wait_for()
    page.wait_for_function(AT_FIRST)
    assert broken(page) == []
    keys.press("Escape")
    menu.wait_for(state="hidden")
    assert "Harbour fees" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    keys.press("Enter")
    page.wait_for_function(AT_FIRST)
    keys.press("Enter")
    page.get_by_role("dialog", name="Rename this chat").wait_for()
    keys.type("Harbour")  # over the name it had
    with page.expect_navigation():
        keys.press("Enter")
    assert sorted(titles(listed)) == ["Harbour", "Winter plan"]
    assert page.url.endswith("/companions/"), "one stays where one is"
    page.get_by_role("button", name="Options of Harbour").focus()
    keys.press("Enter")
    page.wait_for_function(AT_FIRST)
    keys.press("ArrowDown")
    with page.expect_navigation():
        keys.press("Enter")
    assert titles(listed) == ["Harbour", "Winter plan"], "what is pinned stands first"
    page.get_by_role("button", name="Options of Harbour").click()
    assert menu.get_by_role("button", name="Unpin").is_visible()
    assert menu.get_by_role("button", name="Pin", exact=True).count() == 0


@pytest.mark.parametrize("width", [1100, 360])
def test_a_chat_is_deleted_from_the_list_and_comes_back(listed: Reader, width: int) -> None:
    page = listed.page
    page.set_viewport_size({"width": width, "height": 740})
    if width == 360:
        page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("link", name="Winter plan").hover()
    page.get_by_role("button", name="Options of Winter plan").click()
    box = page.locator("#chat-menu").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    with page.expect_navigation():
        page.locator("#chat-menu").get_by_role("button", name="Delete").click()
    assert titles(listed) == ["Harbour fees"]
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("/chats/"))
    assert "Winter plan" in titles(listed)
