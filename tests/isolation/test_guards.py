"""Each guard is switched off in turn, alone, and the matrix notices. A guard nobody misses is none."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.db import connection

from tenants.models import Organization
from tests.fixtures.organizations import World
from tests.isolation.checks import CHECKS, Scene, notices
from tests.isolation.conftest import At
from tests.isolation.crowd import contexts_of
from tests.isolation.guards import GUARDS, NOTICED_ELSEWHERE
from tests.isolation.worlds import every_isolation, in_these_pairs

pytestmark = [pytest.mark.guards, pytest.mark.django_db(transaction=True)]
on_postgresql = pytest.mark.postgresql_only("the guards of PostgreSQL are switched off")
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


@pytest.mark.in_turn(3)
@on_postgresql
@every_isolation
def test_with_every_guard_on_nothing_is_noticed(scene: Scene) -> None:
    wanted = [name for name in EVERY_CHECK if _is_wanted(name, scene)]
    assert {name for name in wanted if notices(name, scene)} == set()


@on_postgresql
@pytest.mark.battery
@in_these_pairs("name", [(name, (one, one)) for name, guard in GUARDS.items() for one in guard.noticed])
def test_the_matrix_notices_that_a_guard_is_off(name: str, scene: Scene) -> None:
    wanted = GUARDS[name].noticed[scene.isolation]
    with GUARDS[name].off(scene):
        noticed = {one for one in wanted if notices(one, scene)}
    assert noticed == wanted


def test_the_one_guard_of_other_databases_is_noticed_there_too(
    left: World, right: World, app_at: At, owner_sql_at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing else holds organizations apart, `--organizations-on` runs this as well."""
    scene, noticed = Scene(left, right, app_at, owner_sql_at, monkeypatch, []), "orm.says_whose"
    assert not notices(noticed, scene)
    with GUARDS["the_filter_of_the_managers"].off(scene):
        assert notices(noticed, scene)


def test_every_check_is_there_for_some_guard() -> None:
    assert set(CHECKS) <= set(EVERY_CHECK)


@pytest.mark.parametrize("place", NOTICED_ELSEWHERE.values(), ids=list(NOTICED_ELSEWHERE))
def test_what_is_noticed_elsewhere_is_there(place: str) -> None:
    module, _, test = place.partition(":")
    assert callable(getattr(import_module(module), test))


def _is_wanted(name: str, scene: Scene) -> bool:
    return any(name in one.noticed.get(scene.isolation, ()) for one in GUARDS.values())
