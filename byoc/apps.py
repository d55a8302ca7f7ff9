from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ByocConfig(AppConfig):
    name = "byoc"
    verbose_name = _("Endpoints")
