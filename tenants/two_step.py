"""The second step of signing in: who has one, who has to, and how its secrets are kept.

allauth's `mfa` asks for it after the password and counts the attempts. What is here is ours: secrets are
sealed, an organization can ask it of its members, and operators have it.
"""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from humana.kernel.crypto import associated, derived_key, open_sealed, seal
from humana.kernel.errors import NotAllowed
from tenants.config.resolver import resolve_for
from tenants.config_keys import TWO_STEP
from tenants.devices import sign_out_elsewhere
from tenants.models import User
from tenants.queries import memberships_of
from tenants.services.events import control_event

Kind = Authenticator.Type
_PLACE = associated("second step")


class SecondStepNeeded(NotAllowed):
    """The organization asks its members for a second step, and this person has none yet."""

    default_code = "second_step_needed"


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed in the database; whoever has to have a second step cannot turn it off."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy(
            "You cannot turn it off: an organization of yours, or your work as an operator, asks for it."
        ),
        "unverified_email": gettext_lazy(
            "Confirm your e-mail first: follow the link that was sent to it, or send it again."
        ),
    }

    def encrypt(self, text: str) -> str:
        return seal(text.encode(), key=_key(), place=_PLACE).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return open_sealed(bytes.fromhex(encrypted_text), key=_key(), place=_PLACE).decode()

    def get_totp_issuer(self) -> str:
        return "Humana"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user: User = authenticator.user
        return not has_to(user)


def listen() -> None:
    """To the rows themselves: allauth's own signals come after the commit, and the trail comes with it."""
    post_save.connect(_kept, sender=Authenticator, dispatch_uid="second-step-kept")
    post_delete.connect(_gone, sender=Authenticator, dispatch_uid="second-step-gone")


def has_second_step(user_id: uuid.UUID) -> bool:
    """Whether a code is asked for when they sign in."""
    return bool(Authenticator.objects.filter(user_id=user_id, type=Kind.TOTP).exists())


def codes_left(user: User) -> int:
    """How many recovery codes they have not used yet."""
    row = Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else 0


def may_turn_on(user: User) -> bool:
    """Not while the address they sign in with waits for its link: somebody who signed up with another's
    address would keep them out for good.
    """
    return not EmailAddress.objects.filter(user=user, email=user.email, verified=False).exists()


def standing_of(user: User) -> dict[str, Any]:
    """For pages: `is_on`, `codes` left, `has_to`, `may_turn_on`."""
    return {
        "is_on": has_second_step(user.id),
        "codes": codes_left(user),
        "has_to": has_to(user),
        "may_turn_on": may_turn_on(user),
    }


def asks_for_second_step(organization_id: uuid.UUID) -> bool:
    return bool(resolve_for(organization_id, TWO_STEP))


def judge_second_step(user: User, organization_id: uuid.UUID) -> None:
    """Raises SecondStepNeeded where the organization asks for what this person has not.

    Of who has no password here their identity provider asks it.
    """
    if not asks_for_second_step(organization_id) or not user.has_usable_password():
        return
    if not has_second_step(user.id):
        message = _(
            "This organization asks for two-step sign-in. Turn it on for your account, then come back."
        )
        raise SecondStepNeeded(message)


def has_to(user: User) -> bool:
    """Whether somebody asks it of them, so that they cannot turn it off."""
    if operator_has_to(user):
        return True
    return any(asks_for_second_step(one.organization_id) for one in memberships_of(user))


def operator_has_to(user: User) -> bool:
    return bool(user.is_staff and settings.HUMANA_OPERATORS_TWO_STEP)


def tell(user: User, action: str) -> None:
    """A line in the trail of each organization in which they work."""
    for one in memberships_of(user):
        control_event(f"second_step.{action}", "membership", one.id, organization_id=one.organization_id)


def _kept(instance: Authenticator, created: bool, **_told: Any) -> None:
    """Whoever was signed in with the password alone signs in again."""
    if not created:
        return
    if instance.type == Kind.TOTP:
        request = context.request
        sign_out_elsewhere(instance.user, here=request.session.session_key if request else None)
    tell(instance.user, "turned_on" if instance.type == Kind.TOTP else "new_codes")


def _gone(instance: Authenticator, **_told: Any) -> None:
    if instance.type == Kind.TOTP:
        tell(instance.user, "turned_off")


def _key() -> bytes:
    return derived_key("second-step")
