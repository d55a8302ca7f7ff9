"""Files of an organization: a folder of its own for each, and no way from one into another.

The storage `default`. A name is one inside the organization we are in; outside of all every call raises
NoTenant. Files follow the organization, not its placement: a move leaves them where they are.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any, Never

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from tenants.context import current_tenant


class TenantFiles(FileSystemStorage):
    """On this machine's disk, for its own user only. A name that leads outside raises
    SuspiciousFileOperation; no file has an address: a view gives it out, having asked who may.
    """

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> Any:
        """Asked for by everything that this class inherits: it is what keeps organizations apart."""
        return folder_of(current_tenant().organization_id)

    @property
    def location(self) -> Any:
        return self.base_location

    def url(self, name: str | None) -> Never:
        raise NotImplementedError("files have no address: they are read through a view")


def folder_of(organization_id: uuid.UUID) -> str:
    """Where all files of the organization are."""
    return str(Path(settings.HUMANA_FILES).absolute() / organization_id.hex)


def erase_files(organization_id: uuid.UUID) -> int:
    """Nothing is left in the folder, nor the folder; how many files there were."""
    folder = Path(folder_of(organization_id))
    number = sum(not one.is_dir() for one in folder.rglob("*"))
    if folder.exists():
        shutil.rmtree(folder)
    return number
