"""How short a password may be: as the strictest of the person's organizations says."""

from __future__ import annotations

from django.contrib.auth.password_validation import MinimumLengthValidator

from tenants.config.resolver import resolve_for
from tenants.config_keys import PASSWORD_LENGTH
from tenants.models import User
from tenants.queries import memberships_of


class LengthValidator:
    """Django's own sentence, with the length that holds now."""

    def validate(self, password: str, user: object | None = None) -> None:
        MinimumLengthValidator(self._least(user)).validate(password)

    def get_help_text(self) -> str:
        return MinimumLengthValidator(self._least(None)).get_help_text()

    def _least(self, user: object | None) -> int:
        known = isinstance(user, User) and not user._state.adding
        theirs = [one.organization_id for one in memberships_of(user)] if known else []  # type: ignore[arg-type]
        return max(resolve_for(one, PASSWORD_LENGTH) for one in (None, *theirs))
