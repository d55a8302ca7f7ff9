"""What a person prefers."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import StaleVersion
from tenants.models import User


class Changes(TypedDict, total=False):
    """What people set about themselves; what is not given stays as it is."""

    name: str
    language: str
    theme: str


def prefer_language(*, user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language", "updated_at"])


def prefer_theme(*, user: User, theme: str) -> None:
    user.theme = theme
    user.save(update_fields=["theme", "updated_at"])


def edit_person(*, user: User, seen_at: datetime | None = None, **changes: Unpack[Changes]) -> User:
    """Change what is given; StaleVersion when the row was written since `seen_at`."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        if seen_at is not None and row.updated_at != seen_at:
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=[*changes, "updated_at"])
    return row
