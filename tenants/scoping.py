"""The base of every tenant-plane model: belongs to one organization, and says so in each query.

Row-level security is the net below; this is the floor. Reads filter by the context's
organization, writes stamp it, and both raise outside a context. Every write is inside a
`tenant_atomic()`, its own if nobody opened one: that is what a move waits for.
"""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.core.exceptions import FieldError
from django.db import connections, models
from django.utils import timezone

from humana.kernel.errors import NoTenant
from humana.kernel.models import BaseModel
from tenants.context import current_tenant
from tenants.fields import TenantForeignKey
from tenants.transactions import tenant_atomic

__all__ = ["TenantForeignKey"]

Row = TypeVar("Row", bound=models.Model)


class OrganizationField(models.UUIDField):  # type: ignore[type-arg]
    """Stamped from the context on insert; a row of another organization cannot be written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def pre_save(self, instance: models.Model, add: bool) -> uuid.UUID:
        here = current_tenant().organization_id
        if add and getattr(instance, self.attname) is None:
            setattr(instance, self.attname, here)
        _must_be_ours(instance)
        return here


def _must_be_ours(instance: Any) -> None:
    if instance.organization_id != current_tenant().organization_id:
        raise NoTenant(f"{instance._meta.label} belongs to another organization")


class ScopedQuerySet(models.QuerySet[Row]):
    """Chainable; already filtered by the organization."""

    def update(self, **kwargs: Any) -> int:
        if "organization_id" in kwargs:
            raise FieldError("a row never changes its organization")
        with tenant_atomic():
            return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        with tenant_atomic():
            return super().delete()

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Row]:
        with tenant_atomic():
            return super().bulk_create(*args, **kwargs)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        with tenant_atomic():
            return super().bulk_update(*args, **kwargs)

    def remove(self, *, by: uuid.UUID | None) -> int:
        """Hide rows that people delete; a purge takes them after the undo window."""
        return self.update(removed_at=timezone.now(), removed_by=by)


def locked(rows: models.QuerySet[Row], *reached: str, skip_locked: bool = False) -> models.QuerySet[Row]:
    """The rows held until the transaction ends, and nothing of what they refer to.

    `reached` is read along with them where FOR UPDATE can name one table of several; on MariaDB it
    cannot, and would hold a companion for everybody: there each is read when it is asked for.
    """
    if connections[rows.db].features.has_select_for_update_of:
        return rows.select_for_update(skip_locked=skip_locked, of=("self",)).select_related(*reached)
    return rows.select_for_update(skip_locked=skip_locked)


class ScopedManager(models.Manager[Row]):
    """`objects`: rows of the organization, without those a person removed."""

    def get_queryset(self) -> ScopedQuerySet[Row]:
        rows: ScopedQuerySet[Row] = ScopedQuerySet(self.model, using=self._db)
        there = {"removed_at": None} if issubclass(self.model, Removable) else {}
        return rows.filter(organization_id=current_tenant().organization_id, **there)


class EverythingManager(models.Manager[Row]):
    """`everything`: rows of the organization, removed ones included. Django's base manager too."""

    def get_queryset(self) -> ScopedQuerySet[Row]:
        rows: ScopedQuerySet[Row] = ScopedQuerySet(self.model, using=self._db)
        return rows.filter(organization_id=current_tenant().organization_id)


class OrganizationScoped(BaseModel):
    """Subclass in audit, documents, companions, chats; list the model in its migration's IsolateTables."""

    organization_id = OrganizationField()

    objects = ScopedManager["OrganizationScoped"]()
    everything = EverythingManager["OrganizationScoped"]()

    class Meta:
        abstract = True
        base_manager_name = "everything"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Where the organization lives by then: `create` names a database before the wait for a move."""
        with tenant_atomic():
            super().save(*args, **{**kwargs, "using": current_tenant().placement.alias})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Django deletes by key alone, past every manager; hence the look at whose row it is."""
        _must_be_ours(self)
        with tenant_atomic():
            return super().delete(*args, **kwargs)


class Removable(models.Model):
    """What people can delete and, for a while, get back."""

    removed_at = models.DateTimeField(null=True, editable=False)
    removed_by = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True
