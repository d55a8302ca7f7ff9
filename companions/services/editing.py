"""What every edit does: may this member, is this the version they saw, what does it change."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from companions.models import Brand, BrandAsset, Capability, Companion, KnowledgeAsset, Policy, Value
from humana.kernel.errors import NotFound, StaleVersion
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import Permission, require

Row = TypeVar("Row", Value, Policy, Brand, BrandAsset, Companion, KnowledgeAsset, Capability)


def judge(member: Membership | None, permission: Permission) -> uuid.UUID | None:
    """The user's id to sign with; raises unless the member may. None is Humana itself: seeds, operators.

    A member of another organization finds nothing here.
    """
    if member is None:
        return None
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    require(member, permission.name)
    return member.user_id


def hold(rows: QuerySet[Row], row_id: uuid.UUID, version: int | None = None) -> Row:
    """The row as it is now, locked until the transaction ends.

    With `version`, StaleVersion unless it is still the one the person edited.
    """
    row = rows.select_for_update().filter(pk=row_id).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    if version is not None and row.version != version:
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    return row


def apply(row: Model, wanted: Mapping[str, Any]) -> list[str]:
    """Set the fields; the names of those that really changed."""
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


def line(text: object, *, field: str, limit: int, required: bool = True) -> str:
    """One clean line of text: white space of any kind becomes one space."""
    return " ".join(clean_text(text, field=field, limit=limit, required=required).split())


def announce(action: str, kind: str, row: Row, **payload: object) -> None:
    """The change's line in the trail: names, ids and versions, never the text itself."""
    payload["version"] = row.version
    record_trail(
        action=f"companions.{kind}.{action}", resource_type=kind, resource_id=row.id, payload=payload
    )
