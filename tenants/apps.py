from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Organizations")

    def ready(self) -> None:
        from tenants import (
            permissions,  # noqa: F401  declares this app's permissions
            sessions,
        )
        from tenants.config import forgetting
        from tenants.db import aliases

        aliases.install()
        forgetting.listen()
        sessions.listen()
        autodiscover_modules("config_keys")  # of every app
        from tenants import two_step

        two_step.listen()
