"""A companion that uses tools, as a person sees it: asked first, shown in place, kept."""

from __future__ import annotations

import re

import pytest

from chats.models import Run
from tests.browser.conftest import Reader
from tests.fixtures.models import ScriptedModel
from tests.fixtures.tools import BOOK, CITY, FORECAST, calls, equip
from tests.peers.tool_server import ToolPeer

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


@pytest.fixture
def chatting(reader: Reader, scripted_model: ScriptedModel, tool_peer: ToolPeer) -> Reader:
    equip(reader.desk.world, tool_peer)
    reader.desk.until(reader.desk.ask("say:Oi"), Run.State.DONE)
    scripted_model.forget()
    reader.sign_in()
    reader.open_chat()
    return reader


@pytest.mark.battery
def test_a_tool_that_asks_first_waits_for_the_person_on_every_page(
    chatting: Reader, scripted_model: ScriptedModel, tool_peer: ToolPeer
) -> None:
    page = chatting.page
    long = {"city": "Recife <b>bold</b>", "note": "word " * 200}
    scripted_model.script(calls((FORECAST, CITY), (BOOK, long)))
    chatting.ask("Book a table, please")
    question = page.get_by_role("group", name="Clara wants to use weather · book")
    question.wait_for()
    assert "Clara wants to use weather · book. Allow it?" in page.locator("#announcer").inner_text()
    assert page.locator("article .block.step").first.inner_text().strip() == "Used weather · forecast"
    assert "<b>bold</b>" in question.inner_text(), "shown as text"
    question.get_by_text("Show all").click()
    assert '"note"' in question.inner_text()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Allow").wait_for()
    page.reload()
    allow = page.get_by_role("button", name="Allow")
    allow.wait_for()
    assert tool_peer.calls == [("forecast", CITY)]
    allow.focus()
    page.keyboard.press("Enter")
    chatting.until_over()
    assert [name for name, _given in tool_peer.calls] == ["forecast", "book"]
    other.get_by_text("Used weather · book").wait_for()
    assert other.get_by_role("button", name="Allow").count() == 0
    used = page.get_by_text("Used weather · book")
    used.click()
    assert "It said, after" in page.locator(".block.step").last.inner_text()
    assert page.locator("b").count() == 0
    other.close()


@pytest.mark.battery
def test_not_now_lets_the_answer_go_on_without(
    chatting: Reader, scripted_model: ScriptedModel, tool_peer: ToolPeer
) -> None:
    page = chatting.page
    page.set_viewport_size({"width": 360, "height": 740})
    scripted_model.script(calls((BOOK, CITY)))
    chatting.ask("Book a table, please")
    page.get_by_role("button", name="Not now").click()
    chatting.until_over()
    assert tool_peer.calls == []
    assert "Not used, as you wished: weather · book" in chatting.answers.last.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    chatting.answers.last.get_by_role("button", name="Why this answer").click()
    dialog = page.get_by_role("dialog", name="Why this answer")
    dialog.get_by_text(re.compile("weather · book, weather · forecast")).wait_for()
