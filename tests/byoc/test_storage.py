"""An organization's files: in the storage it chose, brought over when it chooses another."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from audit.models import AuditEntry
from byoc import endpoints, storage
from byoc.adapters.storage import copying
from byoc.adapters.storage.fallback import Fallback
from byoc.adapters.storage.moving import Moving
from byoc.contracts import StorageAdapter
from byoc.models import Endpoint, Failover, StorageCopy, StorageObject
from byoc.services import storages
from byoc.services.endpoints import activate_endpoint, remove_endpoint, withdraw_endpoint
from humana.kernel.errors import Conflict, EndpointError
from tenants.context import use_tenant
from tenants.models import ControlEvent
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Nothing that a rolled back test activated is known to the next; a copy may end at once."""
    monkeypatch.setattr(storages, "SETTLED", 0)
    monkeypatch.setattr(storages, "wake", lambda copy_id: None)
    fresh()
    yield
    fresh()


def fresh() -> None:
    endpoints.forget()
    storage.forget()


def brought(world: World, folder: Path, name: str = "disk", **more: Any) -> Endpoint:
    """A folder that an operator gave the organization, ready to be used."""
    options = {"folder": str(folder), **more.pop("options", {})}
    given = {"kind": "storage", "type": "local", "role": "documents", "state": "ready", "name": name, **more}
    with use_tenant(world.context):
        return Endpoint.objects.create(organization=world.organization, options=options, **given)


def activated(world: World, endpoint: Endpoint) -> None:
    activate_endpoint(organization=world.organization, endpoint_id=endpoint.id)
    fresh()


def copy_of(world: World) -> StorageCopy:
    return StorageCopy.objects.filter(organization=world.organization).latest("created_at")


def save(world: World, name: str, content: bytes) -> None:
    with use_tenant(world.context):
        assert default_storage.save(name, ContentFile(content)) == name


def read(world: World, name: str) -> bytes:
    with use_tenant(world.context), default_storage.open(name) as file:
        content: bytes = file.read()
    return content


def files_in(folder: Path) -> set[str]:
    return {one.name for one in folder.rglob("*") if one.is_file()}


def test_files_follow_to_the_storage_that_was_chosen(left: World, tmp_path: Path) -> None:
    name = f"{uuid.uuid4().hex}/plan.txt"
    save(left, name, b"before")
    activated(left, brought(left, tmp_path))
    assert isinstance(storage.whole_of(left.organization.id, "documents"), Moving)
    assert read(left, name) == b"before"
    assert files_in(tmp_path) == set()
    save(left, f"{name}.new", b"after")
    assert files_in(tmp_path) == {"plan.txt.new"}
    done = storages.work_on(copy_of(left).id)
    assert done is not None
    assert (done.state, done.code) == ("done", "")
    assert done.copied >= 1
    fresh()
    assert not isinstance(storage.whole_of(left.organization.id, "documents"), Moving)
    assert read(left, name) == b"before"
    assert {"plan.txt", "plan.txt.new"} <= files_in(tmp_path)
    with use_tenant(left.context):
        assert not StorageObject.objects.filter(organization=left.organization).exists()
        events = ControlEvent.objects.filter(organization_id=left.organization.id)
        told = {*events.values_list("action", flat=True)}
        told |= {*AuditEntry.objects.values_list("action", flat=True)}
    assert {"storage.copy_begun", "storage.copy_done"} <= told, told


def test_the_old_storage_stays_until_somebody_empties_it(left: World, tmp_path: Path) -> None:
    first, second = brought(left, tmp_path / "1", "one"), brought(left, tmp_path / "2", "two")
    activated(left, first)
    storages.work_on(copy_of(left).id)
    save(left, "plans/plan.txt", b"kept")
    activated(left, second)
    with pytest.raises(Conflict):
        storages.erase_old(copy=copy_of(left))
    storages.work_on(copy_of(left).id)
    fresh()
    assert "plan.txt" in files_in(tmp_path / "1")
    assert storages.erase_old(copy=copy_of(left)) >= 1
    assert files_in(tmp_path / "1") == set()
    assert read(left, "plans/plan.txt") == b"kept"


def test_what_is_deleted_on_the_way_does_not_come_back(left: World, tmp_path: Path) -> None:
    save(left, "plans/gone.txt", b"gone")
    activated(left, brought(left, tmp_path))
    with use_tenant(left.context):
        default_storage.delete("plans/gone.txt")
        assert not default_storage.exists("plans/gone.txt")
    storages.work_on(copy_of(left).id)
    fresh()
    with use_tenant(left.context):
        assert not default_storage.exists("plans/gone.txt")
    assert "gone.txt" not in files_in(tmp_path)


class CutOff(Exception):
    pass


def test_a_worker_that_is_killed_is_followed_by_one_that_goes_on(
    left: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        save(left, f"plans/{number}.txt", str(number).encode())
    activated(left, brought(left, tmp_path))
    whole, seen = storages._copied, list[str]()

    def killed(name: str, source: StorageAdapter, target: StorageAdapter, **more: Any) -> str:
        if len(seen) == 3:
            raise CutOff
        seen.append(name)
        return whole(name, source, target, **more)

    with monkeypatch.context() as patched, pytest.raises(CutOff):
        patched.setattr(storages, "_copied", killed)
        storages.work_on(copy_of(left).id)
    monkeypatch.setattr(
        storages, "_copied", lambda name, *rest, **more: seen.append(name) or whole(name, *rest)
    )
    done = storages.work_on(copy_of(left).id)
    assert done is not None
    assert done.state == "done"
    assert done.copied == done.found == len(seen) == len(set(seen))
    assert {f"{number}.txt" for number in range(6)} <= files_in(tmp_path)


def test_other_bytes_are_noticed_and_stop_the_copy(
    left: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(left, "plans/plan.txt", b"before")
    activated(left, brought(left, tmp_path))
    monkeypatch.setattr(copying, "digest_of", lambda pieces: "other")
    stopped = storages.work_on(copy_of(left).id)
    assert stopped is not None
    assert (stopped.state, stopped.code) == ("failed", "malformed")
    assert files_in(tmp_path) == set()
    fresh()
    assert read(left, "plans/plan.txt") == b"before"


def test_an_upload_that_outlasts_the_change_arrives_where_files_are_now(left: World, tmp_path: Path) -> None:
    """Also when the copy is over, and what was emptied stays empty."""
    first, second = brought(left, tmp_path / "1", "one"), brought(left, tmp_path / "2", "two")
    activated(left, first)
    storages.work_on(copy_of(left).id)

    def pieces() -> Iterator[bytes]:
        yield b"begun before, "
        fresh()
        activated(left, second)
        done = storages.work_on(copy_of(left).id)
        assert done is not None
        assert done.state == "done"
        storages.erase_old(copy=done)
        yield b"ended after"

    fresh()
    stored = storage.storage_of(left.organization.id, "documents").upload("plan.txt", pieces())
    fresh()
    assert read(left, "documents/plan.txt") == b"begun before, ended after"
    assert stored.digest == sha256(b"begun before, ended after").hexdigest()
    assert (files_in(tmp_path / "1"), files_in(tmp_path / "2") >= {"plan.txt"}) == (set(), True)


def test_one_look_of_the_copy_begins_after_nobody_knows_the_old_storage(
    left: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that began too early and took long is not the last one."""
    monkeypatch.setattr(storages, "SETTLED", 1)
    activated(left, brought(left, tmp_path))
    whole = storages._bring
    monkeypatch.setattr(storages, "_bring", lambda *given: (whole(*given), time.sleep(1.1)))
    early = storages.work_on(copy_of(left).id)
    monkeypatch.setattr(storages, "_bring", whole)
    late = storages.work_on(copy_of(left).id)
    assert early is not None
    assert late is not None
    assert (early.state, late.state) == ("copying", "done")


def test_one_change_at_a_time_but_back_is_allowed(left: World, tmp_path: Path) -> None:
    first, second = brought(left, tmp_path / "1", "one"), brought(left, tmp_path / "2", "two")
    save(left, "plans/plan.txt", b"kept")
    activated(left, first)
    with pytest.raises(Conflict):
        activate_endpoint(organization=left.organization, endpoint_id=second.id)
    withdraw_endpoint(organization=left.organization, endpoint_id=first.id)
    fresh()
    with pytest.raises(Conflict):
        remove_endpoint(organization=left.organization, endpoint_id=first.id)
    storages.work_on(copy_of(left).id)
    fresh()
    assert read(left, "plans/plan.txt") == b"kept"


def test_another_organization_s_files_stay_where_they_are(left: World, right: World, tmp_path: Path) -> None:
    save(right, "plans/theirs.txt", b"theirs")
    activated(left, brought(left, tmp_path))
    storages.work_on(copy_of(left).id)
    assert "theirs.txt" not in files_in(tmp_path)
    assert read(right, "plans/theirs.txt") == b"theirs"


def test_a_backup_takes_what_the_primary_cannot_and_gives_it_back(left: World, tmp_path: Path) -> None:
    main, spare = tmp_path / "main", tmp_path / "spare"
    activated(left, brought(left, spare, "spare", role="backup"))
    primary = brought(left, main, "main", options={"backup": "spare"})
    activated(left, primary)
    storages.work_on(copy_of(left).id)
    fresh()
    assert isinstance(storage.whole_of(left.organization.id, "documents"), Fallback)
    save(left, "plans/old.txt", b"old")
    with use_tenant(left.context):
        from django.utils import timezone

        flown = Failover.objects.create(
            organization=left.organization, endpoint=primary, way="backup", began_at=timezone.now()
        )
    save(left, "plans/new.txt", b"new")
    with use_tenant(left.context):
        default_storage.delete("plans/old.txt")
        assert not default_storage.exists("plans/old.txt")
        assert default_storage.listdir("plans")[1] == ["new.txt"]
    assert (files_in(main) >= {"old.txt"}, files_in(spare)) == (True, {"new.txt"})
    assert read(left, "plans/new.txt") == b"new"
    assert storages.copy_back(left.organization.id, "documents") == 2
    with use_tenant(left.context):
        flown.delete()
    assert (files_in(spare), "new.txt" in files_in(main), "old.txt" in files_in(main)) == (set(), True, False)
    assert read(left, "plans/new.txt") == b"new"
    assert storages.copy_back(left.organization.id, "documents") == 0


def test_a_primary_that_fails_in_the_middle_of_a_write_loses_nothing(left: World, tmp_path: Path) -> None:
    from byoc.adapters.storage.errors import StorageFailed
    from byoc.ledgers import BackupLedger

    disk = brought(left, tmp_path, "spare", role="backup")
    spec = endpoints.spec_of(disk)
    spare = storage.adapter_of(left.organization.id, spec)

    class Broken:
        def upload(self, name: str, content: Any, media_type: str, *, replace: bool) -> Any:
            content.read(3)
            raise StorageFailed("timeout", "“%(name)s” did not answer.", permanent=False, name="main")

    ledger = BackupLedger(left.organization.id, "documents", str(disk.id))
    both = Fallback(Broken(), spare, ledger)  # type: ignore[arg-type]
    both.upload("a/plan.txt", b"the whole of it")
    assert b"".join(both.download("a/plan.txt")) == b"the whole of it"
    assert ledger.noted("") == {"a/plan.txt": "backup"}


def test_what_storage_says_is_told_in_the_reader_s_language(left: World, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    spec = endpoints.spec_of(brought(left, file / "below"))
    with pytest.raises(EndpointError), storage.in_words():
        storage.adapter_of(left.organization.id, spec).upload("a", b"x")


def test_a_backup_with_files_that_are_nowhere_else_is_not_let_go(left: World, tmp_path: Path) -> None:
    backup = brought(left, tmp_path / "backup", "spare", role="backup")
    activated(left, backup)
    with use_tenant(left.context):
        row = StorageObject.objects.create(
            organization=left.organization, role="documents", ledger="backup", name="plan.txt", what="backup"
        )
    with pytest.raises(Conflict, match="spare"):
        withdraw_endpoint(organization=left.organization, endpoint_id=backup.id)
    with use_tenant(left.context):
        row.delete()
    withdraw_endpoint(organization=left.organization, endpoint_id=backup.id)
