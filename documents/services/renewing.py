"""A change of the model of embeddings, without a moment in which nothing is found by its meaning.

look_again()     an endpoint of embeddings was changed: whoever is told begins
wanting(model)   noted by whoever is first told a vector of another model (`vectors`)
renew()          a part of the work, so many passages at a time: those that were written in an older way are
                 rewritten (`rewriting`), then they get vectors of the new model beside the old
the last part    turns questions over to the new model, then drops the vectors of the old
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.utils import timezone

from byoc import endpoints
from documents.meaning import model_key, model_now
from documents.models import Chunk, ChunkVector, Meaning
from documents.services.metered import OVER_BUDGET, metered_vectors
from documents.services.rewriting import outdated, rewrite
from documents.services.vectors import PENDING, embed, held, mark_waiting, wanting, without_vector
from documents.standing import name_in, standing
from humana.kernel.errors import EndpointError, Unavailable
from tenants.context import current_tenant, use_tenant
from tenants.jobs import publish
from tenants.places import gather
from tenants.queries import working_organizations
from tenants.services.pending import sweep_pending
from tenants.transactions import on_tenant_commit, tenant_atomic

log = logging.getLogger(__name__)

#: Passages of one organization in one part: a part begins every 15 seconds, so at most 16 a second.
PART = 240
#: How long it is left alone after it failed, by whether that is for good.
PAUSE = {False: timedelta(minutes=1), True: timedelta(minutes=15)}
RENEW, LOOK_AGAIN = "documents.renew_meaning", "documents.look_again"
#: Vectors dropped in one transaction.
DROPPED = 2_000
#: A worker that has not said so for this long is not at it any more.
BUSY = timedelta(minutes=5)


def sweep() -> None:
    """Wake a worker for each organization whose passages wait."""
    sweep_pending(PENDING, _wake, unfinished)


def embeddings_changed(organization_id: uuid.UUID) -> None:
    """In the organization and the transaction of the change; see `humana.kernel.ports`.

    Where the organization is in another database the task may come before that commits: then a sweep does it.
    """
    mark_waiting()
    on_tenant_commit(lambda: publish(LOOK_AGAIN, organization_id, {}, None))


def look_again() -> None:
    """For a worker, once an endpoint was changed: no pause counts any more, nobody waits for a question."""
    endpoints.forget()  # what this process knows may be a second old
    gather(_look)


def _look() -> list[None]:
    paused = Meaning.objects.filter(state=Meaning.State.WAITING)
    paused.update(busy_until=None)
    if unfinished():
        mark_waiting()
        _wake()
    return []


def look_everywhere() -> None:
    """For what nobody noticed: a model that changed with a deploy, a worker that gave up. Seldom."""
    for context in working_organizations():
        try:
            with use_tenant(context):
                if unfinished():
                    mark_waiting()
        except Unavailable:
            continue  # being moved or updated: the next round comes
        except Exception:
            where = {"organization": str(context.organization_id), "placement": str(context.placement.id)}
            log.exception("passages not looked at", extra=where)


def unfinished() -> bool:
    """Whether passages of this placement are of an older form, or lack a vector of the model it has now."""
    if outdated().exists():
        return True
    here = standing()
    if not here.wanted or name_in(here.wanted) != model_now():
        return Chunk.objects.exists()
    if here.serving != here.wanted or here.state != Meaning.State.STEADY:
        return True
    return without_vector(Chunk.objects.all(), here.wanted).exists()


def renew() -> None:
    """One part of the work in this placement, by one worker at a time; one that dies is followed."""
    if not _taken():
        return
    pause = timedelta()
    try:
        _part()
    except EndpointError as error:
        log.info("passages wait for their vectors", extra={"error": error.code})
        pause = PAUSE[error.permanent]
        _failed(error)
    finally:
        Meaning.objects.update(busy_until=timezone.now() + pause)


def _wake() -> None:
    busy = standing().busy_until
    if busy is None or busy <= timezone.now():
        publish(RENEW, current_tenant().organization_id, {}, None)


def _part() -> None:
    """Words first, by a part of its own: they need no model."""
    if rewrite(PART):
        _progress(outdated().count())
        return
    told = metered_vectors(["."])  # what it is and how long its vectors are, only it can say
    wanting(model_key(told.model, told.dims))
    embed(Chunk.objects.all(), most=PART)
    left = without_vector(Chunk.objects.all(), standing().wanted).count()
    _progress(left)
    if not left:
        _turn_over()


def _failed(error: EndpointError) -> None:
    """Said on pages, but where there never was a model: then words alone are how it is."""
    if standing().serving or not error.permanent or error.code == OVER_BUDGET:
        Meaning.objects.update(state=Meaning.State.WAITING, problem=error.code[:60])
        return
    Meaning.objects.update(state=Meaning.State.STEADY)


def _progress(left: int) -> None:
    with tenant_atomic():
        row = held()
        row.total = Chunk.objects.count()
        row.done, row.problem = max(row.total - left, 0), ""
        row.state = Meaning.State.RENEWING
        row.save()


def _turn_over() -> None:
    """Questions first, then what nobody asks any more."""
    with tenant_atomic():
        row = held()
        row.serving, row.state = row.wanted, Meaning.State.STEADY
        row.finished_at = timezone.now()
        row.save()
    old = ChunkVector.objects.exclude(model=row.serving).order_by("id")
    while some := list(old.values_list("id", flat=True)[:DROPPED]):
        ChunkVector.objects.filter(id__in=some).delete()


def _taken() -> bool:
    with tenant_atomic():
        row, now = held(), timezone.now()
        if row.busy_until is not None and row.busy_until > now:
            return False
        row.busy_until = now + BUSY
        row.save()
    return True
