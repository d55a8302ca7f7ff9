"""People see their files move to another storage, and let them go on once what stopped them is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from byoc.adapters.storage import copying
from tests.byoc.test_platform_storage import texts_in, worked_off
from tests.byoc.test_storage import _read_anew, activated, brought, save  # noqa: F401
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
HOME = "/o/left/settings/endpoints/"


def test_files_on_their_way_are_seen_stopped_and_go_on(
    left: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bruno = signed_in(left.owner), signed_in(left.member)
    save(left, "plans/plan.txt", b"kept")
    activated(left, brought(left, tmp_path / "ours", "Our disk"))
    assert "Files are on their way to “Our disk”" in ana.get(HOME).content.decode()
    with monkeypatch.context() as patched:
        patched.setattr(copying, "digest_of", lambda pieces: "other")
        worked_off()
    assert "have stopped" in ana.get(HOME).content.decode()
    assert bruno.post(f"{HOME}copies/").status_code == 403
    worked_off()
    assert texts_in(tmp_path / "ours") == set()
    assert ana.post(f"{HOME}copies/").status_code == 302
    worked_off()
    assert texts_in(tmp_path / "ours") == {"plan.txt"}
    assert "on their way" not in ana.get(HOME).content.decode()
