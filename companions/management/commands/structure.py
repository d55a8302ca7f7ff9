"""`manage.py structure export|import ORGANIZATION FILE`: the whole structure of one organization as YAML."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from companions.services.structure_file.exporting import export_structure
from companions.services.structure_file.importing import import_structure, preview_structure
from companions.services.structure_file.planning import Plan
from companions.services.structure_file.tree import MOST_BYTES_BY_COMMAND
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import HumanaError
from humana.kernel.text import printable
from tenants.context import use_tenant
from tenants.models import Organization


class Command(BaseCommand):
    help = (
        "Exports or imports values, teams, positions, companions, policies, brand, common knowledge and more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        out = what.add_parser("export", help="write the file; - is the standard output")
        come = what.add_parser("import", help="import the file; - is the standard input")
        for one in (out, come):
            one.add_argument("organization", help="the address of the organization")
            one.add_argument("file")
        come.add_argument("--remove", action="store_true", help="remove what the file does not name")
        come.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *, what: str, organization: str, file: str, **options: Any) -> None:
        found = Organization.objects.select_related("placement").filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organization {organization!r}.")
        actor = Actor(kind="operator", label=f"manage.py structure {what}")
        with acting_as(actor), use_tenant(found.context):
            try:
                self._export(file) if what == "export" else self._import(file, **options)
            except (HumanaError, OSError) as error:
                raise CommandError(printable(str(error))) from None

    def _export(self, file: str) -> None:
        text = export_structure()
        if file == "-":
            self.stdout.write(text, ending="")
        else:
            Path(file).write_text(text, encoding="utf-8")

    def _import(self, file: str, *, remove: bool, dry_run: bool, **_: Any) -> None:
        data = sys.stdin.buffer.read(MOST_BYTES_BY_COMMAND + 1) if file == "-" else Path(file).read_bytes()
        act = preview_structure if dry_run else import_structure
        self._tell(act(data=data, remove=remove, most=MOST_BYTES_BY_COMMAND))

    def _tell(self, plan: Plan) -> None:
        for part in plan.parts:
            for item in part.news:
                self.stdout.write(f"{part.section.name}: {item.state}: {printable(item.label)}")
        for hint in plan.hints:
            self.stdout.write(printable(hint))
        self.stdout.write(f"{plan.new} new, {plan.changed} changed, {plan.same} same, {plan.gone} removed.")
