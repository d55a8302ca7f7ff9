from __future__ import annotations

from tenants.jobs import tenant_task
from tenants.services import support


@tenant_task(support.END_EXPIRED)
def end_expired_support() -> None:
    support.end_expired_support()
