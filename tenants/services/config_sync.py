"""Bringing the stored configuration up to the code: keys that are gone go, the platform's defaults are said.

Done twice it changes nothing the second time. What changed is one event of the platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import HumanaError, Invalid
from tenants.config.catalogue import config_keys
from tenants.config.snapshot import rows_of, snapshot
from tenants.models import ConfigValue, Organization
from tenants.services.config import EVERYWHERE, Changes, write
from tenants.services.events import control_event

_FIELDS = ("value", "locked", "cap", "floor")


@dataclass(slots=True)
class Synced:
    """What was different: values of keys that are gone, by key, and what is said for everybody now."""

    removed: dict[str, int] = field(default_factory=dict)
    applied: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.removed or self.applied)


def sync(*, defaults: Mapping[str, Any]) -> Synced:
    """All of it or nothing. Invalid names the key of `defaults` that cannot be, and why."""
    told = Synced()
    with transaction.atomic():
        for organization_id in [None, *Organization.objects.order_by("id").values_list("id", flat=True)]:
            _remove_unknown(organization_id, told)
        for name, said in sorted(defaults.items()):
            _apply(name, said, told)
        if told:
            payload = {"removed": told.removed, "applied": told.applied}
            control_event("config.synced", "config", organization_id=None, payload=payload)
    return told


def _remove_unknown(organization_id: Any, told: Synced) -> None:
    with rows_of(organization_id):
        rows = ConfigValue.objects.filter(organization_id=organization_id).exclude(key__in=list(config_keys))
        for key in rows.values_list("key", flat=True):
            told.removed[key] = told.removed.get(key, 0) + 1
        if rows.delete()[0]:
            snapshot.changed(organization_id)


def _apply(name: str, said: Any, told: Synced) -> None:
    if name not in config_keys or "global" not in config_keys.get(name).layers:
        message = _("%(key)s: there is no such setting for everybody.") % {"key": name}
        raise Invalid(message, field=name, code="unknown_key")
    try:
        found = write(where=EVERYWHERE, key=config_keys.get(name), changes=_changes(said))
    except HumanaError as refusal:
        raise Invalid(f"{name}: {refusal}", field=name, code=refusal.code) from None
    if found is not None:
        told.applied[name] = found["after"]


def _changes(said: Any) -> Changes:
    """A bare value, or an object of value, locked, cap and floor."""
    if isinstance(said, Mapping) and said and set(said) <= set(_FIELDS):
        return Changes(**said)  # type: ignore[typeddict-item]
    return Changes(value=said)
