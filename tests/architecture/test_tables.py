"""What PostgreSQL will enforce, table by table; and that each rule sees what it forbids.

In the shared pool, and in a schema of its own that Django's migrations have just made.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader

from humana.kernel.errors import Misconfigured
from tenants.db import catalogue
from tenants.db.catalogue import Connection, Expected, Rule, tables
from tenants.db.catalogue.reading import append_only, tenant_models, tokens
from tenants.db.operations import IsolateTables
from tenants.scoping import EverythingManager, OrganizationScoped, ScopedManager
from tests.architecture import control_plane
from tests.architecture.catalogue import APP, OWNER, POOL, expected, wrong
from tests.architecture.planted import PLANTED, PLANTED_BY_A_SUPERUSER, PLANTED_IN_THE_CONTROL_PLANE
from tests.fixtures.schemas import make_schema
from tests.plugins.services import Services

FRESH = "o_left_0a1b2c"
LOOKALIKE = (
    "CREATE FUNCTION public.current_setting(text, boolean) RETURNS text LANGUAGE sql AS 'SELECT $1';"
    " SET LOCAL search_path = {schema}, pg_catalog"
)


def name_of(one: Any) -> str:
    return str(getattr(one, "__name__", one))[:60]


@pytest.fixture(scope="module")
def schemas(cloned_database: str, django_db_blocker: Any) -> str:
    """Beside the pool a schema for one organization; the name of the database."""
    with django_db_blocker.unblock():
        make_schema(FRESH)
    return cloned_database


@pytest.fixture(params=[POOL, FRESH])
def schema(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def owner(schemas: str) -> Iterator[Connection]:
    """The owner may change tables; whatever it does here is undone."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def superuser(schemas: str, services: Services) -> Iterator[Connection]:
    """May hand out what an owner cannot; undone as well."""
    if services.postgres is None:
        pytest.skip("on somebody else's server we are no superuser")
    with services.postgres.connect(schemas) as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()


def plant(connection: Connection, schema: str, statement: str) -> None:
    connection.execute("SELECT set_config('search_path', %s, true)", [f"{schema}, public"])
    connection.execute(statement.replace("{schema}", schema))  # type: ignore[call-overload]


@pytest.mark.parametrize("rule", catalogue.RULES, ids=name_of)
def test_rule_holds(rule: Rule, schema: str, owner: Connection) -> None:
    assert wrong(rule, owner, schema) == []


@pytest.mark.parametrize("rule", control_plane.RULES, ids=name_of)
def test_rule_holds_in_the_control_plane(rule: Rule, owner: Connection) -> None:
    assert wrong(rule, owner) == []


@pytest.mark.parametrize(("rule", "statement"), PLANTED, ids=name_of)
def test_rule_sees_what_it_forbids(rule: Rule, statement: str, schema: str, owner: Connection) -> None:
    plant(owner, schema, statement)
    assert wrong(rule, owner, schema)


@pytest.mark.parametrize(("rule", "statement"), PLANTED_BY_A_SUPERUSER, ids=name_of)
def test_rule_sees_what_a_superuser_did(
    rule: Rule, statement: str, schema: str, superuser: Connection
) -> None:
    plant(superuser, schema, statement)
    assert wrong(rule, superuser, schema)


@pytest.mark.parametrize(("rule", "statement"), PLANTED_IN_THE_CONTROL_PLANE, ids=name_of)
def test_rule_sees_what_it_forbids_in_the_control_plane(
    rule: Rule, statement: str, owner: Connection
) -> None:
    plant(owner, POOL, statement)
    assert wrong(rule, owner)


def test_every_rule_was_seen_to_object() -> None:
    planted = PLANTED + PLANTED_BY_A_SUPERUSER + PLANTED_IN_THE_CONTROL_PLANE
    assert {rule for rule, _statement in planted} == {*catalogue.RULES, *control_plane.RULES}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE chats_vote ALTER CONSTRAINT chats_vote_message_id_org_fk NOT ENFORCED",
        "ALTER TABLE chats_vote ALTER organization_id DROP NOT NULL,"
        " ADD CONSTRAINT later NOT NULL organization_id NOT VALID",
    ],
)
def test_what_postgresql_18_lets_one_promise_does_not_count(
    statement: str, schema: str, owner: Connection
) -> None:
    if owner.info.server_version < 180000:
        pytest.skip("older servers have no such thing")
    plant(owner, schema, statement)
    assert catalogue.problems(owner, expected(schema))


@pytest.mark.parametrize("neighbour", [POOL, FRESH])
def test_one_schema_does_not_answer_for_another(neighbour: str, owner: Connection) -> None:
    plant(owner, neighbour, "ALTER TABLE chats_chat DISABLE ROW LEVEL SECURITY")
    (other,) = {POOL, FRESH} - {neighbour}
    assert catalogue.problems(owner, expected(other)) == []


def test_an_audit_says_everything_and_changes_nothing(schema: str, owner: Connection) -> None:
    catalogue.audit(owner, expected(schema))
    plant(owner, schema, "ALTER TABLE chats_chat DISABLE ROW LEVEL SECURITY; DROP TABLE chats_draft")
    with pytest.raises(Misconfigured, match=f"The schema {schema} does not keep") as refusal:
        catalogue.audit(owner, expected(schema))
    assert refusal.value.code == "placement_not_isolated"
    assert "chats_chat: row-level security" in str(refusal.value)
    assert f"chats_draft has no table in {schema}" in str(refusal.value)
    assert owner.execute("SHOW search_path").fetchone() == (f"{schema}, public",)


def test_it_does_not_matter_where_the_session_looks_first(schema: str, owner: Connection) -> None:
    plant(owner, "public", LOOKALIKE)
    assert catalogue.problems(owner, expected(schema)) == []


def test_where_one_role_is_everything_nobody_else_has_a_right(owner: Connection) -> None:
    alone = Expected(FRESH, OWNER, OWNER)
    assert f"schema {FRESH}: {APP} has USAGE" in catalogue.problems(owner, alone)
    plant(owner, FRESH, f"REVOKE ALL ON SCHEMA {{schema}} FROM {APP}")
    plant(owner, FRESH, f"REVOKE ALL ON ALL TABLES IN SCHEMA {{schema}} FROM {APP}")
    assert catalogue.problems(owner, alone) == []
    plant(owner, FRESH, f"GRANT SELECT ON chats_chat TO {APP}")
    assert catalogue.problems(owner, alone) == [f"chats_chat: {APP} has SELECT"]


def test_what_a_customer_keeps_in_public_is_none_of_our_business(superuser: Connection) -> None:
    superuser.execute(
        "CREATE TABLE public.chats_chat (id int); CREATE VIEW public.theirs AS TABLE public.chats_chat;"
        " CREATE FUNCTION public.theirs() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    )
    assert catalogue.problems(superuser, expected(FRESH)) == []


def test_figures_count_what_isolates(schema: str, owner: Connection) -> None:
    counted = catalogue.figures(owner, expected(schema))
    assert counted["tables"] == counted["policies"] == len(tenant_models())
    assert counted["references"] == len(tables.foreign_keys(owner, schema)) > 0
    assert counted["indexes"] >= 2 * counted["tables"]
    plant(owner, schema, "DROP POLICY organization_isolation ON chats_chat")
    assert catalogue.figures(owner, expected(schema))["policies"] == counted["tables"] - 1


POLICY = "current_setting('humana.organization'::text, true), ''::text"
DEPARSED = [
    f'(organization_id = ( SELECT (NULLIF({POLICY}))::uuid AS "nullif"))',
    f"(organization_id = ( SELECT (NULLIF({POLICY}))::uuid AS nullif))",
    f"(organization_id = ( SELECT (NULLIF({POLICY}))::uuid))",
]
UNLIKE = [
    f'((organization_id)::text = ( SELECT NULLIF({POLICY}) AS "nullif"))',
    f'(organization_id = ( SELECT (NULLIF(public.{POLICY}))::uuid AS "nullif"))',
    f'((organization_id = ( SELECT (NULLIF({POLICY}))::uuid AS "nullif")) OR pinned)',
    f'(organization_id = ( SELECT (NULLIF({POLICY.replace("organization", "other")}))::uuid AS "nullif"))',
]


def test_versions_of_postgresql_tell_one_policy_in_different_words() -> None:
    assert all(tokens(one) == tokens(tables.ISOLATED) for one in DEPARSED)
    assert not any(tokens(one) == tokens(tables.ISOLATED) for one in [*UNLIKE, None])


def test_the_trail_is_append_only_because_its_migration_says_so() -> None:
    assert append_only() == {"audit_auditentry"}


def test_every_tenant_model_is_named_in_a_migration() -> None:
    """Which is where its policy, references and grants come from."""
    loader = MigrationLoader(None)
    named = {
        (migration.app_label, name.lower())
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, IsolateTables)
        for name in operation.model_names
    }
    for model in tenant_models().values():
        assert (model._meta.app_label, model._meta.model_name) in named, f"{model._meta.label}: IsolateTables"


def test_every_tenant_model_is_scoped() -> None:
    """A `Meta` that forgets its parent would get Django's own managers, which filter nothing."""
    for model in tenant_models().values():
        assert issubclass(model, OrganizationScoped), model
        assert type(model._default_manager) is ScopedManager, model
        assert type(model._base_manager) is EverythingManager, model
        assert {type(manager) for manager in model._meta.managers} <= {ScopedManager, EverythingManager}, (
            model
        )
        assert not model._meta.local_many_to_many, f"{model}: a table between would have no organization"
        for relation in model._meta.local_fields:
            assert not relation.is_relation or type(relation).__name__ == "TenantForeignKey", relation
