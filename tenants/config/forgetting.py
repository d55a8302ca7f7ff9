"""What is said for a team or a person goes with them; a team that moves in the tree is read again."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save

from tenants.config.snapshot import rows_of, snapshot
from tenants.models import ConfigValue, Membership, Team


def listen() -> None:
    post_save.connect(_team_saved, sender=Team, dispatch_uid="config-team-saved")
    post_delete.connect(_team_gone, sender=Team, dispatch_uid="config-team-gone")
    post_delete.connect(_member_gone, sender=Membership, dispatch_uid="config-member-gone")


def _team_saved(instance: Team, **_options: Any) -> None:
    snapshot.changed(instance.organization_id)


def _team_gone(instance: Team, origin: object, **_options: Any) -> None:
    if _by_itself(Team, origin):
        _forget(instance.organization_id, "team", instance.id)


def _member_gone(instance: Membership, origin: object, **_options: Any) -> None:
    if _by_itself(Membership, origin):
        _forget(instance.organization_id, "user", instance.user_id)


def _by_itself(model: type[Model], origin: object) -> bool:
    """Where the whole organization goes, its rows go with it."""
    return isinstance(origin, model) or (isinstance(origin, QuerySet) and origin.model is model)


def _forget(organization_id: uuid.UUID, layer: str, subject: uuid.UUID) -> None:
    with rows_of(organization_id):
        ConfigValue.objects.filter(organization_id=organization_id, layer=layer, subject=subject).delete()
    snapshot.changed(organization_id)
