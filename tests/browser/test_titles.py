"""A new chat gets its name while one looks at it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from chats.models import Chat
from tenants.context import use_tenant
from tests.browser.conftest import Reader
from tests.fixtures.models import ScriptedModel

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


def assert_titled(reader: Reader, title: str) -> None:
    """In the header, the tab and the sidebar."""
    expect(reader.page.locator("#chat-title")).to_have_text(title, timeout=10_000)
    expect(reader.page).to_have_title(re.compile(f"^{re.escape(title)} · "))
    expect(reader.page.locator("#chats [aria-current=page]")).to_have_text(title)


@pytest.mark.battery
def test_a_title_appears_everywhere_without_a_reload(reader: Reader, scripted_model: ScriptedModel) -> None:
    reader.sign_in()
    reader.open_chat()
    reader.page.evaluate("window.stayed = true")
    assert_titled(reader, "New chat")
    reader.ask("What is on today?")
    assert_titled(reader, "What is on today?")
    reader.until_over()
    with use_tenant(reader.desk.world.context):  # as the task does, once the model has named it
        Chat.objects.filter(title="What is on today?").update(title="Plans for today")
    assert_titled(reader, "Plans for today")
    reader.page.get_by_label("Chat options").click()
    reader.page.get_by_role("button", name="Rename").click()
    assert reader.page.get_by_label("Title").input_value() == "Plans for today"
    assert reader.page.evaluate("window.stayed")


@pytest.mark.battery
def test_the_list_is_renewed_under_the_fingers(reader: Reader, scripted_model: ScriptedModel) -> None:
    """Whoever is in the list with the keyboard stays where they are."""
    reader.sign_in()
    reader.open_chat()
    reader.ask("hello there")
    reader.until_over()
    reader.page.locator("#chats [aria-current=page]").focus()
    with reader.page.expect_response(re.compile(r"/listed/$")):
        pass
    reader.page.wait_for_timeout(200)
    assert reader.page.evaluate("document.activeElement.matches('#chats [aria-current=page]')")
