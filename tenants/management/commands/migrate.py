"""`migrate` as the owner: the control plane in `public`, then every placement.

With a target, a schema or any other wish of its own it is django-tenants' command.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from tenants.owner import as_owner

#: Options that mean something else than “bring everything up to date”.
OF_ITS_OWN = (
    "app_label",
    "schema_name",
    "tenant",
    "shared",
    "executor",
    "fake",
    "fake_initial",
    "prune",
    "run_syncdb",
)


class Command(MigrateSchemasCommand):  # type: ignore[misc]
    help = "Migrates the control plane and every placement, as the owner (DATABASE_OWNER_URL)."

    def handle(self, *args: Any, **options: Any) -> None:
        everything = not any(options.get(name) for name in OF_ITS_OWN)
        with as_owner():
            super().handle(*args, **(options | {"shared": True} if everything else options))
        if everything:
            wishes = {"plan": options["plan"], "check": options["check_unapplied"]}
            told = {"verbosity": options["verbosity"], "stdout": self.stdout, "go_on": True}
            call_command("migrate_placements", **told, **wishes)
