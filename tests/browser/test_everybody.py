"""Every page for everybody: WCAG 2.2 AA as axe sees it, light and dark, wide and small, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from tests.browser.axe import broken
from tests.browser.conftest import Reader
from tests.fixtures.models import ScriptedModel
from tests.isolation.routes import PAGES, objects_of, routes

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.needs("node")]

#: As wide as a desk, then dark on the smallest phone.
WIDE, SMALL = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SAID = "# Plano\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n```python\\nx = 1\\n```\\n\\n- [x] `done`"


def as_owner(reader: Reader, language: str) -> None:
    """Signed in without the form, as who may open everything."""
    user = reader.desk.world.owner.user
    user.language = language
    user.save(update_fields=["language"])
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    reader.page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": reader.desk.server.url}]
    )


def pages(reader: Reader) -> Iterator[str]:
    """The address of every whole page that the owner may open by itself."""
    values = objects_of(reader.desk.world)
    for route in routes(PAGES):
        address = route.address(reader.desk.world.slug, values)
        answer = reader.page.context.request.get(reader.desk.server.url + address, max_redirects=0)
        if answer.status == 200 and "html" in answer.headers["content-type"] and "<main" in answer.text():
            yield address


def faults(reader: Reader) -> list[str]:
    """Of the page as it stands, in both themes and sizes."""
    page, found = reader.page, []
    for size, scheme in ((WIDE, "light"), (SMALL, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{size['width']} {scheme} {one}" for one in broken(page)]
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{size['width']}: wider than the window")
    return found


@pytest.mark.battery
@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_page_of_an_organization_can_be_used_by_everybody(reader: Reader, language: str) -> None:
    as_owner(reader, language)
    seen: dict[str, list[str]] = {}
    with override(language):
        for address in pages(reader):
            reader.visit(address)
            seen[address] = faults(reader)
    assert len(seen) > 40
    told = [f"{address} {one}" for address, found in seen.items() for one in found]
    assert not told, "\n".join(told)


def test_a_conversation_can_be_used_by_everybody(reader: Reader, scripted_model: ScriptedModel) -> None:
    reader.sign_in()
    reader.open_chat()
    reader.ask("say:" + SAID.replace("\\n", "%0A").replace(" ", "%20"))
    reader.until_over()
    assert faults(reader) == []
