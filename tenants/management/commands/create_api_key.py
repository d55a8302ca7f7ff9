"""`manage.py create_api_key --organization SLUG --email E`: the key, once, as the last line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana.kernel.errors import HumanaError
from humana.kernel.text import email_key
from tenants.models import Membership, User
from tenants.queries import membership_at
from tenants.services.keys import create_api_key


class Command(BaseCommand):
    help = "Make an API key of a member. It is printed last and can never be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="Command line")
        parser.add_argument(
            "--scopes",
            nargs="*",
            default=[],
            metavar="PERMISSION",
            help="narrow what the key may do; default: all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            member = _member(options["email"], options["organization"])
            key, secret = create_api_key(member=member, name=options["name"], scopes=options["scopes"])
        except HumanaError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{key.name} of {member}; scopes: {', '.join(key.scopes) or 'all'}")
        self.stdout.write(secret)


def _member(email: str, slug: str) -> Membership:
    user = User.objects.filter(email=email_key(email)).first()
    if user is None:
        raise CommandError(f"There is no person {email}.")
    return membership_at(user=user, slug=slug)
