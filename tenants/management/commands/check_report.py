"""`manage.py check_report FILE`: whether a report of a move or a set-up is as it was signed here."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.services.placing.reports import is_report_genuine


class Command(BaseCommand):
    help = "Says whether a signed report that somebody kept is as it was signed by this installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = json.loads(options["file"].read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise CommandError(f"{options['file']} is no report: it is not JSON.") from None
        if not isinstance(report, dict) or not is_report_genuine(report):
            raise CommandError("This is not what was signed here: something in it was changed.")
        told = report["finished_at"], report["kind"], report["organization"]
        self.stdout.write("As it was signed: {} {} of {}.".format(*told))
