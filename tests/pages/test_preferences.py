"""Language and theme: the person's own, then the cookie, then what the browser asks for."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from tenants.models import User
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"


def language_of(client: Client, address: str = SIGN_IN, asked: str = "") -> str:
    headers = {"accept-language": asked} if asked else {}
    return Page(client.get(address, headers=headers)).one("html")["lang"]


def theme_of(client: Client, address: str = SIGN_IN) -> str:
    return Page(client.get(address)).one("html")["data-theme"]


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("", "pt-br"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("pt", "pt-br"),
        ("pt-BR,en;q=0.8", "pt-br"),
        ("fr,en;q=0.5", "en"),
        ("ja", "pt-br"),
        ("\x7f;;q=x,,", "pt-br"),
    ],
)
def test_a_visitor_gets_what_the_browser_asks_for(client: Client, asked: str, lang: str) -> None:
    assert language_of(client, asked=asked) == lang


def test_the_cookie_goes_before_the_browser(client: Client) -> None:
    answer = client.post("/preferences/language/", {"language": "en", "next": SIGN_IN})
    assert (answer.status_code, answer.headers["Location"]) == (302, SIGN_IN)
    assert language_of(client, asked="pt-BR") == "en"


def test_the_person_goes_before_the_cookie(left: World) -> None:
    User.objects.filter(pk=left.member.user_id).update(language="en")
    client = signed_in(left.member, "pt-BR")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "pt-br"
    assert language_of(client, "/o/left/") == "en"


def test_a_choice_is_kept_with_the_person(left: World) -> None:
    signed_in(left.member).post("/preferences/language/", {"language": "pt-br"})
    assert language_of(signed_in(left.member, "en"), "/o/left/") == "pt-br"


@pytest.mark.parametrize("value", ["", "xx", "../../etc", "<script>", "en\r\nSet-Cookie: a=b"])
def test_what_is_no_language_changes_nothing_odd(client: Client, value: str) -> None:
    answer = client.post("/preferences/language/", {"language": value, "next": SIGN_IN})
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == settings.LANGUAGE_CODE
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "xx"
    assert language_of(client, asked="en") == "en"


def test_a_visitors_theme_is_in_a_cookie(client: Client) -> None:
    assert theme_of(client) == ""
    client.post("/preferences/theme/", {"theme": "dark", "next": SIGN_IN})
    assert theme_of(client) == "dark"
    client.post("/preferences/theme/", {"theme": "system", "next": SIGN_IN})
    assert theme_of(client) == ""


@pytest.mark.parametrize("value", ["neon", '"><script>alert(1)</script>'])
def test_a_forged_theme_cookie_does_no_harm(client: Client, value: str) -> None:
    client.cookies["theme"] = value
    page = Page(client.get(SIGN_IN))
    assert not [one for one in page.all("script") if "alert" in one.words]
    assert page.one("html")["data-theme"] == ""


def test_a_persons_theme_follows_them(left: World) -> None:
    signed_in(left.member).post("/preferences/theme/", {"theme": "light"})
    client = signed_in(left.member)
    assert theme_of(client, "/o/left/") == "light"
    pressed = {
        one["value"]: one["aria-pressed"]
        for one in Page(client.get("/o/left/")).all("button")
        if one["name"] == "theme"
    }
    assert pressed == {"system": "false", "light": "true", "dark": "false"}
