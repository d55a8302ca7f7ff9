"""What PostgreSQL says about the control plane, and about the two roles."""

from __future__ import annotations

from tenants.db.catalogue import Connection, Expected, Rule
from tenants.db.catalogue.reading import names, rows
from tenants.db.catalogue.rights import grants, owned, schema_grants
from tenants.db.catalogue.tables import HERE, ISOLATED, foreign_keys, isolated

PUBLIC = "public"
#: Rows without an organization are the platform's, seen outside every context.
ISOLATED_OR_PLATFORM = f"NOT organization_id IS DISTINCT FROM {HERE}"

#: Tables of the control plane with an organization and without row-level security, and why.
#: Whoever adds one says what is read from it before a context can exist.
OPEN_TABLES = {
    "byoc_watch": "says which organizations have endpoints to look after, and when; ids only",
    "byoc_storagecopy": "worked on outside every context; ids and counts only",
    "tenants_knownteam": "the policies of what names a team ask it whose that is; ids only",
    "tenants_organization": "asked for by slug to find out which context to enter",
    "tenants_organizationslug": "asked for by a former slug, to redirect",
    "tenants_membership": "says whether a person may enter at all; read before entering",
    "tenants_apikey": "looked up by digest before anybody knows whose key it is",
    "tenants_placement": "routing reads it before entering; names, and whose further placement it is",
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


def control_plane_is_isolated_or_says_why(connection: Connection, expected: Expected) -> list[str]:
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
    return wrong + isolated(connection, PUBLIC, policies)


def control_plane_references(connection: Connection, expected: Expected) -> list[str]:
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
        for table, columns, target, *_rest in foreign_keys(connection, PUBLIC)
        if len(columns) == 1 and {table, target} <= with_organization
    }
    return [f"{one}: carry the organization" for one in single - SINGLE_REFERENCES] + [
        f"{one} stands in SINGLE_REFERENCES for nothing" for one in SINGLE_REFERENCES - single
    ]


def control_plane_grants(connection: Connection, expected: Expected) -> list[str]:
    given = [one for one in grants(connection, PUBLIC, expected.owner) if not one[0].endswith("_seq")]
    allowed = {(expected.app, right) for right in ("SELECT", "INSERT", "UPDATE", "DELETE")}
    return [f"{name}: {who} may {right}" for name, who, right in given if (who, right) not in allowed]


def public_is_closed(connection: Connection, expected: Expected) -> list[str]:
    """The application looks things up in public too, and makes nothing there; PUBLIC may do neither."""
    of_interest = {expected.app, "PUBLIC"}
    given = {one for one in schema_grants(connection, PUBLIC, expected.owner) if one[0] in of_interest}
    return [f"public: {one} differs" for one in sorted(given ^ {(expected.app, "USAGE")})]


def the_owner_owns_public(connection: Connection, expected: Expected) -> list[str]:
    everything = owned(connection, PUBLIC, expected.owner)
    return [one for one in everything if not one.startswith("the schema ")]


def nothing_works_past_public(connection: Connection, expected: Expected) -> list[str]:
    """In a database of ours there are no views, definer functions and triggers at all."""
    return [f"{name} is a {what}" for what, query in _PAST.items() for name in names(connection, query)]


_PAST = {
    "view": """
        SELECT c.oid::regclass::text FROM pg_class c WHERE relkind IN ('v', 'm')
        AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    """,
    "function that runs as its owner": """
        SELECT p.oid::regprocedure::text FROM pg_proc p WHERE prosecdef
        AND pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    """,
    "trigger": """
        SELECT t.tgname FROM pg_trigger t WHERE NOT tgisinternal
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    """,
}


def roles_are_plain(connection: Connection, expected: Expected) -> list[str]:
    """Our own two roles are more modest than what a customer's must be."""
    app, owner = expected.app, expected.owner
    found = rows(
        connection,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb"
        " FROM pg_roles WHERE rolname IN (%(app)s, %(owner)s)",
        app=app,
        owner=owner,
    )
    wrong = [f"{name} steps around the rules" for name, *powers, _createdb in found if any(powers)]
    wrong += [f"{name} is missing" for name in {app, owner} - {name for name, *_rest in found}]
    wrong += [f"{name} may create databases" for name, *_p, createdb in found if createdb and name == app]
    memberships = rows(
        connection,
        "SELECT g.rolname, m.rolname FROM pg_auth_members JOIN pg_roles g ON g.oid = roleid"
        " JOIN pg_roles m ON m.oid = member WHERE m.rolname IN (%(app)s, %(owner)s)",
        app=app,
        owner=owner,
    )
    return wrong + [f"{member} may act as {role}" for role, member in memberships]


RULES: list[Rule] = [
    control_plane_is_isolated_or_says_why,
    control_plane_references,
    control_plane_grants,
    public_is_closed,
    the_owner_owns_public,
    nothing_works_past_public,
    roles_are_plain,
]
