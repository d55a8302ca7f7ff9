"""`make bench-broadcast`: one message to 10,000 companions, set by set, and as a Celery task each.

Ours is all of it: judged, written, numbered, woken for and delivered. The usual way is measured on a
sample of the same copies, one task for each, and reckoned up. CPU is that of sender and worker together;
PostgreSQL's own is told beside it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import uuid
from typing import Any

import psutil

from tests.benchmarks.stage import ROOT, Process, staged, verdict

COMPANIONS = int(os.environ.get("COMPANIONS", "10000"))
SAMPLE = int(os.environ.get("SAMPLE", "300"))
ROUNDS = 3


def main() -> int:
    with staged() as services:
        world, sender = _organization()
        database = psutil.Process(services.postgres.child.process.pid) if services.postgres else None
        rounds = [_sent_to_all(world, sender, database) for _round in range(ROUNDS)]
        each = _task_each(world, sender, services)
    seconds, cpu, _within = min(rounds)
    print(f"{COMPANIONS:,} companions                              seconds   CPU s    in PostgreSQL")
    for number, (wall, used, within) in enumerate(rounds, 1):
        print(f"to all, round {number:<32} {wall:8.2f}  {used:6.2f}   {within:6.2f}")
    wall, used = (figure * COMPANIONS for figure in each)
    print(f"a task each (reckoned up from {SAMPLE:<5})            {wall:8.2f}  {used:6.2f}")
    quick = verdict(f"one message to {COMPANIONS:,} takes {seconds:.2f} s", "<= 1 s", holds=seconds <= 1)
    ratio = each[1] * COMPANIONS / cpu
    cheap = verdict(f"a task each takes {ratio:.0f} times the CPU", ">= 50", holds=ratio >= 50)
    return 0 if quick and cheap else 1


def _organization() -> tuple[Any, Any]:
    from companions.models import Companion
    from tenants.context import use_tenant
    from tests.fixtures.organizations import build_world

    world = build_world("bench")
    with use_tenant(world.context):
        Companion.objects.bulk_create(
            (
                Companion(
                    slug=f"c-{number}", name=f"Companion {number}", purpose="Answers", base_prompt="Hi."
                )
                for number in range(COMPANIONS - Companion.objects.count() + 1)
            ),
            batch_size=1_000,
        )
        return world, Companion.objects.get(id=world.companion.id)


def _sent_to_all(world: Any, sender: Any, database: psutil.Process | None) -> tuple[float, float, float]:
    """Seconds, CPU here, CPU of PostgreSQL: sent and delivered to everybody."""
    from companions.models import Delivery
    from companions.services.delivering import deliver_to_all
    from companions.services.sending import send_message
    from tenants.context import use_tenant

    with use_tenant(world.context):
        began, before, within = time.monotonic(), _cpu(), _cpu_of(database)
        sent = send_message(
            member=world.owner, sender=sender, kind="knowledge_share", text="Closed on Monday."
        )
        deliver_to_all(sent.id)
        figures = time.monotonic() - began, _cpu() - before, _cpu_of(database) - within
        delivered = Delivery.objects.filter(message=sent, state=Delivery.State.DELIVERED).count()
        assert delivered == COMPANIONS, delivered
    return figures


def _task_each(world: Any, sender: Any, services: Any) -> tuple[float, float]:
    """Seconds and CPU for one companion: a task that judges, writes and delivers one copy."""
    import redis

    from companions.models import Companion, CompanionMessage, Delivery
    from tenants.context import use_tenant
    from tests.benchmarks.broadcast_task import deliver_one

    with use_tenant(world.context):
        ids = list(Companion.objects.exclude(id=sender.id).values_list("id", flat=True)[: SAMPLE + 40])
        message = CompanionMessage.objects.latest("created_at")
        Delivery.objects.filter(message=message, recipient_id__in=ids).delete()
    queue = redis.Redis.from_url(os.environ["REDIS_URL"])
    worker = _worker(services)
    try:
        _send(queue, deliver_one, world, message.id, ids[:40])  # the first load modules
        began, before, ours = time.monotonic(), worker.cpu(), _cpu()
        _send(queue, deliver_one, world, message.id, ids[40:])
        wall, cpu = time.monotonic() - began, worker.cpu() - before + _cpu() - ours
    finally:
        worker.stop()
    with use_tenant(world.context):
        assert Delivery.objects.filter(
            message=message, recipient_id__in=ids, state="delivered"
        ).count() == len(ids)
    return wall / SAMPLE, cpu / SAMPLE


def _send(queue: Any, task: Any, world: Any, message_id: uuid.UUID, ids: list[uuid.UUID]) -> None:
    for one in ids:
        task.delay(str(world.organization.id), str(message_id), str(one))
    idle = 0
    while idle < 3:
        time.sleep(0.05)
        idle = 0 if queue.llen("celery") or queue.hlen("unacked") else idle + 1


def _worker(services: Any) -> Process:
    log = services.home / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.broadcast_task", "worker"]
    command += ["-P", "threads", "-c", "4", "--loglevel", "warning"]
    popen = subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ), stdout=log.open("ab"), stderr=log.open("ab")
    )
    return Process(popen, "", log)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _cpu_of(process: psutil.Process | None) -> float:
    tree = [process, *process.children()] if process else []
    return sum(sum(one.cpu_times()[:2]) for one in tree)


if __name__ == "__main__":
    raise SystemExit(main())
