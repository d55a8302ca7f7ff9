from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules


class HumanaConfig(AppConfig):
    name = "humana"

    def ready(self) -> None:
        from humana import celery, checks  # noqa: F401  the Celery app and the start-up checks

        if settings.HUMANA_TRACES or settings.HUMANA_TELEMETRY:
            from humana import telemetry

            told = {"lines": settings.HUMANA_TRACES, "out": settings.HUMANA_TELEMETRY}
            telemetry.start(**told, detail=settings.HUMANA_TRACE_DETAIL)

        # Celery finds tasks in workers only; whoever enqueues must know them too.
        autodiscover_modules("tasks")
        autodiscover_modules("trail_words")
        from humana.furnishing import furnish_organization
        from humana.kernel import ports

        ports.furnish_organization.fill(furnish_organization)
