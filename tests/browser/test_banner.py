"""What is told above everything, in a chat: it takes nothing from what a person writes in."""

from __future__ import annotations

import time

import pytest

from tenants.context import use_tenant
from tests.browser.conftest import Reader
from tests.pages.test_allowances import allowance, uses


@pytest.mark.parametrize("width", [360, 1280])
def test_a_banner_and_the_composer_are_both_in_sight(reader: Reader, width: int) -> None:
    world, page = reader.desk.world, reader.page
    with use_tenant(world.context):
        uses(allowance(world), world.member, 850)
        uses(allowance(world, scope="companion", subject_id=world.companion.id), world.member, 850)
    time.sleep(1.2)  # every process knows of both within a second
    page.set_viewport_size({"width": width, "height": 760})
    reader.sign_in()
    reader.open_chat()
    banner, note = page.locator("form.banner"), page.locator(".composer-note")
    banner.get_by_text("Your part of this companion's budget").wait_for()
    for one in (banner, reader.composer, note):
        box = one.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 760, "nothing is below the edge"
    banner.get_by_role("button", name="Understood").click()
    banner.wait_for(state="detached")
    page.reload()
    assert not page.locator("form.banner").count(), "read is read"
