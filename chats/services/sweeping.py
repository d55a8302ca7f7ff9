"""Runs nobody works on any more: asked again if they never began, ended if their owner died."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from chats.models import Run
from chats.services.runs import end_unowned
from chats.signals import wake_runner
from tenants.context import current_tenant, use_tenant
from tenants.services.pending import clear_pending, mark_pending, organizations_with

#: A run that nobody has taken after this many seconds is announced again.
TAKEN_WITHIN = 5


def sweep_runs() -> None:
    """Look only at organizations with a marker; keep the marker while a run lives."""
    for organization_id in organizations_with("run"):
        clear_pending(organization_id, "run")
        with use_tenant(organization_id):
            if _sweep_here():
                mark_pending(organization_id, "run")


def _sweep_here() -> bool:
    """Returns whether runs are still alive here."""
    organization_id = current_tenant().organization_id
    late = timezone.now() - timedelta(seconds=TAKEN_WITHIN)
    for run in list(Run.objects.filter(state__in=Run.LIVE)):
        if run.state == Run.State.QUEUED and run.created_at < late:
            wake_runner(organization_id, run.id)
        elif run.state == Run.State.STREAMING:
            end_unowned(run_id=run.id, state=Run.State.INTERRUPTED, error="owner_lost")
    return Run.objects.filter(state__in=Run.LIVE).exists()
