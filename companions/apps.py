from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompanionsConfig(AppConfig):
    name = "companions"
    verbose_name = _("Companions")

    def ready(self) -> None:
        from companions import permissions  # noqa: F401
