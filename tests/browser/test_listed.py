"""The list of chats beside every page, and the menu of each of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from documents.services import files
from tenants.context import use_tenant
from tests.browser.axe import broken
from tests.browser.conftest import Reader
from tests.browser.test_journey import assert_fits

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

AT_FIRST = "() => document.activeElement?.matches('#chat-menu .nav-link')"


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


def row_menu(reader: Reader, name: str) -> Locator:
    """That of a row of the page, opened by keyboard."""
    reader.page.locator("main").get_by_role("button", name=f"Options of {name}").focus()
    reader.page.keyboard.press("Enter")
    menu = reader.page.locator(".floating:popover-open")
    menu.wait_for()
    reader.page.wait_for_function("() => document.activeElement?.matches('.floating .nav-link')")
    return menu


def rows(reader: Reader) -> list[str]:
    return [one.strip() for one in reader.page.locator("main .list-row > .cut").all_text_contents()]


@pytest.mark.parametrize("width", [1100, 360])
def test_chats_are_put_in_order_from_the_list_of_all_by_keyboard(listed: Reader, width: int) -> None:
    page, all_chats = listed.page, f"/o/{listed.desk.world.slug}/chats/"
    page.set_viewport_size({"width": width, "height": 740})
    listed.visit(all_chats)
    menu = row_menu(listed, "Winter plan")
    assert broken(page) == []
    assert menu.get_by_role("button", name="Take out of the archive").count() == 0
    assert_fits(listed)
    with page.expect_download() as kept:
        menu.get_by_role("button", name="Export as Markdown").press("Enter")
    assert kept.value.suggested_filename.endswith(".md")
    menu.wait_for(state="hidden")
    row_menu(listed, "Winter plan").get_by_role("link", name="Move to a folder").press("Enter")
    page.get_by_label("Or a new folder").fill("Winter")
    page.get_by_role("button", name="Move the chat").click()
    page.wait_for_url(f"**{all_chats}")
    with page.expect_navigation():
        row_menu(listed, "Winter plan").get_by_role("button", name="Archive", exact=True).press("Enter")
    assert page.url.endswith(all_chats)
    assert rows(listed) == ["Harbour fees"]
    listed.visit(f"{all_chats}?archived=1")
    with page.expect_navigation():
        row_menu(listed, "Winter plan").get_by_role("button", name="Take out of the archive").press("Enter")
    assert page.url.endswith("?archived=1"), "one stays where one is"
    assert rows(listed) == []
    listed.visit(all_chats)
    assert sorted(rows(listed)) == ["Harbour fees", "Winter plan"]


@pytest.mark.parametrize("width", [1100, 360])
def test_a_document_is_renamed_shared_and_deleted_from_the_list(listed: Reader, width: int) -> None:
    page, world = listed.page, listed.desk.world
    with use_tenant(world.context):
        files.write(member=world.member, name="Fees", text="Two percent.")
    page.set_viewport_size({"width": width, "height": 740})
    listed.visit(f"/o/{world.slug}/documents/")
    menu = row_menu(listed, "Fees")
    assert broken(page) == []
    assert menu.get_by_role("link", name="Download the original").is_hidden(), "it was written here"
    menu.get_by_role("link", name="Rename or move").press("Enter")
    page.get_by_label("Name").fill("Harbour fees")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/documents/")
    row_menu(listed, "Harbour fees").get_by_role("link", name="Share").press("Enter")
    page.get_by_role("heading", level=1, name="Share “Harbour fees.md”").wait_for()
    listed.visit(f"/o/{world.slug}/documents/")
    with page.expect_navigation():
        row_menu(listed, "Harbour fees").get_by_role("button", name="Delete").press("Enter")
    assert page.locator("main .list-row").count() == 0
    assert page.get_by_role("button", name="Undo").is_visible()


def test_without_scripts_no_button_stands_there_that_does_nothing(listed: Reader) -> None:
    """The page of the chat itself has the same, in a menu that needs none."""
    context = listed.page.context
    state, browser = context.storage_state(), context.browser
    assert browser
    bare = browser.new_context(java_script_enabled=False, storage_state=state, locale="en-US")
    page = bare.new_page()
    page.goto(f"{listed.desk.server.url}/o/{listed.desk.world.slug}/chats/")
    assert page.locator("main").get_by_role("button", name="Options of Winter plan").count() == 0
    page.locator("main").get_by_role("link", name="Winter plan").click()
    page.locator(".chat-head summary").click()
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_text("The chat is archived.").wait_for()
    bare.close()
