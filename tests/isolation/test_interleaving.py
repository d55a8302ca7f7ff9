"""Thousands of transactions of many organizations over very few connections: no row goes astray.

HUMANA_INTERLEAVED sets how many (2,000 unless told).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from companions.models import Value
from tenants.context import TenantContext, use_tenant
from tenants.models import Organization, Placement
from tenants.threads import in_thread
from tests.fixtures.organizations import World
from tests.isolation.pools import pool_of
from tests.isolation.traffic import ACTIONS, Ledger

TRANSACTIONS = int(os.environ.get("HUMANA_INTERLEAVED", "2000"))
ORGANIZATIONS = 12
SIZES = (1, 2, 3, 4)
IN_THREADS, IN_TASKS = TRANSACTIONS * 3 // 16, TRANSACTIONS // 16  # for each size of the pool
THREADS = 6

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """Organizations of this test's own; afterwards what was written must be what is there."""
    pool = Placement.objects.get(schema_name="pool_main")
    names = [f"crowd-{random.getrandbits(32):08x}" for _ in range(ORGANIZATIONS)]
    rows = Organization.objects.bulk_create(
        Organization(slug=name, name="Crowd", placement=pool) for name in names
    )
    ledger = Ledger([row.context for row in rows])
    yield ledger
    assert ledger.wrong == []
    found = ledger.settle()
    assert ledger.wrong == []
    assert found == {
        context.organization_id: ledger.written[context.organization_id] for context in ledger.contexts
    }


@pytest.mark.parametrize("size", SIZES)
def test_threads_over_few_connections(size: int, ledger: Ledger) -> None:
    with pool_of(size):
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda seed: ledger.play(seed, keep=False), range(IN_THREADS)))
    assert ledger.done.total() == IN_THREADS
    assert set(ledger.done) == {action.__name__ for action in ACTIONS} or TRANSACTIONS < 1000


@pytest.mark.parametrize("size", SIZES)
def test_asyncio_tasks_that_are_cancelled(size: int, ledger: Ledger) -> None:
    """A cancelled task gives up waiting; its thread ends the transaction properly."""

    async def visit(seed: int) -> None:
        with use_tenant(ledger.contexts[seed % ORGANIZATIONS]) as here, suppress(TimeoutError):
            patience = 0.002 if seed % 3 == 0 else 30
            await asyncio.wait_for(in_thread(ledger.play, seed), patience)
            await in_thread(_seen_from_a_task, ledger, here)

    async def everybody() -> None:
        await asyncio.gather(*(visit(seed) for seed in range(IN_TASKS)))
        while ledger.running:
            await asyncio.sleep(0.01)

    with pool_of(size):
        asyncio.run(everybody())


def _seen_from_a_task(ledger: Ledger, here: TenantContext) -> None:
    ledger.look(here)


def test_one_connection_kept_by_its_thread(ledger: Ledger) -> None:
    """As a worker that does not hand it back between tasks."""
    for seed in range(IN_TASKS):
        ledger.play(seed, keep=True)


def test_a_connection_goes_back_without_an_organization(left_context: TenantContext) -> None:
    with pool_of(1) as pool:
        with use_tenant(left_context):
            Value.objects.count()
            assert state_of(connection.connection) == (
                left_context.organization_id.hex,
                '"pool_main", public',
            )
        connection.close()
        with pool.connection() as raw:
            assert state_of(raw) == ("", "public")


def test_a_connection_goes_back_clean_from_a_broken_transaction(left_context: TenantContext) -> None:
    with pool_of(1) as pool:
        with use_tenant(left_context):
            connection.set_autocommit(False)
            Value.objects.count()
        connection.close()
        with pool.connection() as raw:
            assert state_of(raw) == ("", "public")


def state_of(raw: Any) -> tuple[str, str]:
    found = raw.execute(
        "SELECT current_setting('humana.organization', true), current_setting('search_path')"
    ).fetchone()
    return (found[0] or "", found[1])


@pytest.fixture
def left_context(look_alikes: tuple[World, World]) -> TenantContext:
    return look_alikes[0].context
