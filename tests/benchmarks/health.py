"""`make bench-health`: 2,000 endpoints that answer after 100 ms, as one sweep and as a Celery task each.

Both ask the same server with the same probe. The sweep is measured twice: the looks alone, and with the rows
of twenty organizations read and kept. Tasks are measured on a sample and reckoned up.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.benchmarks.stage import ROOT, Process, answering, staged, verdict

if TYPE_CHECKING:
    from byoc.probing import Target

ENDPOINTS = 2_000
ORGANIZATIONS = 20
SAMPLE = 300
THREADS = 32


def target(number: int, url: str) -> Target:
    from byoc.contracts import EndpointSpec
    from byoc.probing import Target
    from humana.kernel.egress import Grant, Guard

    spec = EndpointSpec(f"e{number}", "llm", "custom", f"{url}/200-100/{number}/v1", key="sk-bench")
    grant = Grant.for_url(url, owner="platform", reason="benchmark")
    return Target(uuid.UUID(int=number % ORGANIZATIONS), spec, Guard("platform", [grant]))


def measured(act: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall clock and of this process's CPU."""
    wall, cpu = time.monotonic(), _cpu()
    act()
    return time.monotonic() - wall, _cpu() - cpu


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with staged() as services:
        service = answering(services)
        try:
            _look(service.url, 200)  # the first loads modules
            wall, cpu = min(measured(lambda: _look(service.url, ENDPOINTS)) for _ in range(3))
            whole, whole_cpu = _swept(service.url)
            (look_wall, look_cpu), (each_wall, each_cpu) = _by_tasks(service.url, services)
        finally:
            service.stop()
    print(f"{ENDPOINTS} endpoints of 100 ms                      seconds   CPU ms each")
    _line("one sweep, the looks alone", wall, cpu / ENDPOINTS)
    _line(f"one sweep, {ORGANIZATIONS} organizations read and kept", whole, whole_cpu / ENDPOINTS)
    _line(f"a Celery task each, the look alone (of {SAMPLE})", look_wall * ENDPOINTS, look_cpu)
    _line(f"a Celery task each, read and kept (of {SAMPLE})", each_wall * ENDPOINTS, each_cpu)
    quick = verdict(f"the looks take {wall:.2f} s at 200 in flight", "<= 2 s", holds=wall <= 2)
    ratio = each_cpu * ENDPOINTS / whole_cpu
    cheap = verdict(f"a task each takes {ratio:.1f} times the CPU of a sweep", ">= 10", holds=ratio >= 10)
    return 0 if quick and cheap else 1


def _line(what: str, seconds: float, cpu: float) -> None:
    print(f"{what:<46} {seconds:8.2f}   {cpu * 1000:8.2f}")


def _look(url: str, number: int) -> None:
    from byoc.probing import looks

    found = [look for batch in looks(target(one, url) for one in range(number)) for look in batch]
    assert len(found) == number
    assert all(look.health.ok for look in found), next(look for look in found if not look.health.ok)


def _swept(url: str) -> tuple[float, float]:
    """The whole of it: due organizations, their endpoints, what is kept."""
    from byoc.services import health
    from tests.byoc.rows import connected
    from tests.fixtures.organizations import build_world

    for number in range(ORGANIZATIONS):
        world = build_world(f"bench-{number}")
        for one in range(ENDPOINTS // ORGANIZATIONS):
            connected(world, f"{url}/200-100/v1", name=f"e{one}")
    done: list[Any] = []
    result = measured(lambda: done.append(health.sweep()))
    assert (done[0].looked_at >= ENDPOINTS, done[0].bad) == (True, 0), done
    return result


@contextmanager
def _worker(services: Any) -> Any:
    log = (services.home / "worker.log").open("ab")
    command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.health_task", "worker"]
    command += ["-P", "threads", "-c", str(THREADS), "--loglevel", "warning"]
    popen = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=log, stderr=log)
    process = Process(popen, "", services.home / "worker.log")
    try:
        yield process
    finally:
        process.stop()


def _by_tasks(url: str, services: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds of wall clock and of CPU for one, sender and worker together: the look alone, and all of it."""
    from byoc.models import Endpoint
    from byoc.services.health import inside_of
    from tenants.models import Organization
    from tests.benchmarks.health_task import look, whole

    owner = Organization.objects.get(slug="bench-0").id
    with inside_of(owner):
        ids = list(Endpoint.objects.values_list("id", flat=True))
    with _worker(services) as worker:
        looks = _sent(worker, lambda number: look.delay(number, url))
        return looks, _sent(worker, lambda number: whole.delay(str(owner), str(ids[number % len(ids)])))


def _sent(worker: Process, send: Callable[[int], object]) -> tuple[float, float]:
    import redis

    queue = redis.Redis.from_url(os.environ["REDIS_URL"])
    for number in range(40):  # the first load modules
        send(number)
    _until_done(queue)
    began, before, ours = time.monotonic(), worker.cpu(), _cpu()
    for number in range(SAMPLE):
        send(number)
    _until_done(queue)
    return (time.monotonic() - began) / SAMPLE, (worker.cpu() - before + _cpu() - ours) / SAMPLE


def _until_done(queue: Any) -> None:
    """Nothing waits and nothing is under way, twice in a row."""
    idle = 0
    while idle < 3:
        time.sleep(0.05)
        idle = 0 if queue.llen("celery") or queue.hlen("unacked") else idle + 1


if __name__ == "__main__":
    raise SystemExit(main())
