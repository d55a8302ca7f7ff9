"""What of the matrix can notice that a guard is off, by name, for two worlds of one isolation.

orm.CELL   outside.CELL   sql.CELL    the cells, for a few models
everything else                       one check each, below
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from audit.models import AuditEntry
from byoc.databases import open_database
from chats.models import Chat, Draft, Message, Vote
from chats.streaming import RunStream, Text, valkey
from companions.models import Companion, Value
from humana.kernel.errors import NotFound
from tenants.context import TenantContext, use_tenant
from tenants.db.catalogue import Expected, problems
from tenants.models import Isolation, Organization, Placement
from tenants.queries import context_of
from tenants.transactions import tenant_atomic
from tests.architecture.catalogue import APP, OWNER
from tests.fixtures.organizations import World
from tests.isolation.cells import Case, leak, leak_of
from tests.isolation.conftest import At
from tests.isolation.pools import pool_of
from tests.isolation.routes import PAGES, routes
from tests.isolation.sql_cells import SqlCase, count, enter, sql_leak
from tests.isolation.test_cache import keep_and_look
from tests.isolation.test_files import save_and_look
from tests.isolation.test_interleaving import state_of
from tests.isolation.test_pages import outsiders_are_refused
from tests.isolation.test_tasks import refuses_forged_headers
from tests.isolation.traffic import Action, Ledger, entered_and_rolled_back, rolled_back_from_next_door

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
