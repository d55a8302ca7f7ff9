"""Files on their way to another storage, as people of the organization see it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils.translation import gettext as _

from byoc import storage
from byoc.models import StorageCopy
from byoc.permissions import EDIT
from byoc.services import storages
from humana.kernel.errors import HumanaError
from tenants.models import Membership, Organization
from tenants.permissions import require


@dataclass(frozen=True, slots=True)
class UnderWay:
    """`to` is the name of where they are brought; `found` grows while the old storage is looked through."""

    to: str
    done: int
    found: int
    stopped: bool


def copies_under_way(organization: Organization) -> list[UnderWay]:
    rows = StorageCopy.objects.filter(organization=organization, state__in=StorageCopy.LIVE)
    return [
        UnderWay(name_of(row, row.target_id), row.copied + row.kept, row.found, row.state == row.State.FAILED)
        for row in rows.order_by("role")
    ]


def copy_on(*, member: Membership) -> None:
    """Somebody mended what had stopped the files of their organization."""
    require(member, EDIT.name)
    for row in StorageCopy.objects.filter(organization=member.organization, state=StorageCopy.State.FAILED):
        storages.try_again(copy=row)


def name_of(copy: StorageCopy, key: uuid.UUID | None) -> str:
    """As whoever entered it called it. That of the environment has no name, nor has what was removed."""
    if key == storage.ENVIRONMENT:
        return _("that of the environment")
    try:
        return storage.spec_by_id(copy.organization_id, key, copy.role).name
    except HumanaError:
        return _("removed since")
