"""`manage.py audit_verify [--organization SLUG]`: exit code 1 when a trail is not as it was written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.services.chain import verify
from tenants.context import TenantContext, use_tenant
from tenants.queries import contexts_by_slug


class Command(BaseCommand):
    help = "Reads the trail of one organization, or of all, and says where its chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one")

    def handle(self, *args: Any, organization: str | None, **options: Any) -> None:
        found = contexts_by_slug(organization)
        if organization and not found:
            raise CommandError(f"There is no organization at /o/{organization}/.", returncode=2)
        broken = [context.slug for context in found if not self._holds(context)]
        if broken:
            raise CommandError(f"Not as it was written: {', '.join(broken)}.")

    def _holds(self, context: TenantContext) -> bool:
        with use_tenant(context):
            verdict = verify()
        if verdict.holds:
            self.stdout.write(f"{context.slug}: the chain holds, {verdict.entries} entries")
        else:
            self.stdout.write(f"{context.slug}: broken at {verdict.broken_at}: {verdict.why}")
        return verdict.holds
