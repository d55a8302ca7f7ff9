"""An organization's storage is away: its backup takes what is written, and gives it back."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.utils import timezone

from byoc import endpoints
from byoc.contracts import Health
from byoc.models import Endpoint, Failover
from byoc.probing import Look, Target
from byoc.services import health
from byoc.services.failover import come_back
from byoc.services.returning import bring_back
from humana.kernel.egress import Guard
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tests.byoc.test_storage import _read_anew, activated, brought, files_in, fresh, read, save  # noqa: F401
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def looked(world: World, times: int, *seen: tuple[Endpoint, bool]) -> None:
    for _ in range(times):
        with health.inside_of(world.organization.id):
            health.keep(world.organization.id, [look(world, one, well) for one, well in seen])


def look(world: World, one: Endpoint, well: bool) -> Look:
    target = Target(world.organization.id, endpoints.spec_of(one), Guard("nobody"))
    return Look(target, Health(well, 0.1, "" if well else "unreachable"), timezone.now())


def test_the_backup_takes_files_and_gives_them_back(left: World, tmp_path: Path) -> None:
    main, spare = tmp_path / "main", tmp_path / "spare"
    main.mkdir()
    spare.mkdir()
    backup = brought(left, spare, "spare", role="backup")
    activated(left, backup)
    brought(left, spare, "other", role="backup")  # ready, and nobody named it
    primary = brought(left, main, "main", options={"backup": "spare"})
    activated(left, primary)
    looked(left, 3, (primary, False), (backup, True))
    fresh()
    name = f"{uuid.uuid4().hex}/plan.txt"
    save(left, name, b"meanwhile")
    assert (files_in(main), files_in(spare)) == (set(), {"plan.txt"})
    looked(left, 2, (primary, True), (backup, True))
    with use_tenant(left.context):
        row = Failover.objects.get(endpoint=primary)
    assert (row.way, row.state, row.to_endpoint_id) == ("backup", "returning", backup.id)
    with pytest.raises(Conflict, match="on its way back"):
        come_back(organization=left.organization, endpoint_id=primary.id)
    assert bring_back(left.organization.id, row.id)
    fresh()
    assert (files_in(main), files_in(spare)) == ({"plan.txt"}, set())
    assert read(left, name) == b"meanwhile"
    with use_tenant(left.context):
        assert Failover.objects.get(endpoint=primary).state == "over"
    assert not bring_back(left.organization.id, row.id)
