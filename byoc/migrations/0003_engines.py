"""What the databases are that organizations live in already; all but those they brought are ours."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from byoc.sealing import credentials_of
from humana.kernel.crypto import CannotOpen
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant


def note_engines(apps: Any, schema_editor: Any) -> None:
    """An endpoint is read inside its organization only."""
    Placement = apps.get_model("tenants", "Placement")
    for placement in Placement.objects.filter(database__startswith="at_o"):
        whose = placement.further_of or placement.organizations.first()
        if whose is not None:
            with use_tenant(TenantContext(whose.id, whose.slug, CONTROL_PLANE)):
                _note(apps, placement)


def _note(apps: Any, placement: Any) -> None:
    key = placement.database.removeprefix("at_o").partition("_")[0]
    endpoint = apps.get_model("byoc", "Endpoint").objects.filter(id=key).first()
    if endpoint is not None:
        placement.engine = endpoint.type
        placement.one_role = bool(endpoint.origin) and not _has_an_owner(endpoint)
        placement.save(update_fields=["engine", "one_role"])


def _has_an_owner(endpoint: Any) -> bool:
    """What cannot be opened any more keeps nobody from migrating: nobody works there either."""
    try:
        return bool(credentials_of(endpoint).get("owner_user"))
    except CannotOpen:
        return True


class Migration(migrations.Migration):
    dependencies = [("byoc", "0002_brought_once"), ("tenants", "0008_engines")]

    operations = [migrations.RunPython(note_engines, migrations.RunPython.noop)]
