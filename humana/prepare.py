"""Bring the database up to date, in one process: every start of Django costs seconds.

python -m humana.prepare [--migrate] [--demo]
"""

from __future__ import annotations

import argparse
import os
import sys

import django
from django.core.management import CommandError, call_command

from humana.kernel.errors import HumanaError


def main() -> int | str:
    """What `sys.exit` takes: 0, or a message for standard error."""
    parser = argparse.ArgumentParser(prog="python -m humana.prepare", description=__doc__)
    parser.add_argument("--migrate", action="store_true", help="as DATABASE_OWNER_URL")
    parser.add_argument("--demo", action="store_true", help="seed what is missing of the demo")
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.dev")
    try:
        django.setup()
        if chosen.migrate:
            call_command("migrate", interactive=False, skip_checks=False)
        if chosen.demo:
            call_command("seed_demo")
    except (CommandError, HumanaError) as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
