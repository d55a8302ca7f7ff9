"""Forms of the second step, in our words."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.two_step import may_turn_on


class _Coded:
    """One field, for six digits or a recovery code."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label, code.max_length = _("Code"), 40
        code.widget.attrs.pop("placeholder", None)
        code.widget.attrs |= {"inputmode": "numeric", "maxlength": "40", "autofocus": True}


class CodeForm(_Coded, AuthenticateForm):  # type: ignore[misc]
    """After the password."""


class CodeAgainForm(_Coded, ReauthenticateForm):  # type: ignore[misc]
    """Before a step that matters."""


class TurnOnForm(_Coded, ActivateTOTPForm):  # type: ignore[misc]
    """The first code shows that an app is set up. Until then its secret lies in the session, sealed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session, adapter = context.request.session, get_adapter()
        if SECRET_SESSION_KEY in session:
            session[SECRET_SESSION_KEY] = adapter.decrypt(session[SECRET_SESSION_KEY])
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = adapter.encrypt(self.secret)

    def clean_code(self) -> str:
        if not may_turn_on(self.user):
            refusal: ValidationError = get_adapter().validation_error("unverified_email")
            raise refusal
        code: str = super().clean_code()
        return code
