"""An operator changes where Humana keeps files: those of every organization that uses it follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from byoc import storage
from byoc.models import Endpoint, StorageCopy
from byoc.services import storages
from byoc.services.endpoints import activate_endpoint, change_endpoint, remove_endpoint, withdraw_endpoint
from byoc.services.platform_storage import progress_of
from humana.kernel.errors import Conflict
from tenants.context import without_tenant
from tests.byoc.test_storage import (  # noqa: F401
    CutOff,
    _read_anew,
    activated,
    brought,
    copy_of,
    fresh,
    read,
    save,
)
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def of_humana(folder: Path, name: str, **more: Any) -> Endpoint:
    given = {"kind": "storage", "type": "local", "role": "documents", "state": "ready", **more}
    with without_tenant(reason="a test looks at the platform's own"):
        return Endpoint.objects.create(name=name, options={"folder": str(folder)}, **given)


def texts_in(folder: Path) -> set[str]:
    return {one.name for one in folder.rglob("*.txt")}


def put_in_use(endpoint: Endpoint) -> None:
    activate_endpoint(organization=None, endpoint_id=endpoint.id)
    fresh()


def worked_off() -> set[str]:
    """What became of every copy there was."""
    live = StorageCopy.objects.filter(state="copying").values_list("id", flat=True)
    done = {getattr(storages.work_on(one), "state", "") for one in list(live)}
    fresh()
    return done


def test_files_of_everybody_follow_and_are_read_all_the_while(
    left: World, right: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, new = tmp_path / "theirs", tmp_path / "new"
    activated(right, brought(right, theirs))
    worked_off()
    save(right, "plans/theirs.txt", b"theirs")
    save(left, "plans/1.txt", b"one")
    save(left, "exports/2.txt", b"two")
    humanas = of_humana(new, "Humana's disk")
    put_in_use(humanas)
    assert not StorageCopy.objects.filter(organization=right.organization, role="documents").exclude(
        state="done"
    )
    assert {read(left, "plans/1.txt"), read(left, "exports/2.txt")} == {b"one", b"two"}
    save(left, "plans/3.txt", b"three")
    assert texts_in(new) == {"3.txt"}
    before = progress_of(humanas)
    assert before is not None
    assert (before.done, before.live) == (0, True)
    with monkeypatch.context() as patched, pytest.raises(CutOff):
        patched.setattr(storages, "_copied", _killed)
        worked_off()
    assert worked_off() == {"done"}
    after = progress_of(humanas)
    assert after is not None
    assert (after.done, after.copied >= 2) == (before.all, True)
    assert texts_in(new) == {"1.txt", "2.txt", "3.txt"}
    assert {read(left, f"plans/{one}.txt") for one in (1, 3)} == {b"one", b"three"}
    assert read(right, "plans/theirs.txt") == b"theirs"
    storage.erase_platform(left.organization.id)
    assert texts_in(new) == set()


def _killed(*given: Any, **more: Any) -> str:
    raise CutOff


def test_changes_one_after_the_other_lose_nothing(left: World, tmp_path: Path) -> None:
    """Whose files are on their way go on first; going back is at once."""
    one, two = (of_humana(tmp_path / name, name) for name in ("one", "two"))
    save(left, "plans/plan.txt", b"kept")
    put_in_use(one)
    put_in_use(two)
    assert read(left, "plans/plan.txt") == b"kept"
    with pytest.raises(Conflict):
        remove_endpoint(organization=None, endpoint_id=one.id)
    with pytest.raises(Conflict, match="Connect the other place"):
        folder = {"values": {"folder": str(tmp_path / "elsewhere")}}
        change_endpoint(organization=None, endpoint_id=two.id, changes=folder)
    worked_off()
    assert texts_in(tmp_path / "one") == {"plan.txt"}
    assert texts_in(tmp_path / "two") == set()
    worked_off()
    assert read(left, "plans/plan.txt") == b"kept"
    assert texts_in(tmp_path / "two") == {"plan.txt"}
    put_in_use(one)
    save(left, "plans/new.txt", b"new")
    put_in_use(two)
    assert copy_of(left).target_id == two.id
    worked_off()
    assert {read(left, "plans/plan.txt"), read(left, "plans/new.txt")} == {b"kept", b"new"}
    withdraw_endpoint(organization=None, endpoint_id=two.id)
    fresh()
    worked_off()
    assert read(left, "plans/new.txt") == b"new"
    storage.erase_platform(left.organization.id)


def test_one_s_own_storage_may_come_and_go_meanwhile(left: World, tmp_path: Path) -> None:
    save(left, "plans/plan.txt", b"kept")
    own, humanas = brought(left, tmp_path / "own", "own"), of_humana(tmp_path / "new", "Humana's disk")
    activated(left, own)
    put_in_use(humanas)
    withdraw_endpoint(organization=left.organization, endpoint_id=own.id)
    fresh()
    assert read(left, "plans/plan.txt") == b"kept"
    worked_off()
    worked_off()
    assert (read(left, "plans/plan.txt"), texts_in(tmp_path / "new")) == (b"kept", {"plan.txt"})
    storage.erase_platform(left.organization.id)
