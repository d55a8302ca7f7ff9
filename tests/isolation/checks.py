"""What of the matrix can notice that a guard is off, by name, for two worlds of one isolation.

orm.CELL   outside.CELL   sql.CELL    the cells, for a few models
public.CELL                           those of SQL, for the tables of the control plane
everything else                       one check each, below
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.test import Client

from audit.models import AuditEntry
from byoc.databases import open_database
from chats.doors.visitors import reader_of
from chats.models import Chat, Draft, Message, Vote
from chats.services.addressing import models_for
from chats.signals import RunRef, decode, encode
from chats.streaming import RunStream, Text, valkey
from companions.models import Companion, Value
from humana.checks import role_problems
from humana.kernel.actor import Actor
from humana.kernel.errors import NotAllowed, NotFound, Unauthenticated
from tenants.context import TenantContext, use_tenant
from tenants.db.catalogue import Expected, problems
from tenants.models import (
    ApiKey,
    Isolation,
    Membership,
    Organization,
    Placement,
    Position,
    Role,
    Team,
)
from tenants.queries import context_of
from tenants.transactions import tenant_atomic
from tests.architecture.catalogue import APP, OWNER
from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS
from tests.isolation.cells import Case, leak, leak_of
from tests.isolation.conftest import At
from tests.isolation.pools import pool_of
from tests.isolation.routes import PAGES, routes
from tests.isolation.sql_cells import SqlCase, count, enter, sql_leak
from tests.isolation.test_admin import address, an_operator, row_in, take_in_hand
from tests.isolation.test_cache import keep_and_look
from tests.isolation.test_files import save_and_look
from tests.isolation.test_interleaving import state_of
from tests.isolation.test_pages import outsiders_are_refused
from tests.isolation.test_tasks import refuses_forged_headers, refuses_other_arguments
from tests.isolation.traffic import Action, Ledger, entered_and_rolled_back, rolled_back_from_next_door
from tests.isolation.worlds import in_public, undone

#: A tree, a leaf, two that point at others, one that is append-only.
FEW: list[type[Any]] = [Companion, Chat, Message, Vote, Draft, AuditEntry]


@dataclass(frozen=True)
class Scene:
    """Two worlds of one isolation, the ways into their databases, and two organizations for traffic."""

    left: World
    right: World
    app_at: At
    owner_at: At
    patch: pytest.MonkeyPatch
    crowd: list[TenantContext]

    @property
    def isolation(self) -> str:
        return self.left.placement.isolation


def notices(name: str, scene: Scene) -> bool:
    """Whether the check fails; nothing that it did stays."""
    kind, _, cell = name.partition(".")
    if kind in {"orm", "outside"}:
        label = cell if kind == "orm" else name
        return any(leak(label, Case(one, scene.right, scene.left)) for one in FEW)
    if kind == "sql":
        cases = (SqlCase(one, scene.right, scene.left, scene.app_at) for one in FEW)
        return any(sql_leak(cell, case) for case in cases)
    if kind == "public":
        here, there = in_public(scene.right), in_public(scene.left)
        return any(sql_leak(cell, SqlCase(one, here, there, scene.app_at)) for one in CONTROL_MAKERS)
    if name in BY_THEMSELVES:
        return bool(leak_of(lambda: CHECKS[name](scene), by_itself=True))
    return bool(leak_of(lambda: CHECKS[name](scene), scene.left, scene.right))


def the_cache(scene: Scene) -> None:
    cache.clear()
    try:
        keep_and_look(scene.left.context, scene.right.context)
    finally:
        cache.clear()


def the_files(scene: Scene) -> None:
    save_and_look(scene.left.context, scene.right.context)


def a_forged_task(scene: Scene) -> None:
    refuses_forged_headers("chats.title", scene.left, scene.right)


def a_message_with_other_arguments(scene: Scene) -> None:
    refuses_other_arguments("chats.title", scene.left, scene.right)


def a_run_reference(scene: Scene) -> None:
    """What wakes and stops a run through Valkey: nobody else can name one."""
    left, right = scene.left, scene.right
    signed = encode(left.organization.id, left.run.pk)
    ref = decode(signed)
    assert ref is not None
    assert ref.run_id == left.run.pk
    for organization, run in ((right.organization.id, left.run.pk), (left.organization.id, right.run.pk)):
        forged = RunRef(str(organization), str(run), ref.mark)
        assert decode(msgspec.json.encode(forged)) is None, "a reference that nobody signed was believed"


def a_key_that_ended(scene: Scene) -> None:
    """Revoked, or of somebody who was suspended: nothing opens, at either door."""
    left = scene.left
    for rows, change in (
        (Membership.objects.filter(pk=left.twin.pk), {"state": Membership.State.SUSPENDED}),
        (ApiKey.objects.filter(membership=left.twin), {"revoked_at": left.organization.created_at}),
    ):
        with undone(DEFAULT_DB_ALIAS):
            rows.update(**change)
            assert companions_told(left.key).status_code == 401, change
            with pytest.raises(Unauthenticated):
                models_for(token=left.key, seen_as=Actor())


def a_key_at_home(scene: Scene) -> None:
    """A key opens the organization it was made in: companions there, and no other."""
    listed = companions_told(scene.left.key).json()["results"]
    assert [one["id"] for one in listed] == [str(scene.left.companion.pk)]
    asked = models_for(token=scene.left.key, seen_as=Actor())
    assert [one.id for one in asked] == [scene.left.companion.pk]


def a_narrow_key(scene: Scene) -> None:
    """Made for the trail: it asks no companion and reads no answer."""
    left = scene.left
    ApiKey.objects.filter(membership=left.twin).update(scopes=["audit.read"])
    with pytest.raises(NotAllowed):
        models_for(token=left.key, seen_as=Actor())
    with pytest.raises(NotAllowed):
        read_run(left, slug=None, headers={"authorization": f"Bearer {left.key}"})


def an_event_stream(scene: Scene) -> None:
    """The asynchronous door lets nobody read next door, where no middleware stands."""
    left, right = scene.left, scene.right
    client = Client()
    client.force_login(left.owner.user)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    with pytest.raises(NotAllowed):
        read_run(right, slug=right.slug, session_key=key)
    with pytest.raises(NotAllowed):
        read_run(right, slug=None, session_key=key, headers={"humana-organization": right.slug})


def read_run(
    world: World, *, slug: str | None, session_key: str = "", headers: dict[str, str] | None = None
) -> Any:
    return reader_of(
        headers=headers or {}, session_key=session_key, slug=slug, run_id=world.run.pk, seen_as=Actor()
    )


def companions_told(key: str) -> Any:
    return Client().get("/api/v1/companions/", headers={"authorization": f"Bearer {key}"})


def the_console(scene: Scene) -> None:
    """With `left` in hand its rows are shown, and none of `right`, wherever both are kept."""
    desk = an_operator()
    take_in_hand(desk, scene.left)
    for model in (Value, Membership, ApiKey, Team, Position, Role):
        ours, theirs = (row_in(world, model) for world in (scene.left, scene.right))
        listed = desk.get(address(model, "changelist")).content.decode()
        assert str(ours.pk) in listed, model._meta.label
        assert str(theirs.pk) not in listed, model._meta.label
        assert desk.get(address(model, "change", ours.pk)).status_code == 200
        assert desk.get(address(model, "change", theirs.pk)).status_code == 302


def content_without_a_session(scene: Scene) -> None:
    """What people wrote is closed to an operator who gave no reason."""
    desk = an_operator()
    take_in_hand(desk, scene.left)
    for model in (Chat, Message, Companion):
        assert desk.get(address(model, "changelist")).status_code == 403
        assert desk.get(address(model, "change", row_in(scene.left, model).pk)).status_code == 403


def the_start(scene: Scene) -> None:
    """What every process asks of its role before it answers anybody."""
    assert role_problems() == []


def a_page(scene: Scene) -> None:
    page = next(route for route in routes(PAGES) if route.template.endswith("/companions/"))
    outsiders_are_refused(page, scene.left.owner.user, scene.right)


def a_stream(scene: Scene) -> None:
    """The stream of a run, asked for under the other organization's name."""
    run = scene.left.run.pk

    async def read() -> tuple[int, list[object]]:
        theirs, ours = (RunStream(one.organization.id, run) for one in (scene.left, scene.right))
        await theirs.append(Text("theirs"))
        kept = await valkey().xrange(theirs._key)
        found = await valkey().xlen(ours._key)
        told = [ours._open(fields[b"e"]) for _, fields in kept]
        await valkey().delete(theirs._key, ours._key)
        return found, told

    found, told = asyncio.run(read())
    assert found == 0, "found under the other organization's name"
    assert told == [None], "opened with the other organization's name"


def residence(scene: Scene) -> None:
    """The organization has moved since the block was entered; what is written goes where it lives."""
    before = scene.left.context
    key, pool = before.organization_id, Placement.objects.filter(isolation=Isolation.ROW)
    target = pool.exclude(id=before.placement.id).order_by("name").first()
    assert target is not None
    Organization.objects.filter(id=key).update(placement=target)
    with use_tenant(before), tenant_atomic():
        row = Value.objects.create(title="After the move", description="There")
    assert context_of(key).placement.id == target.id
    with use_tenant(context_of(key)):
        assert Value.objects.filter(id=row.id).exists(), "written where the organization lives no more"


def owner_of_the_tables(scene: Scene) -> None:
    """The owner, who has entered nowhere, sees no row either."""
    owner = scene.owner_at(scene.left)
    owner.execute("SELECT set_config('humana.organization', '', false)")
    assert [count(owner, model, scene.left) for model in FEW] == [0] * len(FEW)


def the_audit(scene: Scene) -> None:
    """What provisioning ends with, and `manage.py audit_placements` repeats."""
    expected = Expected(scene.left.placement.schema, OWNER, APP)
    assert problems(scene.owner_at(scene.left), expected) == []


def the_trail(scene: Scene) -> None:
    """An entry is neither changed nor removed, even by its own organization."""
    app = scene.app_at(scene.left)
    for statement in ("UPDATE audit_auditentry SET action = 'forged'", "DELETE FROM audit_auditentry"):
        with pytest.raises(Exception, match="permission denied"), app.transaction(force_rollback=True):
            enter(app, scene.left)
            app.execute(statement.encode())


def the_address(scene: Scene) -> None:
    """The address of a database is read inside its organization only."""
    alias = scene.left.placement.alias
    if alias == scene.right.placement.alias:
        return
    with use_tenant(scene.right.context), pytest.raises(NotFound):
        open_database(alias)


def what_a_savepoint_undid(scene: Scene) -> None:
    _played(scene, rolled_back_from_next_door)


def what_a_rollback_undid(scene: Scene) -> None:
    _played(scene, entered_and_rolled_back)


def _played(scene: Scene, action: Action) -> None:
    ledger = Ledger(scene.crowd)
    for here, other in (ledger.contexts, ledger.contexts[::-1]):
        action(ledger, here, other)
    ledger.settle()


def handed_back(scene: Scene) -> None:
    context = scene.left.context
    with pool_of(1, context) as pool:
        with use_tenant(context):
            Chat.objects.count()
        connection.close()
        with pool.connection() as raw:
            assert state_of(raw) == ("", "public")


CHECKS: dict[str, Callable[[Scene], None]] = {
    check.__name__: check
    for check in (
        the_cache,
        the_files,
        a_forged_task,
        a_message_with_other_arguments,
        a_run_reference,
        a_key_that_ended,
        a_key_at_home,
        a_narrow_key,
        an_event_stream,
        the_console,
        content_without_a_session,
        the_start,
        a_page,
        a_stream,
        residence,
        owner_of_the_tables,
        the_audit,
        the_trail,
        the_address,
        what_a_savepoint_undid,
        what_a_rollback_undid,
        handed_back,
    )
}
#: Those that need transactions and connections of their own.
BY_THEMSELVES = {
    "the_cache",
    "a_stream",
    "the_address",
    "what_a_savepoint_undid",
    "what_a_rollback_undid",
    "handed_back",
}
