"""`python -m tests.benchmarks.tenancy_move`: 100,000 messages of an organization carried, beside plain COPY.

The alternative is a superuser's COPY of the same rows, piped into equal tables (the same indexes and
references, no row-level security, no digests), measured before each way. People work meanwhile.
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from typing import Any

from tests.benchmarks.stage import staged, verdict
from tests.plugins.services import Services, run_database

ROWS = int(os.environ.get("ROWS", "100000"))
CHATS = 200
PEOPLE = 5
WAYS = ("schema", "database", "row")


def main() -> int:
    with staged() as services:
        organization = _organization()
        _make_plain()
        good = [_way(services, organization, isolation) for isolation in WAYS]
    return 0 if all(good) else 1


def _organization() -> Any:
    from tests.fixtures.organizations import build_world

    world = build_world("harbour")
    _converse(world)
    return world.organization


def _converse(world: Any) -> None:
    from django.utils import timezone

    from chats.models import Chat, Message
    from tenants.context import use_tenant

    now = timezone.now()
    with use_tenant(world.context):
        chats = Chat.objects.bulk_create(
            Chat(
                owner_id=world.twin.user_id, companion=world.companion, title=f"Chat {n}", last_message_at=now
            )
            for n in range(CHATS)
        )
        text = "How much of the budget is left, and who has asked for it? " * 5
        for chat in chats:
            messages: list[Message] = []
            for turn in range(ROWS // CHATS):
                parent = messages[-1] if messages else None
                messages.append(Message(chat=chat, parent=parent, role="person", text=f"{turn}: {text}"))
            Message.objects.bulk_create(messages)


def _make_plain() -> None:

    from tenants.db import replay
    from tenants.db.copying import tables
    from tenants.owner import owner_connection

    with owner_connection() as owner:
        replay.create_schema(owner, "plain")
        for table in tables():
            owner.execute(f'ALTER TABLE plain."{table.name}" NO FORCE ROW LEVEL SECURITY'.encode())
            owner.execute(f'ALTER TABLE plain."{table.name}" DISABLE ROW LEVEL SECURITY'.encode())


def _way(services: Services, organization: Any, isolation: str) -> bool:
    from tenants.models import PlacementJob
    from tenants.services.placing import jobs, moving
    from tests.tenants.writers import people_at_work

    organization.refresh_from_db()
    plain = statistics.median(_plain(services, organization) for _ in range(3))
    with people_at_work(organization.id, number=PEOPLE) as people:
        job = moving.move(organization=organization, isolation=isolation, later=False)
        jobs.work_on(job.id)
    job = PlacementJob.objects.select_related("organization", "source", "target").get(id=job.id)
    assert job.state == "done", job.error
    assert people.must_be_there().items() <= people.found().items(), "a row was lost"
    _clear(job)
    return _verdict(job, plain, people)


def _clear(job: Any) -> None:
    """As after the rollback window, so that each way begins with nothing there."""
    from tenants.models import PlacementJob
    from tenants.services.placing import clearing, jobs

    PlacementJob.objects.filter(id=job.id).update(keep_until=None)
    cleared = clearing.clear(organization=job.organization, placement=job.source, later=False)
    jobs.work_on(cleared.id)


def _verdict(job: Any, plain: float, people: Any) -> bool:
    report = job.report
    carried = report["seconds"]["carry"]
    rounds = " + ".join(f"{one['rows']:,} in {one['seconds']:.2f} s" for one in report["rounds"])
    print(
        f"{job.source.isolation} to {job.target.isolation}: {report['rows']:,} rows; rounds {rounds};"
        f" {people.writes} writes meanwhile, the longest waited {people.longest:.2f} s"
    )
    ratio = carried / plain
    told = f"  carried and proved in {carried:.2f} s against COPY in {plain:.2f} s: {ratio:.1f}x"
    freeze = report["freeze_ms"] / 1000
    quick = verdict(told, "at most 5x", holds=ratio <= 5)
    return verdict(f"  nobody could write for {freeze:.2f} s", "at most 2 s", holds=freeze <= 2) and quick


def _plain(services: Services, organization: Any) -> float:
    """Seconds of the pipe into empty equal tables, committed."""
    from tenants.context import use_tenant
    from tenants.db.copying import tables
    from tenants.owner import owner_settings

    with use_tenant(organization.context):
        database = owner_settings(organization.placement.database)["NAME"]
    assert services.postgres is not None
    with (
        services.postgres.connect(database) as source,
        services.postgres.connect(run_database()) as target,
    ):
        target.execute("TRUNCATE " + ", ".join(f'plain."{table.name}"' for table in tables()))
        began = time.perf_counter()
        with target.transaction():
            for table in tables():
                _pipe(source, target, organization, table)
        return time.perf_counter() - began


def _pipe(source: Any, target: Any, organization: Any, table: Any) -> None:
    columns = ", ".join(f'"{column}"' for column in table.columns)
    schema, key = organization.placement.schema_name, uuid.UUID(str(organization.id))
    chosen = f'SELECT {columns} FROM "{schema}"."{table.name}" WHERE organization_id = \'{key}\''
    out = f"COPY ({chosen}) TO STDOUT (FORMAT binary)"
    into = f'COPY plain."{table.name}" ({columns}) FROM STDIN (FORMAT binary)'
    with source.cursor().copy(out) as reading, target.cursor().copy(into) as writing:
        for block in reading:
            writing.write(block)


if __name__ == "__main__":
    raise SystemExit(main())
