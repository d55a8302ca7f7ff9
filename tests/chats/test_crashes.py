"""Processes that die, announcements that get lost, pools that are small: nothing is lost.

No web process runs in this module but those that a test starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chats import signals
from chats.models import Run
from chats.services.consents import decide_on_call
from chats.services.replies import go_on
from chats.services.sweeping import TAKEN_WITHIN, sweep_runs
from chats.steps import steps_of
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tests.chats.conftest import Desk, desk_at
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server, running_server
from tests.fixtures.tools import BOOK, CITY, calls, equip
from tests.fixtures.worker import running_beat, running_worker
from tests.peers.tool_server import ToolPeer

Open = Callable[..., AbstractContextManager[Desk]]

pytestmark = pytest.mark.battery


@pytest.fixture
def open_desk(transactional_db: None, scripted_model: ScriptedModel, tmp_path: Path) -> Open:
    """A desk at a web process of the test's own."""

    @contextmanager
    def opened(**environment: str) -> Iterator[Desk]:
        with running_server(scripted_model.openai_url, tmp_path / "web.log", **environment) as server:
            yield desk_at(server)

    return opened


def test_a_killed_process_keeps_the_partial_answer(open_desk: Open) -> None:
    """The text is checkpointed, and the sweep finds the run because its owner no longer beats."""
    with open_desk() as desk:
        run = desk.ask("paced:2000:20")
        deadline = time.monotonic() + 12
        while len(desk.message(run).text) <= 50 and time.monotonic() < deadline:
            time.sleep(0.1)
        desk.server.kill()
    signals.client().delete(signals.OWNER + desk.run(run).owner)  # as if its time had passed
    sweep_runs()
    ended = desk.run(run)
    assert (ended.state, ended.error) == (Run.State.INTERRUPTED, "owner_lost")
    assert len(ended.message.text) > 50


def test_within_thirty_seconds_of_its_death_another_process_says_so_and_goes_on(
    open_desk: Open, scripted_model: ScriptedModel, tmp_path: Path
) -> None:
    """Nobody sweeps but the worker, and whoever reads at another process is told all that was shown."""
    with (
        open_desk() as desk,
        running_server(scripted_model.openai_url, tmp_path / "other.log") as other,
        running_worker(tmp_path / "worker.log"),
        running_beat(tmp_path / "beat.log"),
    ):
        run = desk.ask("paced:4000:20")
        killed, told, shown = 0.0, "", ""
        first = replace(desk, server=other) if owned_by(desk, run) else desk
        owner = desk if first.server is other else replace(desk, server=other)
        for _at, name, data in first.events(run):
            if name == "saved":
                told = data["text"]
            shown += data["text"] if name == "text" else ""
            if not killed and len(shown) > 400:
                owner.server.kill()
                killed = time.monotonic()
        ended = first.until(run, Run.State.INTERRUPTED, seconds=1)
        assert time.monotonic() - killed < 30
        assert ended.error == "owner_lost"
        assert told == ended.message.text
        assert told.startswith(shown), "what was shown is kept, to the last word"
        with use_tenant(desk.world.context):
            scripted_model.script("say:%20the%20rest")
            rest = go_on(member=desk.world.member, message=ended.message)
        assert first.until(rest, Run.State.DONE).message.text == " the rest"


def owned_by(desk: Desk, run: Run) -> bool:
    """Whether the first of the two processes writes this answer."""
    now = desk.until(run, Run.State.STREAMING)
    return f":{desk.server.process.pid}:" in now.owner


def test_a_killed_process_takes_its_question_to_the_person_along(
    open_desk: Open, scripted_model: ScriptedModel, tool_peer: ToolPeer
) -> None:
    with open_desk() as desk:
        equip(desk.world, tool_peer)
        desk.until(desk.ask("say:Oi"), Run.State.DONE)
        scripted_model.script(calls((BOOK, CITY)))
        run = desk.ask("Book a table, please")
        deadline = time.monotonic() + 12
        while not desk.message(run).parts and time.monotonic() < deadline:
            time.sleep(0.1)
        desk.server.kill()
    (asked,) = desk.message(run).parts
    assert asked["state"] == "asking"
    signals.client().delete(signals.OWNER + desk.run(run).owner)
    sweep_runs()
    ended = desk.run(run)
    assert (ended.state, ended.message.text) == (Run.State.INTERRUPTED, "Let me look.")
    with use_tenant(desk.world.context), pytest.raises(Conflict):
        decide_on_call(member=desk.world.member, run=ended, call=asked["call"], allow=True)
    assert [one.state for one in steps_of(ended.message.parts)] == ["stopped"]
    assert tool_peer.calls == []


def test_a_process_that_is_asked_to_go_interrupts_what_it_writes(
    open_desk: Open, scripted_model: ScriptedModel
) -> None:
    with open_desk() as desk:
        run = desk.ask("paced:2000:20")
        scripted_model.wait_for(lambda entry: "paced" in str(entry.body), seconds=10)
        time.sleep(1)
    ended = desk.run(run)
    assert ended.state == Run.State.INTERRUPTED
    assert ended.message.text


def test_a_run_nobody_took_is_announced_again(
    scripted_model: ScriptedModel, transactional_db: None, tmp_path: Path
) -> None:
    desk = desk_at(Server("", None, tmp_path / "none.log"))  # type: ignore[arg-type]
    run = desk.ask("say:late")
    signals.client().delete(signals.QUEUE)  # Valkey lost the announcement
    with use_tenant(desk.world.context):
        Run.objects.filter(id=run.id).update(created_at=run.created_at - timedelta(seconds=TAKEN_WITHIN + 1))
    with running_server(scripted_model.openai_url, tmp_path / "web.log"):
        sweep_runs()
        assert desk.until(run, Run.State.DONE).message.text == "late"


def test_a_question_waits_for_a_process_and_can_be_stopped_before_one_comes(
    transactional_db: None, tmp_path: Path
) -> None:
    desk = desk_at(Server("", None, tmp_path / "none.log"))  # type: ignore[arg-type]
    run = desk.ask("say:never")
    assert desk.stop(run).state == Run.State.STOPPED
    assert desk.message(run).text == ""


def test_no_connection_is_held_while_the_model_speaks(open_desk: Open) -> None:
    """Twenty answers at once on a pool of two: nobody waits for a connection."""
    small = {"HUMANA_POOL_MAX": "2", "HUMANA_WEB_THREADS": "1", "HUMANA_ASYNC_THREADS": "1"}
    with open_desk(**small) as desk:
        began = time.monotonic()
        runs = [desk.ask("paced:40:50") for _ in range(20)]
        for run in runs:
            desk.until(run, Run.State.DONE, seconds=25)
        assert time.monotonic() - began < 15, "two seconds each, side by side, not one after the other"


def test_without_a_model_the_person_is_told_and_nothing_is_lost(open_desk: Open) -> None:
    with open_desk(HUMANA_LLM_URL="") as desk:
        run = desk.until(desk.ask("Is anybody there?"), Run.State.FAILED)
        assert run.error == "not_configured"
