"""Run the built-in model in the foreground, for those who start the parts themselves."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from humana import env
from humana.embedded.model import Model
from humana.kernel.errors import HumanaError


class Command(BaseCommand):
    help = "Serves the built-in model (or HUMANA_LLM_GGUF) on loopback until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="otherwise a free one")

    def handle(self, *, port: int, **options: Any) -> None:
        try:
            key = env.required("HUMANA_LLM_KEY", "choose a key of your own")
            model = Model(env.home(), key, port=port)
            child = model.start()
        except HumanaError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"HUMANA_LLM_URL={model.url}\nHUMANA_LLM_MODEL={model.name}")
        try:
            child.process.wait()
        except KeyboardInterrupt:
            child.stop()
