"""Which database a model's rows live in.

    control plane   tenants, byoc, sign-in, sessions      always `default`, schema `public`
    tenant plane    audit, documents, companions, chats   the placement of the context

Precedes django-tenants' TenantSyncRouter, which decides about `public` and schemas of `default`.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from tenants.context import current_tenant

TENANT_PLANE = frozenset({"audit", "documents", "companions", "chats"})


def in_tenant_plane(app_label: str) -> bool:
    return app_label in TENANT_PLANE


class PlacementRouter:
    """Tenant apps follow the placement; everything else stays in `default`."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return self._alias(model)

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return self._alias(model)

    def _alias(self, model: type[Model]) -> str:
        if not in_tenant_plane(model._meta.app_label):
            return "default"
        return current_tenant().placement.alias

    def allow_relation(self, left: Model, right: Model, **hints: Any) -> bool | None:
        """Within an organization, whichever database each was read from: it may move between the two."""
        planes = {in_tenant_plane(one._meta.app_label) for one in (left, right)}
        if planes != {True}:
            return False if True in planes else None  # Django then compares their databases
        owners = {getattr(one, "organization_id", None) for one in (left, right)}
        return len(owners - {None}) <= 1  # a new row is stamped when it is saved

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if db == "default":
            return None  # TenantSyncRouter: SHARED_APPS in public, TENANT_APPS in schemas
        return in_tenant_plane(app_label)
