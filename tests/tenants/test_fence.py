"""A customer's server ends the session of a mover in the middle of the freeze: nothing is lost by it."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import pytest

from tenants.context import use_tenant
from tenants.db import fence, residence
from tenants.models import Isolation, PlacementJob
from tenants.services.placing import moving
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World
from tests.peers.customer_postgres import CustomerPostgres
from tests.tenants.test_customers_servers import Address, moves_in, one_role, world  # noqa: F401
from tests.tenants.test_moving import begun, worked_on
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes
from tests.tenants.writers import people_at_work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


@pytest.fixture
def at_theirs(world: World, one_role: Address) -> World:  # noqa: F811
    moves_in(world, one_role)
    return world


@pytest.fixture
def session_ends(
    customer_postgres: CustomerPostgres,
    one_role: Address,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the last rows are carried and the new placement is about to be named, the lock is gone."""
    arrive = moving._arrive

    def ended(*args: Any) -> None:
        with customer_postgres.server.connect(one_role.database) as administrator:
            gone = administrator.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'"
                " AND mode = 'ExclusiveLock' AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchone()
        assert gone == (1,)
        time.sleep(1)  # people would write now
        arrive(*args)

    monkeypatch.setattr(moving, "_arrive", ended)


def comes_home(world: World) -> None:  # noqa: F811
    """Tried again by itself, as the sweep does, until it has arrived."""
    job = worked_on(begun(world, Isolation.ROW))
    while job.state == PlacementJob.State.RUNNING:
        job = worked_on(job)
    assert job.state == PlacementJob.State.DONE, job.error


def test_what_was_acknowledged_meanwhile_is_there(at_theirs: World, session_ends: None) -> None:
    with people_at_work(at_theirs.organization.id, number=3) as people:
        comes_home(at_theirs)
    assert people.found() == people.must_be_there()


def test_without_the_fence_it_would_stay_behind(
    at_theirs: World, session_ends: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residence, "_fenced", lambda context: nullcontext(lambda: None))
    with people_at_work(at_theirs.organization.id, number=3) as people:
        comes_home(at_theirs)
    assert people.found() != people.must_be_there()


def test_a_mover_that_was_stopped_for_too_long_begins_the_freeze_again(
    at_theirs: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process that got no time: writers may have been let in meanwhile."""
    with monkeypatch.context() as patch:
        patch.setattr(fence, "HELD", fence.MARGIN - 1)
        job = worked_on(begun(at_theirs, Isolation.ROW))
        assert (job.state, "took too long" in job.error) == (PlacementJob.State.RUNNING, True)
        at_theirs.organization.refresh_from_db()
        assert at_theirs.organization.placement == job.source
        with use_tenant(at_theirs.organization.context), tenant_atomic():
            at_theirs.chat.save()
    assert worked_on(job).state == PlacementJob.State.DONE


def test_a_killed_mover_keeps_people_out_for_seconds_only(
    at_theirs: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "HELD", 1)
    fence._run(fence._CLOSE, fence.HELD, at_theirs.organization.id)
    began = time.monotonic()
    with use_tenant(at_theirs.organization.context):
        at_theirs.chat.save()
    assert time.monotonic() - began > 0.5
