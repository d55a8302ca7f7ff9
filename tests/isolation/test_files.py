"""Files: the same name in two organizations is two files, and no name leads from one to the other."""

from __future__ import annotations

import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages

from humana.kernel.errors import NoTenant
from tenants.context import TenantContext, use_tenant
from tenants.files import TenantFiles, erase_files
from tenants.queries import report_file
from tests.fixtures.organizations import REPORT, World
from tests.isolation.worlds import every_isolation, every_pair

pytestmark = pytest.mark.django_db
#: Storages in which no organization has files, and why.
NOBODYS = {"staticfiles": "what the pages are made of, the same for everybody"}

READS: dict[str, Callable[[str], Any]] = {
    "open": default_storage.open,
    "size": default_storage.size,
    "listdir": lambda name: default_storage.listdir(str(Path(name).parent)),
    "modified": default_storage.get_modified_time,
}
WRITES: dict[str, Callable[[str], Any]] = {
    "save": lambda name: default_storage.save(name, ContentFile(b"mine")),
    "open to write": lambda name: default_storage.open(name, "wb"),
    "delete": default_storage.delete,
}


def read(name: str) -> bytes:
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content


def save_and_look(here: TenantContext, there: TenantContext) -> None:
    """Whatever one organization does with a name, the other keeps its file."""
    folder = uuid.uuid4().hex
    name, other = f"{folder}/plan.txt", f"{folder}/draft.txt"
    with use_tenant(here):
        assert default_storage.save(name, ContentFile(b"theirs")) == name
    with use_tenant(there):
        assert not default_storage.exists(name)
        for attempt in READS.values():
            with pytest.raises(FileNotFoundError):
                attempt(name)
        default_storage.delete(name)
        assert default_storage.save(name, ContentFile(b"mine")) == name
        default_storage.save(other, ContentFile(b"mine"))
        with default_storage.open(name, "wb") as file:
            file.write(b"written anew")
        assert sorted(default_storage.listdir(folder)[1]) == ["draft.txt", "plan.txt"]
    with use_tenant(here):
        assert read(name) == b"theirs"
        assert default_storage.listdir(folder) == ([], ["plan.txt"])


@every_pair
def test_a_file_never_crosses(left: World, right: World) -> None:
    save_and_look(left.context, right.context)


def _ways_out(theirs: uuid.UUID) -> list[str]:
    file = f"{theirs.hex}/reports/plan.txt"
    return [
        f"../{file}",
        f"reports/../../{file}",
        f"/{file}",
        f"{settings.HUMANA_FILES}/{file}",
        "..",
        "/etc/passwd",
    ]


@every_isolation
@pytest.mark.parametrize("attempt", [*READS, *WRITES])
def test_no_name_leads_out(attempt: str, left: World, right: World) -> None:
    with use_tenant(left.context):
        default_storage.save("reports/plan.txt", ContentFile(b"theirs"))
    act = {**READS, **WRITES}[attempt]
    with use_tenant(right.context):
        for name in _ways_out(left.organization.id):
            with pytest.raises(SuspiciousFileOperation):
                act(f"{name}/x" if attempt == "listdir" else name)
    with use_tenant(left.context):
        assert read("reports/plan.txt") == b"theirs"


@pytest.mark.parametrize("attempt", [*READS, *WRITES])
def test_outside_every_organization_there_are_no_files(attempt: str, left: World) -> None:
    with pytest.raises(NoTenant):
        {**READS, **WRITES}[attempt]("reports/plan.txt")
    with pytest.raises(NoTenant):
        default_storage.exists("reports/plan.txt")


def test_a_file_is_for_our_user_only_and_has_no_address(left: World) -> None:
    with use_tenant(left.context):
        name = default_storage.save("reports/mode.txt", ContentFile(b"theirs"))
        path = Path(default_storage.path(name))
        with pytest.raises(NotImplementedError):
            default_storage.url(name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path.parent.parent)} == {0o700}


def test_erasing_one_s_files_leaves_the_other_s(left: World, right: World) -> None:
    for world in (left, right):
        with use_tenant(world.context):
            default_storage.save("a/b/c.txt", ContentFile(b"kept"))
    assert erase_files(left.organization.id) >= 1
    assert erase_files(left.organization.id) == 0
    with use_tenant(left.context):
        assert not default_storage.exists("a/b/c.txt")
        default_storage.save(report_file(left.report), ContentFile(REPORT))  # other tests look for it
    with use_tenant(right.context):
        assert read("a/b/c.txt") == b"kept"


def test_every_storage_is_in_the_matrix() -> None:
    """Whoever adds one says why no organization has files there, or keeps them as TenantFiles does."""
    for alias in settings.STORAGES:
        assert alias in NOBODYS or isinstance(storages[alias], TenantFiles)
