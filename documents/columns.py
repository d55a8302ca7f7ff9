"""What PostgreSQL keeps of a passage by itself: columns that no other database, and no model, knows.

    KeepSearch      `search`, its words by their stems, and the indexes of these and of trigrams
    KeepEmbedding   `embedding`, its vector where the server has pgvector
    LayNarrow       `search` in the row itself; an index that says of a passage who may be told
    LayTogether     an index that has an organization's vectors one after the other

Each statement looks itself what the database at hand has, so that one script of SQL fits all of them
(docs/decisions/0008). What a server lacks is done without: see docs/retrieval.md.
"""

from __future__ import annotations

from django.db import models

from tenants.db.operations import OnPostgres

#: Configurations by the language of a passage; any other is searched as it is spelled.
CONFIGURATIONS = {"pt": "humana_pt", "en": "humana_en"}
AS_SPELLED = "humana_xx"
#: Numbers of a vector up to which it is in an index, where an entry is a third of a page at most.
WIDEST = 1_024
#: What the index and whoever asks it say of such a vector. The database takes it for one in three, so it asks
#: the index rather than read a table of all organizations. It stands in what is migrated: leave it so.
INDEXED = f"octet_length({{row}}vector) <= {WIDEST * 4}"
#: Letters with marks, and what is put for them where the extension unaccent is not to be had.
_MARKED = "áàâãäåçéèêëíìîïñóòôõöúùûüýÁÀÂÃÄÅÇÉÈÊËÍÌÎÏÑÓÒÔÕÖÚÙÛÜÝ"
_PLAIN = "aaaaaaceeeeiiiinooooouuuuyAAAAAACEEEEIIIINOOOOOUUUUY"


class KeepSearch(OnPostgres):
    """Stems of title, place and text, by the passage's language; nothing of a text that is sealed."""

    def statements(self, model: type[models.Model]) -> list[str]:
        values = {
            "table": model._meta.db_table,
            "with_dictionary": _search_of("{}"),
            "without": _search_of(f"translate({{}}, '{_MARKED}', '{_PLAIN}')"),
        }
        return [_CONFIGURED, _SEARCH.format(**values), _INDEXES.format(**values)]


class KeepEmbedding(OnPostgres):
    """Half precision is enough to rank, and keeps a row in its page."""

    def statements(self, model: type[models.Model]) -> list[str]:
        return [_EMBEDDING.format(table=model._meta.db_table)]


class LayNarrow(OnPostgres):
    """What a question looks at of very many passages is where it looks: nothing is fetched from beside a row.

    Rows that are there already have their stems in them once they are written again.
    """

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        read = f'"{table}" (organization_id, id) INCLUDE (source_kind, source_id, language)'
        return [
            f'ALTER TABLE "{table}" ALTER COLUMN search SET STORAGE MAIN',
            f'CREATE INDEX "{table}_read" ON {read}',
        ]


class LayTogether(OnPostgres):
    """An organization's vectors of one model in the order of their passages, whoever's lie around them."""

    def statements(self, model: type[models.Model]) -> list[str]:
        return [_TOGETHER.format(table=model._meta.db_table, indexed=INDEXED.format(row=""))]


def _search_of(spelled: str) -> str:
    """The expression of the column; `spelled` is how a text is handed to a configuration."""
    branches = [
        f"WHEN language = '{language}' THEN {_vector(configuration, spelled)}"
        for language, configuration in CONFIGURATIONS.items()
    ]
    return (
        "CASE WHEN starts_with(text, chr(1)) THEN NULL::tsvector "
        f"{' '.join(branches)} ELSE {_vector(AS_SPELLED, spelled)} END"
    )


def _vector(configuration: str, spelled: str) -> str:
    parts = {"title": "A", "place": "B", "text": "D"}
    return " || ".join(
        f"setweight(to_tsvector('{configuration}', {spelled.format(column)}), '{weight}')"
        for column, weight in parts.items()
    )


_CONFIGURED = """DO $configured$
DECLARE
    made record;
    accents boolean := EXISTS (
        SELECT FROM pg_ts_dict WHERE dictname = 'unaccent' AND pg_ts_dict_is_visible(oid));
BEGIN
    FOR made IN SELECT * FROM (VALUES
        ('humana_pt', 'pg_catalog.portuguese', 'portuguese_stem'),
        ('humana_en', 'pg_catalog.english', 'english_stem'),
        ('humana_xx', 'pg_catalog.simple', 'simple')) AS known (name, base, stem)
    LOOP
        EXECUTE 'CREATE TEXT SEARCH CONFIGURATION ' || made.name || ' (COPY = ' || made.base || ')';
        IF accents THEN
            EXECUTE 'ALTER TEXT SEARCH CONFIGURATION ' || made.name
                || ' ALTER MAPPING FOR word, hword, hword_part WITH unaccent, ' || made.stem;
        END IF;
    END LOOP;
END $configured$"""

_SEARCH = """DO $search$
BEGIN
    IF EXISTS (SELECT FROM pg_ts_dict WHERE dictname = 'unaccent' AND pg_ts_dict_is_visible(oid)) THEN
        ALTER TABLE "{table}" ADD COLUMN search tsvector GENERATED ALWAYS AS ({with_dictionary}) STORED;
    ELSE
        ALTER TABLE "{table}" ADD COLUMN search tsvector GENERATED ALWAYS AS ({without}) STORED;
    END IF;
END $search$"""

#: Every index begins with the organization, which GIN can where btree_gin is to be had.
_INDEXES = """DO $indexes$
BEGIN
    IF EXISTS (SELECT FROM pg_opclass WHERE opcname = 'uuid_ops' AND pg_opclass_is_visible(oid)
               AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'gin')) THEN
        CREATE INDEX "{table}_search" ON "{table}" USING gin (organization_id, search);
        IF EXISTS (SELECT FROM pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)) THEN
            CREATE INDEX "{table}_spelled" ON "{table}" USING gin (organization_id, words gin_trgm_ops);
        END IF;
    END IF;
END $indexes$"""

#: A schema of ours has no functions, so this one is in `public`: four bytes at a time, as float32 is made.
_EMBEDDING = """DO $embedding$
BEGIN
    IF to_regtype('public.halfvec') IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('humana_halfvec', 7));
    IF to_regprocedure('public.humana_halfvec(bytea)') IS NULL THEN
        IF NOT has_schema_privilege('public', 'CREATE') THEN
            RETURN;
        END IF;
        CREATE FUNCTION public.humana_halfvec(told bytea) RETURNS public.halfvec
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $halfvec$
            SELECT pg_catalog.array_agg((
                CASE WHEN high >= 128 THEN -1 ELSE 1 END
                * CASE WHEN exponent = 0 THEN 0
                       ELSE (8388608 + mantissa) * pg_catalog.power(2.0::float8, exponent - 150) END
            )::real ORDER BY place)::public.halfvec
            FROM (
                SELECT place, pg_catalog.get_byte(told, place * 4 + 3) AS high,
                       (pg_catalog.get_byte(told, place * 4 + 3) & 127) * 2
                       + pg_catalog.get_byte(told, place * 4 + 2) / 128 AS exponent,
                       (pg_catalog.get_byte(told, place * 4 + 2) & 127) * 65536
                       + pg_catalog.get_byte(told, place * 4 + 1) * 256
                       + pg_catalog.get_byte(told, place * 4) AS mantissa
                FROM pg_catalog.generate_series(0, pg_catalog.length(told) / 4 - 1) AS place
            ) AS parts
        $halfvec$;
    END IF;
    ALTER TABLE "{table}" ADD COLUMN embedding public.halfvec
        GENERATED ALWAYS AS (public.humana_halfvec(vector)) STORED;
    ALTER TABLE "{table}" ALTER COLUMN embedding SET STORAGE MAIN;
END $embedding$"""

_TOGETHER = """DO $together$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = '"{table}"'::regclass
               AND attname = 'embedding' AND NOT attisdropped) THEN
        CREATE INDEX "{table}_near" ON "{table}" (organization_id, model, chunk_id)
            INCLUDE (embedding) WHERE {indexed};
    END IF;
END $together$"""
