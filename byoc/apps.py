from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ByocConfig(AppConfig):
    name = "byoc"
    verbose_name = _("Endpoints")

    def ready(self) -> None:
        from byoc import storage
        from byoc.databases import instead_of, open_database
        from byoc.queries import locate_database
        from byoc.services import provisioning, provisioning_storage
        from byoc.services.databases import join_server_at, register_database, release_database
        from humana.kernel import ports
        from tenants.models import PlacementJob
        from tenants.services.placing.jobs import Joined, Step, joined

        ports.open_database.fill(open_database)
        ports.instead_of.fill(instead_of)
        ports.join_server.fill(join_server_at)
        ports.locate_database.fill(locate_database)
        ports.register_database.fill(register_database)
        ports.release_database.fill(release_database)

        ports.files_of.fill(storage.files_of)
        ports.erase_files.fill(storage.erase_platform)

        for name, act, label in (
            ("storage", provisioning_storage.try_storage, _("Try the storage")),
            ("models", provisioning.look_at_models, _("Look at the models")),
            ("monitoring", provisioning.look_at_monitoring, _("Look at the monitoring")),
        ):
            joined.add(f"byoc.{name}", Joined(PlacementJob.Kind.PROVISION, Step(name, act, label), "open"))
        erase = Step("their_files", provisioning_storage.erase_theirs, _("Erase the files"))
        joined.add("byoc.a_files", Joined(PlacementJob.Kind.REMOVE, erase, "erase"))
        withdraw = Step("endpoints", provisioning.withdraw_all, _("Withdraw the endpoints"))
        joined.add("byoc.endpoints", Joined(PlacementJob.Kind.REMOVE, withdraw, "erase"))
