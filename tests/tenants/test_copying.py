"""One organization's rows carried to another placement, compared, and carried again until equal."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.utils import timezone

from byoc.databases import alias_of
from byoc.models import Endpoint
from chats.models import Chat, Message
from companions.models import Companion, Policy, Value
from documents.models import Folder
from tenants.context import TenantContext, use_tenant
from tenants.db import aliases, copying
from tenants.db.copying import NotEqual, both_sides, synchronise
from tenants.db.copying.postgres import PostgresSide
from tenants.models import Isolation, Organization
from tenants.owner import owner_connection
from tenants.services.placing import places, preparing
from tests.fixtures.organizations import World, build_world
from tests.isolation.cells import MODELS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"left-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def beside(world: World, cloned_database: str) -> Iterator[TenantContext]:
    """A schema made for this organization, to which it has not moved."""
    with placed(world.organization, Isolation.SCHEMA) as context:
        yield context


@contextmanager
def placed(organization: Organization, isolation: str, alias: str = "default") -> Iterator[TenantContext]:
    placement = places.own_placement(organization=organization, isolation=isolation, database=alias)
    preparing.make_schema(placement, organization)
    yield organization.at(placement)
    preparing.unmake(placement, organization)
    placement.delete()


def carry(world: World, target: TenantContext) -> dict[str, copying.Compared]:
    with both_sides(world.context, target) as (here, there):
        return synchronise(here, there)


def changed(outcome: dict[str, copying.Compared]) -> dict[str, int]:
    return {name: one.changed for name, one in outcome.items() if one.changed}


def rows_at(context: TenantContext) -> dict[str, list[str]]:
    """Everything of the organization there, as text."""
    with use_tenant(context):
        return {model._meta.db_table: _rows(model) for model in MODELS}


def _rows(model: Any) -> list[str]:
    rows = model.everything.order_by("id").values()
    return [json.dumps(row, sort_keys=True, default=str) for row in rows]


def test_every_row_arrives_as_it_was(world: World, beside: TenantContext) -> None:
    outcome = carry(world, beside)
    there = rows_at(beside)
    assert there == rows_at(world.context)
    assert all(there.values()), "the world has a row of everything"
    assert {name: one.rows for name, one in outcome.items()} == {
        name: len(rows) for name, rows in there.items()
    }


def test_again_there_is_nothing_to_do(world: World, beside: TenantContext) -> None:
    first, second = carry(world, beside), carry(world, beside)
    assert changed(first)
    assert not changed(second)
    assert [one.digest for one in first.values()] == [one.digest for one in second.values()]


def test_the_neighbours_of_a_pool_stay_where_they_are(world: World, beside: TenantContext) -> None:
    neighbour = build_world(f"right-{uuid.uuid4().hex[:8]}")
    before = rows_at(neighbour.context)
    carry(world, beside)
    with owner_connection() as connection:
        connection.execute(
            "SELECT set_config('humana.organization', %s, false)", [neighbour.organization.id.hex]
        )
        found = connection.execute(
            f'SELECT count(*) FROM "{beside.placement.schema}".companions_value'.encode()
        ).fetchone()
    assert found == (0,)
    assert rows_at(neighbour.context) == before


def test_what_people_did_meanwhile_is_caught_up(world: World, beside: TenantContext) -> None:
    carry(world, beside)
    with use_tenant(world.context):
        Value.objects.create(title="New", description="since then")
        Policy.objects.filter(id=world.row(Policy).id).update(name="Renamed past save()")
        Message.everything.filter(id=world.question.id).update(text="changed")
        inner = Folder.objects.create(owner_id=world.twin.user_id, name="Inner", parent=world.folder)
        Folder.objects.create(owner_id=world.twin.user_id, name="Innermost", parent=inner)
        world.row(Value).delete()
    outcome = carry(world, beside)
    assert changed(outcome) == {
        "companions_value": 2,
        "companions_policy": 1,
        "chats_message": 1,
        "documents_folder": 2,
    }
    assert rows_at(beside) == rows_at(world.context)


def test_names_that_change_places_do_not_collide(world: World, beside: TenantContext) -> None:
    """Unique at every moment: the one has to leave before the other takes its name."""
    with use_tenant(world.context):
        one = world.companion
        other = Companion.objects.create(slug="other", name="Other", purpose="", base_prompt="")
        carry(world, beside)
        for key, slug in ((one.id, "meanwhile"), (other.id, one.slug), (one.id, "other")):
            Companion.objects.filter(id=key).update(slug=slug)
    carry(world, beside)
    assert rows_at(beside) == rows_at(world.context)


def test_many_rows_in_many_parts(world: World, beside: TenantContext, monkeypatch: Any) -> None:
    monkeypatch.setattr(copying.rounds, "BUCKET", 7)
    monkeypatch.setattr(copying.rounds, "AT_ONCE", 3)
    with use_tenant(world.context):
        Value.objects.bulk_create(Value(title=f"Value {n}", description="…") for n in range(100))
        carry(world, beside)
        some = list(Value.objects.filter(title__endswith="7"))
        Value.objects.filter(title__endswith="3").delete()
        Value.objects.filter(id__in=[one.id for one in some]).update(description="changed")
        Value.objects.bulk_create(Value(title=f"Late {n}", description="…") for n in range(30))
    outcome = carry(world, beside)
    assert changed(outcome) == {"companions_value": 10 + 10 + 30}
    assert rows_at(beside) == rows_at(world.context)


@pytest.mark.postgresql_only("only PostgreSQL tells which transactions have ended since")
def test_what_nobody_wrote_is_not_read_again(
    world: World, beside: TenantContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying.rounds, "BUCKET", 10)
    with use_tenant(world.context):
        Value.objects.bulk_create(Value(title=f"Value {n}", description="…") for n in range(100))
    read: list[tuple[str, Any]] = []
    buckets = PostgresSide.buckets

    def noted(self: Any, table: Any, bounds: Any, only: Any = None) -> Any:
        read.append((table.name, only))
        return buckets(self, table, bounds, only)

    with both_sides(world.context, beside) as (here, there):
        copy = copying.Copy(here, there)
        copy.synchronise()
        with use_tenant(world.context):
            Value.objects.filter(title="Value 55").update(description="changed")
        with closing(PostgresSide.open(beside)) as side, side.writing():
            side.connection.execute("UPDATE companions_value SET description = '!' WHERE title = 'Value 5'")
        monkeypatch.setattr(PostgresSide, "buckets", noted)
        outcome = copy.synchronise()
    assert changed(outcome) == {"companions_value": 2}
    numbers = {number for name, only in read if name == "companions_value" for number in only}
    assert len(numbers) == 2
    assert rows_at(beside) == rows_at(world.context)


def test_a_target_that_somebody_changed_is_mended(world: World, beside: TenantContext) -> None:
    carry(world, beside)
    with closing(PostgresSide.open(beside)) as side, side.writing():
        side.connection.execute("UPDATE companions_policy SET requirement = 'Anything goes.'")
        side.connection.execute("DELETE FROM chats_vote")
    assert changed(carry(world, beside)) == {"companions_policy": 1, "chats_vote": 1}
    assert rows_at(beside) == rows_at(world.context)


WRITES_OTHERWISE = """
    CREATE FUNCTION "{schema}".otherwise() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.description := 'not what was read'; RETURN NEW; END $$;
    CREATE TRIGGER otherwise BEFORE INSERT ON "{schema}".companions_value
        FOR EACH ROW EXECUTE FUNCTION "{schema}".otherwise()
"""


@pytest.fixture
def crooked(beside: TenantContext) -> TenantContext:
    """A place that does not keep what it is given."""
    with owner_connection() as connection:
        connection.execute(WRITES_OTHERWISE.format(schema=beside.placement.schema).encode())
    return beside


def test_a_row_that_is_not_kept_as_it_was_is_noticed(world: World, crooked: TenantContext) -> None:
    with pytest.raises(NotEqual, match="companions_value"):
        carry(world, crooked)
    assert not rows_at(crooked)["companions_value"]


def test_only_the_second_look_notices_it(
    world: World, crooked: TenantContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying.rounds._Evening, "_must_be_equal", lambda *args: None)
    carry(world, crooked)
    assert rows_at(crooked) != rows_at(world.context)


def test_cut_off_in_the_middle_it_goes_on(world: World, beside: TenantContext) -> None:
    with both_sides(world.context, beside) as (here, there):
        backend = there.connection.info.backend_pid  # type: ignore[attr-defined]

        def end_it(done: int, total: int) -> None:
            if 8 < done < total and not there.connection.closed:  # type: ignore[attr-defined]
                with owner_connection() as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [backend])

        with pytest.raises(psycopg.OperationalError):
            synchronise(here, there, tell=end_it)
    some = sum(map(len, rows_at(beside).values()))
    assert 0 < some < sum(map(len, rows_at(world.context).values()))
    carry(world, beside)
    assert rows_at(beside) == rows_at(world.context)


def test_a_place_with_other_tables_keeps_nothing_half(world: World, beside: TenantContext) -> None:
    with owner_connection() as connection:
        table = f'"{beside.placement.schema}".chats_chat'
        connection.execute(f"ALTER TABLE {table} DROP COLUMN title CASCADE".encode())
    with pytest.raises(psycopg.errors.UndefinedColumn):
        carry(world, beside)
    with closing(PostgresSide.open(beside)) as side, side.reading():
        assert side.connection.execute("SELECT count(*) FROM chats_chat").fetchone() == (0,)


def test_removed_rows_and_moments_are_carried_untouched(world: World, beside: TenantContext) -> None:
    """What people removed may still be undone; nothing is stamped anew."""
    with use_tenant(world.context):
        Chat.objects.filter(id=world.chat.id).update(removed_at=timezone.now())
        moment = Chat.everything.get(id=world.chat.id).updated_at
    carry(world, beside)
    with use_tenant(beside):
        moved = Chat.everything.get(id=world.chat.id)
    assert moved.removed_at
    assert moved.updated_at == moment
    aliases.close_mine()
    assert connections["default"].alias == "default"


@pytest.fixture
def on_sqlite(world: World, cloned_database: str) -> Iterator[TenantContext]:
    """A database file made for this organization."""
    endpoint = Endpoint(organization=world.organization, kind="database", type="sqlite", name="A file")
    with use_tenant(world.context):
        endpoint.save(force_insert=True)
    with placed(world.organization, Isolation.DATABASE, alias_of(endpoint)) as context:
        yield context


def test_to_another_engine_and_back(world: World, on_sqlite: TenantContext, beside: TenantContext) -> None:
    """What comes back through SQLite is what left, to the last digit."""
    there = carry(world, on_sqlite)
    with both_sides(on_sqlite, beside) as (here, back):
        returned = synchronise(here, back)
    assert rows_at(beside) == rows_at(world.context)
    assert {name: (one.rows, one.digest) for name, one in there.items()} == {
        name: (one.rows, one.digest) for name, one in returned.items()
    }


@pytest.mark.battery
def test_another_engine_catches_up(world: World, on_sqlite: TenantContext, monkeypatch: Any) -> None:
    monkeypatch.setattr(copying.rounds, "BUCKET", 7)
    with use_tenant(world.context):
        Value.objects.bulk_create(Value(title=f"Value {n}", description="…") for n in range(40))
    carry(world, on_sqlite)
    with use_tenant(world.context):
        Value.objects.filter(title="Value 7").update(description="changed")
        Value.objects.filter(title="Value 30").delete()
        Value.objects.create(title="Late", description="…")
        assert changed(carry(world, on_sqlite)) == {"companions_value": 3}
        assert not changed(carry(world, on_sqlite))
