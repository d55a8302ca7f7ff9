"""What PostgreSQL says about the control plane, and about the two roles."""

from __future__ import annotations

from tests.architecture.catalogue import (
    APP,
    GRANTS,
    HERE,
    ISOLATED,
    OWNER,
    Connection,
    Rule,
    foreign_keys,
    isolated,
    rows,
)

#: Rows without an organization are the platform's, seen outside every context.
ISOLATED_OR_PLATFORM = f"(NOT (organization_id IS DISTINCT FROM {HERE}))"

#: Tables of the control plane with an organization and without row-level security, and why.
#: Whoever adds one says what is read from it before a context can exist.
OPEN_TABLES = {
    "tenants_organization": "asked for by slug to find out which context to enter",
    "tenants_organizationslug": "asked for by a former slug, to redirect",
    "tenants_membership": "says whether a person may enter at all; read before entering",
    "tenants_apikey": "looked up by digest before anybody knows whose key it is",
    "tenants_placementjob": "worked on outside every context; counts and digests only",
    "tenants_pendingwork": "read by sweeps over all organizations; holds ids only",
    "tenants_user": "the sign-in identity across organizations; names the primary one",
}
#: References between rows of one organization in the control plane that PostgreSQL does not hold
#: together by a composite key. Services check them; do not add to these.
SINGLE_REFERENCES = {
    "tenants_apikey.membership_id",
    "tenants_membership.position_id",
    "tenants_membership.team_id",
    "tenants_position.reports_to_id",
    "tenants_team.parent_id",
}


def control_plane_is_isolated_or_says_why(connection: Connection) -> list[str]:
    found = rows(
        connection,
        """
        SELECT DISTINCT c.relname, c.relrowsecurity, org.attnum IS NOT NULL AND NOT org.attnotnull
        FROM pg_class c LEFT JOIN pg_attribute org ON org.attrelid = c.oid AND org.attname = 'organization_id'
        LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
          AND f.confrelid = 'public.tenants_organization'::regclass
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
          AND (org.attnum IS NOT NULL OR f.oid IS NOT NULL OR c.relname = 'tenants_organization')
        """,
    )
    open_tables = {name for name, on, _nullable in found if not on}
    wrong = [
        f"{name}: row-level security, or a reason in OPEN_TABLES" for name in open_tables - set(OPEN_TABLES)
    ]
    wrong += [f"{name} stands in OPEN_TABLES for nothing" for name in set(OPEN_TABLES) - open_tables]
    policies = {name: ISOLATED_OR_PLATFORM if nullable else ISOLATED for name, on, nullable in found if on}
    return wrong + isolated(connection, "public", policies)


def control_plane_references(connection: Connection) -> list[str]:
    """A row with an organization that points at another row with one, by the key alone."""
    with_organization = {
        name
        for (name,) in rows(
            connection,
            "SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE attname = 'organization_id' AND relnamespace = 'public'::regnamespace AND relkind = 'r'",
        )
    }
    single = {
        f"{table}.{columns[0]}"
        for table, columns, target, *_rest in foreign_keys(connection, "public")
        if len(columns) == 1 and {table, target} <= with_organization
    }
    return [f"{one}: carry the organization" for one in single - SINGLE_REFERENCES] + [
        f"{one} stands in SINGLE_REFERENCES for nothing" for one in SINGLE_REFERENCES - single
    ]


def control_plane_grants(connection: Connection) -> list[str]:
    allowed = {(APP, right) for right in ("SELECT", "INSERT", "UPDATE", "DELETE")}
    given = rows(connection, GRANTS, "public")
    return [
        f"{name}: {who} may {right}"
        for name, who, right in given
        if who != OWNER and (who, right) not in allowed
    ]


def roles_are_plain(connection: Connection) -> list[str]:
    found = rows(
        connection,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb"
        " FROM pg_roles WHERE rolname IN (%s, %s)",
        APP,
        OWNER,
    )
    wrong = [f"{name} steps around the rules" for name, *powers, _createdb in found if any(powers)]
    wrong += [f"{name} is missing" for name in {APP, OWNER} - {name for name, *_rest in found}]
    wrong += [f"{name} may create databases" for name, *_p, createdb in found if createdb and name == APP]
    memberships = rows(
        connection,
        "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members"
        " WHERE member IN (%s::regrole, %s::regrole)",
        APP,
        OWNER,
    )
    return wrong + [f"{member} may act as {role}" for role, member in memberships]


RULES: list[Rule] = [
    control_plane_is_isolated_or_says_why,
    control_plane_references,
    control_plane_grants,
    roles_are_plain,
]
