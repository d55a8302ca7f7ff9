"""An administrator signs in at the service of a server of tools, and signs out again."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from audit.models import AuditEntry
from companions.models import McpServer
from tenants.context import use_tenant
from tests.api.conftest import program_of
from tests.fixtures.grants import let_dial
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.test_tools import TOOLS, text
from tests.peers.signed_tools import SignedPeer, browsed

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def peer() -> Iterator[SignedPeer]:
    made = SignedPeer()
    made.lists("forecast", read_only_hint=True)
    made.start()
    yield made
    made.stop()


def test_somebody_signs_in_at_the_service_and_out_again(left: World, owner: Client, peer: SignedPeer) -> None:
    let_dial(left.organization, peer.origin)
    here = owner.post(f"{TOOLS}new/", {"name": "Bookings", "url": peer.url, "own": "no", "seen": "0"})[
        "Location"
    ]
    page = text(owner, here)
    assert "Sign in at its service, or enter a token." in page
    assert "Somebody has to sign in" in page
    told = program_of(left.owner).get(f"tools/servers/{here.rstrip('/').rpartition('/')[2]}/").json()
    assert (told["sign_in_state"], told["signed_in_at"], told["error_code"]) == ("wanted", None, "sign_in")
    begun = owner.post(f"{here}sign-in/")
    asking = text(owner, begun["Location"])
    assert f"127.0.0.1:{peer.port}" in asking
    assert "tools.use" in asking, "what is asked for is shown before anybody goes there"
    assert "Take one that is meant for it" in asking
    page = owner.get(f"{here}sign-in/go/")["Location"]
    sent = {name: one for name, (one,) in parse_qs(urlsplit(page).query).items()}
    assert (sent["resource"], sent["code_challenge_method"]) == (peer.url, "S256")
    assert "verifier" not in page
    returned = urlsplit(browsed(page))
    address = f"{returned.path}?{returned.query}"
    answer = owner.get(address)
    page = text(owner, answer["Location"])
    assert "It answers, and offers 1 tool." in page
    assert "Signed in" in page
    (token,) = peer.authority.access
    assert peer.authority.access[token].resource == peer.url
    with use_tenant(left.context):
        server = McpServer.objects.get(name="Bookings")
        assert server.sign_in_state == "done"
        assert token not in page + server.sign_in + bytes.fromhex(server.sign_in).decode("latin-1")
        entry = AuditEntry.objects.filter(action="companions.tool_server.signed_in").latest("id")
        assert token not in str(entry.payload)
    again = owner.get(address)
    assert "This sign-in is over" in text(owner, again["Location"]), "once"
    gone = owner.post(f"{here}sign-out/")
    assert "The service was told to forget it, too." in text(owner, gone["Location"])
    assert (peer.authority.access, peer.authority.refreshing) == ({}, {})
    with use_tenant(left.context):
        server.refresh_from_db()
    assert (server.sign_in, server.sign_in_state) == ("", "")


def begins(client: Client, peer: SignedPeer, name: str) -> tuple[str, str]:
    """The server's page, and the address that the service sends the browser back to."""
    here = client.post(f"{TOOLS}new/", {"name": name, "url": peer.url, "own": "no", "seen": "0"})["Location"]
    assert client.post(f"{here}sign-in/")["Location"] == f"{here}sign-in/"
    returned = urlsplit(browsed(client.get(f"{here}sign-in/go/")["Location"]))
    return here, f"{returned.path}?{returned.query}"


def signs_in(client: Client, address: str) -> str:
    return text(client, client.get(address)["Location"])


@pytest.mark.battery
def test_what_was_not_begun_here_is_not_finished_here(
    left: World, owner: Client, peer: SignedPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that is wrong, of another session, another server, another member; one that took too long."""
    let_dial(left.organization, peer.origin)
    here, address = begins(owner, peer, "First")
    before = len(peer.authority.codes)
    assert "does not belong to a sign-in that you began" in signs_in(
        owner, address.replace("state=", "state=x")
    )
    assert "does not belong to a sign-in that you began" in signs_in(owner, address.partition("&")[0])
    stranger = signed_in(left.twin)
    assert "This sign-in is over" in signs_in(stranger, address), "another session of the same person"
    assert signed_in(left.member).get(address).status_code == 404
    there, _address = begins(stranger, peer, "Second")
    assert "does not belong to a sign-in" in signs_in(stranger, address.replace(here, there))
    assert "This sign-in is over" in signs_in(owner, address.replace(here, there)), "of another server"
    assert len(peer.authority.codes) == before + 1, "no code was spent"
    here, address = begins(owner, peer, "Third")
    denied = f"{address.partition('?')[0]}?error=access_denied&error_description=%3Cb%3EGive+it%3C/b%3E"
    state = parse_qs(urlsplit(address).query)["state"][0]
    page = signs_in(owner, f"{denied}&state={state}")
    assert "The service did not sign you in." in page
    assert "Give it" not in page
    assert "This sign-in is over" in signs_in(owner, address)
    here, address = begins(owner, peer, "Fourth")
    monkeypatch.setattr("companions.services.tool_sign_in.GOOD_FOR", 0)
    assert "This sign-in is over" in signs_in(owner, address), "ten minutes are over"
    assert peer.authority.access == {}
