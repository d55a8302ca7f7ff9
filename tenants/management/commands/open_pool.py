"""`manage.py open_pool NAME`: one more shared pool, on our server or on another one."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana.kernel.errors import HumanaError
from tenants.models import Placement
from tenants.services.placing import pools


class Command(BaseCommand):
    help = (
        "Makes a pool, proves that it isolates and lets new organizations in. On another server where"
        " POOL_DATABASE_URL says so, with POOL_OWNER_URL for the role that owns the tables (postgresql://user:"
        "password@host:port/name?sslmode=verify-full). Cut off, the same command goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--capacity", type=int, metavar="N", help="organizations at most")
        parser.add_argument("--zone", default="", help="sovereignty zone")
        parser.add_argument(
            "--close", action="store_true", help="let no new organization in; one never opened is given up"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            pool = pools.close_pool(name=options["name"]) if options["close"] else _opened(options)
        except HumanaError as error:
            raise CommandError(str(error)) from None
        if pool is None:
            self.stdout.write(f"{options['name']}: given up; nothing of it is left.")
            return
        self.stdout.write(f"{pool.name}: {pool.state}, schema {pool.schema_name}.")


def _opened(options: dict[str, Any]) -> Placement:
    """On the server that the environment names; passwords never stand on a command line."""
    wanted = {key: options[key] for key in ("name", "capacity", "zone")}
    url, owner_url = (os.environ.get(name, "") for name in ("POOL_DATABASE_URL", "POOL_OWNER_URL"))
    return pools.open_pool(**wanted, url=url, owner_url=owner_url)
