"""A replica and a backup are compared with their primary, before they are needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from byoc.contracts import DatabaseAdapter
from tests.contracts.test_database import granted, spec_for
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.replicated_postgres import ReplicatedPostgres, kill, silence
from tests.peers.server import DatabaseServer

pytestmark = [pytest.mark.django_db, pytest.mark.adapters]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def at(server: DatabaseServer, role: str = "primary") -> DatabaseAdapter:
    return granted(spec_for(server, "postgresql", server.name, role=role))


def codes(adapter: DatabaseAdapter, primary: DatabaseAdapter | None = None) -> set[str]:
    return {one.code for one in adapter.validate(primary=primary) if one.level == "refuse"}


@pytest.mark.parametrize("role", ["replica", "backup"])
def test_a_replica_of_the_primary_is_one(replicated_postgres: ReplicatedPostgres, role: str) -> None:
    replicated_postgres.caught_up()
    primary, replica = at(replicated_postgres.primary), at(replicated_postgres.replica, role)
    assert codes(replica, primary) == set()
    state = replica.state()
    assert (state.writable, state.in_recovery) == (False, True)
    assert state.lag_seconds is not None
    assert state.lag_seconds < 60
    assert state.system == primary.state().system != ""


def test_the_same_server_twice_or_another_one_is_none(
    replicated_postgres: ReplicatedPostgres, customer_postgres: CustomerPostgres
) -> None:
    primary = at(replicated_postgres.primary)
    assert codes(at(replicated_postgres.primary, "replica"), primary) == {"not_following"}
    assert codes(at(replicated_postgres.replica, "replica"), at(customer_postgres)) == {"another_system"}


def test_a_replica_given_as_primary_only_reads(replicated_postgres: ReplicatedPostgres) -> None:
    (found, *_rest) = at(replicated_postgres.replica).validate()
    assert "Give the address of the primary" in str(found)


async def test_after_a_promotion_health_says_who_takes_changes(
    replicated_postgres: ReplicatedPostgres,
) -> None:
    kill(replicated_postgres.primary)
    replicated_postgres.promote()
    assert (await at(replicated_postgres.primary).health()).code == "database_unreachable"
    assert (await at(replicated_postgres.replica, "replica").health()).code == "not_following"
    assert (await at(replicated_postgres.replica, "backup").health()).ok


async def test_a_silent_server_is_given_up(replicated_postgres: ReplicatedPostgres) -> None:
    silence(replicated_postgres.primary)
    health = await at(replicated_postgres.primary).health()
    assert (health.ok, health.code) == (False, "database_unreachable")
    assert health.seconds < 15
