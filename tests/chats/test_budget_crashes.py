"""Processes that die while they hold something: it is free again within a minute, and nothing counts twice.

No web process runs in this module but those that a test starts.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from audit.models import BudgetReservation
from audit.services.budget_sweep import look_after_budgets
from chats import signals
from chats.models import Run
from tenants.context import use_tenant
from tests.chats.conftest import desk_at
from tests.chats.test_budgets_at_doors import counted, in_the_ledger, limited
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import running_server

pytestmark = pytest.mark.battery


def test_what_a_killed_process_held_is_free_again_and_nothing_counts_twice(
    transactional_db: None, scripted_model: ScriptedModel, tmp_path: Path
) -> None:
    with running_server(scripted_model.openai_url, tmp_path / "web.log") as server:
        desk = desk_at(server)
        row = limited(desk, 100_000)
        runs = [desk.ask("paced:2000:20") for _number in range(5)]
        for run in runs:
            desk.until(run, Run.State.STREAMING)
        deadline = time.monotonic() + 12
        with use_tenant(desk.world.context):
            while BudgetReservation.objects.filter(state="held").count() < 5 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert counted(row)[1] > 0
        server.kill()
    with use_tenant(desk.world.context):
        owner = BudgetReservation.objects.filter(state="held").values_list("owner", flat=True)[0]
        signals.client().delete(signals.OWNER + owner)  # as if its time had passed
        BudgetReservation.objects.update(created_at=timezone.now() - timedelta(seconds=30))
        look_after_budgets()
        assert counted(row) == (in_the_ledger(), 0) == (0, 0)
