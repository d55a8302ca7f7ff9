"""The usual way to look at many endpoints: a Celery task for each."""

from __future__ import annotations

import asyncio
import os
import uuid

import django
from celery import Celery
from django.utils import timezone

django.setup()

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


@app.task(name="health.whole")  # type: ignore[untyped-decorator]
def whole(organization_id: str, endpoint_id: str) -> None:
    """All that a sweep does, for one: enter, read, look, keep."""
    from byoc import endpoints
    from byoc.adapters.llm.probing import probe
    from byoc.models import Endpoint
    from byoc.probing import Look, Target
    from byoc.services import health

    owner = uuid.UUID(organization_id)
    with health.inside_of(owner):
        row = Endpoint.objects.get(id=endpoint_id)
        wanted = Target(owner, endpoints.spec_of(row), endpoints.guard_for(owner))
    found = asyncio.run(probe(wanted.spec, wanted.guard))
    with health.inside_of(owner):
        health.keep(owner, [Look(wanted, found, timezone.now())])
