"""Files change their storage: brought over in the background, and back from a backup.

A copy is begun by whoever activates or withdraws an endpoint, in the same transaction; a worker does it,
and another one goes on where it was cut off. Until it is done what is not there yet is read from where it
was, and what is new goes to the new storage. Afterwards the old one is left as it is: `erase_old` empties it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from byoc import storage
from byoc.adapters.storage.copying import copied as _copied
from byoc.contracts import EndpointSpec, Item, StorageAdapter
from byoc.ledgers import BackupLedger, CopyTombs, Notes, inside
from byoc.models import Endpoint, StorageCopy, StorageObject
from humana.kernel.errors import Conflict, EndpointError, HumanaError
from tenants.context import use_tenant
from tenants.freshness import OLDEST
from tenants.services.events import control_event
from tenants.services.placing.jobs import alone

log = logging.getLogger(__name__)

TASK = "byoc.copy_storage"
#: So long after the change nobody writes to the old storage any more, in seconds.
SETTLED = OLDEST + 1
#: How often the sweep wakes those that wait, in seconds, and how many; what no worker took by then is gone.
EVERY, AT_ONCE = 15, 100
_HOLD = "SELECT pg_advisory_xact_lock_shared(hashtext('byoc.platform_storage'))"
_HOLD_ALONE = "SELECT pg_advisory_xact_lock(hashtext('byoc.platform_storage'))"


def begin_copy(
    *, organization_id: uuid.UUID, role: str, source: Endpoint | None, target: Endpoint | None
) -> StorageCopy:
    """In the transaction of the change, inside the organization; None is the platform's own storage.

    Raises Conflict while something else is on its way; going back to where it came from is allowed.
    """
    hold_platform_still()
    source_id, target_id = _key(source, role), _key(target, role)
    live = StorageCopy.objects.select_for_update().filter(
        organization=organization_id, role=role, state__in=StorageCopy.LIVE
    )
    running = live.first()
    if running is not None and target is None and _is_platform(running.source_id):
        target_id = (
            running.source_id or target_id
        )  # back there first; where the platform is by now comes after
    if running is not None and (running.source_id or target_id) != target_id:
        message = _("Files are still being brought to this storage. Wait until that is done, or go back.")
        raise Conflict(message, code="being_copied")
    live.update(state=StorageCopy.State.UNDONE, finished_at=timezone.now())
    Notes(organization_id, role, "copy").strike_all()
    return _begun(organization_id, role, source_id, target_id)


def _begun(organization_id: uuid.UUID, role: str, source: uuid.UUID, target: uuid.UUID | None) -> StorageCopy:
    copy = StorageCopy.objects.create(
        organization_id=organization_id, role=role, source_id=source, target_id=target
    )
    _tell("begun", copy)
    storage.changed(organization_id)
    transaction.on_commit(lambda: wake(copy.id))
    return copy


def hold_platform_still(*, alone: bool = False) -> None:
    """Until this transaction ends the platform's storages do not change; `alone` is for who changes them."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_ALONE if alone else _HOLD)


def _key(endpoint: Endpoint | None, role: str) -> uuid.UUID:
    return endpoint.id if endpoint else _platform_key(role)


def _platform_key(role: str) -> uuid.UUID:
    return storage.key_of(storage.platform_now(role))


def _is_platform(key: uuid.UUID | None) -> bool:
    """Inside the organization, where the platform's rows are not to be seen."""
    return key is None or not Endpoint.objects.filter(id=key).exists()


def holds_files(endpoint: Endpoint) -> bool:
    """Whether it is a backup with files that are nowhere else yet. Inside the organization."""
    if endpoint.kind != Endpoint.Kind.STORAGE or endpoint.role != Endpoint.Role.BACKUP:
        return False
    rows = StorageObject.objects.filter(organization=endpoint.organization_id, ledger="backup")
    return rows.filter(what=StorageObject.What.AT_BACKUP).exists()


def copying(endpoint: Endpoint) -> bool:
    """Whether files are on their way from it or to it."""
    live = StorageCopy.objects.filter(state__in=StorageCopy.LIVE)
    return live.filter(Q(source_id=endpoint.id) | Q(target_id=endpoint.id)).exists()


def wake(copy_id: uuid.UUID) -> None:
    """Ask a worker to go on; where none can be asked the sweep does."""
    try:
        current_app.tasks[TASK].apply_async(kwargs={"copy_id": str(copy_id)}, retry=False, expires=EVERY)
    except OperationalError:
        log.warning("broker unreachable; the sweep will wake the copy %s", copy_id)


def wake_all() -> None:
    """Those that waited longest: a change of the platform's storage begins one for each organization."""
    waiting = StorageCopy.objects.filter(state=StorageCopy.State.COPYING).order_by("updated_at")
    for copy_id in waiting.values_list("id", flat=True)[:AT_ONCE]:
        wake(copy_id)


def try_again(*, copy: StorageCopy) -> None:
    """Somebody mended what had stopped it."""
    stopped = StorageCopy.objects.filter(id=copy.id, state=StorageCopy.State.FAILED)
    if stopped.update(state=StorageCopy.State.COPYING, code=""):
        transaction.on_commit(lambda: wake(copy.id))


def work_on(copy_id: uuid.UUID) -> StorageCopy | None:
    """Bring over what is left. None where another worker is at it, or nothing is to be done."""
    with alone(copy_id) as mine:
        copy = StorageCopy.objects.filter(id=copy_id, state=StorageCopy.State.COPYING).first()
        if not mine or copy is None:
            return None
        began = timezone.now()
        try:
            source, target = _sides(copy)
            _bring(copy, source, target)
        except EndpointError as error:
            state = StorageCopy.State.FAILED if error.permanent else StorageCopy.State.COPYING
            _keep(copy, state=state, code=error.code)
        except HumanaError as error:
            _keep(copy, state=StorageCopy.State.FAILED, code=error.code)
        else:
            # What a process that knew the old storage wrote is found by a look that began after that.
            if began - copy.created_at >= timedelta(seconds=SETTLED):
                _finish(copy)
        copy.refresh_from_db()
        return copy


def _sides(copy: StorageCopy) -> tuple[StorageAdapter, StorageAdapter]:
    with use_tenant(inside(copy.organization_id)):
        specs = [
            storage.spec_by_id(copy.organization_id, one, copy.role)
            for one in (copy.source_id, copy.target_id)
        ]
    source, target = (storage.adapter_of(copy.organization_id, one) for one in specs)
    return source, target


def _bring(copy: StorageCopy, source: StorageAdapter, target: StorageAdapter) -> None:
    """Whole names; each is noted once both sides were read and are the same."""
    notes, tombs = Notes(copy.organization_id, copy.role, "copy"), CopyTombs(copy.organization_id, copy.role)
    _keep(copy, found=sum(1 for _one in _items(copy, source)))
    known = notes.all()
    for item in _items(copy, source):
        if item.name in known:
            continue
        try:
            digest = _copied(item.name, source, target)
        except FileExistsError:
            _keep(copy, kept=F("kept") + 1)  # written anew meanwhile, or brought before a worker was cut off
            notes.put_down(item.name, StorageObject.What.COPIED)
            continue
        except FileNotFoundError:
            continue  # deleted meanwhile
        if tombs.has(item.name):
            target.delete(item.name)
            continue
        notes.put_down(item.name, StorageObject.What.COPIED, digest)
        _keep(copy, copied=F("copied") + 1, bytes=F("bytes") + item.size)


def _items(copy: StorageCopy, source: StorageAdapter) -> Iterator[Item]:
    folder = f"{storage.folder_of(copy.organization_id)}/"
    for item in source.list(folder):
        if storage.belongs(item.name, copy.organization_id, copy.role):
            yield item


def _keep(copy: StorageCopy, **changes: object) -> None:
    StorageCopy.objects.filter(id=copy.id).update(updated_at=timezone.now(), **changes)


def _finish(copy: StorageCopy) -> None:
    """Where something else was chosen meanwhile, files go on there."""
    with use_tenant(inside(copy.organization_id)), transaction.atomic():
        hold_platform_still()
        done = StorageCopy.objects.filter(id=copy.id, state=StorageCopy.State.COPYING)
        done.update(state=StorageCopy.State.DONE, code="", finished_at=timezone.now())
        copy.refresh_from_db()
        Notes(copy.organization_id, copy.role, "copy").strike_all()
        _tell("done", copy)
        storage.changed(copy.organization_id)
        here = copy.target_id or _platform_key(copy.role)
        chosen = storage.key_of(storage.chosen_now(copy.organization_id, copy.role))
        if chosen != here:
            _begun(copy.organization_id, copy.role, here, chosen)


def erase_old(*, copy: StorageCopy) -> int:
    """Delete what was left at the storage it came from; how many files. Conflict before it is done."""
    if copy.state != StorageCopy.State.DONE:
        raise Conflict(_("The files are not all in their new storage yet."), code="being_copied")
    source, _target = _sides(copy)
    current = storage.spec_for(copy.organization_id, copy.role)
    if current.id == source.spec.id:
        raise Conflict(_("The files live there again."), code="in_use")
    number = storage.erase(
        source,
        copy.organization_id,
        keep=lambda name: not storage.belongs(name, copy.organization_id, copy.role),
    )
    _tell("erased", copy, erased=number)
    return number


def copy_back(organization_id: uuid.UUID, role: str) -> int:
    """Bring what the backup took to the primary, and delete there what was deleted meanwhile; how many.

    Raises EndpointError while the primary cannot take it; what was brought so far is not brought again.
    Call it before the primary is asked again, and once more afterwards.
    """
    primary_spec = storage.spec_for(organization_id, role)
    backup_spec = storage.backup_of(organization_id, primary_spec)
    if backup_spec is None:
        return 0
    primary = storage.adapter_of(organization_id, primary_spec)
    backup = storage.adapter_of(organization_id, backup_spec)
    ledger = BackupLedger(organization_id, role, primary_spec.id)
    noted = ledger.noted("")
    for name, where in noted.items():
        if where == "backup":
            _copied(name, backup, primary, replace=True)
        else:
            primary.delete(name)
        ledger.note(name, "")
        backup.delete(name)
    if noted:
        _audit(organization_id, "storage.copied_back", primary_spec, role=role, objects=len(noted))
    return len(noted)


def _audit(organization_id: uuid.UUID, action: str, spec: EndpointSpec, **payload: object) -> None:
    control_event(action, "endpoint", spec.id, organization_id=organization_id, payload=payload)


def _tell(what: str, copy: StorageCopy, **payload: object) -> None:
    told = {name: getattr(copy, name) for name in ("role", "found", "copied", "kept", "bytes")}
    control_event(
        f"storage.copy_{what}", "storage_copy", copy.id, organization_id=copy.organization_id,
        payload={**told, "from": str(copy.source_id or ""), "to": str(copy.target_id or ""), **payload},
    )  # fmt: skip
