"""Vectors of passages, by the model that the organization has, and the row that says which that is."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from byoc.contracts import Embeddings
from documents.meaning import model_key
from documents.models import Chunk, ChunkVector, Meaning
from documents.services.metered import OVER_BUDGET, metered_vectors
from documents.standing import standing
from humana.kernel.errors import EndpointError
from tenants.context import current_tenant
from tenants.scoping import locked
from tenants.services.pending import mark_pending
from tenants.transactions import tenant_atomic

#: Passages whose meaning is asked for at once.
BATCH = 32
#: How long passages are left alone that a budget has no room for.
UNTIL_THE_BUDGET = timedelta(minutes=15)
#: What marks an organization whose passages wait for vectors.
PENDING = "meaning"


def embed(rows: QuerySet[Chunk], *, most: int | None = None) -> int:
    """Vectors for those that have none of the model in use, no more than `most` of them; how many got one.

    No connection is held while the model works. Raises EndpointError; what was done until then is kept.
    """
    model, done = standing().wanted, 0
    while some := without_vector(rows, model)[: BATCH if most is None else min(BATCH, most - done)]:
        told = _asked([f"{place}\n{text}".strip() for _key, place, text in some])
        named = model_key(told.model, told.dims)
        if named != model:
            wanting(named)
            model = named
        vectors = {
            key: vector.astype("<f4").tobytes()
            for (key, _place, _text), vector in zip(some, told.vectors, strict=True)
        }
        done += _keep(vectors, model)
    return done


def _asked(texts: list[str]) -> Embeddings:
    """Where a budget has no room the organization's passages wait, and are looked at again by themselves."""
    try:
        return metered_vectors(texts)
    except EndpointError as error:
        if error.code == OVER_BUDGET:
            wait_for_budget()
        raise


def wait_for_budget() -> None:
    with tenant_atomic():
        row = held()
        row.state, row.problem = Meaning.State.WAITING, OVER_BUDGET
        row.total = Chunk.objects.count()
        row.done = row.total - without_vector(Chunk.objects.all(), row.wanted).count()
        row.busy_until = timezone.now() + UNTIL_THE_BUDGET
        row.save()
        mark_waiting()


def without_vector(rows: QuerySet[Chunk], model: str) -> QuerySet[Chunk, tuple[uuid.UUID, str, str]]:
    """Those that `model` has not read, in their order."""
    made = ChunkVector.objects.filter(model=model, chunk=OuterRef("pk"))
    return rows.filter(~Exists(made)).order_by("source_id", "ordinal").values_list("id", "place", "text")


def _keep(vectors: dict[uuid.UUID, bytes], model: str) -> int:
    """Of passages that are still there; one that somebody else was quicker with keeps what it has."""
    with tenant_atomic():
        there = locked(Chunk.objects.filter(id__in=vectors).order_by("id")).values_list("id", flat=True)
        made = [ChunkVector(chunk_id=key, model=model, vector=vectors[key]) for key in there]
        ChunkVector.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def wanting(model: str) -> None:
    """From now on passages are to have vectors of that model; the first one of all serves at once."""
    with tenant_atomic():
        row = held()
        if row.wanted == model:
            return
        fresh = not row.serving
        row.wanted, row.serving = model, row.serving or model
        row.state = Meaning.State.STEADY if fresh else Meaning.State.RENEWING
        row.total, row.done, row.problem = Chunk.objects.count(), 0, ""
        row.started_at, row.finished_at = timezone.now(), None
        row.save()
        mark_waiting()


def mark_waiting() -> None:
    """Note that passages of the organization wait for vectors; a sweep finds it within seconds."""
    mark_pending(current_tenant().organization_id, PENDING)


def held() -> Meaning:
    """The placement's row, made where there is none, held until the transaction ends."""
    row = locked(Meaning.objects.all()).first()
    if row is None:
        Meaning.objects.bulk_create([Meaning()], ignore_conflicts=True)
        row = locked(Meaning.objects.all()).get()
    return row
