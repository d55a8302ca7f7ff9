"""Data migrations under row-level security: each organization is entered, and rows are counted."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState

from companions.models import Value
from humana.kernel.errors import Misconfigured
from tenants.context import peek_tenant, use_tenant
from tenants.db.operations import RefuseStrangers, RunPerOrganization
from tenants.models import KnownTeam, Organization, Team
from tenants.owner import as_owner, owner_connection
from tenants.services.teams import create_team

pytestmark = pytest.mark.django_db(transaction=True)
WISH = "written by a migration"


@pytest.fixture(scope="module")
def state(cloned_database: str, django_db_blocker: Any) -> ProjectState:
    with django_db_blocker.unblock():
        state: ProjectState = MigrationLoader(connection).project_state()
        return state


@pytest.fixture
def worlds(cloned_database: str) -> list[Organization]:
    """Everybody in the pool, with two values each."""
    if not Organization.objects.filter(slug__startswith="moved").exists():
        from tenants.models import Placement

        pool = Placement.objects.get(schema_name="pool_main")
        for name in ("moved-1", "moved-2", "moved-3"):
            organization = Organization.objects.create(slug=name, name=name, placement=pool)
            with use_tenant(organization.context):
                Value.objects.bulk_create(
                    Value(title=title, description="Before") for title in ("Calm", "Candour")
                )
    return list(Organization.objects.select_related("placement"))


@pytest.fixture
def migrate(state: ProjectState) -> Any:
    """Run one operation of `companions`, as `manage.py migrate` does: as the owner, in the pool's schema."""

    def run(operation: Any, schema: str = "pool_main") -> None:
        with as_owner():
            connection.set_schema(schema)
            try:
                with connection.schema_editor() as editor:
                    operation.database_forwards("companions", editor, state, state)
            finally:
                connection.set_schema_to_public()

    return run


def rows(apps: Any) -> Any:
    return apps.get_model("companions", "Value").objects.all()


def count(apps: Any) -> int:
    return int(rows(apps).count())


def change(apps: Any, description: str = WISH) -> int:
    return int(rows(apps).update(description=description))


def descriptions(organization: Organization) -> set[str]:
    with use_tenant(organization.context):
        return set(Value.objects.values_list("description", flat=True))


def test_every_organization_is_entered(worlds: list[Organization], migrate: Any) -> None:
    entered = []

    def noted(apps: Any) -> int:
        context = peek_tenant()
        assert context is not None
        entered.append(context.slug)
        return change(apps)

    migrate(RunPerOrganization(noted, count=count))
    assert sorted(entered) == sorted(one.slug for one in worlds)
    assert [descriptions(one) for one in worlds] == [{WISH}] * len(worlds)


def test_a_difference_stops_and_undoes_the_migration(worlds: list[Organization], migrate: Any) -> None:
    seen: list[str] = []

    def forgets_the_last(apps: Any) -> int:
        seen.append("one")
        done = change(apps, "half done")
        return done - 1 if len(seen) == len(worlds) else done

    before = [descriptions(one) for one in worlds]
    with pytest.raises(Misconfigured, match="2 rows to change, 1 changed"):
        migrate(RunPerOrganization(forgets_the_last, count=count))
    assert [descriptions(one) for one in worlds] == before


def test_a_plain_data_migration_sees_no_row_and_says_nothing(
    worlds: list[Organization], migrate: Any
) -> None:
    """The owner is held by FORCE like everybody. This is why RunPerOrganization exists."""
    seen: list[int] = []

    def silently(apps: Any, editor: Any) -> None:
        from django.db import connection as here

        with here.cursor() as cursor:
            cursor.execute("UPDATE companions_value SET description = 'lost'")
            seen.append(cursor.rowcount)

    migrate(RunPython(silently))
    assert seen == [0]
    assert not any("lost" in descriptions(one) for one in worlds)


def test_the_public_schema_is_passed_over(worlds: list[Organization], migrate: Any) -> None:
    migrate(RunPerOrganization(partial(_never), count=_never), schema="public")


def _never(apps: Any) -> int:
    raise AssertionError("there are no tenant rows in public")


def test_it_can_be_written_into_a_migration_file() -> None:
    from django.db.migrations.writer import OperationWriter

    text, imports = OperationWriter(RunPerOrganization(change, count=count), indentation=0).serialize()
    assert "tenants.db.operations.RunPerOrganization(" in text
    assert "import tenants.db.operations" in imports


def check_of(schema: str, table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(p.polwithcheck, c.oid) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
            " WHERE c.relname = %s AND c.relnamespace = %s::regnamespace",
            [table, schema],
        )
        return str(cursor.fetchone()[0])


def test_what_asks_whom_a_row_names_is_taken_back_as_it_was(state: ProjectState) -> None:
    operation = RefuseStrangers(
        "Share", members=["member_id"], teams=["team_id"], before={"members": ["member_id"]}
    )
    before = check_of("pool_main", "documents_share")
    assert "tenants_membership" in before
    assert "tenants_knownteam" in before
    with as_owner():
        connection.set_schema("pool_main")
        try:
            with connection.schema_editor() as editor:
                operation.database_backwards("documents", editor, state, state)
            older = check_of("pool_main", "documents_share")
            with connection.schema_editor() as editor:
                operation.database_forwards("documents", editor, state, state)
        finally:
            connection.set_schema_to_public()
    assert "tenants_membership" in older
    assert "tenants_knownteam" not in older
    assert check_of("pool_main", "documents_share") == before


def test_no_team_is_there_whose_organization_is_not_known(worlds: list[Organization]) -> None:
    """Those of before the migration too, which sees all of them and leaves row-level security as it was."""
    know = import_module("tenants.migrations.0014_known_teams").KNOW
    for one in worlds:
        with use_tenant(one.context):
            create_team(name="Night watch")
    everybody = set(KnownTeam.objects.values_list("id", "organization_id"))
    assert {one.id for one in worlds} <= {whose for _id, whose in everybody}
    with owner_connection() as owner, owner.transaction():
        owner.execute("ALTER TABLE tenants_team DROP CONSTRAINT tenants_team_known_fk")
        owner.execute("DELETE FROM tenants_knownteam")
        owner.execute(know)
    assert set(KnownTeam.objects.values_list("id", "organization_id")) == everybody
    with use_tenant(worlds[0].context), pytest.raises(IntegrityError, match="tenants_team_known_fk"):
        Team.objects.bulk_create([Team(organization=worlds[0], name="Past every rule")])
