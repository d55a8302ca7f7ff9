"""The daily work in chats in a real browser: long conversations, finding, two tabs, no connection."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from chats.models import Chat, Message
from chats.services.words import catch_up
from tenants.context import use_tenant
from tests.browser.conftest import Reader
from tests.browser.test_journey import assert_fits
from tests.fixtures.models import ScriptedModel

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]
#: What a reader sees at the top of the conversation.
TOP = """() => {
  const box = document.getElementById("conversation").getBoundingClientRect();
  return [...document.querySelectorAll("[data-message]")].find(
    (one) => one.getBoundingClientRect().bottom > box.top + 60,
  ).innerText.match(/number \\d+/)[0];
}"""


def talk(reader: Reader, length: int) -> str:
    """A conversation of so many messages; its address."""
    with use_tenant(reader.desk.world.context):
        chat = reader.desk.new_chat()
        rows: list[Message] = []
        for number in range(length):
            by = Message.Role.COMPANION if number % 2 else Message.Role.PERSON
            above = rows[-1].id if rows else None
            rows.append(Message(chat=chat, parent_id=above, role=by, text=f"Said as number {number}."))
        Message.objects.bulk_create(rows)
        Chat.objects.filter(id=chat.id).update(leaf_id=rows[-1].id, last_message_at=timezone.now())
        catch_up()
    return f"/o/{reader.desk.world.slug}/chats/{chat.id}/"


@pytest.mark.parametrize("width", [1100, 360])
def test_earlier_messages_come_as_one_scrolls_and_nothing_jumps(reader: Reader, width: int) -> None:
    reader.sign_in()
    reader.page.set_viewport_size({"width": width, "height": 740})
    reader.visit(talk(reader, 120))
    messages = reader.page.locator("[data-message]")
    assert messages.count() == 40
    assert messages.last.is_visible()
    assert_fits(reader)
    reader.page.locator("#conversation").evaluate("one => one.scrollTop = 120")
    before = reader.page.evaluate(TOP)
    reader.page.locator("#conversation").evaluate("one => one.scrollTop = 1")
    reader.page.wait_for_function("() => document.querySelectorAll('[data-message]').length > 40")
    first = int(re.sub(r"\D", "", before))
    after = int(re.sub(r"\D", "", reader.page.evaluate(TOP)))
    assert abs(first - after) <= 3, "one reads on where one was"


def test_a_search_by_keyboard_leads_to_the_message(reader: Reader) -> None:
    reader.sign_in()
    talk(reader, 120)
    keys = reader.page.keyboard
    keys.press("Control+k")
    keys.type("said number 7.")
    reader.page.locator("#found .hit mark").first.wait_for()
    keys.press("Enter")
    reader.page.locator("[data-message]").first.wait_for()
    reader.page.wait_for_function("() => document.activeElement?.matches('[data-message]')")
    assert "number 7" in reader.page.evaluate("document.activeElement.innerText")
    keys.press("?")
    dialog = reader.page.get_by_role("dialog", name="Keys")
    dialog.wait_for()
    keys.press("Escape")
    dialog.wait_for(state="hidden")


def test_what_is_asked_in_one_tab_appears_in_the_other(chatting: Reader) -> None:
    other = chatting.page.context.new_page()
    other.goto(chatting.page.url)
    other.locator("#composer-text").wait_for()
    chatting.ask("hello over there")
    chatting.until_over()
    other.evaluate("window.dispatchEvent(new Event('focus'))")
    other.locator("article.companion").get_by_text("hello over there").wait_for()
    assert other.locator("[data-message]").count() == 2
    with other.expect_response(re.compile("/now/")) as unchanged:
        other.evaluate("window.dispatchEvent(new Event('focus'))")
    assert unchanged.value.status == 204
    other.wait_for_timeout(300)
    assert other.locator("[data-message]").count() == 2
    other.close()


def test_an_answer_that_was_stopped_goes_on_below_itself(
    chatting: Reader, scripted_model: ScriptedModel
) -> None:
    chatting.ask("paced:400:30")
    chatting.until_grown(60)
    chatting.page.keyboard.press("Escape")
    chatting.until_over()
    scripted_model.script("say:And%20the%20rest.")
    chatting.answers.last.get_by_role("button", name="Continue").click()
    chatting.answers.last.get_by_text("And the rest.").wait_for()
    chatting.until_over()
    assert chatting.answers.count() == 2
    assert chatting.page.locator("article.person").count() == 1
    assert chatting.answers.last.get_by_role("heading").count() == 0, "it reads as one answer"


def test_an_answer_that_is_over_is_followed_once(chatting: Reader) -> None:
    """Whatever else happens on the page until its end has come: what is pressed then is not taken away."""
    followed: list[str] = []
    ends: list[Route] = []
    chatting.page.on("request", lambda one: followed.append(one.url) if "/events" in one.url else None)
    chatting.page.route(re.compile(r"/messages/[0-9a-f-]{36}/$"), lambda route: ends.append(route))
    chatting.ask("say:Short.")
    until(chatting, lambda: bool(ends))
    with chatting.page.expect_response(re.compile("/listed/")) as listed:
        chatting.page.evaluate("document.body.dispatchEvent(new Event('humana:settled'))")
    listed.value.finished()
    chatting.page.wait_for_timeout(500)
    for end in ends:
        end.continue_()
    chatting.until_over()
    assert (len(followed), len(ends)) == (1, 1)


def test_the_end_of_an_answer_waits_for_nothing_else_on_the_page(chatting: Reader) -> None:
    """The word that it was stopped is still on its way back."""
    stops: list[Route] = []

    def hold(route: Route) -> None:
        route.fetch()
        stops.append(route)

    chatting.page.route(re.compile(r"/runs/[0-9a-f-]{36}/stop/$"), hold)
    chatting.ask("paced:4000:30")
    chatting.until_grown(60)
    chatting.page.keyboard.press("Escape")
    until(chatting, lambda: bool(stops))
    chatting.page.evaluate("window.dispatchEvent(new Event('focus'))")
    chatting.until_over()
    stops.pop().fulfill(status=204)


def until(reader: Reader, what: Callable[[], bool]) -> None:
    """While the page goes on."""
    deadline = time.monotonic() + 15
    while not what():
        assert time.monotonic() < deadline
        reader.page.wait_for_timeout(20)


def test_without_a_connection_the_text_stays_and_is_sent_again(chatting: Reader) -> None:
    chatting.page.context.set_offline(True)
    chatting.page.locator("#offline").wait_for()
    chatting.composer.fill("once more")
    chatting.composer.press("Enter")
    chatting.page.locator("#notices .notice").wait_for()
    assert chatting.composer.input_value() == "once more"
    chatting.page.context.set_offline(False)
    again = chatting.page.get_by_text("You are connected again").locator("xpath=..")
    again.get_by_role("button", name="Try again").click()
    chatting.until_over()
    assert chatting.last_text == "once more"
    assert chatting.page.locator("#offline").is_hidden()
    assert chatting.page.evaluate("Object.keys(localStorage).filter(one => one.startsWith('draft:'))") == []
    chatting.complaints.clear()  # the browser tells each request that failed


def test_a_draft_is_kept_in_the_browser_until_one_signs_out(chatting: Reader) -> None:
    chatting.page.route(re.compile(r"/drafts/"), lambda route: None)
    chatting.composer.fill("half a thought")
    kept = "Object.keys(localStorage).filter(one => one.startsWith('draft:')).length"
    assert chatting.page.evaluate(kept) == 1
    chatting.page.locator(".sidebar-foot summary").click()
    chatting.page.get_by_role("button", name="Sign out").click()
    chatting.page.wait_for_url(re.compile("login|/$"))
    assert chatting.page.evaluate(kept) == 0


def test_two_thousand_tokens_in_a_hurry_hold_the_page_up_nowhere(chatting: Reader) -> None:
    """Long tasks of the browser, while an answer of 2,000 tokens comes as fast as it can."""
    chatting.page.evaluate(
        """() => {
          window.long = [];
          new PerformanceObserver((list) => window.long.push(...list.getEntries().map((one) => one.duration)))
            .observe({ type: "longtask" });
          setTimeout(() => {
            const until = performance.now() + 150;
            while (performance.now() < until);
          });
        }"""
    )
    chatting.page.wait_for_function("() => window.long.length")  # one is noticed
    chatting.page.evaluate("() => (window.long.length = 0)")
    chatting.ask("paced:2000:1")
    chatting.until_over()
    long = chatting.page.evaluate("window.long")
    print(f"{len(long)} long tasks, {sum(long):.0f} ms in all, the longest {max(long, default=0):.0f} ms")
    assert max(long, default=0) < 500
    assert sum(long) < 3000
