from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Trail and usage")

    def ready(self) -> None:
        from audit import permissions  # noqa: F401
        from audit.queries import place_of_entry
        from audit.services.idempotency import answer_once
        from audit.services.outbox import put_in_outbox, settle_outbox
        from audit.services.trail import record_trail
        from humana.kernel import ports
        from tenants.places import finders

        finders.add("entry_id", place_of_entry)
        ports.answer_once.fill(answer_once)
        ports.record_trail.fill(record_trail)
        ports.put_in_outbox.fill(put_in_outbox)
        ports.settle_outbox.fill(settle_outbox)
