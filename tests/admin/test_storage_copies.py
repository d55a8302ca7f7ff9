"""Operators watch files on their way to another storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from byoc.adapters.storage import copying
from byoc.models import StorageCopy
from byoc.services.endpoints import withdraw_endpoint
from tests.admin.conftest import Desk
from tests.admin.test_endpoints import words
from tests.byoc.test_platform_storage import of_humana, put_in_use, texts_in, worked_off
from tests.byoc.test_storage import _read_anew, fresh, read, save  # noqa: F401
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def test_an_operator_watches_it_and_mends_what_stopped(
    operator: Desk, left: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(left, "plans/plan.txt", b"kept")
    humanas = of_humana(tmp_path / "new", "Our disk")
    put_in_use(humanas)
    with monkeypatch.context() as patched:
        patched.setattr(copying, "digest_of", lambda pieces: "other")
        worked_off()
    assert "1 has stopped and waits for you" in words(operator.get("byoc_endpoint", humanas.id))
    row = StorageCopy.objects.get(organization=left.organization, role="documents")
    assert "Stopped" in words(operator.get("byoc_storagecopy"))
    shown = words(operator.get("byoc_storagecopy", row.id))
    assert {one for one in ("that of the environment", "Our disk", "malformed") if one not in shown} == set()
    assert "not all in their new storage" in words(
        operator.client.post(*acted(operator, "empty_the_old", row), follow=True)
    )
    operator.act("byoc_storagecopy", "try_again", row.id)
    worked_off()
    row.refresh_from_db()
    assert (row.state, texts_in(tmp_path / "new")) == ("done", {"plan.txt"})
    operator.act("byoc_storagecopy", "empty_the_old", row.id)
    withdraw_endpoint(organization=None, endpoint_id=humanas.id)
    fresh()
    worked_off()
    assert read(left, "plans/plan.txt") == b"kept"


def acted(desk: Desk, action: str, row: StorageCopy) -> tuple[str, dict[str, Any]]:
    told = {"action": action, "_selected_action": [str(row.id)], "confirmed": "yes"}
    return desk.address("byoc_storagecopy"), told
