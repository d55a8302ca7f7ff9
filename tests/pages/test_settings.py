"""Settings: one menu, each page one job, and only what one may open."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tenants.models import Membership, Organization, User
from tests.fixtures.organizations import PASSWORD, World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page
from tests.pages.test_pages import assert_good, in_both_languages

pytestmark = pytest.mark.django_db
BASE = "/o/left/settings/"
PAGES = (
    "", "profile/", "sessions/", "keys/", "keys/all/", "organizations/", "organization/", "members/",
    "roles/", "invitations/", "invitations/new/", "trust/", "mine/", "configuration/", "teams/",
    "companions/", "tools/", "two-step/", "roles/new/",
)  # fmt: skip


def menu(page: Page) -> dict[str, str]:
    """Addresses in the menu beside the page, with aria-current."""
    links = [one for one in page.all("a") if one["class"] == "nav-link" and "/settings/" in one["href"]]
    return {one["href"].removeprefix(BASE): one["aria-current"] for one in links}


@in_both_languages
def test_every_page_is_good_and_knows_where_it_is(owner: Client, left: World, asked: str) -> None:
    for path in PAGES:
        page = assert_good(owner, BASE + path, asked)
        if path:
            current = {at for at, said in menu(page).items() if said}
            assert len(current) == 1, path
            assert path.startswith(current.pop())
    member = assert_good(owner, f"{BASE}members/{left.member.id}/", asked)
    assert menu(member)["members/"] == "true"


def test_the_menu_lists_what_one_may_open_and_all_of_it_opens(left: World) -> None:
    for role in ("owner", "admin", "manager", "member", "auditor", "billing"):
        Membership.objects.filter(id=left.member.id).update(role=role)
        client = signed_in(left.member)
        listed = [one["href"] for one in Page(client.get(BASE)).all("a") if one["class"] == "settings-link"]
        assert f"{BASE}profile/" in listed
        assert {at: client.get(at).status_code for at in listed} == dict.fromkeys(listed, 200), role
        hidden = {BASE + one for one in PAGES if one and not one.endswith("new/")} - set(listed)
        assert {at: client.get(at).status_code for at in hidden} == dict.fromkeys(hidden, 403), role


def test_a_person_says_who_they_are(left: World) -> None:
    client, address = signed_in(left.member), f"{BASE}profile/"
    seen = client.get(address).context["form"].initial["seen"]
    told = {
        "name": " Bruno  Reis ",
        "language": "en",
        "theme": "dark",
        "time_zone": "Europe/Lisbon",
        "seen": seen,
    }
    assert client.post(address, told).status_code == 302
    person = User.objects.get(id=left.member.user_id)
    assert (person.name, person.theme, person.time_zone) == ("Bruno Reis", "dark", "Europe/Lisbon")
    assert client.post(address, told | {"name": "B"}).status_code == 412, "somebody was quicker"
    for wrong in ({"time_zone": "Mars/Base"}, {"name": "  "}, {"theme": "pink"}, {"name": "a\x00"}):
        assert client.post(address, told | {"seen": ""} | wrong).status_code == 422, wrong


def link_sent_to(address: str) -> str:
    (letter,) = [one for one in mail.outbox if one.to == [address]]
    (link,) = [word for word in str(letter.body).split() if "confirm-email" in word]
    return "/" + link.split("/", 3)[3].rstrip(".")


def add_address(client: Client, email: str) -> Any:
    """The password is asked for again, then it goes on where it was."""
    asked = client.post("/accounts/email/", {"email": email, "action_add": ""})
    if "/reauthenticate/" not in asked["Location"]:
        return asked  # a moment ago
    return client.post(asked["Location"], {"password": PASSWORD, "next": "/accounts/email/"})


def test_a_new_address_counts_when_its_link_was_followed(client: Client, left: World) -> None:
    who, new = left.member.user, "bruno@elsewhere.example"
    client.post("/accounts/login/", {"login": who.email, "password": PASSWORD})
    add_address(client, new)
    assert new in Page(client.get("/accounts/email/")).words
    client.post("/accounts/email/", {"email": who.email, "action_remove": ""})
    assert User.objects.get(id=who.id).email == who.email, "until then nothing is lost"
    client.post(link_sent_to(new))
    assert User.objects.get(id=who.id).email == new


def test_nobody_takes_or_learns_of_the_address_of_another(client: Client, left: World) -> None:
    who, theirs = left.member.user, left.owner.user.email
    client.post("/accounts/login/", {"login": who.email, "password": PASSWORD})
    pages = []
    for one in ("x@y.example", theirs):
        assert add_address(client, one)["Location"] == "/accounts/email/"
        pages.append(client.get("/accounts/email/"))
    told = [Page(one).words.replace(theirs, "…").replace("x@y.example", "…") for one in pages]
    assert told[0] == told[1]
    assert client.post(link_sent_to(theirs)).status_code < 500, "a sentence, not a failure"
    assert User.objects.get(id=who.id).email == who.email
    stolen = signed_in(left.member).post("/accounts/email/", {"email": "thief@y.example", "action_add": ""})
    assert "/reauthenticate/" in stolen["Location"], "an open session alone changes no address"


def test_devices_are_listed_and_signed_out(left: World) -> None:
    told = {"login": left.member.user.email, "password": PASSWORD}
    laptop, phone, pad = (Client(headers={"user-agent": one, "accept-language": "en"}) for one in (
        "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "Mozilla/5.0 (iPhone) Safari/604.1",
        "<b>odd</b>",
    ))  # fmt: skip
    for one in (laptop, phone, pad):
        assert one.post("/accounts/login/", told).status_code == 302
    page = laptop.get(f"{BASE}sessions/")
    words = Page(page).words
    assert ("Firefox · Linux this one" in words, "Safari · iPhone" in words) == (True, True)
    theirs = next(one.id for one in page.context["devices"] if one.browser == "Safari")
    stranger = signed_in(left.owner)
    assert stranger.post(f"{BASE}sessions/end/", {"session": theirs}).status_code == 404
    assert laptop.post(f"{BASE}sessions/end/", {"session": theirs}).status_code == 302
    assert (phone.get("/o/left/").status_code, pad.get("/o/left/").status_code) == (302, 200)
    assert laptop.post(f"{BASE}sessions/end/").status_code == 302
    assert (pad.get("/o/left/").status_code, laptop.get("/o/left/").status_code) == (302, 200)


def test_a_member_has_keys_of_their_own_and_who_looks_after_keys_sees_all(left: World) -> None:
    member, boss = signed_in(left.member), signed_in(left.owner)
    wrong = member.post(f"{BASE}keys/", {"name": "CI", "scopes": ["organization.manage"]})
    assert wrong.status_code == 422, "no scope beyond one's own"
    made = member.post(f"{BASE}keys/", {"name": "CI", "lasts": "30", "scopes": ["chats.read"]}, follow=True)
    (secret,) = [one.words for one in Page(made).all("code") if one["class"] == "secret"]
    (key,) = made.context["keys"]
    assert (key.scopes, key.expires_at is None) == (["chats.read"], False)
    assert secret not in member.get(f"{BASE}keys/").content.decode()
    others = boss.get(f"{BASE}keys/all/")
    assert "CI" in Page(others).words
    assert not [one for one in boss.get(f"{BASE}keys/").context["keys"] if one.name == "CI"]
    bosses = others.context["keys"].exclude(id=key.id).first()
    assert member.post(f"{BASE}keys/{bosses.id}/revoke/").status_code == 404
    assert boss.post(f"{BASE}keys/{key.id}/revoke/", {"from": "all"})["Location"] == f"{BASE}keys/all/"
    assert member.get("/api/v1/chats/", headers={"authorization": f"Bearer {secret}"}).status_code == 401


def test_where_one_arrives_and_leaving(left: World, right: World) -> None:
    twin = signed_in(left.twin)
    assert twin.post("/o/right/settings/organizations/primary/").status_code == 302
    assert twin.get("/")["Location"] == "/o/right/"
    assert twin.post(f"{BASE}organizations/leave/").status_code == 302
    assert twin.get("/o/left/").status_code == 403
    owner = signed_in(left.owner)
    stays = owner.post(f"{BASE}organizations/leave/")
    assert (stays.status_code, b"the last owner" in stays.content) == (409, True)


def test_the_organization_says_what_it_is(left: World) -> None:
    owner, address = signed_in(left.owner), f"{BASE}organization/"
    told: dict[str, Any] = {
        "name": "Quay", "language": "en", "time_zone": "Europe/Lisbon", "currency": "EUR",
        "retention_days": "400", "regulations": ["GDPR", "LGPD"],
        "seen": owner.get(address).context["form"].initial["seen"],
    }  # fmt: skip
    assert owner.post(address, told).status_code == 302
    row = Organization.objects.get(id=left.organization.id)
    assert (row.name, row.currency, row.retention_days, row.regulations) == (
        "Quay",
        "EUR",
        400,
        ["LGPD", "GDPR"],
    )
    assert owner.post(address, told).status_code == 412
    for wrong in ({"name": ""}, {"currency": "eur"}, {"retention_days": "0"}, {"regulations": ["X"]}):
        assert owner.post(address, told | {"seen": ""} | wrong).status_code == 422, wrong
    assert signed_in(left.member).post(address, told).status_code == 403
