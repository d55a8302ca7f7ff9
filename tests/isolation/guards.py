"""Every guard of isolation, how it is switched off, and what in the matrix then fails.

A guard is a block within which it is off. What notices it is named as in `checks.notices`; where a
guard means nothing for an isolation model, that model is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from django.db import models

from byoc import storage
from chats.streaming import RunStream
from tenants import cache as cache_module
from tenants import console, doors, jobs, queries, scoping
from tenants.db import leaving
from tenants.db.backend.base import DatabaseWrapper, SchemaWrapper
from tenants.db.catalogue import tables
from tenants.db.catalogue.reading import without_strangers
from tenants.db.operations import only_own
from tenants.models import ApiKey, Isolation, Membership
from tenants.owner import owner_connection
from tests.architecture.catalogue import APP
from tests.fixtures.rows import CONTROL_MAKERS
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


@guard("orm.update orm.give_away")
def the_look_at_whose_row_is_changed(scene: Scene) -> Iterator[None]:
    """The stamp on an insert stays; what is saved again is believed."""
    stamp = scoping.OrganizationField.pre_save

    def trusting(self: Any, instance: Any, add: bool) -> Any:
        return stamp(self, instance, add) if add else instance.organization_id

    scene.patch.setattr(scoping.OrganizationField, "pre_save", trusting)
    yield


@guard("orm.give_away orm.bulk_update")
def refusing_to_change_the_organization(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(scoping.ScopedQuerySet, "update", models.QuerySet.update)
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
    scene.patch.setattr(storage, "folder_of", lambda organization_id: "everybody")
    yield


@guard("a_forged_task")
def the_signature_of_a_task(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(jobs, "same", lambda one, other: True)
    yield


def _signed_without(*names: str, arguments: bool = True) -> Any:
    """A signature that leaves something out."""
    whole = jobs._signature

    def signature(task: str, headers: Any, told: Any) -> str:
        return whole(task, {**headers, **dict.fromkeys(names, "")}, told if arguments else {})

    return signature


@guard("a_forged_task")
def the_placement_in_the_signature_of_a_task(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(jobs, "_signature", _signed_without(jobs.PLACEMENT))
    yield


@guard("a_forged_task")
def the_outbox_item_in_the_signature_of_a_task(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(jobs, "_signature", _signed_without(jobs.OUTBOX))
    yield


@guard("a_message_with_other_arguments")
def the_arguments_in_the_signature_of_a_task(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(jobs, "_signature", _signed_without(arguments=False))
    yield


@guard("a_run_reference")
def the_signature_of_a_run_reference(scene: Scene) -> Iterator[None]:
    scene.patch.setattr("chats.signals.same", lambda one, other: True)
    yield


@guard("a_key_that_ended")
def whether_the_member_of_a_key_may_enter(scene: Scene) -> Iterator[None]:
    scene.patch.setattr("tenants.services.keys.may_enter", lambda member: True)
    yield


@guard("a_key_that_ended")
def whether_a_key_is_still_good(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(ApiKey, "usable_at", lambda self, moment: True)
    yield


@guard("a_key_at_home")
def the_organization_of_a_key(scene: Scene) -> Iterator[None]:
    """A door that took somebody's organization from elsewhere than from the key."""
    of_member, elsewhere = doors._visitor, scene.right.context

    def led_astray(*args: Any, **named: Any) -> Any:
        return replace(of_member(*args, **named), context=elsewhere)

    scene.patch.setattr(doors, "_visitor", led_astray)
    yield


@guard("a_narrow_key")
def the_scopes_of_a_key_at_the_asynchronous_doors(scene: Scene) -> Iterator[None]:
    scene.patch.setattr(doors, "_opens", lambda key, permission: True)
    yield


@guard("the_console")
def the_filter_of_the_console(scene: Scene) -> Iterator[None]:
    """Members and keys are read before a context exists, so no policy stands behind it there."""
    unfiltered = super(console.InHandAdmin, console.InHandAdmin).get_queryset
    scene.patch.setattr(console.InHandAdmin, "get_queryset", unfiltered)
    yield


@guard("the_console")
def the_context_of_the_console(scene: Scene) -> Iterator[None]:
    """An organization in hand, and the request in none: nothing of it is shown."""
    scene.patch.setattr("tenants.operators.use_tenant", lambda context: nullcontext())
    yield


@guard("content_without_a_session")
def the_support_session(scene: Scene) -> Iterator[None]:
    for name in ("open_to", "admit"):
        scene.patch.setattr(console.ContentAdmin, name, getattr(console.InHandAdmin, name))
    yield


@guard("a_page an_event_stream")
def membership_read_by_the_middleware(scene: Scene) -> Iterator[None]:
    """Any account opens any organization: the page's address is believed."""

    def believed(*, user: Any, slug: str) -> Membership:
        return queries._memberships().get(organization__slug=slug, role="member")

    scene.patch.setattr("tenants.doors.membership_at", believed)
    yield


@guard("a_stream")
def the_organization_in_the_name_of_a_stream(scene: Scene) -> Iterator[None]:
    named = RunStream.__init__

    def by_run_alone(self: RunStream, organization_id: Any, run_id: Any, sealing: bytes = b"") -> None:
        named(self, organization_id, run_id, sealing)
        self._key = f"humana:run:{run_id.hex}"

    scene.patch.setattr(RunStream, "__init__", by_run_alone)
    yield


@guard("a_stream")
def the_organization_that_a_stream_is_sealed_for(scene: Scene) -> Iterator[None]:
    named = RunStream.__init__

    def sealed_for_anybody(self: RunStream, organization_id: Any, run_id: Any, sealing: bytes = b"") -> None:
        named(self, organization_id, run_id, sealing)
        self._place, self._sealing = b"run-stream", bytes(32)

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
    row=f"{CROSSED} sql.not_seen_next_door sql.not_found_by_a_search sql.not_told_by_an_error"
    " sql.not_put_in_place_of_theirs sql.not_changed_from_next_door sql.not_given_to_next_door"
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


@guard(
    row="sql.nobody_from_next_door_is_named the_audit", schema="sql.nobody_from_next_door_is_named the_audit"
)
def whom_a_row_may_name(scene: Scene) -> Iterator[None]:
    """A database of the organization's own has nobody to ask."""
    policy, table = "ALTER POLICY organization_isolation ON", "companions_companion"
    off, on = (
        f"{policy} {table} WITH CHECK ({check})"
        for check in (tables.ISOLATED, only_own(table, **without_strangers()[table]))
    )
    with altered(scene, off, on), altered(scene, off, on, at=scene.owner_at(scene.right)):
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


@guard(
    row="sql.guards_are_not_lifted the_audit the_start",
    schema="sql.guards_are_not_lifted the_audit the_start",
    database="sql.guards_are_not_lifted the_audit",
)
def no_right_to_empty_tables(scene: Scene) -> Iterator[None]:
    off, on = (
        f'{what} TRUNCATE ON chats_chat {way} "{APP}"' for what, way in (("GRANT", "TO"), ("REVOKE", "FROM"))
    )
    with altered(scene, off, on), altered(scene, off, on, at=scene.owner_at(scene.right)):
        yield


@guard("the_audit")
def no_right_to_make_tables(scene: Scene) -> Iterator[None]:
    schema = scene.left.placement.schema
    off, on = (
        f'{what} CREATE ON SCHEMA "{schema}" {way} "{APP}"'
        for what, way in (("GRANT", "TO"), ("REVOKE", "FROM"))
    )
    with altered(scene, off, on):
        yield


# --- in the control plane, which is one for all three isolations --------------------------------


def _of_the_control_plane(table: str) -> None:
    def row_level_security_of(scene: Scene) -> Iterator[None]:
        with owner_connection() as owner, ExitStack() as stack:
            off, on = (
                f"ALTER TABLE public.{table} {how} ROW LEVEL SECURITY" for how in ("DISABLE", "ENABLE")
            )
            stack.enter_context(altered(scene, off, on, at=owner))
            yield

    row_level_security_of.__name__ = f"row_level_security_of_{table}"
    guard(row=IN_PUBLIC)(row_level_security_of)


IN_PUBLIC = (
    "public.not_seen_next_door public.not_changed_from_next_door public.not_given_to_next_door"
    " public.not_put_into_theirs public.not_copied_out public.not_found_by_a_search"
    " public.not_put_in_place_of_theirs public.no_rows_without_an_organization"
)
for model in CONTROL_MAKERS:
    _of_the_control_plane(model._meta.db_table)


@guard(row="the_console")
def row_level_security_of_teams_and_the_filter_of_the_console(scene: Scene) -> Iterator[None]:
    """Each holds alone: with both gone teams of another organization are on the list."""
    with GUARDS["row_level_security_of_tenants_team"].off(scene):
        with GUARDS["the_filter_of_the_console"].off(scene):
            yield


#: Guards that are switched off elsewhere, and the test that then sees what they hold.
NOTICED_ELSEWHERE = {
    "the owner in every question to MongoDB": "tests.documents.test_mongo:test_whoever_forgets_it_is_noticed",
    "a store in its own organization only": (
        "tests.documents.test_mongo:test_a_store_taken_along_into_another_organization_is_noticed"
    ),
    "entering for each transaction, behind PgBouncer": (
        "tests.isolation.test_pgbouncer:test_set_on_the_session_it_would_stay"
    ),
    "the cursor that enters": "tests.isolation.test_pgbouncer:test_the_cursor_is_what_enters",
    "asking again who reads a stream": (
        "tests.chats.test_admission:test_without_asking_again_the_stream_would_go_on"
    ),
    "the rules of the catalogue": "tests.architecture.test_tables:test_rule_sees_what_it_forbids",
    "going where a companion lives": (
        "tests.isolation.test_mixed:test_without_going_there_nothing_of_it_is_found"
    ),
    "the refusal to start": "tests.isolation.test_start:test_an_unsafe_role_is_refused",
}
