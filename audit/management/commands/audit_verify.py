"""`manage.py audit_verify [--organization SLUG]`: exit code 1 when a trail is not as it was written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.services.chain import Verdict, verify
from humana.kernel.text import printable
from tenants.context import TenantContext, use_tenant
from tenants.queries import called, contexts_by_slug


class Command(BaseCommand):
    help = (
        "Reads the trail of one organization, or of all, in each of its placements, and says where its"
        " chain is broken. One that cannot be asked keeps no other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one")

    def handle(self, *args: Any, organization: str | None, **options: Any) -> None:
        found = contexts_by_slug(organization)
        if organization and not found:
            raise CommandError(f"There is no organization at /o/{organization}/.", returncode=2)
        broken, silent = [], []
        for context in found:
            name, verdict = called(context), _verdict(context)
            self.stdout.write(f"{name}: {_told(verdict)}")
            if isinstance(verdict, Exception):
                silent.append(name)
            elif not verdict.holds:
                broken.append(name)
        if broken or silent:
            raise CommandError(
                " ".join([*_named("Not as it was written", broken), *_named("Could not be asked", silent)])
            )


def _verdict(context: TenantContext) -> Verdict | Exception:
    """What stands there, or why nobody can tell."""
    try:
        with use_tenant(context):
            return verify()
    except Exception as error:  # noqa: BLE001 - the others are verified, whatever one raises
        return error


def _told(verdict: Verdict | Exception) -> str:
    if isinstance(verdict, Exception):
        said = (str(verdict).strip() or type(verdict).__name__).splitlines()[0]
        return f"could not be asked: {printable(said)}"
    if verdict.holds:
        return f"the chain holds, {verdict.entries} entries"
    return f"broken at {verdict.broken_at}: {verdict.why}"


def _named(what: str, names: list[str]) -> list[str]:
    return [f"{what}: {', '.join(names)}."] if names else []
