"""What signing in for a server of tools gave is good for that server, renewed once, and ended honestly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from companions.models import Companion, McpServer
from companions.services.companions import create_companion
from companions.services.discovering import discover
from companions.services.reaching import reached
from companions.services.tool_servers import ServerEntry, change_server, connect_server
from companions.services.tool_sign_in import begin_sign_in, begun, finish_sign_in
from companions.services.tooling import Offered, ToolAnswer, call_tool
from humana.kernel.actor import Actor
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import HumanaError
from tenants.context import use_tenant
from tests.companions.conftest import Bakery, open_bakery
from tests.companions.tools import RUN, allow, only, tool_of, use
from tests.fixtures.grants import let_dial
from tests.peers.signed_tools import SignedPeer, browsed
from tests.peers.tool_server import weather

pytestmark = pytest.mark.django_db(transaction=True)
BACK = "https://humana.example/o/bakery/settings/tools/x/signed-in/"


@pytest.fixture(scope="module")
def opened(cloned_database: str, django_db_blocker: Any) -> Bakery:
    """Its rows stay: a token is renewed by another thread, which sees only what is committed."""
    with django_db_blocker.unblock():
        return open_bakery()


@pytest.fixture
def bakery(opened: Bakery) -> Iterator[Bakery]:
    with use_tenant(opened.context):
        yield opened


@pytest.fixture
def baker(bakery: Bakery) -> Companion:
    return create_companion(name="Pão", purpose="Bakes", base_prompt="You are Pão.", language="en")


@pytest.fixture(scope="module")
def running() -> Iterator[SignedPeer]:
    made = SignedPeer(answers={"forecast": weather})
    made.lists("forecast", read_only_hint=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def signed(running: SignedPeer, bakery: Bakery) -> SignedPeer:
    """With nobody signed in, and nothing told otherwise."""
    running.instead, running.asked, running.calls, running.heads = {}, [], [], []
    running.authority.access, running.authority.refreshing = {}, {}
    running.authority.refreshed, running.authority.slow = 0, 0.0
    let_dial(bakery.organization, running.origin)
    return running


def signed_in(bakery: Bakery, peer: SignedPeer) -> McpServer:
    owner = bakery.person("owner")
    row = connect_server(member=owner, entry=ServerEntry(name="Weather", url=peer.url))
    sealed = begin_sign_in(member=owner, server_id=row.id, back=BACK)
    answer = returned(begun(member=owner, row=row, sealed=sealed).page)
    finish_sign_in(member=owner, server_id=row.id, sealed=sealed, answer=answer)
    found = discover(member=owner, server_id=row.id)
    assert found.ok, found
    row.refresh_from_db()
    return row


def returned(page: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(browsed(page)).query))


def ends_now(server: McpServer) -> None:
    McpServer.objects.filter(id=server.id).update(sign_in_until=timezone.now() - timedelta(seconds=1))


def test_a_token_is_renewed_once_whoever_uses_it_and_a_refusal_asks_to_sign_in_again(
    bakery: Bakery, baker: Companion, signed: SignedPeer
) -> None:
    server = signed_in(bakery, signed)
    allow(bakery, baker, tool_of(server, "forecast"))
    tool, member = only(baker, bakery), bakery.person("member")
    ends_now(server)

    async def both() -> list[ToolAnswer]:
        actor = Actor(kind="user", label="Mem", membership_id=member.id)
        called = (
            call_tool(bakery.context, actor, baker.id, member.id, tool, {"city": "Recife"}, RUN) for _ in "12"
        )
        return list(await asyncio.gather(*called))

    assert [one.text for one in asyncio.run(both())] == ["Sunny in Recife"] * 2
    assert signed.authority.refreshed == 1, "a refresh token is spent once"
    server.refresh_from_db()
    assert (server.sign_in_state, server.renewing_until) == ("done", None)
    signed.authority.access = {}  # the service forgot the token before its time
    assert refused(bakery, baker, tool) == "sign_in"
    assert use(bakery, baker, tool, city="Recife").text == "Sunny in Recife", "renewed before the next use"
    signed.authority.refreshing = {}
    ends_now(server)
    assert refused(bakery, baker, tool) == "sign_in_again"
    server.refresh_from_db()
    assert (server.sign_in, server.sign_in_state) == ("", "again")
    assert (server.error_code, bool(server.error)) == ("sign_in_again", True)
    asked = len(signed.asked)
    assert refused(bakery, baker, tool) == "sign_in_again"
    assert len(signed.asked) == asked, "nobody is asked in vain"


def refused(bakery: Bakery, companion: Companion, tool: Offered) -> str:
    with pytest.raises(HumanaError) as refusal:
        use(bakery, companion, tool, city="Recife")
    return refusal.value.code


@pytest.mark.battery
def test_a_token_is_for_one_address_only(bakery: Bakery, signed: SignedPeer) -> None:
    server, owner = signed_in(bakery, signed), bakery.person("owner")
    other = connect_server(member=owner, entry=ServerEntry(name="Other", url=f"{signed.origin}/other"))
    McpServer.objects.filter(id=other.id).update(sign_in=server.sign_in, sign_in_state="done")
    other.refresh_from_db()
    with pytest.raises(CannotOpen):
        reached(other)
    McpServer.objects.filter(id=server.id).update(path="/elsewhere")
    server.refresh_from_db()
    with pytest.raises(CannotOpen):
        reached(server)
    McpServer.objects.filter(id=server.id).update(path="/mcp")
    change_server(member=owner, server_id=server.id, changes={"url": f"{signed.origin}/elsewhere"})
    server.refresh_from_db()
    assert (server.sign_in, server.sign_in_state) == ("", ""), "another address has to be signed in to anew"


@pytest.mark.battery
def test_a_service_that_is_down_does_not_end_the_sign_in(
    bakery: Bakery, baker: Companion, signed: SignedPeer
) -> None:
    server = signed_in(bakery, signed)
    allow(bakery, baker, tool_of(server, "forecast"))
    tool = only(baker, bakery)
    ends_now(server)
    signed.instead["/token"] = (503, {}, b"")
    assert refused(bakery, baker, tool) == "overloaded"
    signed.instead["/token"] = (302, {"Location": f"{signed.origin}/stolen"}, b"")
    assert refused(bakery, baker, tool) == "bad_request"
    assert "/stolen" not in signed.asked
    signed.instead = {}
    assert use(bakery, baker, tool, city="Recife").text == "Sunny in Recife"
    ends_now(server)
    McpServer.objects.filter(id=server.id).update(renewing_until=timezone.now() - timedelta(seconds=1))
    found = discover(member=bakery.person("owner"), server_id=server.id)
    assert found.ok, "whoever died renewing is not waited for"
    assert signed.authority.refreshed == 2


@pytest.mark.battery
def test_a_sign_in_is_finished_once_though_two_windows_come_back(bakery: Bakery, signed: SignedPeer) -> None:
    owner = bakery.person("owner")
    row = connect_server(member=owner, entry=ServerEntry(name="Weather", url=signed.url))
    sealed = begin_sign_in(member=owner, server_id=row.id, back=BACK)
    answer = returned(begun(member=owner, row=row, sealed=sealed).page)
    finish_sign_in(member=owner, server_id=row.id, sealed=sealed, answer=answer)
    with pytest.raises(HumanaError) as refusal:
        finish_sign_in(member=owner, server_id=row.id, sealed=sealed, answer=answer)
    assert refusal.value.code == "sign_in_over"
    assert signed.asked.count("/token") == 1


@pytest.mark.battery
def test_who_leaves_while_a_token_is_renewed_does_not_lose_it(
    bakery: Bakery, baker: Companion, signed: SignedPeer
) -> None:
    server = signed_in(bakery, signed)
    allow(bakery, baker, tool_of(server, "forecast"))
    tool, member = only(baker, bakery), bakery.person("member")
    ends_now(server)
    signed.authority.slow = 1.0

    async def left_early() -> None:
        actor = Actor(kind="user", label="Mem", membership_id=member.id)
        call = call_tool(bakery.context, actor, baker.id, member.id, tool, {"city": "Recife"}, RUN)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                await call
        await asyncio.sleep(1.5)

    asyncio.run(left_early())
    assert signed.calls == []
    server.refresh_from_db()
    assert (server.sign_in_state, server.renewing_until, signed.authority.refreshed) == ("done", None, 1)
    assert use(bakery, baker, tool, city="Recife").text == "Sunny in Recife"
    assert signed.authority.refreshed == 1
