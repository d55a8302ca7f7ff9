"""A placement job done here instead of by a worker, with its progress on the terminal."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper
from django.utils import timezone

from tenants.management.bar import draw, wipe
from tenants.models import PlacementJob
from tenants.services.placing import jobs


def work(job: PlacementJob, *, out: OutputWrapper, problems: OutputWrapper) -> None:
    """Until it is over or an operator is needed; where trying again may help, it is."""
    with jobs.watching(lambda step, done, total: draw(out, done, total, step)):
        while jobs.work_on(job.id) is not None:
            job.refresh_from_db()
            if job.state != PlacementJob.State.RUNNING:
                return
            problems.write(f"{wipe(problems)}{job.step}: {job.error}")
            time.sleep(max(0.0, (job.retry_at - timezone.now()).total_seconds()) if job.retry_at else 0)
    job.refresh_from_db()
