"""A person's day in a real browser: sign in, ask, watch, stop, try again, look behind."""

from __future__ import annotations

import re

import pytest

from tenants.models import Organization
from tests.browser.conftest import Reader
from tests.fixtures.models import ScriptedModel

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


@pytest.fixture
def chatting(reader: Reader, scripted_model: ScriptedModel) -> Reader:
    """Signed in by the form, in a new chat."""
    reader.sign_in()
    reader.open_chat()
    return reader


def paced(tokens: int) -> str:
    return " ".join(f"word{number % 64}" for number in range(tokens))


def test_an_answer_grows_and_survives_a_reload(chatting: Reader) -> None:
    chatting.ask("paced:150:40")
    early = chatting.until_grown(40)
    later = chatting.until_grown(len(early) + 60)
    assert later.startswith(early)
    chatting.page.reload()
    again = chatting.until_grown(len(later))
    assert again.startswith(later)
    assert len(again) < len(paced(150)), "it was over before it could go on"
    chatting.until_over()
    assert chatting.last_text == paced(150)
    assert chatting.answers.count() == 1


def test_a_stopped_answer_keeps_what_was_written(chatting: Reader) -> None:
    chatting.ask("paced:400:30")
    seen = chatting.until_grown(60)
    chatting.stop_button.click()
    chatting.until_over()
    assert "You stopped this answer." in chatting.answers.last.inner_text()
    assert chatting.last_text.startswith(seen)
    assert paced(400).startswith(chatting.last_text)
    assert chatting.last_text != paced(400)
    assert chatting.stop_button.is_hidden()
    chatting.ask("and another")
    chatting.until_over()
    assert chatting.last_text == "and another"


def test_a_failure_says_so_and_another_try_works(chatting: Reader, scripted_model: ScriptedModel) -> None:
    chatting.ask("status:500")
    again = chatting.answers.last.get_by_role("button", name="Try again")
    again.wait_for(timeout=40_000)
    assert "sk-secret" not in chatting.page.content()
    scripted_model.script("say:It%20works%20now.", times=2)
    again.click()
    chatting.page.get_by_text("It works now.").first.wait_for()
    chatting.until_over()
    assert chatting.last_text == "It works now."


def test_a_vote_can_be_given_changed_and_withdrawn(chatting: Reader) -> None:
    chatting.ask("hello there")
    chatting.until_over()
    good, poor = (
        chatting.answers.last.get_by_role("button", name=name) for name in ("Good answer", "Poor answer")
    )
    for pressed, of_good, of_poor in (
        (good, "true", "false"),
        (poor, "false", "true"),
        (poor, "false", "false"),
    ):
        with chatting.page.expect_response(re.compile(r"/vote/$")):
            pressed.click()
        chatting.page.wait_for_function(
            "wanted => [...document.querySelectorAll('[name=choice]')]"
            ".map(one => one.getAttribute('aria-pressed')).join() === wanted",
            arg=f"{of_good},{of_poor}",
        )


def test_why_this_answer_shows_what_it_was_made_with(chatting: Reader) -> None:
    chatting.ask("hello there")
    chatting.until_over()
    chatting.answers.last.get_by_role("button", name="Why this answer").click()
    dialog = chatting.page.get_by_role("dialog", name="Why this answer")
    dialog.get_by_text("What the model was told").wait_for()
    assert "You are Clara." in dialog.inner_text()
    assert "scripted" in dialog.inner_text()
    chatting.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_an_edited_question_has_versions_to_walk_through(chatting: Reader) -> None:
    chatting.ask("first thoughts")
    chatting.until_over()
    question = chatting.page.locator("article.message.person").first
    question.get_by_role("button", name="Edit and ask again").click()
    question.get_by_label("Your question").fill("second thoughts")
    question.get_by_role("button", name="Ask", exact=True).click()
    chatting.page.locator("article.companion").get_by_text("second thoughts").wait_for()
    chatting.until_over()
    assert "2 of 2" in question.inner_text()
    question.get_by_role("button", name="Previous version").click()
    chatting.page.locator("article.companion").get_by_text("first thoughts").wait_for()
    assert chatting.last_text == "first thoughts"
    question.get_by_role("button", name="Next version").click()
    chatting.page.locator("article.companion").get_by_text("second thoughts").wait_for()
    chatting.page.reload()
    assert chatting.last_text == "second thoughts"


def test_language_and_theme_change_and_stay(reader: Reader) -> None:
    reader.sign_in()
    page, html = reader.page, reader.page.locator("html")
    menu = page.locator(".sidebar-foot summary")
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    menu.click()
    page.get_by_role("button", name="Dark").click()
    page.locator("html[data-theme=dark]").wait_for()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before
    menu.click()
    page.get_by_role("button", name="Português").click()
    page.get_by_role("heading", level=1, name="Olá, Bruno").wait_for()
    page.reload()
    assert (html.get_attribute("lang"), html.get_attribute("data-theme")) == ("pt-br", "dark")


@pytest.mark.in_turn(2)
@pytest.mark.parametrize("path", ["", "companions/", "companions/clara/", "settings/"])
def test_a_small_screen_scrolls_one_way_only(reader: Reader, path: str) -> None:
    reader.page.set_viewport_size({"width": 360, "height": 740})
    reader.sign_in()
    reader.visit(f"/o/{reader.desk.world.slug}/{path}")
    assert_fits(reader)


def test_a_chat_works_on_a_small_screen(chatting: Reader) -> None:
    chatting.page.set_viewport_size({"width": 360, "height": 740})
    wide = "x" * 300
    table = "%7C" + "%7C".join(["a long head"] * 9).replace(" ", "%20") + "%7C%0A%7C" + "---%7C" * 9
    chatting.ask(f"say:{wide}%0A%0A```%0A{wide}%0A```%0A%0A{table}%0A")
    chatting.until_over()
    assert_fits(chatting)
    assert chatting.answers.last.locator("pre").count() == 1
    assert chatting.answers.last.locator("table").count() == 1
    chatting.page.get_by_role("button", name="Menu").click()
    chatting.page.get_by_role("link", name="Companions").click()
    chatting.page.get_by_role("heading", level=1, name="Companions").wait_for()


def assert_fits(reader: Reader) -> None:
    widths = "[document.scrollingElement.scrollWidth, innerWidth]"
    content, screen = reader.page.evaluate(widths)
    assert content <= screen


def test_the_keyboard_is_enough(chatting: Reader) -> None:
    keys = chatting.page.keyboard
    chatting.page.locator("#conversation").focus()
    keys.press("/")
    assert chatting.composer.evaluate("box => box === document.activeElement")
    keys.type("two lines")
    keys.press("Shift+Enter")
    keys.type("one question")
    assert chatting.composer.input_value() == "two lines\none question"
    keys.press("Enter")
    chatting.until_over()
    chatting.ask("paced:400:30")
    chatting.until_grown(40)
    keys.press("Escape")
    chatting.until_over()
    assert "You stopped this answer." in chatting.answers.last.inner_text()
    chatting.page.reload()
    chatting.page.locator("body").press("Tab")
    focused = "document.activeElement.closest('a, button, input, textarea, summary, [tabindex]') !== null"
    for _ in range(30):
        keys.press("Tab")
        assert chatting.page.evaluate(focused) or chatting.page.evaluate(
            "document.activeElement === document.body"
        )


def test_a_draft_is_there_after_a_reload(chatting: Reader) -> None:
    with chatting.page.expect_response(re.compile(r"/drafts/")) as saved:
        chatting.composer.fill("half a thought")
    assert saved.value.status == 204
    chatting.page.reload()
    assert chatting.composer.input_value() == "half a thought"


def test_a_hostile_answer_stays_text_in_a_browser(chatting: Reader) -> None:
    hostile = (
        "<img src=x onerror=window.hurt=1><script>window.hurt=1</script> "
        "![p](https://evil.example/p.gif) [a](javascript:window.hurt=1)"
    )
    chatting.ask("say:" + hostile.replace("%", "%25").replace(" ", "%20"))
    chatting.until_over()
    assert chatting.page.evaluate("window.hurt") is None
    assert chatting.answers.last.locator("img, script, a[href^='javascript']").count() == 0
    assert "<script>" in chatting.last_text


def test_who_was_signed_out_meanwhile_loses_nothing(chatting: Reader) -> None:
    chatting.page.context.clear_cookies(name=re.compile("session"))
    chatting.composer.fill("a long thought")
    chatting.composer.press("Enter")
    notice = chatting.page.locator("#notices").get_by_role("link", name="Sign in")
    notice.wait_for()
    assert chatting.composer.input_value() == "a long thought"
    assert chatting.page.locator("[type=password]").count() == 0, "the sign-in page stands in the chat"
    chatting.pardon("401")


def test_a_draft_outlives_a_server_that_is_away(chatting: Reader) -> None:
    """What the server has not got is kept in the tab."""
    chatting.page.route(re.compile(r"/drafts/"), lambda route: None)  # never answered
    with chatting.page.expect_request(re.compile(r"/drafts/")):
        chatting.composer.fill("kept here")
    chatting.page.reload()
    assert chatting.composer.input_value() == "kept here"


@pytest.mark.in_turn(2)
@pytest.mark.parametrize("width", [360, 1100])
def test_a_long_name_is_cut_and_spills_nowhere(chatting: Reader, width: int) -> None:
    page, name = chatting.page, "Friends of the Philharmonic Orchestra of the Upper Valley and its Harbours"
    Organization.objects.filter(id=chatting.desk.world.organization.id).update(name=name)
    page.set_viewport_size({"width": width, "height": 740})
    page.reload()
    assert_fits(chatting)
    if width == 360:
        page.get_by_role("button", name="Menu", exact=True).click()
    assert page.locator(".organization").get_attribute("title") == name
    spilt = """() => [...document.querySelectorAll(".sidebar-head *")].filter(one =>
      one.getBoundingClientRect().right > document.querySelector(".sidebar").getBoundingClientRect().right + 1
      && !one.closest(".menu-body, .visually-hidden")).map(one => one.outerHTML)"""
    assert page.evaluate(spilt) == []
