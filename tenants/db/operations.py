"""The migration operations that make tables safe, and the one for data.

Both speak PostgreSQL and do nothing elsewhere: MariaDB and SQLite carry one organization each.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from humana.kernel.errors import Misconfigured
from tenants.context import TenantContext, use_tenant

_HERE = "(SELECT NULLIF(current_setting('humana.organization', true), '')::uuid)"
#: Where the control plane has its members, and whose every team is: if it is in the same database.
MEMBERS = "public.tenants_membership"
TEAMS = "public.tenants_knownteam"

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


def only_own(table: str, *, members: Sequence[str] = (), teams: Sequence[str] = ()) -> str:
    """What the policy of that table also asks of a row that is written, in SQL; columns by what they name.

    Who left is no row and may still be named, and so may a team that was dissolved here: a move takes along
    what was given to them.
    """
    named = [(MEMBERS, column) for column in members] + [(TEAMS, column) for column in teams]
    return f"organization_id = {_HERE}" + "".join(
        f" AND NOT EXISTS (SELECT FROM {known} k"
        f" WHERE k.id = {table}.{column} AND k.organization_id <> {table}.organization_id)"
        for known, column in named
    )


class OnPostgres(Operation):
    """Statements for one model's table on PostgreSQL; nothing elsewhere."""

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
        model = to_state.apps.get_model(app_label, self.model_name)
        self._execute(schema_editor, model, self.statements)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        self._execute(schema_editor, model, self.statements_back)

    def _execute(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        statements: Callable[[type[models.Model]], list[str]],
    ) -> None:
        connection = schema_editor.connection
        if connection.vendor == "postgresql" and self.allow_migrate_model(connection.alias, model):
            for statement in statements(model):
                schema_editor.execute(statement)

    @abstractmethod
    def statements(self, model: type[models.Model]) -> list[str]: ...

    def statements_back(self, model: type[models.Model]) -> list[str]:
        """Nothing, for what goes with the table."""
        return []

    def describe(self) -> str:
        return f"{type(self).__name__} of {self.model_name} on PostgreSQL"


class RefuseStrangers(OnPostgres):
    """No row of this model may name a member or a team of another organization, where those are in the same
    database.

    `members` and `teams` are the columns that name them. A later one of the same model says all of them
    again, and in `before` what is asked once it is taken back. After `IsolateTables`. In a database of the
    customer's own there is nobody else whom it could name.
    """

    def __init__(
        self,
        model_name: str,
        *,
        members: Sequence[str] = (),
        teams: Sequence[str] = (),
        before: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(model_name)
        self.named = {"members": tuple(members), "teams": tuple(teams)}
        self.before = dict(before or {})

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {**self.named, "before": self.before}
        return type(self).__name__, [self.model_name], {k: v for k, v in options.items() if v}

    def statements(self, model: type[models.Model]) -> list[str]:
        return [self._asking(model, self.named)]

    def statements_back(self, model: type[models.Model]) -> list[str]:
        return [self._asking(model, self.before)]

    def _asking(self, model: type[models.Model], named: Mapping[str, Sequence[str]]) -> str:
        table = model._meta.db_table
        return _ASK.format(table=table, members=MEMBERS, rule=only_own(table, **named))


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
