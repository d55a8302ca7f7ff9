"""Placements are brought up to the code: each for itself, and the report says what became of it."""

from __future__ import annotations

import io
import re
import threading
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from humana.kernel.errors import Unavailable
from tenants.context import use_tenant
from tenants.db.levels import NEEDED, level_of
from tenants.db.replay import applied
from tenants.db.scripts import script, wanted
from tenants.models import Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tests.tenants.releases import (
    CHANGE,
    SCHEMAS,
    Terminal,
    has_weight,
    results,
    run,
)
from tests.tenants.schemas import ADD_FIELD, drop, facts, held, next_release, tables

pytestmark = [pytest.mark.battery, pytest.mark.usefixtures("any_database")]

BUSY = "LOCK TABLE own_01.companions_value IN ACCESS SHARE MODE"


@pytest.mark.parametrize("placements", [30], indirect=True)
def test_thirty_schemas_and_the_pool_get_a_column(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    with next_release(ADD_FIELD):
        assert set(results().values()) == {"migrated"}
        assert len(results()) == 31
        assert all(has_weight(owner, schema) for schema in [*SCHEMAS, "pool_main"])
        assert set(applied(owner, SCHEMAS).values()) == {wanted()}
        assert {one.migrated for one in Placement.objects.all()} == {level_of(wanted())}
        assert set(results().values()) == {"already"}


def test_a_run_with_nothing_to_do_changes_nothing(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    before = facts(owner, "own_03")
    assert set(results().values()) == {"already"}
    assert facts(owner, "own_03") == before


def test_a_table_in_use_keeps_no_other_and_the_next_run_mends_it(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    with next_release(ADD_FIELD):
        with held(BUSY):
            report = {one["placement"]: one for one in run()}
        failed = [name for name, one in report.items() if one["result"] != "migrated"]
        assert failed == ["Own 01"]
        assert report["Own 01"]["problem"].startswith("Its tables were in use, 3 times.")
        assert not has_weight(owner, "own_01")
        assert Placement.objects.get(name="Own 01").migrated != level_of(wanted())
        assert results()["Own 01"] == "migrated"
        assert has_weight(owner, "own_01")


def test_who_was_only_busy_for_a_moment_is_come_back_to(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    free = threading.Event()

    def keep() -> None:
        with held(BUSY):
            taken.set()
            free.wait(10)

    taken, keeper = threading.Event(), threading.Thread(target=keep)
    keeper.start()
    taken.wait(10)
    with next_release(ADD_FIELD):
        watcher = threading.Thread(target=_let_go_after_another, args=[free])
        watcher.start()
        assert set(results().values()) == {"migrated"}
        watcher.join()
    keeper.join()


def _let_go_after_another(free: threading.Event) -> None:
    """The busy one is given free only when one that comes after it is through."""
    with owner_connection() as own:
        while not has_weight(own, "own_03"):
            time.sleep(0.01)
    free.set()


def test_a_schema_that_somebody_changed_by_hand_fails_alone(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    owner.execute("ALTER TABLE own_02.companions_value ADD COLUMN weight text")
    with next_release(ADD_FIELD):
        report = {one["placement"]: one for one in run()}
        assert {name for name, one in report.items() if one["result"] != "migrated"} == {"Own 02"}
        assert 'column "weight" of relation "companions_value" already exists' in report["Own 02"]["problem"]


def test_python_on_rows_is_run_in_each_schema(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    """Rows of every organization are reached, as only Django can."""
    from companions.models import Value

    people = [
        Organization.objects.create(slug=name.lower().replace(" ", "-"), name=name, placement=placement)
        for name, placement in (("Own 00", placements[0]), ("Own 01", placements[1]))
    ]
    for organization in people:
        with use_tenant(organization.context):
            Value.objects.create(title="Calm", description="Before")
    with next_release(CHANGE):
        assert script(applied(owner, ["own_00"])["own_00"]) is None
        assert set(results().values()) == {"migrated"}
        assert set(applied(owner, SCHEMAS[:4]).values()) == {wanted()}
    for organization in people:
        with use_tenant(organization.context):
            assert [one.description for one in Value.objects.all()] == ["After"]


def test_python_on_rows_reaches_those_kept_for_a_way_back_and_those_on_their_way(
    placements: list[Placement],
) -> None:
    """They would be behind what the tables demand when the organization comes."""
    from companions.models import Value

    organization = Organization.objects.create(slug="moving-on", name="On", placement=placements[0])
    kept_until = timezone.now() + timedelta(hours=72)
    told = {"organization": organization, "slug": "moving-on", "kind": PlacementJob.Kind.MOVE}
    PlacementJob.objects.create(
        **told, source=placements[1], target=placements[0], state="done", keep_until=kept_until
    )
    PlacementJob.objects.create(**told, source=placements[0], target=placements[2], state="running")
    for place in (placements[2], placements[1], placements[0]):
        Organization.objects.filter(id=organization.id).update(placement=place)
        with use_tenant(organization.id):
            Value.objects.create(title="Calm", description="Before")
    with next_release(CHANGE):
        assert set(results().values()) == {"migrated"}
    for place in placements[:3]:
        with use_tenant(organization.at(place)):
            assert [one.description for one in Value.objects.all()] == ["After"], place.name


def test_python_on_rows_is_run_where_the_code_already_needs_it(
    placements: list[Placement], monkeypatch: pytest.MonkeyPatch
) -> None:
    """People are answered 503 there until then; the migration itself is not."""
    from companions.models import Value

    organization = Organization.objects.create(slug="behind", name="Behind", placement=placements[0])
    with use_tenant(organization.context):
        Value.objects.create(title="Calm", description="Before")
    with next_release(CHANGE):
        monkeypatch.setitem(NEEDED, "companions", max(int(name[:4]) for _app, name in wanted()))
        Placement.objects.filter(name="Own 00").update(migrated="companions:1")
        with pytest.raises(Unavailable), use_tenant(organization.id):
            pass
        assert results()["Own 00"] == "migrated"


@pytest.mark.parametrize(
    "name", ["zzzz_planted", "", "\u0663\u0663\u0663\u0663_digits", "99", "9999_planted"]
)
def test_what_somebody_wrote_into_the_list_of_migrations_stops_nobody(
    owner: psycopg.Connection[Any], placements: list[Placement], name: str
) -> None:
    """Who owns the database may write there what they like."""
    plant = "INSERT INTO own_02.django_migrations (app, name, applied) VALUES ('chats', %s, now())"
    owner.execute(plant, [name])
    assert set(results().values()) == {"already"}
    with next_release(ADD_FIELD):
        assert set(results().values()) == {"migrated"}
        assert has_weight(owner, "own_02")


def test_a_migration_that_is_wrong_fails_once_for_all(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    before = facts(owner, "own_00")
    with next_release("migrations.RunSQL('SELECT 1/0')"):
        report = run()
    assert {one["result"] for one in report} == {"failed"}
    assert report[0]["problem"] == "division by zero. Mend that, then run this again."
    assert facts(owner, "own_00") == before


def test_schemas_that_stand_at_different_migrations_meet(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    index = "migrations.AddIndex('value', models.Index(fields=['organization_id', 'title'], name='by_title'))"
    with next_release(ADD_FIELD, index):
        latest = max(name for app, name in wanted() if app == "companions")
        assert set(results(placement="Own 02").values()) == {"migrated"}
        owner.execute("DELETE FROM own_02.django_migrations WHERE name = %s", [latest])
        owner.execute("DROP INDEX own_02.by_title")
        assert set(results().values()) == {"migrated"}
        everywhere = [facts(owner, schema) for schema in ("own_00", "own_02", "pool_main")]
        assert everywhere[0] == everywhere[1]
        assert everywhere[0]["columns"] == everywhere[2]["columns"]


def test_the_plan_changes_nothing(owner: psycopg.Connection[Any], placements: list[Placement]) -> None:
    with next_release(ADD_FIELD):
        report = run(plan=True, placement="Own 00")
        assert [one["result"] for one in report] == ["pending"]
        assert re.match(r"companions\.\d{4}_", report[0]["migrations"][0])
        assert not has_weight(owner, "own_00")


def test_what_is_pending_can_be_asked(owner: psycopg.Connection[Any], placements: list[Placement]) -> None:
    call_command("migrate_placements", check=True, verbosity=0)
    call_command("migrate", check_unapplied=True, verbosity=0)
    with next_release(ADD_FIELD), pytest.raises(CommandError, match="Migrations are pending"):
        call_command("migrate_placements", check=True, verbosity=0)
    assert not has_weight(owner, "own_00")


def test_migrate_brings_the_placements_along(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    with next_release(ADD_FIELD):
        call_command("migrate", verbosity=0)
        assert has_weight(owner, "own_00")
        assert has_weight(owner, "pool_main")
    assert not {name for name in tables(owner, "public") if name.startswith("companions")}


def test_migrate_with_a_schema_is_still_for_that_one(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    with next_release(ADD_FIELD):
        call_command("migrate", schema_name="own_01", verbosity=0)
        assert [has_weight(owner, schema) for schema in ("own_00", "own_01")] == [False, True]


def test_a_placement_without_its_schema_gets_it(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    drop(owner, "own_02")
    assert results(placement="Own 02") == {"Own 02": "migrated"}
    assert facts(owner, "own_02") == facts(owner, "own_03")


def test_a_placement_that_its_job_prepares_is_left_to_it(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    drop(owner, "own_02")
    Placement.objects.filter(name="Own 02").update(state="preparing")
    assert "Own 02" not in results()


def test_lines_for_people(placements: list[Placement]) -> None:
    out = io.StringIO()
    call_command("migrate_placements", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0] == "Main pool: already"
    assert lines[-1] == "Placements: 5 already."


def test_a_bar_on_a_terminal(placements: list[Placement]) -> None:
    out = Terminal()
    call_command("migrate_placements", stdout=out)
    assert "] 5/5" in out.getvalue()
    assert "Main pool" not in out.getvalue()


def test_nobody_of_that_name() -> None:
    with pytest.raises(CommandError, match="There is no placement “Atlantis”"):
        call_command("migrate_placements", placement="Atlantis")


def test_a_session_that_is_ended_keeps_no_other(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    with next_release(ADD_FIELD):
        with held(BUSY):
            watcher = threading.Thread(target=_end_who_waits, args=[owner])
            watcher.start()
            report = {one["placement"]: one for one in run()}
            watcher.join()
        assert [name for name, one in report.items() if one["result"] != "migrated"] == ["Own 01"]
        assert report["Own 01"]["problem"].startswith("Its database did not answer: terminating connection")
        assert not has_weight(owner, "own_01")
        assert results()["Own 01"] == "migrated"


def _end_who_waits(owner: psycopg.Connection[Any]) -> None:
    waiting = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
    while not owner.execute(waiting).fetchone():
        time.sleep(0.005)
