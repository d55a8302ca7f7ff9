"""`migrate` as the owner: control plane in `public`, then every placement's schema."""

from __future__ import annotations

from typing import Any

from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from tenants.owner import as_owner


class Command(MigrateSchemasCommand):  # type: ignore[misc]
    help = "Migrates the control plane and every schema, as the owner (DATABASE_OWNER_URL)."

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner():
            super().handle(*args, **options)
