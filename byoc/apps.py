from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ByocConfig(AppConfig):
    name = "byoc"
    verbose_name = _("Endpoints")

    def ready(self) -> None:
        from byoc.databases import open_database
        from byoc.queries import locate_database
        from byoc.services.databases import join_server_at, register_database, release_database
        from humana.kernel import ports

        ports.open_database.fill(open_database)
        ports.join_server.fill(join_server_at)
        ports.locate_database.fill(locate_database)
        ports.register_database.fill(register_database)
        ports.release_database.fill(release_database)
