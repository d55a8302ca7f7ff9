"""`python -m tests.benchmarks.tenancy_aliases`: a thousand aliases over fifty databases, used in turn.

Two workers of four threads each enter every alias in an order of their own, again and again, as web
processes do. The server is asked all the while how many connections they hold there.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil

from tests.benchmarks.stage import ROOT, staged, verdict
from tests.plugins.services import Services, run_database

ALIASES = int(os.environ.get("ALIASES", "1000"))
DATABASES = int(os.environ.get("DATABASES", "50"))
PASSES = int(os.environ.get("PASSES", "4"))
WORKERS = 2
THREADS = 4
#: Databases that a worker may know at once; each pool has two connections at most.
MOST = 16
NAME = "bench-worker"
#: By how much memory may differ after the first pass, as a share of it: what an allocator keeps.
FLAT = 0.05


def main() -> int:
    with staged() as services:
        _fill()
        with _watched(services) as counts:
            began = time.perf_counter()
            told = _worked()
            seconds = time.perf_counter() - began
    uses = WORKERS * PASSES * ALIASES
    print(f"{ALIASES:,} aliases over {DATABASES} databases, entered {uses:,} times in {seconds:.0f} s:")
    good = [_connections(counts), *(_memory(number, sizes) for number, sizes in enumerate(told, 1))]
    return 0 if all(good) else 1


def _fill() -> None:
    """The databases, and endpoints of the platform's own that name them."""
    from byoc.models import Endpoint
    from tenants.context import without_tenant
    from tests.plugins.databases import create, disconnect

    disconnect()  # a database that somebody is connected to cannot be copied
    for number in range(DATABASES):
        create(_database(number), template=run_database())
    with without_tenant(reason="a benchmark's endpoints"):
        for number in range(ALIASES):
            endpoint = Endpoint(kind=Endpoint.Kind.DATABASE, type="postgresql", name=f"{number:04}")
            endpoint.options = {"database": _database(number % DATABASES)}
            endpoint.save(force_insert=True)


def _database(number: int) -> str:
    return f"{run_database()}_{number:02}"


@contextmanager
def _watched(services: Services) -> Iterator[list[int]]:
    """How many connections the workers hold to those databases, asked again and again."""
    assert services.postgres is not None
    counts: list[int] = []
    enough = threading.Event()
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname <> %s"

    def ask() -> None:
        assert services.postgres is not None
        with services.postgres.connect("postgres") as administrator:
            while not enough.wait(0.02):
                row = administrator.execute(query, [NAME, run_database()]).fetchone()
                counts.append(row[0] if row else 0)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield counts
    finally:
        enough.set()
        thread.join()


def _worked() -> list[list[int]]:
    """What each worker says: its memory after each pass, in bytes."""
    command = [sys.executable, "-m", "tests.benchmarks.tenancy_aliases", "worker"]
    environment = os.environ | {
        "PGAPPNAME": NAME,
        "HUMANA_MOST_DATABASES": str(MOST),
        "HUMANA_LOG_LEVEL": "ERROR",
    }
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(WORKERS)
    ]
    said = [one.communicate()[0] for one in started]
    if any(one.returncode for one in started):
        raise RuntimeError("a worker failed")
    return [[int(line) for line in text.split()] for text in said]


def _connections(counts: list[int]) -> bool:
    from tenants.db.aliases import POOL

    cap = WORKERS * MOST * int(POOL["max_size"])
    told = f"  connections of {WORKERS} workers, asked {len(counts):,} times: {max(counts)} at most"
    return verdict(told, f"never above {cap}", holds=0 < max(counts) <= cap)


def _memory(number: int, sizes: list[int]) -> bool:
    first, last = sizes[0], sizes[-1]
    told = ", ".join(f"{size / 2**20:.1f}" for size in sizes)
    grown = last / first - 1
    figure = f"  memory of worker {number} after each pass: {told} MiB: {grown:+.1%}"
    return verdict(figure, f"at most {FLAT:+.0%}", holds=grown <= FLAT)


def work() -> int:
    """What a worker does: prints its memory after each pass over all aliases."""
    import django

    django.setup()
    from byoc.databases import alias_of
    from byoc.models import Endpoint
    from tenants.context import PlacementRef, TenantContext, without_tenant

    with without_tenant(reason="a benchmark's endpoints"):
        aliases = [alias_of(one) for one in Endpoint.objects.all()]
    places = [PlacementRef(uuid.uuid4(), alias, "pool_main", "database") for alias in aliases]
    contexts = [TenantContext(uuid.uuid4(), "bench", place) for place in places]
    with ThreadPoolExecutor(THREADS) as threads:
        for _pass in range(PASSES):
            random.shuffle(contexts)
            list(threads.map(_enter, contexts))
            print(psutil.Process().memory_info().rss, flush=True)
    return 0


def _enter(context: Any) -> None:
    """One request: something is read there, then the thread leaves."""
    from django.core.signals import request_finished

    from chats.models import Chat
    from tenants.context import use_tenant

    with use_tenant(context):
        assert Chat.objects.count() == 0
    request_finished.send(sender=None)


if __name__ == "__main__":
    raise SystemExit(work() if sys.argv[1:] == ["worker"] else main())
