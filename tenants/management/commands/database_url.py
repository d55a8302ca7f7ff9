"""Print the address of the database, for psql, pg_dump and the like."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana import env
from humana.kernel.errors import HumanaError

VARIABLES = {"owner": "DATABASE_OWNER_URL", "app": "DATABASE_URL"}


class Command(BaseCommand):
    help = "Prints the connection URL of a role. It holds a password: mind where it goes."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", choices=sorted(VARIABLES), default="app")

    def handle(self, *, role: str, **options: Any) -> None:
        try:
            self.stdout.write(env.required(VARIABLES[role]))
        except HumanaError as error:
            raise CommandError(str(error)) from None
