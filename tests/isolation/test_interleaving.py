"""Thousands of transactions of many organizations over very few connections: no row goes astray.

HUMANA_INTERLEAVED sets how many (2,000 unless told) go through threads and asyncio tasks here. Beside
them a sixteenth is played on one kept connection, and a quarter behind PgBouncer (test_pgbouncer).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from companions.models import Value
from tenants.context import TenantContext, use_tenant
from tenants.models import Isolation, Organization
from tenants.threads import in_thread
from tests.fixtures.organizations import World
from tests.isolation.crowd import contexts_of
from tests.isolation.pools import pool_of
from tests.isolation.traffic import ACTIONS, Ledger
from tests.isolation.worlds import every_isolation

TRANSACTIONS = int(os.environ.get("HUMANA_INTERLEAVED", "2000"))
#: Whose traffic, over how many connections of `default`, by how many threads. Databases of their own
#: have two connections each beside that. A thread at work in one of them needs a connection of
#: `default` too, to ask where the organization lives: there no more threads are at work than connections.
IN_ONE_DATABASE, EVERYWHERE = (Isolation.ROW, Isolation.SCHEMA), tuple(Isolation)
THREADS = 6
SIZES = [
    (1, IN_ONE_DATABASE, THREADS),
    (2, IN_ONE_DATABASE, THREADS),
    (4, IN_ONE_DATABASE, THREADS),
    (1, EVERYWHERE, 1),
    (2, EVERYWHERE, 2),
    (4, EVERYWHERE, 4),
    (THREADS, EVERYWHERE, THREADS),
]
#: Those for asyncio, whose threads are as many as the settings say.
ROOMY = [one for one in SIZES if one[1] == IN_ONE_DATABASE or one[0] >= settings.HUMANA_ASYNC_THREADS]
IN_THREADS = TRANSACTIONS * 3 // (4 * len(SIZES)) + 1  # for each of SIZES
IN_TASKS = TRANSACTIONS // (4 * len(ROOMY)) + 1  # for each of ROOMY
ENOUGH = TRANSACTIONS >= 2000  # for every action and every organization to have had its turn

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("traffic over connections that organizations share"),
    pytest.mark.battery,
]


def over(sizes: list[tuple[int, tuple[str, ...], int]]) -> pytest.MarkDecorator:
    names = [f"{size} {'everywhere' if where == EVERYWHERE else 'in one'}" for size, where, _threads in sizes]
    return pytest.mark.parametrize(("size", "isolations", "threads"), sizes, ids=names)


Crowd = dict[str, list[Organization]]


@pytest.fixture
def ledger_of(crowd: Crowd) -> Iterator[Callable[..., Ledger]]:
    """Ledgers of organizations that nobody else uses; afterwards they must agree with the tables."""
    opened: list[Ledger] = []

    def ledger(*isolations: str) -> Ledger:
        opened.append(Ledger(contexts_of(crowd, *isolations)))
        return opened[-1]

    yield ledger
    for one in opened:
        one.settle()


def test_the_crowd_is_twenty_in_all_three_isolations(crowd: Crowd) -> None:
    assert set(crowd) == set(Isolation)
    assert len(contexts_of(crowd, *Isolation)) == 20
    assert {size for size, isolations, _threads in SIZES if isolations == EVERYWHERE} >= {1, 2, 4}
    assert len(SIZES) * IN_THREADS + len(ROOMY) * IN_TASKS >= TRANSACTIONS


@over(SIZES)
def test_threads_over_few_connections(
    size: int, isolations: tuple[str, ...], threads: int, ledger_of: Callable[..., Ledger]
) -> None:
    ledger = ledger_of(*isolations)
    with pool_of(size):
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda seed: ledger.play(seed, keep=False), range(IN_THREADS)))
    assert ledger.done.total() == IN_THREADS
    assert everything_had_its_turn(ledger) or not ENOUGH


def everything_had_its_turn(ledger: Ledger) -> bool:
    """Every action was played, and every organization was in one of them."""
    everybody = {context.organization_id for context in ledger.contexts}
    return set(ledger.done) == {action.__name__ for action in ACTIONS} and set(ledger.visited) == everybody


@over(ROOMY)
def test_asyncio_tasks_that_are_cancelled(
    size: int, isolations: tuple[str, ...], threads: int, ledger_of: Callable[..., Ledger]
) -> None:
    ledger = ledger_of(*isolations)
    with pool_of(size):
        play_in_tasks(ledger, IN_TASKS)


def play_in_tasks(ledger: Ledger, number: int) -> None:
    """A cancelled task gives up waiting; its thread ends the transaction properly."""

    async def visit(seed: int) -> None:
        with use_tenant(ledger.contexts[seed % len(ledger.contexts)]) as here, suppress(TimeoutError):
            patience = 0.002 if seed % 3 == 0 else 30
            await asyncio.wait_for(in_thread(ledger.play, seed), patience)
            await in_thread(_seen_from_a_task, ledger, here)

    async def everybody() -> None:
        await asyncio.gather(*(visit(seed) for seed in range(number)))
        while ledger.running:
            await asyncio.sleep(0.01)

    asyncio.run(everybody())
    assert ledger.done.total() >= number // 2, "hardly one of them was begun"


def _seen_from_a_task(ledger: Ledger, here: TenantContext) -> None:
    ledger.look(here)


def test_one_connection_kept_by_its_thread(ledger_of: Callable[..., Ledger]) -> None:
    """As a worker that does not hand it back between tasks."""
    ledger = ledger_of(*EVERYWHERE)
    for seed in range(TRANSACTIONS // 16):
        ledger.play(seed, keep=True)


@every_isolation
def test_a_connection_goes_back_without_an_organization(left: World) -> None:
    with one_connection(left) as pool:
        with use_tenant(left.context):
            Value.objects.count()
            entered = left.organization.id.hex, f'"{left.placement.schema}", public'
            assert state_of(connections[left.placement.alias].connection) == entered
        connection.close()
        with pool.connection() as raw:
            assert state_of(raw) == ("", "public")


@every_isolation
def test_a_connection_goes_back_clean_from_a_broken_transaction(left: World) -> None:
    with one_connection(left) as pool:
        with use_tenant(left.context):
            connections[left.placement.alias].set_autocommit(False)
            Value.objects.count()
        connection.close()
        with pool.connection() as raw:
            assert state_of(raw) == ("", "public")


def one_connection(world: World) -> Any:
    """The pool of the database where this organization lives, with one connection in it."""
    return pool_of(1, world.context)


def state_of(raw: Any) -> tuple[str, str]:
    found = raw.execute(
        "SELECT current_setting('humana.organization', true), current_setting('search_path')"
    ).fetchone()
    return (found[0] or "", found[1])
