"""The usual way to look at many endpoints: a Celery task for each."""

from __future__ import annotations

import asyncio
import os

from celery import Celery

app = Celery("health", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 4


@app.task(name="health.look")  # type: ignore[untyped-decorator]
def look(number: int, url: str) -> None:
    from byoc.adapters.llm.probing import probe
    from tests.benchmarks.health import target

    wanted = target(number, url)
    found = asyncio.run(probe(wanted.spec, wanted.guard))
    assert found.ok, found
