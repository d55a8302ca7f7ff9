"""What a person prefers."""

from __future__ import annotations

import uuid
from typing import TypedDict, Unpack

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid, NotFound, StaleVersion
from humana.kernel.text import clean_line, email_key
from tenants.customs import known_zone
from tenants.models import User
from tenants.queries import memberships_of
from tenants.services.structuring import version_at


class Changes(TypedDict, total=False):
    """What people set about themselves; what is not given stays as it is."""

    name: str
    language: str
    theme: str
    time_zone: str
    primary_organization_id: uuid.UUID | None


def prefer_language(*, user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language", "updated_at"])


def prefer_theme(*, user: User, theme: str) -> None:
    user.theme = theme
    user.save(update_fields=["theme", "updated_at"])


def edit_person(*, user: User, version: int | None = None, **changes: Unpack[Changes]) -> User:
    """Change what is given; StaleVersion when it is no longer `version`.

    Nothing as a language or a time zone: as the organization says. Where they arrive is where they work.
    """
    if changes.get("time_zone"):
        known_zone(changes["time_zone"])
    if "name" in changes:
        changes["name"] = clean_line(changes["name"], field="name", limit=120, required=False)
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        if version is not None and version_at(row.updated_at) != version:
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        _works_in(row, changes.get("primary_organization_id"))
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=[*changes, "updated_at"])
    return row


def _works_in(user: User, organization_id: uuid.UUID | None) -> None:
    if organization_id and not memberships_of(user).filter(organization_id=organization_id).exists():
        raise NotFound(_("There is nothing here."), field="primary_organization")


def is_known(email: str) -> bool:
    """Whether somebody signs in with this mailbox, however it is spelled."""
    return User.objects.filter(email=email_key(email)).exists()


def is_somebody_elses(email: str, user_id: uuid.UUID) -> bool:
    """Whether another person signs in with this mailbox."""
    return User.objects.filter(email=email_key(email)).exclude(id=user_id).exists()


def begin_address(*, user: User, email: str) -> EmailAddress:
    """An address that will be theirs once its link is followed, instead of any other that waits for that.

    The one that they sign in with stays, confirmed or not. Whether somebody else has the new one is not told.
    """
    with transaction.atomic():
        EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).delete()
        row: EmailAddress = EmailAddress.objects.create(user=user, email=email)
    return row


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
