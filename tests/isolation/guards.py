"""Every guard of isolation, how it is switched off, and what in the matrix then fails.

A guard is a block within which it is off. What notices it is named as in `checks.notices`; where a
guard means nothing for an isolation model, that model is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models

from chats.streaming import RunStream
from tenants import cache as cache_module
from tenants import files, jobs, queries, scoping
from tenants.db import leaving
from tenants.db.backend.base import DatabaseWrapper, SchemaWrapper
from tenants.db.catalogue import tables
from tenants.models import Isolation, Membership
from tenants.owner import owner_connection
from tests.architecture.catalogue import APP
from tests.isolation.checks import Scene
from tests.isolation.sql_cells import Connection

Off = Callable[[Scene], AbstractContextManager[None]]


@dataclass(frozen=True)
class Guard:
    """`noticed` has for each isolation model what fails while it is off."""

    off: Off
    noticed: dict[str, frozenset[str]]


GUARDS: dict[str, Guard] = {}


def guard(everywhere: str = "", **only: str) -> Callable[[Callable[[Scene], Iterator[None]]], Off]:
    """Names with spaces between, for all three models or for each by its name."""
    named = only or dict.fromkeys(Isolation, everywhere)

    def register(off: Callable[[Scene], Iterator[None]]) -> Off:
        noticed = {str(one): frozenset(names.split()) for one, names in named.items()}
        GUARDS[off.__name__] = Guard(contextmanager(off), noticed)
        return GUARDS[off.__name__].off

    return register


# --- in Python ----------------------------------------------------------------------------------


@guard("orm.says_whose")
def the_filter_of_the_managers(scene: Scene) -> Iterator[None]:
    """Row-level security still holds, so only the cell that reads the SQL can tell."""

    def unfiltered(self: Any) -> Any:
        return scoping.ScopedQuerySet(self.model, using=self._db)

    scene.patch.setattr(scoping.ScopedManager, "get_queryset", unfiltered)
    scene.patch.setattr(scoping.EverythingManager, "get_queryset", unfiltered)
    yield


@guard("orm.create_for_them")
def the_stamp_on_insert(scene: Scene) -> Iterator[None]:
    def trusting(self: Any, instance: Any, add: bool) -> Any:
        instance.organization_id = instance.organization_id or scoping.current_tenant().organization_id
        return instance.organization_id

    scene.patch.setattr(scoping.OrganizationField, "pre_save", trusting)
    yield


@guard("orm.delete")
def the_look_at_whose_row_is_deleted(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(scoping.OrganizationScoped, "delete", models.Model.delete)
    yield


@guard("outside.built_inside_run_outside")
def the_router(scene: Scene) -> Iterator[None]:
    """Without it a query outside every context would look for the table in public."""
    scene.patch.setattr("tenants.routing.PlacementRouter._alias", lambda self, model: "default")
    yield


@guard(row="what_a_savepoint_undid", schema="what_a_savepoint_undid")
def forgetting_what_a_savepoint_undid(scene: Scene) -> Iterator[None]:
    """django-tenants' part: what was set inside is gone, and must not be believed."""
    inherited = super(SchemaWrapper, DatabaseWrapper).savepoint_rollback
    scene.patch.setattr(DatabaseWrapper, "savepoint_rollback", inherited)
    yield


@guard("what_a_rollback_undid")
def forgetting_what_a_rollback_undid(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(DatabaseWrapper, "rollback", super(SchemaWrapper, DatabaseWrapper).rollback)
    yield


@guard("handed_back")
def leaving_before_a_connection_is_handed_back(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(leaving, "_clear", lambda connection: None)
    yield


@guard(row="residence")
def the_look_at_where_it_lives(scene: Scene) -> Iterator[None]:
    """One that moved between two statements: writers ask once more, inside their transaction."""
    scene.patch.setattr("tenants.transactions.lives_here", lambda connection: True)
    yield


@guard("the_cache")
def the_prefix_of_the_cache(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(cache_module, "peek_tenant", lambda: None)
    yield


@guard("the_files")
def the_folder_of_the_files(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(files, "folder_of", lambda organization_id: settings.HUMANA_FILES)
    yield


@guard("a_forged_task")
def the_signature_of_a_task(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(jobs, "same", lambda one, other: True)
    yield


@guard("a_page")
def membership_read_by_the_middleware(scene: Scene) -> Iterator[None]:
    """Any account opens any organization: the page's address is believed."""

    def believed(*, user: Any, slug: str) -> Membership:
        return queries._memberships().get(organization__slug=slug, role="member")

    scene.patch.setattr("tenants.doors.membership_at", believed)
    yield


@guard("a_stream")
def the_organization_in_the_name_of_a_stream(scene: Scene) -> Iterator[None]:
    named = RunStream.__init__

    def by_run_alone(self: RunStream, organization_id: Any, run_id: Any) -> None:
        named(self, organization_id, run_id)
        self._key = f"humana:run:{run_id.hex}"

    scene.patch.setattr(RunStream, "__init__", by_run_alone)
    yield


@guard("a_stream")
def the_organization_that_a_stream_is_sealed_for(scene: Scene) -> Iterator[None]:
    named = RunStream.__init__

    def sealed_for_anybody(self: RunStream, organization_id: Any, run_id: Any) -> None:
        named(self, organization_id, run_id)
        self._place = b"run-stream"

    scene.patch.setattr(RunStream, "__init__", sealed_for_anybody)
    yield


# --- in PostgreSQL: the same in a pool, in a schema and in a database of its own ----------------


@contextmanager
def altered(scene: Scene, off: str, on: str, *, at: Connection | None = None) -> Iterator[None]:
    """The owner changes a table for the block; both statements are committed."""
    owner = at or scene.owner_at(scene.left)
    owner.execute(off.encode())
    try:
        yield
    finally:
        owner.execute(on.encode())


CROSSED = "sql.our_name_in_their_schema sql.not_put_into_theirs the_audit"


@guard(
    row=f"{CROSSED} sql.not_seen_next_door sql.not_changed_from_next_door sql.not_given_to_next_door"
    " sql.not_copied_out sql.their_schema_by_name orm.raw_list",
    schema=f"{CROSSED} sql.their_schema_by_name",
    database=CROSSED,
)
def row_level_security(scene: Scene) -> Iterator[None]:
    off, on = (f"ALTER TABLE chats_chat {how} ROW LEVEL SECURITY" for how in ("DISABLE", "ENABLE"))
    with altered(scene, off, on):
        yield


@guard(row="orm.read orm.list_all orm.update orm.delete orm.says_whose the_audit")
def row_level_security_and_the_filter(scene: Scene) -> Iterator[None]:
    """With both gone rows are really shown: the cells look where it hurts."""
    off, on = (f"ALTER TABLE chats_draft {how} ROW LEVEL SECURITY" for how in ("DISABLE", "ENABLE"))
    with altered(scene, off, on), GUARDS["the_filter_of_the_managers"].off(scene):
        yield


POLICY = "ALTER POLICY organization_isolation ON chats_draft"


@guard("sql.our_name_in_their_schema the_audit")
def whose_rows_the_policy_shows(scene: Scene) -> Iterator[None]:
    with altered(scene, f"{POLICY} USING (true)", f"{POLICY} USING ({tables.ISOLATED})"):
        yield


@guard("sql.not_put_into_theirs the_audit")
def whose_rows_the_policy_takes(scene: Scene) -> Iterator[None]:
    with altered(scene, f"{POLICY} WITH CHECK (true)", f"{POLICY} WITH CHECK ({tables.ISOLATED})"):
        yield


@guard("owner_of_the_tables the_audit")
def forcing_it_on_the_owner(scene: Scene) -> Iterator[None]:
    off, on = (f"ALTER TABLE chats_chat {how} ROW LEVEL SECURITY" for how in ("NO FORCE", "FORCE"))
    with altered(scene, off, on):
        yield


@guard(
    row="orm.point_at_them sql.no_reference_leads_next_door the_audit",
    schema="the_audit",
    database="the_audit",
)
def the_organization_in_references(scene: Scene) -> Iterator[None]:
    """A reference by id alone, as Django would make it: it is checked past row-level security."""
    add = "ALTER TABLE chats_vote ADD CONSTRAINT"
    drop = "ALTER TABLE chats_vote DROP CONSTRAINT"
    name, later = "chats_vote_message_id_org_fk", "DEFERRABLE INITIALLY DEFERRED"
    whole = "FOREIGN KEY (organization_id, message_id) REFERENCES chats_message (organization_id, id)"
    with altered(scene, f"{drop} {name}", f"{add} {name} {whole} {later}"):
        yield


@guard("the_trail the_audit")
def grants_of_the_trail(scene: Scene) -> Iterator[None]:
    with altered(
        scene,
        f'GRANT UPDATE ON audit_auditentry TO "{APP}"',
        f'REVOKE UPDATE ON audit_auditentry FROM "{APP}"',
    ):
        yield


@guard(database="the_address")
def whose_address_is_read(scene: Scene) -> Iterator[None]:
    """In the control plane: the addresses of databases that organizations have to themselves."""
    off, on = (f"ALTER TABLE public.byoc_endpoint {how} ROW LEVEL SECURITY" for how in ("DISABLE", "ENABLE"))
    with owner_connection() as owner, altered(scene, off, on, at=owner):
        yield
