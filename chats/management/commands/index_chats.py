"""`manage.py index_chats [--organization SLUG]`: search learns what was said before it could."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import HumanaError
from humana.kernel.text import printable
from tenants.context import TenantContext, use_tenant
from tenants.jobs import enqueue_on_commit
from tenants.queries import called, contexts_by_slug
from tenants.transactions import tenant_atomic


class Command(BaseCommand):
    help = (
        "Asks a worker to make the words of chats searchable that are not yet, in each placement of one"
        " organization, or of all. Once after an update from a version without; again does no harm."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one")

    def handle(self, *args: Any, organization: str | None, **options: Any) -> None:
        found = contexts_by_slug(organization)
        if organization and not found:
            raise CommandError(f"There is no organization at /o/{organization}/.")
        silent = [called(one) for one in found if not self._asked(one)]
        if silent:
            raise CommandError(f"Could not be asked: {', '.join(silent)}. Run this again later.")

    def _asked(self, context: TenantContext) -> bool:
        try:
            with acting_as(Actor(label="index_chats")), use_tenant(context), tenant_atomic():
                enqueue_on_commit("chats.index_words")
        except (HumanaError, Error) as error:
            self.stdout.write(printable(f"{called(context)}: {error}".strip().splitlines()[0]))
            return False
        return True
