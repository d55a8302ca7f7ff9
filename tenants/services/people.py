"""What a person prefers."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid, StaleVersion
from humana.kernel.text import clean_line, email_key
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


def is_known(email: str) -> bool:
    """Whether somebody signs in with this mailbox, however it is spelled."""
    return User.objects.filter(email=email_key(email)).exists()


def owner_to_be(*, email: str, name: str, language: str = "") -> User:
    """Who will own an organization that an operator founds; a person not yet known is not yet saved.

    A new person has no password: they choose one by the link that their mailbox receives. Raises
    Invalid for operators, who enter organizations by support sessions only.
    """
    known = User.objects.filter(email=email_key(email)).first()
    if known is not None:
        _may_own(known)
        return known
    called = clean_line(name, field="person", limit=120, required=False)
    if not called:
        message = _("Nobody signs in with this e-mail yet: give the person's name too.")
        raise Invalid(message, field="person", code="new_person")
    user = User(email=email_key(email), name=called, language=language)
    user.set_unusable_password()
    return user


def _may_own(user: User) -> None:
    if user.is_staff:
        message = _("An operator cannot own an organization: name a person of the customer's.")
        raise Invalid(message, field="email", code="is_operator")
    if not user.is_active:
        raise Invalid(_("This person may not sign in."), field="email", code="not_active")
