"""`manage.py purge_trail --organization SLUG --before 2020-01-31`: as the owner of the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from audit.services.purge import Reason, purge_trail
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import HumanaError
from humana.kernel.text import printable
from tenants.context import TenantContext
from tenants.queries import called, contexts_by_slug


class Command(BaseCommand):
    help = (
        "Removes the beginning of an organization's trail, in each of its placements, and writes a"
        " checkpoint in its place."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--before", required=True, type=_midnight, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--reason",
            type=Reason,
            choices=list(Reason),
            default=Reason.RETENTION,
            help="retention (the default) leaves what must still be kept; removal and move do not",
        )

    def handle(self, *args: Any, organization: str, before: datetime, reason: Reason, **options: Any) -> None:
        found = contexts_by_slug(organization)
        if not found:
            raise CommandError(f"There is no organization at /o/{organization}/.")
        if before > timezone.now():
            raise CommandError("--before should be a day that has come.")
        silent = [called(one) for one in found if not self._purged(one, before, reason)]
        if silent:
            raise CommandError(f"Nothing was removed there: {', '.join(silent)}. Run this again later.")

    def _purged(self, context: TenantContext, before: datetime, reason: Reason) -> bool:
        """Whether it could be done there; the other placements are purged in any case."""
        try:
            with acting_as(Actor(label="purge_trail")):
                removed = purge_trail(organization=context, before=before, reason=reason)
        except (HumanaError, Error) as error:
            self.stdout.write(printable(f"{called(context)}: {error}".strip().splitlines()[0]))
            return False
        self.stdout.write(f"{called(context)}: {removed} entries removed")
        return True


def _midnight(day: str) -> datetime:
    return timezone.make_aware(datetime.strptime(day, "%Y-%m-%d"))  # noqa: DTZ007  made aware here
