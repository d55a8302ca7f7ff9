"""`manage.py reset_second_step --email E`: for operators, and whoever signs in for several organizations."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import HumanaError
from humana.kernel.text import email_key
from tenants.models import User
from tenants.services.second_step import forget_second_step


class Command(BaseCommand):
    help = "Let somebody in with the password alone who lost their second step. Make sure it is they who ask."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=email_key(options["email"])).first()
        if user is None:
            raise CommandError(f"There is no person {options['email']}.")
        try:
            with acting_as(Actor(kind="operator", label="command line")):
                forget_second_step(user=user)
        except HumanaError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{user.email} signs in with the password alone until it is set up again.")
