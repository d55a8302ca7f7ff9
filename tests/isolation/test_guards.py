"""Each guard is switched off in turn, alone, and the matrix notices. A guard nobody misses is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tenants.models import Organization
from tests.fixtures.organizations import World
from tests.isolation.checks import CHECKS, Scene, notices
from tests.isolation.conftest import At
from tests.isolation.crowd import contexts_of
from tests.isolation.guards import GUARDS
from tests.isolation.worlds import every_isolation, in_these_pairs

pytestmark = [
    pytest.mark.guards,
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("the guards of PostgreSQL are switched off"),
]
EVERY_CHECK = sorted({name for one in GUARDS.values() for names in one.noticed.values() for name in names})


@pytest.fixture
def scene(
    left: World,
    right: World,
    app_at: At,
    owner_sql_at: At,
    monkeypatch: pytest.MonkeyPatch,
    crowd: dict[str, list[Organization]],
) -> Iterator[Scene]:
    connection.close()
    traffic = contexts_of(crowd, left.placement.isolation)[:2]
    yield Scene(left, right, app_at, owner_sql_at, monkeypatch, traffic)
    connection.close()


@every_isolation
def test_with_every_guard_on_nothing_is_noticed(scene: Scene) -> None:
    wanted = [name for name in EVERY_CHECK if _is_wanted(name, scene)]
    assert {name for name in wanted if notices(name, scene)} == set()


@in_these_pairs("name", [(name, (one, one)) for name, guard in GUARDS.items() for one in guard.noticed])
def test_the_matrix_notices_that_a_guard_is_off(name: str, scene: Scene) -> None:
    wanted = GUARDS[name].noticed[scene.isolation]
    with GUARDS[name].off(scene):
        noticed = {one for one in wanted if notices(one, scene)}
    assert noticed == wanted


def test_every_check_is_there_for_some_guard() -> None:
    assert set(CHECKS) <= set(EVERY_CHECK)


def _is_wanted(name: str, scene: Scene) -> bool:
    return any(name in one.noticed.get(scene.isolation, ()) for one in GUARDS.values())
