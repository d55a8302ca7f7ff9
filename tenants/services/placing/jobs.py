"""The state machine of placement jobs: steps in order, one worker at a time, resumed where cut off.

A worker holds an advisory lock on a connection of its own, so the lock ends with the worker, however
it ends. `step` is written after each step; a step that was cut off is run again, which each of them
bears.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from celery import current_app
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from humana.kernel.actor import current_actor
from humana.kernel.errors import EndpointError, HumanaError, Misconfigured, Unavailable
from humana.kernel.registry import Registry
from tenants.models import Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.placing.reports import keep

log = logging.getLogger(__name__)

#: Attempts at one step before an operator has to look.
MOST_ATTEMPTS = 5
#: As much of a problem as is kept, in characters.
ERROR_LENGTH = 2000
TASK = "tenants.work_on_placement"


@dataclass(frozen=True, slots=True)
class Step:
    """`act` may be run again after it was cut off anywhere; what it returns joins the report.

    `label` is what operators read of a step that this floor does not know.
    """

    name: str
    act: Callable[[PlacementJob], dict[str, Any] | None]
    label: Any = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """A step of a higher floor in one kind of job, before the step of that name; without one, the last.

    What a set-up makes its removal takes away, and bears that it was never made: a set-up may have
    stopped before.
    """

    kind: str
    step: Step
    before: str = ""


Watcher = Callable[[str, int, int], None]
_watcher: ContextVar[Watcher | None] = ContextVar("humana_job_watcher", default=None)

#: Filled by the modules beside this one: the steps of each kind of job.
PLANS: dict[str, Callable[[], Sequence[Step]]] = {}
#: Filled by higher floors when their app is ready: `joined.add("chats.stop", Joined(...))`.
joined: Registry[Joined] = Registry("step of a placement job")


def steps_of(kind: str) -> list[Step]:
    """Every step of this kind of job, in order; the ones that joined at one place by their names."""
    steps = list(PLANS[kind]())
    for one in map(joined.get, joined):
        if one.kind == kind:
            steps.insert(_place_of(one.before, steps) if one.before else len(steps), one.step)
    names = [step.name for step in steps]
    if len(set(names)) < len(names):
        raise Misconfigured(f"two steps of {kind!r} have one name: {', '.join(names)}")
    return steps


def _place_of(name: str, steps: Sequence[Step]) -> int:
    names = [step.name for step in steps]
    if name not in names:
        raise Misconfigured(f"there is no step {name!r}; known: {', '.join(names)}")
    return names.index(name)


def begin(
    *,
    kind: str,
    organization: Organization,
    source: Placement | None = None,
    target: Placement | None = None,
    report: dict[str, Any] | None = None,
    later: bool = True,
) -> PlacementJob:
    """Note the job; a worker takes it once this transaction commits, unless `later` is off.

    `report` is what its steps must know from the beginning.
    """
    steps = steps_of(kind)
    job = PlacementJob.objects.create(
        organization=organization,
        slug=organization.slug,
        kind=kind,
        source=source,
        target=target,
        step=steps[0].name,
        report=report or {},
        started_by=current_actor().user_id,
    )
    if later:
        transaction.on_commit(lambda: wake(job.id))
    return job


def wake(job_id: uuid.UUID) -> None:
    """Ask a worker to go on; where none can be asked the sweep does."""
    try:
        current_app.tasks[TASK].apply_async(kwargs={"job_id": str(job_id)}, retry=False)
    except OperationalError:
        log.warning("broker unreachable; the sweep will wake placement job %s", job_id)


def wake_due() -> int:
    """Wake every running job whose time has come; a worker that is at it already keeps it."""
    due = PlacementJob.objects.filter(state=PlacementJob.State.RUNNING).exclude(retry_at__gt=timezone.now())
    for job_id in due.values_list("id", flat=True):
        wake(job_id)
    return len(due)


def work_on(job_id: uuid.UUID) -> PlacementJob | None:
    """Do the steps that are left. None when another worker is at it, or nothing is left to do.

    What stops it is kept in no language: pages translate it for whoever reads.
    """
    with alone(job_id) as mine, translation.override(None):
        job = (
            PlacementJob.objects.select_related("organization", "source", "target").filter(id=job_id).first()
        )
        if not mine or job is None or job.state != PlacementJob.State.RUNNING:
            return None
        try:
            for step in _left(job):
                if _is_in_vain(job):
                    finish(job, PlacementJob.State.UNDONE)
                    return job
                _do(job, step)
            finish(job, PlacementJob.State.DONE)
        except Exception as error:  # noqa: BLE001  it is written down, for an operator to read
            _give_back(job, error)
        return job


def try_again(*, job: PlacementJob) -> None:
    """An operator has mended what was wrong."""
    failed = PlacementJob.objects.filter(id=job.id, state=PlacementJob.State.FAILED)
    if failed.update(state=PlacementJob.State.RUNNING, attempts=0, error="", retry_at=None):
        transaction.on_commit(lambda: wake(job.id))


def progress(job: PlacementJob, done: int, total: int) -> None:
    """Tell whoever watches how far the current step is."""
    PlacementJob.objects.filter(id=job.id).update(done=done, total=total, updated_at=timezone.now())
    watched = _watcher.get()
    if watched is not None:
        watched(job.step, done, total)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Whatever a job tells within this block is told to `watcher(step, done, total)` too."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def _left(job: PlacementJob) -> list[Step]:
    steps = steps_of(job.kind)
    if job.step and job.step not in {step.name for step in steps}:
        message = _("This worker does not know the step “%(step)s”: it is of another release.")
        raise Unavailable(message % {"step": job.step}, retry_after=60)
    return steps[_place_of(job.step, steps) :] if job.step else []


def _is_in_vain(job: PlacementJob) -> bool:
    """Whether the organization is being removed meanwhile, with all that would be made for it."""
    if job.kind == PlacementJob.Kind.REMOVE:
        return False
    removing = Organization.objects.filter(state=Organization.State.REMOVING)
    return removing.filter(placement_jobs=job.id).exists()


def _do(job: PlacementJob, step: Step) -> None:
    job.step = step.name
    began = timezone.now()
    PlacementJob.objects.filter(id=job.id).update(step=step.name, done=0, total=0, updated_at=began)
    told = step.act(job) or {}
    seconds = (timezone.now() - began).total_seconds()
    job.report = {**job.report, **told, "seconds": {**job.report.get("seconds", {}), step.name: seconds}}
    rest = _left(job)[1:]
    job.step = rest[0].name if rest else ""
    job.attempts = 0
    job.save(update_fields=["step", "report", "attempts", "updated_at"])


def _give_back(job: PlacementJob, error: Exception) -> None:
    """Try again soon, by itself where that can help; an operator reads why it stopped."""
    log.warning("placement job %s stopped at %s", job.id, job.step, exc_info=error)
    job.attempts += 1
    job.error = str(error)[:ERROR_LENGTH] if isinstance(error, HumanaError) else _unforeseen(error)
    if _is_hopeless(error) or job.attempts >= MOST_ATTEMPTS:
        job.state = PlacementJob.State.FAILED
    pause = error.retry_after if isinstance(error, Unavailable) else 5 * job.attempts
    job.retry_at = timezone.now() + timedelta(seconds=pause)
    job.save(update_fields=["state", "attempts", "error", "retry_at", "updated_at"])


def _is_hopeless(error: Exception) -> bool:
    """Whether trying again without changing something is in vain."""
    if isinstance(error, EndpointError):
        return error.permanent
    return isinstance(error, HumanaError) and not isinstance(error, Unavailable)


def _unforeseen(error: Exception) -> str:
    return _("Something failed on our side (%(kind)s). It is tried again.") % {"kind": type(error).__name__}


def finish(job: PlacementJob, state: str) -> None:
    """Over for good; the report is signed, and among the organization's files."""
    job.finished_at = timezone.now()
    keep(job, state=state)
    job.state, job.error, job.retry_at = state, "", None
    job.save(update_fields=["state", "error", "retry_at", "finished_at", "signature", "updated_at"])


@contextmanager
def alone(job_id: uuid.UUID) -> Iterator[bool]:
    """Whether nobody else is at the job, which stays so for the block, and not a moment longer."""
    key = job_id.int % 2**63
    with owner_connection() as connection:
        (mine,) = connection.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() or (False,)
        try:
            yield bool(mine)
        finally:
            if mine:
                with suppress(psycopg.Error):  # the server lets go anyway once it sees that we are gone
                    connection.execute("SELECT pg_advisory_unlock(%s)", [key])
