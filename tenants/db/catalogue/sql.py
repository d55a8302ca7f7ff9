"""The questions to pg_catalog. Parameters are names (`schema`, `owner`, `app`, `role`) and `relations`.

`relations` are the oids of all that RELATIONS finds in the schema: pg_class has no index by schema, and
is long where there are hundreds of them. Right for PostgreSQL 14 and newer; a schema that is not there
has no rows.
"""

from __future__ import annotations

RELATIONS = """
    SELECT c.oid::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s
"""

TABLES = """
    SELECT c.relname::text FROM pg_class c
    WHERE c.relkind IN ('r', 'p', 'f') AND c.oid = ANY(%(relations)s::oid[])
"""

# A customer's own tables may lie in public, whatever they are called.
OWNED_IN_PUBLIC = """
    SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_roles o ON o.oid = c.relowner
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'f') AND o.rolname = %(owner)s
"""

POLICIES = """
    SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity,
           bool_and(p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}'), count(p.oid),
           max(pg_get_expr(p.polqual, c.oid)), max(pg_get_expr(p.polwithcheck, c.oid))
    FROM pg_class c
    LEFT JOIN pg_policy p ON p.polrelid = c.oid
    WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind IN ('r', 'p', 'f') GROUP BY c.oid ORDER BY 1
"""

HAS_TABLE = "SELECT to_regclass(%(table)s) IS NOT NULL"

# PostgreSQL 18 lets NOT NULL be promised for new rows alone (contype 'n', never validated).
WITHOUT_ORGANIZATION = """
    SELECT c.relname::text FROM pg_class c
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
      AND a.attnotnull AND NOT a.atthasdef AND a.attgenerated = '' AND a.atttypid = 'uuid'::regtype
    WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind IN ('r', 'p', 'f')
      AND c.relname <> 'django_migrations'
      AND (a.attnum IS NULL OR EXISTS (
        SELECT 1 FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated))
    ORDER BY 1
"""

INDEXES = """
    SELECT c.relname::text, i.relname::text, x.indisprimary,
           x.indisunique AND x.indisvalid AND x.indpred IS NULL,
           array(SELECT a.attname::text FROM unnest(x.indkey::int[]) WITH ORDINALITY AS k(n, at)
                 LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n ORDER BY k.at)
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relname <> 'django_migrations' ORDER BY 1, 2
"""

FOREIGN_KEYS = """
    SELECT c.relname::text,
           array(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS k(n, at)
                 JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.n ORDER BY k.at),
           t.relname::text,
           array(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY AS k(n, at)
                 JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.n ORDER BY k.at),
           tn.nspname::text, f.convalidated
    FROM pg_constraint f
    JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_class t ON t.oid = f.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    WHERE f.contype = 'f' AND c.oid = ANY(%(relations)s::oid[]) ORDER BY 1, 2
"""

# Which roles a role is, or may become. MEMBER and not USAGE: one that must be asked for with SET ROLE
# counts. The last two columns: past every policy; past what the role itself is granted.
POWERS = """
    WITH p AS (
        SELECT oid, rolname,
               rolsuper OR rolbypassrls OR rolname IN
                   ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files') AS past,
               rolcreaterole OR rolname IN ('pg_read_all_data', 'pg_write_all_data') AS more
        FROM pg_roles
    )
    SELECT p.rolname::text, p.past, p.more FROM pg_roles r JOIN p ON p.oid = r.oid
      OR ((p.past OR p.more OR p.rolname = %(owner)s)
          AND NOT r.rolsuper AND pg_has_role(r.oid, p.oid, 'MEMBER'))
    WHERE r.rolname = %(role)s ORDER BY p.oid = r.oid DESC, 1
"""

# What sessions begin with: of everybody or of these roles, in this database or everywhere.
PRESETS = """
    SELECT split_part(preset, '=', 1), coalesce(r.rolname, 'everybody')::text
    FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) preset
    LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE (s.setrole = 0 OR r.rolname IN (%(owner)s, %(app)s))
      AND (s.setdatabase = 0 OR d.datname = current_database())
      AND lower(split_part(preset, '=', 1)) IN ('humana.organization', 'session_replication_role')
    ORDER BY 1, 2
"""

# Indexes, row types and TOAST go with their table.
OWNED_BY_OTHERS = """
    WITH o AS (
        SELECT c.relname::text AS name, c.relowner AS owner FROM pg_class c
        WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind NOT IN ('i', 'I', 't', 'c')
        UNION ALL
        SELECT 'the schema ' || nspname, nspowner FROM pg_namespace WHERE nspname = %(schema)s
    )
    SELECT o.name, r.rolname::text FROM o JOIN pg_roles r ON r.oid = o.owner
    WHERE r.rolname <> %(owner)s ORDER BY 1
"""

GRANTS = """
    SELECT c.relname::text, coalesce(r.rolname, 'PUBLIC')::text,
           a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END
    FROM pg_class c
    CROSS JOIN LATERAL aclexplode(coalesce(c.relacl,
        acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner))) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
      AND r.rolname IS DISTINCT FROM %(owner)s ORDER BY 1, 2, 3
"""

GRANTS_ON_COLUMNS = """
    SELECT DISTINCT c.relname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.oid = ANY(%(relations)s::oid[]) AND a.attacl IS NOT NULL ORDER BY 1
"""

GRANTS_ON_SCHEMA = """
    SELECT coalesce(r.rolname, 'PUBLIC')::text,
           a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END
    FROM pg_namespace n
    CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = %(schema)s AND r.rolname IS DISTINCT FROM %(owner)s
"""

# What anybody arranged for tables made later in this schema, and the owner for those made anywhere.
GRANTS_LATER = """
    SELECT coalesce(r.rolname, 'PUBLIC')::text, a.privilege_type
    FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) a
    JOIN pg_roles o ON o.oid = d.defaclrole
    LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE d.defaclobjtype IN ('r', 'S') AND r.rolname IS DISTINCT FROM %(owner)s
      AND (n.nspname = %(schema)s OR (n.oid IS NULL AND o.rolname = %(owner)s)) ORDER BY 1, 2
"""

#: What answers under other policies than the tables of the schema, by what it is.
PAST_THE_POLICIES = {
    "a view": """
        SELECT c.relname::text FROM pg_class c
        WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind IN ('v', 'm')
    """,
    "a view elsewhere, of these tables": """
        SELECT DISTINCT r.ev_class::regclass::text FROM pg_rewrite r
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
        JOIN pg_class e ON e.oid = r.ev_class AND e.relnamespace <> c.relnamespace
        WHERE c.oid = ANY(%(relations)s::oid[])
    """,
    "a rule": """
        SELECT r.rulename::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
        WHERE c.oid = ANY(%(relations)s::oid[]) AND r.rulename <> '_RETURN'
    """,
    "a trigger": """
        SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.oid = ANY(%(relations)s::oid[]) AND NOT t.tgisinternal
    """,
    "a reference that is switched off": """
        SELECT DISTINCT k.conname::text FROM pg_trigger t
        JOIN pg_constraint k ON k.oid = t.tgconstraint JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.oid = ANY(%(relations)s::oid[]) AND t.tgisinternal AND t.tgenabled <> 'O'
    """,
    "a function in the schema": """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %(schema)s
    """,
    "a function that runs as the owner": """
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner
        WHERE p.prosecdef AND o.rolname = %(owner)s AND o.rolname <> %(app)s
          AND NOT EXISTS (SELECT 1 FROM pg_depend d
                          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    """,
    "a table with a parent or a part, where other policies count": """
        SELECT c.relname::text FROM pg_class c
        WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind IN ('r', 'p', 'f')
          AND EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = c.oid OR h.inhparent = c.oid)
    """,
}

#: How much there is of what isolates; Django's own table is not counted.
COUNTS = """
    WITH t AS (
        SELECT c.oid FROM pg_class c
        WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind IN ('r', 'p', 'f')
          AND c.relname <> 'django_migrations'
    )
    SELECT (SELECT count(*) FROM t),
           (SELECT count(*) FROM pg_policy WHERE polrelid IN (SELECT oid FROM t)),
           (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid IN (SELECT oid FROM t)),
           (SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT oid FROM t))
"""
