"""A conversation begins with a question and a file, on the page of a companion."""

from __future__ import annotations

from pathlib import Path

import pytest

from chats.models import Attachment, Draft
from companions.services.companions import create_companion
from tenants.context import use_tenant
from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


def test_a_first_question_goes_with_its_file_and_nothing_of_it_stays_behind(
    reader: Reader, tmp_path: Path
) -> None:
    """Written and attached, kept over a reload, still there after a refusal, and sent once."""
    file = tmp_path / "rules.txt"
    file.write_text("Everybody has thirty days of leave.")
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Clara").first.click()
    page.wait_for_url("**/companions/clara/")
    page.wait_for_load_state()
    with page.expect_response("**/drafts/*/documents/"):
        page.locator("[data-upload-choose]").set_input_files(str(file))
    chips = page.locator("#composer .chips")
    chips.get_by_text("rules.txt").wait_for()
    with page.expect_response("**/drafts/*/"):
        reader.composer.fill("say:Thirty.")
    page.reload()
    assert "rules.txt" in chips.inner_text()
    assert reader.composer.input_value() == "say:Thirty."
    stranger = "00000000-0000-7000-8000-000000000000"
    page.locator("#composer [name=documents]").evaluate("(one, id) => (one.value = id)", stranger)
    reader.composer.press("Enter")
    page.get_by_text("Remove it and send again.").wait_for()
    reader.pardon("404")
    assert reader.composer.input_value() == "say:Thirty."
    page.reload()
    reader.composer.press("Enter")
    page.wait_for_url("**/chats/**")
    page.get_by_role("list", name="Attached documents").get_by_text("rules.txt").wait_for()
    with use_tenant(reader.desk.world.context):
        assert Attachment.objects.filter(name="rules.txt").count() == 1
        place = reader.desk.world.companion.id
        assert not Draft.objects.filter(place_id=place).exists()
    reader.visit(f"/o/{reader.desk.world.slug}/companions/clara/")
    assert reader.composer.input_value() == ""
    assert chips.count() == 0


def test_who_turns_to_another_companion_takes_along_what_is_written(reader: Reader) -> None:
    with use_tenant(reader.desk.world.context):
        create_companion(name="Dora", purpose="Letters", base_prompt="You are Dora.", language="en")
    reader.sign_in()
    page = reader.page
    page.wait_for_function("() => document.activeElement?.id === 'composer-text'")
    page.keyboard.type("half a thought")
    page.locator("main .menu > summary", has_text="Clara").click()
    page.get_by_role("link", name="Dora").first.click()
    page.get_by_role("textbox", name="Message to Dora").wait_for()
    page.wait_for_load_state()
    assert page.locator("#composer-text").input_value() == "half a thought"
    reader.visit(f"/o/{reader.desk.world.slug}/?with=clara")
    assert reader.composer.input_value() == "", "it was said to Dora"


def test_what_is_attached_stays_with_what_is_written(reader: Reader, tmp_path: Path) -> None:
    """Whoever it is for in the end; and where it cannot be taken along, one stays with it and tries again."""
    file = tmp_path / "rules.txt"
    file.write_text("Everybody has thirty days of leave.")
    with use_tenant(reader.desk.world.context):
        dora = create_companion(name="Dora", purpose="Letters", base_prompt="You are Dora.", language="en")
    reader.sign_in()
    page, chips = reader.page, reader.page.locator("#composer .chips")
    page.keyboard.type("half a thought")
    with page.expect_response("**/drafts/*/documents/"):
        page.locator("[data-upload-choose]").set_input_files(str(file))
    chips.get_by_text("rules.txt").wait_for()
    page.route(f"**/drafts/{dora.id}/documents/", lambda route: route.abort())
    page.locator("main .menu > summary", has_text="Clara").click()
    page.locator("main .menu").get_by_role("link", name="Dora").click()
    again = page.locator("#notices").get_by_role("button", name="Try again")
    again.wait_for()
    reader.pardon("ERR_FAILED")
    assert "rules.txt" in chips.inner_text()
    assert reader.composer.input_value() == "half a thought"
    page.unroute(f"**/drafts/{dora.id}/documents/")
    again.click()
    page.get_by_role("textbox", name="Message to Dora").wait_for()
    assert "rules.txt" in chips.inner_text()
    assert page.locator("#composer-text").input_value() == "half a thought"
    page.reload()
    assert "rules.txt" in chips.inner_text(), "the server keeps it there"
    reader.visit(f"/o/{reader.desk.world.slug}/?with=clara")
    assert chips.count() == 0, "it is with Dora"
