"""From a file to what it says: read in a process of its own, kept as text, cut into passages, given meaning.

A worker does it, and may die anywhere: whoever comes after begins anew, and what is done stays done. A
document is found by its words once it is read, by its meaning soon after.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from audit.services.outbox import MOST_ATTEMPTS, still_at
from documents import keeping
from documents.contract import LARGEST_TEXT
from documents.extraction import CannotRead, Reading, Section, Seen, again, extract
from documents.extraction.media import PDF, SHOWN, TIFF
from documents.models import Chunk, DocumentFile
from documents.passages import split_sections
from documents.problems import ONE, SOME, unread_code
from documents.services import vectors
from documents.services.passages import keep_passages, write_passages
from documents.standing import standing
from documents.store import Card, store_of
from humana.kernel.errors import EndpointError, NotFound
from tenants.context import current_tenant
from tenants.jobs import enqueue_on_commit
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

INDEX, EMBED = "documents.index", "documents.embed"
OF = Chunk.Of.DOCUMENT
State = DocumentFile.State
#: The outbox has tried for the last time by then.
LOST_AFTER = timedelta(hours=3)
#: Progress is noted no more often than this, in seconds.
NOTED_EVERY = 1.0
#: And that it is still being read, no more often than this.
TOLD_EVERY = 20.0
#: Of a hundred: when the content is here, when it is read.
FETCHED, READ = 15, 70
#: Passages whose meaning one task asks for: some seconds of a small model.
PART = 16
#: Between two sections of a text.
BETWEEN = "\n\n"


def begin(rows: QuerySet[DocumentFile]) -> None:
    """Have these files read from the beginning, in the caller's transaction."""
    ids = list(rows.values_list("document_id", flat=True))
    fresh = {"state": State.RECEIVED, "progress": 0, "problem": "", "attempts": 0}
    DocumentFile.objects.filter(document_id__in=ids).update(**fresh, updated_at=timezone.now())
    for one in ids:
        enqueue_on_commit(INDEX, document_id=one)


def index(document_id: uuid.UUID) -> None:
    """For a worker, in the organization. What failed for good is noted on the file; what may pass raises."""
    file = _taken(document_id)
    if file is None:
        return
    with _failure_noted(file):
        _bring(file)
        seen = _seen_before(file)
        sections, told = _read(file, seen)
        if told is None:
            _go_on_reading(file, seen)
        else:
            _put_down(file, sections, told)


def give_up() -> None:
    """Of what was begun and has not moved for hours: whoever was at it died of it, each time."""
    now = timezone.now()
    late = DocumentFile.objects.filter(updated_at__lt=now - LOST_AFTER)
    unread = late.filter(state__in=(State.RECEIVED, State.EXTRACTING), attempts__gt=0)
    with tenant_atomic():
        unread.update(state=State.FAILED, problem="failed", updated_at=now)
        late.filter(state=State.INDEXING).update(state=State.READY, progress=100, updated_at=now)


def index_text(card: Card, text: str) -> None:
    """Passages of a text that needs no reading, in the caller's transaction; their meaning follows."""
    keep_passages(kind=OF, source_id=card.id, version=card.version, title=card.name, text=text)
    enqueue_on_commit(EMBED, document_id=card.id)


def embed(document_id: uuid.UUID) -> None:
    """For a worker: the meaning of some passages; the rest by a task of its own, so that others get a turn.

    Without a model, or room for it in the budget, the document is found by its words. EndpointError where the
    model should answer later; the document is ready all the same.
    """
    rows = Chunk.objects.filter(source_kind=OF, source_id=document_id)
    try:
        done = vectors.embed(rows, most=PART)
    except EndpointError as error:
        _set(document_id, (State.INDEXING,), state=State.READY, progress=100)
        if not error.permanent:
            raise
        log.info("a document is found by its words alone", extra={"error": error.code})
        return
    _go_on(document_id, rows if done else rows.none())


def _go_on(document_id: uuid.UUID, rows: QuerySet[Chunk]) -> None:
    """With the next part of the passages that have no vector yet; ready where there are none."""
    left, of = vectors.without_vector(rows, standing().wanted).count(), rows.count()
    if not left:
        _set(document_id, (State.INDEXING,), state=State.READY, progress=100)
        return
    with tenant_atomic():
        _set(document_id, (State.INDEXING,), progress=READ + (100 - READ) * (of - left) // of)
        enqueue_on_commit(EMBED, document_id=document_id)


def _taken(document_id: uuid.UUID) -> DocumentFile | None:
    """The file, for one attempt; None where there is nothing to do, or the document is in the trash."""
    begun = {"state": State.EXTRACTING, "attempts": F("attempts") + 1, "problem": ""}
    if not store_of(current_tenant()).cards([document_id]):
        return None
    anew = DocumentFile.objects.filter(document_id=document_id, state=State.RECEIVED).exists()
    if not _set(document_id, (State.RECEIVED, State.EXTRACTING), **begun):
        return None
    file = DocumentFile.objects.filter(document_id=document_id).first()
    if file is not None and anew and file.seen:  # somebody asked for it: with as much time as at first
        file.seen = again(file.seen).anew().kept()
    return file


def _bring(file: DocumentFile) -> None:
    """Of a copy, the content first."""
    if file.copied_from:
        keeping.bring(file)
        _set(file.document_id, (State.EXTRACTING,), copied_from="")


def _read(file: DocumentFile, seen: Seen) -> tuple[list[Section], dict[str, object] | None]:
    """The sections in order, and what the file is told: whether there was more, and what was not read.

    None where only a portion of its pictures is read by now, with what was before; `seen` has that.
    """
    found: list[Section] = []
    room, note = LARGEST_TEXT, _Progress(file)
    with keeping.fetched(file) as path, extract(path, file.media_type, progress=note, seen=seen) as reading:
        note(0, 1)
        for section in reading:
            if len(section.text) > room:
                found, room = [*found, Section(section.place, section.text[:room])], -1
                break
            found.append(section)
            room = max(0, room - len(section.text) - len(BETWEEN))
        if reading.left:
            return [], None
        if room < 0:
            return found, {"cut": True, "seen": None}
        problem = _unread(file, reading)
        return found, {"cut": reading.cut, "problem": problem, "seen": seen.kept() if problem else None}


def _seen_before(file: DocumentFile) -> Seen:
    return again(file.seen or {})


def _go_on_reading(file: DocumentFile, seen: Seen) -> None:
    """Keep what a portion of the pictures says; a task of its own reads the next, so that others get a turn.

    Where another worker has begun meanwhile, this one was taken for lost: that one goes on.
    """
    with tenant_atomic():
        rows = DocumentFile.objects.filter(document_id=file.document_id, state=State.EXTRACTING)
        kept = {"seen": seen.kept(), "progress": file.progress, "attempts": 0, "updated_at": timezone.now()}
        if rows.filter(attempts=file.attempts).update(**kept):
            enqueue_on_commit(INDEX, document_id=file.document_id)


def _unread(file: DocumentFile, reading: Reading) -> str:
    """What was not read of its pictures, as a code; empty where all was."""
    if reading.unread is None:
        return ""
    number, reason = reading.unread
    if file.media_type in SHOWN:
        return unread_code("", reason)
    if file.media_type not in (PDF.type, TIFF.type):
        return unread_code(SOME, reason)
    return unread_code(f"{number}" if reading.over else f"{ONE}{number}", reason)


class _Progress:
    """Of how many pages, slides or sheets are read; noted now and then, in a short transaction."""

    def __init__(self, file: DocumentFile) -> None:
        self._file, self._noted, self._told = file, 0.0, time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        progress = FETCHED + (READ - FETCHED) * min(done, of) // max(of, 1)
        self._file.progress = max(self._file.progress, progress)  # a portion begins where one ended
        if now - self._noted > NOTED_EVERY:
            self._noted = now
            _set(self._file.document_id, (State.EXTRACTING,), progress=self._file.progress)
        if now - self._told > TOLD_EVERY:  # a scan of many pages takes longer than an attempt may
            self._told = now
            still_at(task=INDEX, key="document_id", value=str(self._file.document_id))


def _put_down(file: DocumentFile, sections: list[Section], found: dict[str, object]) -> None:
    """Text, passages and state in one transaction; done a second time it changes nothing."""
    text = BETWEEN.join(one.text for one in sections)
    passages = split_sections(sections)
    with tenant_atomic():
        card = _revised(file, text)
        write_passages(OF, card.id, card.version, passages, title=card.name)
        told = {"state": State.INDEXING, "progress": READ, "passages": len(passages)}
        if _set(file.document_id, (State.EXTRACTING,), **told, **found):
            enqueue_on_commit(EMBED, document_id=file.document_id)


def _revised(file: DocumentFile, text: str) -> Card:
    store = store_of(current_tenant())
    card = store.card(file.document_id)
    if store.read(card.id).text == text:
        return card
    return store.revise(card.id, text, expected=card.version, author_id=file.uploaded_by)


@contextmanager
def _failure_noted(file: DocumentFile) -> Iterator[None]:
    """In words of ours: a code. Raises what a later attempt may mend, so that there is one."""
    try:
        yield
    except NotFound:
        log.info("a document went to the trash while it was read")
    except CannotRead as refused:
        if refused.passing and not _is_last(file):
            raise
        _fail(file, refused.code)
    except FileNotFoundError:
        _fail(file, "missing")
    except keeping.Damaged:
        _fail(file, "changed")
    except EndpointError as error:
        if error.permanent or _is_last(file):
            _fail(file, "storage_refuses" if error.permanent else "storage_unreachable")
            return
        _set(file.document_id, (State.EXTRACTING,), state=State.RECEIVED, problem="storage_unreachable")
        raise
    except Exception:
        if _is_last(file):
            _fail(file, "failed")
        raise


def _is_last(file: DocumentFile) -> bool:
    return file.attempts >= MOST_ATTEMPTS


def _fail(file: DocumentFile, code: str) -> None:
    log.info("a file could not be read", extra={"code": code, "media_type": file.media_type})
    _set(file.document_id, (State.EXTRACTING,), state=State.FAILED, problem=code)


def _set(document_id: uuid.UUID, states: tuple[str, ...], **values: object) -> bool:
    """In a short transaction, if the file is in one of these states."""
    with tenant_atomic():
        rows = DocumentFile.objects.filter(document_id=document_id, state__in=states)
        return bool(rows.update(**values, updated_at=timezone.now()))
