"""Everything with the keyboard alone, and the focus always in sight."""

from __future__ import annotations

import pytest

from tests.browser.axe import broken
from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

#: The outline of what has the focus, or of the box around it that shows the focus in its place.
OUTLINE = """() => {
  const box = document.activeElement.closest(".composer") ?? document.activeElement;
  const style = getComputedStyle(box);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
}"""
#: Where the focus is, in the page's own words.
PLACE = """() => {
  const here = document.activeElement;
  const sidebar = ".sidebar-head, .sidebar-scroll, .sidebar-foot";
  const named = here.closest(`.skip, ${sidebar}, .chat-head, #conversation, .composer`);
  return named ? named.id || named.classList[0] : here.tagName.toLowerCase();
}"""


def has_focus(reader: Reader, selector: str) -> bool:
    return bool(reader.page.evaluate("one => document.activeElement.matches(one)", selector))


def test_slash_leads_to_the_composer_and_is_not_written(chatting: Reader) -> None:
    chatting.page.locator("#conversation").focus()
    chatting.page.keyboard.press("/")
    assert has_focus(chatting, "#composer-text")
    assert chatting.composer.input_value() == ""
    chatting.page.keyboard.type("1/2")
    assert chatting.composer.input_value() == "1/2"


@pytest.mark.parametrize("keys", ["Control+k", "Meta+k"])
@pytest.mark.parametrize("width", [1100, 360])
def test_search_is_one_chord_away_and_its_finds_are_walked(reader: Reader, keys: str, width: int) -> None:
    reader.page.set_viewport_size({"width": width, "height": 740})
    reader.sign_in()
    reader.page.keyboard.press(keys)
    assert has_focus(reader, "#search")
    reader.page.keyboard.type("clar")
    clara = reader.page.get_by_role("listbox").get_by_role("option", name="Clara")
    everything = reader.page.get_by_role("option", name="Search everything for “clar”")
    clara.wait_for()
    assert chosen(reader) == clara.inner_text(), "what Enter opens is marked before it is pressed"
    reader.page.keyboard.press("ArrowUp")
    assert chosen(reader) == everything.inner_text(), "from the first row up to the last"
    reader.page.keyboard.press("ArrowDown")
    assert chosen(reader) == clara.inner_text()
    assert has_focus(reader, "#search[aria-expanded=true][role=combobox]"), "one goes on writing meanwhile"
    assert "Enter opens" in reader.page.locator("#announcer").inner_text()
    assert broken(reader.page) == []
    reader.page.keyboard.press("Escape")
    assert reader.page.locator("#search").input_value() == ""
    assert reader.page.get_by_role("option").count() == 0
    assert has_focus(reader, "#search[aria-expanded=false]:not([aria-activedescendant])")
    reader.page.keyboard.type("clar")
    clara.wait_for()
    reader.page.keyboard.press("Enter")
    reader.page.get_by_role("heading", level=1, name="Clara").wait_for()


def chosen(reader: Reader) -> str:
    """The row that the search box tells a screen reader of."""
    marked = reader.page.locator("#found [aria-selected=true]")
    assert marked.count() == 1
    assert marked.get_attribute("id") == reader.page.locator("#search").get_attribute("aria-activedescendant")
    return marked.inner_text()


def test_who_presses_enter_before_the_list_is_there_is_led_to_its_first_row(reader: Reader) -> None:
    reader.sign_in()
    reader.page.keyboard.press("Control+k")
    reader.page.keyboard.type("clar")
    reader.page.keyboard.press("Enter")
    reader.page.get_by_role("heading", level=1, name="Clara").wait_for()
    reader.page.wait_for_load_state()
    reader.page.keyboard.press("Control+k")
    reader.page.keyboard.type("nothing like that")
    reader.page.keyboard.press("Enter")
    reader.page.get_by_role("heading", level=1, name="Search").wait_for()
    assert reader.page.locator("#s-q").input_value() == "nothing like that"


@pytest.mark.parametrize("keys", ["Control+Shift+O", "Meta+Shift+O"])
def test_a_new_chat_is_one_chord_away(chatting: Reader, keys: str) -> None:
    assert has_focus(chatting, "#composer-text")
    chatting.page.keyboard.press(keys)
    chatting.page.wait_for_url(f"**/o/{chatting.desk.world.slug}/")
    chatting.page.wait_for_function("() => document.activeElement?.id === 'composer-text'")
    chatting.page.keyboard.type("at once")
    assert chatting.composer.input_value() == "at once"


def test_escape_stops_an_answer_but_first_closes_what_is_open(chatting: Reader) -> None:
    chatting.ask("paced:600:30")
    chatting.until_grown(40)
    options = chatting.page.locator(".chat-head details")
    options.locator("summary").click()
    chatting.page.keyboard.press("Escape")
    assert options.get_attribute("open") is None
    assert chatting.stop_button.is_visible(), "Escape closed the menu and must not stop the answer too"
    chatting.page.keyboard.press("Escape")
    chatting.until_over()
    assert "You stopped this answer." in chatting.answers.last.inner_text()


def test_arrows_walk_the_messages(chatting: Reader) -> None:
    for question in ("one", "two"):
        chatting.ask(question)
        chatting.until_over()
    ids = chatting.page.locator("[data-message]").evaluate_all("all => all.map(one => one.id)")
    here = "document.activeElement.id"
    chatting.page.locator("#conversation").focus()
    walked = []
    for _ in ids:
        chatting.page.keyboard.press("ArrowUp")
        walked.append(chatting.page.evaluate(here))
        assert chatting.page.evaluate(OUTLINE)
    assert walked == ids[::-1]
    chatting.page.keyboard.press("ArrowUp")
    assert chatting.page.evaluate(here) == ids[0]
    chatting.page.keyboard.press("ArrowDown")
    assert chatting.page.evaluate(here) == ids[1]
    chatting.composer.focus()
    chatting.page.keyboard.press("ArrowUp")
    assert has_focus(chatting, "#composer-text"), "arrows in the composer move the cursor"


def test_tab_goes_the_way_one_reads_and_always_shows_where(chatting: Reader) -> None:
    chatting.ask("hello there")
    chatting.until_over()
    chatting.page.reload()
    chatting.page.locator(".skip").focus()  # the page itself opens with the focus in the composer
    chatting.page.keyboard.press("Shift+Tab")
    places: list[str] = []
    for _ in range(60):
        chatting.page.keyboard.press("Tab")
        place = chatting.page.evaluate(PLACE)
        if place == "body":
            break
        assert chatting.page.evaluate(OUTLINE), f"the focus is not to be seen in {place}"
        if not places or places[-1] != place:
            places.append(place)
    way = ["skip", "sidebar-head", "sidebar-scroll", "sidebar-foot", "chat-head", "conversation", "composer"]
    assert places[: len(way)] == way


def test_a_dialog_keeps_the_focus_and_gives_it_back(chatting: Reader) -> None:
    chatting.ask("hello there")
    chatting.until_over()
    why = chatting.answers.last.get_by_role("button", name="Why this answer")
    why.focus()
    chatting.page.keyboard.press("Enter")
    dialog = chatting.page.get_by_role("dialog", name="Why this answer")
    dialog.get_by_text("What the model was told").wait_for()
    for _ in range(6):
        chatting.page.keyboard.press("Tab")
        assert chatting.page.evaluate("document.activeElement.closest('dialog, body').matches('#why, body')")
    chatting.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert why.evaluate("one => one === document.activeElement")


def test_the_drawer_of_a_small_screen_takes_and_returns_the_focus(chatting: Reader) -> None:
    chatting.page.set_viewport_size({"width": 360, "height": 740})
    menu = chatting.page.get_by_role("button", name="Menu", exact=True)
    menu.focus()
    chatting.page.keyboard.press("Enter")
    assert chatting.page.evaluate("document.activeElement.closest('.sidebar') !== null")
    for _ in range(12):
        chatting.page.keyboard.press("Tab")
        assert chatting.page.evaluate("document.activeElement.closest('.chat') === null")
    chatting.page.keyboard.press("Escape")
    assert menu.evaluate("one => one === document.activeElement")
