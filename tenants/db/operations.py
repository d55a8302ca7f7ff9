"""The migration operations that make tables safe, and the one for data.

Both speak PostgreSQL and do nothing elsewhere: MariaDB and SQLite carry one organization each.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from humana.kernel.errors import Misconfigured
from tenants.context import TenantContext, use_tenant

_HERE = "(SELECT NULLIF(current_setting('humana.organization', true), '')::uuid)"
#: Where the control plane has its members, if it is in the same database.
MEMBERS = "public.tenants_membership"

#: To the role that the application has there; one that owns the tables needs no grant.
_GRANT = """DO $grant$
DECLARE role text := coalesce(nullif(current_setting('humana.app_role', true), ''), '{usual}');
BEGIN
    IF role <> current_user THEN
        EXECUTE 'REVOKE ALL ON "{table}" FROM ' || quote_ident(role);
        EXECUTE 'GRANT {rights} ON "{table}" TO ' || quote_ident(role);
    END IF;
END $grant$"""


_ASK = """DO $members$
BEGIN
    IF to_regclass('{members}') IS NOT NULL THEN
        ALTER POLICY organization_isolation ON "{table}" WITH CHECK ({rule});
    END IF;
END $members$"""


class IsolateTables(Operation):
    """RLS enabled and forced, composite references, exact grants, for the models named.

    `append_only` names those the application may insert and read, never change. `column` is
    `organization_id` everywhere. Put it last in the migration that creates the tables.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(
        self, *model_names: str, append_only: Sequence[str] = (), platform_rows: Sequence[str] = ()
    ) -> None:
        self.model_names = model_names
        self.append_only = tuple(append_only)
        self.platform_rows = tuple(platform_rows)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {"append_only": self.append_only, "platform_rows": self.platform_rows}
        return type(self).__name__, list(self.model_names), {k: v for k, v in options.items() if v}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's model state knows nothing of policies."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        found = [to_state.apps.get_model(app_label, name) for name in self.model_names]
        ours = [m for m in found if self.allow_migrate_model(schema_editor.connection.alias, m)]
        for model in ours:
            for statement in self._fence(model):
                schema_editor.execute(statement)
        for model in ours:
            for statement in self._references(model):
                schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Nothing: policies, references and grants go with their tables."""

    def describe(self) -> str:
        return f"Isolate {', '.join(self.model_names)}"

    def _fence(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        name = model._meta.object_name
        rights = "SELECT, INSERT" if name in self.append_only else "SELECT, INSERT, UPDATE, DELETE"
        # Platform rows have no organization and are seen only outside every context.
        test = f"organization_id = {_HERE}"
        if name in self.platform_rows:
            test = f"organization_id IS NOT DISTINCT FROM {_HERE}"
        return [
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_org_id_key" UNIQUE (organization_id, id)',
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY organization_isolation ON "{table}" FOR ALL USING ({test}) WITH CHECK ({test})',
            _GRANT.format(table=table, rights=rights, usual=settings.HUMANA_APP_ROLE),
        ]

    def _references(self, model: type[models.Model]) -> list[str]:
        from tenants.scoping import TenantForeignKey

        table = model._meta.db_table
        return [
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{field.column}_org_fk" '
            f'FOREIGN KEY (organization_id, "{field.column}") '
            f'REFERENCES "{field.related_model._meta.db_table}" (organization_id, id) '
            "DEFERRABLE INITIALLY DEFERRED"
            for field in model._meta.local_fields
            if isinstance(field, TenantForeignKey)
        ]


def only_own_members(table: str, column: str) -> str:
    """What the policy of that table also asks of a row that is written, in SQL.

    Somebody who left is no row and may still be named: a move takes along what was given to them.
    """
    return (
        f"organization_id = {_HERE} AND NOT EXISTS (SELECT FROM {MEMBERS} m"
        f" WHERE m.id = {table}.{column} AND m.organization_id <> {table}.organization_id)"
    )


class OnPostgres(Operation):
    """Statements for one model's table on PostgreSQL; nothing elsewhere. What they make goes with it."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model_name], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's model state knows nothing of it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        connection, model = schema_editor.connection, to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor == "postgresql" and self.allow_migrate_model(connection.alias, model):
            for statement in self.statements(model):
                schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Nothing."""

    @abstractmethod
    def statements(self, model: type[models.Model]) -> list[str]: ...

    def describe(self) -> str:
        return f"{type(self).__name__} of {self.model_name} on PostgreSQL"


class RefuseStrangers(OnPostgres):
    """No row of this model may name a member of another organization, where members are in the same database.

    After `IsolateTables`. In a database of the customer's own there is nobody else whom it could name.
    """

    def __init__(self, model_name: str, *, column: str) -> None:
        super().__init__(model_name)
        self.column = column

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model_name], {"column": self.column}

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [_ASK.format(table=table, members=MEMBERS, rule=only_own_members(table, self.column))]


class RunPerOrganization(Operation):
    """A data migration that enters each organization of the placement.

    Under FORCE the owner sees no row outside a context and an UPDATE quietly hits none, so
    `count(apps)` says how many rows there are to change and `change(apps)` how many it changed;
    a difference stops the migration.
    """

    reversible = True
    reduces_to_sql = False

    def __init__(self, change: Callable[[Any], int], *, count: Callable[[Any], int]) -> None:
        self.change = change
        self.count = count

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.change], {"count": self.count}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Data only."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._concerns(app_label, schema_editor):
            return
        for context in self._organizations(schema_editor):
            with use_tenant(context):
                expected = self.count(from_state.apps)
                changed = self.change(from_state.apps)
            if changed != expected:
                raise Misconfigured(f"{context.slug}: {expected} rows to change, {changed} changed")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Data stays as it is."""

    def describe(self) -> str:
        return f"Change rows of every organization: {self.change.__name__}"

    def _concerns(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor) -> bool:
        from django.db import router

        return router.allow_migrate(schema_editor.connection.alias, app_label)

    def _organizations(self, schema_editor: BaseDatabaseSchemaEditor) -> list[TenantContext]:
        from tenants.queries import contexts_in

        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            return contexts_in(alias=connection.alias, schema=None)
        schema: str = connection.schema_name  # type: ignore[attr-defined]
        return contexts_in(alias=connection.alias, schema=schema or "public")
