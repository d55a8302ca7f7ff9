"""Runs nobody works on any more: asked again if they never began, ended if their owner died."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from chats.models import Run
from chats.services.runs import end_unowned, owner_lives
from chats.signals import wake_runner
from chats.streaming import said_so_far
from tenants.context import current_tenant
from tenants.models import PendingWork
from tenants.services.pending import sweep_pending

#: A run that nobody has taken after this many seconds is announced again.
TAKEN_WITHIN = 5


def sweep_runs() -> None:
    """Look only at organizations with a marker; it stays while a run lives."""
    sweep_pending(PendingWork.Kind.RUN, _look_after, _any_alive)


def _look_after() -> None:
    organization_id = current_tenant().organization_id
    late = timezone.now() - timedelta(seconds=TAKEN_WITHIN)
    for run in list(Run.objects.filter(state__in=Run.LIVE)):
        if run.state == Run.State.QUEUED and run.created_at < late:
            wake_runner(organization_id, run.id)
        elif run.state == Run.State.STREAMING and not owner_lives(run.owner):
            said = said_so_far(organization_id, run.id)
            end_unowned(run_id=run.id, state=Run.State.INTERRUPTED, error="owner_lost", said=said)


def _any_alive() -> bool:
    return Run.objects.filter(state__in=Run.LIVE).exists()
