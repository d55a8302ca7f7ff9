"""Tools in an answer with each protocol: asked for, used, told, and told again in the next answer."""

from __future__ import annotations

import json

import pytest

from audit.models import UsageEvent
from chats.models import Run
from tenants.context import use_tenant
from tests.byoc.rows import connected
from tests.chats.conftest import Desk, desk_at
from tests.contracts.conftest import LISTED_BY_AIMOCK, based
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server
from tests.fixtures.tools import CITY, FORECAST, calls, equip
from tests.peers.tool_server import ToolPeer

pytestmark = pytest.mark.adapters
KINDS = ["openai", "anthropic", "google"]


@pytest.fixture
def desk(server: Server, transactional_db: None, tool_peer: ToolPeer) -> Desk:
    desk = desk_at(server)
    equip(desk.world, tool_peer)
    return desk


def connect(desk: Desk, url: str, kind: str, model: str) -> None:
    given = {"model": model, "attempts": 1}
    connected(desk.world, based(url, kind), type=kind, key="sk-secret", options=given)


@pytest.mark.needs("node")
@pytest.mark.parametrize("kind", KINDS)
def test_a_service_of_another_house_is_answered_with_tools(
    desk: Desk, aimock_url: str, tool_peer: ToolPeer, kind: str
) -> None:
    connect(desk, aimock_url, kind, LISTED_BY_AIMOCK[kind])
    chat = desk.new_chat()
    run = desk.until(desk.ask("forecast", chat), Run.State.DONE)
    assert run.message.text == "It is sunny in Recife."
    assert tool_peer.calls == [("forecast", CITY)]
    with use_tenant(desk.world.context):
        usage = UsageEvent.objects.get(run_id=run.id)
        assert (usage.input_tokens, usage.output_tokens) == (32, 13)
    run = desk.until(desk.ask("accented", chat), Run.State.DONE)
    assert run.message.text.startswith("Olá"), "what the tool said before is no trouble to it"


@pytest.mark.parametrize("kind", KINDS)
def test_several_turns_and_what_was_said_in_them_are_told_in_each_protocol(
    desk: Desk, scripted_model: ScriptedModel, tool_peer: ToolPeer, kind: str
) -> None:
    connect(desk, scripted_model.anthropic_url, kind, "scripted")
    chat = desk.new_chat()
    desk.until(desk.ask("say:Oi", chat), Run.State.DONE)
    scripted_model.forget()
    scripted_model.script(calls((FORECAST, CITY), (FORECAST, {"city": "Olinda"}), ("nobody__knows", {})))
    scripted_model.script(calls((FORECAST, {"city": "Natal"}), say=""))
    run = desk.until(desk.ask("Well?", chat), Run.State.DONE)
    assert [one["state"] for one in run.message.parts] == ["ok", "ok", "unknown", "ok"]
    assert len(scripted_model.entries) == 3
    assert "Sunny in Natal" in run.message.text
    desk.until(desk.ask("say:And?", chat), Run.State.DONE)
    told = json.dumps(scripted_model.last.body, ensure_ascii=False)
    for city in ("Recife", "Olinda", "Natal"):
        assert f"Sunny in {city}" in told
    assert "nobody__knows" not in told
