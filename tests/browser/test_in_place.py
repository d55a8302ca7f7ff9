"""Nothing one does in a chat takes one's place away: the keyboard, what is read, where one writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Reader

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

#: Whether two things on the page share a point.
MEET = """([one, other]) => {
  const [a, b] = [one, other].map((name) => document.querySelector(name).getBoundingClientRect());
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}"""


def holds_focus(place: Locator) -> bool:
    return bool(place.evaluate("one => one.contains(document.activeElement)"))


@pytest.mark.parametrize("width", [1100, 360])
def test_what_failed_is_told_beside_what_one_wrote_until_it_was_sent(chatting: Reader, width: int) -> None:
    page = chatting.page
    page.set_viewport_size({"width": width, "height": 740})
    page.route(re.compile(r"/messages/$"), lambda route: route.abort(), times=1)
    chatting.composer.fill("not to be lost")
    chatting.composer.press("Enter")
    page.locator("#notices .notice").wait_for()
    assert not page.evaluate(MEET, ["#notices .notice", "#composer"])
    assert not page.evaluate(MEET, ["#notices .notice", ".chat-head"])
    chatting.composer.press("Enter")
    chatting.until_over()
    assert page.locator("#notices .notice").count() == 0, "it was sent after all"
    chatting.complaints.clear()  # the browser tells the request that failed


def test_nor_is_it_covered_where_a_chat_begins(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    for place in ("", "companions/clara/"):
        reader.visit(f"/o/{reader.desk.world.slug}/{place}")
        page.wait_for_load_state()
        page.route(re.compile(r"/start/$"), lambda route: route.abort(), times=1)
        reader.composer.fill("not to be lost")
        reader.composer.press("Enter")
        page.locator("#notices .notice").wait_for()
        assert not page.evaluate(MEET, ["#notices .notice", "#composer"]), place
    reader.complaints.clear()  # the browser tells the requests that failed


@pytest.mark.parametrize("width", [1100, 360])
def test_without_a_connection_nothing_is_covered(chatting: Reader, width: int) -> None:
    page = chatting.page
    page.set_viewport_size({"width": width, "height": 740})
    page.context.set_offline(True)
    page.locator("#offline").wait_for()
    for place in (".chat-head", "#composer", "#conversation"):
        assert not page.evaluate(MEET, ["#offline", place]), place
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the page still fits"
    page.context.set_offline(False)
    page.locator("#offline").wait_for(state="hidden")
    assert chatting.page.locator(".chat").evaluate("one => one.getBoundingClientRect().top") == 0


@pytest.mark.parametrize("width", [1100, 360])
def test_only_the_conversation_scrolls(chatting: Reader, width: int) -> None:
    page = chatting.page
    page.set_viewport_size({"width": width, "height": 740})
    for question in ("paced:400:1", "paced:500:1"):
        chatting.ask(question)
        chatting.until_over()
    assert page.locator("#conversation").evaluate("one => one.scrollHeight > one.clientHeight")
    page.evaluate("window.scrollTo(0, 9999)")
    assert page.evaluate("scrollY") == 0, "there is nothing below the page"


def test_the_keyboard_stays_with_an_answer_that_is_written_again(chatting: Reader) -> None:
    chatting.ask("hello there")
    chatting.until_over()
    chatting.answers.last.get_by_role("button", name="Answer again").focus()
    chatting.page.keyboard.press("Enter")
    chatting.page.get_by_text("2 of 2").wait_for()
    chatting.until_over()
    chatting.page.wait_for_function("() => document.activeElement?.closest('article.companion')")


def test_who_stops_by_keyboard_writes_on(chatting: Reader) -> None:
    chatting.ask("paced:600:30")
    chatting.until_grown(40)
    chatting.stop_button.focus()
    chatting.page.keyboard.press("Enter")
    chatting.until_over()
    chatting.page.wait_for_function("() => document.activeElement?.id === 'composer-text'")


def test_versions_are_leafed_through_without_looking(chatting: Reader) -> None:
    chatting.ask("hello there")
    chatting.until_over()
    chatting.answers.last.get_by_role("button", name="Answer again").click()
    chatting.page.get_by_text("2 of 2").wait_for()
    chatting.until_over()
    older, newer = (
        chatting.answers.last.get_by_role("button", name=f"{name} version") for name in ("Previous", "Next")
    )
    older.focus()
    before = older.bounding_box()
    chatting.page.keyboard.press("Enter")
    chatting.page.get_by_text("1 of 2").wait_for()
    chatting.until_over()
    assert holds_focus(older)
    assert older.bounding_box() == before
    assert older.get_attribute("aria-disabled") == "true", "this is the first"
    newer.focus()
    chatting.page.keyboard.press("Enter")
    chatting.page.get_by_text("2 of 2").wait_for()
    chatting.until_over()
    assert holds_focus(newer)


def test_an_edited_question_is_asked_with_enter(chatting: Reader) -> None:
    chatting.ask("first thoughts")
    chatting.until_over()
    question = chatting.page.locator("article.message.person").first
    question.get_by_role("button", name="Edit and ask again").click()
    keys = chatting.page.keyboard
    keys.press("Control+a")
    keys.type("second")
    keys.press("Shift+Enter")
    keys.type("thoughts")
    keys.press("Enter")
    chatting.page.get_by_text("2 of 2").wait_for()
    chatting.until_over()
    assert question.locator("[data-text]").inner_text() == "second\nthoughts"


def test_a_keyboard_on_glass_begins_lines(chatting: Reader, browser: Browser) -> None:
    window = browser.new_context(
        storage_state=chatting.page.context.storage_state(), has_touch=True, is_mobile=True, locale="en-US"
    )
    phone = window.new_page()
    phone.goto(chatting.page.url)
    phone.locator("#composer-text").focus()
    phone.wait_for_load_state()
    for line in ("one", "two"):
        phone.keyboard.type(line)
        phone.keyboard.press("Enter")
    assert phone.locator("#composer-text").input_value() == "one\ntwo\n"
    phone.get_by_role("button", name="Send").tap()
    phone.locator("article.person").wait_for()
    window.close()


def test_the_way_down_is_offered_only_where_there_is_one(chatting: Reader) -> None:
    page = chatting.page
    down = page.get_by_role("button", name="To the latest")
    chatting.ask("paced:900:1")
    chatting.until_over()
    page.locator("#conversation").evaluate("one => one.scrollTop = 0")
    down.wait_for()
    question = page.locator("article.message.person").first
    question.get_by_role("button", name="Edit and ask again").click()
    question.get_by_label("Your question").fill("short")
    question.get_by_label("Your question").press("Enter")
    page.get_by_text("2 of 2").wait_for()
    chatting.until_over()
    down.wait_for(state="hidden")
    question.get_by_role("button", name="Previous version").click()
    page.get_by_text("1 of 2").wait_for()
    chatting.until_over()
    assert question.locator("[data-text]").bounding_box()["y"] > 0, "who leafs stays with the question"  # type: ignore[index]
