"""Signing up, and finding the door of an organization, or finding it shut."""

from __future__ import annotations

import pytest
from django.test import Client

from companions.models import Companion
from tenants.context import use_tenant
from tenants.models import Membership, Organization, User
from tenants.services.organizations import rename_address
from tests.fixtures.organizations import World
from tests.isolation.test_pages import told
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db
SIGN_UP = "/accounts/signup/"
DORA = {
    "name": "Dora Vale",
    "organization": "Ateliê Vale",
    "email": "Dora@Vale.example",
    "password1": "quiet-harbour-71",
}


@pytest.mark.parametrize("asked", ["en", "pt-BR"])
def test_signing_up_ends_at_home_in_a_furnished_organization(client: Client, asked: str) -> None:
    answer = client.post(SIGN_UP, DORA, follow=True, headers={"accept-language": asked})
    organization = Organization.objects.get(name="Ateliê Vale")
    assert answer.redirect_chain[-1][0] == f"/o/{organization.slug}/"
    page = Page(answer)
    assert shortcomings(page) == []
    assert "Dora" in page.one("h1").words
    with use_tenant(organization.context):
        names = list(Companion.objects.values_list("name", flat=True))
    assert names
    assert all(name in page.words for name in names)


def test_the_new_organization_is_free_and_its_founder_owns_it(client: Client) -> None:
    client.post(SIGN_UP, DORA)
    member = Membership.objects.get(user__email="dora@vale.example")
    assert (member.organization.plan, member.role, member.user.name) == ("free", "owner", "Dora Vale")


@pytest.mark.parametrize("missing", DORA)
def test_what_is_missing_is_said_at_its_field(client: Client, missing: str) -> None:
    answer = client.post(SIGN_UP, DORA | {missing: " "})
    page = Page(answer)
    assert answer.status_code == 200
    assert shortcomings(page) == []
    wrong = [one["name"] for one in page.all("input") if one["aria-invalid"] == "true"]
    assert wrong == [missing]
    assert not User.objects.filter(email="dora@vale.example").exists()


def test_a_name_of_markup_stays_a_name(client: Client) -> None:
    words = DORA | {"name": "<b>Dora</b>", "organization": "<script>alert(1)</script>"}
    page = Page(client.post(SIGN_UP, words, follow=True))
    assert shortcomings(page) == []
    assert "<script>alert(1)</script>" in page.words


def test_a_closed_sign_up_lets_nobody_in(client: Client, settings: object) -> None:
    settings.HUMANA_SIGNUP = False  # type: ignore[attr-defined]
    page = Page(client.get(SIGN_UP))
    assert shortcomings(page) == []
    assert not [one for one in page.all("input") if one["name"] == "email"]
    client.post(SIGN_UP, DORA)
    assert not User.objects.filter(email="dora@vale.example").exists()
    assert SIGN_UP not in [one["href"] for one in Page(client.get("/accounts/login/")).all("a")]


def test_a_wrong_password_tells_nothing_of_who_is_here(client: Client, left: World) -> None:
    emails = (left.member.user.email, "nobody@nowhere.example")
    answers = [client.post("/accounts/login/", {"login": one, "password": "wrong-wrong-1"}) for one in emails]
    errors = [[one.words for one in Page(answer).all("p") if one["role"] == "alert"] for answer in answers]
    assert errors[0] == errors[1] != []


def test_an_old_address_leads_on(left: World) -> None:
    rename_address(organization=Organization.objects.get(slug="left"), slug="harbour-anew")
    answer = signed_in(left.member).get("/o/left/companions/?q=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/o/harbour-anew/companions/?q=1")


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_an_unknown_organization_looks_like_one_that_is_not_ours(
    left: World, right: World, language: str
) -> None:
    client = signed_in(left.member, language)
    unknown, theirs = client.get("/o/nowhere/"), client.get("/o/right/")
    assert told(unknown) == told(theirs)
    assert unknown.status_code == 403
    assert unknown.headers["X-Request-ID"] in unknown.content.decode()
    assert shortcomings(Page(theirs)) == []


def test_whoever_was_signed_out_is_led_to_sign_in_and_back(client: Client, left: World) -> None:
    answer = client.get("/o/left/trail/?action=chats.")
    assert answer.headers["Location"] == "/accounts/login/?next=/o/left/trail/%3Faction%3Dchats."
    sent = client.post(f"/o/left/chats/{left.chat.pk}/messages/", {"text": "hello"})
    assert sent.headers["Location"] == "/accounts/login/?next=/o/left/", "a POST has no address to go back to"


def test_a_script_of_whoever_was_signed_out_is_told_so(client: Client, left: World) -> None:
    """It would take the page it is led to for the answer to what was written."""
    sent = client.post(
        f"/o/left/chats/{left.chat.pk}/messages/", {"text": "hello"}, headers={"hx-request": "true"}
    )
    assert sent.status_code == 401
    assert b"data-error" in sent.content


@pytest.mark.parametrize("address", ["signup", "login", "password/reset"])
def test_no_field_repeats_its_label_in_itself(client: Client, address: str) -> None:
    page = Page(client.get(f"/accounts/{address}/"))
    assert page.all("input")
    assert not [one["name"] for one in page.all("input") if one["placeholder"]]
