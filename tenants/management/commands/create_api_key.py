"""`manage.py create_api_key --organization SLUG --email E`: a member's new key, told once, on the last line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from humana.kernel.errors import HumanaError
from tenants.context import use_tenant
from tenants.models import Membership, User
from tenants.queries import membership_at
from tenants.services.keys import create_api_key


class Command(BaseCommand):
    help = "Make an API key for a member. The key is the last line and is never shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        member = _member(options["email"], options["organization"])
        with use_tenant(member.organization.context):
            key, secret = create_api_key(member=member, name=options["name"])
        self.stdout.write(f"{key.name}: {member.user} in {member.organization.name}. Shown only now:")
        self.stdout.write(secret)


def _member(email: str, slug: str) -> Membership:
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise CommandError(f"Nobody signs in with {email}.")
    try:
        return membership_at(user=user, slug=slug)
    except HumanaError as error:
        raise CommandError(f"{email} is not a member of {slug}.") from error
