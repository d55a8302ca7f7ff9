"""A person before a real browser; whatever the browser complains of fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.chats.conftest import Desk, desk_at
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import PASSWORD
from tests.fixtures.server import Server
from tests.plugins.databases import disconnect
from tests.plugins.needs import QUIET, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page


@dataclass
class Reader:
    """One member of a new organization, and the page before them."""

    desk: Desk
    page: Page
    complaints: list[str] = field(default_factory=list)

    def pardon(self, word: str) -> None:
        """The browser complained of this, and rightly: it was asked for."""
        assert any(word in one for one in self.complaints)
        self.complaints[:] = [one for one in self.complaints if word not in one]

    def visit(self, path: str = "/") -> None:
        self.page.goto(self.desk.server.url + path)

    def sign_in(self) -> None:
        self.visit(f"/accounts/login/?next=/o/{self.desk.world.slug}/")
        self.page.get_by_label("E-mail").fill(self.desk.world.member.user.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", level=1, name="Hello, Bruno").wait_for()
        self.page.wait_for_load_state()  # scripts have run

    def open_chat(self) -> None:
        self.page.get_by_role("link", name="Clara").first.click()
        self.page.get_by_role("button", name="Start a chat").click()
        self.page.wait_for_url("**/chats/**")
        self.composer.wait_for()
        self.page.wait_for_load_state()  # scripts have run

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message to Clara")

    @property
    def stop_button(self) -> Locator:
        return self.page.locator("#composer").get_by_role("button", name="Stop")

    @property
    def answers(self) -> Locator:
        return self.page.locator("article.message.companion")

    @property
    def last_text(self) -> str:
        return self.answers.last.locator("[data-text]").inner_text().strip()

    def ask(self, text: str) -> None:
        """Type and send; returns once the question is on the page."""
        before = self.answers.count()
        self.composer.fill(text)
        self.composer.press("Enter")
        self.answers.nth(before).wait_for()

    def until_over(self) -> None:
        """Until the last answer is no longer being written, and its buttons have learnt what they do."""
        self.answers.last.locator(".message-foot").wait_for()
        self.page.wait_for_function("() => !document.querySelector('.htmx-added, .htmx-settling')")

    def until_grown(self, characters: int) -> str:
        self.page.wait_for_function(
            "least => [...document.querySelectorAll('[data-blocks]')].at(-1).innerText.length >= least",
            arg=characters,
        )
        return self.last_text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module. Playwright keeps a loop running here; the ORM must not mind."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield started
        started.close()
        disconnect()  # what was opened while the loop ran is only known while it runs


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """Fresh cookies, English, and a record of every complaint and every request that left."""
    context = browser.new_context(locale="en-US", viewport={"width": 1100, "height": 800})
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def reader(server: Server, transactional_db: None, window: BrowserContext) -> Iterator[Reader]:
    page = window.new_page()
    reader = Reader(desk_at(server), page)
    complaints = reader.complaints
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda one: None if one.url.startswith((server.url, "data:")) else complaints.append(one.url),
    )
    yield reader
    assert complaints == []


@pytest.fixture
def chatting(reader: Reader, scripted_model: ScriptedModel) -> Reader:
    """In a chat that has just begun."""
    reader.sign_in()
    reader.open_chat()
    return reader
