"""What PostgreSQL will enforce, table by table; and that each rule sees what it forbids."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader

from tenants.db.operations import IsolateTables
from tenants.scoping import EverythingManager, OrganizationScoped, ScopedManager
from tests.architecture import catalogue, control_plane
from tests.architecture.catalogue import APP, Connection, Rule, tenant_models

RULES = [*catalogue.RULES, *control_plane.RULES]


@pytest.fixture
def owner(django_db_setup: None) -> Iterator[Connection]:
    """The owner may change tables; whatever it does here is undone."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        connection.execute("SET search_path = pool_main, public")
        yield connection
        connection.rollback()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Rule, owner: Connection) -> None:
    assert rule(owner) == []


PLANTED: list[tuple[Rule, str]] = [
    (catalogue.planes_are_apart, "CREATE TABLE pool_main.chats_secret (id uuid)"),
    (catalogue.planes_are_apart, "CREATE TABLE public.chats_chat (id uuid)"),
    (catalogue.planes_are_apart, "DROP TABLE chats_draft"),
    (catalogue.rows_are_isolated, "CREATE TABLE pool_main.chats_secret (organization_id uuid)"),
    (catalogue.rows_are_isolated, "ALTER TABLE chats_chat DISABLE ROW LEVEL SECURITY"),
    (catalogue.rows_are_isolated, "ALTER TABLE chats_chat NO FORCE ROW LEVEL SECURITY"),
    (catalogue.rows_are_isolated, "DROP POLICY organization_isolation ON chats_chat"),
    (catalogue.rows_are_isolated, "CREATE POLICY more ON chats_chat USING (true)"),
    (catalogue.rows_are_isolated, "ALTER POLICY organization_isolation ON chats_chat WITH CHECK (true)"),
    (catalogue.rows_are_isolated, "ALTER POLICY organization_isolation ON chats_chat USING (true)"),
    (catalogue.rows_are_isolated, f"ALTER POLICY organization_isolation ON chats_chat TO {APP}"),
    (
        catalogue.rows_are_isolated,
        "DROP POLICY organization_isolation ON chats_chat;"
        f" CREATE POLICY organization_isolation ON chats_chat FOR SELECT USING ({catalogue.ISOLATED})",
    ),
    (catalogue.organization_is_always_there, "ALTER TABLE chats_chat ALTER organization_id DROP NOT NULL"),
    (
        catalogue.organization_is_always_there,
        "ALTER TABLE chats_chat ALTER organization_id SET DEFAULT gen_random_uuid()",
    ),
    (catalogue.organization_is_always_there, "CREATE TABLE pool_main.chats_secret (id uuid)"),
    (catalogue.organization_comes_first, "CREATE INDEX stray ON chats_chat (title)"),
    (catalogue.organization_comes_first, "CREATE INDEX stray ON chats_chat (lower(title))"),
    (catalogue.organization_comes_first, "CREATE UNIQUE INDEX stray ON companions_companion (slug)"),
    (
        catalogue.organization_comes_first,
        "ALTER TABLE chats_chat DROP CONSTRAINT chats_chat_org_id_key CASCADE",
    ),
    (
        catalogue.references_carry_the_organization,
        "ALTER TABLE chats_message DROP CONSTRAINT chats_message_chat_id_org_fk",
    ),
    (
        catalogue.references_carry_the_organization,
        "ALTER TABLE chats_vote ADD FOREIGN KEY (message_id) REFERENCES chats_message (id)",
    ),
    (
        catalogue.references_carry_the_organization,
        "ALTER TABLE chats_chat ADD FOREIGN KEY (owner_id) REFERENCES tenants_user (id)",
    ),
    (catalogue.grants_are_exact, f"GRANT UPDATE ON audit_auditentry TO {APP}"),
    (catalogue.grants_are_exact, f"GRANT DELETE ON audit_auditentry TO {APP}"),
    (catalogue.grants_are_exact, f"GRANT UPDATE (payload) ON audit_auditentry TO {APP}"),
    (catalogue.grants_are_exact, f"GRANT TRUNCATE ON chats_chat TO {APP}"),
    (catalogue.grants_are_exact, f"GRANT REFERENCES, TRIGGER ON chats_chat TO {APP}"),
    (catalogue.grants_are_exact, "GRANT SELECT ON chats_chat TO PUBLIC"),
    (catalogue.grants_are_exact, f"REVOKE SELECT ON chats_chat FROM {APP}"),
    (catalogue.schemas_are_closed, f"GRANT CREATE ON SCHEMA pool_main TO {APP}"),
    (catalogue.schemas_are_closed, "GRANT USAGE ON SCHEMA pool_main TO PUBLIC"),
    (
        catalogue.schemas_are_closed,
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA pool_main GRANT ALL ON TABLES TO {APP}",
    ),
    (catalogue.nothing_works_past_the_policies, "CREATE VIEW public.peek AS SELECT * FROM chats_chat"),
    (
        catalogue.nothing_works_past_the_policies,
        "CREATE MATERIALIZED VIEW public.peek AS SELECT * FROM chats_chat",
    ),
    (
        catalogue.nothing_works_past_the_policies,
        "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
    ),
    (
        catalogue.nothing_works_past_the_policies,
        "CREATE RULE peek AS ON DELETE TO chats_chat DO INSTEAD NOTHING",
    ),
    (
        catalogue.nothing_works_past_the_policies,
        "CREATE TRIGGER peek BEFORE UPDATE ON public.tenants_user"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    (
        control_plane.control_plane_is_isolated_or_says_why,
        "ALTER TABLE tenants_team DISABLE ROW LEVEL SECURITY",
    ),
    (
        control_plane.control_plane_is_isolated_or_says_why,
        "ALTER TABLE tenants_team NO FORCE ROW LEVEL SECURITY",
    ),
    (
        control_plane.control_plane_is_isolated_or_says_why,
        "ALTER POLICY organization_isolation ON tenants_team USING (true)",
    ),
    (
        control_plane.control_plane_is_isolated_or_says_why,
        "CREATE TABLE public.byoc_secret (organization_id uuid)",
    ),
    (
        control_plane.control_plane_is_isolated_or_says_why,
        "ALTER TABLE tenants_membership ENABLE ROW LEVEL SECURITY",
    ),
    (
        control_plane.control_plane_references,
        "ALTER TABLE tenants_role ADD team_id uuid REFERENCES tenants_team (id)",
    ),
    (control_plane.control_plane_grants, f"GRANT TRUNCATE ON tenants_user TO {APP}"),
]


@pytest.mark.parametrize(("rule", "statement"), PLANTED, ids=lambda one: getattr(one, "__name__", one)[:60])
def test_rule_sees_what_it_forbids(rule: Rule, statement: str, owner: Connection) -> None:
    owner.execute(statement)  # type: ignore[call-overload]
    assert rule(owner)


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
