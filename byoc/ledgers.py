"""What is noted of objects between two storages, kept in the control plane, inside their organization."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from byoc.adapters.storage.fallback import Where
from byoc.models import Failover, StorageObject
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant


def inside(organization_id: uuid.UUID) -> TenantContext:
    """The organization in the control plane only: it can be entered whatever its placement is like."""
    return TenantContext(organization_id, "", CONTROL_PLANE)


@dataclass(frozen=True, slots=True)
class Notes:
    """Of one role; `ledger` keeps copies and backups apart."""

    organization_id: uuid.UUID
    role: str
    ledger: str

    def put_down(self, name: str, what: str, digest: str = "") -> None:
        with use_tenant(inside(self.organization_id)):
            StorageObject.objects.update_or_create(
                organization_id=self.organization_id, role=self.role, ledger=self.ledger, name=name,
                defaults={"what": what, "digest": digest},
            )  # fmt: skip

    def strike(self, name: str) -> None:
        with use_tenant(inside(self.organization_id)):
            self._rows().filter(name=name).delete()

    def strike_all(self) -> None:
        with use_tenant(inside(self.organization_id)):
            self._rows().delete()

    def what(self, name: str) -> str:
        with use_tenant(inside(self.organization_id)):
            found = self._rows().filter(name=name).values_list("what", flat=True).first()
        return found or ""

    def all(self, prefix: str = "") -> dict[str, str]:
        with use_tenant(inside(self.organization_id)):
            return dict(self._rows().filter(name__startswith=prefix).values_list("name", "what"))

    def _rows(self) -> QuerySet[StorageObject]:
        return StorageObject.objects.filter(
            organization_id=self.organization_id, role=self.role, ledger=self.ledger
        )


class CopyTombs:
    """See `moving.Tombs`."""

    def __init__(self, organization_id: uuid.UUID, role: str) -> None:
        self.notes = Notes(organization_id, role, "copy")

    def put(self, name: str) -> None:
        self.notes.put_down(name, StorageObject.What.DELETED)

    def has(self, name: str) -> bool:
        return self.notes.what(name) == StorageObject.What.DELETED


class BackupLedger:
    """See `fallback.Ledger`. Whether the primary is left alone is what health decided."""

    def __init__(self, organization_id: uuid.UUID, role: str, primary_id: str) -> None:
        self.notes, self._primary = Notes(organization_id, role, "backup"), primary_id

    def diverted(self) -> bool:
        with use_tenant(inside(self.notes.organization_id)):
            return Failover.objects.filter(
                organization_id=self.notes.organization_id, endpoint_id=self._primary,
                way=Failover.Way.BACKUP, state=Failover.State.ACTIVE,
            ).exists()  # fmt: skip

    def note(self, name: str, where: Where) -> None:
        if where:
            self.notes.put_down(name, where)
        else:
            self.notes.strike(name)

    def where(self, name: str) -> Where:
        what = self.notes.what(name)
        return "backup" if what == "backup" else "gone" if what == "gone" else ""

    def noted(self, prefix: str) -> dict[str, Where]:
        return {
            name: "backup" if what == "backup" else "gone" for name, what in self.notes.all(prefix).items()
        }
