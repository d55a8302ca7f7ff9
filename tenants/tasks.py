from __future__ import annotations

import uuid

from celery import shared_task

from tenants.jobs import tenant_task
from tenants.services import invitations, letters, support
from tenants.services.placing import clearing, jobs, moving, provision, removing  # noqa: F401  their plans


@tenant_task(support.END_EXPIRED)
def end_expired_support() -> None:
    support.end_expired_support()


@tenant_task(invitations.SEND)
def mail_invitation(invitation_id: str, origin: str) -> None:
    letters.send_invitation(uuid.UUID(invitation_id), origin)


@shared_task(name=jobs.TASK, time_limit=None)  # type: ignore[untyped-decorator]
def work_on_placement(job_id: str) -> None:
    jobs.work_on(uuid.UUID(job_id))


@shared_task(name="tenants.wake_placement_jobs")  # type: ignore[untyped-decorator]
def wake_placement_jobs() -> None:
    moving.clear_due()
    jobs.wake_due()
