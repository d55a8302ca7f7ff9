"""Every page of an organization: for its members only, and only with its own objects."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import AuditEntry
from audit.views.trail import FILTERS
from tenants.models import Membership, Organization, User
from tenants.services.organizations import rename_address
from tests.fixtures.organizations import World
from tests.isolation.routes import API, PAGES, Route, nobody, objects_of, routes
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import each_in_every_isolation, each_in_some_pair, every_isolation

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
WORDS = {
    "text": "hello",
    "title": "hello",
    "up": "1",
    "pinned": "1",
    "archived": "1",
    "comment": "",
    "name": "hello",
}
every_page = each_in_some_pair("route", routes(PAGES))
every_list = each_in_every_isolation("route", [one for one in routes(PAGES) if not one.names_an_object])
every_object = each_in_every_isolation("route", [one for one in routes(PAGES) if one.names_an_object])

#: Addresses that name an object by a slug, which the look-alikes share: one's own is found there.
BY_SLUG = {"companion_slug"}
#: Addresses whose object is not loaded, and why nothing can be learned or changed.
NOT_LOADED = {
    "o/<slug:slug>/drafts/<uuid:place_id>/": "a draft is kept under any id, in the organization of the page",
    "o/<slug:slug>/drafts/<uuid:place_id>/documents/": "and so is what is attached to it",
    "o/<slug:slug>/runs/<uuid:run_id>/events": "answered by the asynchronous door: see test_streams",
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, method: str, address: str) -> HttpResponse:
    answer: HttpResponse = getattr(client, method)(address, WORDS if method == "post" else None)
    return answer


def told(answer: HttpResponse) -> tuple[int, str]:
    """Status and what a person reads; ids to quote and tokens against forgery differ each time."""
    body = answer.content.decode() if not answer.streaming else "streamed"
    body = re.sub(r'(csrf\w*["\']?\s*[:=]?\s*(value=)?["\'])[^"\']+', r"\1", body, flags=re.IGNORECASE)
    return answer.status_code, body.replace(answer.headers.get("X-Request-ID", "-"), "")


#: What is answered outside every organization, and why.
ELSEWHERE = {
    "": "the way to one's organization",
    "organizations/": "the choice of one: those in which the person is a member",
    "invitations/<str:link>/": "whoever has the link of a letter, which we signed, while it is good",
    "preferences/language/": "a person's own",
    "preferences/theme/": "a person's own",
    "v1/files": "whoever has a key: documents of that person (tests/documents/test_openai_files.py)",
    "v1/files/<str:file_id>": "whoever has a key, and may read the document",
    "v1/files/<str:file_id>/content": "whoever has a key, and may read the document",
    "files/<str:ticket>": "whoever has the address that was signed for one file, while it is good",
    "health/live": "a probe, which says nothing of anybody",
    "health/ready": "a probe, which says nothing of anybody",
    "design/": "components on show, without data",
    "accounts/login/": "sign-in: a person, no organization",
    "accounts/login/code/confirm/": "sign-in: a person, no organization",
    "accounts/logout/": "one's own session",
    "accounts/signup/": "founds an organization of one's own",
    "accounts/inactive/": "a sentence",
    "accounts/reauthenticate/": "one's own password",
    "accounts/email/": "one's own addresses",
    "accounts/sessions/": "one's own sessions",
    "accounts/confirm-email/": "a sentence",
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": "whoever has the key of a mail",
    "accounts/2fa/": "one's own second step",
    "accounts/2fa/authenticate/": "sign-in: a person, no organization",
    "accounts/2fa/reauthenticate/": "one's own code",
    "accounts/2fa/totp/activate/": "one's own second step",
    "accounts/2fa/totp/deactivate/": "one's own second step",
    "accounts/2fa/recovery-codes/": "one's own codes, once",
    "accounts/2fa/recovery-codes/generate/": "one's own codes",
    "accounts/2fa/recovery-codes/download/": "one's own codes, while they are shown",
    "accounts/password/change/": "one's own password",
    "accounts/password/set/": "one's own password",
    "accounts/password/reset/": "one's own password",
    "accounts/password/reset/done/": "a sentence",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "whoever has the key of a mail",
    "accounts/password/reset/key/done/": "a sentence",
}


def test_every_address_is_in_the_matrix() -> None:
    """The console's are asked in test_admin, each."""
    assert len(routes(PAGES)) > 10, "pages of organizations live under /o/{slug}/"
    others = {str(route) for route in routes("") if not str(route).startswith((PAGES, API, "admin/"))}
    assert others == set(ELSEWHERE)


def outsiders_are_refused(route: Route, outsider: User, world: World) -> None:
    client = signed_in(outsider)
    for method in METHODS:
        answer = ask(client, method, route.address(world.slug, objects_of(world)))
        assert answer.status_code == 403, f"{method} {route}: {answer.status_code}"


@pytest.mark.in_turn(7)
@every_page
def test_members_of_another_organization_are_refused(route: Route, left: World, right: World) -> None:
    before = everything_of(right)
    outsiders_are_refused(route, left.owner.user, right)
    assert everything_of(right) == before


@pytest.mark.in_turn(7)
@every_page
def test_an_organization_nobody_has_looks_like_somebody_elses(
    route: Route, left: World, right: World
) -> None:
    client = signed_in(left.owner.user)
    objects = objects_of(right)
    for method in METHODS:
        unknown = ask(client, method, route.address("nobody-here", objects))
        assert told(unknown) == told(ask(client, method, route.address(right.slug, objects)))


@pytest.mark.in_turn(7)
@every_page
def test_strangers_are_sent_to_sign_in(route: Route, left: World) -> None:
    before = everything_of(left)
    for method in METHODS:
        answer = ask(Client(), method, route.address(left.slug, objects_of(left)))
        assert (answer.status_code, "/accounts/login/" in answer.headers["Location"]) == (302, True)
    assert everything_of(left) == before


@pytest.mark.in_turn(2)
@every_object
def test_objects_of_another_organization_are_missing_here(route: Route, left: World, right: World) -> None:
    """Asked by the twin, to whom every one of these objects belongs next door."""
    client, before = signed_in(left.twin.user), everything_of(right)
    statuses = set()
    for method in METHODS:
        theirs = ask(client, method, route.address(left.slug, objects_of(right)))
        if not BY_SLUG & set(route.parameters):
            assert told(theirs) == told(ask(client, method, route.address(left.slug, nobody(route))))
        statuses.add(theirs.status_code)
    assert everything_of(right) == before
    if not BY_SLUG & set(route.parameters) and route.template not in NOT_LOADED:
        assert 404 in statuses
        assert statuses <= {404, 405}


def questions_about(world: World) -> list[str]:
    """What an address may ask, with ids and places of this organization."""
    entry, chat = world.row(AuditEntry), world.chat
    moment = quote(f"{chat.last_message_at.isoformat()}_{chat.pk}")
    return [
        f"?q={chat.pk}",
        *(f"?{name}={chat.pk}" for name in FILTERS),
        f"?before={entry.sequence + 1}",
        f"?before={moment}",
        f"?page={chat.pk}",
        "?page=2",
        f"?folder={world.folder.pk}",
        f"?companion={world.companion.pk}",
        f"?leaf={world.answer.pk}",
    ]


@pytest.mark.in_turn(4)
@every_list
def test_lists_show_nothing_of_another_organization(route: Route, left: World, right: World) -> None:
    """Nor does a search for words that both have."""
    ids = {str(row["id"]) for rows in everything_of(right).values() for row in rows}
    client = signed_in(left.twin.user)
    for words in ("", "?q=clara", "?q=budget"):
        page = client.get(route.address(left.slug, {}) + words).content.decode()
        assert [one for one in ids if one in page] == []


@pytest.mark.in_turn(7)
@each_in_some_pair("route", [one for one in routes(PAGES) if not one.names_an_object])
def test_lists_asked_for_by_what_belongs_next_door_show_nothing_of_it(
    route: Route, left: World, right: World
) -> None:
    ids = {str(row["id"]) for rows in everything_of(right).values() for row in rows}
    client = signed_in(left.twin.user)
    for asked in questions_about(right):
        answer = client.get(route.address(left.slug, {}) + asked)
        assert answer.status_code in {200, 302, 404, 405, 422}, asked
        page = answer.content.decode()
        assert [one for one in ids if one in page and one not in asked] == [], asked


@pytest.mark.in_turn(5)
@each_in_some_pair("route", [one for one in routes(PAGES) if one.names_an_object])
def test_ones_own_objects_are_found(route: Route, left: World) -> None:
    """The control of the test above: it is isolation that said no."""
    if route.template in NOT_LOADED:
        return
    client = signed_in(left.twin.user)
    statuses = [
        ask(client, method, route.address(left.slug, objects_of(left))).status_code for method in METHODS
    ]
    assert any(status not in {403, 404, 405} for status in statuses), statuses


@every_isolation
@pytest.mark.parametrize("state", ["suspended", "invited"])
def test_who_lost_membership_is_out_at_the_next_request(state: str, left: World) -> None:
    client = signed_in(left.member.user)
    assert client.get(f"/o/{left.slug}/companions/").status_code == 200
    Membership.objects.filter(pk=left.member.pk).update(state=state)
    assert client.get(f"/o/{left.slug}/companions/").status_code == 403


def test_a_deactivated_person_is_nobody(left: World) -> None:
    client = signed_in(left.member.user)
    User.objects.filter(pk=left.member.user_id).update(is_active=False)
    assert client.get(f"/o/{left.slug}/companions/").status_code == 302


@every_isolation
def test_a_suspended_organization_is_closed(left: World) -> None:
    client = signed_in(left.owner.user)
    Organization.objects.filter(pk=left.organization.pk).update(state="suspended")
    assert client.get(f"/o/{left.slug}/companions/").status_code == 403


@every_isolation
def test_a_former_address_redirects_members_and_nobody_else(left: World, right: World) -> None:
    organization = Organization.objects.get(pk=left.organization.pk)
    rename_address(organization=organization, slug="left-anew")
    moved = signed_in(left.member.user).get(f"/o/{left.slug}/companions/?q=o/left/")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/o/left-anew/companions/?q=o/left/")
    assert signed_in(left.member.user).post(f"/o/{left.slug}/companions/").status_code == 403
    assert told(signed_in(right.owner.user).get(f"/o/{left.slug}/")) == told(
        signed_in(right.owner.user).get("/o/nowhere/")
    )


@pytest.mark.parametrize(
    "address",
    [
        "/o/a%00b/",
        "/o/left%0A/",
        "/o/%ED%A0%80/",
        "/o/left/../right/",
        "/o//left/",
        "//o/left/",
        "/o/left%2f../",
        "/O/left/",
    ]
    + [
        f"/o/left/chats/{hostile}/" for hostile in ("%00", "1", str(uuid.UUID(int=0xABC)).upper(), "a" * 3000)
    ],
)
def test_hostile_addresses_are_answered_calmly(address: str, left: World) -> None:
    address = address.replace("left", left.slug)
    assert signed_in(left.owner.user).get(address).status_code in {301, 302, 400, 403, 404}


@every_isolation
def test_the_context_ends_with_the_request(left: World) -> None:
    from tenants.context import peek_tenant

    client: Any = signed_in(left.owner.user)
    client.get(f"/o/{left.slug}/companions/")
    assert peek_tenant() is None
