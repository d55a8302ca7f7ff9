"""What each rule of the catalogue forbids, done: `{schema}` is where, and first in the search path."""

from __future__ import annotations

from tenants.db.catalogue import Rule, rights, tables
from tenants.db.operations import only_own
from tests.architecture import control_plane
from tests.architecture.catalogue import APP, OWNER

Planted = list[tuple[Rule, str]]

REPLACED = (
    "ALTER TABLE chats_vote DROP CONSTRAINT chats_vote_message_id_org_fk,"
    " ADD FOREIGN KEY (organization_id, message_id)"
)
# A function of the same name, found first by whoever looks there first.
LOOKALIKE = (
    "CREATE FUNCTION public.current_setting(text, boolean) RETURNS text LANGUAGE sql AS 'SELECT $1';"
    " SET LOCAL search_path = {schema}, public, pg_catalog;"
    f" ALTER POLICY organization_isolation ON chats_chat USING ({tables.ISOLATED})"
)
OTHER_POLICY = (
    "DROP POLICY organization_isolation ON chats_chat; CREATE POLICY organization_isolation ON chats_chat"
    f" {{}} USING ({tables.ISOLATED}) WITH CHECK ({tables.ISOLATED})"
)
PLANTED: Planted = [
    (tables.planes_are_apart, "CREATE TABLE {schema}.chats_secret (id uuid)"),
    (tables.planes_are_apart, "CREATE TABLE public.chats_chat (id uuid)"),
    (tables.planes_are_apart, "DROP TABLE chats_draft"),
    (tables.rows_are_isolated, "CREATE TABLE {schema}.chats_secret (organization_id uuid)"),
    (tables.rows_are_isolated, "ALTER TABLE chats_chat DISABLE ROW LEVEL SECURITY"),
    (tables.rows_are_isolated, "ALTER TABLE chats_chat NO FORCE ROW LEVEL SECURITY"),
    (tables.rows_are_isolated, "DROP POLICY organization_isolation ON chats_chat"),
    (tables.rows_are_isolated, "CREATE POLICY more ON chats_chat USING (true)"),
    (tables.rows_are_isolated, "ALTER POLICY organization_isolation ON chats_chat WITH CHECK (true)"),
    (tables.rows_are_isolated, "ALTER POLICY organization_isolation ON chats_chat USING (true)"),
    (tables.rows_are_isolated, f"ALTER POLICY organization_isolation ON chats_chat TO {APP}"),
    (
        tables.rows_are_isolated,
        f"ALTER POLICY organization_isolation ON documents_share WITH CHECK ({tables.ISOLATED})",
    ),
    (  # as an older release had it
        tables.rows_are_isolated,
        "ALTER POLICY organization_isolation ON documents_share"
        f" WITH CHECK ({only_own('documents_share', members=['member_id'])})",
    ),
    (
        tables.rows_are_isolated,
        f"ALTER POLICY organization_isolation ON audit_budget WITH CHECK ({tables.ISOLATED})",
    ),
    (
        tables.rows_are_isolated,
        "DROP POLICY organization_isolation ON chats_chat;"
        f" CREATE POLICY organization_isolation ON chats_chat FOR SELECT USING ({tables.ISOLATED})",
    ),
    (tables.organization_is_always_there, "ALTER TABLE chats_chat ALTER organization_id DROP NOT NULL"),
    (
        tables.organization_is_always_there,
        "ALTER TABLE chats_chat ALTER organization_id SET DEFAULT gen_random_uuid()",
    ),
    (tables.organization_is_always_there, "CREATE TABLE {schema}.chats_secret (id uuid)"),
    (tables.organization_comes_first, "CREATE INDEX stray ON chats_chat (title)"),
    (tables.organization_comes_first, "CREATE INDEX stray ON chats_chat (lower(title))"),
    (tables.organization_comes_first, "CREATE UNIQUE INDEX stray ON companions_companion (slug)"),
    (
        tables.organization_comes_first,
        "ALTER TABLE chats_chat DROP CONSTRAINT chats_chat_org_id_key CASCADE",
    ),
    (
        tables.references_carry_the_organization,
        "ALTER TABLE chats_message DROP CONSTRAINT chats_message_chat_id_org_fk",
    ),
    (
        tables.references_carry_the_organization,
        "ALTER TABLE chats_vote ADD FOREIGN KEY (message_id) REFERENCES chats_message (id)",
    ),
    (
        tables.references_carry_the_organization,
        "ALTER TABLE chats_chat ADD FOREIGN KEY (owner_id) REFERENCES tenants_user (id)",
    ),
    (rights.grants_are_exact, f"GRANT UPDATE ON audit_auditentry TO {APP}"),
    (rights.grants_are_exact, f"GRANT DELETE ON audit_auditentry TO {APP}"),
    (rights.grants_are_exact, f"GRANT UPDATE (payload) ON audit_auditentry TO {APP}"),
    (rights.grants_are_exact, f"GRANT TRUNCATE ON chats_chat TO {APP}"),
    (rights.grants_are_exact, f"GRANT REFERENCES, TRIGGER ON chats_chat TO {APP}"),
    (rights.grants_are_exact, "GRANT SELECT ON chats_chat TO PUBLIC"),
    (rights.grants_are_exact, f"REVOKE SELECT ON chats_chat FROM {APP}"),
    (rights.schema_is_closed, f"GRANT CREATE ON SCHEMA {{schema}} TO {APP}"),
    (rights.schema_is_closed, "GRANT USAGE ON SCHEMA {schema} TO PUBLIC"),
    (
        rights.schema_is_closed,
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {{schema}} GRANT ALL ON TABLES TO {APP}",
    ),
    (rights.nothing_works_past_the_policies, "CREATE VIEW public.peek AS SELECT * FROM chats_chat"),
    (
        rights.nothing_works_past_the_policies,
        "CREATE MATERIALIZED VIEW public.peek AS SELECT * FROM chats_chat",
    ),
    (
        rights.nothing_works_past_the_policies,
        "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
    ),
    (
        rights.nothing_works_past_the_policies,
        "CREATE RULE peek AS ON DELETE TO chats_chat DO INSTEAD NOTHING",
    ),
    (tables.planes_are_apart, "DROP SCHEMA {schema} CASCADE"),
    (tables.rows_are_isolated, LOOKALIKE),
    (
        tables.rows_are_isolated,
        f"CREATE POLICY more ON chats_chat USING ({tables.ISOLATED}) WITH CHECK ({tables.ISOLATED})",
    ),
    *((tables.rows_are_isolated, OTHER_POLICY.format(kind)) for kind in ("FOR UPDATE", "AS RESTRICTIVE")),
    (
        tables.rows_are_isolated,
        f"ALTER POLICY organization_isolation ON chats_chat USING ({tables.ISOLATED} OR pinned)",
    ),
    (
        tables.organization_is_always_there,
        "CREATE TABLE {schema}.chats_secret (organization_id text NOT NULL)",
    ),
    (
        tables.organization_comes_first,
        "ALTER TABLE chats_vote DROP CONSTRAINT chats_vote_org_id_key;"
        " CREATE UNIQUE INDEX stray ON chats_vote (organization_id, id) WHERE created_at IS NOT NULL",
    ),
    (
        tables.references_carry_the_organization,
        f"{REPLACED} REFERENCES chats_message (organization_id, id) NOT VALID",
    ),
    (
        tables.references_carry_the_organization,
        "CREATE TABLE public.chats_message (LIKE chats_message INCLUDING INDEXES);"
        f" {REPLACED} REFERENCES public.chats_message (organization_id, id)",
    ),
    (
        tables.references_carry_the_organization,
        "ALTER TABLE chats_vote ADD FOREIGN KEY (id, message_id)"
        " REFERENCES chats_message (organization_id, id)",
    ),
    (rights.grants_are_exact, "GRANT SELECT ON chats_chat TO pg_monitor"),
    (rights.grants_are_exact, f"GRANT SELECT ON chats_chat TO {APP} WITH GRANT OPTION"),
    (rights.grants_are_exact, f"GRANT SELECT ON django_migrations TO {APP}"),
    (rights.grants_are_exact, f"GRANT USAGE ON django_migrations_id_seq TO {APP}"),
    (rights.schema_is_closed, "GRANT USAGE ON SCHEMA {schema} TO pg_monitor"),
    (rights.schema_is_closed, f"GRANT USAGE ON SCHEMA {{schema}} TO {APP} WITH GRANT OPTION"),
    (rights.schema_is_closed, f"REVOKE USAGE ON SCHEMA {{schema}} FROM {APP}"),
    (rights.schema_is_closed, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor"),
    (rights.nothing_works_past_the_policies, "CREATE VIEW {schema}.peek AS SELECT 1"),
    (rights.nothing_works_past_the_policies, "CREATE MATERIALIZED VIEW {schema}.peek AS SELECT 1"),
    (rights.nothing_works_past_the_policies, "CREATE TABLE public.part () INHERITS (chats_vote)"),
    (
        rights.nothing_works_past_the_policies,
        "CREATE FUNCTION {schema}.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    ),
    (
        rights.nothing_works_past_the_policies,
        "CREATE TRIGGER peek BEFORE UPDATE ON chats_chat"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    (
        rights.nothing_works_past_the_policies,
        "CREATE TABLE public.every (LIKE chats_vote); ALTER TABLE chats_vote INHERIT public.every",
    ),
]


PLANTED_IN_THE_CONTROL_PLANE: Planted = [
    (
        control_plane.nothing_works_past_public,
        "CREATE TRIGGER peek BEFORE UPDATE ON public.tenants_user"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    (control_plane.nothing_works_past_public, "CREATE VIEW public.peek AS SELECT * FROM tenants_user"),
    (
        control_plane.nothing_works_past_public,
        "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
    ),
    (control_plane.public_is_closed, f"GRANT CREATE ON SCHEMA public TO {APP}"),
    (control_plane.public_is_closed, "GRANT USAGE ON SCHEMA public TO PUBLIC"),
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

#: What an owner cannot do.
PLANTED_BY_A_SUPERUSER: Planted = [
    (rights.roles_are_held, f"ALTER ROLE {APP} BYPASSRLS"),
    (rights.roles_are_held, f"ALTER ROLE {OWNER} SUPERUSER"),
    (rights.roles_are_held, f"ALTER ROLE {APP} CREATEROLE"),
    (rights.roles_are_held, f"GRANT {OWNER} TO {APP}"),
    (rights.roles_are_held, f"ALTER ROLE {APP} NOINHERIT; GRANT {OWNER} TO {APP}"),
    (rights.roles_are_held, f"GRANT pg_write_all_data TO {APP}"),
    (rights.roles_are_held, f"GRANT pg_execute_server_program TO {OWNER}"),
    (
        rights.roles_are_held,
        "CREATE ROLE humana_between; CREATE ROLE humana_past BYPASSRLS;"
        f" GRANT humana_past TO humana_between; GRANT humana_between TO {APP}",
    ),
    (rights.nobody_is_inside_unasked, f"ALTER ROLE {APP} SET humana.organization = 'somebody'"),
    (
        rights.nobody_is_inside_unasked,
        "DO $$ BEGIN EXECUTE format("
        "'ALTER DATABASE %I SET humana.organization = somebody', current_database()); END $$",
    ),
    (rights.nobody_is_inside_unasked, f"ALTER ROLE {APP} SET session_replication_role = replica"),
    (rights.the_owner_owns, f"ALTER TABLE chats_chat OWNER TO {APP}"),
    (rights.the_owner_owns, f"ALTER SCHEMA {{schema}} OWNER TO {APP}"),
    (rights.nothing_works_past_the_policies, "ALTER TABLE chats_vote DISABLE TRIGGER ALL"),
    (control_plane.the_owner_owns_public, f"ALTER TABLE tenants_user OWNER TO {APP}"),
    (control_plane.roles_are_plain, f"ALTER ROLE {OWNER} CREATEROLE"),
]
