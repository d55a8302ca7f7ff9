"""/mcp as a developer sees it: the official client, and companions as its tools."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from audit.models import AuditEntry, UsageEvent
from chats.models import Chat, Message, Run
from companions.models import Companion, Policy
from companions.services.policies import publish_policy
from tenants.context import use_tenant
from tenants.models import ApiKey, Membership, User
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import build_world

CPF = "111.444.777-35"
Work = Callable[[Client], Awaitable[Any]]


def with_client(desk: Desk, work: Work, mode: str = "auto") -> Any:
    """Do `work` as a program of the member's would."""

    async def session() -> Any:
        headers = {"authorization": f"Bearer {desk.key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
            transport = streamable_http_client(f"{desk.server.url}/mcp", http_client=http)
            async with Client(transport, read_timeout_seconds=20, mode=mode) as client:
                return await work(client)

    try:
        return asyncio.run(session())
    except BaseExceptionGroup as group:  # the client's own tasks wrap what happened
        raise _innermost(group) from None


def _innermost(error: BaseException) -> BaseException:
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def tools(desk: Desk) -> list[str]:
    async def listed(client: Client) -> list[str]:
        return [one.name for one in (await client.list_tools()).tools]

    return with_client(desk, listed)  # type: ignore[no-any-return]


def call(desk: Desk, message: str, tool: str = "", **given: Any) -> CallToolResult:
    async def called(client: Client) -> CallToolResult:
        return await client.call_tool(tool or desk.world.companion.slug, {"message": message}, **given)

    return with_client(desk, called)  # type: ignore[no-any-return]


def said(result: CallToolResult) -> list[str]:
    return [one.text for one in result.content if one.type == "text"]


def kept(desk: Desk) -> tuple[int, int, int]:
    with use_tenant(desk.world.context):
        return Chat.objects.count(), Message.objects.count(), Run.objects.count()


def test_a_companion_is_a_tool_and_its_answer_a_result(desk: Desk, scripted_model: ScriptedModel) -> None:
    clara = desk.world.companion
    progress: list[tuple[float, str | None]] = []

    async def told(done: float, total: float | None, message: str | None) -> None:
        progress.append((done, message))

    async def looked(client: Client) -> None:
        (tool,) = [one for one in (await client.list_tools()).tools if one.name == clara.slug]
        assert (tool.title, tool.description) == (clara.name, f"{clara.name}: {clara.purpose}")
        assert tool.input_schema["required"] == ["message"]

    with_client(desk, looked)
    result = call(desk, "say:Bom%20dia,%20mundo", progress_callback=told)
    assert (result.is_error, said(result)) == (False, ["Bom dia, mundo"])
    assert result.structured_content["answer"] == "Bom dia, mundo"
    assert progress[0][1]
    assert "Bom dia, mundo".startswith(progress[0][1])
    with use_tenant(desk.world.context):
        run = Run.objects.select_related("message__chat").get(id=result.structured_content["run_id"])
        assert (run.state, run.message.chat.origin, run.message.text) == ("done", "openai", "Bom dia, mundo")
        assert str(run.message.chat_id) == result.structured_content["chat_id"]
        assert UsageEvent.objects.get(run_id=run.id).outcome == "done"
        asked = AuditEntry.objects.filter(action="chats.message.asked").latest("sequence")
        assert json.loads(asked.payload)["door"] == "mcp"
    assert scripted_model.last.body["messages"][0]["role"] == "system", "with its own prompt"


def test_what_cannot_be_answered_says_why_and_what_is_not_there_is_no_tool(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    User.objects.filter(pk=desk.world.member.user_id).update(language="en")
    other = build_world(f"next-{desk.world.slug}")
    with use_tenant(other.context):
        theirs = Companion(slug="only-there", name="Only there", purpose="None", base_prompt="You are there.")
        theirs.save()
    before = kept(desk)
    for name in ("only-there", "nobody-here", "../only-there", ""):
        with pytest.raises(MCPError, match="no tool"):
            call(desk, "say:hello", tool=name or "x" * 300)
    for arguments in ({}, {"message": 1}, {"message": ""}, {"message": "a", "companion_id": str(theirs.id)}):
        with pytest.raises(MCPError, match="arguments"):
            with_client(
                desk, lambda client, given=arguments: client.call_tool(desk.world.companion.slug, given)
            )
    assert "only-there" not in tools(desk)
    assert kept(desk) == before
    with use_tenant(other.context):
        assert Message.objects.count() == 2, "its own"
    assert scripted_model.entries == []

    with use_tenant(desk.world.context):
        policy = publish_policy(name="Sigilo", regulation="LGPD", requirement="Keep personal data out.")
        check = {"kind": "pii", "classes": ["cpf"]}
        stages = [check | {"stage": "input"}, check | {"stage": "output"}]
        Policy.objects.filter(id=policy.id).update(checks=stages, mode="block")
    blocked = call(desk, f"say:{CPF}")
    assert (blocked.is_error, scripted_model.entries) == (True, [])
    assert "Sigilo" in said(blocked)[0]
    scripted_model.script(f"say:O%20CPF%20é%20{CPF}.")
    stopped = call(desk, "Quem é?")
    assert stopped.is_error
    assert "Sigilo" in said(stopped)[-1]
    assert CPF not in str(stopped)
    scripted_model.script("status:401")
    failed = call(desk, "hello")
    assert failed.is_error
    assert said(failed)[0]

    with use_tenant(desk.world.context):
        Companion.objects.filter(id=desk.world.companion.id).update(state=Companion.State.PAUSED)
    assert desk.world.companion.slug not in tools(desk)
    paused = call(desk, "hello")
    assert (paused.is_error, "paus" in said(paused)[0]) == (True, True)


def test_a_key_that_does_not_open_is_refused_at_the_door(desk: Desk, scripted_model: ScriptedModel) -> None:
    assert tools(desk)
    before = kept(desk)
    keys = ApiKey.objects.filter(membership=desk.world.member)
    for rows, change, code in (
        (keys, {"scopes": ["audit.read"]}, "missing_scope"),
        (Membership.objects.filter(id=desk.world.member.id), {"state": "suspended"}, "invalid_api_key"),
        (keys, {"revoked_at": desk.world.organization.created_at}, "invalid_api_key"),
    ):
        rows.update(**change)
        with pytest.raises(MCPError) as refused:
            call(desk, "say:hello")
        assert refused.value.data == {"code": code}
        Membership.objects.filter(id=desk.world.member.id).update(state="active")
    assert kept(desk) == before
    assert scripted_model.entries == []


HEADS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


def by_key(desk: Desk) -> dict[str, str]:
    return {"authorization": f"Bearer {desk.key}"}


def ask(desk: Desk, body: bytes, **headers: str) -> httpx2.Response:
    told = HEADS | by_key(desk) | headers
    return httpx2.post(f"{desk.server.url}/mcp", content=body, headers=told, timeout=20)


LISTED = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
HOSTILE = [
    b"", b"null", b"[]", b"{}",
    b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}',
    b"[" + LISTED + b"]",
    b'{"a":' * 100_000, b"[" * 100_000, b"\xff\xfe\x00", b'{"id": ' + b"9" * 9_000 + b"}",
    b'{"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "file:///etc/passwd"}}',
]  # fmt: skip


def test_the_door_minds_whence_what_and_how_much(desk: Desk) -> None:
    assert ask(desk, LISTED).status_code == 200
    for hosts in ({"host": "evil.example"}, {"host": "evil.example:443"}, {"host": "127.0.0.1.evil.example"}):
        assert ask(desk, LISTED, **hosts).status_code == 403
    here = desk.server.url
    for origin, status in (
        (here, 200),
        ("https://evil.example", 403),
        ("null", 403),
        (here + ".evil.example", 403),
        ("http://127.0.0.1:1", 403),
    ):
        assert ask(desk, LISTED, origin=origin).status_code == status, origin
    for method in ("GET", "DELETE", "PUT", "OPTIONS"):
        with httpx2.stream(method, f"{here}/mcp", headers=HEADS | by_key(desk), timeout=20) as answer:
            assert answer.status_code == 405
    assert ask(desk, LISTED, authorization="").status_code == 401
    assert ask(desk, LISTED, authorization="Bearer hk_" + "a" * 43).headers["www-authenticate"] == "Bearer"
    for version in ("2025-06-18", "2026-07-28", "tomorrow"):
        for body in HOSTILE:
            answer = ask(desk, body, **{"mcp-protocol-version": version})
            assert answer.status_code < 500, (version, body[:60], answer.text)
            assert "Traceback" not in answer.text
            assert "root:" not in answer.text
        assert ask(desk, b" " * 2_000_000 + LISTED, **{"mcp-protocol-version": version}).status_code == 413
    assert ask(desk, LISTED, **{"mcp-session-id": "somebody's"}).headers.get("mcp-session-id") is None


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_that_goes_away_stops_the_model(
    desk: Desk, scripted_model: ScriptedModel, mode: str
) -> None:
    async def left(client: Client) -> None:
        slug = desk.world.companion.slug
        asked = asyncio.create_task(client.call_tool(slug, {"message": "paced:1000:20"}))
        while not scripted_model.entries:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        asked.cancel()

    with_client(desk, left, mode)
    began = time.time()
    entry = scripted_model.wait_for(lambda one: one.left_at is not None, seconds=5)
    assert entry.left_at is not None
    assert entry.left_at - began < 3
    with use_tenant(desk.world.context):
        run = Run.objects.order_by("-id").first()
    assert run is not None
    desk.until(run, Run.State.STOPPED)
