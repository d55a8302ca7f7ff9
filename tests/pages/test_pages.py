"""Every page, in both languages: it renders, everybody can use it, and it needs nothing from elsewhere."""

from __future__ import annotations

import gzip
import uuid

import pytest
from django.test import Client

from byoc import gateway
from chats.models import Chat, Message, Run
from tenants.context import use_tenant
from tenants.models import Membership
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db

LANGUAGES = {"en": "en", "pt-BR": "pt-br"}  # Accept-Language → lang
INSIDE = {
    "home": "/o/left/",
    "companions": "/o/left/companions/",
    "companion": "/o/left/companions/clara/",
    "network": "/o/left/network/",
    "all chats": "/o/left/chats/",
    "archived chats": "/o/left/chats/?archived=1",
    "search": "/o/left/search/?q=c",
    "search without a question": "/o/left/search/",
    "settings": "/o/left/settings/",
    "trail": "/o/left/trail/",
    "endpoints": "/o/left/settings/endpoints/",
    "types of endpoints": "/o/left/settings/endpoints/new/",
    "form of a model": "/o/left/settings/endpoints/new/?type=llm/openai",
    "form of a storage": "/o/left/settings/endpoints/new/?type=storage/s3",
    "infrastructure": "/o/left/settings/infrastructure/",
    "health": "/o/left/settings/health/",
    "choice of organization": "/organizations/",
    "design": "/design/",
    "change of password": "/accounts/password/change/",
    "e-mail addresses": "/accounts/email/",
    "sign-out": "/accounts/logout/",
}
OUTSIDE = {
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset of password": "/accounts/password/reset/",
    "design": "/design/",
}
in_both_languages = pytest.mark.parametrize("asked", LANGUAGES)


def assert_good(client: Client, address: str, asked: str, status: int = 200) -> Page:
    answer = client.get(address, headers={"accept-language": asked})
    assert answer.status_code == status, answer.content[:400]
    page = Page(answer)
    assert shortcomings(page) == []
    assert page.one("html")["lang"] == LANGUAGES[asked] == answer.headers["Content-Language"]
    assert_strict(answer.headers["Content-Security-Policy"])
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].replace(" ", "").split(","))
    return page


def assert_strict(policy: str) -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if rule.strip())
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert (
        rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
    )
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy


def assert_skip_link(page: Page) -> None:
    first = page.all("a")[0]
    assert (first["href"], "skip" in first["class"]) == ("#content", True)
    assert page.one("main")["id"] == "content"


@in_both_languages
@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
def test_a_page_for_members(owner: Client, address: str, asked: str) -> None:
    assert_skip_link(assert_good(owner, address, asked))


@in_both_languages
@pytest.mark.parametrize("address", OUTSIDE.values(), ids=OUTSIDE)
def test_a_page_for_visitors(client: Client, address: str, asked: str, db: None) -> None:
    assert_skip_link(assert_good(client, address, asked))


# --- chats ----------------------------------------------------------------------------------------


def chat_address(chat: Chat) -> str:
    return f"/o/left/chats/{chat.pk}/"


@in_both_languages
def test_a_chat_with_an_answer(owner: Client, left: World, asked: str) -> None:
    with use_tenant(left.context):
        Message.objects.filter(pk=left.question.pk).update(text="<b>How much</b> is left?")
        Message.objects.filter(pk=left.answer.pk).update(
            text="**Enough** for *two* <script>alert(1)</script>"
        )
    page = assert_good(owner, chat_address(left.chat), asked)
    assert_skip_link(page)
    assert [one.words for one in page.all("strong")] == ["Enough"]
    assert "<b>How much</b> is left?" in page.words
    assert "<script>alert(1)</script>" in page.words


@in_both_languages
def test_an_empty_chat_greets_and_suggests(owner: Client, left: World, asked: str) -> None:
    with use_tenant(left.context):
        left.companion.starters = ["What is on today?"]
        left.companion.save()
        Chat.objects.filter(pk=left.chat.pk).update(leaf_id=None)
    page = assert_good(owner, chat_address(left.chat), asked)
    assert [one.words for one in page.all("button") if "data-starter" in one.attributes] == [
        "What is on today?"
    ]


@in_both_languages
def test_a_failed_answer_says_so_and_offers_another_try(owner: Client, left: World, asked: str) -> None:
    with use_tenant(left.context):
        Message.objects.filter(pk=left.answer.pk).update(state=Message.State.FAILED, text="")
        Run.objects.filter(pk=left.run.pk).update(state=Run.State.FAILED, error="unavailable")
    page = assert_good(owner, chat_address(left.chat), asked)
    assert [one for one in page.all("div") if one["class"] == "notice harm"]
    assert {"en": "Try again", "pt-BR": "Tentar de novo"}[asked] in page.words


@in_both_languages
def test_an_answer_being_written_names_its_events(owner: Client, left: World, asked: str) -> None:
    with use_tenant(left.context):
        Message.objects.filter(pk=left.answer.pk).update(state=Message.State.STREAMING)
        Run.objects.filter(pk=left.run.pk).update(state=Run.State.STREAMING)
    page = assert_good(owner, chat_address(left.chat), asked)
    assert [one["data-events-url"] for one in page.all("article") if one["data-events-url"]] == [
        f"/o/left/runs/{left.run.pk}/events?language={asked.lower()}"
    ]


@in_both_languages
def test_a_written_example_is_marked(owner: Client, left: World, asked: str) -> None:
    with use_tenant(left.context):
        Chat.objects.filter(pk=left.chat.pk).update(is_example=True)
    said = {"en": "Written example", "pt-BR": "Exemplo escrito"}[asked]
    assert said in assert_good(owner, chat_address(left.chat), asked).words
    assert said in assert_good(owner, "/o/left/", asked).words


def test_somebody_elses_chat_is_not_there(member: Client, left: World) -> None:
    theirs, nobodys = (member.get(f"/o/left/chats/{one}/") for one in (left.chat.pk, uuid.uuid4()))
    assert theirs.status_code == nobodys.status_code == 404
    assert shortcomings(Page(theirs)) == []
    assert "Budget" not in Page(theirs).words


def test_pages_work_before_any_model_is_connected(
    owner: Client, left: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HUMANA_LLM_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    gateway.reload()
    for address in ("/o/left/", chat_address(left.chat)):
        assert "No model is connected yet." in assert_good(owner, address, "en").words
    assert "none connected" in assert_good(owner, "/o/left/companions/clara/", "en").words


# --- who may see what -----------------------------------------------------------------------------


def test_settings_show_keys_only_to_who_may_make_them(owner: Client, member: Client, left: World) -> None:
    assert "All API keys" in Page(owner.get("/o/left/settings/")).words
    page = assert_good(member, "/o/left/settings/", "en")
    assert "All API keys" not in page.words
    assert "Members" in page.words
    Membership.objects.filter(id=left.member.id).update(role="auditor")
    assert member.post("/o/left/settings/keys/", {"name": "mine"}).status_code == 403


def test_a_new_key_is_shown_once(owner: Client) -> None:
    page = Page(owner.post("/o/left/settings/keys/", {"name": "Reports"}, follow=True))
    (secret,) = [one.words for one in page.all("code") if one["class"] == "secret"]
    assert secret.startswith("hk_")
    assert not [
        one for one in Page(owner.get("/o/left/settings/keys/")).all("code") if one["class"] == "secret"
    ]


def test_the_trail_is_for_those_who_may_read_it(owner: Client, member: Client) -> None:
    assert "test.begun" in Page(owner.get("/o/left/trail/")).words
    assert "/o/left/trail/" not in [one["href"] for one in Page(member.get("/o/left/")).all("a")]
    assert_good(member, "/o/left/trail/", "pt-BR", status=403)


@in_both_languages
def test_an_unknown_address_is_answered_in_ones_language(owner: Client, left: World, asked: str) -> None:
    page = assert_good(owner, "/o/left/nothing/", asked, status=404)
    (way_on,) = [one for one in page.all("a") if one["class"] == "button"]
    assert way_on["href"] == "/o/left/"
    assert left.organization.name in way_on.words, "one should see which organization one is in"


def test_an_error_outside_any_organization_names_none(owner: Client) -> None:
    page = assert_good(owner, "/nothing/", "en", status=404)
    assert [one["href"] for one in page.all("a") if one["class"] == "button"] == ["/"]


def test_a_visitor_signs_in_and_comes_back(client: Client, left: World) -> None:
    answer = client.get("/o/left/companions/?q=1")
    assert answer.headers["Location"] == "/accounts/login/?next=/o/left/companions/%3Fq%3D1"
    words = {
        "login": left.member.user.email,
        "password": "quiet-harbour-71",
        "next": "/o/left/companions/?q=1",
    }
    assert client.post("/accounts/login/", words).headers["Location"] == "/o/left/companions/?q=1"


def test_nobody_is_led_to_another_site(client: Client, left: World) -> None:
    words = {"login": left.member.user.email, "password": "quiet-harbour-71", "next": "https://evil.example/"}
    assert client.post("/accounts/login/", words).headers["Location"] == "/"
    theme = client.post("/preferences/theme/", {"theme": "dark", "next": "//evil.example/"})
    assert theme.headers["Location"] == "/"


def test_the_start_leads_to_the_only_organization(left: World) -> None:
    assert signed_in(left.member).get("/").headers["Location"] == "/o/left/"


def test_the_start_asks_where_there_are_several(left: World, right: World) -> None:
    page = Page(signed_in(left.twin).get("/", follow=True))
    assert {"/o/left/", "/o/right/"} <= {one["href"] for one in page.all("a")}


def test_pages_travel_small_and_nothing_else_is_touched(owner: Client, left: World) -> None:
    packs = {"accept-encoding": "gzip"}
    page = owner.get("/o/left/", headers=packs)
    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
    assert gzip.decompress(page.content).startswith(b"<!doctype html>")
    assert len(page.content) * 3 < len(owner.get("/o/left/").content)
    export = owner.post(f"/o/left/chats/{left.chat.pk}/export/", {"form": "markdown"}, headers=packs)
    assert "Content-Encoding" not in export.headers
