"""`manage.py seed_demo`: two organizations to walk into. HUMANA_DEMO=0 seeds nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana import env
from humana.demo.seeding import OPERATOR, ORGANIZATIONS, seed_demo
from humana.kernel.errors import Misconfigured


class Command(BaseCommand):
    help = "Seed the demo: operator, two organizations, their companions. What exists is left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        if not env.flag("HUMANA_DEMO", default=True):
            self.stdout.write("HUMANA_DEMO is off: nothing was seeded.")
            return
        seeded = seed_demo(password=_password())
        for organization in ORGANIZATIONS:
            state = "seeded" if organization.slug in seeded else "already here"
            people = ", ".join(person.email for person in organization.people)
            self.stdout.write(f"{organization.slug}: {state} ({people})")
        self.stdout.write(f"operator: {OPERATOR}")


def _password() -> str:
    try:
        return env.required("HUMANA_DEMO_PASSWORD")
    except Misconfigured as error:
        raise CommandError(str(error)) from None
