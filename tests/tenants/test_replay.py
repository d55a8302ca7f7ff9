"""A schema made or migrated by replay is the one that Django would have made, or it is not touched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from tenants.db import replay, scripts
from tenants.db.scripts import NOTHING, Script, digest, script, wanted
from tenants.models import Placement
from tenants.owner import as_owner, owner_connection
from tests.tenants.schemas import ADD_FIELD, drop, facts, held, next_release, tables

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ["made", "theirs"]
ODD = ["Açaí 1 -- DROP", "50% off", "select", "Upper-Case.dot", "{braces}", "it's", "x" * 63]


@pytest.fixture
def owner(cloned_database: str) -> Iterator[psycopg.Connection[Any]]:
    with owner_connection() as connection:
        yield connection
        drop(connection, *NAMES, *ODD)


def create(owner: psycopg.Connection[Any], schema: str, **options: Any) -> bool:
    return replay.create_schema(owner, schema, **options)


def by_django(schema: str) -> None:
    """As django-tenants makes a schema, with the rights that ours gives."""
    with as_owner():
        Placement(schema_name=schema).create_schema(check_if_exists=True, verbosity=0)
        with connections["default"].cursor() as cursor:
            cursor.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{settings.HUMANA_APP_ROLE}"')


def level(owner: psycopg.Connection[Any], schema: str) -> Any:
    return replay.applied(owner, [schema])[schema]


def same(owner: psycopg.Connection[Any]) -> bool:
    made, theirs = facts(owner, "made"), facts(owner, "theirs")
    ours = [row for row in theirs["migrations"] if row in wanted()]
    assert len(made["columns"]) > 100
    return {**theirs, "migrations": ours} == made


def test_a_new_schema_is_what_django_would_have_made(owner: psycopg.Connection[Any]) -> None:
    assert script(NOTHING) is not None
    assert create(owner, "made")
    by_django("theirs")
    assert same(owner)
    assert level(owner, "made") == wanted()


@pytest.mark.battery
def test_a_missing_force_would_be_seen(owner: psycopg.Connection[Any]) -> None:
    create(owner, "made")
    by_django("theirs")
    owner.execute("ALTER TABLE made.chats_chat NO FORCE ROW LEVEL SECURITY")
    assert not same(owner)


@pytest.mark.battery
def test_a_migrated_schema_is_what_django_would_have_made(owner: psycopg.Connection[Any]) -> None:
    create(owner, "made")
    by_django("theirs")
    before = level(owner, "made")
    index = "migrations.AddIndex('value', models.Index(fields=['organization_id', 'title'], name='by_title'))"
    rename = "migrations.RenameField('value', 'description', 'detail')"
    with next_release(ADD_FIELD, f"{index}, {rename}"):
        steps = script(before)
        assert steps is not None
        assert {name for _, name in steps.migrations} == {name for _, name in wanted() - before}
        replay.replay(owner, "made", steps)
        replay.migrate_by_django("theirs")
        assert same(owner)
        assert level(owner, "made") == wanted()


@pytest.mark.battery
def test_what_has_to_look_at_tables_is_planned_with_tables(
    owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django finds the name of a constraint that goes in the tables."""
    rebuilt = Mock(wraps=scripts._rebuild)
    monkeypatch.setattr(scripts, "_rebuild", rebuilt)
    create(owner, "made")
    by_django("theirs")
    before = level(owner, "made")
    title = "migrations.AlterField('value', 'title', models.CharField(max_length=120{}))"
    with next_release(title.format(", unique=True"), title.format("")):
        steps = script(before)
        assert steps is not None
        replay.replay(owner, "made", steps)
        replay.migrate_by_django("theirs")
        assert same(owner)
    assert [call.args[1] for call in rebuilt.call_args_list] == [before], "and only there"


@pytest.mark.battery
@pytest.mark.parametrize("of_none", [True, False])
def test_what_is_foretold_is_what_django_runs(owner: psycopg.Connection[Any], of_none: bool) -> None:
    before = NOTHING if of_none else wanted()
    with next_release(ADD_FIELD):
        with scripts._scratch() as (connection, _schema):
            foretold = scripts._foretell(connection, before)
        with scripts._scratch() as (connection, _schema):
            scripts._rebuild(connection, before)
            assert foretold == scripts._record(connection, empty=of_none)


@pytest.mark.battery
def test_making_it_again_changes_nothing(owner: psycopg.Connection[Any]) -> None:
    create(owner, "made")
    before = facts(owner, "made")
    assert not create(owner, "made")
    assert facts(owner, "made") == before


@pytest.mark.battery
@pytest.mark.parametrize("name", ODD)
def test_a_name_is_only_a_name(owner: psycopg.Connection[Any], name: str) -> None:
    before = tables(owner, "public")
    assert create(owner, name)
    assert replay.applied(owner, [name, "nowhere"]) == {name: wanted(), "nowhere": NOTHING}
    assert tables(owner, "public") == before


@pytest.mark.battery
def test_many_schemas_are_read_in_batches(
    owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    for name in ODD:
        create(owner, name)
    assert replay.applied(owner, ODD) == dict.fromkeys(ODD, wanted())


def test_nothing_falls_into_public(owner: psycopg.Connection[Any]) -> None:
    """A schema that was dropped meanwhile."""
    before = tables(owner, "public")
    with pytest.raises(psycopg.errors.InvalidSchemaName):
        replay.replay(owner, "made", Script("CREATE TABLE stray ()", ()))
    with pytest.raises(Exception, match='schema "made" does not exist'):
        replay.migrate_by_django("made")
    assert tables(owner, "public") == before


def test_a_killed_run_leaves_nothing(owner: psycopg.Connection[Any]) -> None:
    """Its session is ended in the middle: after all tables, before the end."""
    with next_release("migrations.RunSQL('SELECT pg_advisory_xact_lock(4711)')"):
        assert script(NOTHING) is not None
        with held("SELECT pg_advisory_xact_lock(4711)"):
            with owner_connection() as killed:
                ended = threading.Thread(target=_kill, args=[owner, killed.info.backend_pid])
                ended.start()
                with pytest.raises(psycopg.OperationalError):
                    create(killed, "made")
                ended.join()
        assert tables(owner, "made") == set()
        assert owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'made'").fetchone() is None
        assert create(owner, "made")


def _kill(owner: psycopg.Connection[Any], pid: int) -> None:
    while not owner.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pid = %s", [pid]).fetchone():
        time.sleep(0.01)
    owner.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.battery
def test_two_at_once_make_it_once(owner: psycopg.Connection[Any]) -> None:
    script(NOTHING)
    made: list[bool] = []

    def one() -> None:
        with owner_connection() as connection:
            made.append(create(connection, "made"))

    with held("SELECT pg_advisory_xact_lock(hashtextextended('\"made\"', 7))"):
        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline and _waiting(owner) < 2:
            time.sleep(0.01)
        assert _waiting(owner) == 2
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]


def _waiting(owner: psycopg.Connection[Any]) -> int:
    return len(owner.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall())


SQL = "migrations.RunSQL('SELECT 1')"
PYTHON = "migrations.RunPython(migrations.RunPython.noop)"
PER_ORGANIZATION = "RunPerOrganization(len, count=len)"


@pytest.mark.battery
@pytest.mark.parametrize(
    ("operation", "new", "old"),
    [
        (SQL, True, True),
        (PYTHON, False, False),
        (PER_ORGANIZATION, True, False),
        (f"migrations.SeparateDatabaseAndState([{SQL}], [{PYTHON}])", True, True),
        (f"migrations.SeparateDatabaseAndState([{PYTHON}])", False, False),
        ("PastTheEditor()", False, False),
    ],
)
def test_what_is_not_sql_is_left_to_django(
    owner: psycopg.Connection[Any], operation: str, new: bool, old: bool
) -> None:
    before = wanted()
    with next_release(operation):
        assert (script(NOTHING) is not None, script(before) is not None) == (new, old)
        assert create(owner, "made")
        assert level(owner, "made") == wanted()


@pytest.mark.battery
def test_outside_a_transaction_is_left_to_django(owner: psycopg.Connection[Any]) -> None:
    index = "AddIndexConcurrently('value', models.Index(fields=['organization_id'], name='apart'))"
    with next_release(index, attributes="atomic = False"):
        assert script(NOTHING) is None
        assert create(owner, "made")
        by_name = "SELECT 1 FROM pg_indexes WHERE schemaname = 'made' AND indexname = 'apart'"
        assert owner.execute(by_name).fetchone()


@pytest.mark.battery
def test_what_a_later_release_applied_is_no_way_from_here(owner: psycopg.Connection[Any]) -> None:
    assert script(frozenset({("chats", "0099_from_the_future")})) is None


@pytest.mark.battery
def test_a_squash_is_only_noted(owner: psycopg.Connection[Any]) -> None:
    """Who has all that it stands for gets a row; who has nothing gets its tables."""
    create(owner, "theirs")
    replaces = "dependencies, replaces = [], [('companions', '0001_initial')]"
    with next_release("*FIRST.operations", attributes=replaces):
        steps = script(level(owner, "theirs"))
        assert steps is not None
        assert "CREATE" not in steps.text
        replay.replay(owner, "theirs", steps)
        assert level(owner, "theirs") == wanted()
        assert create(owner, "made")
        assert same(owner)
    with next_release(ADD_FIELD):
        assert script(level(owner, "theirs")) is None


@pytest.mark.battery
def test_the_level_has_one_name(owner: psycopg.Connection[Any]) -> None:
    now = digest()
    assert now == digest()
    with next_release(SQL):
        assert digest() != now
    assert digest() == now


@pytest.mark.battery
def test_planning_leaves_nothing_behind(owner: psycopg.Connection[Any]) -> None:
    scratch = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'scratch%'"
    with next_release(SQL):
        assert script(NOTHING) is not None
    with next_release("migrations.RunSQL('SELECT 1/0')"), pytest.raises(Exception, match="division by zero"):
        script(NOTHING)
    assert owner.execute(scratch).fetchall() == []


def test_a_table_in_use_is_left_alone(owner: psycopg.Connection[Any]) -> None:
    create(owner, "made")
    before = facts(owner, "made")
    with next_release(ADD_FIELD):
        steps = script(level(owner, "made"))
        assert steps is not None
        with held("LOCK TABLE made.companions_value IN ACCESS SHARE MODE"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                replay.replay(owner, "made", steps, lock_timeout_ms=50)
        assert facts(owner, "made") == before
        replay.replay(owner, "made", steps, lock_timeout_ms=50)
        assert level(owner, "made") == wanted()
