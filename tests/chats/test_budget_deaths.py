"""A process dies at each moment between reserving and settling: nothing is lost or counted twice.

The moments are those that one process, which is let live, comes by; see `tests.fixtures.dying`.
"""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import openai
import pytest
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from audit import budgeting
from audit.models import Budget, BudgetReservation, UsageEvent
from audit.services import counting
from audit.services.budget_sweep import look_after_budgets
from chats import signals
from chats.models import Run
from chats.services.replies import go_on, may_go_on, regenerate
from chats.services.sweeping import sweep_runs
from companions.services.knowledge import write_asset
from documents.models import Chunk, ChunkVector, Meaning
from documents.passages import Passage
from documents.services import renewing
from documents.services.passages import embed_passages, write_passages
from tenants.context import use_tenant
from tests.byoc.test_endpoints import granted
from tests.chats.conftest import Desk, desk_at
from tests.chats.test_budgets_at_doors import counted, limited
from tests.documents.test_renewing import serve
from tests.fixtures.dying import Moment, Mortuary, mortuary
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.fixtures.prepared import Forked
from tests.fixtures.server import Server, given, running_server, wait_ready

#: How long a process may take to come to where it dies, in seconds.
LONGEST = 30
#: The message that settles ends with it.
SETTLES = "DELETE FROM audit_budgetreservation"


@pytest.fixture
def here(transactional_db: None, scripted_model: ScriptedModel, tmp_path: Path) -> Iterator[Mortuary]:
    with mortuary(tmp_path, given(scripted_model.openai_url)) as found:
        yield found
    budgeting.forget()
    counting.forget_seen()


@dataclass
class Deaths:
    """What is asked at a desk under a budget, by processes that die of it."""

    desk: Desk
    row: Budget
    mortuary: Mortuary

    def answer(self, dies: Moment | None = None) -> Run:
        """A question, answered by a process of its own, which dies there or lives to the end."""
        server = self.serve(dies)
        run = replace(self.desk, server=server).ask("say:Eight%20rooms%20face%20the%20harbour")
        if dies is None:
            self.desk.until(run, Run.State.DONE, seconds=LONGEST)
            time.sleep(0.5)  # what follows the end is noted too
            server.kill()
        else:
            ended(server.process, dies)
        return run

    def serve(self, dies: Moment | None) -> Server:
        process, url = self.mortuary.fork("web", dies)
        server = Server(url, process, self.mortuary.log)
        wait_ready(server)
        return server

    def sweep(self) -> None:
        """As beats do it, once the owner's time is over."""
        with use_tenant(self.desk.world.context):
            live = Run.objects.filter(state__in=Run.LIVE)
            for rows in (BudgetReservation.objects.all(), live):
                for owner in rows.values_list("owner", flat=True):  # type: ignore[attr-defined]
                    signals.client().delete(signals.OWNER + owner)
            BudgetReservation.objects.update(created_at=timezone.now() - timedelta(seconds=30))
        for _twice in range(2):
            sweep_runs()
            with use_tenant(self.desk.world.context):
                look_after_budgets()

    def balance(self, dies: object) -> None:
        """The pot is what the ledger says, and nothing is held."""
        with use_tenant(self.desk.world.context):
            assert counted(self.row) == (ledger(), 0), str(dies)
            assert not BudgetReservation.objects.filter(state="held").exists(), str(dies)
            runs = UsageEvent.objects.exclude(endpoint="built-in").values_list("run_id", "outcome")
            assert len(set(runs)) == len(runs), f"twice in the ledger: {dies}"


def ledger() -> int:
    """Tokens that were counted, or guessed where nobody counted."""
    told = [Coalesce(Sum(F(name)), 0) for name in ("input_tokens", "output_tokens", "estimated_tokens")]
    rows = UsageEvent.objects.exclude(endpoint="built-in")
    return sum(rows.aggregate(a=told[0], b=told[1], c=told[2]).values())


def ended(process: Forked | subprocess.Popen[bytes], dies: object) -> None:
    deadline = time.monotonic() + LONGEST
    while process.poll() is None:
        assert time.monotonic() < deadline, f"it never came to {dies}"
        time.sleep(0.01)


@pytest.fixture
def deaths(here: Mortuary) -> Deaths:
    desk = desk_at(Server("", None, here.log))  # type: ignore[arg-type]
    return Deaths(desk, limited(desk, 10_000_000), here)


def test_a_process_that_dies_while_it_settles_holds_nothing_and_its_answer_goes_on(deaths: Deaths) -> None:
    """One moment of all that the batteries try: everything is written, and nothing committed."""
    (run,) = killed(deaths, [Moment("before", SETTLES, 1)])
    message = deaths.desk.message(run)
    assert (message.text, may_go_on(message)) == ("Eight rooms face the harbour", True), "as readers saw it"


@pytest.mark.battery
def test_wherever_an_answer_dies_the_pot_is_what_the_ledger_says(
    deaths: Deaths, scripted_model: ScriptedModel, tmp_path: Path
) -> None:
    deaths.answer()
    moments = deaths.mortuary.moments()
    assert any(SETTLES in one.what for one in moments)
    runs = [*killed(deaths, moments), mid_stream(deaths)]
    with running_server(scripted_model.openai_url, tmp_path / "other.log") as living:
        desk = replace(deaths.desk, server=living)
        for run in runs:
            desk.until(made_again(desk, run), Run.State.DONE)
    deaths.balance("all of them made again")


def killed(deaths: Deaths, moments: Sequence[Moment]) -> list[Run]:
    """An answer for each; those that were not made in the end."""
    broken = []
    for dies in moments:
        run = deaths.answer(dies)
        deaths.sweep()
        deaths.balance(dies)
        now = deaths.desk.run(run)
        assert now.state in {Run.State.INTERRUPTED, Run.State.FAILED, Run.State.DONE}, (dies, now.state)
        assert now.state == Run.State.DONE or now.error == "owner_lost", (dies, now.error)
        broken += [run] if now.state != Run.State.DONE else []
    return broken


def mid_stream(deaths: Deaths) -> Run:
    """Killed while its model speaks."""
    server = deaths.serve(None)
    run = replace(deaths.desk, server=server).ask("paced:2000:20")
    deaths.desk.until(run, Run.State.STREAMING)
    with use_tenant(deaths.desk.world.context):
        deadline = time.monotonic() + LONGEST
        while not counted(deaths.row)[1] and time.monotonic() < deadline:
            time.sleep(0.05)
    time.sleep(1)
    server.kill()
    deaths.sweep()
    deaths.balance("the middle of a word")
    return run


def made_again(desk: Desk, run: Run) -> Run:
    """The rest of it where something was written, else another answer."""
    message = desk.message(run)
    with use_tenant(desk.world.context):
        again: Callable[..., Run] = go_on if may_go_on(message) else regenerate
        return again(member=desk.world.member, message=message)


def served(deaths: Deaths, model: ScriptedModel) -> World:
    """The desk's organization, with vectors that cost something, and no passage yet."""
    world = deaths.desk.world
    granted(world, model.openai_url)
    with use_tenant(world.context):
        Chunk.objects.all().delete()
        Meaning.objects.all().delete()
        serve(world, model, "paid", rank=0)
    return world


@pytest.mark.battery
def test_wherever_paid_vectors_die_the_pot_is_what_the_ledger_says_and_they_are_tried_again(
    deaths: Deaths, scripted_model: ScriptedModel
) -> None:
    world = served(deaths, scripted_model)

    def embedded(dies: Moment | None) -> None:
        with use_tenant(world.context):
            source = uuid.uuid4()
            write_passages("document", source, 1, [Passage("", "Eight rooms face the harbour.")])
        process, _url = deaths.mortuary.fork(f"embed {world.organization.pk} {source}", dies)
        ended(process, dies)

    embedded(None)
    deaths.balance("nobody died")
    moments = deaths.mortuary.moments()
    assert any(SETTLES in one.what for one in moments)
    for dies in moments:
        embedded(dies)
        deaths.sweep()
        deaths.balance(dies)
        with use_tenant(world.context):
            if renewing.unfinished():
                renewing.renew()
            assert not renewing.unfinished(), dies
            assert ChunkVector.objects.count() == Chunk.objects.count(), dies
        deaths.balance(f"{dies}, and tried again")


@pytest.mark.battery
def test_wherever_a_programs_vectors_die_the_pot_is_what_the_ledger_says_and_it_asks_again(
    deaths: Deaths, scripted_model: ScriptedModel
) -> None:
    served(deaths, scripted_model)

    def asked(dies: Moment | None) -> None:
        server = deaths.serve(dies)
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=deaths.desk.key, max_retries=0)
        with nullcontext() if dies is None else suppress(openai.APIConnectionError):
            client.embeddings.create(model="embeddings", input=["Eight rooms.", "Two gardens."])
        if dies is None:
            time.sleep(0.5)
            server.kill()
        else:
            ended(server.process, dies)

    asked(None)
    deaths.balance("nobody died")
    moments = deaths.mortuary.moments()
    assert any(SETTLES in one.what for one in moments)
    for dies in moments:
        asked(dies)
        deaths.sweep()
        deaths.balance(dies)
    asked(None)
    deaths.balance("asked again")


@pytest.mark.battery
def test_wherever_a_questions_vector_dies_the_pot_is_what_the_ledger_says_and_it_is_answered(
    deaths: Deaths, scripted_model: ScriptedModel
) -> None:
    """From the room for the question's meaning until that is settled; what follows is the answer's own."""
    world = served(deaths, scripted_model)
    with use_tenant(world.context):
        asset = write_asset(member=world.owner, title="Rooms", text="Eight rooms.", level="public")
        embed_passages("knowledge", asset.id)
    deaths.balance("passages that somebody wrote")
    deaths.answer()
    found = deaths.mortuary.moments()
    settled = next(at for at, one in enumerate(found) if SETTLES in one.what)
    last = next(at for at, one in enumerate(found) if at > settled and one.side == "after")
    for dies in found[: last + 1]:
        run = deaths.answer(dies)
        deaths.sweep()
        deaths.balance(dies)
        assert deaths.desk.run(run).state == Run.State.QUEUED, "it was nobody's yet"
        living = deaths.serve(None)
        while deaths.desk.run(run).state == Run.State.QUEUED:
            sweep_runs()
            time.sleep(0.5)
        replace(deaths.desk, server=living).until(run, Run.State.DONE, seconds=LONGEST)
        time.sleep(0.5)
        living.kill()
        deaths.balance(f"{dies}, and answered")
