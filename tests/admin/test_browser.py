"""The console in a real browser: it works under its content policy, which is no wider than it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tenants.models import User
from tests.admin.test_doors import CONTENT, IN_HAND_ONLY, PLATFORM
from tests.browser.conftest import browser  # noqa: F401  the fixture
from tests.fixtures.organizations import PASSWORD, World, build_world
from tests.fixtures.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

#: What the browser says when the policy stops something.
TOLD = """document.addEventListener('securitypolicyviolation', event =>
  console.error('POLICY ' + event.effectiveDirective + ' ' + (event.sourceFile || event.blockedURI)))"""
FORMS = ("tenants/team", "tenants/position", "tenants/role", "companions/value", "companions/policy")


@pytest.fixture(scope="module")
def world(server: Server, django_db_blocker: Any) -> World:
    with django_db_blocker.unblock():
        User.objects.create_user("olga@humana.example", PASSWORD, name="Olga", is_staff=True, language="en")
        return build_world("harbour")


class Console:
    """An operator before the console; `complaints` is what the browser had to say."""

    def __init__(self, chrome: Browser, server: Server, seen: Any = None) -> None:
        self.context = chrome.new_context(
            base_url=server.url, viewport={"width": 1280, "height": 900}, locale="en-US", storage_state=seen
        )
        self.context.add_init_script(TOLD)
        self.complaints: list[str] = []
        self.context.on("page", self._listen)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)

    def _listen(self, page: Page) -> None:
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self) -> None:
        self.page.goto("/admin/")
        self.page.locator("input[name=login]").fill("olga@humana.example")
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("input[name=password]").press("Enter")
        self.page.get_by_role("heading", name="Overview").wait_for()

    def take_in_hand(self) -> None:
        self.page.get_by_role("link", name="Take one in hand").click()
        self.page.get_by_role("button", name="Take in hand").click()
        self.page.get_by_role("status").get_by_text("in hand").wait_for()

    def begin_support(self) -> None:
        self.page.get_by_role("link", name="Open a support session").click()
        self.page.locator("textarea[name=reason]").fill("Ticket 42")
        self.page.get_by_role("button", name="Open the session").click()
        self.page.get_by_role("status").get_by_text("everything you look at is noted").wait_for()

    def look_at(self, page: str) -> None:
        """The list, its filters, and the first row."""
        self.page.goto(f"/admin/{page.replace('_', '/', 1)}/")
        filters = self.page.locator("a", has_text="Filters")
        if filters.count():
            filters.first.click()
            self.page.locator("#changelist-filter").get_by_role("link", name="All").first.wait_for()
        first = self.page.locator("#result_list a[href*='/change/']")
        if first.count():
            self.page.goto(str(first.first.get_attribute("href")))


@pytest.fixture
def console(browser: Browser, server: Server, world: World) -> Iterator[Console]:  # noqa: F811
    console = Console(browser, server)
    yield console
    console.context.close()


@pytest.fixture(scope="module")
def seen(browser: Browser, server: Server, world: World) -> Any:  # noqa: F811
    """Cookies of an operator who has signed in and taken the organization in hand."""
    console = Console(browser, server)
    console.sign_in()
    console.take_in_hand()
    cookies = console.context.storage_state()
    console.context.close()
    return cookies


@pytest.fixture
def at_work(browser: Browser, server: Server, seen: Any) -> Iterator[Console]:  # noqa: F811
    console = Console(browser, server, seen)
    yield console
    console.context.close()


def test_a_day_at_the_console_without_a_complaint(console: Console) -> None:
    console.sign_in()
    for page in sorted(PLATFORM):
        console.look_at(page)
    console.page.goto("/admin/")
    console.take_in_hand()
    for page in sorted(IN_HAND_ONLY):
        console.look_at(page)
    for form in FORMS:
        console.page.goto(f"/admin/{form}/add/")
    console.page.goto("/admin/")
    console.begin_support()
    for page in sorted(CONTENT):
        console.look_at(page)
    console.page.get_by_role("button", name="End the session").click()
    console.page.get_by_role("button", name="Let go").click()
    console.page.get_by_text("No organization in hand").wait_for()
    assert console.complaints == []


def test_a_team_is_made_with_the_look_up_of_its_parent(at_work: Console) -> None:
    page = at_work.page
    page.goto("/admin/tenants/team/add/")
    page.locator("input[name=name]").fill("Wards")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("in the organization's trail").wait_for()
    page.goto("/admin/tenants/team/add/")
    page.locator("input[name=name]").fill("Ward 3")
    with page.expect_popup() as opened:
        page.locator("#lookup_id_parent").click()
    opened.value.get_by_role("link", name="Wards").click()
    page.wait_for_function("document.querySelector('input[name=parent]').value.length > 30")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Ward 3").first.wait_for()
    assert at_work.complaints == []


def test_where_an_organization_lives_is_read_and_a_wrong_database_refused(at_work: Console) -> None:
    page = at_work.page
    page.set_viewport_size({"width": 360, "height": 800})
    for address in ("/admin/tenants/organization/add/", "/admin/placements/harbour/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_text("Bring a database").click()
    typed = {"name": "Books", "host": "127.0.0.1", "port": "1", "database": "b", "user": "u"}
    for name, text in typed.items():
        page.locator(f"#id_{name}").fill(text)
    page.locator("#id_password").fill("quiet-word")
    page.get_by_role("button", name="Look at it and join it").click()
    page.get_by_text("The server does not answer.").wait_for()
    assert page.locator("#id_host").input_value() == "127.0.0.1"
    assert page.locator("#id_password").input_value() == ""
    assert at_work.complaints == []


def test_a_key_is_revoked_after_a_question(at_work: Console) -> None:
    page = at_work.page
    page.goto("/admin/tenants/apikey/")
    page.locator("#result_list input.action-select").first.check()
    page.locator("select[name=action]").first.select_option(label="Revoke")
    page.get_by_role("button", name="Run", exact=False).first.click()
    page.get_by_text("From now on these keys open nothing.").wait_for()
    page.locator("form.ways").get_by_role("button", name="Revoke").click()
    page.get_by_role("status").get_by_text("in hand").wait_for()
    assert at_work.complaints == []


@pytest.mark.parametrize(
    ("kept", "without", "page"),
    [
        ("script-src 'self' 'unsafe-eval'", "script-src 'self'", "/admin/"),
        ("style-src-attr 'unsafe-inline'", "style-src-attr 'none'", "/admin/audit/outbox/"),
        ("img-src 'self'", "img-src 'none'", "/admin/"),
        ("font-src 'self'", "font-src 'none'", "/admin/"),
    ],
)
def test_each_permission_of_the_policy_is_needed(
    at_work: Console, kept: str, without: str, page: str
) -> None:
    """Without it the browser complains: the policy is no wider, and the other tests would notice."""

    def narrow(route: Route) -> None:
        answer = route.fetch()
        policy = answer.headers.get("content-security-policy", "")
        assert kept in policy
        narrowed = answer.headers | {"content-security-policy": policy.replace(kept, without)}
        route.fulfill(response=answer, headers=narrowed)

    at_work.page.route(re.compile(re.escape(page) + "$"), narrow)
    with at_work.page.expect_console_message(lambda said: "POLICY" in said.text):
        at_work.page.goto(page)
